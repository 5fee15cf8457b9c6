//go:build js && wasm

package workui

import (
	"context"
	"strings"
	"syscall/js"

	"ncpweb/flash/esp"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// runView does the work: it takes the port, writes, and tells how that went.
type runView struct {
	u *UI

	what, said, before, beforeList *doc.Element
	buttons, flash, detect         *doc.Element
	backup, erase, ask             *doc.Element
	log, details                   *doc.Element
	state                          doc.Sign
	ports                          *portList
	card                           *runCard
	chip                           *chipCard
	remedy                         doc.Pattern

	stage   stage
	job     job
	present *effort  // the job that is under way, or the last one; nil: there was none
	fresh   bool     // the stage has just become a busy one
	said1   stage    // the stage that was spoken last
	shown   int      // lines of the log that are on the page
	steps   []string // of the board, which are on the page
	linux   bool
}

func newRunView(u *UI) *runView {
	v := &runView{
		u: u, what: doc.ByID("run-what"), said: doc.ByID("run-said"), before: doc.ByID("run-before"),
		flash: doc.ByID("run-flash"), detect: doc.ByID("run-detect"),
		backup: doc.ByID("run-backup"), erase: doc.ByID("run-erase"), ask: doc.ByID("run-ask"),
		log: doc.ByID("run-log"), details: doc.ByID("run-details"), remedy: doc.NewPattern("t-remedy"),
	}
	v.beforeList = v.before.One("ol")
	v.buttons = doc.Wrap(v.flash.Value.Get("parentElement"))
	badge := doc.ByID("run-state")
	v.state = doc.NewSign(badge, badge.One("use"), badge.Child(1))
	v.ports = newPortList(u, "run-port", simulatedBoards, true)
	v.card = newRunCard(v)
	v.chip = newChipCard()
	agent := js.Global().Get("navigator").Get("userAgent").String()
	v.linux = strings.Contains(agent, "Linux") && !strings.Contains(agent, "Android")
	v.flash.Listen("click", func(doc.Event) { v.press(jobFlash) })
	v.detect.Listen("click", func(doc.Event) { v.press(jobDetect) })
	v.backup.Listen("click", func(doc.Event) { v.press(jobBackup) })
	u.On(v.erase, "click", func() { v.ask.Value.Call("showModal") })
	doc.ByID("run-ask-yes").Listen("click", func(doc.Event) { v.press(jobErase) })
	u.On(v.details, "toggle", func() { v.shown = -1 })
	return v
}

// press begins a job. It runs in the handler of a click: browsers show their list of
// ports only there.
func (v *runView) press(j job) {
	v.ports.take(func(a *webserial.Adapter, from portSource) {
		v.u.Post(func() { v.begin(j, from, a) })
	})
}

// begin starts a job on the loop.
func (v *runView) begin(j job, from portSource, a *webserial.Adapter) {
	if v.stage.busy() {
		return
	}
	sel, ok := v.u.firmware.selection()
	if j == jobFlash && !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &effort{
		u: v.u, job: j, sel: sel, from: from, adapter: a, linux: v.linux, cancel: cancel,
		person: make(chan *webserial.Adapter, 1), journal: &journal{},
	}
	e.post = func(f func(*runView)) {
		v.u.Post(func() {
			if v.present == e {
				f(v)
			}
		})
	}
	v.job, v.present, v.shown = j, e, -1
	if e.from == portCore {
		e.wasOpen = v.u.status.Open
	}
	v.chip.hide()
	v.u.firmware.forget()
	v.enter(stageTake)
	v.u.task.begin(Task{
		Title: taskTitle(j, v.expected(sel)), Phases: phasesOf(j, sel.How.EraseAll, !sel.How.All && !sel.ROM), Rate: sel.Baud, Cancel: v.cancel,
	})
	go e.run(ctx)
}

// expected is the name of the chip that is chosen; empty: it is to be detected.
func (v *runView) expected(sel Selection) string {
	if sel.Board != nil {
		return sel.Board.Title()
	}
	return ""
}

// cancel ends the job that is under way.
func (v *runView) cancel() {
	if v.present != nil && v.stage.busy() {
		v.present.cancel()
	}
}

// enter goes to a stage.
func (v *runView) enter(s stage) {
	if s.busy() && !v.stage.busy() {
		v.fresh = true
	}
	v.stage = s
	switch s {
	case stageTake, stageConnect, stageWork, stageStart, stageAnswer:
		v.card.hide()
	}
	if s != v.said1 {
		v.said1 = s
		v.said.SetText(lang.T(stageWords[s]))
	}
}

// identified shows which chip it is.
func (v *runView) identified(d esp.Details) {
	v.chip.fill(d)
	if v.present.sel.Board == nil {
		v.u.task.task.Title = taskTitle(v.job, show.Visible(d.Chip))
	}
	if d.Kind != nil {
		v.u.firmware.detected(d.Kind.ID, d.Major*100+d.Minor, d.Flash)
	}
}

// over ends a job.
func (v *runView) over(r Result) {
	s := stageDone
	if r.Tone == show.Fail || v.present.err != nil {
		s = stageFailed
	}
	v.enter(s)
	v.u.task.end(r)
	v.said.SetText(r.Text)
}

func (v *runView) render() {
	busy := v.stage.busy()
	sel, ok := v.u.firmware.selection()
	v.ports.render(busy)
	v.state.Set(v.stateWord())
	v.what.SetText(v.plan(sel, ok))
	v.flash.SetText(flashWord(sel, ok))
	usable := !busy && v.ports.usable() && v.u.status.Held == ""
	v.flash.Enable(usable && ok)
	v.detect.Enable(usable)
	v.backup.Enable(usable)
	v.erase.Enable(usable)
	v.buttons.Show(!busy)
	if v.fresh {
		v.fresh = false
		// The button that was pressed cannot keep the focus.
		v.u.task.cancel.Value.Call("focus", map[string]any{"preventScroll": true})
	}
	v.showSteps(sel, busy)
	v.card.render()
	v.showLog()
}

// stateWord is the state as the badge tells it.
func (v *runView) stateWord() (string, show.Tone) {
	s := v.stage
	tone := stageTones[s]
	switch {
	case s == stageDone && v.card.tone == show.Warn:
		return lang.T("Look here"), show.Warn
	case s == stageFailed && v.card.tone == show.Warn:
		return lang.T("Stopped"), show.Warn
	}
	return lang.T(stageWords[s]), tone
}

// plan says what will happen before it does.
func (v *runView) plan(sel Selection, ok bool) string {
	switch {
	case v.stage.busy():
		return lang.T("You can stop at any time. Leave the cable where it is.")
	case !v.ports.usable():
		return lang.T("This browser cannot reach serial ports; the simulated boards can be flashed all the same.")
	case !ok:
		return lang.T("Choose a firmware above, or detect which chip it is.")
	case sel.How.EraseAll:
		return lang.T("Everything in the chip is erased, then the firmware is written and verified.")
	case sel.How.Settings:
		return lang.T("The firmware is written and verified; settings in the chip are replaced.")
	}
	return lang.T("The firmware is written and verified; settings in the chip stay. Then the NCP starts and is asked for its version.")
}

// flashWord is what the button says.
func flashWord(sel Selection, ok bool) string {
	if !ok || sel.Image == nil {
		return lang.T("Flash")
	}
	return lang.F("Flash {0}", show.Bytes(uint64(sel.Image.Size())))
}

// showSteps shows what a person does with the chosen board before the port is opened.
func (v *runView) showSteps(sel Selection, busy bool) {
	var steps []string
	if sel.Board != nil && !busy {
		steps = translated(sel.Board.Before)
	}
	if !sameTexts(steps, v.steps) {
		v.steps = steps
		fillSteps(v.beforeList, v.remedy, steps)
	}
	v.before.Show(len(steps) > 0)
}

// showLog shows the log of the job while its pane is open.
func (v *runView) showLog() {
	v.details.Show(v.present != nil)
	if v.present == nil || !v.details.Value.Get("open").Bool() || v.present.journal.count == v.shown {
		return
	}
	v.shown = v.present.journal.count
	end := v.log.Value
	follow := end.Get("scrollTop").Float()+end.Get("clientHeight").Float() > end.Get("scrollHeight").Float()-40
	v.log.SetText(v.present.journal.String())
	if follow {
		end.Set("scrollTop", end.Get("scrollHeight"))
	}
}

// relabel shows everything in the language of the page.
func (v *runView) relabel() {
	v.steps = nil
	v.said.SetText("")
	v.ports.relabel()
	v.card.relabel()
	v.chip.relabel()
}

// fillSteps shows a numbered list.
func fillSteps(to *doc.Element, remedy doc.Pattern, steps []string) {
	to.Clear()
	for _, s := range steps {
		row := remedy.Copy()
		row.Child(0).SetText(s)
		to.Append(row)
	}
}

func sameTexts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
