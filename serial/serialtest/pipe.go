package serialtest

import (
	"context"
	"os"
	"sync"
	"time"

	"ncpweb/serial"
)

// pipeBuffer is how many bytes one direction of a pipe holds before Write waits.
const pipeBuffer = 64 << 10

// PipePort is one end of a Pipe.
type PipePort struct {
	p    *pipe
	side int
}

// pipe is the state both ends share.
type pipe struct {
	mu      sync.Mutex // never held across a wait
	changed chan struct{}
	lost    bool
	end     [2]pipeEnd
}

type pipeEnd struct {
	in       []byte // received, not yet read
	closed   bool
	deadline time.Time
	mode     serial.Mode
	signals  serial.Signals
}

// Pipe returns two ports that are connected in memory: what one writes the other
// reads, at once and whatever the modes are. Each direction holds 64 KiB; after
// that Write waits. An end whose other end was closed reads what is left and then
// gets serial.ErrLost.
func Pipe() (a, b *PipePort) {
	p := &pipe{}
	return &PipePort{p, 0}, &PipePort{p, 1}
}

func (p *pipe) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// wait gives the lock up until something changed or the deadline has passed.
func (p *pipe) wait(deadline time.Time) {
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	ch := p.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	if deadline.IsZero() {
		<-ch
		return
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case <-ch:
	case <-t.C:
	}
}

func (q *PipePort) own() *pipeEnd   { return &q.p.end[q.side] }
func (q *PipePort) other() *pipeEnd { return &q.p.end[1-q.side] }

// state is why the end cannot be used, or nil.
func (q *PipePort) state() error {
	switch {
	case q.own().closed:
		return serial.ErrClosed
	case q.p.lost:
		return serial.ErrLost
	}
	return nil
}

// Read implements serial.Port.
func (q *PipePort) Read(b []byte) (int, error) {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	for {
		e := q.own()
		if err := q.state(); err != nil {
			return 0, err
		}
		if len(b) == 0 {
			return 0, nil
		}
		if d := e.deadline; !d.IsZero() && !time.Now().Before(d) {
			return 0, os.ErrDeadlineExceeded
		}
		if n := copy(b, e.in); n > 0 {
			e.in = e.in[:copy(e.in, e.in[n:])]
			q.p.wake()
			return n, nil
		}
		if q.other().closed {
			return 0, serial.ErrLost
		}
		q.p.wait(e.deadline)
	}
}

// Write implements serial.Port.
func (q *PipePort) Write(b []byte) (int, error) {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	for n := 0; ; {
		if err := q.state(); err != nil {
			return n, err
		}
		o := q.other()
		if o.closed {
			return n, serial.ErrLost
		}
		if k := min(len(b)-n, pipeBuffer-len(o.in)); k > 0 {
			o.in = append(o.in, b[n:n+k]...)
			n += k
			q.p.wake()
		}
		if n == len(b) {
			return n, nil
		}
		q.p.wait(time.Time{})
	}
}

// change runs f on this end if it can be used.
func (q *PipePort) change(f func(*pipeEnd)) error {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	if err := q.state(); err != nil {
		return err
	}
	f(q.own())
	q.p.wake()
	return nil
}

// SetReadDeadline implements serial.Port.
func (q *PipePort) SetReadDeadline(t time.Time) error {
	return q.change(func(e *pipeEnd) { e.deadline = t })
}

// SetMode implements serial.Port. It only keeps the mode for Mode.
func (q *PipePort) SetMode(_ context.Context, m serial.Mode) error {
	return q.change(func(e *pipeEnd) { e.mode = m })
}

// SetSignals implements serial.Port. It only keeps the levels for Signals.
func (q *PipePort) SetSignals(_ context.Context, s serial.Signals) error {
	return q.change(func(e *pipeEnd) {
		for _, l := range []struct {
			now *serial.Level
			set serial.Level
		}{{&e.signals.DTR, s.DTR}, {&e.signals.RTS, s.RTS}, {&e.signals.Break, s.Break}} {
			if l.set != serial.Keep {
				*l.now = l.set
			}
		}
	})
}

// Info implements serial.Port.
func (q *PipePort) Info() serial.Info { return serial.Info{Name: "pipe"} }

// Mode returns what SetMode was last called with on this end.
func (q *PipePort) Mode() serial.Mode {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	return q.own().mode
}

// Signals returns the levels SetSignals has set on this end; Keep where none.
func (q *PipePort) Signals() serial.Signals {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	return q.own().signals
}

// Close implements serial.Port.
func (q *PipePort) Close() error {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	q.own().closed = true
	q.p.wake()
	return nil
}

// Unplug makes both ends fail with serial.ErrLost.
func (q *PipePort) Unplug() {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	q.p.lost = true
	q.p.wake()
}
