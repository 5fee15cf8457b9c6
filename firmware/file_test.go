package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// record writes a record of Intel HEX.
func record(kind byte, addr uint16, data ...byte) string {
	b := append([]byte{byte(len(data)), byte(addr >> 8), byte(addr), kind}, data...)
	var sum byte
	for _, c := range b {
		sum += c
	}
	return fmt.Sprintf(":%X%02X\n", b, -sum)
}

const hexEOF = ":00000001FF\n"

func TestHex(t *testing.T) {
	type seg struct {
		addr uint32
		data string
	}
	for _, c := range []struct {
		name, in string
		want     []seg
	}{
		// The example that every description of the format has.
		{"known record", ":10010000214601360121470136007EFE09D2190140\r\n" + hexEOF,
			[]seg{{0x100, "!F\x016\x01!G\x016\x00~\xFE\t\xD2\x19\x01"}}},
		{"mark, blank lines, lower case", "\xEF\xBB\xBF\n\n" + strings.ToLower(record(0, 0x10, 0xAB, 0xCD)) + hexEOF + "\n", []seg{{0x10, "\xAB\xCD"}}},
		{"linear base", record(4, 0, 0x08, 0x00) + record(0, 0x20, 1, 2) + hexEOF, []seg{{0x08000020, "\x01\x02"}}},
		{"linear base carries", record(4, 0, 0, 1) + record(0, 0xFFFF, 1, 2) + hexEOF, []seg{{0x1FFFF, "\x01\x02"}}},
		{"segment base wraps", record(2, 0, 0x10, 0x00) + record(0, 0xFFFF, 1, 2) + hexEOF, []seg{{0x10000, "\x02"}, {0x1FFFF, "\x01"}}},
		{"segment base is shifted by four", record(2, 0, 0x12, 0x34) + record(0, 1, 7) + hexEOF, []seg{{0x12341, "\x07"}}},
		{"order does not matter", record(0, 2, 3, 4) + record(0, 0, 1, 2) + hexEOF, []seg{{0, "\x01\x02\x03\x04"}}},
		{"gap inside a sector", record(0, 0, 1) + record(0, 4, 2) + hexEOF, []seg{{0, "\x01\xFF\xFF\xFF\x02"}}},
		{"gap between sectors", record(0, 0, 1) + record(0, 0x1000, 2) + hexEOF, []seg{{0, "\x01"}, {0x1000, "\x02"}}},
		{"starting addresses", record(3, 0, 0, 0, 0, 0) + record(5, 0, 8, 0, 0, 1) + record(0, 0, 1) + hexEOF, []seg{{0, "\x01"}}},
	} {
		f, err := Open("x.hex", []byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []seg
		for _, s := range f.Image.Segments {
			got = append(got, seg{s.Addr, string(s.Data)})
		}
		if !slices.Equal(got, c.want) || f.Kind != Hex || !f.Placed {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// uf2 writes a block.
func uf2(flags, addr, number, total, family uint32, data []byte) []byte {
	b := make([]byte, 512)
	for i, w := range []uint32{uf2Magic0, uf2Magic1, flags, addr, uint32(len(data)), number, total, family} {
		binary.LittleEndian.PutUint32(b[4*i:], w)
	}
	copy(b[32:], data)
	binary.LittleEndian.PutUint32(b[508:], uf2MagicN)
	return b
}

func TestUF2(t *testing.T) {
	page := func(c byte) []byte { return bytes.Repeat([]byte{c}, 256) }
	in := slices.Concat(
		uf2(0x2000, 0x10100, 1, 3, 0xD42BA06C, page('b')),
		uf2(0x2000, 0x10000, 0, 3, 0xD42BA06C, page('a')),
		uf2(0x2001, 0x90000, 7, 9, 0x12345678, page('x')), // a comment of somebody else
		uf2(0x2000, 0x20000, 2, 3, 0xD42BA06C, page('c')),
	)
	f, err := Open("x.uf2", in)
	if err != nil {
		t.Fatal(err)
	}
	s := f.Image.Segments
	if len(s) != 2 || s[0].Addr != 0x10000 || string(s[0].Data) != string(page('a'))+string(page('b')) || s[1].Addr != 0x20000 || FamilyChip(f.Family) != "esp32c3" {
		t.Errorf("%+v", f)
	}
}

func TestRefused(t *testing.T) {
	ok := uf2(0x2000, 0, 0, 1, 1, make([]byte, 256))
	odd := bytes.Clone(ok)
	odd[16] = 255
	for _, c := range []struct {
		name string
		in   string
		code Code
		line int
	}{
		{"empty", "", ErrEmpty, 0},
		{"blank", strings.Repeat("\xFF", 5000), ErrBlank, 0},
		{"ELF", "\x7FELF\x01\x01", ErrKind, 0},
		{"DfuSe", "DfuSe\x01", ErrKind, 0},
		{"manifest", `{"name":"x"}`, ErrKind, 0},
		{"cut off", record(0, 0, 1), ErrHexEnd, 1},
		{"cut inside a line", record(0, 0, 1) + ":0400", ErrHexDigit, 2},
		{"checksum", ":0100000001FF\n" + hexEOF, ErrHexSum, 1},
		{"length", ":0200000001FD\n" + hexEOF, ErrHexLength, 1},
		{"text", record(0, 0, 1) + "hello\n" + hexEOF, ErrHexDigit, 2},
		{"behind the end", record(0, 0, 1) + hexEOF + record(0, 1, 1), ErrHexTail, 3},
		{"type", record(6, 0) + hexEOF, ErrHexType, 1},
		{"length of a base", record(4, 0, 1) + hexEOF, ErrHexLength, 1},
		{"overlap", record(0, 0, 1, 2) + record(0, 1, 3) + hexEOF, ErrOverlap, 2},
		{"beyond 4 GiB", record(4, 0, 0xFF, 0xFF) + record(0, 0xFFFF, 1, 2) + hexEOF, ErrAddress, 2},
		{"nothing in it", ":00000001FF\n", ErrEmpty, 0},
		{"only FF", record(0, 0, 0xFF) + hexEOF, ErrBlank, 0},
		{"part of a block", string(ok[:500]), ErrUF2Length, 0},
		{"payload of 255", string(odd), ErrUF2Block, 0},
		{"no end mark", string(ok[:508]) + "xxxx", ErrUF2Block, 0},
		{"block missing", string(uf2(0x2000, 0, 0, 2, 1, make([]byte, 256))) + string(uf2(0x2000, 0, 0, 2, 1, make([]byte, 256))), ErrUF2Count, 0},
		{"more blocks than the file has", string(uf2(0x2000, 0, 0, 1<<31, 1, make([]byte, 256))), ErrUF2Count, 0},
		{"two families", string(uf2(0x2000, 0, 0, 2, 1, make([]byte, 256))) + string(uf2(0x2000, 256, 1, 2, 2, make([]byte, 256))), ErrUF2Family, 0},
		{"same address twice", string(uf2(0x2000, 0, 0, 2, 1, make([]byte, 256))) + string(uf2(0x2000, 0, 1, 2, 1, make([]byte, 256))), ErrOverlap, 0},
		{"4 GiB in UF2", string(uf2(0x2000, 0xFFFFFFFC, 0, 1, 1, make([]byte, 256))), ErrAddress, 0},
	} {
		_, err := Open("file", []byte(c.in))
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code || e.Line != c.line || e.Name != "file" {
			t.Errorf("%s: %v, want code %q at line %d", c.name, err, codeTexts[c.code], c.line)
		}
	}
}

func TestScattered(t *testing.T) {
	var b strings.Builder
	for i := range MaxSegments + 1 {
		b.WriteString(record(4, 0, byte(i>>8), byte(i)))
		b.WriteString(record(0, 0, 1))
	}
	var e *Error
	if _, err := Open("x", []byte(b.String()+hexEOF)); !errors.As(err, &e) || e.Code != ErrScattered {
		t.Error(err)
	}
}

func TestRecognise(t *testing.T) {
	word := func(words ...uint32) []byte {
		var b []byte
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	esp := []byte{0xE9, 4, 2, 0x20, 0, 0, 0, 0, 0}
	merged := append(bytes.Repeat([]byte{0xFF}, 0x1000), esp...)
	for _, c := range []struct {
		name string
		in   []byte
		want Kind
	}{
		{"ESP", esp, ESP}, {"merged ESP32", merged, ESPMerged}, {"E9 without segments", []byte{0xE9, 0, 0, 0, 0, 0, 0, 0}, Unknown},
		{"merged C5", append(bytes.Repeat([]byte{0xFF}, 0x2000), esp...), ESPMerged},
		{"UF2", []byte("UF2\n\x57\x51\x5D\x9E"), UF2}, {"ZIP", []byte("PK\x03\x04"), Zip}, {"empty ZIP", []byte("PK\x05\x06"), Zip},
		{"MCUboot", word(0x96F3B83D, 0), MCUboot}, {"Cortex", word(0x20008000, 0x08000141), Cortex}, {"odd stack", word(0x20008001, 0x08000141), Unknown},
		{"AVR jmp", []byte{0x0C, 0x94, 0x5D, 0, 0x0C, 0x94, 0x85, 0}, AVR}, {"AVR rjmp", []byte{0x0E, 0xC0, 0x15, 0xC0, 0, 0, 0, 0}, AVR},
		{"DFU", append(make([]byte, 32), "\x00\x01\x02\x03\x83\x04\x00\x01UFD\x10abcd"...), DFU},
		{"JSON", []byte("\xEF\xBB\xBF {"), JSON}, {"HEX", []byte("\r\n:10"), Hex}, {"colon", []byte(":hello"), Unknown},
		{"blank", bytes.Repeat([]byte{0xFF}, 9), Blank}, {"nothing", nil, Unknown}, {"text", []byte("hello world"), Unknown},
	} {
		if got := Recognise(c.in); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if len(c.in) > 0 && (c.want == Cortex || c.want == AVR || c.want == ESP || c.want == Unknown) {
			if f, err := Open(c.name, c.in); err != nil || f.Placed || len(f.Parts(0x1234)) != 1 || f.Parts(0x1234)[0].Addr != 0x1234 {
				t.Errorf("%s: %+v, %v", c.name, f, err)
			}
		}
	}
}

func TestBuild(t *testing.T) {
	a, b := []byte("aaaa"), []byte("bb")
	m, err := Build([]Part{{"b", 0x10, b}, {"a", 0xC, a}})
	if err != nil || len(m.Segments) != 2 || m.Segments[0].Addr != 0xC || m.Segments[1].End() != 0x12 || m.Size() != 6 || m.Name != "a, b" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := Build([]Part{{"end", 1<<32 - 4, a}}); err != nil {
		t.Error("the last bytes of 4 GiB:", err)
	}
	for _, c := range []struct {
		name  string
		parts []Part
		want  Error
	}{
		{"none", nil, Error{Code: ErrEmpty}},
		{"empty", []Part{{"e", 4, nil}}, Error{Code: ErrEmpty, Name: "e", Addr: 4}},
		{"overlap", []Part{{"second", 2, b}, {"first", 0, a}}, Error{Code: ErrOverlap, Name: "first", Other: "second", Addr: 2}},
		{"beyond", []Part{{"far", 1<<32 - 3, a}}, Error{Code: ErrAddress, Name: "far", Addr: 1<<32 - 3}},
		{"far beyond", []Part{{"far", 1 << 62, a}, {"x", 0, b}}, Error{Code: ErrAddress, Name: "far", Addr: 1 << 62}},
		{"negative", []Part{{"n", -1, a}}, Error{Code: ErrAddress, Name: "n", Addr: -1}},
		{"large", []Part{{"l", 0, make([]byte, MaxSize)}, {"m", MaxSize, a}}, Error{Code: ErrTooLarge, Name: "m", Want: MaxSize, Have: MaxSize + 4}},
	} {
		var e *Error
		if _, err := Build(c.parts); !errors.As(err, &e) || *e != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, &c.want)
		}
	}
}

func TestTag(t *testing.T) {
	for _, c := range []struct {
		name, in, want, version string
		offset                  int
	}{
		{"MCU", "xxblnkinf\x00mcu\x000.1.0\x00fw-type\x00TMPL1\x00build\x00Nov 22 2026 19:00:00\x00blynk\x001.3.2\x00\x00", "mcu=0.1.0 fw-type=TMPL1 build=Nov 22 2026 19:00:00 blynk=1.3.2", "0.1.0", 2},
		{"NCP with unknown keys", "blnkinf\x00ncp\x000.7.1\x00h-beat\x0045\x00\x00\x00", "ncp=0.7.1 h-beat=45", "0.7.1", 0},
		{"bare marker before it", "blnkinf\x00%d\x00\x00..blnkinf\x00mcu\x001\x00\x00", "mcu=1", "1", 14},
		{"odd leftover", "blnkinf\x00mcu\x001\x00build\x00\x00", "mcu=1", "1", 0},
		{"an empty value ends it", "blnkinf\x00mcu\x00\x00build\x00x\x00\x00", "none", "", 0},
		{"a sign that is not allowed", "blnkinf\x00mcu\x001.0+git\x00\x00", "none", "", 0},
		{"markers without end", strings.Repeat("blnkinf\x00", 2000) + "mcu\x001\x00\x00", "none", "", 0},
		{"no end", "blnkinf\x00mcu\x001.0", "none", "", 0},
		{"too far away", "blnkinf\x00mcu\x00" + strings.Repeat("1", 600) + "\x00\x00", "none", "", 0},
	} {
		tag, ok := FindTag([]byte(c.in))
		got := "none"
		if ok {
			var list []string
			for _, p := range tag.Pairs {
				list = append(list, p.Key+"="+p.Value)
			}
			got = strings.Join(list, " ")
		}
		if got != c.want || tag.Version() != c.version || tag.Offset != c.offset {
			t.Errorf("%s: %q version %q at %d, want %q %q %d", c.name, got, tag.Version(), tag.Offset, c.want, c.version, c.offset)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(record(4, 0, 8, 0) + record(0, 2, 1, 2, 3) + hexEOF))
	f.Add([]byte(record(2, 0, 0xF0, 0) + record(0, 0xFFFE, 1, 2, 3) + hexEOF))
	f.Add(uf2(0x2000, 0, 0, 1, 1, make([]byte, 256)))
	f.Add(uf2(0x4000, 0, 0, 1, 1, make([]byte, 452)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open("x", data)
		FindTag(data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Error() == "" || e.Name != "x" {
				t.Fatalf("%#v", err)
			}
			return
		}
		// What was accepted is in order, and Build agrees.
		if _, err := Build(file.Parts(0)); err != nil {
			t.Fatal(err)
		}
		if !file.Placed && !bytes.Equal(file.Image.Segments[0].Data, data) {
			t.Fatal("a binary was changed")
		}
	})
}
