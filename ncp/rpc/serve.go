package rpc

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"ncpweb/ncp/frame"
)

const (
	readSize = 8 << 10
	// maxEmptyReads is how many Reads in a row may return nothing at all.
	maxEmptyReads = 100
	// writerGrace is how long Serve waits at its end for the frame that is being
	// written, besides its time on the line.
	writerGrace = time.Second
)

// Serve reads the line, and writes what is to be sent, until ctx ends or the line
// fails; it returns why. Then all calls under way fail, and so do later ones until
// Serve runs again, which it may.
//
// The end of ctx leaves the line open and loses no bytes, and the frame that is being
// written is still written to its end, if that takes no longer than a second besides
// its time on the line. If the line has no SetReadDeadline, Serve only returns when
// its Read does. Handlers that still run are told by their ctx and not waited for.
func (e *Endpoint) Serve(ctx context.Context) error {
	r, err := e.begin(ctx)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		e.finish(r, context.Cause(ctx))
		close(ended)
	})
	e.decMu.Lock()
	e.dec.Reset()
	e.decMu.Unlock()
	go e.write(r)
	go e.deliver(r)
	e.finish(r, e.read(r))
	if !stop() {
		<-ended
	}
	e.settle(r)
	return r.cause
}

// begin starts a run.
func (e *Endpoint) begin(ctx context.Context) (*run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.serving {
		return nil, errServing
	}
	r := &run{
		done:       make(chan struct{}),
		writerDone: make(chan struct{}),
		jobs:       make(chan *place, maxHandlers),
	}
	// Not ended by ctx itself: handlers must hear of the end after the line has, or
	// their last words would still be sent.
	r.ctx, r.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	r.later = time.AfterFunc(GiveUp, e.wake)
	r.later.Stop()
	r.stray = time.AfterFunc(GiveUp, func() { e.endStray(r) })
	r.stray.Stop()
	e.run = r
	e.serving = true
	e.arriving = arriving{}
	return r, nil
}

// finish ends a run, once: it fails the calls and wakes all that belongs to the run.
func (e *Endpoint) finish(r *run, cause error) {
	e.mu.Lock()
	if r.cause != nil {
		e.mu.Unlock()
		return
	}
	r.cause = cause
	e.run = nil
	e.ended = &endError{cause}
	for _, c := range e.calls {
		c.finish(nil, e.ended)
	}
	for _, c := range e.notices {
		c.finish(nil, e.ended)
	}
	if e.writing != nil {
		e.writing.finish(nil, e.ended)
	}
	clear(e.calls)
	clear(e.nested)
	clear(e.notices)
	e.calls, e.nested, e.notices = e.calls[:0], e.nested[:0], e.notices[:0]
	e.top, e.writing = nil, nil
	for _, p := range e.open {
		p.gone = true
	}
	clear(e.open)
	e.open = e.open[:0]
	e.mu.Unlock()

	e.oneways.reset()
	r.later.Stop()
	close(r.done)
	r.cancel(cause)
	e.interrupt(time.Unix(1, 0))
}

// settle waits for the writer and leaves the line ready for its next reader.
func (e *Endpoint) settle(r *run) {
	grace := time.NewTimer(writerGrace + e.wire(frame.MaxSize(e.maxPayload)))
	defer grace.Stop()
	select {
	case <-r.writerDone:
	case <-grace.C:
	}
	e.interrupt(time.Time{})
	e.decMu.Lock() // what the timer may be handing over comes before the end
	r.stray.Stop()
	e.decMu.Unlock()
	e.mu.Lock()
	e.serving = false
	e.mu.Unlock()
}

// interrupt sets the deadline of reading, where the line has one.
func (e *Endpoint) interrupt(t time.Time) {
	if d, ok := e.rw.(interface{ SetReadDeadline(time.Time) error }); ok {
		// Without effect only on a line that is closed, where reading ends anyway.
		_ = d.SetReadDeadline(t)
	}
}

// read is the only reader of the line. It runs no handler and waits for no writer.
func (e *Endpoint) read(r *run) error {
	buf := make([]byte, readSize)
	for empty := 0; ; {
		n, err := e.rw.Read(buf)
		if n > 0 {
			empty = 0
			e.take(r, buf[:n])
		}
		select {
		case <-r.done:
			return r.cause
		default:
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			e.interrupt(time.Time{}) // somebody else's: not an end
			select {
			case <-r.done: // the end's own deadline may just have been cleared
				return r.cause
			default:
			}
		case err != nil:
			return err
		case n == 0:
			if empty++; empty >= maxEmptyReads {
				return io.ErrNoProgress
			}
		}
	}
}

// take takes what was read.
func (e *Endpoint) take(r *run, p []byte) {
	e.decMu.Lock()
	defer e.decMu.Unlock()
	_, _ = e.dec.Write(p) // never fails
	e.note()
	if content, ok := e.dec.Open(); ok && strays(content) {
		e.strayAt = time.Now()
		r.stray.Reset(e.strayTime())
	}
}

// note takes over the counters of the decoder, and what is still arriving. e.decMu is
// held.
func (e *Endpoint) note() {
	s := e.dec.Stats()
	content, isOpen := e.dec.Open()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.RxBytes = s.Bytes
	e.stats.RxFrames = s.Frames
	e.stats.CRCErrors = s.BadCRC
	e.stats.CutFrames = s.Cut
	e.stats.Oversized = s.Oversize
	e.arriving.ok = isOpen && len(content) >= 4 && Op(uint16At(content)) == OpResult
	if e.arriving.ok {
		e.arriving.id = uint16At(content[2:])
		e.arriving.last = time.Now()
	}
}

// found takes what the decoder finds.
func (e *Endpoint) found(k frame.Kind, p []byte) {
	switch k {
	case frame.Payload:
		e.message(p)
	case frame.Noise:
		e.trace(Event{Kind: EventNoise, Dir: In, Payload: p})
		e.noise(p)
	case frame.BadCRC:
		e.broken(EventCRC, p)
	case frame.Cut:
		e.broken(EventCut, p)
	case frame.Oversize:
		e.broken(EventOversize, p)
	}
}

func (e *Endpoint) noise(p []byte) {
	e.mu.Lock()
	e.stats.NoiseBytes += uint64(len(p))
	e.mu.Unlock()
	if e.onNoise != nil {
		e.onNoise(p)
	}
}

// broken takes the content of a frame that is not good.
func (e *Endpoint) broken(k EventKind, p []byte) {
	e.trace(Event{Kind: k, Dir: In, Payload: p})
	if isText(p) {
		e.noise(p)
	}
}

// message takes a good frame.
func (e *Endpoint) message(p []byte) {
	m, ok := parse(p)
	if e.tracer.Load() != nil {
		ev := Event{Kind: EventMessage, Dir: In, Op: m.op, UID: m.uid, MsgID: m.id, Status: m.status, Payload: p}
		if m.op == OpResult {
			ev.UID = e.uidOf(m.id)
		}
		e.trace(ev)
	}
	switch {
	case !ok:
		e.count(&e.stats.Malformed)
	case m.op == OpInvoke:
		e.asked(m)
	case m.op == OpOneway:
		e.told(m)
	case m.op == OpResult:
		e.answered(m)
	}
}

func (e *Endpoint) count(n *uint64) {
	e.mu.Lock()
	*n++
	e.mu.Unlock()
}

// uidOf returns the UID of the call that waits for a MsgID; 0: none.
func (e *Endpoint) uidOf(id uint16) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.callOf(id); c != nil {
		return c.uid
	}
	return 0
}

// callOf returns the call that waits for a MsgID. e.mu is held.
func (e *Endpoint) callOf(id uint16) *call {
	i := slices.IndexFunc(e.calls, func(c *call) bool { return c.id == id && c.sent })
	if i < 0 {
		return nil
	}
	return e.calls[i]
}

// answered takes a RESULT.
func (e *Endpoint) answered(m message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.callOf(m.id)
	if c == nil {
		e.stats.LateResults++
		return
	}
	e.forget(c)
	if err := m.err(); err != nil {
		c.finish(nil, err)
		return
	}
	var rets []byte
	if len(m.body) > 0 {
		rets = slices.Clone(m.body)
	}
	c.finish(rets, nil)
}
