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

// TestSpeed measures, in virtual time, what the page promises about speed.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("moves megabytes over a simulated wire")
	}
	load := stubs(t)
	packer := new(cachedPacker)
	for _, tt := range []struct {
		chip    espsim.Chip
		baud    int
		latency int
		share   float64 // of the line rate, at least
	}{
		{espsim.ESP32, 921600, 1, 97}, {espsim.ESP32, 921600, 16, 90},
		{espsim.ESP32, 2000000, 1, 0}, {espsim.ESP32, 2000000, 16, 0},
		{espsim.ESP32C3, 921600, 1, 97}, {espsim.ESP8266, 921600, 1, 90},
	} {
		name := string(tt.chip) + "." + strconv.Itoa(tt.baud) + "." + strconv.Itoa(tt.latency) + "ms"
		t.Run(name, func(t *testing.T) {
			size := 1338368
			if tt.chip == espsim.ESP8266 {
				size = 515296
			}
			image := espsim.Image(espsim.ImageOptions{Chip: tt.chip, Size: size, Version: "0.6.9", Seed: 7, Ratio: 0.62})
			other := changed(t, tt.chip, image, size*3/100)
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, espsim.Options{Chip: tt.chip}, sim.WireOptions{
					Latency: time.Duration(tt.latency) * time.Millisecond, Reopen: 30 * time.Millisecond,
				})
				ctx := context.Background()
				var first time.Duration
				for i, data := range [][]byte{image, image, other} {
					began := time.Now()
					f := r.flasher(esp.Options{Baud: tt.baud, Stub: load, Packer: packer, Opened: 115200})
					if _, err := f.Connect(ctx); err != nil {
						t.Fatalf("connect: %v", err)
					}
					connected := time.Since(began)
					before := r.wire.Stats().ToDevice.Sent
					if err := f.Flash(ctx, imageOf(data)); err != nil {
						t.Fatalf("flash: %v", err)
					}
					took := time.Since(began)
					rep := f.Report()
					sent := r.wire.Stats().ToDevice.Sent - before
					wire := serial.Mode{Baud: tt.baud}.Wire(int(sent))
					share := 100 * float64(wire) / float64(rep.Phases[flash.PhaseWrite])
					t.Logf("%d: %v (connect %v compare %v write %v verify %v), %d bytes sent, %d packed, line %.1f %%, retries %d",
						i, took, connected, rep.Phases[flash.PhaseCompare], rep.Phases[flash.PhaseWrite], rep.Phases[flash.PhaseVerify], sent, rep.Packed, share, rep.Retries)
					if i == 0 {
						first = took
						if share < tt.share {
							t.Errorf("share of the line rate: %.1f %%", share)
						}
					} else {
						ratio := float64(took) / float64(first)
						t.Logf("   ratio %.3f", ratio)
						// Of long images at the usual rate and latency: what connecting takes is a
						// larger share of others.
						most := [...]float64{1: 0.10, 2: 0.25}[i]
						if tt.share >= 97 && ratio > most {
							t.Errorf("%d: %.3f of the first time", i, ratio)
						}
					}
				}
				if v := r.board.Violations(); len(v) > 0 {
					t.Errorf("violations: %q", v)
				}
			})
		})
	}
}
