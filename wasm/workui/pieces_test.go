package workui

import (
	"strconv"
	"testing"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/sim/espsim"
)

func opened(t *testing.T, name string, data []byte) *firmware.File {
	t.Helper()
	f, err := firmware.Open(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rows lists the pieces with their offsets.
func rows(list pieces) string {
	s := ""
	for _, p := range list {
		s += p.file.Name + "@" + p.at + " "
	}
	return s
}

func whole(chip espsim.Chip) []byte {
	return espsim.Image(espsim.ImageOptions{Chip: chip, Size: 256 << 10, Version: "0.7.1"})
}

// TestOffsets: each kind of file goes where it usually goes, in any order.
func TestOffsets(t *testing.T) {
	c3, esp32 := whole("esp32c3"), whole("esp32")
	for _, c := range []struct {
		name, want string
		files      map[string][]byte
		order      []string
	}{
		{name: "merged", want: "a.bin@0x0 ", files: map[string][]byte{"a.bin": c3}, order: []string{"a.bin"}},
		{name: "merged with FF before", want: "a.bin@0x0 ", files: map[string][]byte{"a.bin": esp32}, order: []string{"a.bin"}},
		{name: "ESP8266", want: "a.bin@0x0 ", files: map[string][]byte{"a.bin": whole("esp8266")}, order: []string{"a.bin"}},
		{
			name: "parts of an ESP32, the file system first", want: "bootloader.bin@0x1000 partitions.bin@0x8000 firmware.bin@0x10000 littlefs.bin@0x3B0000 ",
			files: map[string][]byte{"bootloader.bin": esp32[0x1000:0x8000], "partitions.bin": esp32[0x8000:0x8C00], "firmware.bin": esp32[0x10000:], "littlefs.bin": make([]byte, 4096)},
			order: []string{"littlefs.bin", "firmware.bin", "partitions.bin", "bootloader.bin"},
		},
		{
			name: "parts of a C3", want: "x.bin@0x0 y.bin@0x8000 boot_app0.bin@0xE000 z.bin@0x10000 ",
			files: map[string][]byte{"x.bin": c3[:0x8000], "y.bin": c3[0x8000:0x8C00], "boot_app0.bin": make([]byte, 8192), "z.bin": c3[0x10000:]},
			order: []string{"boot_app0.bin", "z.bin", "y.bin", "x.bin"},
		},
		{name: "unknown, alone", want: "data.bin@0x0 ", files: map[string][]byte{"data.bin": {1, 2, 3, 4, 5, 6, 7, 8, 9}}, order: []string{"data.bin"}},
		{
			name: "unknown, beside another", want: "app.bin@0x10000 data.bin@ ",
			files: map[string][]byte{"data.bin": {1, 2, 3, 4, 5, 6, 7, 8, 9}, "app.bin": c3[0x10000:]}, order: []string{"data.bin", "app.bin"},
		},
	} {
		var list pieces
		for _, name := range c.order {
			if _, ok := list.add(opened(t, name, c.files[name])); !ok {
				t.Errorf("%s: %s has no room", c.name, name)
			}
		}
		if got := rows(list); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestWholeImagesStandAlone: parts and a whole flash content do not go together, a file of
// the same name takes the place of the old one, and what was typed stays.
func TestWholeImagesStandAlone(t *testing.T) {
	c3 := whole("esp32c3")
	var list pieces
	list.add(opened(t, "app.bin", c3[0x10000:]))
	list.add(opened(t, "all.bin", c3))
	if got := rows(list); got != "all.bin@0x0 " {
		t.Errorf("a whole image beside its part: %s", got)
	}
	list.add(opened(t, "app.bin", c3[0x10000:]))
	if got := rows(list); got != "app.bin@0x10000 " {
		t.Errorf("a part beside a whole image: %s", got)
	}
	list[0].at, list[0].own = "0x110000", true
	list.add(opened(t, "app.bin", c3[0x10000:]))
	list.add(opened(t, "boot.bin", c3[:0x8000]))
	if got := rows(list); got != "boot.bin@0x0 app.bin@0x110000 " {
		t.Errorf("what was typed: %s", got)
	}
	list.remove(0)
	if got := rows(list); got != "app.bin@0x110000 " || list[0].what != espimage.AppImage {
		t.Errorf("after removing: %s", got)
	}
	list = nil
	for i := range maxPieces + 1 {
		if _, ok := list.add(opened(t, "x"+strconv.Itoa(i), c3[0x8000:0x8C00])); ok != (i < maxPieces) {
			t.Errorf("piece %d: %v", i, ok)
		}
	}
}

func TestParts(t *testing.T) {
	c3 := whole("esp32c3")
	var list pieces
	list.add(opened(t, "app.bin", c3[0x10000:]))
	list.add(opened(t, "boot.bin", c3[:0x8000]))
	parts, bad := list.parts()
	if bad >= 0 || len(parts) != 2 || parts[0].Addr != 0 || parts[1].Addr != 0x10000 {
		t.Errorf("%d parts, bad %d", len(parts), bad)
	}
	list[1].at = "here"
	if parts, bad := list.parts(); bad != 1 || parts != nil {
		t.Errorf("an offset that is none: %d parts, bad %d", len(parts), bad)
	}
}

func TestParseOffset(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "0x10000": 0x10000, "0X1_0000": 0x10000, " 65536 ": 0x10000, "1000h": 0x1000, "0xFFFFFFFF": 0xFFFFFFFF,
		"": -1, "0x": -1, "0x100000000": -1, "4294967296": -1, "-1": -1, "0x-1": -1, "ten": -1, "1.5": -1, "0x1h": -1,
	} {
		got, ok := parseOffset(s)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d, want %d", s, got, want)
		}
	}
	if got := hexOffset(0x1F0000); got != "0x1F0000" {
		t.Error(got)
	}
}
