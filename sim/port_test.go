package sim

import (
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/serial/serialtest"
)

func rig(o WireOptions) func(t *testing.T) serialtest.Rig {
	return func(t *testing.T) serialtest.Rig {
		m := serial.Mode{Baud: 460800}
		w := NewWire(o)
		t.Cleanup(w.Close)
		u := w.UART()
		if err := u.SetMode(m); err != nil {
			t.Fatal(err)
		}
		return serialtest.Rig{
			Adapter:     w.Adapter(),
			Mode:        m,
			Peer:        u,
			SetPeerMode: u.SetMode,
			Unplug:      w.Unplug,
			Plug:        w.Plug,
			Lines: func() (bool, bool) {
				l := u.Lines()
				return l.DTR, l.RTS
			},
			Stuck:  2 << 20,
			Settle: 30 * time.Millisecond,
		}
	}
}

func TestPort(t *testing.T) { serialtest.TestPort(t, rig(WireOptions{})) }

func TestPortUSB(t *testing.T) {
	serialtest.TestPort(t, rig(WireOptions{
		Latency: 3 * time.Millisecond,
		Reopen:  5 * time.Millisecond,
		Info:    serial.Info{VendorID: 0x0403, ProductID: 0x6001, Name: "simulated", Key: "0403:6001"},
	}))
}
