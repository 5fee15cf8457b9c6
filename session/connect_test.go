package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

func TestConnect(t *testing.T) {
	for _, rate := range []int{38400, 115200} {
		inLab(t, usual(), ncpsim.Options{Baud: rate, Provisioned: true, EthernetMAC: "00:11:22:33:44:55"}, Options{}, func(l *lab) {
			l.connect()
			st := l.s.State()
			if st.Phase != PhaseReady || st.Baud != rate || st.Device.Version != "0.7.0" || st.Problem != nil {
				t.Fatal(brief(l.s))
			}
			if !st.Device.StateKnown || st.Device.State != ncp.StateNotInitialized {
				t.Errorf("state %v", st.Device.State)
			}
			l.until(3*time.Second, "survey", func(st State) bool {
				for _, a := range st.Device.Methods {
					if a.Has == Unknown {
						return false
					}
				}
				return true
			})
			st = l.s.State()
			d := st.Device
			if d.WiFiMAC != "34:85:18:0C:2A:4F" || d.EthernetMAC != "00:11:22:33:44:55" || d.Configured != Yes {
				t.Error(brief(l.s))
			}
			for _, a := range d.Methods {
				if a.Has != Yes {
					t.Errorf("method %04X: %d", a.UID, a.Has)
				}
			}
			if st.Link.RTTLast == 0 || st.Link.Pings == 0 || st.Link.BringUps != 1 || st.Link.CRCErrors != 0 {
				t.Errorf("%+v", st.Link)
			}
		})
	}
}

// TestOlderNCP: methods that an older NCP lacks are known as missing, and what a very
// old one has stays unknown; neither keeps it from being ready.
func TestOlderNCP(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Version: "0.6.3"}, Options{}, func(l *lab) {
		l.connect()
		l.until(5*time.Second, "survey", func(st State) bool {
			for _, a := range st.Device.Methods {
				if a.UID == ncp.UIDBlynkOtaUpdateSuspend {
					return a.Has == No
				}
			}
			return false
		})
	})
	inLab(t, usual(), ncpsim.Options{NoHasUID: true}, Options{}, func(l *lab) {
		l.connect()
		time.Sleep(20 * time.Second)
		st := l.s.State()
		if st.Phase != PhaseReady || st.Link.BringUps != 1 {
			t.Error(brief(l.s))
		}
		for _, a := range st.Device.Methods {
			if a.Has != Unknown {
				t.Errorf("method %04X: %d", a.UID, a.Has)
			}
		}
		if err := l.s.Apply(l.ctx, sample()); err != nil {
			t.Error(err)
		}
	})
}

// TestConnectAtOnce: the page connects while the NCP is still starting.
func TestConnectAtOnce(t *testing.T) {
	for _, chip := range []ncpsim.Chip{ncpsim.ESP32, ncpsim.ESP8266} {
		for _, boot := range []time.Duration{0, time.Second, 3 * time.Second} {
			inLab(t, usual(), ncpsim.Options{Chip: chip, Times: ncpsim.Times{Boot: boot}}, Options{}, func(l *lab) {
				if err := l.s.Connect(l.ctx, l.wire.Adapter()); err != nil {
					t.Fatalf("boot %v: %v\n%s", boot, err, brief(l.s))
				}
			})
		}
	}
}

// TestTwice: a second Connect is refused and disturbs nothing.
func TestTwice(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		err := l.s.Connect(l.ctx, l.wire.Adapter())
		if p := ProblemOf(err); p == nil || p.Code != CodeInput {
			t.Errorf("got %v", err)
		}
		if err := l.s.VirtualWrite(l.ctx, 1, "x"); err != nil {
			t.Error(err)
		}
		if err := l.s.Disconnect(l.ctx); err != nil {
			t.Error(err)
		}
		if st := l.s.State(); st.Phase != PhaseIdle || l.wire.UART().Lines().Open {
			t.Error(brief(l.s))
		}
		if p := ProblemOf(l.s.VirtualWrite(l.ctx, 1, "x")); p == nil || p.Code != CodeNotReady {
			t.Errorf("got %+v", p)
		}
		l.connect()
	})
}

func TestOpenProblems(t *testing.T) {
	tests := []struct {
		reason serial.OpenReason
		code   Code
	}{
		{serial.OpenBusy, CodeBusy}, {serial.OpenDenied, CodeDenied}, {serial.OpenFailed, CodeOpenFailed}, {serial.OpenLost, CodeUnplugged},
	}
	for _, tt := range tests {
		inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
			a := &refusing{Adapter: l.wire.Adapter(), reason: tt.reason, refuse: 1}
			err := l.s.Connect(l.ctx, a)
			if p := ProblemOf(err); p == nil || p.Code != tt.code || p.Op != "connect" {
				t.Errorf("%v: %v", tt.reason, err)
			}
			if st := l.s.State(); st.Problem == nil || st.Problem.Code != tt.code {
				t.Errorf("%v: state %+v", tt.reason, st.Problem)
			}
			if err := l.s.Retry(l.ctx); err != nil {
				t.Errorf("%v: retry: %v", tt.reason, err)
			}
			if st := l.s.State(); st.Phase != PhaseReady || st.Problem != nil {
				t.Error(brief(l.s))
			}
		})
	}
}

// refusing is an adapter that does not open at first.
type refusing struct {
	serial.Adapter
	reason serial.OpenReason
	refuse int
}

func (r *refusing) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	if r.refuse > 0 {
		r.refuse--
		return nil, &serial.OpenError{Reason: r.reason, Info: r.Info(), Err: errors.New("no")}
	}
	return r.Adapter.Open(ctx, m)
}

// TestSilentDevice: nobody answers; when the NCP starts later its boot log is enough.
func TestSilentDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(usual())
		s := New(Options{})
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Connect(ctx, wire.Adapter())
		p := ProblemOf(err)
		if p == nil || p.Code != CodeSilent || !strings.Contains(p.Detail, "921600") {
			t.Fatalf("got %v", err)
		}
		if st := s.State(); st.Phase != PhaseFailed || st.Problem == nil || st.Problem.Code != CodeSilent {
			t.Error(brief(s))
		}
		time.Sleep(time.Minute)
		gone := make(chan struct{})
		go func() { defer close(gone); _ = sim.Run(ctx, wire, ncpsim.New(ncpsim.Options{})) }()
		if _, err := await(s, 5*time.Second, func(st State) bool { return st.Phase == PhaseReady && st.Problem == nil }); err != nil {
			t.Error(brief(s))
		}
		s.Close()
		cancel()
		<-gone
		wire.Close()
	})
}

// TestUnplugged: unplug in any phase shows within a fraction of a second, and the
// replug, with a new adapter, goes on by itself.
func TestUnplugged(t *testing.T) {
	for _, after := range []time.Duration{0, 3 * time.Millisecond, 100 * time.Millisecond, 900 * time.Millisecond,
		1010 * time.Millisecond, 1300 * time.Millisecond, 1700 * time.Millisecond, 2 * time.Second, 30 * time.Second} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			inLab(t, usual(), ncpsim.Options{Baud: 38400}, Options{Target: 921600}, func(l *lab) {
				go func() { _ = l.s.Connect(l.ctx, l.wire.Adapter()) }()
				time.Sleep(after)
				synctest.Wait()
				l.wire.Unplug()
				if d := l.untilPhase(500*time.Millisecond, PhaseUnplugged); d > 300*time.Millisecond {
					t.Errorf("shown after %v", d)
				}
				st := l.s.State()
				if st.Problem == nil || st.Problem.Code != CodeUnplugged {
					t.Error(brief(l.s))
				}
				if p := ProblemOf(l.s.VirtualWrite(l.ctx, 1, "x")); p == nil || p.Code != CodeNotReady {
					t.Errorf("write: %+v", p)
				}
				time.Sleep(700 * time.Millisecond)
				l.s.Plugged(l.wire.Plug())
				l.untilPhase(10*time.Second, PhaseReady)
				if err := l.s.VirtualWrite(l.ctx, 1, "x"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestUnplugFailed: unplug while nobody answers shows as well.
func TestUnplugFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(usual())
		s := New(Options{})
		if err := s.Connect(context.Background(), wire.Adapter()); err == nil {
			t.Fatal("connected to nobody")
		}
		time.Sleep(time.Second)
		wire.Unplug()
		if _, err := await(s, 500*time.Millisecond, func(st State) bool { return st.Phase == PhaseUnplugged }); err != nil {
			t.Error(brief(s))
		}
		s.Close()
		wire.Close()
	})
}

// TestOtherPlugged: another adapter that is plugged in is none of our business.
func TestOtherPlugged(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		other := sim.NewWire(sim.WireOptions{Info: serial.Info{VendorID: 1, ProductID: 2, Key: "0001:0002"}})
		defer other.Close()
		l.s.Plugged(other.Adapter())
		l.wire.Unplug()
		l.untilPhase(time.Second, PhaseUnplugged)
		l.s.Plugged(other.Adapter())
		time.Sleep(5 * time.Second)
		if st := l.s.State(); st.Phase != PhaseUnplugged {
			t.Error(brief(l.s))
		}
	})
}

// TestDisconnectAnyTime: Disconnect ends any phase within a moment and closes the port.
func TestDisconnectAnyTime(t *testing.T) {
	for _, after := range []time.Duration{0, 10 * time.Millisecond, 200 * time.Millisecond, 1100 * time.Millisecond,
		1400 * time.Millisecond, 1800 * time.Millisecond, 5 * time.Second} {
		inLab(t, usual(), ncpsim.Options{Times: ncpsim.Times{Boot: time.Second}}, Options{Target: 2000000}, func(l *lab) {
			outcome := make(chan error, 1)
			go func() { outcome <- l.s.Connect(l.ctx, l.wire.Adapter()) }()
			time.Sleep(after)
			synctest.Wait()
			start := time.Now()
			if err := l.s.Disconnect(l.ctx); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d > 300*time.Millisecond {
				t.Errorf("after %v: took %v", after, d)
			}
			if st := l.s.State(); st.Phase != PhaseIdle || st.Problem != nil || l.wire.UART().Lines().Open {
				t.Error(brief(l.s))
			}
			if err := <-outcome; err != nil && ProblemOf(err).Code != CodeCanceled {
				t.Errorf("connect: %v", err)
			}
		})
	}
}

// TestStalledWrite: an adapter that takes no bytes does not keep Disconnect from ending.
func TestStalledWrite(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, 3 * time.Second} {
		inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
			a := &stalling{Adapter: l.wire.Adapter(), after: time.Now().Add(time.Second + after)}
			time.Sleep(time.Second)
			go func() { _ = l.s.Connect(l.ctx, a) }()
			time.Sleep(5 * time.Second)
			go func() { _ = l.s.VirtualWrite(l.ctx, 1, "x") }()
			time.Sleep(time.Second)
			start := time.Now()
			if err := l.s.Disconnect(l.ctx); err != nil || time.Since(start) > time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	}
}

// stalling is an adapter whose port takes no bytes after a while.
type stalling struct {
	serial.Adapter
	after time.Time
}

func (s *stalling) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	p, err := s.Adapter.Open(ctx, m)
	return &stalledPort{Port: p, after: s.after, closed: make(chan struct{})}, err
}

type stalledPort struct {
	serial.Port
	after  time.Time
	once   sync.Once
	closed chan struct{}
}

func (p *stalledPort) Write(b []byte) (int, error) {
	if time.Now().Before(p.after) {
		return p.Port.Write(b)
	}
	<-p.closed
	return 0, serial.ErrClosed
}

func (p *stalledPort) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.Port.Close()
}

// TestExpiredKeepsPort: the end of a caller's context ends that call and nothing else.
func TestExpiredKeepsPort(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Hostile: 0}, Options{}, func(l *lab) {
		ctx, cancel := context.WithTimeout(l.ctx, 20*time.Millisecond)
		defer cancel()
		err := l.s.Connect(ctx, l.wire.Adapter())
		if p := ProblemOf(err); p == nil || p.Code != CodeCanceled {
			t.Errorf("connect: %v", err)
		}
		l.untilPhase(5*time.Second, PhaseReady)
		time.Sleep(3 * time.Second)
		for i := range 50 {
			ctx, cancel := context.WithTimeout(l.ctx, time.Duration(i)*500*time.Microsecond)
			_ = l.s.Refresh(ctx)
			_ = l.s.SetTime(ctx, time.Time{})
			_ = l.s.VirtualWrite(ctx, 1, strings.Repeat("x", 1000))
			cancel()
		}
		ctx, cancel = context.WithTimeout(l.ctx, 30*time.Millisecond)
		_ = l.s.Apply(ctx, sample())
		cancel()
		if err := l.s.Apply(l.ctx, sample()); err != nil {
			t.Error(err)
		}
		if st := l.s.State(); st.Link.BringUps != 1 || st.Phase != PhaseReady || l.wire.Stats().Opens != 1 {
			t.Error(brief(l.s))
		}
	})
}

// TestTwoSessions: two devices on one page share nothing.
func TestTwoSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newLab(t, usual(), ncpsim.Options{Baud: 38400, Provisioned: true, WiFiMAC: "00:00:00:00:00:01"}, Options{})
		two := newLab(t, usual(), ncpsim.Options{Baud: 115200, Provisioned: true, WiFiMAC: "00:00:00:00:00:02", Version: "0.6.9"}, Options{Target: 460800})
		defer one.close()
		defer two.close()
		one.connect()
		two.connect()
		cfg := sample()
		if err := one.s.Apply(one.ctx, cfg); err != nil {
			t.Fatal(err)
		}
		if err := one.s.VirtualWrite(one.ctx, 7, "one"); err != nil {
			t.Fatal(err)
		}
		if err := two.s.VirtualWrite(two.ctx, 8, "two"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		a, b := one.s.State(), two.s.State()
		if a.Baud != 38400 || b.Baud != 460800 || a.Device.WiFiMAC == b.Device.WiFiMAC || a.Device.Version == b.Device.Version {
			t.Errorf("%+v\n%+v", a.Device, b.Device)
		}
		if len(a.Pins) != 1 || len(b.Pins) != 1 || a.Pins[0].Number != 7 || b.Pins[0].Number != 8 {
			t.Errorf("pins %v and %v", a.Pins, b.Pins)
		}
		if a.Applied == nil || b.Applied != nil || a.Device.State != ncp.StateConnected || b.Device.State != ncp.StateNotInitialized {
			t.Errorf("states %v and %v", a.Device.State, b.Device.State)
		}
		one.wire.Unplug()
		one.untilPhase(time.Second, PhaseUnplugged)
		if b := two.s.State(); b.Phase != PhaseReady || b.Problem != nil {
			t.Error(brief(two.s))
		}
	})
}
