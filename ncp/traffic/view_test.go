package traffic

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// shown returns the IDs that v shows once it has nothing left to do.
func shown(v *View) (ids []int) {
	for !v.Step(time.Millisecond) {
	}
	for k := range v.Len() {
		ids = append(ids, v.ID(k))
	}
	return ids
}

func sampleRows() []trace.Record {
	uid := ncp.UIDBlynkGetState
	return []trace.Record{
		mark(start, trace.Connected, 115200),
		invokeOf(start+1000, rpc.Out, uid, 1),
		resultOf(start+2000, rpc.In, uid, 1, 0, 5),
		invokeOf(start+3000, rpc.Out, uid, 2),
		resultOf(start+4000, rpc.In, uid, 2, 0x10),
		onewayOf(start+5000, rpc.In, ncp.UIDClientBlynkVPinChange, 5, 0, 4, 0, 'T', 'e', 'm', 'p'),
		heard(start+6000, trace.Noise, "Boot log of 5"),
		heard(start+7000, trace.CRC, "\xA5\x12\x05"),
		invokeOf(start+8000, rpc.Out, ncp.UIDNcpPing, 3),
	}
}

func TestFilters(t *testing.T) {
	s := storeOf(sampleRows(), Options{})
	v := NewView(s)
	for _, test := range []struct {
		name string
		f    Filter
		want []int
	}{
		{"nothing", Filter{}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"out", Filter{Dirs: SetOf(rpc.Out)}, []int{0, 1, 3, 8}},
		{"in", Filter{Dirs: SetOf(rpc.In)}, []int{0, 2, 4, 5, 6, 7}},
		{"kinds", Filter{Kinds: SetOf(Noise, CRC)}, []int{6, 7}},
		{"ok", Filter{Outcomes: SetOf(OK)}, []int{1, 2}},
		{"failed", Filter{Outcomes: SetOf(Failed)}, []int{3, 4, 7}},
		{"open", Filter{Outcomes: SetOf(Open, Unanswered)}, []int{8}},
		{"method", Filter{Methods: []uint16{ncp.UIDNcpPing, ncp.UIDClientBlynkVPinChange}}, []int{5, 8}},
		{"from", Filter{From: start + 7000}, []int{7, 8}},
		{"to", Filter{To: start + 1000}, []int{0, 1}},
		{"method name", Filter{Text: "GetState"}, []int{1, 2, 3, 4}},
		{"whole name", Filter{Text: "client.blynkvpin"}, []int{5}},
		{"argument", Filter{Text: "vpin=5"}, []int{5}},
		{"value", Filter{Text: "tEMP"}, []int{5}},
		{"enum", Filter{Text: "connected"}, []int{0, 2}},
		{"log", Filter{Text: "boot LOG"}, []int{6}},
		{"hex", Filter{Text: "a5 12"}, []int{7}},
		{"hex of a result", Filter{Text: "12 A5 01 00"}, []int{2}},
		{"hex together", Filter{Text: "0x12A50200"}, []int{4}},
		{"no hex", Filter{Text: "a512"}, nil},
		{"both", Filter{Text: "getState", Dirs: SetOf(rpc.In), Outcomes: SetOf(Failed)}, []int{4}},
		{"none", Filter{Text: "nowhere"}, nil},
	} {
		v.SetFilter(test.f)
		if got := shown(v); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if f := v.Filter(); !f.Equal(&test.f) {
			t.Errorf("%s: filter %+v", test.name, f)
		}
	}
}

func TestViewFollows(t *testing.T) {
	s := storeOf(sampleRows(), Options{})
	v := NewView(s)
	v.SetFilter(Filter{Outcomes: SetOf(Open)})
	if got := shown(v); !slices.Equal(got, []int{8}) {
		t.Fatalf("%v", got)
	}
	answer := resultOf(start+9000, rpc.In, ncp.UIDNcpPing, 3, 0)
	s.Append(&answer)
	if got := shown(v); len(got) != 0 {
		t.Errorf("an answered call is still open: %v", got)
	}
	v.SetFilter(Filter{Outcomes: SetOf(OK)})
	shown(v)
	again := invokeOf(start+10_000, rpc.Out, ncp.UIDNcpPing, 4)
	s.Append(&again)
	shown(v)
	answer = resultOf(start+11_000, rpc.In, ncp.UIDNcpPing, 4, 0)
	s.Append(&answer)
	if got := shown(v); !slices.Equal(got, []int{1, 2, 8, 9, 10, 11}) {
		t.Errorf("%v", got)
	}
	if row, ok := v.Row(2); !ok || row.ID != 8 || row.Delta != 6000 {
		t.Errorf("third %+v", row)
	}
	if row, ok := v.Row(0); !ok || row.Delta != 0 {
		t.Errorf("first %+v", row)
	}
	if k, ok := v.Find(9); k != 3 || !ok {
		t.Errorf("9 at %d %v", k, ok)
	}
	if k, ok := v.Find(5); k != 2 || ok {
		t.Errorf("5 at %d %v", k, ok)
	}
}

// TestViewAgainstAll: whatever comes, goes and changes between two steps, a view shows
// what a new one would.
func TestViewAgainstAll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	filters := []Filter{{}, {Text: "5"}, {Outcomes: SetOf(OK, Unanswered)}, {Outcomes: SetOf(Open), Text: "state"}, {Kinds: SetOf(Result)}}
	s := NewStore(Options{MaxRows: 3 * pageRows})
	var views []*View
	for _, f := range filters {
		v := NewView(s)
		v.SetFilter(f)
		views = append(views, v)
	}
	now, id := int64(start), uint16(0)
	for range 400 {
		for range random.IntN(60) {
			now += random.Int64N(100_000)
			var rec trace.Record
			switch random.IntN(4) {
			case 0:
				id++
				rec = invokeOf(now, rpc.Out, ncp.UIDBlynkGetState, id)
			case 1, 2:
				rec = resultOf(now, rpc.In, ncp.UIDBlynkGetState, id-uint16(random.IntN(3)), rpc.Status(random.IntN(2)), 5)
			default:
				rec = onewayOf(now, rpc.In, ncp.UIDClientBlynkVPinChange, byte(random.IntN(10)), 0, 1, 0, '1')
			}
			s.Append(&rec)
		}
		if random.IntN(3) > 0 {
			continue
		}
		for i, v := range views {
			fresh := NewView(s)
			fresh.SetFilter(filters[i])
			if got, want := shown(v), shown(fresh); !slices.Equal(got, want) {
				t.Fatalf("filter %d: %d rows, want %d", i, len(got), len(want))
			}
		}
	}
	if s.First() == 0 {
		t.Error("nothing was dropped: the test is too small")
	}
}

func TestStepKeepsItsBudget(t *testing.T) {
	s := storeOf(load(benchRows), Options{})
	v := NewView(s)
	v.SetFilter(Filter{Text: "nowhere"})
	steps := 1
	for ; !v.Step(100 * time.Microsecond); steps++ {
		if looked, all := v.Progress(); looked <= 0 || looked > all {
			t.Fatalf("%d of %d", looked, all)
		}
	}
	if steps < 5 {
		t.Errorf("%d steps of 0.1 ms for %d rows", steps, benchRows)
	}
}

// TestIndexIsBounded: beyond its bound rows are found all the same.
func TestIndexIsBounded(t *testing.T) {
	s := NewStore(Options{Fixed: true})
	s.indexRoom = 1 << 20
	text := []byte("\x01\x00\x90\x01" + strings.Repeat("x", 399) + "y")
	for range 10_000 {
		rec := onewayOf(start, rpc.In, ncp.UIDClientBlynkVPinChange, text...)
		s.Append(&rec)
	}
	v := NewView(s)
	v.SetFilter(Filter{Text: "vpin=1 param"})
	if n := len(shown(v)); n != 10_000 {
		t.Errorf("%d rows", n)
	}
	if s.indexBytes > 1<<20+pageRows*MaxText {
		t.Errorf("the index takes %d bytes", s.indexBytes)
	}
	if s.pages[len(s.pages)-1].indexed > 0 {
		t.Error("all rows are in the index: the test is too small")
	}
}

func TestHexNeedle(t *testing.T) {
	for text, want := range map[string]string{
		"A5 12": "\xA5\x12", "0xA512": "\xA5\x12", " a5 12 0f ": "\xA5\x12\x0F", "0xa5": "\xA5",
		"A5": "", "A512": "", "A5  12": "", "A5 1": "", "0xA5 12": "", "0x": "", "A5 G2": "", "": "",
	} {
		if got := string(hexNeedle([]byte(text))); got != want {
			t.Errorf("%q: % X", text, got)
		}
	}
}
