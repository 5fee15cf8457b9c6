package ncpsim

import (
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// life is an NCP on a UART. Like the firmware, it does one thing at a time: while it
// answers a call or writes, bytes that arrive wait in the receive buffer.
type life struct {
	n   *NCP
	u   sim.UART
	dec *decoder
	rx  chan []byte
	end chan error // the reader's
	in  []byte     // received and not looked at yet

	baud int    // of the UART
	id   uint16 // of the last INVOKE sent
}

func newLife(n *NCP, u sim.UART) *life {
	return &life{n: n, u: u, dec: newDecoder(n.o.Buffer), rx: make(chan []byte), end: make(chan error, 1)}
}

// run lives until ctx ends.
func (l *life) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		_ = l.u.SetReadDeadline(time.Unix(1, 0))
	})
	go func() {
		defer close(done)
		l.end <- l.read(ctx)
	}()
	err := l.live(ctx)
	stopped := ctx.Err() != nil
	cancel()
	if !stop() {
		<-fired // else it might set its deadline for whoever has the UART next
	}
	_ = l.u.SetReadDeadline(time.Unix(1, 0))
	<-done
	_ = l.u.SetReadDeadline(time.Time{})
	if stopped {
		return nil
	}
	return err
}

// read hands over what the UART receives. It holds one chunk at most: what the NCP
// does not look at stays in the UART's buffer, and overruns there.
func (l *life) read(ctx context.Context) error {
	for ctx.Err() == nil {
		b := make([]byte, 256)
		k, err := l.u.Read(b)
		if k > 0 {
			select {
			case l.rx <- b[:k]:
			case <-ctx.Done():
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return nil
}

// live starts again and again.
func (l *life) live(ctx context.Context) error {
	download := false
	for {
		err := l.boot(ctx, download)
		if err == nil {
			err = l.serve(ctx)
		}
		var reset *pinReset
		switch {
		case errors.As(err, &reset):
			download = reset.download
		case errors.Is(err, errRestart):
			download = false
		default:
			return err
		}
	}
}

// serve is the firmware's main loop.
func (l *life) serve(ctx context.Context) error {
	buf := make([]byte, 0, 1024)
	for {
		n := l.n
		n.mu.Lock()
		next := n.runTimers(time.Now())
		ping, alive := n.liveness(time.Now())
		restart := n.restart
		var ask *request
		if len(n.requests) > 0 && !restart {
			ask, n.requests = n.requests[0], n.requests[1:]
		}
		frames := 0
		buf, frames = n.out.pop(buf[:0], l.burst())
		n.stats.Sent += uint64(frames)
		n.mu.Unlock()

		if frames > 0 {
			if err := l.write(buf); err != nil {
				return err
			}
		}
		if restart {
			return errRestart
		}
		if ask != nil {
			if err := l.ask(ctx, ask); err != nil {
				return err
			}
		}
		if ping {
			if err := l.pingMCU(ctx); err != nil {
				return err
			}
			continue
		}
		if next.IsZero() || alive.Before(next) {
			next = alive
		}
		if err := l.wait(ctx, next, frames > 0 || ask != nil); err != nil {
			return err
		}
		if err := l.receive(ctx); err != nil {
			return err
		}
	}
}

// burst is how much is written at a time: about 10 ms of the line, so that calls do
// not wait long for their answers.
func (l *life) burst() int { return max(l.baud/1000, 16) }

// wait returns when bytes have come in, something is to do or it is until. With hurry
// it does not wait.
func (l *life) wait(ctx context.Context, until time.Time, hurry bool) error {
	lines := l.u.LinesChanged()
	if l.inReset() {
		return l.reset(ctx)
	}
	if hurry {
		select {
		case b := <-l.rx:
			l.in = append(l.in, b...)
		default:
		}
		return ctx.Err()
	}
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case b := <-l.rx:
		l.in = append(l.in, b...)
	case <-l.n.wake:
	case <-lines:
	case <-t.C:
	case err := <-l.end:
		l.end <- err
		return orClosed(err)
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// pause lets time pass in which the firmware does not look at the line.
func (l *life) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		lines := l.u.LinesChanged()
		if l.inReset() {
			return l.reset(ctx)
		}
		select {
		case <-lines:
		case <-t.C:
			return nil
		case err := <-l.end:
			l.end <- err
			return orClosed(err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func orClosed(err error) error {
	if err == nil {
		return serial.ErrClosed
	}
	return err
}

func (l *life) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := l.u.Write(b)
	return err
}

// setBaud changes the rate of the UART at once.
func (l *life) setBaud(baud int) error {
	l.baud = baud
	for _, bad := range l.n.o.BadRates {
		if bad == baud {
			baud = baud * 7 / 8 // far enough off that every character is garbage
		}
	}
	return l.u.SetMode(serial.Mode{Baud: baud})
}
