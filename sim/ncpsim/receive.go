package ncpsim

import (
	"context"
	"fmt"
	"time"
)

// receive handles what has come in.
func (l *life) receive(ctx context.Context) error {
	for {
		p, ok := l.next()
		if !ok {
			return nil
		}
		if _, err := l.dispatch(ctx, p, nil); err != nil {
			return err
		}
	}
}

// next takes the next message out of what has come in. It is the caller's own.
func (l *life) next() (payload []byte, ok bool) {
	faults := l.dec.faults
	for len(l.in) > 0 && !ok {
		var p []byte
		p, ok = l.dec.push(l.in[0])
		l.in = l.in[1:]
		payload = append([]byte(nil), p...)
	}
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.n.stats.BadFrames += uint64(l.dec.faults - faults)
	if ok {
		l.n.stats.Frames++
		l.n.lastHeard, l.n.misses = time.Now(), 0
	}
	return payload, ok
}

// dispatch handles one message. A RESULT is returned if its id is the awaited one and
// thrown away otherwise: that of an outer call, which comes during a nested one, is
// lost, as it is on the deployed driver.
func (l *life) dispatch(ctx context.Context, payload []byte, await *uint16) (result *reader, err error) {
	r := &reader{b: payload}
	switch r.u16() {
	case opInvoke, opOneway: // the driver does not look which: the method decides
		uid := r.u16()
		if r.bad || !l.n.has(uid) {
			break
		}
		return nil, l.call(ctx, uid, l.n.methods[uid], r)
	case opResult:
		if id := r.u16(); !r.bad && await != nil && id == *await {
			return r, nil
		}
	}
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.n.stats.Ignored++
	l.n.note(Entry{Kind: "ignored", Text: fmt.Sprintf("%.32x", payload)})
	return nil, nil
}

// answer is what a method returns, and what happens around it.
type answer struct {
	rets  []any         // out-arguments in order, then the return value
	delay time.Duration // until the RESULT leaves
	baud  int           // to change to when the RESULT has left; 0: stay
}

// call handles a call of the MCU.
func (l *life) call(ctx context.Context, uid uint16, m *method, r *reader) error {
	var id uint16
	if !m.oneway {
		id = r.u16()
	}
	a := make(args, len(m.in))
	for i, k := range m.in {
		a[i] = r.value(k)
	}
	if m.strict() && !r.clean() {
		return l.refuse(ctx, uid, m, id)
	}
	ans, rets := l.perform(uid, m, a)
	if err := l.pause(ctx, ans.delay); err != nil {
		return err
	}
	if m.oneway {
		return nil
	}
	if err := l.reply(ctx, id, statusOK, rets); err != nil || ans.baud == 0 {
		return err
	}
	return l.setBaud(ans.baud)
}

// refuse answers a call whose arguments cannot be read. A ONEWAY has no answer.
func (l *life) refuse(ctx context.Context, uid uint16, m *method, id uint16) error {
	n := l.n
	n.mu.Lock()
	n.note(Entry{Kind: "refused", UID: uid, Text: m.name})
	if m.oneway {
		n.stats.Ignored++
	}
	n.mu.Unlock()
	if m.oneway {
		return nil
	}
	return l.reply(ctx, id, statusArgsRead, nil)
}

// perform runs a method and encodes what it returns.
func (l *life) perform(uid uint16, m *method, a args) (answer, []byte) {
	n := l.n
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stats.Calls++
	var ans answer
	scripted := false
	if n.o.Override != nil {
		ans.rets, scripted = n.o.Override(uid, a)
	}
	if !scripted {
		ans = m.handle(n, a)
	}
	rets, err := appendValues(nil, m.results(), ans.rets)
	n.note(Entry{Kind: "call", UID: uid, Text: m.name, Args: a, Rets: ans.rets})
	if err != nil {
		n.note(Entry{Kind: "error", UID: uid, Text: err.Error()})
	}
	return ans, rets
}

// reply sends a RESULT, or what a hostile NCP makes of it.
func (l *life) reply(ctx context.Context, id uint16, status uint8, rets []byte) error {
	n := l.n
	n.mu.Lock()
	bytes, late := n.spoil(id, status, rets)
	n.stats.Sent++
	n.mu.Unlock()
	if err := l.pause(ctx, late); err != nil {
		return err
	}
	return l.write(bytes)
}
