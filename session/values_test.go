package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

func pinOf(st State, number uint16) Pin {
	for _, p := range st.Pins {
		if p.Number == number {
			return p
		}
	}
	return Pin{}
}

func TestPins(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		cloud := l.dev.Cloud()
		if err := l.s.VirtualWrite(l.ctx, 5, "23.5"); err != nil {
			t.Fatal(err)
		}
		if err := l.s.VirtualWrite(l.ctx, 65535, "a", "", "c"); err != nil {
			t.Fatal(err)
		}
		if err := cloud.WaitPin(l.ctx, 65535, "a", "", "c"); err != nil {
			t.Error(err)
		}
		st := l.s.State()
		if p := pinOf(st, 5); !slices.Equal(p.Values, []string{"23.5"}) || p.Dir != ToCloud || p.Count != 1 || p.Time.IsZero() {
			t.Errorf("%+v", p)
		}
		if err := cloud.Set(5, "on", "off"); err != nil {
			t.Fatal(err)
		}
		l.until(time.Second, "change", func(st State) bool {
			p := pinOf(st, 5)
			return slices.Equal(p.Values, []string{"on", "off"}) && p.Dir == FromCloud && p.Count == 2
		})
		if p := pinOf(st, 5); p.Values[0] != "23.5" {
			t.Error("an old state has changed")
		}
		if err := l.s.Sync(l.ctx, 5, 65535); err != nil {
			t.Error(err)
		}
		l.until(time.Second, "sync", func(st State) bool { return pinOf(st, 5).Count == 3 && pinOf(st, 65535).Count == 2 })
		if err := l.s.SyncAll(l.ctx); err != nil {
			t.Error(err)
		}
		l.until(time.Second, "sync of all", func(st State) bool { return pinOf(st, 5).Count == 4 })

		if err := l.s.SetProperty(l.ctx, 5, "color", "#ff0000"); err != nil {
			t.Error(err)
		}
		if err := l.s.NamePin(5, "Pump"); err != nil {
			t.Error(err)
		}
		if err := l.s.AddPin(9); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		st = l.s.State()
		if p := pinOf(st, 5); p.Name != "Pump" || !slices.Equal(p.Properties, []Property{{"color", "#ff0000"}}) {
			t.Errorf("%+v", p)
		}
		if got := cloud.Properties(5)["color"]; !slices.Equal(got, []string{"#ff0000"}) {
			t.Errorf("cloud has %q", got)
		}
		if len(st.Pins) != 3 || st.Pins[0].Number != 5 || st.Pins[1].Number != 9 || st.Pins[2].Number != 65535 {
			t.Errorf("%+v", st.Pins)
		}
		l.s.RemovePin(9)
		if st := l.s.State(); len(st.Pins) != 2 {
			t.Errorf("%+v", st.Pins)
		}
	})
}

func TestGroupsEventsMetadata(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		cloud := l.dev.Cloud()
		at := time.UnixMilli(1_700_000_000_123)
		if err := l.s.WriteGroup(l.ctx, at, PinWrite{1, []string{"a"}}, PinWrite{2, []string{"b", "c"}}); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			l.s.LogEvent(l.ctx, "too_hot", "42 °C"), l.s.LogEvent(l.ctx, "plain", ""), l.s.ResolveEvent(l.ctx, "too_hot"),
			l.s.ResolveAllEvents(l.ctx, "plain"), l.s.SetMetadata(l.ctx, "serial", "A-1"),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
		if g := cloud.Groups(); len(g) != 1 || len(g[0].Writes) != 2 {
			t.Errorf("%+v", g)
		}
		if e := cloud.Events(); len(e) != 2 {
			t.Errorf("%+v", e)
		}
		if m := cloud.Metadata(); m["serial"] != "A-1" {
			t.Errorf("%+v", m)
		}
		kinds := map[EventKind]int{}
		for _, e := range l.s.State().Events {
			kinds[e.Kind]++
		}
		if kinds[EventLogged] != 2 || kinds[EventResolved] != 2 || kinds[EventMetadata] != 1 {
			t.Errorf("%v", kinds)
		}
	})
}

// TestValueInput: what cannot be sent is refused with the name of the field, and
// nothing is sent.
func TestValueInput(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		time.Sleep(5 * time.Second)
		sent := l.wire.Stats().ToDevice.Sent
		long, nul := strings.Repeat("x", 1529), "a\x00b"
		for name, err := range map[string]error{
			"value: longer than 1528 bytes":     l.s.VirtualWrite(l.ctx, 1, long),
			"value: holds a NUL":                l.s.VirtualWrite(l.ctx, 1, nul),
			"values: 1 to 500 of them":          l.s.WriteGroup(l.ctx, time.Time{}),
			"time: before 1970":                 l.s.WriteGroup(l.ctx, time.Unix(-1, 0), PinWrite{1, []string{"a"}}),
			"pins: 1 to 200 of them":            l.s.Sync(l.ctx),
			"property: empty":                   l.s.SetProperty(l.ctx, 1, "", "x"),
			"property: holds a NUL":             l.s.SetProperty(l.ctx, 1, nul, "x"),
			"code: empty":                       l.s.LogEvent(l.ctx, "", "x"),
			"description: longer than 1462 byt": l.s.LogEvent(l.ctx, "x", long),
			"code: longer than 64 bytes":        l.s.ResolveEvent(l.ctx, long),
			"code: holds a NUL":                 l.s.ResolveAllEvents(l.ctx, nul),
			"field: empty":                      l.s.SetMetadata(l.ctx, "", "x"),
			"value: holds a NU":                 l.s.SetMetadata(l.ctx, "x", nul),
			"name: longer than 64 bytes":        l.s.NamePin(1, long),
			"baud: 300":                         l.s.SetRate(l.ctx, 1),
		} {
			p := ProblemOf(err)
			if p == nil || p.Code != CodeInput || !strings.HasPrefix(p.Detail, name) {
				t.Errorf("%s: got %+v", name, p)
			}
		}
		if err := l.s.VirtualWrite(l.ctx, 1, long[1:]); err != nil {
			t.Errorf("1528 bytes: %v", err)
		}
		time.Sleep(500 * time.Millisecond)
		if n := l.wire.Stats().ToDevice.Sent - sent; n < 1528 || n > 1700 {
			t.Errorf("%d bytes were sent", n)
		}
	})
}

// TestPinStorm: two thousand changes a second; nothing is lost, wakes are coalesced, and
// the table is bounded.
func TestPinStorm(t *testing.T) {
	w := usual()
	load := ncpsim.Dashboard{Load: 2000, LoadPins: 100}
	inLab(t, w, ncpsim.Options{Provisioned: true, Dashboard: load}, Options{Target: 921600}, func(l *lab) {
		connectedLab(l)
		var wakes atomic.Int64
		states := 0
		wake := make(chan struct{}, 1)
		cancel := l.s.Subscribe(func() {
			wakes.Add(1)
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		frame := time.NewTicker(16 * time.Millisecond)
		defer frame.Stop()
		for start := time.Now(); time.Since(start) < 10*time.Second; {
			<-frame.C
			select {
			case <-wake:
				l.s.State()
				states++
			default:
			}
		}
		cancel()
		l.dev.SetOnline(false) // ends the changes
		time.Sleep(time.Second)
		sent := l.dev.Stats().PinChanges
		st := l.s.State()
		var seen uint64
		for _, p := range st.Pins {
			seen += p.Count
		}
		if sent < 15000 || seen != uint64(sent) || st.Link.Dropped != 0 {
			t.Errorf("sent %d, seen %d, dropped %d", sent, seen, st.Link.Dropped)
		}
		if n := int(wakes.Load()); n > states+2 {
			t.Errorf("%d wakes for %d states", n, states)
		}
		if st.Link.BringUps != 1 || st.Link.CRCErrors != 0 {
			t.Errorf("%+v", st.Link)
		}
	})
}

// TestManyPins: the NCP cannot make the page keep more than MaxPins.
func TestManyPins(t *testing.T) {
	var table pinTable
	for i := range 5000 {
		table.set(uint16(i*13), []byte(fmt.Sprint(i)), FromCloud, time.Now())
	}
	if n := len(table.list()); n != MaxPins {
		t.Errorf("%d pins", n)
	}
	for i := range 100 {
		table.setProperty(0, fmt.Sprint(i), "x")
	}
	table.set(13, make([]byte, 5000), FromCloud, time.Now())
	list := table.list()
	if len(list[0].Properties) != MaxProperties || len(list[1].Values) > MaxValue+1 {
		t.Errorf("%d properties, %d values", len(list[0].Properties), len(list[1].Values))
	}
	if !slices.IsSortedFunc(list, func(a, b Pin) int { return int(a.Number) - int(b.Number) }) {
		t.Error("not sorted")
	}
}

// BenchmarkPinChange is what a change costs, with the table shown 60 times for 2000
// changes.
func BenchmarkPinChange(b *testing.B) {
	s := New(Options{})
	h := &handler{s: s}
	value := []byte("23.45")
	b.ReportAllocs()
	for i := range b.N {
		_ = h.BlynkVPinChange(context.Background(), uint16(i%1000), value)
		if i%33 == 0 {
			s.State()
		}
	}
}
