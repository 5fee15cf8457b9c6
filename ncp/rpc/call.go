package rpc

import (
	"context"
	"errors"
	"slices"
	"time"

	"ncpweb/ncp/frame"
)

const (
	// resultAllowance is how many characters of a RESULT a call waits for besides its
	// time-out. One that is longer stretches the wait while it is arriving.
	resultAllowance = 32
	// arrivingGap is the longest pause between two bytes of a RESULT that is arriving:
	// more than any USB adapter's latency.
	arrivingGap = 100 * time.Millisecond
	// lookAgain is how often a call looks whether it may still wait beyond its time.
	lookAgain = 20 * time.Millisecond
)

// call is a message of ours under way: an INVOKE until its result, a ONEWAY until it
// is written. All but done and timer is guarded by Endpoint.mu.
type call struct {
	uid, id uint16
	msg     []byte // whole
	queued  time.Time
	done    chan struct{} // capacity one; gets one value at the end
	timer   *time.Timer

	// Of an INVOKE.
	sent     bool // handed to the line
	sentAt   time.Time
	extended bool // the timer was set again
	timeout  time.Duration
	deadline time.Time     // once it is sent; without what follows
	mark     uint64        // arrivals when it was sent
	asked    int           // INVOKEs of the peer that came since and are open
	since    time.Time     // when asked rose from 0
	paused   time.Duration // how long asked was above 0 before that

	finished bool
	rets     []byte
	err      error
}

// finish ends c. Endpoint.mu is held.
func (c *call) finish(rets []byte, err error) {
	c.finished = true
	c.rets, c.err = rets, err
	c.done <- struct{}{}
}

// Invoke calls a method of the peer with the configured time-out: see InvokeFor.
func (e *Endpoint) Invoke(ctx context.Context, uid uint16, args []byte) ([]byte, error) {
	return e.InvokeFor(ctx, 0, uid, args)
}

// InvokeFor calls a method of the peer and returns its results, which are the
// caller's own. Errors are *CallError.
//
// Calls take turns: one at a time is under way. A call made with the ctx of a handler
// is nested: it does not wait for its turn, as the peer waits for the handler. Any
// other call first lets the peer have its answers, newest first, as a deployed peer
// would throw away one that comes while it is busy with a call of ours; but it does so
// for Hold at most.
//
// The wait for the result lasts timeout (0: the configured one), plus the time on the
// line of what is still to be sent and of a short result, plus the time that a longer
// result takes to arrive, plus the time in which an INVOKE of the peer that came
// meanwhile was being answered (at most GiveUp). A call that nobody answered gives
// ErrTimeout; that says nothing about whether the peer knows the method.
func (e *Endpoint) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	rets, _, err := e.invoke(ctx, timeout, uid, args)
	if err != nil {
		return nil, &CallError{UID: uid, Err: err}
	}
	return rets, nil
}

// InvokeTimed is InvokeFor for a round trip that is measured: took is the time from the
// handing over to the line to the result, without the wait for the turn.
func (e *Endpoint) InvokeTimed(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, took time.Duration, err error) {
	rets, sentAt, err := e.invoke(ctx, timeout, uid, args)
	if !sentAt.IsZero() {
		took = time.Since(sentAt)
	}
	if err != nil {
		return nil, took, &CallError{UID: uid, Err: err}
	}
	return rets, took, nil
}

func (e *Endpoint) invoke(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, sentAt time.Time, err error) {
	if invokeHead+len(args) > e.maxPayload {
		return nil, sentAt, ErrTooLarge
	}
	if err := ctx.Err(); err != nil {
		return nil, sentAt, err
	}
	if timeout <= 0 {
		timeout = e.timeout
	}
	nested := e.handling(ctx)
	if !nested {
		select {
		case e.turn <- struct{}{}:
			defer func() { <-e.turn }()
		case <-ctx.Done():
			return nil, sentAt, ctx.Err()
		}
	}
	c, err := e.post(nested, timeout, uid, args)
	if err != nil {
		return nil, sentAt, err
	}
	e.wake()
	c.timer.Reset(timeout)
	err = e.await(ctx, c)
	c.timer.Stop()
	rets, sentAt = e.recycle(c)
	return rets, sentAt, err
}

// post makes a call and queues it for the line.
func (e *Endpoint) post(nested bool, timeout time.Duration, uid uint16, args []byte) (*call, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.run == nil && e.ended != nil {
		return nil, e.ended
	}
	c := e.newCall(uid)
	c.id = e.nextID()
	c.timeout = timeout
	c.msg = appendInvoke(c.msg[:0], uid, c.id, args)
	e.calls = append(e.calls, c)
	if nested {
		e.nested = append(e.nested, c)
	} else {
		e.top = c
	}
	return c, nil
}

// nextID raises the MsgID to one that no call waits for. e.mu is held.
func (e *Endpoint) nextID() uint16 {
	for {
		e.lastID++
		if !slices.ContainsFunc(e.calls, func(c *call) bool { return c.id == e.lastID }) {
			return e.lastID
		}
	}
}

// await waits for the end of c.
func (e *Endpoint) await(ctx context.Context, c *call) error {
	for {
		select {
		case <-c.done:
			return c.err
		case <-ctx.Done():
			if e.withdraw(c) {
				return ctx.Err()
			}
			<-c.done
			return c.err
		case <-c.timer.C:
			if e.over(c) && e.withdraw(c) {
				return ErrTimeout
			}
		}
	}
}

// over tells whether the time of c is over. If not, it sets the timer again, unless c
// has ended.
func (e *Endpoint) over(c *call) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.finished {
		return false
	}
	left := e.left(c, time.Now())
	if left <= 0 {
		return true
	}
	c.extended = true
	c.timer.Reset(left)
	return false
}

// left returns how much longer c is to wait for its result. e.mu is held.
func (e *Endpoint) left(c *call, now time.Time) time.Duration {
	if !c.sent {
		return c.queued.Add(Hold + c.timeout + e.wire(frame.MaxSize(e.maxPayload))).Sub(now)
	}
	paused := c.paused
	if c.asked > 0 {
		paused += now.Sub(c.since)
	}
	end := c.deadline.Add(min(paused, GiveUp))
	if c.asked > 0 && paused < GiveUp {
		return max(end.Sub(now), lookAgain) // end moves on with now
	}
	if now.Before(end) {
		return end.Sub(now)
	}
	last := end.Add(arrivingGap + e.wire(frame.MaxSize(frame.DefaultLimit)))
	if e.arriving.ok && e.arriving.id == c.id && now.Sub(e.arriving.last) <= arrivingGap && now.Before(last) {
		return lookAgain
	}
	return 0
}

// withdraw gives up a call or a notice. It is false if that has ended by itself.
func (e *Endpoint) withdraw(c *call) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.finished {
		return false
	}
	e.forget(c)
	if e.top == c {
		e.top = nil
	}
	if e.writing == c {
		e.writing = nil
	}
	e.nested = remove(e.nested, c)
	e.notices = remove(e.notices, c)
	return true
}

// forget takes c off the calls that wait for a result. e.mu is held.
func (e *Endpoint) forget(c *call) { e.calls = remove(e.calls, c) }

func remove(s []*call, c *call) []*call {
	i := slices.Index(s, c)
	if i < 0 {
		return s
	}
	return slices.Delete(s, i, i+1)
}

// Notify sends a ONEWAY. It returns when the frame is handed over to the line. Those
// of one goroutine keep their order. Errors are *CallError.
func (e *Endpoint) Notify(ctx context.Context, uid uint16, args []byte) error {
	if err := e.notify(ctx, uid, args); err != nil {
		return &CallError{UID: uid, Err: err}
	}
	return nil
}

func (e *Endpoint) notify(ctx context.Context, uid uint16, args []byte) error {
	if onewayHead+len(args) > e.maxPayload {
		return ErrTooLarge
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	if e.run == nil && e.ended != nil {
		defer e.mu.Unlock()
		return e.ended
	}
	c := e.newCall(uid)
	c.msg = appendOneway(c.msg[:0], uid, args)
	e.notices = append(e.notices, c)
	e.mu.Unlock()
	e.wake()

	var err error
	select {
	case <-c.done:
		err = c.err
	case <-ctx.Done():
		if e.withdraw(c) {
			err = ctx.Err()
		} else {
			<-c.done
			err = c.err
		}
	}
	e.recycle(c)
	return err
}

// newCall returns a call that is empty but for its UID. e.mu is held.
func (e *Endpoint) newCall(uid uint16) *call {
	var c *call
	if n := len(e.spare); n > 0 {
		c = e.spare[n-1]
		e.spare = e.spare[:n-1]
	} else {
		c = &call{done: make(chan struct{}, 1), timer: time.NewTimer(GiveUp)}
		c.timer.Stop()
	}
	*c = call{done: c.done, timer: c.timer, msg: c.msg[:0], uid: uid, queued: time.Now()}
	return c
}

// recycle keeps a call that nobody refers to any more for reuse. It returns what is
// left to know of it.
func (e *Endpoint) recycle(c *call) (rets []byte, sentAt time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rets, sentAt = c.rets, c.sentAt
	c.rets, c.err = nil, nil
	if len(e.spare) < maxSpare {
		e.spare = append(e.spare, c)
	}
	return rets, sentAt
}

// statusOf returns the status that answers the error of a handler.
func statusOf(err error) Status {
	if err == nil {
		return StatusOK
	}
	if s, ok := err.(Status); ok {
		return s
	}
	var s Status
	if errors.As(err, &s) {
		return s
	}
	return StatusError
}
