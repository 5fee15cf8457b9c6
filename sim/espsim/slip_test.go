package espsim

import (
	"bytes"
	"testing"
)

func feed(d *unslip, b []byte) (frames [][]byte) {
	for _, c := range b {
		if d.put(c) {
			frames = append(frames, bytes.Clone(d.buf))
		}
	}
	return frames
}

func TestUnslip(t *testing.T) {
	const a, b = "\xC0one\xC0", "\xC0t\xDB\xDCw\xDB\xDDo\xC0"
	for _, c := range []struct {
		name, in    string
		strict, rom []string
	}{
		{"two", a + b, []string{"one", "t\xC0w\xDBo"}, []string{"one", "t\xC0w\xDBo"}},
		{"noise before", "boot: 13\r\n" + a, []string{"one"}, []string{"one"}},
		// The stray delimiter shifts the parity: what follows is outside, what is between is a frame.
		{"stray", "\xC0" + a + b, []string{"t\xC0w\xDBo"}[:0], []string{"one", "t\xC0w\xDBo"}},
		{"stray twice", "\xC0\xC0" + a, []string{"one"}, []string{"one"}},
		{"bad escape", "\xC0x\xDBy\xC0" + a, []string{"one"}, []string{"one"}},
		{"too long", "\xC012345678901\xC0" + a, []string{"one"}, []string{"one"}},
		{"ends in escape", "\xC0x\xDB\xC0" + a, []string{"one"}, []string{"one"}},
	} {
		for _, strict := range []bool{true, false} {
			want := c.rom
			if strict {
				want = c.strict
			}
			got := feed(&unslip{strict: strict, max: 10}, []byte(c.in))
			ok := len(got) == len(want)
			for i := range got {
				ok = ok && string(got[i]) == want[i]
			}
			if !ok {
				t.Errorf("%s, strict %v: %q, want %q", c.name, strict, got, want)
			}
		}
	}
}

func TestFramed(t *testing.T) {
	if got := framed(nil, []byte{1, 0xC0, 0xDB, 2}); !bytes.Equal(got, []byte{0xC0, 1, 0xDB, 0xDC, 0xDB, 0xDD, 2, 0xC0}) {
		t.Errorf("% x", got)
	}
}

func FuzzUnslip(f *testing.F) {
	f.Add([]byte("\xC0\x00\x08\x00\x00\xC0"), true)
	f.Fuzz(func(t *testing.T, b []byte, strict bool) {
		d := &unslip{strict: strict, max: 64}
		for _, frame := range feed(d, b) {
			if len(frame) > 64 {
				t.Fatal("over-long")
			}
			if q, ok, sound := parseRequest(frame); ok && sound {
				q.block()
			}
		}
	})
}

func FuzzInflater(f *testing.F) {
	f.Add([]byte{0x78, 0x9C, 3, 0, 0, 0, 0, 1}, uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		i := newInflater()
		defer i.stop()
		n := max(int(step), 1)
		total := 0
		for len(b) > 0 {
			k := min(n, len(b))
			i.push(b[:k])
			b = b[k:]
			for {
				out, s := i.next()
				if total += len(out); len(out) > window {
					t.Fatal("more than a window")
				}
				if s != inflateMore || total > 1<<22 {
					break
				}
			}
		}
	})
}

func TestInflater(t *testing.T) {
	data := Image(ImageOptions{Size: 200 << 10})
	packed := pack(t, data)
	f := newInflater()
	defer f.stop()
	var got []byte
	for i := 0; i < len(packed); i += 1000 {
		f.push(packed[i:min(len(packed), i+1000)])
		for {
			out, s := f.next()
			got = append(got, out...)
			if s == inflateMore {
				continue
			}
			if last := i+1000 >= len(packed); s == inflateBroken || (s == inflateDone) != last {
				t.Fatalf("state %d at %d of %d", s, i, len(packed))
			}
			break
		}
	}
	if !bytes.Equal(got, data) {
		t.Error("other data came out")
	}
	f.push([]byte("more"))
	if out, s := f.next(); len(out) > 0 || s != inflateDone {
		t.Errorf("behind the end: %d bytes, %d", len(out), s)
	}
	packed[len(packed)/2] ^= 4
	g := newInflater()
	defer g.stop()
	g.push(packed)
	s := inflateMore
	for s == inflateMore {
		_, s = g.next()
	}
	if s != inflateBroken {
		t.Errorf("a flipped bit: state %d", s)
	}
}
