//go:build js && wasm

package workui

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"ncpweb/flash"
	"ncpweb/ncp/host"
	"ncpweb/ncp/ota"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// updateView sends a firmware to the MCU whose NCP the page plays.
type updateView struct {
	u                   *UI
	seen, text, what    *doc.Element
	sum                 doc.Sign
	facts               *factList
	warnings            *doc.Element
	warning, remedy     doc.Pattern
	goOn, pause, sample *doc.Element
	card                doc.Sign
	title, runs, why    *doc.Element
	try, box            *doc.Element

	name    string    // of what was dropped; hostile
	file    *ota.File // nil: there is none that can be sent
	tagged  bool
	refused string   // why what was dropped cannot be sent
	warned  []string // what stands in warnings
	job     *sending // the last update, or the one under way; nil: there was none
}

// sending is one update. Its fields belong to the loop.
type sending struct {
	rec    updateRecord
	host   *host.Host
	cancel context.CancelFunc
	over   bool
	ev     ota.Event
}

// maxRemarks bounds the remarks of an update that are kept for its report.
const maxRemarks = 100

func newUpdateView(u *UI) *updateView {
	v := &updateView{
		u: u, seen: doc.ByID("up-seen"), text: doc.ByID("up-text"), what: doc.ByID("up-what"), facts: newFactList("up-facts"),
		warnings: doc.ByID("up-warnings"), warning: doc.NewPattern("t-fw-finding"), remedy: doc.NewPattern("t-remedy"),
		goOn: doc.ByID("up-go"), pause: doc.ByID("up-pause"), sample: doc.ByID("up-sample"),
		title: doc.ByID("up-card-title"), runs: doc.ByID("up-card-runs"), why: doc.ByID("up-card-why"), try: doc.ByID("up-card-try"), box: doc.ByID("up-card"),
	}
	sum := doc.ByID("up-sum")
	v.sum = doc.NewSign(sum, sum.One("use"), doc.ByID("up-name"))
	v.card = doc.NewSign(v.box, v.box.One("use"), v.title)
	opened := func(f page.File, err error) { u.Post(func() { v.took(f.Name, f.Data, err) }) }
	input := doc.ByID("up-file")
	page.OnFile(input.Value, maxFile, opened)
	page.OnFile(doc.ByID("up-panel").Value, maxFile, opened)
	u.On(doc.ByID("up-open"), "click", func() { input.Value.Call("click") })
	u.On(v.sample, "click", v.takeSample)
	u.On(v.goOn, "click", v.send)
	u.On(v.pause, "click", v.rest)
	u.On(doc.ByID("up-copy"), "click", func() {
		if v.job != nil {
			u.copy(string(v.report()))
		}
	})
	u.On(doc.ByID("up-report"), "click", func() {
		if v.job != nil {
			u.save("update-"+v.job.rec.Started.Format("2006-01-02-150405")+".json", "application/json", v.report())
		}
	})
	return v
}

// busy tells whether an update is under way.
func (v *updateView) busy() bool { return v.job != nil && !v.job.over }

// took takes a file.
func (v *updateView) took(name string, data []byte, err error) {
	if v.busy() {
		return
	}
	v.name, v.file, v.tagged, v.refused = name, nil, false, ""
	if err == nil && len(data) == 0 {
		err = errSpread
		v.refused = lang.T("The file is empty.")
	} else if err == nil {
		v.file, v.tagged, err = updateFile(name, data)
	}
	switch {
	case v.refused != "":
	case errors.Is(err, errSpread):
		v.refused = lang.T("The parts of the file are too far apart to be one update.")
	case err != nil:
		v.refused = lang.T("The file could not be read, or is too long.")
	}
	v.showFile()
	v.u.AskFrame()
}

// takeSample takes the firmware that the simulator has for its MCUs.
func (v *updateView) takeSample() {
	page.Sample("mcu", func(data []byte, err error) {
		v.u.Post(func() {
			v.took("sample-mcu-1.1.0.bin", data, err)
			v.goOn.Focus()
		})
	})
}

func (v *updateView) showFile() {
	v.seen.Show(v.name != "")
	name, _ := show.Cut(show.Visible(v.name), 80)
	switch {
	case v.name == "":
		return
	case v.file == nil:
		v.sum.Set(name, show.Fail)
		v.text.SetText(v.refused)
		v.facts.fill()
		return
	case !v.tagged:
		v.sum.Set(name, show.Warn)
		v.text.SetText(lang.T("Firmware without a tag"))
	default:
		v.sum.Set(name, show.OK)
		v.text.SetText(lang.F("Version {0}, type {1}", orNone(v.file.Version), orNone(v.file.Type)))
	}
	v.facts.fill(lang.T("Size"), show.Bytes(uint64(len(v.file.Data))), lang.T("Build"), visible(v.file.Build), "SHA-256", hex.EncodeToString(v.file.SHA256[:]))
}

// showWarnings tells what does not fit.
func (v *updateView) showWarnings() {
	var list []string
	if f := v.file; f != nil && !v.busy() {
		m := &v.u.mcu.st.Firmware
		list = warningsOf(matching{
			Name: f.Name, Size: len(f.Data), Type: f.Type, Version: f.Version, Build: f.Build, Tagged: v.tagged,
			Up: v.u.mcu.up() && !m.At.IsZero(), Runs: m.Version, RunsType: m.Type, RunsBuild: m.Build,
		})
	}
	if sameTexts(list, v.warned) {
		return
	}
	v.warned = list
	v.warnings.Clear()
	for _, text := range list {
		row := v.warning.Copy()
		row.SetAttr("data-tone", string(show.Warn))
		row.Child(1).SetText(text)
		v.warnings.Append(row)
	}
}

func (v *updateView) render() {
	busy := v.busy()
	ready := v.file != nil && v.u.mcu.up() && !v.u.task.busy()
	v.goOn.Show(!busy)
	v.goOn.Enable(ready)
	v.goOn.SetText(lang.T("Send update"))
	if v.file != nil {
		v.goOn.SetText(lang.F("Send {0}", show.Bytes(uint64(len(v.file.Data)))))
	}
	source := v.u.mcu.ports.source()
	v.sample.Show(!busy && v.u.boards != nil && strings.HasPrefix(string(source), string(portBoard)))
	v.pause.Show(busy && (v.job.ev.Phase == ota.PhaseSend))
	v.showWarnings()
	v.what.SetText(v.plan())
	if busy {
		v.pause.SetText(lang.T("Let it rest"))
		if v.job.ev.Paused {
			v.pause.SetText(lang.T("Go on"))
		}
	}
}

// plan says what comes next, or how far the update is.
func (v *updateView) plan() string {
	switch {
	case v.busy():
		return v.job.progress(v.u.now)
	case v.file == nil:
		return lang.T("Choose the file that the MCU is to run.")
	case !v.u.mcu.up():
		return lang.T("Press Wait for the MCU: it has to come up first.")
	}
	return lang.T("The MCU is offered the file, takes it in chunks, compares the digests and restarts. Until then it keeps what it has.")
}

// progress says how far an update is, beside what the task panel tells.
func (s *sending) progress(now time.Time) string {
	ev := &s.ev
	var words []string
	if ev.Paused {
		words = append(words, lang.T("It rests until you let it go on"))
	}
	if ev.Suspended.After(now) {
		words = append(words, lang.F("The MCU lets it rest, {0} left", show.Span(ev.Suspended.Sub(now))))
	}
	if ev.Chunk > 0 {
		words = append(words, lang.F("Chunks of {0} bytes", strconv.Itoa(ev.Chunk)))
	}
	if ev.Resent > 0 {
		words = append(words, lang.N(ev.Resent, "{0} sent again", "{0} sent again"))
	}
	if ev.Recovered > 0 {
		words = append(words, lang.N(ev.Recovered, "{0} lost answer made up for", "{0} lost answers made up for"))
	}
	if len(words) == 0 {
		return lang.T("The MCU gets ready.")
	}
	return strings.Join(words, " · ")
}

// The phases of the task panel that stand for those of an update.
var updatePhases = [...]flash.Phase{
	ota.PhaseOffer: flash.PhaseConnect, ota.PhasePrepare: flash.PhaseErase, ota.PhaseSend: flash.PhaseWrite,
	ota.PhaseFinish: flash.PhaseVerify, ota.PhaseRestart: flash.PhaseRestart,
}

// send sends the file.
func (v *updateView) send() {
	h := v.u.mcu.host()
	if h == nil || v.file == nil || v.busy() || v.u.task.busy() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	st := &v.u.mcu.st
	s := &sending{host: h, cancel: cancel}
	s.rec = updateRecord{File: v.file, Before: st.Firmware.Version, Baud: st.Baud, Started: time.Now(), Agent: agent()}
	if a := v.u.mcu.present.adapter; a != nil {
		s.rec.Port = a.Info().Key
	}
	v.job = s
	v.box.Show(false)
	name, _ := show.Cut(show.Visible(v.file.Name), 60)
	v.u.task.begin(Task{
		Title: lang.F("Updating the MCU with {0}", name), Phases: updatePhases[:], Rate: st.Baud, Cancel: cancel, View: "update",
		Labels: map[flash.Phase]string{
			flash.PhaseConnect: lang.T("Offer"), flash.PhaseErase: lang.T("Prepare"), flash.PhaseWrite: lang.T("Send"), flash.PhaseVerify: lang.T("Check"),
		},
	})
	v.render()
	v.u.task.render()
	v.u.task.cancel.Value.Call("focus", map[string]any{"preventScroll": true}) // the button that was pressed goes
	file := v.file
	go func() {
		defer cancel()
		res, err := h.Update(ctx, file, ota.Options{Event: func(ev ota.Event) { v.u.Post(func() { v.told(s, ev) }) }})
		v.u.Post(func() { v.ended(s, res, err) })
	}()
}

// told takes news of an update.
func (v *updateView) told(s *sending, ev ota.Event) {
	if v.job != s || s.over {
		return
	}
	s.ev = ev
	if ev.Note != "" && len(s.rec.Notes) < maxRemarks {
		s.rec.Notes = append(s.rec.Notes, ev.Note)
	}
	told := flash.Event{Phase: updatePhases[min(int(ev.Phase), len(updatePhases)-1)]}
	if ev.Phase == ota.PhaseSend {
		told.Done, told.Total = ev.Done, ev.Total
		v.u.task.rate(v.u.mcu.st.Baud)
	}
	v.u.task.progress(told)
}

// ended tells how an update ended.
func (v *updateView) ended(s *sending, res ota.Result, err error) {
	s.over = true
	s.rec.Took, s.rec.Result, s.rec.Last, s.rec.Baud = time.Since(s.rec.Started), res, s.ev, s.host.State().Baud
	if err != nil && !errors.As(err, &s.rec.Err) {
		s.rec.Err = &ota.Error{Code: ota.CodeLink, Phase: s.ev.Phase, Err: err}
	}
	title, tone := v.showCard()
	v.u.task.end(Result{Tone: tone, Text: title})
	if v.u.view == "update" {
		v.title.Focus()
		v.box.Value.Call("scrollIntoView", map[string]any{"block": "nearest"})
	}
	v.u.AskFrame()
}

// showCard shows how the last update ended.
func (v *updateView) showCard() (title string, tone show.Tone) {
	r := &v.job.rec
	var why, runs string
	var try []string
	if r.Err == nil {
		title, tone = doneWords(r.Result, r.Before)
		runs = lang.F("{0} in {1}, {2} kB/s while sending.", show.Bytes(uint64(len(r.File.Data))), show.Span(r.Took), speedOf(len(r.File.Data), r.Result.Sending))
		why = v.job.progress(time.Now())
	} else {
		w := faultOf(r.Err)
		title, why, try, runs, tone = w.Title, w.Why, w.Try, runsWord(r.Err.Runs), show.Fail
		if r.Err.Code == ota.CodeCanceled || r.Err.Code == ota.CodeRefused {
			tone = show.Warn
		}
	}
	v.card.Set(title, tone)
	v.runs.SetText(runs)
	v.why.SetText(why)
	v.try.Show(len(try) > 0)
	fillSteps(v.try, v.remedy, try)
	v.box.Show(true)
	return title, tone
}

// rest lets the update rest, or go on.
func (v *updateView) rest() {
	if v.busy() {
		v.job.host.Pause(!v.job.ev.Paused)
	}
}

func (v *updateView) report() []byte { return appendUpdateReport(nil, &v.job.rec) }

func (v *updateView) relabel() {
	v.warned = nil
	v.warnings.Clear()
	v.showFile()
	if v.job != nil && v.job.over {
		v.showCard()
	}
}
