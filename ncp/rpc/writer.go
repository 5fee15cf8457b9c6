package rpc

import (
	"io"
	"slices"
	"time"

	"ncpweb/ncp/frame"
)

// outgoing is a message that the writer has taken.
type outgoing struct {
	op      Op
	uid, id uint16
	status  Status
	call    *call // INVOKE, ONEWAY
}

// write is the only writer of the line.
func (e *Endpoint) write(r *run) {
	defer close(r.writerDone)
	select {
	case e.line <- struct{}{}: // the writer of the run before may be stuck
		defer func() { <-e.line }()
	case <-r.done:
		return
	}
	var msg, wire []byte
	for {
		var out outgoing
		var ok bool
		out, msg, ok = e.next(r, msg[:0])
		if !ok {
			select {
			case <-e.kick:
				continue
			case <-r.done:
				return
			}
		}
		wire = frame.Append(wire[:0], msg)
		began := time.Now()
		e.trace(Event{Kind: EventMessage, Dir: Out, Op: out.op, UID: out.uid, MsgID: out.id, Status: out.status, Payload: msg})
		n, err := e.rw.Write(wire)
		if err == nil && n < len(wire) {
			err = io.ErrShortWrite
		}
		if err != nil {
			e.finish(r, err)
			return
		}
		e.wrote(out, began, len(wire))
	}
}

// next takes what is to be sent next and appends it to dst. First of all goes what
// has waited for longer than Hold, so that a peer that never stops asking cannot keep
// us from speaking. Then come RESULTs, the newest INVOKE first; then nested calls;
// then the rest, where a top-level call waits until the peer has its answers.
func (e *Endpoint) next(r *run, dst []byte) (out outgoing, msg []byte, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.run != r {
		return out, dst, false
	}
	now := time.Now()
	if len(e.open) > 0 {
		e.giveUp(now)
	}
	if c := e.overdue(now); c != nil {
		out, dst = e.send(c, now, dst)
		return out, dst, true
	}
	if n := len(e.open); n > 0 && e.open[n-1].done {
		p := e.open[n-1]
		dst = append(dst, p.msg...)
		out = outgoing{op: OpResult, uid: p.uid, id: p.id, status: p.status}
		e.closePlace(n-1, now)
		e.keep(r, p)
		return out, dst, true
	}
	if len(e.nested) > 0 {
		out, dst = e.send(e.nested[0], now, dst)
		return out, dst, true
	}
	if c := e.ordinary(now); c != nil {
		out, dst = e.send(c, now, dst)
		return out, dst, true
	}
	e.schedule(r, now)
	return out, dst, false
}

// overdue returns a message that has waited for longer than Hold. e.mu is held.
func (e *Endpoint) overdue(now time.Time) *call {
	limit := now.Add(-Hold)
	if len(e.nested) > 0 && !e.nested[0].queued.After(limit) {
		return e.nested[0]
	}
	if e.top != nil && !e.top.queued.After(limit) {
		return e.top
	}
	if len(e.notices) > 0 && !e.notices[0].queued.After(limit) {
		return e.notices[0]
	}
	return nil
}

// ordinary returns the older one of the top-level call and the first notice, as far
// as it may go. e.mu is held.
func (e *Endpoint) ordinary(now time.Time) *call {
	top := e.top
	if now.Before(e.answerUntil()) {
		top = nil // see schedule
	}
	if len(e.notices) == 0 {
		return top
	}
	if top != nil && top.queued.Before(e.notices[0].queued) {
		return top
	}
	return e.notices[0]
}

// answerUntil returns until when a top-level call waits for the answers to what the
// peer has asked; in the past if there is nothing to wait for. e.mu is held.
func (e *Endpoint) answerUntil() time.Time {
	if len(e.open) == 0 {
		return time.Time{}
	}
	return e.open[len(e.open)-1].arrived.Add(Hold)
}

// schedule sets the timer for a top-level call that is held: it goes when the peer is
// not waiting any more, or when it is overdue. e.mu is held.
func (e *Endpoint) schedule(r *run, now time.Time) {
	if e.top == nil {
		return
	}
	due := e.answerUntil()
	if t := e.top.queued.Add(Hold); t.Before(due) {
		due = t
	}
	r.later.Reset(due.Sub(now))
}

// send takes c off its queue, appends its message to dst and starts its time. e.mu is
// held.
func (e *Endpoint) send(c *call, now time.Time, dst []byte) (outgoing, []byte) {
	dst = append(dst, c.msg...)
	if len(e.notices) > 0 && e.notices[0] == c {
		e.notices = slices.Delete(e.notices, 0, 1)
		e.writing = c
		return outgoing{op: OpOneway, uid: c.uid, call: c}, dst
	}
	if e.top == c {
		e.top = nil
	} else {
		e.nested = slices.Delete(e.nested, 0, 1)
	}
	c.sent, c.sentAt = true, now
	c.mark = e.arrivals
	c.deadline = later(now, e.lineUntil).Add(e.wire(frame.MaxSize(len(c.msg))+resultAllowance) + c.timeout)
	if c.extended { // it was held: its timer is set to the end of that
		c.timer.Reset(c.deadline.Sub(now))
	}
	return outgoing{op: OpInvoke, uid: c.uid, id: c.id, call: c}, dst
}

// wrote notes that a frame of n bytes was handed over to the line. How long the line
// still takes to send it is an estimate from the time of one character: an adapter
// takes much more than it has sent.
func (e *Endpoint) wrote(out outgoing, began time.Time, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.stats.TxFrames++
	e.stats.TxBytes += uint64(n)
	e.lineUntil = later(began, e.lineUntil).Add(e.wire(n))
	switch c := out.call; {
	case out.op == OpOneway && e.writing == c:
		e.writing = nil
		c.finish(nil, nil)
	case out.op == OpInvoke && slices.Contains(e.calls, c) && c.id == out.id:
		c.deadline = later(now, e.lineUntil).Add(e.wire(resultAllowance) + c.timeout)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
