package traffic

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// openCapture reads a file that comes in pieces of that size.
func openCapture(file []byte, piece int, o Options) (*Store, *Reader, error) {
	o.Fixed = true
	s := NewStore(o)
	r := NewReader(s)
	for len(file) > 0 {
		n := min(piece, len(file))
		r.Feed(file[:n])
		for {
			done, err := r.Step(time.Millisecond)
			if err != nil {
				return s, r, err
			}
			if done {
				break
			}
		}
		file = file[n:]
	}
	return s, r, r.Close()
}

// everything returns records of each kind.
func everything() []trace.Record {
	return append(sampleRows(),
		resultOf(start+9000, rpc.In, 0, 3, 0),   // late
		resultOf(start+9000, rpc.In, 0, 999, 0), // of nothing
		message(start+9100, rpc.Out, 0x1234, 0, 1),
		trace.Record{Time: start + 9200, Op: rpc.OpInvoke, Payload: []byte{0xBC, 0x67, 1}, Size: 3},
		invokeOf(start+9300, rpc.Out, ncp.UIDBlynkFactoryTestWiFi, 8, []byte("home\x00********\x00")...),
		trace.Record{Time: start + 9400, Op: rpc.OpInvoke, UID: ncp.UIDBlynkFactoryTestWiFi, MsgID: 4, Dir: rpc.Out, Flags: trace.Withheld, Size: 64},
		trace.Record{Time: start + 9500, Kind: trace.Noise, Flags: trace.Withheld, Size: 128},
		heard(start+10_000_000, trace.Cut, "\xAA"),
		heard(start+10_000_000, trace.Oversize, "long"),
		heard(start+10_000_000, trace.Noise, ""),
		mark(start+10_000_001, trace.Rate, 9600),
		mark(start+10_000_002, trace.Disconnected, 9600),
	)
}

func TestCaptureKeepsAll(t *testing.T) {
	recs := everything()
	recs[len(recs)-8].Flags |= trace.Masked
	s := storeOf(recs, Options{})
	s.Missed(17)
	file := save(s)
	for _, piece := range []int{1, 7, 1000, len(file)} {
		again, r, err := openCapture(file, piece, Options{})
		if err != nil {
			t.Fatalf("in pieces of %d: %v\n%s", piece, err, file)
		}
		if h := r.Header(); h.Product != "test" || h.Baud != 2_000_000 || h.Start != start {
			t.Errorf("header %+v", h)
		}
		if again.Len() != s.Len() {
			t.Fatalf("%d rows, want %d", again.Len(), s.Len())
		}
		for id := range s.Len() {
			a, b := mustRow(t, s, id), mustRow(t, again, id)
			a.Seq, b.Seq = 0, 0
			if a != b {
				t.Errorf("row %d:\n got %+v\nwant %+v", id, b, a)
			}
			if !bytes.Equal(s.Bytes(id), again.Bytes(id)) {
				t.Errorf("row %d: % X, want % X", id, again.Bytes(id), s.Bytes(id))
			}
		}
		if twice := save(again); !bytes.Equal(twice, file) {
			t.Errorf("saved again:\n%s\nwant\n%s", twice, file)
		}
	}
}

func TestCaptureLine(t *testing.T) {
	file := string(save(storeOf(sampleRows()[:4], Options{})))
	want := `{"format":"ncp-capture","version":1,"product":"test","baud":2000000,"start":1795000000000000,"date":"2026-11-18T11:06:40Z"}
{"t":0,"kind":"connected","baud":115200}
{"t":1000,"dir":"out","kind":"invoke","uid":"0306","id":1,"method":"blynk.getState","data":"BC6706030100"}
{"t":2000,"dir":"in","kind":"result","uid":"0306","id":1,"status":0,"method":"blynk.getState","data":"12A501000005"}
{"t":3000,"dir":"out","kind":"invoke","uid":"0306","id":2,"method":"blynk.getState","data":"BC6706030200"}
`
	if file != want {
		t.Errorf("got\n%s\nwant\n%s", file, want)
	}
}

// TestCaptureMasks: what a description that was loaded calls secret is not saved, and what
// is opened is masked by what is known then.
func TestCaptureMasks(t *testing.T) {
	names := secrets{0x7001: {Interface: "my", Name: "login", UID: 0x7001, In: []ncp.Param{{Name: "key", Type: ncp.TypeString, Secret: true}}}}
	recs := []trace.Record{
		invokeOf(start, rpc.Out, 0x7001, 1, []byte("opensesame\x00")...),
		invokeOf(start+1, rpc.Out, 0x7001, 2, []byte("opensesame")...),
		heard(start+2, trace.CRC, "\xBC\x67\x01\x70\x03\x00opensesame\x00\x55"),
	}
	bare := storeOf(recs, Options{})
	if !strings.Contains(string(save(bare)), "6F70656E736573616D65") {
		t.Error("the test does not see the secret in a file")
	}
	s := storeOf(recs, Options{Names: names})
	file := string(save(s))
	if strings.Contains(file, "736573616D65") {
		t.Errorf("the secret is in the file:\n%s", file)
	}
	if report := s.Report("", 100); strings.Contains(report, "sesame") || strings.Contains(report, "73 65 73 61") && strings.Contains(report, "invoke my.login #1 key=6F") {
		t.Errorf("the secret is in the report:\n%s", report)
	}
	for id := range 2 {
		if bytes.Contains(s.Bytes(id), []byte("sesame")) || strings.Contains(mustRow(t, s, id).Args, "73 65") {
			t.Errorf("row %d shows the secret: %s", id, mustRow(t, s, id).Args)
		}
	}
	opened, _, err := openCapture(save(bare), 1<<16, Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	for id := range opened.Len() {
		if bytes.Contains(opened.payload(id), []byte("sesame")) {
			t.Errorf("row %d of the file that was opened holds the secret", id)
		}
	}
}

type secrets map[uint16]*ncp.Method

func (r secrets) Method(uid uint16) (*ncp.Method, bool) { return renames(r).Method(uid) }
func (r secrets) Methods() (all []ncp.Method) {
	for _, m := range r {
		all = append(all, *m)
	}
	return all
}

func TestCaptureOfAView(t *testing.T) {
	s := storeOf(sampleRows(), Options{})
	v := NewView(s)
	v.SetFilter(Filter{Kinds: SetOf(Result)})
	shown(v)
	w := NewWriter(s, v, Header{})
	if _, all := w.Progress(); all != 2 {
		t.Errorf("%d rows", all)
	}
	file, done := w.Append(nil, 1<<20)
	if n := bytes.Count(file, []byte("\n")); !done || n != 3 || bytes.Contains(file, []byte("gap")) {
		t.Errorf("%s", file)
	}
	empty := NewView(s)
	empty.SetFilter(Filter{Text: "nowhere"})
	shown(empty)
	file, done = NewWriter(s, empty, Header{}).Append(nil, 100)
	if n := bytes.Count(file, []byte("\n")); !done || n != 1 {
		t.Errorf("%s", file)
	}
}

// TestSaveWhileRowsGo: rows that are dropped while a file is made are told as missing.
func TestSaveWhileRowsGo(t *testing.T) {
	for _, more := range []int{pageRows / 2, 3*pageRows - 100} {
		s := storeOf(load(3*pageRows), Options{MaxRows: 3 * pageRows})
		w := NewWriter(s, nil, Header{})
		file, _ := w.Append(nil, 1000)
		written, all := w.Progress()
		for _, rec := range load(more) {
			rec.Time += 1e9
			s.Append(&rec)
		}
		for done := false; !done; {
			file, done = w.Append(file, 1000)
		}
		again, _, err := openCapture(file, 1<<20, Options{})
		if err != nil {
			t.Fatal(err)
		}
		gap := 0
		for id := range again.Len() {
			gap += mustRow(t, again, id).Missed
		}
		if gap < pageRows-written || again.Len()-1+gap != all || again.Len() <= written {
			t.Errorf("%d rows of %d, %d missing, %d written before", again.Len()-1, all, gap, written)
		}
	}
}

const goodHead = `{"format":"ncp-capture","version":1,"start":5}` + "\n"

func TestRefusedCaptures(t *testing.T) {
	row := `{"t":1,"kind":"rate","baud":9600}` + "\n"
	for _, test := range []struct {
		name, file string
		line       int
		why        Reason
	}{
		{"empty", "", 1, NotCapture},
		{"text", "hello\nworld\n", 1, NotCapture},
		{"binary", strings.Repeat("\x00\xff", MaxLine), 1, NotCapture},
		{"other JSON", `{"a":1}` + "\n", 1, NotCapture},
		{"array", `[]` + "\n", 1, NotCapture},
		{"format is a number", `{"format":1,"version":1}`, 1, NotCapture},
		{"newer", `{"format":"ncp-capture","version":2}`, 1, TooNew},
		{"no version", `{"format":"ncp-capture"}`, 1, BadMember},
		{"start below 0", `{"format":"ncp-capture","version":1,"start":-1}`, 1, BadMember},
		{"start too far", `{"format":"ncp-capture","version":1,"start":9007199254740993}`, 1, BadMember},
		{"half a line", goodHead + row + `{"t":1,"kind`, 3, BadJSON},
		{"two values", goodHead + `{"t":1,"kind":"rate"} {}` + "\n", 2, BadJSON},
		{"a name twice", goodHead + `{"t":1,"t":2,"kind":"rate"}` + "\n", 2, BadJSON},
		{"long line", goodHead + row + strings.Repeat(" ", MaxLine+1) + "\n" + row, 3, LineTooLong},
		{"long line without end", goodHead + row + strings.Repeat(" ", MaxLine+1), 3, LineTooLong},
		{"no time", goodHead + `{"kind":"rate"}`, 2, BadMember},
		{"time below 0", goodHead + `{"t":-1,"kind":"rate"}`, 2, BadMember},
		{"time too far", goodHead + `{"t":9007199254740993,"kind":"rate"}`, 2, BadMember},
		{"time is a fraction", goodHead + `{"t":1.5,"kind":"rate"}`, 2, BadJSON},
		{"time goes back", goodHead + row + `{"t":0,"kind":"rate"}`, 3, OutOfOrder},
		{"no kind", goodHead + `{"t":1}`, 2, BadMember},
		{"unknown kind", goodHead + `{"t":1,"kind":"mark"}`, 2, BadJSON},
		{"no direction", goodHead + `{"t":1,"kind":"noise","data":""}`, 2, BadMember},
		{"bad direction", goodHead + `{"t":1,"kind":"noise","dir":"up","data":""}`, 2, BadJSON},
		{"no data", goodHead + `{"t":1,"kind":"noise","dir":"in"}`, 2, BadMember},
		{"odd hex", goodHead + `{"t":1,"kind":"noise","dir":"in","data":"ABC"}`, 2, BadJSON},
		{"no hex", goodHead + `{"t":1,"kind":"noise","dir":"in","data":"AX"}`, 2, BadJSON},
		{"much data", goodHead + `{"t":1,"kind":"noise","dir":"in","data":"` + strings.Repeat("00", trace.MaxPayload+1) + `"}`, 2, BadJSON},
		{"uid", goodHead + `{"t":1,"kind":"result","dir":"in","data":"","uid":"306"}`, 2, BadJSON},
		{"id", goodHead + `{"t":1,"kind":"invoke","dir":"in","withheld":true,"id":65536}`, 2, BadMember},
		{"status", goodHead + `{"t":1,"kind":"result","dir":"in","withheld":true,"status":256}`, 2, BadMember},
		{"size", goodHead + `{"t":1,"kind":"noise","dir":"in","data":"","size":-1}`, 2, BadMember},
		{"baud", goodHead + `{"t":1,"kind":"rate","baud":-1}`, 2, BadMember},
		{"count", goodHead + `{"t":1,"kind":"gap","count":4294967296}`, 2, BadMember},
		{"too many", goodHead + strings.Repeat(row, 11), 12, TooMany},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, err := openCapture([]byte(test.file), 1<<20, Options{MaxRows: 10})
			var bad *CaptureError
			if !errors.As(err, &bad) || bad.Line != test.line || bad.Reason != test.why {
				t.Fatalf("%v, want line %d: %v", err, test.line, test.why)
			}
			if n := max(test.line-2, 0); s.Len() != n {
				t.Errorf("%d rows, want the %d before", s.Len(), n)
			}
			if strings.Contains(bad.Error(), "unknown reason") || len(bad.Detail) > MaxHeaderText {
				t.Errorf("error %v", bad)
			}
		})
	}
}

// TestForeignCapture: what another program may write is taken: unknown members, empty
// lines, other spacing, a byte order mark, CR LF, no line end.
func TestForeignCapture(t *testing.T) {
	file := "\xEF\xBB\xBF" + `{ "version" : 1, "format":"ncp-capture", "tool":{"name":["x"]} }` + "\r\n\r\n" +
		`{"kind":"oneway", "comment":"hello", "data":"f31c12040500040054656d70", "dir":"in", "t":1e0}` + "\r\n"
	if _, _, err := openCapture([]byte(file), 10, Options{}); err == nil {
		t.Error("an exponent is no whole number")
	}
	file = strings.Replace(file, "1e0", "1", 1) + "\n" + `{"t":5,"kind":"invoke","dir":"out","data":"BC6701010100","uid":"FFFF"}`
	s, _, err := openCapture([]byte(file), 10, Options{})
	if err != nil || s.Len() != 2 {
		t.Fatalf("%v, %d rows", err, s.Len())
	}
	if r := mustRow(t, s, 0); r.Args != `vpin=5 param="Temp"` {
		t.Errorf("%+v", r)
	}
	if r := mustRow(t, s, 1); r.UID != 0x0101 {
		t.Errorf("the bytes do not count: %+v", r)
	}
}

func TestReport(t *testing.T) {
	s := storeOf(everything(), Options{})
	report := s.Report("NCP Web Console 1\n", 5)
	if !strings.HasPrefix(report, "NCP Web Console 1\n") || strings.Count(report[strings.Index(report, "Time (UTC)"):], "\n") != 6 {
		t.Errorf("%s", report)
	}
	for _, want := range []string{"CRC errors 1", "out blynk.getState: count 2, errors 1", "11:06:50.000002 disconnected 9600"} {
		if !strings.Contains(report, want) {
			t.Errorf("no %q in\n%s", want, report)
		}
	}
	big := storeOf(load(20_000), Options{})
	report = big.Report(strings.Repeat("x", 1<<20), 1<<30)
	if len(report) > MaxReport || len(report) < MaxReport-MaxText {
		t.Errorf("%d bytes", len(report))
	}
	if r := NewStore(Options{}).Report("", 10); !strings.Contains(r, "Frames 0") {
		t.Errorf("%s", r)
	}
}

// FuzzReader opens any file in pieces of any size; what it takes is bounded, and the same
// when it is saved and opened again.
func FuzzReader(f *testing.F) {
	f.Add(save(storeOf(everything(), Options{})), uint16(100))
	f.Add([]byte(goodHead+`{"t":1,"kind":"gap","count":5}`), uint16(1))
	f.Add([]byte(`{"format":"ncp-capture","version":2}`), uint16(9))
	f.Fuzz(func(t *testing.T, file []byte, piece uint16) {
		s, _, err := openCapture(file, int(piece)+1, Options{MaxRows: 500})
		var bad *CaptureError
		if err != nil && (!errors.As(err, &bad) || bad.Line < 1 || bad.Line > bytes.Count(file, []byte("\n"))+1) {
			t.Fatalf("error %v", err)
		}
		if s.Len() > 500 {
			t.Fatalf("%d rows", s.Len())
		}
		for id := range s.Len() {
			checkRow(t, s, id)
		}
		s.Report("", 100)
		once := save(s)
		again, _, err := openCapture(once, 1<<16, Options{})
		if err != nil || again.Len() != s.Len() {
			t.Fatalf("saved and opened: %d of %d rows, %v\n%s", again.Len(), s.Len(), err, once)
		}
		if twice := save(again); !bytes.Equal(twice, once) {
			t.Fatalf("saved twice:\n%s\nonce\n%s", twice, once)
		}
	})
}

// FuzzFields decodes any message.
func FuzzFields(f *testing.F) {
	for _, rec := range everything() {
		f.Add(uint8(rec.Kind), uint16(rec.Op), rec.UID, rec.Payload)
	}
	f.Fuzz(func(t *testing.T, kind uint8, op, uid uint16, payload []byte) {
		s := NewStore(Options{})
		s.Append(&trace.Record{Time: start, Kind: trace.Kind(kind) % trace.Mark, Op: rpc.Op(op), UID: uid,
			Payload: payload, Size: uint32(len(payload))})
		checkRow(t, s, 0)
	})
}

func checkRow(t *testing.T, s *Store, id int) {
	t.Helper()
	r := mustRow(t, s, id)
	if len(r.Args) > MaxText || strings.ContainsAny(r.Args, "\n\r\x00\x1b\u202e") {
		t.Fatalf("args %q", r.Args)
	}
	if r.Flags&trace.Withheld == 0 && r.Kind < Mark {
		covered(t, s, id)
	}
}

// TestCaptureOfRandom saves and opens random rows with every byte there is.
func TestCaptureOfRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var recs []trace.Record
	for i := range 2000 {
		p := make([]byte, random.IntN(60))
		for k := range p {
			p[k] = byte(random.Uint32())
		}
		recs = append(recs, heard(start+int64(i), trace.Kind(1+random.IntN(4)), string(p)))
	}
	s := storeOf(recs, Options{})
	again, _, err := openCapture(save(s), 4096, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id := range recs {
		if !bytes.Equal(again.payload(id), recs[id].Payload) && again.row(id).flags&rowWithheld == 0 {
			t.Fatalf("row %d: % X, want % X", id, again.payload(id), recs[id].Payload)
		}
	}
}
