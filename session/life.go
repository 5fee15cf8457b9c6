package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
	"ncpweb/serial"
)

// run is the life of a connection.
func (c *conn) run() {
	defer close(c.done)
	defer c.s.finish(c)
	for {
		e := c.session()
		if c.ctx.Err() != nil {
			c.settle(errDisconnected)
			return
		}
		c.settle(e)
		if !c.awaitAdapter(e.Problem.Code == CodeUnplugged) {
			return
		}
	}
}

// fail tells why the use of the port ended, unless the connection itself has; it
// returns nil then.
func (c *conn) fail(err error) *Error {
	if c.ctx.Err() != nil {
		return nil
	}
	c.failed = time.Now()
	e := problem("connect", err)
	c.s.failed(e.Problem, e.Problem.Code == CodeUnplugged)
	return e
}

// session opens the port once and uses it until it fails. That is told before the
// port is closed, which can take a second where the device is gone.
func (c *conn) session() *Error {
	c.s.enter(PhaseOpening)
	mode := serial.Mode{Baud: c.wished()}
	if mode.Baud == 0 {
		mode.Baud = link.FirstRate(c.s.opt.Store, c.adapt.Info().Key)
	}
	port, err := c.adapt.Open(c.ctx, mode)
	var refused *serial.OpenError
	if first := ncp.InitialRates()[0]; errors.As(err, &refused) && refused.Reason == serial.OpenMode && mode.Baud != first {
		mode.Baud = first // another adapter of the same kind may have made the remembered rate
		port, err = c.adapt.Open(c.ctx, mode)
	}
	if err != nil {
		return c.fail(err)
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
	c.low = false
	var req *lendRequest
	for {
		if c.wished() > 0 {
			req, err = c.terminal(port, req)
		} else {
			req, err = c.use(port)
		}
		switch {
		case err != nil:
			return c.fail(err)
		case req == nil || req.terminal > 0:
			continue
		}
		if err := c.lent(port, req); err != nil {
			return c.fail(err)
		}
		req = nil
	}
}

// awaitAdapter waits until there is reason to try again.
func (c *conn) awaitAdapter(lost bool) bool {
	for {
		select {
		case p := <-c.plug:
			if p.at.After(c.failed.Add(-replugGrace)) { // not an old one that nobody waited for
				c.s.update(func() {
					c.adapt = p.adapter
					c.s.st.Port = p.adapter.Info()
					c.s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "plugged"})
				})
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
func (c *conn) use(port serial.Port) (*lendRequest, error) {
	s := c.s
	s.mu.Lock()
	target := s.target
	s.mu.Unlock()
	ctx, cancel := context.WithCancelCause(c.ctx)
	l := link.New(port, c.last.Baud, link.Options{
		Target:     target,
		Store:      s.opt.Store,
		Handler:    &handler{s: s, c: c},
		Updates:    s.updater,
		AllowReset: s.opt.AllowReset,
		Report:     s.linkReport,
		OnNoise:    s.linkNoise,
		OnPing:     s.linkPing,
	})
	l.SetTracer(s.tracerOf(l))
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
	c.link, c.stop, c.using, c.client = l, cancel, ctx, ncp.NewNCP(l)
	if c.lend != nil {
		cancel(errLending)
	}
	s.mu.Unlock()
	err := c.keepUp(ctx, l, link.CauseStart)
	cancel(err)
	<-served
	s.trace.Mark(trace.Disconnected, l.Baud())
	s.mu.Lock()
	addStats(&s.past, l.Stats())
	c.link, c.using = nil, nil
	s.mu.Unlock()
	c.users.Wait() // nobody changes the line any more once it is lent
	c.last = serial.Mode{Baud: l.Baud()}
	c.low = l.Lowered()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.stop = nil
	req := c.lend
	c.lend = nil
	cause2 := context.Cause(ctx)
	if req != nil && (c.ctx.Err() != nil || lostPort(cause2)) {
		req.fail(problem("lend", cause2))
		req = nil
	}
	if req != nil {
		return req, nil
	}
	return nil, cause2
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
		s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "up", Detail: strconv.Itoa(up.Baud)})
		s.log.note(time.Now(), "NCP "+orUnknown(up.Version)+" answers at "+strconv.Itoa(up.Baud)+" baud")
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
		s.history.Break(time.Now())
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
