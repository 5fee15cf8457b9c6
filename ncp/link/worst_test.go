package link

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim"
)

// TestRestartDuringCall: a restart is noticed at once also while a long call is under
// way, for whose end the heartbeat waits.
func TestRestartDuringCall(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: 300 * time.Millisecond,
		bootLog: "[rpc port] Blynk.NCP started\r\n"}
	bench(t, usual(), dev, Options{}, func(r *rig) {
		time.Sleep(time.Second)
		r.bringUp(CauseStart)
		ctx, cancel := context.WithCancel(r.ctx)
		defer cancel()
		failed := make(chan error, 1)
		go func() {
			_, _, err := ncp.NewNCP(r.link).FactoryTestWiFi(ctx, "net", "word")
			failed <- err
		}()
		var restarted time.Time
		time.AfterFunc(13*time.Second, func() { restarted = time.Now(); dev.restart <- struct{}{} })
		cause, err := r.link.Keep(r.ctx)
		if cause != CauseRestarted || err != nil {
			t.Fatalf("%v, %v", cause, err)
		}
		if d := time.Since(restarted); d > time.Second {
			t.Errorf("noticed after %v", d)
		}
		cancel()
		<-failed
		r.bringUp(cause)
	})
}

// TestLongCall: heartbeats that wait for a long call are not misses, and the wait is no
// round trip.
func TestLongCall(t *testing.T) {
	missed := 0
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	o := Options{OnPing: func(d time.Duration) {
		if d == 0 {
			missed++
		}
		if d > 50*time.Millisecond {
			t.Errorf("round trip %v", d)
		}
	}}
	bench(t, usual(), dev, o, func(r *rig) {
		dev.deaf = make(chan struct{})
		r.bringUp(CauseStart)
		time.AfterFunc(29*time.Second, func() { close(dev.deaf) })
		done := make(chan error, 1)
		go func() {
			_, _, err := ncp.NewNCP(r.link).FactoryTestWiFi(r.ctx, "net", "word")
			done <- err
		}()
		ctx, cancel := context.WithTimeout(r.ctx, 45*time.Second)
		defer cancel()
		if cause, err := r.link.Keep(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %v", cause, err)
		}
		if err := <-done; err != nil || missed != 0 {
			t.Errorf("%v; %d misses", err, missed)
		}
	})
}

// TestSlowAdapter: rates that the adapter cannot make are left out, in the search and
// as a target; the NCP is not sent where we cannot follow.
func TestSlowAdapter(t *testing.T) {
	w := usual()
	w.MaxBaud = 230400
	dev := &fakeNCP{initial: 115200, version: "0.7.0", bootTime: 4 * time.Second}
	bench(t, w, dev, Options{Target: 921600}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Found != 115200 || up.Baud != 230400 {
			t.Errorf("got %+v", up)
		}
		if err := r.link.SetRate(r.ctx, 2000000); !errors.Is(err, ErrBadRate) || r.link.Baud() != 230400 {
			t.Errorf("%v at %d", err, r.link.Baud())
		}
		if _, err := r.link.Ping(r.ctx); err != nil {
			t.Error(err)
		}
		if slices.Contains(r.kinds(), TalkDown) || dev.starts.Load() != 1 {
			t.Errorf("the NCP was lost: %v", r.kinds())
		}
	})
	w.MaxBaud = 57600 // not even the other starting rate
	bench(t, w, &babbler{baud: 38400}, Options{}, func(r *rig) {
		var search *SearchError
		if _, err := r.link.BringUp(r.ctx, CauseStart); !errors.As(err, &search) || search.Heard != HeardNothing {
			t.Errorf("got %v", err)
		}
	})
}

// TestNoRate: an adapter that makes none of the rates says so, and at once.
func TestNoRate(t *testing.T) {
	port := &refusingPort{closed: make(chan struct{})}
	l := New(port, 0, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx) }()
	if _, err := l.BringUp(ctx, CauseStart); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	cancel()
	close(port.closed)
	<-served
}

var errRefused = errors.New("no such mode")

// refusingPort takes no mode at all.
type refusingPort struct {
	serial.Port
	closed chan struct{}
}

func (p *refusingPort) Read([]byte) (int, error)                         { <-p.closed; return 0, serial.ErrClosed }
func (p *refusingPort) Write(b []byte) (int, error)                      { return len(b), nil }
func (p *refusingPort) SetReadDeadline(time.Time) error                  { return nil }
func (p *refusingPort) SetMode(context.Context, serial.Mode) error       { return errRefused }
func (p *refusingPort) SetSignals(context.Context, serial.Signals) error { return nil }
func (p *refusingPort) Info() serial.Info                                { return serial.Info{} }

// TestListen: after a search in vain the NCP is noticed when it starts, at either of
// the rates at which it may, with a ROM that logs at another one.
func TestListen(t *testing.T) {
	for _, rate := range ncp.InitialRates() {
		for _, rom := range []int{74880, 115200} {
			dev := &lateNCP{start: 100 * time.Second, rom: rom, then: &fakeNCP{initial: rate, version: "0.7.0",
				bootTime: 500 * time.Millisecond, bootLog: "[rpc port] Blynk.NCP started\r\n"}}
			bench(t, usual(), dev, Options{}, func(r *rig) {
				var search *SearchError
				if _, err := r.link.BringUp(r.ctx, CauseStart); !errors.As(err, &search) || search.Heard != HeardNothing {
					t.Fatalf("got %v", err)
				}
				if err := r.link.Listen(r.ctx); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(dev.started()); d < 0 || d > 5*time.Second {
					t.Errorf("%d baud, ROM at %d: noticed after %v", rate, rom, d)
				}
				if up := r.bringUp(CauseRestarted); up.Baud != rate {
					t.Errorf("%+v", up)
				}
			})
		}
	}
}

// lateNCP gets its power late.
type lateNCP struct {
	start time.Duration
	rom   int
	then  *fakeNCP
	at    time.Time
}

func (d *lateNCP) started() time.Time { return d.at }

func (d *lateNCP) Run(ctx context.Context, u sim.UART) error {
	d.at = time.Now().Add(d.start)
	if sleep(ctx, d.start) != nil {
		return nil
	}
	_ = u.SetMode(serial.Mode{Baud: d.rom})
	_, _ = u.Write([]byte("ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"))
	return d.then.Run(ctx, u)
}
