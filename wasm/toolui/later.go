//go:build js && wasm

package toolui

import (
	"syscall/js"
	"time"
)

// slice is how long a piece of a long work may take at once: two of them fit between
// two frames of the screen.
const slice = 7 * time.Millisecond

// turns lets the browser do what it has to do between two slices of a long work. A
// goroutine that goes on by itself would not: the browser waits until all of them rest.
// A message to oneself comes back sooner than the shortest timer.
type turns struct {
	u     *UI
	port  js.Value
	queue []func()
}

func newTurns(u *UI) *turns {
	channel := js.Global().Get("MessageChannel").New()
	t := &turns{u: u, port: channel.Get("port2")}
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		u.Post(t.run)
		return nil
	}))
	return t
}

func (t *turns) run() {
	queue := t.queue
	t.queue = nil
	for _, f := range queue {
		f()
	}
}

// later calls f on the loop, after the browser had its turn. Call it on the loop.
func (u *UI) later(f func()) {
	t := u.turns
	t.queue = append(t.queue, f)
	if len(t.queue) == 1 {
		t.port.Call("postMessage", 0)
	}
}

// inSlices calls step with the time until when it may work, again and again until it
// returns true, and done then. The browser has its turn in between.
func (u *UI) inSlices(step func(until time.Time) bool, done func()) {
	if !step(time.Now().Add(slice)) {
		u.later(func() { u.inSlices(step, done) })
		return
	}
	done()
}
