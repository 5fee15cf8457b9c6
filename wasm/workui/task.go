//go:build js && wasm

package workui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"ncpweb/flash"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// Task is a long piece of work with a device that the task panel shows.
type Task struct {
	Title  string                 // what is done, in the language of the page: "Flashing ESP32-C3"
	Phases []flash.Phase          // those that it has, in their order
	Labels map[flash.Phase]string // words of phases that have others than the usual ones; may be nil
	Rate   int                    // of the line in bits per second, for the first estimate; 0: not known yet
	View   string                 // where it is told at length; empty: "flash"
	Cancel func()                 // ends the work; called on the loop, once; nil: it cannot be cancelled
}

// Result is how a Task ended.
type Result struct {
	Tone show.Tone // OK, Warn or Fail
	Text string    // one line, in the language of the page
}

// taskPanel is the panel at the bottom of the page that shows the work with a device,
// whatever view is shown. One Task at a time. All methods are called on the loop.
type taskPanel struct {
	u                   *UI
	box, title, text    *doc.Element
	sign                doc.Sign
	list, bar, said     *doc.Element
	link, cancel, close *doc.Element
	row                 doc.Pattern
	phases              []taskPhase
	task                Task
	state               taskState
	at                  int // index of the phase that the work is in
	event               flash.Event
	pace                pace
	result              Result
	tens                int // what was spoken last, in tenths of the whole
	ended               time.Time
	busyNow             bool // the browser was told that the page must not be closed
}

type taskState uint8

const (
	taskNone taskState = iota
	taskRuns
	taskCancels // the person has pressed Cancel
	taskEnded
)

// taskPhase is a phase in the list.
type taskPhase struct {
	sign  doc.Sign
	state *doc.Element // its state as a word, for who does not see the shape
	mark  phaseMark
}

// resultStays is how long a result stands in the panel while the view that tells it at
// length is shown.
const resultStays = 6 * time.Second

func newTaskPanel(u *UI) *taskPanel {
	p := &taskPanel{
		u: u, box: doc.ByID("task"), title: doc.ByID("task-title"), text: doc.ByID("task-text"),
		list: doc.ByID("task-phases"), bar: doc.ByID("task-bar"), said: doc.ByID("task-said"),
		link: doc.ByID("task-link"), cancel: doc.ByID("task-cancel"), close: doc.ByID("task-close"),
		row: doc.NewPattern("t-task-phase"),
	}
	p.sign = doc.NewSign(p.box, doc.ByID("task-shape"), p.title)
	u.On(p.cancel, "click", p.stop)
	u.On(p.close, "click", p.hide)
	return p
}

// begin shows a Task, in its first phase. The browser asks from now on before the page is
// closed, and keeps it awake.
func (p *taskPanel) begin(t Task) {
	p.task, p.state, p.result, p.tens = t, taskRuns, Result{}, 0
	p.list.Clear()
	p.phases = nil
	for range t.Phases {
		row := p.row.Copy()
		p.phases = append(p.phases, taskPhase{sign: doc.NewSign(row, row.One("use"), row.Child(1)), state: row.Child(2)})
		p.list.Append(row)
	}
	if p.task.View == "" {
		p.task.View = "flash"
	}
	p.enter(0)
	p.event = flash.Event{}
	p.said.SetText(t.Title)
	p.guard()
	p.u.AskFrame()
}

// rate tells at how many bits per second the line runs now.
func (p *taskPanel) rate(baud int) { p.task.Rate = baud }

// enter goes to a phase: those before it are done, those behind it are still to come. It
// may go back, where something is tried again.
func (p *taskPanel) enter(at int) {
	p.at = at
	for i := range p.phases {
		m := &p.phases[i].mark
		switch {
		case i > at:
			*m = phaseOpen
		case i == at:
			*m = phaseNow
		case *m != phaseSkipped:
			*m = phaseDone
		}
	}
	guess := 0.0
	if at < len(p.task.Phases) {
		switch p.task.Phases[at] {
		case flash.PhaseWrite:
			guess = lineSpeed(p.task.Rate)
		case flash.PhaseRead: // is not compressed
			guess = lineSpeed(p.task.Rate) * packedTo
		}
	}
	p.pace.begin(time.Now(), guess)
}

// progress tells how far the Task is. A phase that it does not have is not shown.
func (p *taskPanel) progress(e flash.Event) {
	at := slices.Index(p.task.Phases, e.Phase)
	if at < 0 || !p.busy() {
		return
	}
	if at != p.at {
		p.enter(at)
	}
	if e.Skipped {
		p.phases[at].mark = phaseSkipped
	}
	p.event = e
	p.pace.add(time.Now(), e.Done, e.Total)
	p.u.AskFrame()
}

// end shows how it went.
func (p *taskPanel) end(r Result) {
	if !p.busy() {
		return
	}
	p.state, p.result, p.ended = taskEnded, r, p.u.now
	if p.at < len(p.phases) {
		switch m := &p.phases[p.at].mark; {
		case r.Tone == show.OK && *m != phaseSkipped:
			*m = phaseDone
		case r.Tone != show.OK:
			*m = phaseFailed
		}
	}
	p.said.SetText(r.Text)
	p.guard()
	p.u.AskFrame()
}

// busy tells whether a Task is under way.
func (p *taskPanel) busy() bool { return p.state == taskRuns || p.state == taskCancels }

// guard tells the browser whether the page may be closed and may sleep.
func (p *taskPanel) guard() {
	go func() {
		module, err := p.u.services.get(context.Background())
		p.u.Post(func() {
			if on := p.busy(); err == nil && on != p.busyNow {
				p.busyNow = on
				module.Call("busy", on)
			}
		})
	}()
}

// stop gives the Task up. The button keeps the focus, and does no more.
func (p *taskPanel) stop() {
	if p.state != taskRuns || p.task.Cancel == nil {
		return
	}
	p.state = taskCancels
	p.task.Cancel()
}

// hide takes the result away.
func (p *taskPanel) hide() {
	if p.state != taskEnded {
		return
	}
	p.state = taskNone
	if p.box.Value.Call("contains", doc.Document().Get("activeElement")).Bool() {
		if title := doc.Document().Call("getElementById", "title-"+p.u.view); title.Truthy() {
			title.Call("focus") // what had the focus goes
		}
	}
	p.box.Show(false)
}

func (p *taskPanel) render() {
	if p.state == taskEnded && p.u.view == p.task.View && p.u.now.Sub(p.ended) > resultStays {
		p.hide()
	}
	if p.state == taskNone {
		return
	}
	p.showPhases()
	busy := p.busy()
	switch p.state {
	case taskRuns:
		p.sign.Set(p.task.Title, show.Busy)
		p.showFigures()
	case taskCancels:
		p.sign.Set(lang.T("Cancelling"), show.Busy)
		p.text.SetText(p.task.Title)
	case taskEnded:
		p.sign.Set(p.result.Text, p.result.Tone)
		p.text.SetText(p.task.Title)
	}
	p.bar.Show(busy)
	p.link.Show(p.u.view != p.task.View)
	p.link.SetAttr("href", "#"+p.task.View)
	p.link.SetText(lang.T(viewLinks[p.task.View]))
	focused := p.cancel.Value.Equal(doc.Document().Get("activeElement"))
	p.cancel.Show(busy && p.task.Cancel != nil)
	p.cancel.SetAttr("aria-disabled", strconv.FormatBool(p.state == taskCancels))
	p.close.Show(!busy)
	p.box.Show(true)
	if focused && !busy {
		p.close.Focus()
	}
}

func (p *taskPanel) showPhases() {
	for i, ph := range p.task.Phases {
		row := &p.phases[i]
		label := p.task.Labels[ph]
		if label == "" {
			label = phaseName(ph)
		}
		row.sign.Set(label, row.mark.tone())
		row.sign.Shape.SetAttr("href", "#i-"+row.mark.shape())
		row.state.SetText(lang.T(markWords[row.mark]))
		if row.mark == phaseNow {
			row.sign.Box.SetAttr("aria-current", "step")
		} else {
			row.sign.Box.SetFlag("aria-current", false)
		}
	}
}

// showFigures shows how far the work is: the bar, bytes, speed and time.
func (p *taskPanel) showFigures() {
	e, now := &p.event, time.Now()
	part := 0.0
	if e.Skipped {
		part = 1
	} else if e.Total > 0 {
		part = float64(e.Done) / float64(e.Total)
	}
	percent := int(100 * share(p.task.Phases, p.at, part))
	p.bar.SetAttr("value", strconv.Itoa(percent))
	p.bar.SetAttr("aria-valuetext", lang.F("{0} %", strconv.Itoa(percent)))

	var words []string
	if p.at < len(p.task.Phases) {
		words = append(words, p.phases[p.at].sign.Word.TextContent())
	}
	left := ""
	if e.Total > 0 && !e.Skipped {
		words = append(words, lang.F("{0} of {1}", show.Bytes(uint64(max(e.Done, 0))), show.Bytes(uint64(e.Total))))
		if e.Phase == flash.PhaseWrite || e.Phase == flash.PhaseRead {
			if s := p.pace.speed(now); s > 0 && e.Done > 0 {
				words = append(words, lang.F("{0} kB/s", strconv.Itoa(int(s/1000+0.5))))
			}
			if d, ok := p.pace.left(now); ok {
				left = leftWords(d + behind(p.task.Phases, p.at, e.Total))
				words = append(words, left)
			}
		}
	}
	p.text.SetText(strings.Join(words, " · "))
	if tens := percent / 10; tens > p.tens {
		p.tens = tens
		said := lang.F("{0} %", strconv.Itoa(tens*10))
		if left != "" {
			said += ", " + left
		}
		p.said.SetText(said)
	}
}

// relabel drops what render does not write anew.
func (p *taskPanel) relabel() { p.said.SetText("") }
