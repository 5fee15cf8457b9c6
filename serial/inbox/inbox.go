// Package inbox is the receive side that adapters share: a bounded buffer between
// whatever brings bytes and must never wait, and the goroutine that reads them as
// serial.Port says.
package inbox

import (
	"os"
	"sync"
	"time"

	"ncpweb/serial"
)

// Max is how many received bytes wait for the reader at most, 4 MiB: half a minute
// of a line at 1.5 Mbaud. A reader that is further behind loses the newest bytes;
// they are counted.
const Max = 4 << 20

// first is the size a buffer starts with.
const first = 16 << 10

// Box holds received bytes until they are read. Nothing but the reader waits. One
// goroutine reads; the rest is safe for concurrent use.
type Box struct {
	mu       sync.Mutex
	buf      []byte
	r, w     int    // unread bytes are buf[r:w]
	lost     uint64 // bytes beyond Max
	cause    error  // why no more bytes will come; what is buffered is read first
	closed   bool
	deadline time.Time
	timer    *time.Timer
	wake     chan struct{} // capacity 1: something of the above changed
}

// New returns an empty Box.
func New() *Box { return &Box{wake: make(chan struct{}, 1)} }

// Put adds n bytes, which fill copies to where they belong, in one go. What is
// beyond the bound is dropped and counted.
func (b *Box) Put(n int, fill func(dst []byte)) {
	b.mu.Lock()
	if room := Max - (b.w - b.r); n > room {
		b.lost += uint64(n - room)
		n = room
	}
	if n > 0 && !b.closed {
		b.reserve(n)
		fill(b.buf[b.w : b.w+n])
		b.w += n
	}
	b.mu.Unlock()
	b.signal()
}

// reserve makes room for n bytes behind w: at the start of the buffer when enough
// was read there, else in one twice as large.
func (b *Box) reserve(n int) {
	if len(b.buf)-b.w >= n {
		return
	}
	unread := b.w - b.r
	next := b.buf
	if unread+n > len(next)/2 {
		next = make([]byte, max(first, 2*(unread+n)))
	}
	copy(next, b.buf[b.r:b.w])
	b.buf, b.r, b.w = next, 0, unread
}

// Read waits for bytes as serial.Port.Read does.
func (b *Box) Read(p []byte) (int, error) {
	for {
		n, err, done := b.tryRead(p)
		if done {
			return n, err
		}
		<-b.wake
	}
}

// tryRead is one attempt; done is false where the reader has to wait.
func (b *Box) tryRead(p []byte) (n int, err error, done bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		b.signal() // for a second reader, if there is one
		return 0, serial.ErrClosed, true
	case len(p) == 0:
		return 0, nil, true
	case !b.deadline.IsZero() && !time.Now().Before(b.deadline):
		return 0, os.ErrDeadlineExceeded, true
	case b.w > b.r:
		n = copy(p, b.buf[b.r:b.w])
		b.r += n
		if b.r == b.w {
			b.r, b.w = 0, 0
		}
		return n, nil, true
	case b.cause != nil:
		b.signal()
		return 0, b.cause, true
	}
	return 0, nil, false
}

// SetDeadline bounds present and future reads; the zero time means no bound.
func (b *Box) SetDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return serial.ErrClosed
	}
	b.deadline = t
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if !t.IsZero() {
		b.timer = time.AfterFunc(time.Until(t), b.signal)
	}
	b.signal()
	return nil
}

// End tells that no more bytes will come. The first cause stays.
func (b *Box) End(cause error) {
	b.mu.Lock()
	if b.cause == nil {
		b.cause = cause
	}
	b.mu.Unlock()
	b.signal()
}

// Close drops what was not read and fails every read with serial.ErrClosed.
func (b *Box) Close() {
	b.mu.Lock()
	b.closed = true
	b.buf, b.r, b.w = nil, 0, 0
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	b.mu.Unlock()
	b.signal()
}

// Overflow returns how many bytes were dropped because nobody read.
func (b *Box) Overflow() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

func (b *Box) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
