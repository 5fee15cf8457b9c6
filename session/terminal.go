package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/serial"
)

// The port as a plain serial line: what is heard goes to the log as it is, and a person
// may send anything. Nobody speaks the protocol of the NCP meanwhile. It lasts until
// LeaveTerminal, Lend or Disconnect, also over unplug and replug.

// Rates that a terminal takes, in bits per second.
const (
	MinTerminalBaud = 50
	MaxTerminalBaud = 12_000_000 // of the fastest USB adapters
)

// MaxRaw is how many bytes one SendRaw takes.
const MaxRaw = 64 << 10

const (
	// breakTime is far longer than a character at the slowest usual rate.
	breakTime = 250 * time.Millisecond
	// resetTime and strapTime are those of a reset by the bring-up: enough for the RC
	// circuits of boards, and until a chip has looked at its boot pin.
	resetTime = 100 * time.Millisecond
	strapTime = 50 * time.Millisecond
)

var (
	errTerminal = errors.New("session: the port is used as a terminal")
	errLeaving  = errors.New("session: leaving the terminal")
)

// terminal is the use of a port as a plain serial line.
type terminal struct {
	c    *conn
	port serial.Port
	ctx  context.Context // ends with the use
	turn chan struct{}   // capacity one: held by who sends, or changes lines or rate
}

// Terminal makes a plain serial line of the port of the connection, or changes the rate
// of one. baud is MinTerminalBaud to MaxTerminalBaud. It works whenever the port is open
// and not lent; calls to the NCP that are under way fail.
func (s *Session) Terminal(ctx context.Context, baud int) error {
	const op = "terminal"
	if err := checkBaud(op, baud); err != nil {
		return err
	}
	s.mu.Lock()
	running := s.conn != nil && s.conn.term != nil
	s.mu.Unlock()
	if running {
		return s.onTerminal(ctx, op, func(ctx context.Context, t *terminal) error { return t.setBaud(ctx, baud) })
	}
	_, err := s.takePort(ctx, op, &lendRequest{answer: make(chan lendAnswer, 1), terminal: baud})
	return err
}

// ConnectTerminal opens the adapter as a plain serial line: nothing is sent to the
// device but what SendRaw is given. Otherwise it is as Connect.
func (s *Session) ConnectTerminal(ctx context.Context, a serial.Adapter, baud int) error {
	const op = "terminal"
	if err := checkBaud(op, baud); err != nil {
		return err
	}
	err := s.connect(ctx, op, a, baud)
	if errors.Is(err, errTerminal) {
		return nil
	}
	return err
}

func checkBaud(op string, baud int) error {
	if baud < MinTerminalBaud || baud > MaxTerminalBaud {
		return badInput(op, "baud", strconv.Itoa(MinTerminalBaud)+" to "+strconv.Itoa(MaxTerminalBaud))
	}
	return nil
}

// LeaveTerminal ends the terminal; the NCP is then brought up again. It returns when the
// port is no longer a terminal, not when the NCP is up. Without a terminal it does nothing.
func (s *Session) LeaveTerminal(ctx context.Context) error {
	s.mu.Lock()
	c := s.conn
	if c == nil || c.wish == 0 {
		s.mu.Unlock()
		return nil
	}
	t := c.term
	if t != nil {
		c.stop(errLeaving)
	}
	s.mu.Unlock()
	if t == nil { // unplugged, or not opened yet: it comes back as an NCP
		s.update(func() { c.setWish(0) })
		return nil
	}
	for {
		left := make(chan struct{})
		s.mu.Lock()
		gone := c.term != t
		if !gone {
			c.left = append(c.left, left)
		}
		s.mu.Unlock()
		if gone {
			return nil
		}
		select {
		case <-left:
		case <-c.done:
			return nil
		case <-ctx.Done():
			return problem("terminal", ctx.Err())
		}
	}
}

// SendRaw sends bytes in the terminal, at most MaxRaw. It returns when the adapter has
// taken them. With echo they are shown in the log as well.
func (s *Session) SendRaw(ctx context.Context, p []byte, echo bool) error {
	const op = "send"
	if len(p) > MaxRaw {
		return badInput(op, "data", "longer than "+strconv.Itoa(MaxRaw)+" bytes")
	}
	return s.onTerminal(ctx, op, func(ctx context.Context, t *terminal) error {
		if echo {
			s.update(func() { s.log.sent(time.Now(), p) })
		}
		_, err := t.port.Write(p)
		if err == nil {
			s.update(func() { s.past.TxBytes += uint64(len(p)) })
		}
		return err
	})
}

// SetLines sets DTR, RTS and Break in the terminal. State tells how they are.
func (s *Session) SetLines(ctx context.Context, lines serial.Signals) error {
	return s.onTerminal(ctx, "lines", func(ctx context.Context, t *terminal) error { return t.setLines(ctx, lines) })
}

// SendBreak holds the line low for a quarter of a second in the terminal.
func (s *Session) SendBreak(ctx context.Context) error {
	return s.onTerminal(ctx, "break", func(ctx context.Context, t *terminal) error {
		return t.sequence(ctx, []lineStep{
			{serial.Signals{Break: serial.On}, breakTime},
			{serial.Signals{Break: serial.Off}, 0},
		})
	})
}

// BootMode restarts a board with the usual auto-reset circuit into its boot loader, in
// the terminal: RTS on alone holds it in reset, then DTR on alone holds its boot pin
// while it starts. Both are off after it.
func (s *Session) BootMode(ctx context.Context) error {
	return s.onTerminal(ctx, "bootMode", func(ctx context.Context, t *terminal) error {
		return t.sequence(ctx, []lineStep{
			{serial.Signals{DTR: serial.Off, RTS: serial.On}, resetTime},
			{serial.Signals{DTR: serial.On, RTS: serial.Off}, strapTime},
			{serial.Signals{DTR: serial.Off, RTS: serial.Off}, 0},
		})
	})
}

// resetInTerminal pulses the reset line and leaves DTR and RTS as they were.
func (s *Session) resetInTerminal(ctx context.Context) error {
	return s.onTerminal(ctx, "reset", func(ctx context.Context, t *terminal) error {
		s.mu.Lock()
		before := s.st.Lines
		s.mu.Unlock()
		if before.RTS == serial.On && before.DTR == serial.Off {
			before.RTS = serial.Off // it was held in reset: let it go
		}
		return t.sequence(ctx, []lineStep{
			{serial.Signals{DTR: serial.Off, RTS: serial.On}, resetTime},
			{serial.Signals{DTR: serial.Off, RTS: serial.Off}, strapTime},
			{serial.Signals{DTR: before.DTR, RTS: before.RTS}, 0},
		})
	})
}

// onTerminal works on the terminal, one at a time. The work goes on to its end also when
// ctx ends: bytes that an adapter does not take must not hold up who gave up.
func (s *Session) onTerminal(ctx context.Context, op string, work func(context.Context, *terminal) error) error {
	s.mu.Lock()
	c := s.conn
	if c == nil || c.term == nil {
		s.mu.Unlock()
		return failure(op, CodeNotReady, "the port is not open as a terminal")
	}
	t := c.term
	c.users.Add(1)
	s.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		defer c.users.Done()
		done <- during(ctx, t.ctx, op, func(ctx context.Context) error {
			select {
			case t.turn <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			defer func() { <-t.turn }()
			return work(ctx, t)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return problem(op, ctx.Err())
	}
}

func (t *terminal) setBaud(ctx context.Context, baud int) error {
	if err := t.port.SetMode(ctx, serial.Mode{Baud: baud}); err != nil {
		return err
	}
	s := t.c.s
	s.update(func() {
		t.c.setWish(baud)
		s.st.Baud = baud
		s.log.note(time.Now(), strconv.Itoa(baud)+" baud")
	})
	return nil
}

func (t *terminal) setLines(ctx context.Context, lines serial.Signals) error {
	err := t.port.SetSignals(ctx, lines)
	if err == nil {
		t.c.s.update(func() { t.c.s.st.Lines = mergeLines(t.c.s.st.Lines, lines) })
	}
	return err
}

// lineStep is a change of the lines and how long it lasts.
type lineStep struct {
	lines serial.Signals
	wait  time.Duration
}

// sequence goes through all steps even if ctx ends, without waiting then: a board must
// not stay in reset.
func (t *terminal) sequence(ctx context.Context, steps []lineStep) error {
	steady, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	for _, step := range steps {
		if err := t.setLines(steady, step.lines); err != nil {
			return err
		}
		if step.wait > 0 {
			_ = pause(ctx, step.wait)
		}
	}
	return ctx.Err()
}

func mergeLines(old, change serial.Signals) serial.Signals {
	for _, l := range []struct{ to, from *serial.Level }{{&old.DTR, &change.DTR}, {&old.RTS, &change.RTS}, {&old.Break, &change.Break}} {
		if *l.from != serial.Keep {
			*l.to = *l.from
		}
	}
	return old
}

// setWish is called with the lock held.
func (c *conn) setWish(baud int) {
	c.wish = baud
	c.s.st.Terminal = baud
}

// wished returns the rate of the terminal that is wanted; 0: the NCP is wanted.
func (c *conn) wished() int {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.wish
}

// terminal is the time in which the port is a plain serial line. It returns a request
// to lend the port, with nobody reading it any more, or the error that ended the use;
// neither when the NCP is wanted again. asked is who waits for the terminal, or nil.
func (c *conn) terminal(port serial.Port, asked *lendRequest) (*lendRequest, error) {
	s := c.s
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	s.mu.Lock()
	baud := c.wish
	c.stop = cancel
	if c.lend != nil {
		cancel(errLending)
	}
	s.mu.Unlock()
	var err error
	if c.last.Baud != baud {
		err = port.SetMode(ctx, serial.Mode{Baud: baud})
	}
	t := &terminal{c: c, port: port, ctx: ctx, turn: make(chan struct{}, 1)}
	if err == nil {
		c.startTerminal(t, baud, asked)
		err = t.read()
	} else {
		asked.tell(err)
	}
	cancel(err)
	return c.endTerminal(t, context.Cause(ctx), asked)
}

// tell answers who waits, if there is one.
func (r *lendRequest) tell(err error) {
	if r != nil {
		r.answer <- lendAnswer{err: err}
	}
}

// startTerminal tells that the terminal is there.
func (c *conn) startTerminal(t *terminal, baud int, asked *lendRequest) {
	s := c.s
	left := false // while it was being opened
	s.update(func() {
		c.term, left = t, c.wish == 0
		s.st.Phase = PhaseTerminal
		s.st.Problem = nil
		s.st.Notice = ""
		s.st.Baud = baud
		level := serial.On // as opening leaves them
		if c.low {
			level = serial.Off
		}
		s.st.Lines = serial.Signals{DTR: level, RTS: level, Break: serial.Off}
		s.log.note(time.Now(), "terminal at "+strconv.Itoa(baud)+" baud")
		s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "terminal", Detail: strconv.Itoa(baud)})
	})
	c.settle(errTerminal)
	asked.tell(nil)
	if left || asked != nil && asked.gone.Load() {
		s.mu.Lock()
		c.stop(errLeaving)
		s.mu.Unlock()
	}
}

// read logs what is heard until the use ends.
func (t *terminal) read() error {
	ended := make(chan struct{})
	stop := context.AfterFunc(t.ctx, func() {
		defer close(ended)
		_ = t.port.SetReadDeadline(time.Unix(1, 0))
	})
	defer func() {
		if !stop() {
			<-ended
			_ = t.port.SetReadDeadline(time.Time{})
		}
	}()
	buf := make([]byte, 16<<10)
	s := t.c.s
	for {
		n, err := t.port.Read(buf)
		if n > 0 {
			now := time.Now()
			s.update(func() {
				s.past.RxBytes += uint64(n)
				s.log.write(now, buf[:n])
			})
		}
		if err != nil {
			return err
		}
	}
}

// endTerminal waits until nobody works on the port any more and tells what comes next.
func (c *conn) endTerminal(t *terminal, cause error, asked *lendRequest) (*lendRequest, error) {
	s := c.s
	s.mu.Lock()
	begun := c.term == t
	broken := s.st.Lines.Break == serial.On
	c.term = nil
	s.mu.Unlock()
	c.users.Wait()
	if begun && broken && !lostPort(cause) {
		steady, stop := context.WithTimeout(c.ctx, 5*time.Second)
		_ = t.port.SetSignals(steady, serial.Signals{Break: serial.Off})
		stop()
	}
	c.last = serial.Mode{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, left := range c.left {
		close(left)
	}
	c.left = nil
	c.stop = nil
	req := c.lend
	c.lend = nil
	switch {
	case c.ctx.Err() != nil, lostPort(cause):
		if req != nil {
			req.fail(problem("lend", cause))
		}
		return nil, cause
	case !begun && asked == nil && req == nil && !errors.Is(cause, errLeaving):
		return nil, cause // nobody was told: the adapter does not take this rate
	}
	c.setWish(0)
	return req, nil
}
