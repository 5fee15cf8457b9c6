//go:build js && wasm

package workui

import (
	"context"
	"crypto/sha256"
	"sync"
	"syscall/js"
	"time"
)

// slice is how long the program may have the page's thread at once: two of them fit
// between two frames of the screen.
const slice = 7 * time.Millisecond

// breather lets the browser do what it has to do in the middle of long work. A goroutine
// that goes on by itself would not: the browser waits until all of them rest. A message to
// oneself comes back sooner than the shortest timer.
type breather struct {
	port js.Value

	mu      sync.Mutex
	waiting []chan struct{}
	last    time.Time // when the browser had its last turn
}

func newBreather() *breather {
	channel := js.Global().Get("MessageChannel").New()
	b := &breather{port: channel.Get("port2")}
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		b.mu.Lock()
		waiting := b.waiting
		b.waiting, b.last = nil, time.Now()
		b.mu.Unlock()
		for _, w := range waiting {
			close(w)
		}
		return nil
	}))
	return b
}

// breathe gives the browser a turn if it has had none for a slice. It fits
// esp.Options.Breathe, and may be called often. It waits, so it is not for handlers.
func (b *breather) breathe(ctx context.Context) {
	b.mu.Lock()
	if time.Since(b.last) < slice {
		b.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	b.waiting = append(b.waiting, turn)
	first := len(b.waiting) == 1
	b.mu.Unlock()
	if first {
		b.port.Call("postMessage", 0)
	}
	select {
	case <-turn:
	case <-ctx.Done():
	}
}

// digestSlice is how much is digested between two looks at the time, in bytes: about a
// millisecond of work.
const digestSlice = 64 << 10

// digest returns the SHA-256 of data, without keeping the page from anything else.
func (b *breather) digest(ctx context.Context, data []byte) ([sha256.Size]byte, error) {
	h := sha256.New()
	for len(data) > 0 {
		n := min(len(data), digestSlice)
		h.Write(data[:n])
		data = data[n:]
		b.breathe(ctx)
		if err := ctx.Err(); err != nil {
			return [sha256.Size]byte{}, err
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// breathe gives the browser a turn in the middle of long work. It fits
// esp.Options.Breathe.
func (u *UI) breathe(ctx context.Context) { u.breather.breathe(ctx) }

// digest returns the SHA-256 of data, without keeping the page from anything else.
func (u *UI) digest(ctx context.Context, data []byte) ([sha256.Size]byte, error) {
	return u.breather.digest(ctx, data)
}
