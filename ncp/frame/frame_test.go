package frame

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// item is something that a Decoder found.
type item struct {
	kind Kind
	p    string
}

func (i item) String() string { return fmt.Sprintf("%v %x", i.kind, i.p) }

// decode feeds chunks to a new Decoder. Noise that comes in pieces is joined.
func decode(limit int, chunks [][]byte) []item {
	var got []item
	d := NewDecoder(limit, func(k Kind, p []byte) {
		if n := len(got); k == Noise && n > 0 && got[n-1].kind == Noise {
			got[n-1].p += string(p)
			return
		}
		got = append(got, item{k, string(p)})
	})
	for _, c := range chunks {
		scratch := bytes.Clone(c)
		d.Write(scratch)
		clear(scratch) // nothing of a chunk may be kept
	}
	return got
}

// chunkings returns p whole, in single bytes, and cut at random.
func chunkings(p []byte) [][][]byte {
	all := [][][]byte{{p}}
	var single [][]byte
	for i := range p {
		single = append(single, p[i:i+1])
	}
	all = append(all, single)
	rng := rand.New(rand.NewPCG(1, uint64(len(p))))
	for range 4 {
		var cut [][]byte
		for rest := p; len(rest) > 0; {
			n := 1 + rng.IntN(min(len(rest), 40))
			cut = append(cut, rest[:n])
			rest = rest[n:]
		}
		all = append(all, cut)
	}
	return all
}

func TestDecoderFinds(t *testing.T) {
	ping := "\xaa\xbc\x67\x01\x01\x02\x00\x70\xbb"
	pingPayload := item{Payload, "\xbc\x67\x01\x01\x02\x00"}
	tests := []struct {
		name   string
		stream string
		want   []item
	}{
		{"nothing", "", nil},
		{"noise around a frame", "ab" + ping + "cd", []item{{Noise, "ab"}, pingPayload, {Noise, "cd"}}},
		{"a lone END is noise", "\xbb" + ping, []item{{Noise, "\xbb"}, pingPayload}},
		{"ESC before BEG is noise", "\xcc" + ping, []item{{Noise, "\xcc"}, pingPayload}},
		{"wrong CRC", "\xaa\x01\x02\xbb" + ping, []item{{BadCRC, "\x01\x02"}, pingPayload}},
		{"no CRC", "\xaa\xbb" + ping, []item{{BadCRC, ""}, pingPayload}},
		{"empty payload", "\xaa\x00\xbb", []item{{Payload, ""}}},
		{"cut by a frame", "\xaa\x01\x02" + ping, []item{{Cut, "\x01\x02"}, pingPayload}},
		{"cut right behind ESC", "\xaa\x01\xcc" + ping, []item{{Cut, "\x01"}, pingPayload}},
		{"two BEGs", "\xaa" + ping, []item{{Cut, ""}, pingPayload}},
		{"ESC takes END", "\xaa\x01\xcc\xbb" + ping, []item{{Cut, "\x01\x44"}, pingPayload}},
		{"ESC ESC", "\xaa\x01\xcc\xcc\x8c\xbb", []item{{Payload, "\x01\x33"}}},
		{"needless escapes", "\xaa\xcc\xfe\xcc\xf8\xbb", []item{{Payload, "\x01"}}},
		{"never ended", ping + "\xaa\x01", []item{pingPayload}},
	}
	for _, tt := range tests {
		for _, chunks := range chunkings([]byte(tt.stream)) {
			if got := decode(64, chunks); !slices.Equal(got, tt.want) {
				t.Errorf("%s in %d chunks: %v, want %v", tt.name, len(chunks), got, tt.want)
			}
		}
	}
}

// TestDecoderLimit: a payload of the limit passes, one byte more is dropped, and what
// follows is found.
func TestDecoderLimit(t *testing.T) {
	const limit = 100
	for _, fill := range []string{"x", "\xaa", "\x13"} {
		good := strings.Repeat(fill, limit)
		next := item{Payload, "next"}
		for _, chunks := range chunkings(Append(Append(nil, []byte(good)), []byte("next"))) {
			if got, want := decode(limit, chunks), []item{{Payload, good}, next}; !slices.Equal(got, want) {
				t.Errorf("limit of %q: %v", fill, got)
			}
		}
		long := Append(Append(nil, []byte(good+fill)), []byte("next"))
		for _, chunks := range chunkings(long) {
			got := decode(limit, chunks)
			if len(got) != 3 || got[0] != (item{Oversize, good + fill}) || got[1].kind != Noise || got[2] != next {
				t.Errorf("limit+1 of %q: %v", fill, got)
			}
		}
	}
}

// TestStrayBEG: a BEG in a log delays the text behind it, and loses none of it.
func TestStrayBEG(t *testing.T) {
	text := strings.Repeat("a line of a boot log\r\n", 30)
	got := decode(200, [][]byte{[]byte("before \xaa" + text)})
	if len(got) != 3 || got[0] != (item{Noise, "before "}) || got[1].kind != Oversize || got[2].kind != Noise {
		t.Fatalf("%v", got)
	}
	if got[1].p+got[2].p != text {
		t.Errorf("lost text: %q %q", got[1].p, got[2].p)
	}
}

func TestDecoderCounts(t *testing.T) {
	stream := "noise" + "\xaa\x00\xbb" + "\xaa\x01\xbb" + "\xaa\x01" + "\xaa" + strings.Repeat("x", 12)
	d := NewDecoder(10, func(Kind, []byte) {})
	d.Write([]byte(stream))
	want := Stats{Bytes: uint64(len(stream)), Frames: 1, BadCRC: 1, Cut: 1, Oversize: 1, NoiseBytes: 6}
	if got := d.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecoderOpenAndReset(t *testing.T) {
	var frames int
	d := NewDecoder(0, func(k Kind, _ []byte) {
		if k == Payload {
			frames++
		}
	})
	if _, ok := d.Open(); ok {
		t.Error("open at the start")
	}
	d.Write([]byte("x\xaa\x01\xcc"))
	if content, ok := d.Open(); !ok || string(content) != "\x01" {
		t.Errorf("open: %x %v", content, ok)
	}
	d.Reset()
	if _, ok := d.Open(); ok {
		t.Error("open after Reset")
	}
	d.Write([]byte("\x07\xbb\xaa\x01\x07\xbb"))
	if frames != 1 {
		t.Errorf("%d frames after Reset, want 1", frames)
	}
}

func TestCRC(t *testing.T) {
	if got := CRC8([]byte("123456789")); got != 0xF4 {
		t.Errorf("check value %02x, want F4", got) // the published one of this CRC
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for n := range 100 {
		p := randomBytes(rng, n)
		if got, want := CRC8(p), slowCRC(p); got != want {
			t.Errorf("%x: %02x, want %02x", p, got, want)
		}
	}
}

func TestMaxSize(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1536} {
		// A payload of escapes; the largest frame has an escaped CRC as well.
		p := bytes.Repeat([]byte{ESC}, n)
		if got := len(Append(nil, p)); got > MaxSize(n) || got < MaxSize(n)-1 {
			t.Errorf("%d: frame of %d bytes, MaxSize %d", n, got, MaxSize(n))
		}
	}
}

func TestNoAllocations(t *testing.T) {
	payload := benchPayload()
	wire := Append(nil, payload)
	buf := make([]byte, 0, MaxSize(len(payload)))
	if n := testing.AllocsPerRun(100, func() { buf = Append(buf[:0], payload) }); n != 0 {
		t.Errorf("Append: %v allocations", n)
	}
	d := NewDecoder(0, func(Kind, []byte) {})
	if n := testing.AllocsPerRun(100, func() { d.Write(wire[:500]); d.Write(wire[500:]) }); n != 0 {
		t.Errorf("Decoder: %v allocations", n)
	}
}

func randomBytes(rng *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// FuzzDecoder: whatever comes, the Decoder keeps to its limit, finds the same in all
// chunkings, and finds the payloads of the plainest decoder.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("log \xaa\xbc\x67\x01\x01\x02\x00\x70\xbb\xaa\x01\xcc\xaa\x00\xbb"), uint8(3))
	f.Add(bytes.Repeat([]byte{BEG, ESC, END, ESC, ESC}, 20), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		const limit = 32
		whole := decode(limit, [][]byte{stream})
		var chunks [][]byte
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), 1+int(cut)%7)
			chunks = append(chunks, rest[:n])
			rest = rest[n:]
			cut += 3
		}
		if got := decode(limit, chunks); !slices.Equal(got, whole) {
			t.Errorf("in chunks %v, whole %v", got, whole)
		}
		var payloads []string
		for _, it := range whole {
			if it.kind != Noise && len(it.p) > limit+1 {
				t.Errorf("%v is beyond the limit", it)
			}
			if it.kind == Payload {
				payloads = append(payloads, fmt.Sprintf("%x", it.p))
			}
		}
		if want := bothRules(stream, limit); !slices.Equal(payloads, want) {
			t.Errorf("payloads %v, want %v", payloads, want)
		}
	})
}

// FuzzRoundTrip: every payload comes back, whatever surrounds its frame, and nothing
// but delimiters and escapes is special in it.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{}, []byte("noise"))
	f.Add([]byte{BEG, END, ESC, XON, XOFF}, []byte{END, ESC})
	f.Fuzz(func(t *testing.T, payload, before []byte) {
		if len(payload) > DefaultLimit {
			return
		}
		wire := Append(nil, payload)
		if len(wire) > MaxSize(len(payload)) {
			t.Errorf("%d bytes became %d", len(payload), len(wire))
		}
		if inner := wire[1 : len(wire)-1]; bytes.ContainsAny(inner, "\x11\x13") ||
			bytes.IndexByte(inner, BEG) >= 0 || bytes.IndexByte(inner, END) >= 0 {
			t.Errorf("special bytes in %x", wire)
		}
		got := decode(0, [][]byte{before, wire, wire})
		if n := len(got); n < 2 || got[n-1] != (item{Payload, string(payload)}) || got[n-2] != got[n-1] {
			t.Errorf("got %v for %x", got, payload)
		}
	})
}

// benchPayload is 1 KiB in which 2 % of the bytes must be escaped, spread at random.
func benchPayload() []byte {
	rng := rand.New(rand.NewPCG(3, 3))
	p := make([]byte, 1024)
	for i := range p {
		for p[i] = byte(rng.Uint32()); mustEscape[p[i]]; {
			p[i] = byte(rng.Uint32())
		}
	}
	special := []byte{BEG, END, ESC, XON, XOFF}
	for k, i := range rng.Perm(len(p))[:len(p)*2/100] {
		p[i] = special[k%len(special)]
	}
	return p
}

func BenchmarkEncode(b *testing.B) {
	payload := benchPayload()
	buf := make([]byte, 0, MaxSize(len(payload)))
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], payload)
	}
}

func BenchmarkDecode(b *testing.B) {
	payload := benchPayload()
	wire := Append(nil, payload)
	frames := 0
	d := NewDecoder(0, func(k Kind, p []byte) {
		if k == Payload && len(p) == len(payload) {
			frames++
		}
	})
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		d.Write(wire)
	}
	if frames < b.N {
		b.Fatalf("%d frames of %d", frames, b.N)
	}
}

// TestFlush: an open frame is handed over as cut, the bytes after it are noise, and the
// next frame is found.
func TestFlush(t *testing.T) {
	var got []item
	d := NewDecoder(0, func(k Kind, p []byte) { got = append(got, item{k, string(p)}) })
	d.Flush()
	d.Write([]byte("a\xaab\xcc"))
	d.Flush()
	d.Flush()
	d.Write(Append([]byte("c\xbb"), []byte("next")))
	if want := []item{{Noise, "a"}, {Cut, "b"}, {Noise, "c\xbb"}, {Payload, "next"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s := d.Stats(); s.Cut != 1 || s.Frames != 1 || s.NoiseBytes != 3 {
		t.Errorf("%+v", s)
	}
}
