package traffic

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

const start = 1_795_000_000_000_000 // microseconds since 1970

func mark(now int64, kind trace.MarkKind, baud uint32) trace.Record {
	return trace.Record{Time: now, Kind: trace.Mark, Mark: kind, Baud: baud}
}

func heard(now int64, kind trace.Kind, p string) trace.Record {
	return trace.Record{Time: now, Kind: kind, Payload: []byte(p), Size: uint32(len(p))}
}

func mustRow(t *testing.T, s *Store, id int) Row {
	t.Helper()
	r, ok := s.Row(id)
	if !ok {
		t.Fatalf("row %d is not kept", id)
	}
	return r
}

func TestRows(t *testing.T) {
	ssid := []byte("home\x00secret!\x00")
	records := []trace.Record{
		mark(start, trace.Connected, 115200),
		invokeOf(start+100, rpc.Out, ncp.UIDBlynkGetState, 7),
		resultOf(start+1600, rpc.In, ncp.UIDBlynkGetState, 7, 0, 5),
		onewayOf(start+2000, rpc.In, ncp.UIDClientBlynkVPinChange, 5, 0, 7, 0, '2', '3', '.', '5', 0, 'a', '"'),
		invokeOf(start+3000, rpc.Out, ncp.UIDBlynkFactoryTestWiFi, 8, ssid...),
		resultOf(start+4000, rpc.In, ncp.UIDBlynkFactoryTestWiFi, 8, 0x15),
		heard(start+5000, trace.Noise, "boot \x1b[31m\xff\u202e\r\n"),
		heard(start+6000, trace.CRC, "\xBC\x67\x00\x01\x02"),
		invokeOf(start+7000, rpc.In, 0x7123, 1, 1, 2, 3),
		resultOf(start+8000, rpc.Out, 0x7123, 1, 0x13),
		message(start+9000, rpc.In, 0x1234, 0, 1, 2),
		invokeOf(start+9500, rpc.Out, ncp.UIDBlynkSyncVirtual, 9, 4, 0, '1', 0, '2', '0'),
		invokeOf(start+9600, rpc.Out, ncp.UIDHwSetLedBrightness, 10),
		{Time: start + 9700, Kind: trace.CRC, Flags: trace.Withheld, Size: 64},
		mark(start+9800, trace.Disconnected, 115200),
	}
	s := storeOf(records, Options{})
	for id, want := range []Row{
		{Kind: Mark, Mark: trace.Connected, Baud: 115200},
		{Kind: Invoke, Dir: rpc.Out, Method: "blynk.getState", MsgID: 7, Outcome: OK, Pair: 2, RoundTrip: 1500 * time.Microsecond, Size: 6},
		{Kind: Result, Method: "blynk.getState", MsgID: 7, Outcome: OK, HasStatus: true, Pair: 1, RoundTrip: 1500 * time.Microsecond, Size: 6, Args: "state=5 (connected)"},
		{Kind: Oneway, Method: "client.blynkVPinChange", Args: `vpin=5 param=["23.5", "a\""]`, Size: 15},
		{Kind: Invoke, Dir: rpc.Out, Method: "blynk.factoryTestWiFi", MsgID: 8, Outcome: Failed, Pair: 5, RoundTrip: time.Millisecond, Size: 19, Args: `ssid="home" password=••••••••`},
		{Kind: Result, Method: "blynk.factoryTestWiFi", MsgID: 8, Outcome: Failed, HasStatus: true, Status: 0x15, Pair: 4, RoundTrip: time.Millisecond, Size: 5},
		{Kind: Noise, Size: 16, Args: "62 6F 6F 74 20 1B 5B 33 31 6D FF E2 80 AE 0D 0A"},
		{Kind: CRC, Outcome: Failed, Size: 5, Args: "BC 67 00 01 02"},
		{Kind: Invoke, MsgID: 1, Outcome: Failed, Pair: 9, RoundTrip: time.Millisecond, Size: 9, Args: "01 02 03"},
		{Kind: Result, Dir: rpc.Out, MsgID: 1, Outcome: Failed, HasStatus: true, Status: 0x13, Pair: 8, RoundTrip: time.Millisecond, Size: 5},
		{Kind: Unknown, Size: 4, Args: "34 12 01 02"},
		{Kind: Invoke, Dir: rpc.Out, Method: "blynk.syncVirtual", MsgID: 9, Outcome: Unanswered, Args: "vpins=[1, 20]", Size: 12},
		{Kind: Invoke, Dir: rpc.Out, Method: "hw.setLedBrightness", MsgID: 10, Outcome: Unanswered, Args: "value=?", Size: 6},
		{Kind: CRC, Outcome: Failed, Size: 64, Flags: trace.Withheld, Args: hidden},
		{Kind: Mark, Mark: trace.Disconnected, Baud: 115200},
	} {
		got := mustRow(t, s, id)
		if want.RoundTrip == 0 {
			want.RoundTrip = -1
		}
		if want.Pair == 0 {
			want.Pair = -1
		}
		want.ID, want.Time, want.Seq = id, records[id].Time, records[id].Seq
		want.UID, want.HasUID = got.UID, got.HasUID
		want.HasMsgID = want.Kind == Invoke || want.Kind == Result
		if want.Kind == Invoke && want.Pair >= 0 {
			want.HasStatus, want.Status = true, got.Status
		}
		if got != want {
			t.Errorf("row %d:\n got %+v\nwant %+v", id, got, want)
		}
	}
	if r := mustRow(t, s, 1); !r.HasUID || r.UID != ncp.UIDBlynkGetState {
		t.Errorf("%+v", r)
	}
	if r := mustRow(t, s, 4); r.Status != 0x15 {
		t.Errorf("%+v", r)
	}
}

// TestHostileText: whatever a device sends is one line without control characters.
func TestHostileText(t *testing.T) {
	hostile := "\x1b[31m\u202e\u2028\r\n\x00\xff<script>\"\\\u0085\ufeffé日"
	s := NewStore(Options{Names: renames{0x7001: {Interface: hostile, Name: hostile,
		In: []ncp.Param{{Name: hostile, Unit: hostile, Doc: hostile, Type: ncp.TypeString},
			{Name: "e", Type: ncp.TypeUInt8, Values: []ncp.Named{{Value: 1, Name: hostile}}}}}}})
	args := strings.ReplaceAll(hostile, "\x00", "") + "\x00\x01"
	for _, rec := range []trace.Record{
		onewayOf(start, rpc.In, 0x7001, []byte(args)...),
		heard(start, trace.Noise, strings.Repeat("long line ", 60)+hostile),
		heard(start, trace.Noise, strings.Repeat("é", 4000)),
		onewayOf(start, rpc.In, ncp.UIDClientBlynkVPinChange, append([]byte{1, 0, 0xE8, 3}, make([]byte, 1000)...)...),
	} {
		s.Append(&rec)
	}
	for id := range s.Len() {
		r := mustRow(t, s, id)
		texts := []string{r.Method, r.Args}
		for _, f := range s.Fields(id) {
			texts = append(texts, f.Name, f.Text, f.Unit, f.Doc)
		}
		if len(r.Args) > MaxText || len(r.Method) > 10*maxName {
			t.Errorf("row %d: %d and %d bytes", id, len(r.Args), len(r.Method))
		}
		for _, text := range texts {
			for _, c := range text {
				if c < 0x20 || c >= 0x7F && c < 0xA0 || c == '\u202e' || c == '\u2028' || c == '\ufeff' || c == '\ufffd' {
					t.Errorf("row %d: %q holds %U", id, text, c)
				}
			}
		}
	}
	if r := mustRow(t, s, 0); !strings.Contains(r.Args, `\x1B[31m\u{202e}\u{2028}\r\n\xFF<script>\"\\\u{85}\u{feff}é日"`) {
		t.Errorf("args %s", r.Args)
	}
}

type renames map[uint16]*ncp.Method

func (r renames) Method(uid uint16) (*ncp.Method, bool) {
	m, ok := r[uid]
	return m, ok
}

func TestMatching(t *testing.T) {
	second := int64(1e6)
	uid := ncp.UIDBlynkGetState
	s := storeOf([]trace.Record{
		mark(start, trace.Connected, 115200),
		invokeOf(start, rpc.Out, uid, 1),                          // 1: answered late
		invokeOf(start+2*second, rpc.Out, uid, 2),                 // 2: never answered
		resultOf(start+3*second, rpc.In, 0, 1, 0, 5),              // 3: the endpoint did not wait any more
		resultOf(start+3*second, rpc.In, 0, 99, 0, 5),             // 4: nobody asked
		invokeOf(start+4*second, rpc.In, ncp.UIDMcuPing, 1),       // 5: of the peer, same id as 1
		invokeOf(start+4*second, rpc.Out, uid, 1),                 // 6: same id again
		resultOf(start+4*second+5, rpc.Out, ncp.UIDMcuPing, 1, 0), // 7: of 5
		resultOf(start+4*second+9, rpc.In, uid, 1, 0, 5),          // 8: of 6
		invokeOf(start+5*second, rpc.Out, uid, 3),                 // 9: open
	}, Options{})
	for id, want := range map[int]struct {
		outcome Outcome
		pair    int
		late    bool
		uid     uint16
	}{
		1: {OK, 3, false, uid}, 2: {Unanswered, -1, false, uid}, 3: {OK, 1, true, uid}, 4: {OK, -1, true, 0},
		5: {OK, 7, false, ncp.UIDMcuPing}, 6: {OK, 8, false, uid}, 7: {OK, 5, false, ncp.UIDMcuPing}, 8: {OK, 6, false, uid},
		9: {Open, -1, false, uid},
	} {
		r := mustRow(t, s, id)
		if r.Outcome != want.outcome || r.Pair != want.pair || r.Late != want.late || r.UID != want.uid {
			t.Errorf("row %d: %+v, want %+v", id, r, want)
		}
	}
	st := s.Stats()
	if st.Late != 2 || st.Unanswered != 2 || st.Open != 1 {
		t.Errorf("late %d, unanswered %d, open %d", st.Late, st.Unanswered, st.Open)
	}
	s.Advance(start + 7*second)
	if r := mustRow(t, s, 9); r.Outcome != Unanswered {
		t.Errorf("after its time-out: %+v", r)
	}
}

// TestPatientEndpoint: a RESULT whose call the endpoint still knew is not late, however
// long it took; nor is one whose INVOKE is not kept.
func TestPatientEndpoint(t *testing.T) {
	uid := ncp.UIDBlynkGetState
	s := storeOf([]trace.Record{
		resultOf(start, rpc.In, uid, 77, 0, 5),
		invokeOf(start, rpc.Out, uid, 1),
		onewayOf(start+60_000_000, rpc.In, 0x7001),
	}, Options{})
	if r := mustRow(t, s, 1); r.Outcome != Unanswered {
		t.Errorf("%+v", r)
	}
	rec := resultOf(start+61_000_000, rpc.In, uid, 1, 0, 5)
	s.Append(&rec)
	if r := mustRow(t, s, 3); r.Late || r.RoundTrip != 61*time.Second {
		t.Errorf("%+v", r)
	}
	if r := mustRow(t, s, 0); r.Late || r.Method != "blynk.getState" {
		t.Errorf("%+v", r)
	}
	if st := s.Stats(); st.Unanswered != 0 || st.Late != 0 || st.Methods[0].Unanswered != 0 || st.Methods[0].Timed != 1 {
		t.Errorf("%+v", st)
	}
}

// TestManyOpenCalls: a peer that never answers and a peer that asks for ever cost nothing.
func TestManyOpenCalls(t *testing.T) {
	s := NewStore(Options{})
	for i := range 5000 {
		rec := invokeOf(start+int64(i), rpc.In, 0x7001, uint16(i))
		s.Append(&rec)
	}
	if st := s.Stats(); st.Unanswered != 5000-maxOpen || st.Open != maxOpen {
		t.Errorf("unanswered %d, open %d", st.Unanswered, st.Open)
	}
}

func TestStoreIsBounded(t *testing.T) {
	s := NewStore(Options{MaxRows: 5000, MaxBytes: 8 << 20})
	big := make([]byte, 1000)
	for i := range 20_000 {
		rec := onewayOf(start+int64(i), rpc.In, 0x7001)
		if i > 10_000 {
			rec = onewayOf(start+int64(i), rpc.In, 0x7001, big...)
		}
		rec.Seq = uint64(i)
		if !s.Append(&rec) {
			t.Fatal("refused")
		}
		if s.Len() > 5000 || s.End() != i+1 || s.Memory() > 8<<20+pageRows*10_000 {
			t.Fatalf("row %d: %d rows, %d bytes", i, s.Len(), s.Memory())
		}
	}
	if s.Len() < 1000 {
		t.Errorf("only %d rows", s.Len())
	}
	for id := s.First(); id < s.End(); id++ {
		if r := mustRow(t, s, id); r.Seq != uint64(id) {
			t.Fatalf("row %d has seq %d", id, r.Seq)
		}
	}
	if _, ok := s.Row(s.First() - 1); ok {
		t.Error("a row that is gone")
	}
	if _, ok := s.Row(s.End()); ok || s.Fields(-1) != nil || s.Bytes(s.End()) != nil {
		t.Error("a row that was never there")
	}

	fixed := NewStore(Options{Fixed: true, MaxRows: 1000})
	n := 0
	for rec := onewayOf(start, rpc.In, 1); fixed.Append(&rec); n++ {
	}
	if n != 1000 || !fixed.Full() || fixed.First() != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestSteadyStoreAllocatesNothing(t *testing.T) {
	s := storeOf(load(20_000), Options{MaxRows: 5000})
	rec := onewayOf(start, rpc.In, ncp.UIDClientBlynkVPinChange, 5, 0, 2, 0, '4', '2')
	if n := testing.AllocsPerRun(20_000, func() { s.Append(&rec) }); n != 0 {
		t.Errorf("%v allocations for each row", n)
	}
}

func TestAppendBytes(t *testing.T) {
	r := trace.New()
	r.Mark(trace.Connected, 9600)
	for range 10 {
		r.Trace(&rpc.Event{Time: time.Now(), Op: rpc.OpOneway, UID: 1, Payload: []byte{0xF3, 0x1C, 1, 0}})
	}
	buf := make([]byte, 1<<16)
	n, next, _ := r.Read(0, buf)
	s := NewStore(Options{})
	if got := s.AppendBytes(buf[:n]); got != 11 || next != 11 || s.Len() != 11 {
		t.Errorf("%d records", got)
	}
	if got := s.AppendBytes([]byte("no record at all, but more than a head of one")); got != 0 {
		t.Errorf("%d records of rubbish", got)
	}
	s.Missed(1234)
	if r := mustRow(t, s, 11); r.Kind != Gap || r.Missed != 1234 || s.Stats().Missed != 1234 {
		t.Errorf("%+v", r)
	}
	if s.Missed(0); s.Len() != 12 {
		t.Error("a gap of nothing")
	}
	s.Clear()
	if s.Len() != 0 || s.End() != 12 || s.Stats().Frames != 0 {
		t.Errorf("%d rows after Clear", s.Len())
	}
}

func TestRenamed(t *testing.T) {
	names := renames{}
	s := NewStore(Options{Names: names})
	rec := onewayOf(start, rpc.In, 0x7001, 5)
	s.Append(&rec)
	v := NewView(s)
	v.SetFilter(Filter{Text: "level=5"})
	v.Step(time.Second)
	if r := mustRow(t, s, 0); r.Method != "" || r.Args != "05" || v.Len() != 0 {
		t.Errorf("%+v, %d shown", r, v.Len())
	}
	names[0x7001] = &ncp.Method{Interface: "my", Name: "thing", In: []ncp.Param{{Name: "Level", Type: ncp.TypeUInt8}}}
	s.SetNames(names)
	v.Step(time.Second)
	if r := mustRow(t, s, 0); r.Method != "my.thing" || r.Args != "Level=5" || v.Len() != 1 {
		t.Errorf("%+v, %d shown", r, v.Len())
	}
}

func TestFields(t *testing.T) {
	s := storeOf([]trace.Record{
		invokeOf(start, rpc.Out, ncp.UIDBlynkFactoryTestWiFi, 8, []byte("home\x00secret!\x00")...),
		invokeOf(start, rpc.Out, ncp.UIDBlynkFactoryTestWiFi, 9, []byte("home\x00secret!")...),
		resultOf(start, rpc.In, ncp.UIDBlynkGetState, 1, 0, 5, 6, 7),
		resultOf(start, rpc.In, 0, 77, 0, 5),
		message(start, rpc.In, 0x1234, 0, 1, 2),
		message(start, rpc.In, 0x1234, 0),
		invokeOf(start, rpc.In, 0x7123, 3, 0xAB),
		resultOf(start, rpc.Out, 0x7123, 3, 0x10, 9),
		heard(start, trace.Noise, "log"),
	}, Options{})
	short := func(fields []Field) (out []string) {
		for _, f := range fields {
			text := string('0'+byte(f.Kind)) + " " + f.Name + "=" + f.Text
			if f.Problem != NoProblem {
				text += " !" + f.Problem.String()
			}
			out = append(out, text)
		}
		return out
	}
	for id, want := range [][]string{
		{"0 =67BC (invoke)", "1 =0332 (blynk.factoryTestWiFi)", "2 =8", `4 ssid="home"`, "4 password=" + hidden},
		{"0 =67BC (invoke)", "1 =0332 (blynk.factoryTestWiFi)", "2 =9", `4 ssid="home"`, "4 password= !not there, or not whole", "5 =" + hidden + " !not shown: may hold a secret"},
		{"0 =A512 (result)", "2 =1", "3 =00 (ok)", "4 state=5 (connected)", "5 =06 07 !left over"},
		{"0 =A512 (result)", "2 =77", "3 =00 (ok)", "5 =05 !the call is not known"},
		{"0 =1234", "5 =01 02 !unknown opcode"},
		{"5 =34 12 !too short"},
		{"0 =67BC (invoke)", "1 =7123", "2 =3", "5 =AB !unknown method"},
		{"0 =A512 (result)", "2 =3", "3 =10 (generic error)", "5 =09 !not results: the status is an error"},
		{"5 =6C 6F 67 !not a message"},
	} {
		if got := short(s.Fields(id)); !slices.Equal(got, want) {
			t.Errorf("row %d:\n got %q\nwant %q", id, got, want)
		}
		covered(t, s, id)
	}
	for id, want := range []string{"home\x00********", "home\x00*******"} {
		if got := s.Bytes(id); string(got[6:]) != want {
			t.Errorf("row %d: bytes %q", id, got)
		}
	}
}

// covered checks that the fields of a row are one behind the other and leave nothing out.
func covered(t *testing.T, s *Store, id int) {
	t.Helper()
	at := 0
	for i, f := range s.Fields(id) {
		if f.From != at || f.To < f.From {
			t.Errorf("row %d, field %d: from %d to %d, expected at %d", id, i, f.From, f.To, at)
		}
		at = f.To
	}
	if n := len(s.Bytes(id)); at != n {
		t.Errorf("row %d: fields cover %d of %d bytes", id, at, n)
	}
}
