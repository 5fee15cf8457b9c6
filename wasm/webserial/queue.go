//go:build js && wasm

package webserial

import "sync"

// queue holds events between the callback that must not wait and the goroutine
// that may. Plugging is a human act: the bound is never met by hands.
type queue struct {
	mu     sync.Mutex
	events []Event
	closed bool
	wake   chan struct{}
}

// maxQueued bounds a queue whose reader hangs; the newest are dropped then.
const maxQueued = 256

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(e Event) {
	q.mu.Lock()
	if len(q.events) < maxQueued && !q.closed {
		q.events = append(q.events, e)
	}
	q.mu.Unlock()
	q.signal()
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop waits for the next event; ok is false once the queue is closed.
func (q *queue) pop() (e Event, ok bool) {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return Event{}, false
		}
		if len(q.events) > 0 {
			e = q.events[0]
			q.events = q.events[1:]
			q.mu.Unlock()
			return e, true
		}
		q.mu.Unlock()
		<-q.wake
	}
}
