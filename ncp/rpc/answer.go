package rpc

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// place holds an open INVOKE of the peer: from its arrival until its RESULT is handed
// to the line, or until it is given up. All but ctx is guarded by Endpoint.mu; uid,
// id and args do not change while a worker has it.
type place struct {
	seq     uint64
	arrived time.Time
	uid, id uint16
	args    []byte
	status  Status
	msg     []byte // the RESULT
	done    bool   // msg is there
	gone    bool   // given up: nobody takes the RESULT any more
	ctx     handlerContext
}

// handlerContext is the ctx of a handler for an INVOKE. It tells Invoke that a call
// is nested, without an allocation for each request.
type handlerContext struct {
	context.Context
	endpoint *Endpoint
	active   atomic.Bool // the handler has not returned
}

// Value returns the context itself for the key that is its Endpoint.
func (c *handlerContext) Value(key any) any {
	if e, ok := key.(*Endpoint); ok && e == c.endpoint {
		return c
	}
	return c.Context.Value(key)
}

// handling tells whether ctx is that of a handler for which the peer of e waits.
func (e *Endpoint) handling(ctx context.Context) bool {
	c, ok := ctx.Value(e).(*handlerContext)
	return ok && c.active.Load()
}

// asked takes an INVOKE: it opens a place and finds it a worker.
func (e *Endpoint) asked(m message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.run
	if r == nil {
		return
	}
	if !m.hasID {
		e.stats.Malformed++
	}
	direct := !m.hasID || e.handler == nil
	now := time.Now()
	if len(e.open) >= MaxOpen {
		e.giveUp(now)
	}
	if len(e.open) >= MaxOpen || !direct && r.idle == 0 && r.workers >= maxHandlers {
		e.stats.DroppedRequests++
		return
	}
	p := e.openPlace(r, m, now)
	switch {
	case !m.hasID:
		e.put(p, nil, StatusArgsRead)
	case e.handler == nil:
		e.put(p, nil, StatusUnknownUID)
	case r.idle > 0:
		r.idle--
		r.jobs <- p // never blocks: its capacity is that of all workers
	default:
		r.workers++
		go e.work(r, p)
	}
}

// openPlace opens a place for m. e.mu is held.
func (e *Endpoint) openPlace(r *run, m message, now time.Time) *place {
	var p *place
	if n := len(r.spare); n > 0 {
		p = r.spare[n-1]
		r.spare = r.spare[:n-1]
	} else {
		p = &place{}
		p.ctx.Context = r.ctx
		p.ctx.endpoint = e
	}
	p.seq = e.arrivals
	e.arrivals++
	p.arrived = now
	p.uid, p.id = m.uid, m.id
	p.args = append(p.args[:0], m.body...)
	p.done, p.gone = false, false
	p.ctx.active.Store(true)
	e.open = append(e.open, p)
	for _, c := range e.calls {
		if c.concerns(p) {
			if c.asked == 0 {
				c.since = now
			}
			c.asked++
		}
	}
	return p
}

// closePlace takes the place at index i off the open ones. e.mu is held.
func (e *Endpoint) closePlace(i int, now time.Time) {
	p := e.open[i]
	e.open = slices.Delete(e.open, i, i+1)
	for _, c := range e.calls {
		if c.concerns(p) {
			c.asked--
			if c.asked == 0 {
				c.paused += now.Sub(c.since)
			}
		}
	}
}

// concerns tells whether answering p is time that does not count for c. The INVOKE
// that a nested call serves is not: it was there before the call.
func (c *call) concerns(p *place) bool { return c.sent && p.seq >= c.mark }

// giveUp closes the places whose peer cannot be waiting any more. e.mu is held.
func (e *Endpoint) giveUp(now time.Time) {
	for i := len(e.open) - 1; i >= 0; i-- {
		if p := e.open[i]; now.Sub(p.arrived) >= GiveUp {
			p.gone = true
			e.closePlace(i, now)
			e.stats.DroppedRequests++
		}
	}
}

// work runs the handler for p, and then for whatever comes, until the run ends.
func (e *Endpoint) work(r *run, p *place) {
	for {
		req := Request{UID: p.uid, MsgID: p.id, Args: p.args}
		rets, err := e.handler.ServeRPC(&p.ctx, req)
		p.ctx.active.Store(false)
		e.reply(r, p, rets, err)
		select {
		case p = <-r.jobs:
		case <-r.done:
			return
		}
	}
}

// reply takes what the handler returned for p. The worker is idle then.
func (e *Endpoint) reply(r *run, p *place, rets []byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.idle++
	switch {
	case p.gone:
	case err != nil && errors.Is(err, ErrNoReply):
		e.closePlace(slices.Index(e.open, p), time.Now())
		e.keep(r, p)
		e.wake() // others may have waited for it
	case err == nil && resultHead+len(rets) > e.maxPayload:
		e.put(p, nil, StatusRetsWrite)
	case err != nil:
		e.put(p, nil, statusOf(err))
	default:
		e.put(p, rets, StatusOK)
	}
}

// put makes the RESULT of p. e.mu is held.
func (e *Endpoint) put(p *place, rets []byte, s Status) {
	p.status = s
	p.msg = appendResult(p.msg[:0], p.id, s, rets)
	p.done = true
	e.wake()
}

// keep keeps a place that nobody refers to any more for reuse. e.mu is held.
func (e *Endpoint) keep(r *run, p *place) {
	if len(r.spare) < maxSpare {
		r.spare = append(r.spare, p)
	}
}
