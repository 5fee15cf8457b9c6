package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// conn is one connection: from Connect to Disconnect, across unplug and replug. Its
// goroutine owns the port.
type conn struct {
	s      *Session
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}           // closed when the goroutine has ended and the port is closed
	plug   chan plugged            // capacity one
	retry  chan struct{}           // capacity one
	adapt  serial.Adapter          // used by the goroutine, and under the lock
	last   serial.Mode             // of the port when it was last used
	client *ncp.NCP                // of the present link
	link   *link.Link              // under the session's lock; nil while there is none
	up     context.Context         // under the session's lock; ends when the NCP has to be brought up again; nil while it is not up
	stop   context.CancelCauseFunc // ends the present use of the port; nil while there is none. Under the session's lock
	work   *worker                 // under the session's lock; nil while the NCP is not up
	lend   *lendRequest            // under the session's lock; nil: none
	keep   bool                    // under the session's lock: the next connection goes on where this one ended

	mu      sync.Mutex
	waiting []chan error // those who wait for the NCP to be up or the attempt to have failed
}

type plugged struct {
	adapter serial.Adapter
	at      time.Time
}

// replugGrace is how old the news of a plug may be when the unplug is noticed.
const replugGrace = 3 * time.Second

// closeGrace is how long a connection has to end by itself before its port is closed
// under it.
const closeGrace = 300 * time.Millisecond

// Connect opens the adapter and brings the NCP up. It returns nil when the NCP is
// ready. If ctx ends first the attempt goes on; Disconnect ends it. While a connection
// is there another Connect is an error, except one that has failed or lost its
// adapter: that one is ended first.
func (s *Session) Connect(ctx context.Context, a serial.Adapter) error {
	const op = "connect"
	if a == nil {
		return badInput(op, "adapter", "missing")
	}
	if err := s.endFailed(ctx); err != nil {
		return problem(op, err)
	}
	cctx, cancel := context.WithCancelCause(context.Background())
	c := &conn{
		s: s, ctx: cctx, cancel: cancel,
		done:  make(chan struct{}),
		plug:  make(chan plugged, 1),
		retry: make(chan struct{}, 1),
		adapt: a,
	}
	wait := c.wait()
	var refused *Error
	s.update(func() {
		switch {
		case s.closed:
			refused = failure(op, CodeCanceled, "the session is closed")
		case s.conn != nil:
			refused = failure(op, CodeInput, "adapter: there is a connection already")
		default:
			s.conn = c
			s.begin(a.Info())
		}
	})
	if refused != nil {
		cancel(errDisconnected)
		return refused
	}
	go c.run()
	return c.await(ctx, op, wait)
}

// endFailed ends a connection that has failed or lost its adapter.
func (s *Session) endFailed(ctx context.Context) error {
	s.mu.Lock()
	failed := s.conn != nil && (s.st.Phase == PhaseFailed || s.st.Phase == PhaseUnplugged)
	if failed {
		s.conn.keep = true
	}
	s.mu.Unlock()
	if !failed {
		return nil
	}
	return s.Disconnect(ctx)
}

// begin resets what belongs to one connection. It is called with the lock held.
func (s *Session) begin(info serial.Info) {
	if s.st.Port.Key != info.Key || s.st.Port.VendorID != info.VendorID || s.st.Port.ProductID != info.ProductID {
		s.pins.forget()
		s.st.Applied = nil
		s.st.Steps = nil
	}
	s.st.Port = info
	s.st.Problem = nil
	s.st.Notice = ""
	s.st.Device = Device{Methods: unknownAbilities()}
	s.past, s.pings, s.missed, s.bringUps = rpc.Stats{}, 0, 0, 0
	s.rtt = roundTrips{}
	s.st.Phase = PhaseOpening
}

// Disconnect ends the connection and closes the port. Without one it does nothing. If
// ctx ends first the port still closes, a little later.
func (s *Session) Disconnect(ctx context.Context) error {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	c.cancel(errDisconnected)
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return problem("disconnect", ctx.Err())
	}
}

// Retry tries again at once after a connection failed. It returns as Connect does.
func (s *Session) Retry(ctx context.Context) error {
	const op = "connect"
	s.mu.Lock()
	c, phase := s.conn, s.st.Phase
	s.mu.Unlock()
	if c == nil || phase != PhaseFailed && phase != PhaseUnplugged {
		return failure(op, CodeNotReady, "there is nothing to try again")
	}
	wait := c.wait()
	select {
	case c.retry <- struct{}{}:
	default:
	}
	return c.await(ctx, op, wait)
}

// Plugged tells that an adapter was plugged in. If it is the one that was lost, the
// connection goes on with it.
func (s *Session) Plugged(a serial.Adapter) {
	if a == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conn
	if c == nil || !sameAdapter(a.Info(), s.st.Port) {
		return
	}
	select { // the newest counts
	case <-c.plug:
	default:
	}
	c.plug <- plugged{a, time.Now()}
}

// Unplugged tells that an adapter is gone, for platforms that say so; a connection
// notices by itself when it reads or writes.
func (s *Session) Unplugged(a serial.Adapter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conn; c != nil && c.adapt == a && c.stop != nil {
		c.stop(serial.ErrLost)
	}
}

func sameAdapter(a, b serial.Info) bool {
	return a.Key == b.Key && a.VendorID == b.VendorID && a.ProductID == b.ProductID
}

// wait registers for the outcome of the present or next attempt.
func (c *conn) wait() chan error {
	ch := make(chan error, 1)
	c.mu.Lock()
	c.waiting = append(c.waiting, ch)
	c.mu.Unlock()
	return ch
}

// settle tells the outcome of an attempt.
func (c *conn) settle(err error) {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, ch := range waiting {
		ch <- err
	}
}

func (c *conn) await(ctx context.Context, op string, outcome chan error) error {
	select {
	case err := <-outcome:
		if err != nil {
			return problem(op, err)
		}
		return nil
	case <-c.done:
		return problem(op, errDisconnected)
	case <-ctx.Done():
		return problem(op, ctx.Err())
	}
}

// run is the life of a connection.
func (c *conn) run() {
	defer close(c.done)
	defer c.s.finish(c)
	for {
		err := c.session()
		if c.ctx.Err() != nil {
			c.settle(errDisconnected)
			return
		}
		e := problem("connect", err)
		lost := e.Problem.Code == CodeUnplugged
		c.s.failed(e.Problem, lost)
		c.settle(e)
		if !c.awaitAdapter(lost) {
			return
		}
	}
}

// session opens the port once and uses it until it fails.
func (c *conn) session() error {
	c.s.enter(PhaseOpening)
	mode := serial.Mode{Baud: link.FirstRate(c.s.opt.Store, c.adapt.Info().Key)}
	port, err := c.adapt.Open(c.ctx, mode)
	if err != nil {
		return err
	}
	defer port.Close()
	// A write that the adapter never takes would hold up the end of the connection.
	ended := make(chan struct{})
	defer close(ended)
	stop := context.AfterFunc(c.ctx, func() {
		grace := time.NewTimer(closeGrace)
		defer grace.Stop()
		select {
		case <-grace.C:
			port.Close()
		case <-ended:
		}
	})
	defer stop()
	c.last = mode
	cause := link.CauseStart
	for {
		req, err := c.use(port, cause)
		if req == nil {
			return err
		}
		if err := c.lent(port, req); err != nil {
			return err
		}
		cause = link.CauseStart
	}
}

// awaitAdapter waits until there is reason to try again.
func (c *conn) awaitAdapter(lost bool) bool {
	for {
		select {
		case p := <-c.plug:
			if !lost || time.Since(p.at) < replugGrace {
				c.s.update(func() { c.adapt = p.adapter; c.s.st.Port = p.adapter.Info() })
				return true
			}
		case <-c.retry:
			return true
		case <-c.ctx.Done():
			return false
		}
	}
}

// use brings the NCP up and keeps it up. It returns a request to lend the port, with
// nobody reading it any more, or the error that ended the use.
func (c *conn) use(port serial.Port, cause link.Cause) (*lendRequest, error) {
	s := c.s
	ctx, cancel := context.WithCancelCause(c.ctx)
	l := link.New(port, c.last.Baud, link.Options{
		Target:     s.opt.Target,
		Store:      s.opt.Store,
		Handler:    &handler{s: s, c: c},
		AllowReset: s.opt.AllowReset,
		Report:     s.linkReport,
		OnNoise:    s.linkNoise,
		OnPing:     s.linkPing,
		Tracer:     s.opt.Tracer,
	})
	served := make(chan error, 1)
	go func() {
		err := l.Serve(ctx)
		if err == nil {
			err = rpc.ErrClosed
		}
		cancel(err)
		served <- err
	}()
	s.mu.Lock()
	c.link, c.stop, c.client = l, cancel, ncp.NewNCP(l)
	if c.lend != nil {
		cancel(errLending)
	}
	s.mu.Unlock()
	err := c.keepUp(ctx, l, cause)
	cancel(err)
	<-served
	c.last = serial.Mode{Baud: l.Baud()}
	s.mu.Lock()
	defer s.mu.Unlock()
	addStats(&s.past, l.Stats())
	c.link, c.stop = nil, nil
	req := c.lend
	c.lend = nil
	cause2 := context.Cause(ctx)
	if req != nil && (c.ctx.Err() != nil || lostPort(cause2)) {
		req.fail(problem("lend", cause2))
		req = nil
	}
	return req, cause2
}

// keepUp brings the NCP up again and again. It returns the cause of ctx's end.
func (c *conn) keepUp(ctx context.Context, l *link.Link, cause link.Cause) error {
	s := c.s
	for {
		if cause == link.CauseStart {
			s.enter(PhaseSearching)
		} else {
			s.enter(PhaseRecover)
		}
		up, err := l.BringUp(ctx, cause)
		var search *link.SearchError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &search):
			e := problem("connect", err)
			s.failed(e.Problem, false)
			c.settle(e)
			if cause, err = c.listen(ctx, l); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		cause, err = c.ready(ctx, l, up, cause)
		if err != nil {
			return err
		}
	}
}

// listen waits, after the NCP was not found, for a person to try again or for the
// device to say something that only an NCP says.
func (c *conn) listen(ctx context.Context, l *link.Link) (link.Cause, error) {
	heard := make(chan error, 1)
	lctx, stop := context.WithCancel(ctx)
	go func() { heard <- l.Listen(lctx) }()
	defer stop()
	select {
	case err := <-heard:
		stop()
		if err != nil {
			return link.CauseStart, context.Cause(ctx)
		}
		return link.CauseRestarted, nil
	case <-c.retry:
		stop()
		<-heard
		return link.CauseStart, nil
	case <-ctx.Done():
		<-heard
		return link.CauseStart, context.Cause(ctx)
	}
}

// ready is the time in which the NCP is up. It returns why it no longer is.
func (c *conn) ready(ctx context.Context, l *link.Link, up link.Up, why link.Cause) (link.Cause, error) {
	s := c.s
	upCtx, down := context.WithCancelCause(ctx)
	w := newWorker(c, upCtx)
	s.update(func() {
		s.st.Phase = PhaseReading
		s.st.Problem = nil
		s.st.Baud = up.Baud
		s.st.Device.Version = up.Version
		if s.st.Device.Since.IsZero() {
			s.st.Device.Since = time.Now()
		}
		s.bringUps++
		s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "up", Detail: fmt.Sprintf("%d", up.Baud)})
		s.log.note(time.Now(), fmt.Sprintf("NCP %s answers at %d baud", orUnknown(up.Version), up.Baud))
		c.work = w
	})
	w.first(upCtx, why)
	s.update(func() {
		s.st.Phase = PhaseReady
		s.st.Notice = ""
		c.up = upCtx
	})
	c.settle(nil)
	ended := make(chan struct{})
	go func() { defer close(ended); w.run(upCtx) }()
	cause, err := l.Keep(ctx)
	down(errDown)
	<-ended
	s.update(func() {
		c.up, c.work = nil, nil
		s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "down", Detail: cause.String()})
		if err == nil {
			s.st.Phase = PhaseRecover
			s.log.note(time.Now(), downNote(cause))
		}
	})
	return cause, err
}

func orUnknown(version string) string {
	if version == "" {
		return "of unknown version"
	}
	return version
}

func downNote(c link.Cause) string {
	switch c {
	case link.CauseReboot:
		return "the NCP restarts"
	case link.CauseRestarted:
		return "the NCP has restarted"
	}
	return "the NCP no longer answers"
}

// enter changes the phase.
func (s *Session) enter(p Phase) {
	s.update(func() {
		s.st.Phase = p
		if p == PhaseOpening || p == PhaseSearching {
			s.st.Problem = nil
		}
	})
}

// failed shows a problem of the connection.
func (s *Session) failed(p Problem, lost bool) {
	s.update(func() {
		s.st.Phase = PhaseFailed
		if lost {
			s.st.Phase = PhaseUnplugged
			s.log.note(time.Now(), "unplugged")
			s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "unplugged"})
		}
		s.st.Notice = ""
		s.st.Problem = &p
	})
}

// finish is the end of a connection.
func (s *Session) finish(c *conn) {
	s.update(func() {
		s.conn = nil
		if !c.keep {
			s.st.Applied = nil
		}
		s.st.Phase = PhaseIdle
		s.st.Problem = nil
		s.st.Notice = ""
		s.st.Baud = 0
		s.log.note(time.Now(), "disconnected")
	})
}

// linkReport shows what the link does.
func (s *Session) linkReport(r link.Report) {
	s.update(func() {
		s.st.Baud = r.Baud
		s.st.Notice = fmt.Sprintf("%s %d", r.Kind, r.Rate)
		if r.Kind == link.Raising && s.st.Phase != PhaseReady {
			s.st.Phase = PhaseRaising
		}
		if text := reportNote(r); text != "" {
			s.log.note(time.Now(), text)
		}
		if r.Kind == link.Proven || r.Kind == link.Bad || r.Kind == link.Refused {
			s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "rate",
				Detail: fmt.Sprintf("%s %d", r.Kind, r.Rate)})
		}
	})
}

// reportNote is the remark in the log about what the link does; empty for what is not
// worth one.
func reportNote(r link.Report) string {
	switch r.Kind {
	case link.Found:
		return fmt.Sprintf("found at %d baud", r.Rate)
	case link.Booting:
		return "boot log heard, waiting for the NCP"
	case link.Raising:
		return fmt.Sprintf("changing to %d baud", r.Rate)
	case link.Proven:
		return fmt.Sprintf("%d baud proven", r.Rate)
	case link.Refused:
		return fmt.Sprintf("the NCP does not take %d baud", r.Rate)
	case link.Bad:
		return fmt.Sprintf("%d baud does not carry", r.Rate)
	case link.Noisy:
		return fmt.Sprintf("the line has errors at %d baud, the rate stays", r.Rate)
	case link.TalkDown:
		return fmt.Sprintf("nothing comes back at %d baud, asking for the old rate", r.Rate)
	case link.Resetting:
		return "reset pulse"
	case link.WaitReboot:
		return "waiting until the NCP restarts by itself, up to a minute"
	}
	return ""
}

// linkNoise logs raw text.
func (s *Session) linkNoise(p []byte) {
	now := time.Now()
	s.update(func() {
		s.log.write(now, p)
		if boot := s.log.bootLine(); boot != "" {
			s.st.Device.Boot = boot
		}
	})
}

// linkPing notes a heartbeat.
func (s *Session) linkPing(rtt time.Duration) {
	s.update(func() {
		s.pings++
		if rtt == 0 {
			s.missed++
			return
		}
		s.rtt.add(rtt)
		if s.conn != nil && s.conn.work != nil {
			s.conn.work.want(wantState)
		}
	})
}
