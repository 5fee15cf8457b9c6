//go:build js && wasm

package ui

import (
	"context"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/loop"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// Options are what the page works with.
type Options struct {
	Session   *session.Session
	Ports     *webserial.Provider // where Connect looks for devices; nil: this browser has no Web Serial
	Simulator *webserial.Provider // where "Try without hardware" looks; nil: nowhere
	Boards    *webserial.Provider // simulated boards that the workshop hands over; nil: none
}

// UI is the page. Its fields belong to the goroutine of Run; handlers of events post
// functions to it and never wait.
type UI struct {
	*loop.Loop
	opt     Options
	session *session.Session

	state   session.State
	now     time.Time
	view    string
	running map[string]int // commands under way, by name

	ports     *ports
	frame     *frame
	problem   *problemCard
	toasts    *toasts
	confirms  *confirms
	full      *fullText
	device    *deviceView
	configure *configureView
	offer     *offerView
	pins      *pinsView
	write     *writeView
	timeline  *timelineView
	files     *pinFiles
	generator *generatorView
	log       *logView
	programs  *programs
	held      string            // what a further program does with the port; empty: nothing
	parts     map[string][]part // of the views, by name
	controls  []control
}

// New finds the parts of the page. It panics where the page is not the one that this
// program was built with.
func New(opt Options) *UI {
	u := &UI{
		Loop:    loop.New(),
		opt:     opt,
		session: opt.Session,
		running: make(map[string]int),
	}
	u.toasts = newToasts(u)
	u.confirms = newConfirms(u)
	u.full = newFullText(u)
	u.problem = newProblemCard(u)
	u.ports = newPorts(u)
	u.device = newDeviceView(u)
	u.configure = newConfigureView(u)
	u.offer = newOfferView(u)
	u.pins = newPinsView(u)
	u.write = newWriteView(u)
	u.timeline = newTimelineView(u)
	u.files = newPinFiles(u)
	u.generator = newGeneratorView(u)
	u.log = newLogView(u)
	u.parts = map[string][]part{
		"device":    {u.device},
		"configure": {u.configure},
		"pins":      {u.pins, u.write, u.timeline, u.files, u.generator},
		"log":       {u.log},
	}
	u.programs = newPrograms(u)
	u.frame = newFrame(u)
	u.findControls()
	return u
}

// Run shows the newest state until ctx ends: at most once per frame of the screen,
// and once a second for what grows older by itself. ready is called when the page
// can be used.
func (u *UI) Run(ctx context.Context, ready func()) {
	wake := make(chan struct{}, 1)
	cancel := u.session.Subscribe(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer cancel()
	u.ports.start(ctx)
	page.WatchLanguage(func() { u.Post(u.relabel) })
	u.render()
	ready()
	u.Loop.Run(ctx, wake, u.render)
}

func (u *UI) render() {
	u.state = u.session.State()
	u.now = time.Now()
	u.frame.render()
	u.problem.render()
	u.offer.render()
	u.renderControls()
	u.programs.keep()
	for _, p := range u.parts[u.view] {
		p.render()
	}
}

// part is what shows something in a view. It is rendered while its view is shown.
type part interface{ render() }

// ready tells whether an NCP answers.
func (u *UI) ready() bool { return u.state.Phase == session.PhaseReady }

// do runs a command of the session on a goroutine of its own. While it runs, its
// button is busy. Success is a toast, failure the problem card, whose Retry does it
// again. quiet commands show no toast: what they change is seen anyway. A busy button
// stays enabled, because a disabled one loses the focus; its clicks are let pass.
func (u *UI) do(command string, quiet bool, f func(context.Context) error) {
	if u.running[command] > 0 && command != "write" {
		return
	}
	u.running[command]++
	go func() {
		err := f(context.Background())
		u.Post(func() { u.done(command, quiet, f, err) })
	}()
}

func (u *UI) done(command string, quiet bool, f func(context.Context) error, err error) {
	u.running[command]--
	p := session.ProblemOf(err)
	if p == nil {
		u.problem.passed(command)
		if w := Done(command); w != "" && !quiet {
			u.toasts.add(w, show.OK)
		}
		return
	}
	u.problem.failed(command, p, func() { u.do(command, quiet, f) })
}

// control is a button that is enabled only at times.
type control struct {
	e       *doc.Element
	command string // data-command, or its id
	ready   bool   // needs an NCP that answers
	port    bool   // needs an open port
}

// commandsOf names the command of a button where it is not the button's id.
var commandsOf = map[string]string{
	"config-start": "configStart", "config-stop": "configStop", "config-reset": "configReset", "time-set": "setTime",
	"factory-reset": "factory", "rate-set": "rate", "sync-all": "syncAll", "sync-pin": "sync", "property-set": "property", "group-write": "group",
	"event-log": "logEvent", "event-resolve": "resolve", "event-resolve-all": "resolveAll", "metadata-set": "metadata", "log-reset": "reset",
}

// opens are the commands that open a port: not while a further program works with one.
var opens = map[string]bool{"connect": true, "try": true, "empty-connect": true, "empty-try": true, "forget": true, "raw-open": true}

func (u *UI) findControls() {
	for _, e := range doc.Root().All("[data-core], [data-ready], [data-port]") {
		c := control{e: e, ready: e.HasAttribute("data-ready"), port: e.HasAttribute("data-port")}
		c.command = e.ID()
		if name := commandsOf[c.command]; name != "" {
			c.command = name
		}
		u.controls = append(u.controls, c)
	}
}

func (u *UI) renderControls() {
	ready := u.ready()
	open := ready || u.state.Phase == session.PhaseSearching || u.state.Phase == session.PhaseRecover || u.state.Phase == session.PhaseReading || u.state.Phase == session.PhaseRaising || u.state.Phase == session.PhaseTerminal
	for _, c := range u.controls {
		busy := u.running[c.command] > 0
		on := (!c.ready || ready) && (!c.port || open)
		if c.command == "apply" {
			on = on && ready
		}
		c.e.Enable(on && (u.held == "" || !opens[c.command]))
		if busy {
			c.e.SetAttr("aria-busy", "true")
		} else if c.e.Written("aria-busy") {
			c.e.SetAttr("aria-busy", "false")
		}
	}
}
