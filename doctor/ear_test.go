package doctor

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestMarksAcrossChunks: a mark counts once, wherever the chunks are cut.
func TestMarksAcrossChunks(t *testing.T) {
	log := []byte("xxrst:0x1 (POWERON_RESET)\r\nwaiting for download\r\n[rpc port] Blynk.NCP started\r\nrst:0xc")
	for size := 1; size < len(log); size++ {
		var e ear
		for p := log; len(p) > 0; p = p[min(size, len(p)):] {
			e.hear(p[:min(size, len(p))])
		}
		if e.marks[markROM] != 2 || e.marks[markDownload] != 1 || e.marks[markNCP] != 1 || e.marks[markBrownout] != 0 {
			t.Errorf("chunks of %d: %v", size, e.marks)
		}
		if e.Bytes != len(log) || e.Text != len(log) || !e.Readable() {
			t.Errorf("chunks of %d: %+v", size, e.Rate)
		}
	}
}

// TestReadable: text is readable, random bytes are not.
func TestReadable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var e ear
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		e.hear(b)
		if e.Readable() {
			t.Errorf("random bytes pass for a text: %q", b)
		}
	}
	var e ear
	e.hear([]byte("\xff\x00hello, world of logs\r\n"))
	if !e.Readable() {
		t.Error("a line of a log is not readable")
	}
}

func TestBits(t *testing.T) {
	for _, tt := range []struct {
		got        string
		hits       int
		lost, more int
	}{
		{"waiting for download\r\n", 0, 0, 0},
		{"waiting for download\r\x08", 1, 1, 0},
		{"waitifg dor!download\r\n", 1, 2, 1},
		{"xxxxxxxxxxxxxxxxxxxxxx", 0, 0, 0},
	} {
		var e ear
		e.hear([]byte("noise" + tt.got + "more"))
		if e.bits.hits != tt.hits || e.bits.lost != tt.lost || e.bits.more != tt.more {
			t.Errorf("%q: %+v", tt.got, e.bits)
		}
	}
}

func TestTextLine(t *testing.T) {
	if got := textLine([]byte("short\r\nrst:0x1 here\r\na much longer line than the others are\r\n"), markROM); got != "rst:0x1 here" {
		t.Errorf("got %q", got)
	}
	if got := textLine([]byte("short\r\n\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\r\nlonger text\n")); got != "longer text" {
		t.Errorf("got %q", got)
	}
	if got := textLine([]byte(strings.Repeat("x", 1000))); len(got) > maxText {
		t.Errorf("%d bytes", len(got))
	}
}

// FuzzLine: whatever comes over the line, in whatever chunks, nothing grows beyond its
// bound, and a verdict comes out.
func FuzzLine(f *testing.F) {
	f.Add([]byte("rst:0x1\r\nwaiting for download"), 3)
	f.Add([]byte{0xAA, 0x12, 0xA5, 1, 0x7A, 0, 0xBB}, 1)
	f.Add(bytes.Repeat([]byte{0xAA, 0xBC, 0x67, 0x81, 0x01, 1, 0, 0x33, 0xBB}, 40), 7)
	f.Fuzz(func(t *testing.T, p []byte, size int) {
		size = max(1, size&0xFFF)
		l := newLine()
		l.ear = l.earAt(115200)
		l.await = true
		for rest := p; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			l.hear(rest[:min(size, len(rest))])
		}
		e := l.ear
		if e.Bytes != len(p) || e.Text > e.Bytes || len(e.sample) > MaxSample || len(e.tail) > maxTail || len(e.recent) > maxRecent || len(l.reply) > 300 {
			t.Fatalf("out of bounds: %+v", e)
		}
		l.ear.Listened = time.Second
		r := Report{Steps: make([]Step, numSteps), Rates: []Rate{e.Rate}}
		found := findings{ears: l.ears}
		r.Verdicts = judge(&found, &r, Options{})
		if n := len(r.Verdicts); n < 1 || n > maxVerdicts {
			t.Fatalf("%d verdicts", n)
		}
		for _, b := range []byte(r.Text()) {
			if b != '\n' && (b < 0x20 || b >= 0x7F) {
				t.Fatalf("byte %02x in the text", b)
			}
		}
	})
}
