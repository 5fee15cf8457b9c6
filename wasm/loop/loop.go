//go:build js && wasm

// Package loop is the one goroutine that a program of the page writes to the document
// from: handlers of events and goroutines post functions to it and never wait, and what
// is shown is brought up to date at most once per frame of the screen.
package loop

import (
	"context"
	"sync"
	"syscall/js"
	"time"

	"ncpweb/wasm/doc"
)

// Loop runs posted functions one after the other, and renders after them.
type Loop struct {
	tasks   tasks
	frames  chan struct{}
	asked   bool // a frame is asked for
	onFrame js.Func
}

// New returns a Loop; Run starts it.
func New() *Loop {
	l := &Loop{tasks: tasks{wake: make(chan struct{}, 1)}, frames: make(chan struct{}, 1)}
	l.onFrame = js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case l.frames <- struct{}{}:
		default:
		}
		return nil
	})
	return l
}

// Run runs what is posted, and calls render before the next repaint after each of it,
// after each wake, and once a second for what grows older by itself. Hidden pages are
// not painted, and nothing is rendered for them. It returns when ctx ends.
func (l *Loop) Run(ctx context.Context, wake <-chan struct{}, render func()) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.tasks.wake:
			l.tasks.run()
			l.AskFrame()
		case <-wake:
			l.AskFrame()
		case <-second.C:
			l.AskFrame()
		case <-l.frames:
			l.asked = false
			render()
		}
	}
}

// AskFrame asks for a call of render before the next repaint. Call it on the loop.
func (l *Loop) AskFrame() {
	if l.asked {
		return
	}
	l.asked = true
	js.Global().Call("requestAnimationFrame", l.onFrame)
}

// Post runs f on the loop. It may be called from anywhere and does not wait.
func (l *Loop) Post(f func()) { l.tasks.add(f) }

// On calls f on the loop for each event of a kind. The parts of the page live as long
// as the page does, so the listener is never removed.
func (l *Loop) On(e *doc.Element, kind string, f func()) {
	e.Listen(kind, func(doc.Event) { l.Post(f) })
}

// OnSubmit calls f on the loop when a form is sent; the browser sends nothing.
func (l *Loop) OnSubmit(form *doc.Element, f func()) {
	form.Listen("submit", func(ev doc.Event) {
		ev.PreventDefault()
		l.Post(f)
	})
}

// OnTarget calls f on the loop with the element at or around the target of an event
// that matches the selector.
func (l *Loop) OnTarget(e *doc.Element, kind, selector string, f func(*doc.Element)) {
	e.Listen(kind, func(ev doc.Event) {
		if t := ev.Target(selector); t != nil {
			l.Post(func() { f(t) })
		}
	})
}

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
