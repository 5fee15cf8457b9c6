package ncpsim

import (
	"context"
	"fmt"
	"time"
)

// request is a Call that waits for its turn.
type request struct {
	uid  uint16
	args []byte
	done chan reply // capacity one
}

type reply struct {
	ret    any
	status uint8
	err    error
}

func (r *request) end(v reply) {
	select {
	case r.done <- v:
	default:
	}
}

// Call calls a method of the MCU, as the firmware would, and waits for its result.
// args and ret are of the types that Options.Override names; ret is nil for a method
// without a return value. status is that of the RESULT as a deployed caller reads it:
// 11 with ErrTimeout when none came, 17 when it could not be read.
func (n *NCP) Call(ctx context.Context, uid uint16, args ...any) (ret any, status uint8, err error) {
	o := n.calls[uid]
	if o == nil || o.oneway {
		return nil, 0, fmt.Errorf("ncpsim: no method %04X of an MCU has a result", uid)
	}
	b, err := appendValues(nil, o.in, args)
	if err != nil {
		return nil, 0, err
	}
	r := &request{uid: uid, args: b, done: make(chan reply, 1)}
	n.mu.Lock()
	n.requests = append(n.requests, r)
	n.mu.Unlock()
	n.poke()
	select {
	case v := <-r.done:
		return v.ret, v.status, v.err
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// SendEvent sends processEvent with any code.
func (n *NCP) SendEvent(code uint8) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(uidEvent, code)
}

// SendRaw puts bytes on the line as they are.
func (n *NCP) SendRaw(b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queueFrame(append([]byte(nil), b...))
}

// send queues a ONEWAY for the MCU. The lock is held.
func (n *NCP) send(uid uint16, args ...any) {
	o := n.calls[uid]
	b, err := appendValues(nil, o.in, args)
	if err != nil {
		n.note(Entry{Kind: "error", UID: uid, Text: err.Error()})
	}
	if n.queueFrame(appendFrame(nil, onewayMessage(uid, b))) {
		n.note(Entry{Kind: "send", UID: uid, Text: o.name, Args: args})
	}
}

func (n *NCP) queueFrame(frame []byte) bool {
	if !n.running {
		return false
	}
	if !n.out.push(frame) {
		n.stats.Dropped++
		return false
	}
	n.poke()
	return true
}

// ask does what Call wants.
func (l *life) ask(ctx context.Context, r *request) error {
	o := l.n.calls[r.uid]
	res, err := l.invoke(ctx, r.uid, r.args, time.Duration(o.ms)*time.Millisecond)
	switch {
	case err != nil:
		r.end(reply{err: ErrStopped})
		return err
	case res == nil:
		r.end(reply{status: statusTimeout, err: ErrTimeout})
	default:
		ret, status := o.decode(res)
		r.end(reply{ret: ret, status: status})
	}
	return nil
}

// decode reads the rest of a RESULT as the deployed driver does: only for methods
// with a return value it looks at the length.
func (o *outgoing) decode(r *reader) (ret any, status uint8) {
	status = r.u8()
	if r.bad {
		return nil, statusRetsRead
	}
	if o.ret == kNone {
		return nil, status
	}
	if status != statusOK {
		if !r.clean() {
			return nil, statusRetsRead
		}
		return nil, status
	}
	ret = r.value(o.ret)
	if !r.clean() {
		return ret, statusRetsRead
	}
	return ret, statusOK
}

// invoke calls the MCU and returns its RESULT from the status on, or nil if none came
// in time. Calls of the MCU that come meanwhile are answered right there, and their
// time does not count.
func (l *life) invoke(ctx context.Context, uid uint16, args []byte, timeout time.Duration) (*reader, error) {
	l.id++
	id := l.id
	if err := l.write(appendFrame(nil, invokeMessage(uid, id, args))); err != nil {
		return nil, err
	}
	l.n.mu.Lock()
	l.n.stats.Sent++
	l.n.note(Entry{Kind: "invoke", UID: uid, Text: l.n.calls[uid].name})
	l.n.mu.Unlock()
	until := time.Now().Add(timeout)
	for {
		for {
			p, ok := l.next()
			if !ok {
				break
			}
			begin := time.Now()
			res, err := l.dispatch(ctx, p, &id)
			if err != nil || res != nil {
				return res, err
			}
			until = until.Add(time.Since(begin))
		}
		if l.n.restarting() {
			return nil, errRestart
		}
		if !time.Now().Before(until) {
			return nil, nil
		}
		if err := l.wait(ctx, until, false); err != nil {
			return nil, err
		}
	}
}

func (n *NCP) restarting() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.restart
}

// liveness tells whether the MCU has to be pinged now, and when to look again. After
// the last unanswered ping the NCP restarts.
func (n *NCP) liveness(now time.Time) (ping bool, next time.Time) {
	due := n.lastHeard.Add(livenessSilence + time.Duration(n.misses)*livenessPause)
	if now.Before(due) {
		return false, due
	}
	if n.misses >= livenessPings {
		n.note(Entry{Kind: "lost MCU"})
		n.send(uidEvent, EventRebooting)
		n.restart = true
		return false, now
	}
	n.misses++
	n.stats.Pings++
	return true, now
}

func (l *life) pingMCU(ctx context.Context) error {
	res, err := l.invoke(ctx, uidMCUPing, nil, time.Duration(l.n.calls[uidMCUPing].ms)*time.Millisecond)
	if err == nil && res == nil {
		l.n.mu.Lock()
		l.n.stats.Unanswered++
		l.n.mu.Unlock()
	}
	return err
}
