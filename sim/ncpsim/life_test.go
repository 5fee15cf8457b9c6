package ncpsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ncpweb/serial"
)

func wantInts(t *testing.T, what string, got []int, want ...int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}

func TestBootLog(t *testing.T) {
	const firmware = "[rpc port] Blynk.NCP started\r\nVersion: 0.7.0, Build: Nov  2 2026 09:30:00\r\n"
	t.Run("at its rate", func(t *testing.T) {
		live(t, Options{Baud: 115200}, 115200, func(h *host) {
			time.Sleep(time.Second)
			if got := h.heard(); !strings.HasPrefix(got, "ets Jul") || !strings.HasSuffix(got, firmware) {
				t.Errorf("heard %q", got)
			}
		})
	})
	t.Run("the ROM at another rate", func(t *testing.T) {
		live(t, Options{}, 38400, func(h *host) {
			time.Sleep(time.Second)
			if got := h.heard(); strings.Contains(got, "ets Jul") || !strings.HasSuffix(got, firmware) {
				t.Errorf("heard %q", got)
			}
		})
	})
	t.Run("none of the ROM", func(t *testing.T) {
		live(t, Options{NoROMLog: true}, 38400, func(h *host) {
			time.Sleep(time.Second)
			if got := h.heard(); got != firmware {
				t.Errorf("heard %q", got)
			}
		})
	})
	t.Run("ESP8266", func(t *testing.T) {
		live(t, Options{Chip: ESP8266}, 74880, func(h *host) {
			time.Sleep(200 * time.Millisecond)
			if got := h.heard(); got != romESP8266 {
				t.Errorf("heard %q", got)
			}
		})
	})
}

// TestInitialized: it runs with a product from the first start on; a restart ends that.
func TestInitialized(t *testing.T) {
	live(t, Options{Provisioned: true, Initialized: true}, 38400, func(h *host) {
		time.Sleep(3 * time.Second)
		h.want(uint8(StateConnected), uidGetState)
		h.want(true, uidReboot)
		time.Sleep(3 * time.Second)
		h.want(uint8(StateNotInitialized), uidGetState)
	})
}

func TestInitialize(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(uint8(StateNotInitialized), uidGetState)
		h.want(false, uidGetHotspot)
		h.want(false, uidConfigStart)
		for _, bad := range [][2]string{{"", ""}, {"TMPL", "x"}, {"TMPLx", ""}, {"XMPL123", "x"}} {
			h.want(false, uidInitialize, bad[0], bad[1])
		}
		h.want(uint8(StateNotInitialized), uidGetState)
		h.want(true, uidInitialize, "TMPL0vFkFmJM7", "QPower")
		h.want(uint8(StateIdle), uidGetState)
		if got := h.call(uidGetHotspot); got[0] != "Blynk QPower-2A4F" {
			t.Errorf("hotspot %q", got)
		}
		h.want(true, uidSetVendorPrefix, "Acme")
		if got := h.call(uidGetHotspot); got[0] != "Acme QPower-2A4F" {
			t.Errorf("hotspot %q", got)
		}
		wantInts(t, "states", h.told(uidStateChange), 1)
	})
}

func TestProvisioning(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		h.up()
		h.want(false, uidIsConfigured)
		h.want(false, uidConfigStop)
		if h.n.Provision() {
			t.Error("provisioned without configuration mode")
		}
		h.want(true, uidConfigStart)
		h.want(uint8(StateConfiguration), uidGetState)
		h.want(false, uidGetTime)
		h.want(false, uidGetLocation)
		if !h.n.Provision() {
			t.Error("not provisioned in configuration mode")
		}
		time.Sleep(2 * time.Second)
		h.want(true, uidIsConfigured)
		wantInts(t, "states", h.told(uidStateChange), 1, 2, 3, 4, 5)
		wantInts(t, "events", h.told(uidEvent), 20, 21, 22)
		h.want(true, uidGetTime)
		if got := h.call(uidGetLocation); got[2] != "Europe/Kyiv" {
			t.Errorf("place %q", got)
		}
		h.want(true, uidConfigReset)
		h.want(false, uidIsConfigured)
		h.want(uint8(StateIdle), uidGetState)
	})
}

func TestConfigurationTimeout(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		h.up()
		for s, ok := range map[uint16]bool{0: false, 59: false, 60: true, 3600: true, 3601: false} {
			h.want(ok, uidConfigTimeout, s)
		}
		for c, ok := range map[uint8]bool{0: true, 1: false, 4: false, 5: true, 50: true, 51: false} {
			h.want(ok, uidConfigSkip, c)
		}
		h.want(true, uidConfigTimeout, uint16(60))
		h.want(true, uidConfigStart)
		for range 6 {
			h.want(uint8(StateConfiguration), uidGetState)
			time.Sleep(9900 * time.Millisecond)
		}
		time.Sleep(time.Second)
		h.want(uint8(StateIdle), uidGetState)
	})
}

func TestRateChange(t *testing.T) {
	live(t, Options{MaxBaud: 460800}, 38400, func(h *host) {
		time.Sleep(time.Second)
		for _, bad := range []uint32{0, 1, 299, 460801, 1 << 31} {
			h.want(false, uidSetBaud, bad)
		}
		h.want(true, uidSetBaud, uint32(460800))
		if err := h.port.SetMode(h.ctx, serial.Mode{Baud: 460800}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		h.call(uidPing)

		// An MCU that comes back finds it where it was left.
		_ = h.port.SetMode(h.ctx, serial.Mode{Baud: 38400})
		if _, _, err := h.try(100*time.Millisecond, uidPing); err != errSilent {
			t.Errorf("answered at 38400: %v", err)
		}
		_ = h.port.SetMode(h.ctx, serial.Mode{Baud: 460800})
		h.write([]byte{end}) // the noise may have opened a frame
		h.call(uidPing)

		// A restart brings the initial rate back.
		h.want(true, uidReboot)
		time.Sleep(time.Second)
		_ = h.port.SetMode(h.ctx, serial.Mode{Baud: 38400})
		h.call(uidPing)
	})
}

func TestBadRate(t *testing.T) {
	live(t, Options{BadRates: []int{921600}}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(true, uidSetBaud, uint32(921600))
		_ = h.port.SetMode(h.ctx, serial.Mode{Baud: 921600})
		for range 3 {
			if _, _, err := h.try(100*time.Millisecond, uidPing); err != errSilent {
				t.Errorf("answered at a bad rate: %v", err)
			}
		}
	})
}

func TestLiveness(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		h.up()
		heard := time.Now()
		time.Sleep(time.Until(heard.Add(24900 * time.Millisecond)))
		if h.pings() != 0 {
			t.Error("pinged before 25 s of silence")
		}
		time.Sleep(200 * time.Millisecond)
		if h.pings() != 1 {
			t.Error("did not ping after 25 s of silence")
		}
		// Answered pings keep it alive: one each 25 s.
		time.Sleep(100 * time.Second)
		if h.pings() != 5 || h.n.Stats().Unanswered != 0 || h.n.State() != StateIdle {
			t.Errorf("%d pings, %+v, state %d", h.pings(), h.n.Stats(), h.n.State())
		}

		h.forget()
		h.setAnswer(false)
		time.Sleep(25 * time.Second)
		boots := h.n.Stats().Boots
		time.Sleep(24 * time.Second)
		if h.pings() != 5 || h.n.Stats().Boots != boots {
			t.Errorf("%d pings, %d boots", h.pings(), h.n.Stats().Boots-boots)
		}
		time.Sleep(3 * time.Second)
		if h.pings() != 5 || h.n.Stats().Boots != boots+1 || h.n.State() != StateNotInitialized {
			t.Errorf("%d pings, %d boots, state %d", h.pings(), h.n.Stats().Boots-boots, h.n.State())
		}
		wantInts(t, "events", h.told(uidEvent), 1)
	})
}

func TestRestarts(t *testing.T) {
	live(t, Options{Provisioned: true, NoROMLog: true}, 38400, func(h *host) {
		h.up()
		h.want(true, uidInitLED, uint16(4), true)
		h.want(true, uidSetBrightness, uint8(9))
		time.Sleep(2 * time.Second)
		h.want(uint8(StateConnected), uidGetState)
		h.forget()

		h.want(true, uidReboot)
		time.Sleep(time.Second)
		wantInts(t, "events", h.told(uidEvent), 1)
		h.want(uint8(StateNotInitialized), uidGetState)
		if s := h.n.Settings(); s.LED != nil || s.Brightness != nil || s.TemplateID != "" {
			t.Errorf("kept %+v", s)
		}
		h.want(true, uidIsConfigured)

		h.up()
		time.Sleep(2 * time.Second)
		h.forget()
		h.n.Crash()
		time.Sleep(time.Second)
		wantInts(t, "events", h.told(uidEvent))
		wantInts(t, "states", h.told(uidStateChange))
		if got := h.heard(); !strings.HasPrefix(got, "[rpc port]") {
			t.Errorf("heard %q", got)
		}
		h.want(uint8(StateNotInitialized), uidGetState)

		h.want(true, uidFactoryReset)
		time.Sleep(time.Second)
		h.want(false, uidIsConfigured)
	})
}

func TestPinReset(t *testing.T) {
	live(t, Options{}, 115200, func(h *host) {
		time.Sleep(time.Second)
		boots := h.n.Stats().Boots
		set := func(dtr, rts serial.Level) {
			if err := h.port.SetSignals(h.ctx, serial.Signals{DTR: dtr, RTS: rts}); err != nil {
				t.Fatal(err)
			}
		}
		set(serial.Off, serial.Off) // DTR falls first: a pulse too short to reset
		time.Sleep(time.Second)
		if got := h.n.Stats().Boots; got != boots {
			t.Fatalf("%d boots by a short pulse", got-boots)
		}
		set(serial.Off, serial.On)
		time.Sleep(100 * time.Millisecond)
		h.forget()
		set(serial.Off, serial.Off)
		time.Sleep(time.Second)
		if got := h.n.Stats().Boots; got != boots+1 || !strings.HasPrefix(h.heard(), "ets Jul") {
			t.Errorf("%d boots, heard %q", got-boots, h.heard())
		}

		set(serial.Off, serial.On)
		time.Sleep(100 * time.Millisecond)
		h.forget()
		set(serial.On, serial.Off)
		time.Sleep(50 * time.Millisecond)
		set(serial.Off, serial.Off)
		time.Sleep(time.Second)
		if !strings.HasSuffix(h.heard(), "waiting for download\r\n") {
			t.Errorf("heard %q", h.heard())
		}
	})
}

func TestButton(t *testing.T) {
	live(t, Options{Provisioned: true}, 38400, func(h *host) {
		h.up()
		time.Sleep(2 * time.Second)
		if h.n.Click() || h.n.Hold(time.Second) {
			t.Error("a button that nobody set up")
		}
		h.want(true, uidInitButton, uint16(0), true)
		h.forget()
		h.n.Click()
		h.n.DoubleClick()
		h.n.Hold(2 * time.Second)
		time.Sleep(3 * time.Second)
		wantInts(t, "events", h.told(uidEvent), 10, 11, 12, 13)

		h.forget()
		h.n.Hold(16 * time.Second)
		time.Sleep(17 * time.Second)
		wantInts(t, "events", h.told(uidEvent), 12, 16, 17, 13)
		if !h.n.Provisioned() {
			t.Error("a cancelled reset took the configuration")
		}

		h.forget()
		h.n.Hold(12 * time.Second)
		time.Sleep(13 * time.Second)
		wantInts(t, "events", h.told(uidEvent), 12, 16, 13, 18)
		if h.n.Provisioned() || h.n.State() != StateIdle {
			t.Error("a reset left the configuration")
		}
	})
}

func TestNetworkLossAndReturn(t *testing.T) {
	live(t, Options{Provisioned: true, Offline: true}, 38400, func(h *host) {
		h.up()
		time.Sleep(5 * time.Second)
		h.want(uint8(StateConnectingNetwork), uidGetState)
		h.n.SetOnline(true)
		if err := h.n.WaitState(h.ctx, StateConnected); err != nil {
			t.Fatal(err)
		}
		h.n.SetOnline(false)
		time.Sleep(time.Second)
		h.want(uint8(StateConnectingNetwork), uidGetState)
		wantInts(t, "states", h.told(uidStateChange), 3, 4, 5, 3)
	})
}

func TestTime(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(false, uidSetTime, int64(-1))
		h.want(false, uidSetTime, int64(1)<<62)
		h.want(false, uidGetTime)
		h.want(true, uidSetTime, int64(1782864000000)) // 2026-07-01T00:00:00Z
		time.Sleep(10 * time.Second)
		got := h.call(uidGetTime)
		if ms := got[1].(int64); ms < 1782864010000 || ms > 1782864010100 {
			t.Errorf("time %d", ms)
		}
		if iso := got[0].(string); iso != "2026-07-01T03:00:10+03:00" {
			t.Errorf("time %q", iso)
		}
		if s := fmt.Sprint(got[2:]); s != "[180 EEST 2 true]" {
			t.Errorf("zone %s", s)
		}
		wantInts(t, "events", h.told(uidEvent), 22)
	})
}

func TestZones(t *testing.T) {
	kyiv, _ := ZoneByName("Europe/Kyiv")
	johns, _ := ZoneByName("America/St_Johns")
	utc, _ := ZoneByName("UTC")
	for _, c := range []struct {
		zone   Zone
		at     string
		offset int16
		abbrev string
		dst    uint8
	}{
		{kyiv, "2026-03-29T00:59:59Z", 120, "EET", dstInactive},
		{kyiv, "2026-03-29T01:00:00Z", 180, "EEST", dstActive},
		{kyiv, "2026-10-25T00:59:59Z", 180, "EEST", dstActive},
		{kyiv, "2026-10-25T01:00:00Z", 120, "EET", dstInactive},
		{johns, "2026-03-08T05:29:59Z", -210, "NST", dstInactive},
		{johns, "2026-03-08T05:30:00Z", -150, "NDT", dstActive},
		{johns, "2026-11-01T04:29:59Z", -150, "NDT", dstActive},
		{johns, "2026-11-01T04:30:00Z", -210, "NST", dstInactive},
		{utc, "2026-07-01T00:00:00Z", 0, "UTC", dstNotApplicable},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if o, a, d := c.zone.at(at); o != c.offset || a != c.abbrev || d != c.dst {
			t.Errorf("%s at %s: %d %s %d, want %d %s %d", c.zone.Olson, c.at, o, a, d, c.offset, c.abbrev, c.dst)
		}
	}
	if _, ok := ZoneByName("Mars/Gale"); ok {
		t.Error("a zone on Mars")
	}
}

func TestFactoryTests(t *testing.T) {
	o := Options{Factory: Factory{Networks: []Network{{"office", "secret", -61}, {"weak", "p", -86}, {"edge", "p", -85}}}}
	live(t, o, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(testOK, uidFactoryAP, uint16(6))
		h.want(testInvalid, uidFactoryAP, uint16(0))
		h.want(testWiFiFailed, uidFactoryConnect)
		h.want(testWiFiFailed, uidFactoryWiFi, "office", "wrong")
		h.want(testLowRSSI, uidFactoryWiFi, "weak", "p")
		h.want(testWiFiFailed, uidFactoryConnect)
		h.want(testOK, uidFactoryWiFi, "edge", "p")
		h.want(testInvalid, uidFactoryWiFi, "", "")
		begin := time.Now()
		if got := h.call(uidFactoryWiFi, "office", "secret"); fmt.Sprint(got) != "[-61 1]" {
			t.Errorf("test %v", got)
		}
		if took := time.Since(begin); took < 1500*time.Millisecond || took > 1600*time.Millisecond {
			t.Errorf("test took %v", took)
		}
		h.want(testOK, uidFactoryConnect)
		h.n.SetFactory(Factory{NoInternet: true})
		h.want(testNoInternet, uidFactoryConnect)
		h.n.SetFactory(Factory{Broken: true})
		h.want(testFailure, uidFactoryAP, uint16(1))
	})
	live(t, Options{Provisioned: true}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(testFailure, uidFactoryWiFi, "office", "secret")
	})
}

func TestAbilities(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		for uid := range h.n.methods {
			h.want(true, uidHasUID, uid)
		}
		if len(h.n.methods)+len(h.n.calls) != 57 {
			t.Errorf("%d + %d methods", len(h.n.methods), len(h.n.calls))
		}
		h.want(false, uidHasUID, uint16(uidMCUPing))
	})
	live(t, Options{Version: "0.6.3"}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.want(false, uidHasUID, uint16(uidOTASuspend))
		if _, _, err := h.try(2*time.Second, uidOTASuspend, uint16(1)); err != errSilent {
			t.Errorf("an absent method: %v", err)
		}
	})
	live(t, Options{NoHasUID: true}, 38400, func(h *host) {
		time.Sleep(time.Second)
		if _, _, err := h.try(2*time.Second, uidHasUID, uint16(uidPing)); err != errSilent {
			t.Errorf("an absent method: %v", err)
		}
		h.call(uidPing)
	})
}
