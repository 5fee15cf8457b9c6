package session

import (
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

// TestMissingMethods: what the NCP is known to lack is not called: commands are refused
// with the method's name, steps of an apply are skipped.
func TestMissingMethods(t *testing.T) {
	has := func(uid uint16, args []any) ([]any, bool) {
		if uid != ncp.UIDNcpHasUID {
			return nil, false
		}
		asked, _ := args[0].(uint16)
		return []any{asked != ncp.UIDBlynkConfigStart && asked != ncp.UIDHwInitARGB && asked != ncp.UIDHwSetUartBaudRate}, true
	}
	inLab(t, usual(), ncpsim.Options{Override: has}, Options{}, func(l *lab) {
		l.connect()
		time.Sleep(5 * time.Second)
		p := ProblemOf(l.s.ConfigStart(l.ctx))
		if p == nil || p.Code != CodeRefused || !strings.HasPrefix(p.Detail, "configStart:") {
			t.Errorf("got %+v", p)
		}
		if p := ProblemOf(l.s.SetRate(l.ctx, 115200)); p == nil || p.Code != CodeRefused {
			t.Errorf("got %+v", p)
		}
		if err := l.s.Apply(l.ctx, sample()); err != nil {
			t.Error(err)
		}
		for _, s := range l.s.State().Steps {
			if want := s.Method == "initARGB"; (s.Status == StepSkipped) != want {
				t.Errorf("%+v", s)
			}
		}
		if n := l.dev.Called(ncp.UIDBlynkConfigStart) + l.dev.Called(ncp.UIDHwInitARGB); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestTimelineBounds: the newest events stay, in order.
func TestTimelineBounds(t *testing.T) {
	s := New(Options{})
	old := s.State().Events
	for i := range 3*MaxEvents + 7 {
		s.event(Event{Kind: EventNCP, Value: uint8(i)})
		if i == MaxEvents/2 {
			old = s.State().Events
		}
	}
	list := s.State().Events
	if len(list) != MaxEvents || len(old) != MaxEvents/2+1 || old[0].Value != 0 {
		t.Fatalf("%d and %d events", len(list), len(old))
	}
	for i, e := range list {
		if want := uint8(2*MaxEvents + 7 + i); e.Value != want {
			t.Fatalf("event %d is %d, not %d", i, e.Value, want)
		}
	}
}

// TestOtherDevice: values, configuration and rates of one device are not shown for
// another one; names stay.
func TestOtherDevice(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		if err := l.s.VirtualWrite(l.ctx, 3, "x"); err != nil {
			t.Fatal(err)
		}
		if err := l.s.NamePin(3, "Pump"); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Disconnect(l.ctx); err != nil {
			t.Fatal(err)
		}
		if st := l.s.State(); len(st.Pins) != 1 || st.Pins[0].Count != 1 || st.Applied != nil {
			t.Errorf("%+v", st.Pins)
		}
		w := usual()
		w.Info = serial.Info{VendorID: 7, ProductID: 8, Key: "0007:0008"}
		other := newLab(t, w, ncpsim.Options{}, Options{})
		defer other.close()
		time.Sleep(time.Second)
		if err := l.s.Connect(l.ctx, other.wire.Adapter()); err != nil {
			t.Fatal(err)
		}
		st := l.s.State()
		if p := st.Pins[0]; p.Count != 0 || len(p.Values) != 0 || p.Name != "Pump" || st.Port.VendorID != 7 {
			t.Errorf("%+v", p)
		}
	})
}

// TestLentPortClosed: a borrower that closes the port ends only its own use.
func TestLentPortClosed(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		port := lease.Port()
		if port.Info() != usual().Info {
			t.Errorf("%+v", port.Info())
		}
		if err := port.SetSignals(l.ctx, serial.Signals{DTR: serial.Off, RTS: serial.Off}); err != nil {
			t.Error(err)
		}
		if lines := l.wire.UART().Lines(); lines.DTR || lines.RTS {
			t.Errorf("%+v", lines)
		}
		if err := port.Close(); err != nil {
			t.Error(err)
		}
		if !l.wire.UART().Lines().Open {
			t.Error("the line is closed")
		}
		lease.Return()
		l.untilPhase(5*time.Second, PhaseReady)
	})
}
