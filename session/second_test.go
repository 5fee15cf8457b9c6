package session

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

// TestSecondDevice: another device of the same kind on an adapter of the same kind is
// not mistaken for the one that was lost: it does not get its configuration, nor are
// the values of the other one shown for it.
func TestSecondDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newLab(t, usual(), ncpsim.Options{Provisioned: true, WiFiMAC: "00:00:00:00:00:01"}, Options{})
		two := newLab(t, usual(), ncpsim.Options{Provisioned: true, WiFiMAC: "00:00:00:00:00:02", Version: "0.6.9"}, Options{})
		defer one.close()
		defer two.close()
		connectedLab(one)
		if err := one.s.VirtualWrite(one.ctx, 3, "x"); err != nil {
			t.Fatal(err)
		}
		if err := one.s.NamePin(3, "Pump"); err != nil {
			t.Fatal(err)
		}
		one.wire.Unplug()
		one.untilPhase(time.Second, PhaseUnplugged)
		one.s.Plugged(two.wire.Adapter())
		one.untilPhase(10*time.Second, PhaseReady)
		time.Sleep(time.Minute)
		st := one.s.State()
		if st.Applied != nil || st.Device.State != ncp.StateNotInitialized || st.Device.WiFiMAC != "00:00:00:00:00:02" ||
			two.dev.Settings().TemplateID != "" || events(st, "reapplied") != 0 {
			t.Error(brief(one.s))
		}
		if p := st.Pins[0]; p.Count != 0 || p.Name != "Pump" {
			t.Errorf("%+v", p)
		}
		for _, a := range st.Device.Methods {
			if a.UID == ncp.UIDBlynkOtaUpdateSuspend && a.Has != No {
				t.Error("the methods are those of the first device")
			}
		}
	})
}

// TestRateTheAdapterLost: a remembered rate that the adapter does not make is no reason
// not to open it.
func TestRateTheAdapterLost(t *testing.T) {
	w := usual()
	w.MaxBaud = 115200
	store := &shelf{"rate " + w.Info.Key: "2000000"}
	inLab(t, w, ncpsim.Options{}, Options{Store: store, Target: 2000000}, func(l *lab) {
		l.connect()
		if st := l.s.State(); st.Phase != PhaseReady || st.Baud != 115200 {
			t.Error(brief(l.s))
		}
	})
}

// TestSilentMethod: a very old NCP does not answer what it does not know, and cannot be
// asked. What is left of the configuration is applied all the same.
func TestSilentMethod(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{NoHasUID: true}, Options{}, func(l *lab) {
		time.Sleep(time.Second)
		if err := l.s.Connect(l.ctx, &swallowing{l.wire.Adapter(), ncp.UIDBlynkSetConfigSkipLimit}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := l.s.Apply(l.ctx, sample())
		if p := ProblemOf(err); p == nil || p.Code != CodeTimeout {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
		st := l.s.State()
		for _, step := range st.Steps {
			want := StepDone
			if step.Method == "setConfigSkipLimit" {
				want = StepFailed
			}
			if step.Status != want {
				t.Errorf("%s: status %d", step.Method, step.Status)
			}
		}
		if st.Applied == nil || l.dev.Settings().TemplateID != "TMPL12345" || st.Link.BringUps != 1 {
			t.Error(brief(l.s))
		}
	})
}

// swallowing is an adapter on which the calls of one method get lost.
type swallowing struct {
	serial.Adapter
	uid uint16
}

func (s *swallowing) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	p, err := s.Adapter.Open(ctx, m)
	return &swallowingPort{p, []byte{0xAA, 0xBC, 0x67, byte(s.uid), byte(s.uid >> 8)}}, err
}

type swallowingPort struct {
	serial.Port
	head []byte
}

func (p *swallowingPort) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, p.head) {
		return len(b), nil
	}
	return p.Port.Write(b)
}
