package session

import (
	"sync"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/sim/ncpsim"
)

// connectedLab is a device that is provisioned, configured and in the cloud.
func connectedLab(l *lab) {
	l.t.Helper()
	l.connect()
	if err := l.s.Apply(l.ctx, sample()); err != nil {
		l.t.Fatal(err)
	}
	l.until(5*time.Second, "connected", func(st State) bool { return st.Device.State == ncp.StateConnected })
}

// TestHours: a session stays up for hours without a word of a person, and the NCP is
// content with it.
func TestHours(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		time.Sleep(3 * time.Hour)
		st := l.s.State()
		if st.Phase != PhaseReady || st.Link.BringUps != 1 || st.Link.Missed != 0 || l.dev.Stats().Boots != 1 || l.dev.Stats().Pings != 0 {
			t.Errorf("%+v\n%s", l.dev.Stats(), brief(l.s))
		}
	})
}

// TestReboot: the NCP restarts in good order; the configuration is applied again.
func TestReboot(t *testing.T) {
	for _, boot := range []time.Duration{100 * time.Millisecond, 2 * time.Second} {
		inLab(t, usual(), ncpsim.Options{Provisioned: true, Times: ncpsim.Times{Boot: boot}}, Options{Target: 460800}, func(l *lab) {
			connectedLab(l)
			if err := l.s.Reboot(l.ctx); err != nil {
				t.Fatal(err)
			}
			l.until(time.Second, "recover", func(st State) bool { return st.Phase == PhaseRecover })
			l.until(15*time.Second, "connected again", func(st State) bool {
				return st.Phase == PhaseReady && st.Device.State == ncp.StateConnected && events(st, "reapplied") == 1
			})
			if st := l.s.State(); st.Baud != 460800 || events(st, "crash") != 0 || l.dev.Stats().Boots != 2 {
				t.Error(brief(l.s))
			}
			if s := l.dev.Settings(); s.TemplateID != "TMPL12345" || s.LED == nil {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestCrash: the NCP restarts without a word, at the starting rate or away from it;
// the configuration is applied again.
func TestCrash(t *testing.T) {
	for _, target := range []int{0, 921600} {
		for _, quiet := range []bool{false, true} {
			inLab(t, usual(), ncpsim.Options{Provisioned: true, NoROMLog: quiet, Announce: !quiet}, Options{Target: target}, func(l *lab) {
				connectedLab(l)
				time.Sleep(17 * time.Second)
				l.dev.Crash()
				took := l.until(40*time.Second, "applied again", func(st State) bool {
					return st.Phase == PhaseReady && st.Device.State == ncp.StateConnected && events(st, "reapplied") == 1
				})
				t.Logf("target %d, quiet %v: back after %v", target, quiet, took)
				if st := l.s.State(); target != 0 && st.Baud != target {
					t.Error(brief(l.s))
				}
			})
		}
	}
}

// TestStateTen: the NCP loses its configuration and says only that: its state is 10.
func TestStateTen(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		l.dev.SetState(ncpsim.StateNotInitialized)
		l.until(5*time.Second, "applied again", func(st State) bool {
			return events(st, "reapplied") == 1 && events(st, "crash") == 1 && st.Device.State == ncp.StateConnected
		})
	})
}

// TestKeptRate: a page that starts anew finds the NCP at the rate it was raised to.
func TestKeptRate(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{Target: 2000000}, func(l *lab) {
		l.connect()
		if st := l.s.State(); st.Baud != 2000000 {
			t.Fatal(brief(l.s))
		}
		if err := l.s.Disconnect(l.ctx); err != nil {
			t.Fatal(err)
		}
		fresh := New(Options{})
		defer fresh.Close()
		if err := fresh.Connect(l.ctx, l.wire.Adapter()); err != nil {
			t.Fatal(err)
		}
		if st := fresh.State(); st.Baud != 2000000 || st.Phase != PhaseReady {
			t.Error(brief(fresh))
		}
	})
}

// TestBadTarget: the NCP takes a rate that does not carry; it is got back and the next
// lower rate is taken.
func TestBadTarget(t *testing.T) {
	for _, allow := range []bool{true, false} {
		inLab(t, usual(), ncpsim.Options{BadRates: []int{2000000}}, Options{Target: 2000000, AllowReset: allow}, func(l *lab) {
			start := time.Now()
			l.connect()
			if st := l.s.State(); st.Baud != 921600 {
				t.Error(brief(l.s))
			}
			t.Logf("reset allowed %v: up after %v", allow, time.Since(start))
			if limit := 20 * time.Second; allow && time.Since(start) > limit {
				t.Errorf("took more than %v", limit)
			}
		})
	}
}

func TestSetRate(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{MaxBaud: 460800}, Options{}, func(l *lab) {
		l.connect()
		if err := l.s.SetRate(l.ctx, 460800); err != nil {
			t.Error(err)
		}
		if p := ProblemOf(l.s.SetRate(l.ctx, 921600)); p == nil || p.Code != CodeRefused {
			t.Errorf("got %+v", p)
		}
		if p := ProblemOf(l.s.SetRate(l.ctx, 5)); p == nil || p.Code != CodeInput {
			t.Errorf("got %+v", p)
		}
		if st := l.s.State(); st.Baud != 460800 || st.Phase != PhaseReady || l.dev.Settings().Baud != 460800 {
			t.Error(brief(l.s))
		}
		if err := l.s.SetTime(l.ctx, time.Time{}); err != nil {
			t.Error(err)
		}
	})
}

// TestChosenRateStays: a restarted NCP and a replugged adapter are brought to the rate
// that a person chose, not to the page's own target.
func TestChosenRateStays(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{Target: 460800}, func(l *lab) {
		l.connect()
		if err := l.s.SetRate(l.ctx, 115200); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Reboot(l.ctx); err != nil {
			t.Fatal(err)
		}
		l.until(20*time.Second, "up again", func(st State) bool {
			return st.Phase == PhaseReady && l.dev.Stats().Boots == 2 && st.Baud != 38400
		})
		if st := l.s.State(); st.Baud != 115200 || events(st, "reboot") != 1 {
			t.Error(brief(l.s))
		}
		l.wire.Unplug()
		l.untilPhase(time.Second, PhaseUnplugged)
		l.dev.Crash()
		l.s.Plugged(l.wire.Plug())
		l.until(20*time.Second, "up again", func(st State) bool { return st.Phase == PhaseReady && st.Baud != 38400 })
		if st := l.s.State(); st.Baud != 115200 {
			t.Error(brief(l.s))
		}
	})
}

// TestResetDevice: a reset by DTR and RTS is noticed by the boot log.
func TestResetDevice(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		if err := l.s.ResetDevice(l.ctx); err != nil {
			t.Fatal(err)
		}
		l.until(15*time.Second, "applied again", func(st State) bool {
			return events(st, "reapplied") == 1 && st.Device.State == ncp.StateConnected
		})
		if n := l.dev.Stats().Boots; n != 2 {
			t.Errorf("%d starts", n)
		}
	})
}

// TestReplugKeepsConfiguration: after a replug of a device with its own power nothing
// has to be applied; one that lost its power gets its configuration again.
func TestReplugKeepsConfiguration(t *testing.T) {
	for _, crash := range []bool{false, true} {
		inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
			connectedLab(l)
			l.wire.Unplug()
			l.untilPhase(time.Second, PhaseUnplugged)
			if crash {
				l.dev.Crash()
			}
			time.Sleep(3 * time.Second)
			l.s.Plugged(l.wire.Plug())
			want := 0
			if crash {
				want = 1
			}
			l.until(10*time.Second, "connected", func(st State) bool {
				return st.Phase == PhaseReady && st.Device.State == ncp.StateConnected && events(st, "reapplied") == want
			})
			if events(l.s.State(), "crash") != 0 {
				t.Error("a replug counts as a crash")
			}
		})
	}
}

// TestNoisy: with one byte in a hundred corrupted everything still works.
func TestNoisy(t *testing.T) {
	w := usual()
	w.ErrorRate = 0.01
	for seed := range uint64(5) {
		w.Seed = seed + 1
		inLab(t, w, ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
			connectedLab(l)
			time.Sleep(10 * time.Minute)
			st := l.s.State()
			if st.Phase != PhaseReady && st.Phase != PhaseRecover && st.Phase != PhaseReading || st.Link.CRCErrors == 0 {
				t.Error(brief(l.s))
			}
			if n := l.dev.Stats().Boots; n != 1 {
				t.Errorf("%d starts", n)
			}
			t.Logf("seed %d: %d bring-ups, %d of %d pings missed, %d CRC errors", seed, st.Link.BringUps, st.Link.Missed, st.Link.Pings, st.Link.CRCErrors)
		})
	}
}

// TestTime: the NCP asks for the time and gets this computer's, unless that is off.
func TestTime(t *testing.T) {
	for _, no := range []bool{false, true} {
		inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{NoSetTime: no}, func(l *lab) {
			connectedLab(l)
			time.Sleep(5 * time.Second)
			before := l.dev.Called(ncp.UIDBlynkSetTime)
			l.dev.SendEvent(ncpsim.EventTimeWanted)
			time.Sleep(2 * time.Second)
			if got := l.dev.Called(ncp.UIDBlynkSetTime) - before; (got == 0) != no {
				t.Errorf("off %v: %d calls", no, got)
			}
			st := l.s.State()
			if !st.Device.Time.Known || st.Device.Time.Skew.Abs() > 100*time.Millisecond || st.Device.Time.Offset == 0 {
				t.Errorf("%+v", st.Device.Time)
			}
			if !st.Device.Location.Known || st.Device.Location.OlsonID == "" {
				t.Errorf("%+v", st.Device.Location)
			}
			if st.Device.Configured != Yes || st.Device.Hotspot == "" {
				t.Errorf("%+v", st.Device)
			}
		})
	}
}

// TestRefusesAgain: an NCP that refuses its configuration after a crash is not asked
// all the time.
func TestRefusesAgain(t *testing.T) {
	refuse := false
	var mu sync.Mutex
	override := func(uid uint16, _ []any) ([]any, bool) {
		mu.Lock()
		defer mu.Unlock()
		return []any{false}, refuse && uid == ncp.UIDBlynkInitialize
	}
	inLab(t, usual(), ncpsim.Options{Provisioned: true, Override: override}, Options{}, func(l *lab) {
		connectedLab(l)
		mu.Lock()
		refuse = true
		mu.Unlock()
		l.dev.SetState(ncpsim.StateNotInitialized)
		time.Sleep(10 * time.Minute)
		st := l.s.State()
		failed := events(st, "reapplyfailed")
		if events(st, "crash") != 1 || failed < 3 || failed > 12 || st.Phase != PhaseReady {
			t.Errorf("%d crashes, %d refusals, phase %d", events(st, "crash"), failed, st.Phase)
		}
		mu.Lock()
		refuse = false
		mu.Unlock()
		l.until(5*time.Minute, "applied again", func(st State) bool { return events(st, "reapplied") == 1 })
	})
}
