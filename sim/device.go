package sim

import (
	"errors"
	"os"
	"time"

	"ncpweb/serial"
)

// maxCredit bounds how much of a timer's lateness is made up for.
const maxCredit = 20 * time.Millisecond

// uart is the device's end of a wire. Its fields are guarded by the wire's lock.
type uart struct {
	w    *Wire
	fifo queue
	dl   deadline
	// waiting is set while a Read waits. What such a device loses it would lose to
	// a late timer of this machine, so the FIFO may grow past its depth then; spare
	// is by how much it did, until it was read empty. Both do nothing in virtual time.
	waiting bool
	spare   int
	// late is how late the last wait woke up. The next Write starts that much
	// earlier, so that coarse timers (a few milliseconds in a browser) do not slow
	// the line down. It is 0 in virtual time.
	late time.Duration
	// changedAt is when the device last changed its mode: no Write begins earlier.
	changedAt time.Duration
	follow    bool // AutoBaud
	limit     int
}

func (u *uart) Read(b []byte) (int, error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	late := time.Duration(0)
	for {
		w.advance()
		if w.closed {
			return 0, serial.ErrClosed
		}
		if len(b) == 0 {
			return 0, nil
		}
		if u.dl.passed(w.now()) {
			return 0, os.ErrDeadlineExceeded
		}
		if n := u.fifo.read(b); n > 0 {
			if u.fifo.len() == 0 {
				u.spare = 0
			}
			u.late = min(late, maxCredit)
			return n, nil
		}
		u.waiting = true
		late = w.sleep(u.dl.before(w.toDev.arrival(min(len(b), max(1, w.o.FIFO/2)))), nil)
		w.advance()
		u.waiting = false
		if n := u.fifo.len(); n > w.o.FIFO {
			u.spare = n
		}
	}
}

// full tells whether a byte that arrives now is lost.
func (u *uart) full() bool {
	depth := u.w.o.FIFO + u.spare
	if u.waiting {
		depth = receiveBuffer
	}
	return u.fifo.len() >= depth
}

func (u *uart) Write(b []byte) (int, error) {
	w, l := u.w, u.w.toHost
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.closed {
		return 0, serial.ErrClosed
	}
	if len(b) == 0 {
		return 0, nil
	}
	l.push(b, u.begin())
	u.late = 0
	target := l.enqueued
	w.armUnplug()
	w.wake()
	for {
		w.advance()
		left := target - l.gone
		if w.closed {
			return len(b) - int(min(left, int64(len(b)))), serial.ErrClosed
		}
		if left <= 0 {
			return len(b), nil
		}
		u.late = min(w.sleep(l.end(len(l.extra)+int(left)), nil), maxCredit)
	}
}

// begin is when a Write begins: now, or earlier by what the last wait was late.
func (u *uart) begin() time.Duration {
	l, now := u.w.toHost, u.w.now()
	if !alike(l.mode, l.rx.mode) {
		return now
	}
	return max(now-u.late, min(now, max(u.changedAt, l.rx.changedAt)))
}

func (u *uart) SetReadDeadline(t time.Time) error {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.closed {
		return serial.ErrClosed
	}
	u.dl = w.deadline(t)
	w.wake()
	return nil
}

func (u *uart) SetMode(m serial.Mode) error {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.closed {
		return serial.ErrClosed
	}
	if !validMode(m) {
		return errors.New("sim: not a mode of a UART")
	}
	now := w.now()
	w.toHost.setMode(m, now)
	w.toDev.rx.setMode(m, now)
	u.changedAt = now
	w.wake()
	return nil
}

func (u *uart) Lines() Lines {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	return w.lines
}

func (u *uart) LinesChanged() <-chan struct{} {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.linesCh == nil {
		w.linesCh = make(chan struct{})
	}
	return w.linesCh
}
