//go:build js && wasm

package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"syscall/js"

	"ncpweb/lab/portlink"
)

// messagePort is a portlink.Conn over a JavaScript MessagePort. The empty string on
// it means the end: a MessagePort does not tell that its other end was closed.
type messagePort struct {
	port     js.Value
	listener js.Func

	mu      sync.Mutex
	waiting []message
	flooded bool
	wake    chan struct{} // capacity 1
}

type message struct {
	data []byte
	text bool
	end  bool
}

// maxWaiting bounds what a page can pile up, in messages.
const maxWaiting = 1024

var _ portlink.Conn = (*messagePort)(nil)

func newMessagePort(port js.Value) *messagePort {
	p := &messagePort{port: port, wake: make(chan struct{}, 1)}
	p.listener = js.FuncOf(func(_ js.Value, args []js.Value) any {
		p.take(args[0].Get("data"))
		return nil
	})
	port.Set("onmessage", p.listener)
	return p
}

// take keeps a message for Receive; it is called by JavaScript and never waits.
func (p *messagePort) take(data js.Value) {
	var m message
	if data.Type() == js.TypeString {
		m.text = true
		m.data = []byte(data.String())
		m.end = len(m.data) == 0
	} else {
		m.data = make([]byte, data.Length())
		js.CopyBytesToGo(m.data, data)
	}
	p.mu.Lock()
	if len(p.waiting) < maxWaiting {
		p.waiting = append(p.waiting, m)
	} else {
		p.flooded = true
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Receive waits for the next message.
func (p *messagePort) Receive(ctx context.Context) ([]byte, bool, error) {
	for {
		p.mu.Lock()
		flooded := p.flooded
		var m message
		ok := len(p.waiting) > 0
		if ok {
			m = p.waiting[0]
			p.waiting = p.waiting[1:]
		}
		p.mu.Unlock()
		switch {
		case flooded:
			return nil, false, errors.New("simworker: too many messages at once")
		case ok && m.end:
			return nil, false, io.EOF
		case ok:
			return m.data, m.text, nil
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// SendText sends a JSON object.
func (p *messagePort) SendText(_ context.Context, b []byte) error {
	p.port.Call("postMessage", string(b))
	return nil
}

// SendBytes sends bytes of the line.
func (p *messagePort) SendBytes(_ context.Context, b []byte) error {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	p.port.Call("postMessage", array, []any{array.Get("buffer")})
	return nil
}

// close tells the page that the channel ended and gives it up.
func (p *messagePort) close() {
	p.port.Set("onmessage", js.Null())
	p.listener.Release()
	p.port.Call("postMessage", "")
	p.port.Call("close")
}
