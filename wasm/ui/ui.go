//go:build js && wasm

package ui

import (
	"context"
	"sync"
	"syscall/js"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/webserial"
)

// Options are what the page works with.
type Options struct {
	Session   *session.Session
	Ports     *webserial.Provider // where Connect looks for devices; nil: this browser has no Web Serial
	Simulator *webserial.Provider // where "Try without hardware" looks; nil: nowhere
}

// UI is the page. Its fields belong to the goroutine of Run; handlers of events post
// functions to it and never wait.
type UI struct {
	opt     Options
	session *session.Session
	tasks   tasks
	frames  chan struct{}
	asked   bool // a frame is asked for
	onFrame js.Func

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
	pins      *pinsView
	aside     *asideView
	log       *logView
	controls  []control
}

// New finds the parts of the page. It panics where the page is not the one that this
// program was built with.
func New(opt Options) *UI {
	u := &UI{
		opt:     opt,
		session: opt.Session,
		tasks:   tasks{wake: make(chan struct{}, 1)},
		frames:  make(chan struct{}, 1),
		running: make(map[string]int),
	}
	u.onFrame = js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case u.frames <- struct{}{}:
		default:
		}
		return nil
	})
	u.toasts = newToasts(u)
	u.confirms = newConfirms(u)
	u.full = newFullText(u)
	u.problem = newProblemCard(u)
	u.ports = newPorts(u)
	u.device = newDeviceView(u)
	u.configure = newConfigureView(u)
	u.pins = newPinsView(u)
	u.aside = newAsideView(u)
	u.log = newLogView(u)
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
	second := time.NewTicker(time.Second)
	defer second.Stop()
	u.ports.start(ctx)
	u.render()
	ready()
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.tasks.wake:
			u.tasks.run()
			u.askFrame()
		case <-wake:
			u.askFrame()
		case <-second.C:
			u.askFrame()
		case <-u.frames:
			u.asked = false
			u.render()
		}
	}
}

// askFrame asks for one call before the next repaint. Hidden pages are not painted,
// and nothing is rendered for them.
func (u *UI) askFrame() {
	if u.asked {
		return
	}
	u.asked = true
	js.Global().Call("requestAnimationFrame", u.onFrame)
}

func (u *UI) render() {
	u.state = u.session.State()
	u.now = time.Now()
	u.frame.render()
	u.problem.render()
	u.renderControls()
	switch u.view {
	case "configure":
		u.configure.render()
	case "pins":
		u.pins.render()
		u.aside.render()
	case "log":
		u.log.render()
	default:
		u.device.render()
	}
}

// ready tells whether an NCP answers.
func (u *UI) ready() bool { return u.state.Phase == session.PhaseReady }

// tasks are functions that handlers and goroutines leave for the loop.
type tasks struct {
	mu   sync.Mutex
	list []func()
	wake chan struct{}
}

func (t *tasks) add(f func()) {
	t.mu.Lock()
	t.list = append(t.list, f)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *tasks) run() {
	t.mu.Lock()
	list := t.list
	t.list = nil
	t.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// post runs f on the loop.
func (u *UI) post(f func()) { u.tasks.add(f) }

// on calls f on the loop for each event of a kind. The parts of the page live as long
// as the page does, so the listener is never removed.
func (u *UI) on(e *element, kind string, f func()) {
	e.listen(kind, func(event) { u.post(f) })
}

// onSubmit calls f on the loop when a form is sent; the browser sends nothing.
func (u *UI) onSubmit(form *element, f func()) {
	form.listen("submit", func(ev event) {
		ev.preventDefault()
		u.post(f)
	})
}

// onTarget calls f on the loop with the element at or around the target of an event
// that matches the selector.
func (u *UI) onTarget(e *element, kind, selector string, f func(*element)) {
	e.listen(kind, func(ev event) {
		if t := ev.target(selector); t != nil {
			u.post(func() { f(t) })
		}
	})
}

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
		u.post(func() { u.done(command, quiet, f, err) })
	}()
}

func (u *UI) done(command string, quiet bool, f func(context.Context) error, err error) {
	u.running[command]--
	p := session.ProblemOf(err)
	if p == nil {
		u.problem.passed(command)
		if w := Done(command); w != "" && !quiet {
			u.toasts.add(w, OK)
		}
		return
	}
	u.problem.failed(command, p, func() { u.do(command, quiet, f) })
}

// control is a button that is enabled only at times.
type control struct {
	e       *element
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

func (u *UI) findControls() {
	for _, e := range root().all("[data-core], [data-ready], [data-port]") {
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
	open := ready || u.state.Phase == session.PhaseSearching || u.state.Phase == session.PhaseRecover || u.state.Phase == session.PhaseReading || u.state.Phase == session.PhaseRaising
	for _, c := range u.controls {
		busy := u.running[c.command] > 0
		on := (!c.ready || ready) && (!c.port || open)
		if c.command == "apply" {
			on = on && ready
		}
		c.e.enable(on)
		if busy {
			c.e.setAttr("aria-busy", "true")
		} else if c.e.attrs["aria-busy"] != "" {
			c.e.setAttr("aria-busy", "false")
		}
	}
}
