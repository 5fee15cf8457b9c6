//go:build js && wasm

package workui

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/ncp"
	"ncpweb/ncp/ota"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// receiveView takes a firmware update that the cloud sends through the connected NCP, as
// the MCU behind it does, and keeps the file instead of running it.
type receiveView struct {
	u                   *UI
	state               doc.Sign
	chunk, fault, pause *field
	prefetch            *doc.Element
	start, stop, rest   *doc.Element
	what, said, result  *doc.Element
	sum                 doc.Sign
	text, note          *doc.Element
	save, report        *doc.Element
	facts, digests      *factList

	receiver *ota.Receiver // nil: nothing is waited for
	unserve  func()
	ev       ota.Received
	fw       *ota.Receiver // the one whose file can be saved; nil: none
	tasked   bool          // the task panel shows this update
	dirty    bool
	shown    time.Time // when the figures were last written
	again    string    // what the report of the new version came to
}

func newReceiveView(u *UI) *receiveView {
	v := &receiveView{
		u: u, start: doc.ByID("recv-start"), stop: doc.ByID("recv-stop"), rest: doc.ByID("recv-rest"), what: doc.ByID("recv-what"), said: doc.ByID("recv-said"),
		result: doc.ByID("recv-result"), text: doc.ByID("recv-text"), note: doc.ByID("recv-note"), save: doc.ByID("recv-save"), report: doc.ByID("recv-report"),
		facts: newFactList("recv-facts"), digests: newFactList("recv-digests"), prefetch: doc.ByID("recv-prefetch"), dirty: true,
	}
	badge, sum := doc.ByID("recv-state"), doc.ByID("recv-sum")
	v.state = doc.NewSign(badge, badge.One("use"), badge.Child(1))
	v.sum = doc.NewSign(sum, sum.One("use"), doc.ByID("recv-end"))
	box := doc.ByID("recv-options")
	v.fault = newField(box, "t-explorer-select", "recv-fault")
	v.chunk = newField(box, "t-explorer-input", "recv-chunk")
	v.pause = newField(box, "t-explorer-input", "recv-pause")
	v.chunk.control.SetInput("1024")
	v.pause.control.SetInput("0")
	v.chunk.control.SetAttr("inputmode", "numeric")
	v.pause.control.SetAttr("inputmode", "numeric")
	v.relabel()
	for _, way := range doc.Root().All("[name=up-way]") {
		u.On(way, "change", v.choose)
	}
	v.choose()
	u.On(v.chunk.control, "input", func() { v.options() })
	u.On(v.pause.control, "input", func() { v.options() })
	u.On(v.start, "click", v.begin)
	u.On(v.stop, "click", v.end)
	u.On(v.rest, "click", v.restNow)
	u.On(v.save, "click", v.saveFile)
	u.On(v.report, "click", v.reportVersion)
	return v
}

// choose shows the way that the person has chosen: to an MCU, or from an NCP.
func (v *receiveView) choose() {
	here := doc.Root().One("[name=up-way][value=receive]").Checked()
	doc.ByID("up-send").Show(!here)
	doc.ByID("recv").Show(here)
}

// options reads the form; ok is false where something in it cannot be, which is told.
func (v *receiveView) options() (o ota.ReceiverOptions, ok bool) {
	chunk, chunkOK := v.chunk.number(0, 65535, 1024)
	pause, pauseOK := v.pause.number(0, 64800, 0)
	v.chunk.tell("")
	v.pause.tell("")
	if !chunkOK {
		v.chunk.tell(lang.T("A number from 1 to 65535."))
	}
	if !pauseOK {
		v.pause.tell(lang.T("Seconds, 18 hours (64800) at most."))
	}
	fault, _ := strconv.Atoi(v.fault.control.Input())
	o = ota.ReceiverOptions{Chunk: uint16(chunk), Prefetch: v.prefetch.Checked(), Rest: uint16(pause), Fault: ota.Fault(fault)}
	return o, chunkOK && pauseOK
}

// begin waits for an update.
func (v *receiveView) begin() {
	o, ok := v.options()
	if v.receiver != nil || !ok || !v.u.status.Ready() {
		return
	}
	var r *ota.Receiver
	o.Event = func(ev ota.Received) { v.u.Post(func() { v.took(r, ev) }) }
	r = ota.NewReceiver(v.u.core, o)
	unserve, err := v.u.core.Serve(&receiveCalls{r: r})
	if err != nil {
		v.u.core.Toast(lang.T("Another part of the page answers updates"), string(show.Fail))
		return
	}
	v.receiver, v.unserve, v.ev, v.fw, v.again, v.dirty = r, unserve, ota.Received{}, nil, "", true
	v.said.SetText(lang.T("Waiting for an offer"))
	v.u.AskFrame()
	v.focusSoon(v.stop)
}

// focusSoon moves the focus once what is to have it is shown.
func (v *receiveView) focusSoon(e *doc.Element) {
	v.render()
	e.Focus()
}

// end waits no longer. A file that is here whole stays.
func (v *receiveView) end() {
	if v.receiver == nil {
		return
	}
	v.unserve()
	v.receiver.Close()
	v.receiver, v.dirty = nil, true
	v.endTask(Result{Tone: show.Warn, Text: lang.T("Receiving was stopped")})
	v.said.SetText(lang.T("Stopped"))
	v.focusSoon(v.start)
}

// took takes news of a Receiver.
func (v *receiveView) took(r *ota.Receiver, ev ota.Received) {
	if r != v.receiver {
		return
	}
	before := v.ev
	v.ev, v.dirty = ev, true
	if ev.Phase != before.Phase || ev.End != before.End {
		v.shown = time.Time{}
		v.said.SetText(verdictOf(ev).Title)
	}
	if ev.Phase == ota.PhasePrepare && ev.End == 0 && !v.tasked && !v.u.task.busy() {
		v.beginTask()
	}
	v.showTask()
	switch {
	case ev.End == ota.EndWhole:
		v.fw = r
		v.endTask(Result{Tone: show.OK, Text: verdictOf(ev).Title})
	case ev.End != 0:
		v.endTask(Result{Tone: endVerdicts[ev.End].Tone, Text: verdictOf(ev).Title})
	}
	if ev.End == 0 && before.End != 0 {
		v.fw, v.again = nil, "" // a new offer
	}
	v.u.AskFrame()
}

// The phases of the task panel that stand for those of an update.
const (
	taskPrepare = flash.PhaseConnect
	taskReceive = flash.PhaseWrite
	taskCompare = flash.PhaseVerify
)

func (v *receiveView) beginTask() {
	v.tasked = true
	v.u.task.begin(Task{
		Title:  lang.F("Receiving {0}", offerName(v.ev.Offer)),
		Phases: []flash.Phase{taskPrepare, taskReceive, taskCompare},
		Labels: map[flash.Phase]string{taskPrepare: lang.T("Prepare"), taskReceive: lang.T("Receive"), taskCompare: lang.T("Compare")},
		Rate:   v.u.status.Baud, Cancel: v.end, View: "update",
	})
}

func (v *receiveView) showTask() {
	if !v.tasked {
		return
	}
	phase, ok := map[ota.Phase]flash.Phase{ota.PhasePrepare: taskPrepare, ota.PhaseSend: taskReceive, ota.PhaseFinish: taskCompare}[v.ev.Phase]
	if ok && v.ev.End == 0 {
		v.u.task.progress(flash.Event{Phase: phase, Done: v.ev.Done, Total: v.ev.Offer.Size})
	}
}

func (v *receiveView) endTask(r Result) {
	if v.tasked {
		v.tasked = false
		v.u.task.end(r)
	}
}

// restNow asks the NCP to rest for as long as the form says, or to go on.
func (v *receiveView) restNow() {
	o, ok := v.options()
	r := v.receiver
	if r == nil || !ok {
		return
	}
	seconds := o.Rest
	if v.resting() {
		seconds = 0
	} else if seconds == 0 {
		seconds = 60
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if ok, err := r.Suspend(ctx, seconds); !ok || err != nil {
			v.u.core.Toast(lang.T("The NCP does not rest: older firmware cannot"), string(show.Warn))
		}
	}()
}

// resting tells whether the NCP was asked to rest and that time is not over.
func (v *receiveView) resting() bool { return v.ev.Suspended.After(time.Now()) }

func (v *receiveView) saveFile() {
	if v.fw == nil {
		return
	}
	if name, data, ok := v.fw.File(); ok {
		v.u.save(saveName(name), "application/octet-stream", data)
	}
}

// reportVersion tells the NCP what an MCU would tell after its restart.
func (v *receiveView) reportVersion() {
	if v.fw == nil {
		return
	}
	offer := v.ev.Offer
	_, data, _ := v.fw.File()
	tag, _ := firmware.FindTag(data)
	fwType, version, build, blynk := offer.Type, offer.Version, offer.Build, tag.Get(firmware.TagKeyBlynk)
	for _, p := range []struct {
		value *string
		key   string
	}{{&fwType, firmware.TagKeyType}, {&version, firmware.TagKeyVersion}, {&build, firmware.TagKeyBuild}} {
		if *p.value == "" {
			*p.value = tag.Get(p.key)
		}
	}
	v.again, v.dirty = lang.T("Reporting"), true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		ok, err := ncp.NewNCP(v.u.core).SetFirmwareInfo(ctx, fwType, version, build, blynk)
		v.u.Post(func() {
			v.dirty = true
			v.again = lang.F("The NCP was told: {0} {1}.", show.Visible(fwType), show.Visible(version))
			if err != nil || !ok {
				v.again = lang.T("The NCP did not take the new version. It restarts after an update: try again once it is connected.")
			}
			v.said.SetText(v.again)
		})
	}()
}

// offerName is the name of an offered file for people.
func offerName(o ota.Offer) string {
	if o.Name == "" {
		return lang.T("a file without a name")
	}
	name, _ := show.Cut(show.Visible(o.Name), 60)
	return name
}

func (v *receiveView) render() {
	waits := v.receiver != nil
	word := lang.T("Off")
	tone := show.Idle
	if waits {
		w := verdictOf(v.ev)
		switch word, tone = w.Title, w.Tone; {
		case v.ev.End != 0 && tone == show.OK:
			word = lang.T("Done")
		case v.ev.End != 0:
			word = lang.T("Look here")
		}
		if v.resting() && v.ev.End == 0 {
			word = lang.F("Resting, {0} left", show.Span(time.Until(v.ev.Suspended)))
		}
		if !v.u.status.Ready() && v.ev.End == 0 {
			word, tone = lang.T("No NCP answers"), show.Warn
		}
	}
	v.state.Set(word, tone)
	v.start.Show(!waits)
	v.start.Enable(v.u.status.Ready())
	v.stop.Show(waits)
	v.rest.Show(waits && v.ev.Phase == ota.PhaseSend && v.ev.End == 0)
	v.rest.SetText(lang.T("Let it rest"))
	if v.resting() {
		v.rest.SetText(lang.T("Go on"))
	}
	switch {
	case waits && v.ev.End != 0:
		v.what.SetText(lang.T("Still waiting: another offer is taken as well."))
	case waits:
		v.what.SetText(verdictOf(v.ev).Text)
	case !v.u.status.Ready():
		v.what.SetText(lang.T("Connect to an NCP first: this page takes the place of the MCU behind it."))
	default:
		v.what.SetText(lang.T("While this page waits, the NCP gets our answers; otherwise updates are refused."))
	}
	if v.dirty && (v.ev.Phase != ota.PhaseSend || v.u.now.Sub(v.shown) > figuresEvery) {
		v.dirty, v.shown = false, v.u.now
		v.showResult()
	}
}

// figuresEvery is how often the figures change while chunks come: nobody reads faster, and
// the page has better things to do.
const figuresEvery = 300 * time.Millisecond

// showResult shows what was offered, how far it is, and the digests.
func (v *receiveView) showResult() {
	ev := v.ev
	some := ev.Offer.Size > 0 || ev.End != 0
	v.result.Show(some)
	if !some {
		return
	}
	w := verdictOf(ev)
	v.sum.Set(w.Title, w.Tone)
	v.text.SetText(w.Text)
	speed := ""
	if d := ev.Last.Sub(ev.Began).Seconds(); d > 0.05 {
		speed = lang.F("{0} kB/s", strconv.FormatFloat(float64(ev.Done)/d/1000, 'f', 1, 64))
	}
	v.facts.fill(
		lang.T("File"), offerName(ev.Offer), lang.T("Size"), show.Bytes(uint64(ev.Offer.Size)),
		lang.T("Version"), show.Visible(ev.Offer.Version), lang.T("Firmware type"), show.Visible(ev.Offer.Type), lang.T("Build"), show.Visible(ev.Offer.Build),
		lang.T("Received"), show.Bytes(uint64(ev.Done)), lang.T("Speed"), speed,
		lang.T("Came again"), count(ev.Repeated), lang.T("Wrong sum or offset"), count(ev.Wrong),
	)
	var digests []string
	for _, c := range ev.Checks {
		digests = append(digests, c.Name, digestWords(c))
	}
	v.digests.fill(digests...)
	v.save.Show(v.fw != nil)
	v.report.Show(v.fw != nil)
	v.note.SetText(v.again)
	if v.fw != nil && v.again == "" {
		_, data, _ := v.fw.File()
		tag, ok := firmware.FindTag(data)
		v.note.SetText(tagMismatch(ev.Offer, firmware.FoundTag{Tag: tag}, ok))
	}
}

// count writes a number that is of interest only where it is not zero.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// digestWords is a digest and whether it is what the NCP told.
func digestWords(c ota.Check) string {
	got := hex.EncodeToString(c.Got)
	switch {
	case c.Same:
		return lang.F("Equal: {0}", got)
	case c.Expected == nil:
		return lang.F("Not told by the NCP; ours is {0}", got)
	}
	return lang.F("Differs: {0} expected, {1} received", hex.EncodeToString(c.Expected[:min(len(c.Expected), 32)]), got)
}

func (v *receiveView) relabel() {
	v.fault.words(lang.T("Goes wrong on purpose"), lang.T("To see what the cloud makes of it."))
	list := make([]string, len(faultWords))
	for i, w := range faultWords {
		list[i] = lang.T(w)
	}
	v.fault.choices(list)
	v.chunk.words(lang.T("Bytes in a chunk"), lang.T("1024 is what deployed MCUs ask for; the NCP sends 1520 at most."))
	v.pause.words(lang.T("Rest in the middle, seconds"), lang.T("0: do not rest."))
	v.said.SetText("")
	v.dirty = true
}
