package rpc

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
)

// stream is one direction of a line in memory: unbounded, in no time.
type stream struct {
	mu       sync.Mutex
	buf      []byte
	head     int // of what was not read
	closed   error
	deadline time.Time
	wake     chan struct{} // capacity one
}

func newStream() *stream { return &stream{wake: make(chan struct{}, 1)} }

func (s *stream) change(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// poll takes what there is; otherwise it tells how long to wait for it (0: for ever).
func (s *stream) poll(p []byte) (n int, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deadline.IsZero() {
		if wait = time.Until(s.deadline); wait <= 0 {
			return 0, 0, os.ErrDeadlineExceeded
		}
	}
	if s.head < len(s.buf) {
		n = copy(p, s.buf[s.head:])
		if s.head += n; s.head == len(s.buf) {
			s.buf, s.head = s.buf[:0], 0
		}
		return n, 0, nil
	}
	return 0, wait, s.closed
}

func (s *stream) read(p []byte) (int, error) {
	for {
		n, wait, err := s.poll(p)
		if n > 0 || err != nil {
			return n, err
		}
		if wait == 0 {
			<-s.wake
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// end is one end of a line in memory.
type end struct {
	in, out *stream
	// gate, if not nil, must be received from before a Write goes on: a stalled line.
	gate chan struct{}
}

// newLine returns the two ends of a line.
func newLine() (a, b *end) {
	x, y := newStream(), newStream()
	return &end{in: x, out: y}, &end{in: y, out: x}
}

func (e *end) Read(p []byte) (int, error) { return e.in.read(p) }

func (e *end) Write(p []byte) (int, error) {
	if e.gate != nil {
		<-e.gate
	}
	e.out.mu.Lock()
	err := e.out.closed
	e.out.mu.Unlock()
	if err != nil {
		return 0, err
	}
	e.out.change(func() { e.out.buf = append(e.out.buf, p...) })
	return len(p), nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.change(func() { e.in.deadline = t })
	return nil
}

// fail makes both directions fail with err.
func (e *end) fail(err error) {
	e.in.change(func() { e.in.closed = err })
	e.out.change(func() { e.out.closed = err })
}

// bench is an Endpoint whose peer is the test itself, byte by byte.
type bench struct {
	t      *testing.T
	ep     *Endpoint
	near   *end // the Endpoint's
	far    *end // the test's
	cancel context.CancelFunc
	served chan error // gets what Serve returned

	mu     sync.Mutex
	heard  []string // messages the Endpoint sent, as text
	silent chan struct{}
}

// newBench starts an Endpoint. It belongs to a synctest bubble, which fails if
// anything of it is left after the test.
func newBench(t *testing.T, cfg Config, prepare ...func(near *end)) *bench {
	t.Helper()
	b := &bench{t: t, served: make(chan error, 1), silent: make(chan struct{})}
	b.near, b.far = newLine()
	for _, f := range prepare {
		f(b.near)
	}
	b.ep = NewEndpoint(b.near, cfg)
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.Background())
	returned := make(chan struct{})
	go func() {
		b.served <- b.ep.Serve(ctx)
		close(returned)
	}()
	go b.listen()
	t.Cleanup(func() {
		b.cancel()
		b.near.fail(io.EOF)
		<-returned
		<-b.silent
	})
	return b
}

func (b *bench) listen() {
	defer close(b.silent)
	dec := frame.NewDecoder(0, func(k frame.Kind, p []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.heard = append(b.heard, describe(k, p))
	})
	buf := make([]byte, 4096)
	for {
		n, err := b.far.Read(buf)
		if err != nil {
			return
		}
		dec.Write(buf[:n])
	}
}

// describe writes a message as text: INVOKE uid #id "args", RESULT #id status "rets",
// ONEWAY uid "args".
func describe(k frame.Kind, p []byte) string {
	m, ok := parse(p)
	switch {
	case k != frame.Payload || !ok:
		return fmt.Sprintf("%v %x", k, p)
	case m.op == OpInvoke:
		return fmt.Sprintf("INVOKE %04X #%d %q", m.uid, m.id, m.body)
	case m.op == OpResult:
		return fmt.Sprintf("RESULT #%d %02X %q", m.id, uint8(m.status), m.body)
	}
	return fmt.Sprintf("ONEWAY %04X %q", m.uid, m.body)
}

// send puts messages on the line, each in its frame.
func (b *bench) send(msgs ...[]byte) {
	b.t.Helper()
	for _, m := range msgs {
		b.raw(frame.Append(nil, m))
	}
}

// raw puts bytes on the line.
func (b *bench) raw(p []byte) {
	b.t.Helper()
	if _, err := b.far.Write(p); err != nil {
		b.t.Error(err)
	}
}

// expect waits until nothing happens any more and compares what the Endpoint has sent
// since the last time.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.heard, want) {
		b.t.Errorf("sent\n\t%s\nwant\n\t%s", strings.Join(b.heard, "\n\t"), strings.Join(want, "\n\t"))
	}
	b.heard = nil
}

// outcome is the end of a call.
type outcome struct {
	rets string
	err  error
	took time.Duration
}

// call starts a call on a goroutine of its own.
func (b *bench) call(ctx context.Context, timeout time.Duration, uid uint16, args string) <-chan outcome {
	return start(ctx, b.ep, timeout, uid, args)
}

func start(ctx context.Context, c Caller, timeout time.Duration, uid uint16, args string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		began := time.Now()
		rets, err := c.InvokeFor(ctx, timeout, uid, []byte(args))
		done <- outcome{string(rets), err, time.Since(began)}
	}()
	return done
}

// pending fails if a call has ended.
func (b *bench) pending(done <-chan outcome) {
	b.t.Helper()
	synctest.Wait()
	select {
	case o := <-done:
		b.t.Errorf("call has ended: %+v", o)
	default:
	}
}

// succeed waits for the ends of calls and fails if one is an error.
func (b *bench) succeed(calls ...<-chan outcome) {
	b.t.Helper()
	for _, done := range calls {
		if o := <-done; o.err != nil {
			b.t.Errorf("call failed: %+v", o)
		}
	}
}

func invoke(uid, id uint16, args string) []byte { return appendInvoke(nil, uid, id, []byte(args)) }

func result(id uint16, s Status, rets string) []byte { return appendResult(nil, id, s, []byte(rets)) }

func oneway(uid uint16, args string) []byte { return appendOneway(nil, uid, []byte(args)) }

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
