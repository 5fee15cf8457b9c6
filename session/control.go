package session

import (
	"context"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
)

// ConfigStart starts the configuration mode: a phone can then provision the device.
func (s *Session) ConfigStart(ctx context.Context) error {
	return s.command(ctx, "configStart", ncp.UIDBlynkConfigStart, (*ncp.NCP).ConfigStart)
}

// ConfigStop ends the configuration mode.
func (s *Session) ConfigStop(ctx context.Context) error {
	return s.command(ctx, "configStop", ncp.UIDBlynkConfigStop, (*ncp.NCP).ConfigStop)
}

// ConfigReset forgets how the device was provisioned.
func (s *Session) ConfigReset(ctx context.Context) error {
	return s.command(ctx, "configReset", ncp.UIDBlynkConfigReset, (*ncp.NCP).ConfigReset)
}

// command makes a call that may be repeated and answers yes or no, and reads what it
// may have changed.
func (s *Session) command(ctx context.Context, method string, uid uint16, call func(*ncp.NCP, context.Context) (bool, error)) error {
	if err := s.need(method, uid); err != nil {
		return err
	}
	err := s.again(ctx, method, func(ctx context.Context, client *ncp.NCP) error {
		ok, err := call(client, ctx)
		return yes(method, method, ok, err)
	})
	s.want(wantState | wantNetwork)
	return err
}

// SetTime sets the NCP's clock; the zero time stands for this computer's clock at the
// moment of sending.
func (s *Session) SetTime(ctx context.Context, t time.Time) error {
	const op = "setTime"
	if !t.IsZero() && t.UnixMilli() <= 0 {
		return badInput(op, "time", "before 1970")
	}
	if err := s.need(op, ncp.UIDBlynkSetTime); err != nil {
		return err
	}
	err := s.again(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		at := t
		if at.IsZero() {
			at = time.Now()
		}
		ok, err := client.SetTime(ctx, at.UnixMilli())
		return yes(op, op, ok, err)
	})
	s.want(wantClock)
	return err
}

// Reboot restarts the NCP; it is then brought up again by itself.
func (s *Session) Reboot(ctx context.Context) error {
	return s.restart(ctx, "reboot", ncp.UIDNcpReboot, (*ncp.NCP).Reboot)
}

// FactoryReset erases everything that the NCP keeps and restarts it.
func (s *Session) FactoryReset(ctx context.Context) error {
	return s.restart(ctx, "factoryReset", ncp.UIDBlynkFactoryReset, (*ncp.NCP).FactoryReset)
}

func (s *Session) restart(ctx context.Context, method string, uid uint16, call func(*ncp.NCP, context.Context) (bool, error)) error {
	if err := s.need(method, uid); err != nil {
		return err
	}
	return s.once(ctx, method, func(ctx context.Context, client *ncp.NCP) error {
		ok, err := call(client, ctx)
		if err := yes(method, method, ok, err); err != nil {
			return err
		}
		if _, l, _, ok := s.present(); ok {
			l.Restarting()
		}
		return nil
	})
}

// SetRate changes the rate of the line, also to one that failed before, and proves
// it. This device is brought to it again after each restart. When it does not carry the old rate is back and the error says so.
func (s *Session) SetRate(ctx context.Context, baud int) error {
	const op = "rate"
	if baud < 300 || baud > 12_000_000 {
		return badInput(op, "baud", "300 to 12000000")
	}
	if err := s.need(op, ncp.UIDHwSetUartBaudRate); err != nil {
		return err
	}
	if _, _, _, up := s.present(); !up {
		return problem(op, errNotReady)
	}
	return s.onLine(ctx, op, func(ctx context.Context, l *link.Link) error {
		err := l.SetRate(ctx, baud)
		s.update(func() {
			s.st.Baud = l.Baud()
			s.st.Notice = ""
			if err == nil {
				s.target = baud
			}
		})
		if err != nil {
			l.Check()
		}
		return err
	})
}

// onLine works on the line itself. The work ends when the port is lent or lost, and
// the port is not lent before it has ended.
func (s *Session) onLine(ctx context.Context, op string, work func(context.Context, *link.Link) error) error {
	s.mu.Lock()
	c := s.conn
	if c == nil || c.link == nil {
		s.mu.Unlock()
		return problem(op, errNotReady)
	}
	l, using := c.link, c.using
	c.users.Add(1)
	s.mu.Unlock()
	defer c.users.Done()
	return during(ctx, using, op, func(ctx context.Context) error { return work(ctx, l) })
}

// ResetDevice pulses the reset line of boards that have it on RTS. The NCP is looked
// for when its boot log is heard, or when it no longer answers. In the terminal DTR and
// RTS are as before after it.
func (s *Session) ResetDevice(ctx context.Context) error {
	const op = "reset"
	s.mu.Lock()
	plain := s.conn != nil && s.conn.term != nil
	s.mu.Unlock()
	if plain {
		return s.resetInTerminal(ctx)
	}
	return s.onLine(ctx, op, func(ctx context.Context, l *link.Link) error {
		if err := l.Reset(ctx); err != nil {
			return err
		}
		s.note("reset pulse on DTR and RTS")
		l.Check()
		return nil
	})
}

// Refresh reads all that the NCP tells about itself again.
func (s *Session) Refresh(ctx context.Context) error {
	const op = "refresh"
	s.mu.Lock()
	var w *worker
	if s.conn != nil && s.conn.up != nil {
		w = s.conn.work
	}
	s.mu.Unlock()
	if w == nil {
		return problem(op, errNotReady)
	}
	return s.once(ctx, op, func(ctx context.Context, _ *ncp.NCP) error {
		for _, read := range w.readers() {
			if err := read(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
