package esp_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// TestConnect connects to every chip on every wiring and line, and starts it again.
func TestConnect(t *testing.T) {
	load := stubs(t)
	for _, c := range allChips {
		for _, w := range []struct {
			lines espsim.Lines
			reset string
		}{
			{espsim.Transistors, ""}, {espsim.Direct, esp.ByDirect}, {espsim.Inverted, esp.ByInverted},
			{espsim.USB, ""},
		} {
			if w.lines == espsim.USB && c != espsim.ESP32C3 && c != espsim.ESP32S3 {
				continue
			}
			for _, latency := range []int{1, 16} {
				for _, reopen := range []int{0, 30} {
					for _, baud := range []int{115200, 921600, 2000000} {
						name := string(c) + "." + strconv.Itoa(int(w.lines)) + "." + strconv.Itoa(baud) +
							"." + strconv.Itoa(latency) + "ms." + strconv.Itoa(reopen) + "ms"
						t.Run(name, func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) {
								wo := sim.WireOptions{
									Latency: time.Duration(latency) * time.Millisecond,
									Reopen:  time.Duration(reopen) * time.Millisecond,
								}
								if w.lines == espsim.USB {
									wo.Info = serial.Info{VendorID: 0x303A, ProductID: 0x1001}
								}
								r := newRig(t, espsim.Options{Chip: c, Lines: w.lines}, wo)
								f := r.flasher(esp.Options{Baud: baud, Stub: load, Reset: esp.ResetOf(w.reset), Opened: 115200})
								began := time.Now()
								d, err := f.Connect(t.Context())
								if err != nil {
									t.Fatalf("after %v: %v", time.Since(began), err)
								}
								t.Logf("connect %v, wire %v", time.Since(began), r.wire.Stats().ToDevice.Sent)
								if r.board.State() != espsim.Stub {
									t.Errorf("state: %v", r.board.State())
								}
								if x := f.Chip(); d.Flash != 4<<20 || d.Chip != esp.ChipOf(string(c)).Title ||
									d.MAC != "34:85:18:0c:2a:4f" || x.Crystal == 0 || !x.Stub {
									t.Errorf("%+v", x)
								}
								if w.lines == espsim.Transistors && f.Rate() != baud {
									t.Errorf("rate %d", f.Rate())
								}
								if err := f.Run(t.Context()); err != nil {
									t.Fatal(err)
								}
								b, err := f.Boot(t.Context(), 2*time.Second)
								if err != nil || b.Kind != esp.BootInvalid {
									t.Errorf("boot %v: %q, %v", b.Kind, b.Text, err)
								}
								if v := r.board.Violations(); len(v) > 0 {
									t.Error(v)
								}
								for _, e := range r.events {
									if e.Note != "" && (w.lines == espsim.Transistors || w.lines == espsim.USB) {
										t.Errorf("note: %s", e.Note)
									}
								}
							})
						})
					}
				}
			}
		}
	}
}

var _ = context.Background
var _ flash.Code
