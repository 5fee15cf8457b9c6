package session

import (
	"context"
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
	failed time.Time               // when the last use of the port failed; used by the goroutine
	client *ncp.NCP                // of the present link
	link   *link.Link              // under the session's lock; nil while there is none
	up     context.Context         // under the session's lock; ends when the NCP has to be brought up again; nil while it is not up
	stop   context.CancelCauseFunc // ends the present use of the port; nil while there is none. Under the session's lock
	using  context.Context         // under the session's lock, with link: ends with the present use of the port
	users  sync.WaitGroup          // who works on the line past the NCP's client; added to under the session's lock while there is a link
	work   *worker                 // under the session's lock; nil while the NCP is not up
	lend   *lendRequest            // under the session's lock; nil: none
	wish   int                     // under the session's lock: rate of the terminal that is wanted; 0: the NCP is
	term   *terminal               // under the session's lock; nil while the port is no terminal
	left   []chan struct{}         // under the session's lock: closed when the terminal has ended
	low    bool                    // DTR and RTS were left off by the last link; used by the goroutine
	keep   bool                    // under the session's lock: the next connection goes on where this one ended

	mu      sync.Mutex
	waiting []chan error // those who wait for the NCP to be up or the attempt to have failed
}

type plugged struct {
	adapter serial.Adapter
	at      time.Time
}

// replugGrace is how long before the unplug is noticed the news of a plug may come.
const replugGrace = 3 * time.Second

// closeGrace is how long a connection has to end by itself before its port is closed
// under it.
const closeGrace = 300 * time.Millisecond

// Connect opens the adapter and brings the NCP up. It returns nil when the NCP is
// ready. If ctx ends first the attempt goes on; Disconnect ends it. While a connection
// is there another Connect is an error, except one that has failed or lost its
// adapter: that one is ended first.
func (s *Session) Connect(ctx context.Context, a serial.Adapter) error {
	return s.connect(ctx, "connect", a, 0)
}

// connect opens the adapter, as a terminal where baud is above 0.
func (s *Session) connect(ctx context.Context, op string, a serial.Adapter, baud int) error {
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
			c.setWish(baud)
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

// forget drops what belongs to another device. It is called with the lock held.
func (s *Session) forget() {
	s.pins.forget()
	s.history.Clear()
	s.st.Applied = nil
	s.st.Steps = nil
	s.mac = ""
	s.target = s.opt.Target
}

// begin resets what belongs to one connection. It is called with the lock held.
func (s *Session) begin(info serial.Info) {
	if s.st.Port.Key != info.Key || s.st.Port.VendorID != info.VendorID || s.st.Port.ProductID != info.ProductID {
		s.forget()
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
