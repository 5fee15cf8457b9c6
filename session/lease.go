package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ncpweb/ncp/link"
	"ncpweb/serial"
)

// Lease is the port, lent to whoever has to speak another protocol on it. Nobody else
// reads or writes it until Return.
type Lease struct {
	port *lentPort
	once sync.Once
	back chan struct{} // closed by Return
}

// Port returns the port. It works until Return, Disconnect or unplug; its Close only
// ends the borrower's use of it.
func (l *Lease) Port() serial.Port { return l.port }

// Return gives the port back; the NCP is then brought up again. It may be called more
// than once.
func (l *Lease) Return() {
	l.once.Do(func() {
		l.port.revoke(serial.ErrClosed)
		close(l.back)
	})
}

// lendRequest is somebody who waits for the port.
type lendRequest struct {
	answer   chan lendAnswer // capacity one
	gone     atomic.Bool     // nobody waits any more
	terminal int             // it is for a terminal at this rate; 0: it is lent
}

type lendAnswer struct {
	lease *Lease
	err   error
}

func (r *lendRequest) fail(err error) { r.answer <- lendAnswer{err: err} }

// lendPatience is how long calls under way have before the port is lent.
const lendPatience = 300 * time.Millisecond

// Lend stops the reader of the RPC and hands the port out, without losing a byte. It
// works whenever the port is open, also while no NCP answers. One lease at a time.
func (s *Session) Lend(ctx context.Context) (*Lease, error) {
	return s.takePort(ctx, "lend", &lendRequest{answer: make(chan lendAnswer, 1)})
}

// takePort ends the present use of the port for who asks for it. There is no lease for
// a terminal.
func (s *Session) takePort(ctx context.Context, op string, req *lendRequest) (*Lease, error) {
	var refused *Error
	s.mu.Lock()
	c := s.conn
	switch {
	case c == nil || c.stop == nil && s.st.Phase != PhaseLent:
		refused = failure(op, CodeNotReady, "no port is open")
	case s.st.Phase == PhaseLent || c.lend != nil:
		refused = failure(op, CodeNotReady, "the port is lent already")
	default:
		c.lend = req
		if req.terminal > 0 {
			c.setWish(req.terminal)
		}
	}
	var stop context.CancelCauseFunc
	var ready *link.Link
	if refused == nil {
		stop = c.stop
		if c.up != nil {
			ready = c.link
		}
	}
	s.mu.Unlock()
	if refused != nil {
		return nil, refused
	}
	if ready != nil {
		// Whatever is under way may end: its result would reach the borrower.
		quiet, cancel := context.WithTimeout(ctx, lendPatience)
		_ = ready.Drain(quiet)
		cancel()
	}
	stop(errLending)
	select {
	case a := <-req.answer:
		if a.err != nil {
			return nil, problem(op, a.err)
		}
		return a.lease, nil
	case <-ctx.Done():
		req.gone.Store(true)
		select {
		case a := <-req.answer: // it came at the same moment
			if a.lease != nil {
				a.lease.Return()
			}
		default:
		}
		return nil, problem(op, ctx.Err())
	}
}

// lent hands the port to who asked for it and waits until it comes back. It returns an
// error when the port is lost or the connection ends.
func (c *conn) lent(port serial.Port, req *lendRequest) error {
	lost := make(chan struct{})
	var once sync.Once
	p := &lentPort{port: port, lost: func() { once.Do(func() { close(lost) }) }}
	lease := &Lease{port: p, back: make(chan struct{})}
	stop := make(chan struct{})
	var stopOnce sync.Once
	c.s.update(func() {
		c.s.st.Phase = PhaseLent
		c.s.st.Problem = nil
		c.s.st.Notice = ""
		c.s.log.note(time.Now(), "the port is lent")
		c.s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "lent"})
		c.stop = func(error) { stopOnce.Do(func() { close(stop) }) }
	})
	defer func() {
		c.s.mu.Lock()
		c.stop = nil
		c.s.mu.Unlock()
	}()
	req.answer <- lendAnswer{lease: lease}
	if req.gone.Load() {
		lease.Return()
	}
	select {
	case <-lease.back:
		p.reads.Wait()
		c.last = serial.Mode{} // the borrower may have changed it
		return port.SetReadDeadline(time.Time{})
	case <-lost:
		p.revoke(serial.ErrLost)
		return serial.ErrLost
	case <-stop:
		p.revoke(serial.ErrLost)
		return serial.ErrLost
	case <-c.ctx.Done():
		p.revoke(serial.ErrClosed)
		return context.Cause(c.ctx)
	}
}

// lentPort is a port that can be taken back.
type lentPort struct {
	port serial.Port
	lost func() // the adapter is gone

	mu      sync.Mutex
	revoked error
	reads   sync.WaitGroup // Reads of the borrower; none is added once revoked is set
}

var _ serial.Port = (*lentPort)(nil)

// revoke ends the borrower's use: a Read that waits ends too.
func (p *lentPort) revoke(err error) {
	p.mu.Lock()
	defer p.mu.Unlock() // a deadline that the borrower sets must not come after ours
	if p.revoked == nil {
		p.revoked = err
	}
	_ = p.port.SetReadDeadline(time.Unix(1, 0))
}

func (p *lentPort) usable() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.revoked
}

// result turns errors of a port that was taken back into what the borrower must know.
func (p *lentPort) result(err error) error {
	if err == nil {
		return nil
	}
	if revoked := p.usable(); revoked != nil {
		return revoked
	}
	if isAny(err, serial.ErrLost) {
		p.lost()
	}
	return err
}

func (p *lentPort) Read(b []byte) (int, error) {
	p.mu.Lock()
	if err := p.revoked; err != nil {
		p.mu.Unlock()
		return 0, err
	}
	p.reads.Add(1)
	p.mu.Unlock()
	defer p.reads.Done()
	n, err := p.port.Read(b)
	return n, p.result(err)
}

func (p *lentPort) Write(b []byte) (int, error) {
	if err := p.usable(); err != nil {
		return 0, err
	}
	n, err := p.port.Write(b)
	return n, p.result(err)
}

// Close ends the borrower's use; the port stays open for its owner.
func (p *lentPort) Close() error {
	p.revoke(serial.ErrClosed)
	return nil
}

func (p *lentPort) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	err := p.revoked
	if err == nil {
		err = p.port.SetReadDeadline(t)
	}
	p.mu.Unlock()
	return p.result(err)
}

func (p *lentPort) SetMode(ctx context.Context, m serial.Mode) error {
	if err := p.usable(); err != nil {
		return err
	}
	return p.result(p.port.SetMode(ctx, m))
}

func (p *lentPort) SetSignals(ctx context.Context, sig serial.Signals) error {
	if err := p.usable(); err != nil {
		return err
	}
	return p.result(p.port.SetSignals(ctx, sig))
}

func (p *lentPort) Info() serial.Info { return p.port.Info() }
