package slip

import (
	"bytes"
	"slices"
	"testing"
)

// decode feeds b in pieces of n bytes.
func decode(d *Decoder, b []byte, n int) (packets [][]byte, noise []byte) {
	for piece := range slices.Chunk(b, n) {
		for len(piece) > 0 {
			p, taken, no := d.Decode(piece)
			if p != nil {
				packets = append(packets, bytes.Clone(p))
			}
			noise = append(noise, no...)
			piece = piece[taken:]
		}
	}
	return packets, noise
}

func TestFrame(t *testing.T) {
	// The example of RFC 1055's characters, each special byte once.
	got := Append([]byte("x"), []byte{1, End}, []byte{Esc, 2})
	want := []byte{'x', 0xC0, 1, 0xDB, 0xDC, 0xDB, 0xDD, 2, 0xC0}
	if !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
	if n := MaxEncoded(3); n != len(Append(nil, []byte{End, Esc, End})) {
		t.Errorf("MaxEncoded(3) = %d", n)
	}
}

func TestDecode(t *testing.T) {
	frame := func(s string) string { return string(Append(nil, []byte(s))) }
	for _, c := range []struct {
		name, in string
		packets  []string
		noise    string
	}{
		{"log before a frame", "boot:0x3\r\n" + frame("ab"), []string{"ab"}, "boot:0x3\r\n"},
		{"shared End", "\xC0ab\xC0cd\xC0", []string{"ab", "cd"}, ""},
		{"stray End in noise", "x\xC0yz" + frame("ab"), []string{"yz", "ab"}, "x"},
		{"noise between frames", frame("ab") + "noise" + frame("cd"), []string{"ab", "noise", "cd"}, ""},
		{"bad escape", "\xC0a\xDBb\xC0" + frame("cd"), []string{"cd"}, "a"},
		{"cut in an escape", "\xC0a\xDB\xC0" + frame("cd"), []string{"cd"}, "a"},
		{"too long", "\xC00123456789\xC0" + frame("cd"), []string{"cd"}, "01234567"},
		{"escapes", frame("\xC0\xDB"), []string{"\xC0\xDB"}, ""},
	} {
		for n := 1; n <= len(c.in); n++ {
			packets, noise := decode(&Decoder{Max: 8}, []byte(c.in), n)
			var got []string
			for _, p := range packets {
				got = append(got, string(p))
			}
			if !slices.Equal(got, c.packets) || string(noise) != c.noise {
				t.Errorf("%s in pieces of %d: %q and noise %q, want %q and %q", c.name, n, got, noise, c.packets, c.noise)
			}
		}
	}
	d := Decoder{Max: 8}
	decode(&d, []byte("\xC0ab"), 9)
	if string(d.Pending()) != "ab" {
		t.Errorf("pending: %q", d.Pending())
	}
	d.Reset()
	if p, noise := decode(&d, []byte("log\xC0ab\xC0"), 9); len(p) != 1 || string(noise) != "log" {
		t.Errorf("after Reset: %q, noise %q", p, noise)
	}
}

// FuzzDecode: any packet survives the wire, whatever came before it.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xC0\xDB"), []byte("packet\xC0\xDB\xDC"), 3)
	f.Fuzz(func(t *testing.T, before, packet []byte, n int) {
		d := Decoder{Max: 1 << 20}
		stream := Append(bytes.Clone(before), packet)
		packets, _ := decode(&d, stream, max(n, 1))
		if len(packet) == 0 {
			return
		}
		if len(packets) == 0 || !bytes.Equal(packets[len(packets)-1], packet) {
			t.Fatalf("% x did not come through % x", packet, stream)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	data := make([]byte, 16<<10)
	for i := range data {
		data[i] = byte(i * 7)
	}
	dst := make([]byte, 0, MaxEncoded(len(data)))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dst = Append(dst[:0], data)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := make([]byte, 4<<10)
	for i := range data {
		data[i] = byte(i * 7)
	}
	frame := Append(nil, data)
	d := Decoder{Max: 8 << 10}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		d.Decode(frame)
		d.Decode(frame[1:])
	}
}
