package session

import (
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
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
