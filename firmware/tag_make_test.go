package firmware

import (
	"bytes"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goldenTag is the tag of the test below, byte by byte.
const goldenTag = "626c6e6b696e6600" + // blnkinf
	"6d637500" + "312e322e3000" + // mcu 1.2.0
	"66772d7479706500" + "544d504c616200" + // fw-type TMPLab
	"6275696c6400" + "4e6f7620323220323032362031323a30303a303000" + // build Nov 22 2026 12:00:00
	"626c796e6b00" + "302e372e3000" + // blynk 0.7.0
	"00"

func TestNewTag(t *testing.T) {
	tag, err := NewTag("1.2.0", "TMPLab", "Nov 22 2026 12:00:00", "0.7.0")
	if err != nil || hex.EncodeToString(tag.Bytes()) != goldenTag {
		t.Errorf("%x, %v", tag.Bytes(), err)
	}
	found, ok := FindTag(append([]byte("blnkinf\x00\xFFxx"), tag.Bytes()...))
	if !ok || found.Offset != 11 || found.Size != tag.Size || !slices.Equal(found.Pairs, tag.Pairs) {
		t.Errorf("found %+v, %v", found, ok)
	}
	tag, err = NewTag("1", "T", "", "")
	if err != nil || string(tag.Bytes()) != "blnkinf\x00mcu\x001\x00fw-type\x00T\x00\x00" {
		t.Errorf("without build: %q, %v", tag.Bytes(), err)
	}
}

func TestTagRefused(t *testing.T) {
	for _, c := range []struct {
		version, fwType, build, blynk string
		want                          TagError
	}{
		{"", "T", "b", "c", TagError{Fault: TagEmpty, Key: "mcu"}},
		{"1", "", "b", "c", TagError{Fault: TagEmpty, Key: "fw-type"}},
		{"1.0+5", "T", "b", "c", TagError{Fault: TagChar, Key: "mcu", Char: '+', At: 3}},
		{"1", "T/U", "b", "c", TagError{Fault: TagChar, Key: "fw-type", Char: '/', At: 1}},
		{"1", "T", "it's", "c", TagError{Fault: TagChar, Key: "build", Char: '\'', At: 2}},
		{"1", "T", "b", "1\x00mcu", TagError{Fault: TagChar, Key: "blynk", Char: 0, At: 1}},
		{"1", "Тип", "b", "c", TagError{Fault: TagChar, Key: "fw-type", Char: 'Т'}},
		{"1", "T\xFF", "b", "c", TagError{Fault: TagChar, Key: "fw-type", Char: '\uFFFD', At: 1}},
		{"1", strings.Repeat("T", 600), "", "", TagError{Fault: TagLong}},
	} {
		_, err := NewTag(c.version, c.fwType, c.build, c.blynk)
		var e *TagError
		if !errors.As(err, &e) || *e != c.want {
			t.Errorf("%q %q %q %q: %v", c.version, c.fwType, c.build, c.blynk, err)
		}
	}
	// The longest one that is made is found again; one character more is refused.
	for n := 400; n < 600; n++ {
		tag, err := NewTag("1", strings.Repeat("T", n), "", "")
		if err != nil {
			break
		}
		if found, ok := FindTag(tag.Bytes()); !ok || found.Get(TagKeyType) != tag.Get(TagKeyType) {
			t.Fatalf("a type of %d characters is made, but not found", n)
		}
	}
}

func TestAppendTag(t *testing.T) {
	tag, _ := NewTag("1.2.0", "TMPLab", "", "")
	file := []byte{1, 2, 3, 0, 0}
	out, err := AppendTag(file, tag)
	if err != nil || !bytes.Equal(out[:5], file) || !bytes.Equal(out[5:], tag.Bytes()) || len(file) != 5 {
		t.Errorf("%q, %v", out, err)
	}
	var e *TagError
	if _, err := AppendTag(out, tag); !errors.As(err, &e) || e.Fault != TagOther {
		t.Errorf("a second tag: %v", err)
	}
	// A marker without an end would swallow the new one.
	if _, err := AppendTag([]byte("blnkinf\x00abc"), tag); !errors.As(err, &e) || e.Fault != TagOther {
		t.Errorf("behind an open marker: %v", err)
	}
}

// TestTagOf: the tag is found in files of every kind, also where it is in pieces there.
func TestTagOf(t *testing.T) {
	tag, _ := NewTag("1.2.0", "TMPLab", "Nov 22 2026 12:00:00", "")
	body := append(bytes.Repeat([]byte{0xA5}, 250), tag.Bytes()...)
	check := func(name string, file []byte, addr int64, placed bool) {
		t.Helper()
		if f, ok := TagOf(name, file); !ok || f.Addr != addr || f.Placed != placed || f.Version() != "1.2.0" {
			t.Errorf("%s: %+v, %v", name, f, ok)
		}
	}
	check("a.bin", body, 250, false)
	check("a.elf", append([]byte("\x7FELF"), body...), 254, false)
	check("a.hex", hexOf(0x2000, body), 0x2000+250, true)
	check("a.uf2", uf2Of(0x10000000, body), 0x10000000+250, true)
	if f, ok := TagOf("none.bin", []byte("nothing")); ok {
		t.Errorf("%+v", f)
	}
}

// hexOf writes data as Intel HEX from an address below 64 KiB on.
func hexOf(addr int, data []byte) []byte {
	var b strings.Builder
	for i := 0; i < len(data); i += 16 {
		line := data[i:min(i+16, len(data))]
		rec := append([]byte{byte(len(line)), byte((addr + i) >> 8), byte(addr + i), 0}, line...)
		sum := byte(0)
		for _, c := range rec {
			sum -= c
		}
		b.WriteString(":" + strings.ToUpper(hex.EncodeToString(append(rec, sum))) + "\n")
	}
	return []byte(b.String() + ":00000001FF\n")
}

// uf2Of writes data as UF2, in blocks of 256 bytes.
func uf2Of(addr uint32, data []byte) []byte {
	var out []byte
	for len(data)%256 > 0 {
		data = append(data, 0xFF)
	}
	n := len(data) / 256
	for i := range n {
		block := make([]byte, 512)
		for k, v := range []uint32{0x0A324655, 0x9E5D5157, 0, addr + uint32(256*i), 256, uint32(i), uint32(n), 0} {
			block[4*k], block[4*k+1], block[4*k+2], block[4*k+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
		}
		copy(block[32:], data[256*i:256*i+256])
		copy(block[508:], []byte{0x30, 0x6F, 0xB1, 0x0A})
		out = append(out, block...)
	}
	return out
}

// tagRule is the search rule as it is written down (facts of images, section 5), at the
// beginning of what it is tried on.
var tagRule = regexp.MustCompile(`^blnkinf\x00([0-9A-Za-z_ \t\n\v\f\r.,:\-()\x00]*?)\x00\x00`)

// slowFindTag is the rule, slowly, with our bound on the length and without empty tags.
func slowFindTag(data []byte) (Tag, bool) {
	for at := range data {
		m := tagRule.FindSubmatch(data[at:])
		if m == nil || len(m[0]) > len("blnkinf\x00")+512 {
			continue
		}
		items := strings.Split(string(m[0]), "\x00")
		items = items[1 : len(items)-2]
		tag := Tag{Offset: at, Size: len(m[0])}
		for len(items) > 1 {
			tag.Pairs = append(tag.Pairs, Pair{items[0], items[1]})
			items = items[2:]
		}
		if len(tag.Pairs) > 0 {
			return tag, true
		}
	}
	return Tag{}, false
}

// FuzzFindTag: what is found is what the rule finds; what is made is found again.
func FuzzFindTag(f *testing.F) {
	golden, _ := hex.DecodeString(goldenTag)
	f.Add(golden)
	f.Add([]byte("blnkinf\x00blnkinf\x00mcu\x001\x00\x00"))
	f.Add([]byte("blnkinf\x00\x00\x00blnkinf\x00a\x00\x00\x00"))
	f.Add([]byte("blnkinf\x00k\x00v\x00odd\x00\x00"))
	f.Add([]byte("blnkinf\x00\x00k\x00v\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 || bytes.Count(data, []byte(tagMark)) > maxMarks {
			return
		}
		got, ok := FindTag(data)
		want, there := slowFindTag(data)
		if ok != there || got.Offset != want.Offset || got.Size != want.Size || !slices.Equal(got.Pairs, want.Pairs) {
			t.Fatalf("found %+v %v, the rule says %+v %v", got, ok, want, there)
		}
		TagOf("f", data)
		text := string(data)
		if tag, err := NewTag(text[:len(text)/2], text[len(text)/2:], "", ""); err == nil {
			if again, ok := FindTag(tag.Bytes()); !ok || again.Offset != 0 || again.Size != tag.Size || !slices.Equal(again.Pairs, tag.Pairs) {
				t.Fatalf("made %+v, found %+v", tag, again)
			}
		}
	})
}
