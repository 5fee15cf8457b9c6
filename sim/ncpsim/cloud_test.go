package ncpsim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ncpweb/serial"
)

func online(t *testing.T, o Options, f func(h *host)) {
	t.Helper()
	o.Provisioned = true
	live(t, o, 38400, func(h *host) {
		h.up()
		if err := h.n.WaitState(h.ctx, StateConnected); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		h.forget()
		f(h)
	})
}

func TestCloudKeepsWhatTheDeviceWrites(t *testing.T) {
	online(t, Options{}, func(h *host) {
		c := h.n.Cloud()
		h.notify(uidVirtualWrite, uint16(1), []byte("23.5"))
		h.notify(uidVirtualWrite, uint16(7), []byte("a\x00b"))
		h.notify(uidSetProperty, uint16(1), "color", []byte("#FF0000"))
		h.notify(uidSetProperty, uint16(1), "labels", []byte("One\x00Two"))
		h.notify(uidLogEvent, "fire", "It burns")
		h.notify(uidLogEvent, "fire", "")
		h.notify(uidLogEvent, "flood", "")
		h.notify(uidResolve, "fire")
		h.notify(uidSetMetadata, "SerialNumber", "A-0017")
		h.notify(uidBeginGroup, int64(1767225600000))
		h.notify(uidVirtualWrite, uint16(2), []byte("1"))
		h.notify(uidVirtualWrite, uint16(3), []byte("2"))
		h.notify(uidEndGroup)
		h.call(uidPing)

		if err := c.WaitPin(h.ctx, 7, "a", "b"); err != nil {
			t.Error(err)
		}
		if p, ok := c.Pin(1); !ok || !p.FromDevice || !slices.Equal(p.Values, []string{"23.5"}) || p.Writes != 1 {
			t.Errorf("pin %+v", p)
		}
		if got := fmt.Sprint(c.Properties(1)); got != "map[color:[#FF0000] labels:[One Two]]" {
			t.Errorf("properties %s", got)
		}
		var events []string
		for _, e := range c.Events() {
			events = append(events, fmt.Sprint(e.Code, "/", e.Description, "/", e.Resolved))
		}
		if !slices.Equal(events, []string{"fire/It burns/false", "fire//true", "flood//false"}) {
			t.Errorf("events %q", events)
		}
		h.notify(uidResolveAll, "fire")
		h.call(uidPing)
		if e := c.Events(); !e[0].Resolved || e[2].Resolved {
			t.Errorf("events %+v", e)
		}
		if c.Metadata()["SerialNumber"] != "A-0017" {
			t.Errorf("metadata %v", c.Metadata())
		}
		g := c.Groups()
		if len(g) != 1 || g[0].Time.UnixMilli() != 1767225600000 || fmt.Sprint(g[0].Writes) != "[{2 [1]} {3 [2]}]" {
			t.Errorf("groups %+v", g)
		}
		if p, _ := c.Pin(3); p.Time.UnixMilli() != 1767225600000 {
			t.Errorf("pin of a group %+v", p)
		}
		if len(h.pins()) != 0 {
			t.Errorf("told %q of what the device wrote itself", h.pins())
		}
	})
}

func TestCloudChangesAndSync(t *testing.T) {
	online(t, Options{}, func(h *host) {
		c := h.n.Cloud()
		if err := c.Set(5, "on"); err != nil {
			t.Fatal(err)
		}
		_ = c.Set(255, "1", "", "3")
		time.Sleep(50 * time.Millisecond)
		h.notify(uidVirtualWrite, uint16(1), []byte("7"))
		h.notify(uidSetProperty, uint16(9), "label", []byte("x")) // a pin without a value
		want := []string{"V5=on", "V255=1||3"}
		check := func(what string) {
			t.Helper()
			h.call(uidPing)
			time.Sleep(100 * time.Millisecond)
			if got := h.pins(); !slices.Equal(got, want) {
				t.Errorf("%s: told %q, want %q", what, got, want)
			}
		}
		check("changes")
		h.notify(uidSyncVirtual, []byte("1\x00255\x0077\x00\x00nonsense\x0099999"))
		want = append(want, "V1=7", "V255=1||3")
		check("sync of pins")
		h.notify(uidSyncAll)
		want = append(want, "V1=7", "V5=on", "V255=1||3")
		check("sync of all")

		h.n.SetOnline(false)
		_ = c.Set(5, "off")
		h.notify(uidVirtualWrite, uint16(1), []byte("lost"))
		check("offline")
		if p, _ := c.Pin(1); p.Values[0] != "7" {
			t.Error("the cloud heard a device that is offline")
		}
		h.n.SetOnline(true)
		time.Sleep(2 * time.Second)
		h.notify(uidSyncVirtual, []byte("5"))
		want = append(want, "V5=off")
		check("online again")
	})
}

func TestCloudRefusesValues(t *testing.T) {
	c := New(Options{}).Cloud()
	if err := c.Set(1, "a\x00b"); err != ErrValue {
		t.Errorf("a NUL: %v", err)
	}
	if err := c.Set(1, strings.Repeat("x", maxPinValue+1)); err != ErrValue {
		t.Errorf("too long: %v", err)
	}
	if err := c.Set(1, strings.Repeat("x", maxPinValue)); err != nil {
		t.Error(err)
	}
	for pin := range maxCloudPins {
		_ = c.Set(uint16(pin), "x")
	}
	if err := c.Set(maxCloudPins, "x"); err != ErrPins {
		t.Errorf("too many: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.WaitPin(ctx, 1, "x"); err == nil {
		t.Error("took a value of the dashboard for one of the device")
	}
}

func TestDashboard(t *testing.T) {
	online(t, Options{Dashboard: Dashboard{Period: time.Second}}, func(h *host) {
		time.Sleep(20 * time.Second)
		seen := map[string]int{}
		for _, p := range h.pins() {
			pin, _, _ := strings.Cut(p, "=")
			seen[pin]++
		}
		if got := fmt.Sprint(seen); got != "map[V1:20 V2:4 V3:5 V4:10]" {
			t.Errorf("changes %s", got)
		}
	})
}

func TestLoad(t *testing.T) {
	online(t, Options{Dashboard: Dashboard{Load: 5000, LoadPins: 50}}, func(h *host) {
		h.want(true, uidSetBaud, uint32(2000000))
		_ = h.port.SetMode(h.ctx, serial.Mode{Baud: 2000000})
		time.Sleep(100 * time.Millisecond)
		h.write([]byte{end})
		h.call(uidPing)
		h.forget()
		time.Sleep(2 * time.Second)
		if got := len(h.pins()); got < 9900 || got > 10100 {
			t.Errorf("%d changes in 2 s, want about 10000", got)
		}
		begin := time.Now()
		h.call(uidPing)
		if took := time.Since(begin); took > 20*time.Millisecond {
			t.Errorf("a ping under load took %v", took)
		}
	})
	online(t, Options{Dashboard: Dashboard{Load: 5000}}, func(h *host) {
		begin := time.Now()
		h.call(uidGetState)
		if took := time.Since(begin); took > 100*time.Millisecond {
			t.Errorf("a call on a full line took %v", took)
		}
	})
}
