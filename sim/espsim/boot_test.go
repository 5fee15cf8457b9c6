package espsim

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// until waits for a state.
func (h *host) until(s State) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 5*time.Second)
	defer cancel()
	if err := h.b.WaitState(ctx, s); err != nil {
		h.t.Fatalf("state %v, want %v", h.b.State(), s)
	}
}

// step sets the lines one after the other, so that the order is the test's.
func (h *host) step(s serial.Signals, wait time.Duration) {
	h.t.Helper()
	if err := h.p.SetSignals(h.t.Context(), s); err != nil {
		h.t.Fatal(err)
	}
	time.Sleep(wait)
}

var (
	d0 = serial.Signals{DTR: serial.Off}
	d1 = serial.Signals{DTR: serial.On}
	r0 = serial.Signals{RTS: serial.Off}
	r1 = serial.Signals{RTS: serial.On}
)

// usbReset is the sequence for USB-Serial/JTAG of sheet section 3.
func (h *host) usbReset() {
	for _, s := range []serial.Signals{r0, d0} {
		h.step(s, 0)
	}
	time.Sleep(100 * time.Millisecond)
	h.step(d1, 0)
	h.step(r0, 100*time.Millisecond)
	h.step(r1, 0)
	h.step(d0, 0)
	h.step(r1, 100*time.Millisecond)
	h.step(d0, 0)
	h.step(r0, 0)
}

// What ROMs print is what real ones do: with each chip the mode can be told.
func TestBootLogs(t *testing.T) {
	want := map[Chip][3]string{ // started, in the loader, without firmware
		ESP8266: {"boot mode:(3,6)", "boot mode:(1,6)", "wdt reset"},
		ESP32:   {"boot:0x13 (SPI_FAST_FLASH_BOOT)", "boot:0x3 (DOWNLOAD_BOOT", "invalid header: 0xffffffff"},
		ESP32C3: {"boot:0xc (SPI_FAST_FLASH_BOOT)", "boot:0x4 (DOWNLOAD(", "invalid header: 0xffffffff"},
		ESP32S3: {"boot:0x8 (SPI_FAST_FLASH_BOOT)", "boot:0x0 (DOWNLOAD(", "invalid header: 0xffffffff"},
	}
	each(t, func(t *testing.T, c Chip) {
		baud := 115200
		if c == ESP8266 {
			baud = 74880 // sheet, section 2
		}
		h := newHost(t, Options{Chip: c, Content: Image(ImageOptions{Chip: c, Version: "3.1.4", Size: 128 << 10})},
			sim.WireOptions{}, baud)
		h.until(Running)
		if text := string(h.collect(100 * time.Millisecond)); !strings.Contains(text, want[c][0]) {
			t.Errorf("started: %q", text)
		}
		if text := h.classic(); !strings.Contains(text, want[c][1]) ||
			c != ESP8266 && !strings.Contains(text, "waiting for download") {
			t.Errorf("loader: %q", text)
		}
		h.run()
		if err := h.p.SetMode(t.Context(), serial.Mode{Baud: 38400}); err != nil {
			t.Fatal(err)
		}
		if text := string(h.collect(time.Second)); !strings.Contains(text, "Version: 3.1.4") {
			t.Errorf("firmware: %q", text)
		}

		h = newHost(t, Options{Chip: c}, sim.WireOptions{}, baud)
		h.until(Stuck)
		text := string(h.collect(2 * time.Second))
		if n := strings.Count(text, want[c][0]); !strings.Contains(text, want[c][2]) || n < 3 || n > 8 {
			t.Errorf("without firmware, %d times: %q", n, text)
		}
	})
}

// A pulse that is shorter than a capacitor at EN needs is no reset.
func TestGlitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: Image(ImageOptions{Size: 128 << 10})}, sim.WireOptions{}, 115200)
		h.until(Running)
		for range 5 {
			h.lines(false, false) // DTR first: RTS alone for a moment
			h.lines(true, true)
		}
		time.Sleep(10 * time.Millisecond)
		if s := h.b.Stats(); s.Resets != 1 {
			t.Errorf("%d starts", s.Resets)
		}
	})
}

func TestWirings(t *testing.T) {
	img := Image(ImageOptions{Size: 128 << 10})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: img, Lines: Direct}, sim.WireOptions{}, 115200)
		h.step(d0, 10*time.Millisecond)
		if h.until(Reset); h.b.State() != Reset { // opened with RTS: in reset
			t.Error("not in reset")
		}
		h.step(r0, 0)
		h.until(Running)
		h.step(d1, 0)
		h.step(r1, 100*time.Millisecond)
		h.step(r0, 50*time.Millisecond)
		h.until(Download)
		h.sync()
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: img, Lines: Inverted}, sim.WireOptions{}, 115200)
		h.until(Download) // opened with both: runs, strap low
		h.collect(50 * time.Millisecond)
		h.sync()
		h.step(d0, 0)
		h.step(r0, 100*time.Millisecond)
		h.until(Reset)
		h.step(r1, 0)
		h.until(Running)
		h.step(d1, 0)
		h.step(r0, 100*time.Millisecond)
		h.step(r1, 100*time.Millisecond)
		h.until(Download)
		h.sync()
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: img, Lines: Manual}, sim.WireOptions{}, 115200)
		h.until(Running)
		h.classic()
		if h.b.State() != Running {
			t.Errorf("the lines do something: %v", h.b.State())
		}
		if err := h.b.Press(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.until(Download)
		h.collect(50 * time.Millisecond)
		h.sync()
		if err := h.b.Tap(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.until(Running)
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: img, Strap: true}, sim.WireOptions{}, 115200)
		h.until(Download)
		h.run()
		h.until(Download)
	})
}

func TestUSB(t *testing.T) {
	for _, c := range []Chip{ESP32C3, ESP32S3} {
		synctest.Test(t, func(t *testing.T) {
			h := newHost(t, Options{Chip: c, Content: Image(ImageOptions{Chip: c, Size: 128 << 10}), Lines: USB},
				sim.WireOptions{}, 38400)
			h.until(Running)
			h.usbReset()
			h.until(Download)
			h.collect(50 * time.Millisecond)
			if h.sync() != syncValue {
				t.Error("no ROM")
			}
			if err := h.p.SetMode(t.Context(), serial.Mode{Baud: 500_000}); err != nil { // means nothing
				t.Fatal(err)
			}
			h.sync()

			time.Sleep(5 * time.Second) // the watchdogs end it
			if s := h.b.Stats(); s.Resets < 3 {
				t.Errorf("%d starts", s.Resets)
			}

			h.usbReset()
			h.until(Download)
			h.collect(50 * time.Millisecond)
			h.sync()
			h.stopWatchdogs()
			resets := h.b.Stats().Resets
			time.Sleep(10 * time.Second)
			if s := h.b.Stats(); s.Resets != resets {
				t.Error("reset by watchdogs that were stopped")
			}

			h.stub()
			h.watchdogReset()
			time.Sleep(time.Second)
			h.until(Running)
		})
	}
}

func (h *host) writeReg(status int, addr, value uint32) {
	h.t.Helper()
	h.send(opWriteReg, addr, value, 0xFFFFFFFF, 0)
	h.ok(opWriteReg, 0, status, time.Second)
}

// stopWatchdogs is what sheet section 15 says.
func (h *host) stopWatchdogs() {
	w := h.b.chip.wdt
	h.writeReg(4, w.protect, wdtKey)
	h.writeReg(4, w.config0, 0)
	h.writeReg(4, w.protect, 0)
	h.writeReg(4, w.swdProtect, swdKey)
	h.writeReg(4, w.swd, 1<<31)
	h.writeReg(4, w.swdProtect, 0)
}

// watchdogReset lets the watchdog start the firmware, from the stub.
func (h *host) watchdogReset() {
	w := h.b.chip.wdt
	h.writeReg(2, w.protect, wdtKey)
	h.writeReg(2, w.config1, 2000)
	h.writeReg(2, w.config0, 1<<31|5<<28|1<<8|2)
	h.writeReg(2, w.protect, 0)
}

// A chip that a hand brought into its loader stays there after the reset of
// USB-Serial/JTAG, which samples no strap; RESET gets it out.
func TestUSBStrapStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Content: Image(ImageOptions{Size: 128 << 10}), Lines: USB}, sim.WireOptions{}, 115200)
		h.until(Running)
		if err := h.b.Press(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.until(Download)
		h.step(d0, 0)
		h.step(r1, 200*time.Millisecond)
		h.step(r0, 200*time.Millisecond)
		h.until(Download)
		if err := h.b.Tap(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.until(Running)
	})
}

// An NCP keeps that it is provisioned in its settings: an update that leaves them alone
// leaves it provisioned, and erasing everything makes it as new.
func TestSettingsStay(t *testing.T) {
	each(t, func(t *testing.T, c Chip) {
		img := Image(ImageOptions{Chip: c, Size: 128 << 10})
		o := Options{Chip: c, Content: img, NCP: ncpsim.Options{Provisioned: true}}
		h := newHost(t, o, sim.WireOptions{}, 115200)
		h.until(Running)
		first := h.b.NCP()
		if !first.Provisioned() {
			t.Fatal("not provisioned at first")
		}
		h.classic()
		h.sync()
		h.stub()
		next := Image(ImageOptions{Chip: c, Size: 128 << 10, Version: "0.9.0"})
		if c == ESP8266 {
			h.deflate(0, next)
		} else {
			h.deflate(0, next[:nvsAt])
			h.deflate(appAt, next[appAt:])
		}
		h.run()
		h.until(Running)
		if n := h.b.NCP(); n == first || !n.Provisioned() {
			t.Error("the new firmware is the old one, or has lost its settings")
		}
		h.classic()
		h.sync()
		h.stub()
		h.send(opEraseFlash)
		h.ok(opEraseFlash, 0, 2, 20*time.Second)
		h.deflate(0, next)
		h.run()
		h.until(Running)
		if h.b.NCP().Provisioned() {
			t.Error("provisioned although everything was erased")
		}
	})
}

// Power that comes back finds the flash as it was.
func TestPowerCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWire(sim.WireOptions{})
		defer w.Close()
		b := New(Options{Content: Image(ImageOptions{Size: 128 << 10})})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sim.Power(ctx, w, b) }()
		for range 3 {
			if err := b.WaitState(ctx, Running); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			w.Unplug()
			if err := b.WaitState(ctx, Off); err != nil {
				t.Fatal(err)
			}
			w.Plug()
		}
		if err := b.WaitState(ctx, Running); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if n := b.NCP().Stats().Boots; n != 4 {
			t.Errorf("the NCP started %d times", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// The wire that closes ends the life with its error, whatever runs.
func TestWireCloses(t *testing.T) {
	for _, content := range [][]byte{nil, Image(ImageOptions{Size: 128 << 10})} {
		for _, strap := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := sim.NewWire(sim.WireOptions{})
				b := New(Options{Content: content, Strap: strap})
				done := make(chan error, 1)
				go func() { done <- sim.Run(t.Context(), w, b) }()
				time.Sleep(time.Second)
				w.Close()
				if err := <-done; err == nil {
					t.Error("no error")
				}
			})
		}
	}
}

// ROM: FLASH_END with 0 starts the chip anew, in the mode that the strap had.
func TestSoftwareReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := romHost(t, Options{Chip: ESP32})
		h.send(opFlashEnd, 0)
		h.ok(opFlashEnd, 0, 4, time.Second)
		text := string(h.collect(100 * time.Millisecond))
		if !strings.Contains(text, "SW_CPU_RESET") || !strings.Contains(text, "waiting for download") {
			t.Errorf("%q", text)
		}
		h.sync()
	})
}
