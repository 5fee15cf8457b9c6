package link

import (
	"context"
	"errors"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// TestAutoReset: on a board with the usual auto-reset circuit neither the search over
// all rates nor a change of rate restarts the NCP; a wanted reset starts the firmware
// and not the loader, and no rate change after it is another reset.
func TestAutoReset(t *testing.T) {
	dev := &simulated{}
	bench(t, usual(), dev, Options{Target: 2000000}, func(r *rig) {
		time.Sleep(time.Second)
		if up := r.bringUp(CauseStart); up.Baud != 2000000 {
			t.Errorf("%+v", up)
		}
		if err := r.link.SetRate(r.ctx, 57600); err != nil {
			t.Error(err)
		}
		if n := dev.boots(); n != 1 {
			t.Errorf("%d starts", n)
		}
		if err := r.link.Reset(r.ctx); err != nil {
			t.Error(err)
		}
		if up := r.bringUp(CauseSilent); up.Baud != 57600 { // as chosen
			t.Errorf("%+v", up)
		}
		if n := dev.boots(); n != 2 {
			t.Errorf("%d starts", n)
		}
		if lines := r.wire.UART().Lines(); !lines.DTR || !lines.RTS {
			t.Errorf("%+v: a change of rate would be a short reset", lines)
		}
	})
}

// TestLinesLeftAnyhow: whoever had the port before may have left the board in reset.
func TestLinesLeftAnyhow(t *testing.T) {
	for _, lines := range []sim.Lines{{RTS: true}, {DTR: true}, {}} {
		dev := &simulated{}
		bench(t, usual(), dev, Options{}, func(r *rig) {
			if err := r.port.SetSignals(r.ctx, signals(lines)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			start := time.Now()
			r.bringUp(CauseStart)
			if d := time.Since(start); d > 3*time.Second {
				t.Errorf("%+v: took %v", lines, d)
			}
		})
	}
}

// TestHeldInReset: a board whose reset hangs on RTS alone is let go, once nothing is
// heard; its rate is not changed, as that would reset it.
func TestHeldInReset(t *testing.T) {
	for _, rate := range []int{38400, 115200} {
		dev := &heldNCP{then: func() *fakeNCP {
			return &fakeNCP{initial: rate, version: "0.7.0"}
		}}
		bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
			start := time.Now()
			if up := r.bringUp(CauseStart); up.Baud != rate {
				t.Errorf("%+v", up)
			}
			t.Logf("found after %v", time.Since(start))
			ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
			defer cancel()
			if cause, err := r.link.Keep(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, %v", cause, err)
			}
			if err := r.link.Reset(r.ctx); err != nil {
				t.Error(err)
			}
			start = time.Now()
			r.bringUp(CauseSilent)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestNoLines: an adapter that has neither DTR nor RTS is as good as any other one, but
// cannot reset.
func TestNoLines(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: 7 * time.Second}
	bench(t, usual(), dev, Options{Target: 460800}, func(r *rig) {
		r.end()
		<-r.served
		r.port = bare{r.port}
		r.start(38400)
		if up := r.bringUp(CauseStart); up.Baud != 460800 {
			t.Errorf("%+v", up)
		}
		if err := r.link.Reset(r.ctx); !errors.Is(err, errNoLines) {
			t.Errorf("got %v", err)
		}
	})
}

type bare struct{ serial.Port }

var errNoLines = errors.New("no such lines")

func (bare) SetSignals(context.Context, serial.Signals) error { return errNoLines }

// heldNCP is a board whose reset is RTS alone, and whose boot pin is DTR alone.
type heldNCP struct{ then func() *fakeNCP }

const heldBoot = 800 * time.Millisecond

func (h *heldNCP) Run(ctx context.Context, u sim.UART) error {
	for ctx.Err() == nil {
		for u.Lines().RTS && ctx.Err() == nil {
			change(ctx, u, time.Hour)
		}
		loader := u.Lines().DTR
		for start := time.Now(); !u.Lines().RTS && time.Since(start) < heldBoot && ctx.Err() == nil; {
			change(ctx, u, heldBoot-time.Since(start))
		}
		if u.Lines().RTS || ctx.Err() != nil {
			continue
		}
		_ = u.SetReadDeadline(time.Now()) // what came in reset and in the ROM is lost
		for _, err := u.Read(make([]byte, 4096)); err == nil; {
			_, err = u.Read(make([]byte, 4096))
		}
		_ = u.SetReadDeadline(time.Time{})
		life, end := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if !loader {
				_ = h.then().Run(life, u)
			}
		}()
		for !u.Lines().RTS && ctx.Err() == nil {
			change(ctx, u, time.Hour)
		}
		end()
		<-done
	}
	return nil
}

// change waits for a change of the lines, for d at most.
func change(ctx context.Context, u sim.UART, d time.Duration) {
	changed := u.LinesChanged()
	select {
	case <-changed:
	case <-time.After(min(d, 5*time.Millisecond)): // the change may have come just before
	case <-ctx.Done():
	}
}

func signals(l sim.Lines) serial.Signals {
	level := func(on bool) serial.Level {
		if on {
			return serial.On
		}
		return serial.Off
	}
	return serial.Signals{DTR: level(l.DTR), RTS: level(l.RTS)}
}
