package espimage

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"ncpweb/firmware"
)

func parse(t *testing.T, data []byte, base uint32) *Info {
	t.Helper()
	i, err := Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestMerged(t *testing.T) {
	for _, c := range []struct {
		id           string
		number, boot int
		freq         int
	}{
		{"esp32", 0, 0x1000, 80}, {"esp32s2", 2, 0x1000, 80}, {"esp32c3", 5, 0, 80}, {"esp32s3", 9, 0, 80},
		{"esp32c2", 12, 0, 60}, {"esp32c6", 13, 0, 80}, {"esp32h2", 16, 0, 48}, {"esp32c5", 23, 0x2000, 80}, {"esp32p4", 18, 0x2000, 80},
	} {
		i := parse(t, whole(c.number, c.boot, nil), 0)
		if !slices.Equal(i.Chips, []string{c.id}) || !i.Merged || i.Boot == nil || len(i.Apps) != 1 {
			t.Fatalf("%s: %+v", c.id, i)
		}
		b, a := i.Boot, i.Apps[0]
		if int(b.Addr) != c.boot || b.FlashSize != 4<<20 || b.Freq != c.freq || b.Mode != DIO || !b.Checksum || b.Digest != Good || b.App != nil {
			t.Errorf("%s: boot loader %+v", c.id, b)
		}
		if a.Addr != 0x10000 || a.Partition != "app0" || a.Room != 0x1E0000 || !a.Checksum || a.Digest != Good || len(a.Segments) != 3 || a.Size != int64(len(image{chip: c.number, segments: []int{300, 40000, 20}}.build())) {
			t.Errorf("%s: application %+v", c.id, a)
		}
		if a.App == nil || *a.App != description {
			t.Errorf("%s: description %+v", c.id, a.App)
		}
		if i.TableState != Verified || len(i.Table) != 5 || i.TableAddr != 0x8000 {
			t.Errorf("%s: table %+v", c.id, i.Table)
		}
		if f := i.Check(c.id, 101, 4<<20); len(f) > 0 {
			t.Errorf("%s: %v", c.id, f)
		}
	}
}

func TestESP8266(t *testing.T) {
	small := image{chip: -1, sizeFreq: 0x40, segments: []int{100}}.build()
	large := image{chip: -1, sizeFreq: 0x40, segments: []int{7000, 20000, 13}}.build()
	alone := parse(t, large, 0)
	if !alone.Merged || !slices.Equal(alone.Chips, []string{"esp8266"}) || alone.Boot.FlashSize != 4<<20 || alone.Boot.Freq != 40 || !alone.Boot.Checksum || alone.Boot.ChipID != -1 {
		t.Errorf("%+v", alone.Boot)
	}
	if f := alone.Check("esp8266", -1, 4<<20); len(f) > 0 {
		t.Error(f)
	}
	two := parse(t, merge(map[int][]byte{0: small, 0x1000: large}), 0)
	if len(two.Apps) != 1 || two.Apps[0].Addr != 0x1000 || !two.Apps[0].Checksum {
		t.Errorf("%+v", two.Apps)
	}
	broken := merge(map[int][]byte{0: small, 0x1000: large[:len(large)-1000]})
	if f := parse(t, broken, 0).Check("esp8266", -1, 4<<20); len(f) != 1 || f[0].Code != FoundTruncated || f[0].Addr != 0x1000 || f[0].Have != int64(len(large)-1000) || f[0].Want <= f[0].Have {
		t.Error(f)
	}
	// The size nibbles mean something else than on later chips.
	for nibble, size := range map[byte]int64{0: 512 << 10, 1: 256 << 10, 2: 1 << 20, 3: 2 << 20, 4: 4 << 20, 5: 2 << 20, 6: 4 << 20, 8: 8 << 20, 9: 16 << 20, 7: 0, 12: 0} {
		i := parse(t, image{chip: -1, sizeFreq: nibble << 4, segments: []int{100}}.build(), 0)
		if i.Boot.FlashSize != size {
			t.Errorf("nibble %d: %d, want %d", nibble, i.Boot.FlashSize, size)
		}
	}
}

// TestCheck spoils one thing at a time and expects exactly the findings about it.
func TestCheck(t *testing.T) {
	c3 := func(change func(loader, app *image, table *[]row)) []byte { return whole(5, 0, change) }
	with := func(data []byte, at int, more ...byte) []byte {
		copy(data[at:], more)
		return data
	}
	app := image{chip: 5, sizeFreq: 0x20, segments: []int{300, 70000}, app: &description}
	loader := image{chip: 5, sizeFreq: 0x20, segments: []int{300}}
	for _, c := range []struct {
		name     string
		data     []byte
		base     uint32
		chip     string
		revision int
		flash    int64
		want     []Finding
	}{
		{"fine", c3(nil), 0, "esp32c3", 4, 4 << 20, nil},
		{"nothing is known of the device", c3(nil), 0, "", -1, 0, nil},
		{"another chip", c3(nil), 0, "esp32", 4, 4 << 20, []Finding{{Refuse, FoundChip, 0, 0, 0, "esp32c3", "esp32"}, {Refuse, FoundChip, 0x10000, 0, 0, "esp32c3", "esp32"}}},
		{"8266 for ESP32", image{chip: -1, sizeFreq: 0x40, segments: []int{100}}.build(), 0, "esp32", 0, 4 << 20, []Finding{{Refuse, FoundChip, 0, 0, 0, "esp8266", "esp32"}}},
		{"ESP32 for 8266", whole(0, 0x1000, nil), 0, "esp8266", -1, 4 << 20, []Finding{{Refuse, FoundChip, 0x1000, 0, 0, "esp32", "esp8266"}, {Refuse, FoundChip, 0x10000, 0, 0, "esp32", "esp8266"}}},
		{"mixed", c3(func(_, a *image, _ *[]row) { a.chip = 9 }), 0, "", -1, 0, []Finding{{Refuse, FoundMixed, 0, 0, 0, "esp32c3", "esp32s3"}}},
		{"unknown chip", c3(func(l, a *image, _ *[]row) { l.chip, a.chip = 77, 77 }), 0, "esp32c3", 0, 4 << 20, []Finding{{Warn, FoundUnknownChip, 0, 0, 77, "", ""}, {Warn, FoundUnknownChip, 0x10000, 0, 77, "", ""}}},
		{"too old a chip", c3(func(_, a *image, _ *[]row) { a.min = 101 }), 0, "esp32c3", 4, 4 << 20, []Finding{{Refuse, FoundRevisionLow, 0x10000, 101, 4, "", ""}}},
		{"old way to say it, ESP32", whole(0, 0x1000, func(_, a *image, _ *[]row) { a.oldMin = 3 }), 0, "esp32", 101, 4 << 20, []Finding{{Refuse, FoundRevisionLow, 0x10000, 300, 101, "", ""}}},
		{"old way to say it, C3", c3(func(_, a *image, _ *[]row) { a.oldMin = 3 }), 0, "esp32c3", 2, 4 << 20, []Finding{{Refuse, FoundRevisionLow, 0x10000, 3, 2, "", ""}}},
		{"too new a chip", c3(func(_, a *image, _ *[]row) { a.max = 99 }), 0, "esp32c3", 101, 4 << 20, []Finding{{Warn, FoundRevisionNew, 0x10000, 99, 101, "", ""}}},
		{"any revision", c3(func(_, a *image, _ *[]row) { a.max = 0xFFFF }), 0, "esp32c3", 101, 4 << 20, nil},
		{"header of 4 MB, chip of 2", merge(map[int][]byte{0: loader.build()}), 0, "esp32c3", 0, 2 << 20, []Finding{{Refuse, FoundHeaderSize, 0, 4 << 20, 2 << 20, "", ""}}},
		{"too large", append(loader.build(), make([]byte, 2<<20)...), 0, "esp32c3", 0, 1 << 20, []Finding{{Refuse, FoundTooLarge, 0, int64(2<<20 + len(loader.build())), 1 << 20, "", ""}, {Refuse, FoundHeaderSize, 0, 4 << 20, 1 << 20, "", ""}}},
		{"checksum", c3(func(_, a *image, _ *[]row) { a.badSum, a.noDigest = true, true }), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundChecksum, 0x10000, -1, -1, "app0", ""}}},
		{"digest", c3(func(_, a *image, _ *[]row) { a.badDigest = true }), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundDigest, 0x10000, 0, 0, "app0", ""}}},
		{"one bit in a segment", with(c3(nil), 0x10000+1000, 0), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundChecksum, 0x10000, -1, -1, "app0", ""}}},
		{"truncated", c3(func(_, a *image, _ *[]row) { a.torn = true }), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundTruncated, 0x10000, -1, -1, "app0", ""}}},
		{"cut in the header", c3(nil)[:0x10000+20], 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundTruncated, 0x10000, 24, 20, "app0", ""}, {Warn, FoundUnknownChip, 0x10000, 0, -1, "", ""}}},
		{"segment of 4 GiB", with(c3(nil), 0x10000+28, 0xFC, 0xFF, 0xFF, 0xFF), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundSegments, 0x10000, 0, 0, "app0", ""}}},
		{"boot loader larger than its room", with(image{chip: 5, segments: []int{0x9000}}.build(), 0x8000, rows(usualTable())[:0xF00]...), 0, "esp32c3", 0, 0, []Finding{
			{Refuse, FoundAppTooLarge, 0, -1, 0x8000, "", ""}, {Warn, FoundNoApp, 0x8000, 0, 0, "", ""}}},
		{"ESP32 at the wrong place", whole(0, 0, nil), 0, "esp32", 0, 4 << 20, []Finding{{Refuse, FoundLayout, 0, 0x1000, 0, "esp8266,esp32c3,esp32s3,esp32c2,esp32c6,esp32h2,esp32c61", "esp32"}}},
		{"application at 0", app.build(), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundBareApp, 0, 0x10000, 0, "", ""}}},
		{"application at its place", app.build(), 0x10000, "esp32c3", 0, 4 << 20, []Finding{{Warn, FoundNoBoot, 0x10000, 0, 0, "", ""}}},
		{"application without description at 0", image{chip: 5, segments: []int{70000}}.build(), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundBareApp, 0, 0x10000, 0, "", ""}}},
		{"blank", bytes.Repeat([]byte{0xFF}, 9000), 0x5000, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundBlank, 0x5000, 0, 0, "", ""}}},
		{"something", []byte("hello"), 0x5000, "esp32c3", 0, 4 << 20, []Finding{{Warn, FoundNothing, 0x5000, 0, 0, "", ""}}},
		{"table with a flipped bit", with(c3(nil), 0x8000+33, 0x51), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundTable, 0x8000, 0, 0, "", ""}}},
		{"table with a wrong digest", with(c3(nil), 0x8000+12, 'x'), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundTable, 0x8000, 0, 0, "", ""}}},
		{"partition beyond the flash", c3(func(l, a *image, _ *[]row) { l.sizeFreq, a.sizeFreq = 0x10, 0x10 }), 0, "esp32c3", 0, 2 << 20, []Finding{
			{Refuse, FoundTableBeyond, 0x1F0000, 0x3D0000, 2 << 20, "app1", ""}, {Refuse, FoundTableBeyond, 0x3D0000, 4 << 20, 2 << 20, "fs", ""}}},
		{"partitions overlap", c3(func(_, _ *image, rows *[]row) { (*rows)[0].size = 0x6000 }), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundTableOverlap, 0xE000, 0, 0, "nvs", "otadata"}}},
		{"application larger than its partition", c3(func(_, _ *image, rows *[]row) { (*rows)[2].size = 0x8000 }), 0, "esp32c3", 0, 4 << 20, []Finding{{Refuse, FoundAppTooLarge, 0x10000, -1, 0x8000, "app0", ""}}},
		{"no application", c3(nil)[:0x9000], 0, "esp32c3", 0, 4 << 20, []Finding{{Warn, FoundNoApp, 0x8000, 0, 0, "", ""}}},
		{"text in an application partition", with(c3(nil), 0x10000, 'h'), 0, "esp32c3", 0, 4 << 20, []Finding{{Warn, FoundNoImage, 0x10000, 0, 0, "app0", ""}, {Warn, FoundNoApp, 0x8000, 0, 0, "", ""}}},
	} {
		got := parse(t, c.data, c.base).Check(c.chip, c.revision, c.flash)
		for n := range min(len(got), len(c.want)) {
			if c.want[n].Want == -1 { // a number that only the builder of the image knows
				if got[n].Want == got[n].Have {
					t.Errorf("%s: equal numbers: %v", c.name, got[n])
				}
				c.want[n].Want = got[n].Want
				if c.want[n].Have == -1 {
					c.want[n].Have = got[n].Have
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\nwant %v", c.name, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	i := parse(t, whole(5, 0, func(_, _ *image, rows *[]row) {
		*rows = append(*rows, row{1, 1, 0xF000, 0x1000, "phy_init"}, row{1, 3, 0x400000, 0x10000, "core"}, row{0x40, 0, 0x410000, 0x1000, "mine"})
		(*rows)[1].size = 0x1000
	}), 0)
	var got []string
	for _, p := range i.Settings() {
		s := p.Name + " " + p.Kind()
		if p.Blank {
			s += " blank"
		}
		if p.Covered == 0 {
			s += " beyond"
		}
		got = append(got, s)
	}
	want := []string{"nvs nvs blank", "otadata otadata blank", "fs spiffs blank beyond", "core coredump blank beyond", "mine  blank beyond"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// A table elsewhere counts only with its digest.
	data := whole(5, 0, func(_, _ *image, rows *[]row) { *rows = nil })
	copy(data[0xD000:], rows(usualTable()[2:3]))
	if i := parse(t, data, 0); i.TableAddr != 0xD000 || i.TableState != Verified || i.Apps[0].Partition != "app0" {
		t.Errorf("%+v", i)
	}
	copy(data[0xD000+32:], bytes.Repeat([]byte{0xFF}, 32))
	if i := parse(t, data, 0); i.TableState != NoTable || len(i.Apps) != 1 {
		t.Errorf("%+v", i)
	}
	// With settings in it, an image does not leave them blank.
	data = whole(5, 0, nil)
	data[0x9000] = 1
	if s := parse(t, data, 0).Settings(); s[0].Blank || s[0].Covered != 0x5000 {
		t.Errorf("%+v", s[0])
	}
}

// TestParts reads the pieces of a build together, as separate segments.
func TestParts(t *testing.T) {
	app := image{chip: 0, sizeFreq: 0x2F, segments: []int{300, 40000}, app: &description}.build()
	m, err := firmware.Build([]firmware.Part{
		{Name: "firmware.bin", Addr: 0x10000, Data: app[:20000]}, {Name: "rest", Addr: 0x10000 + 20000, Data: app[20000:]},
		{Name: "partitions.bin", Addr: 0x8000, Data: rows(usualTable())[:0xC00]},
		{Name: "bootloader.bin", Addr: 0x1000, Data: image{chip: 0, sizeFreq: 0x2F, segments: []int{300}}.build()},
	})
	if err != nil {
		t.Fatal(err)
	}
	breaths := 0
	i, err := ParseImage(m, func() { breaths++ })
	if err != nil || !i.Merged || i.Apps[0].Digest != Good || i.Table[0].Covered != 0 || breaths != 0 {
		t.Errorf("%+v, %v", i, err)
	}
	if f := i.Check("esp32", 300, 4<<20); len(f) > 0 {
		t.Error(f)
	}
	big, _ := firmware.Build([]firmware.Part{{Addr: 0x10000, Data: image{chip: 0, segments: []int{2 << 20}}.build()}})
	if _, err := ParseImage(big, func() { breaths++ }); err != nil || breaths < 7 {
		t.Error(breaths, err)
	}
}

func TestSlots(t *testing.T) {
	i := parse(t, whole(5, 0, nil), 0)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"blank", slots(0, 0), "app0"}, {"none", nil, "app0"},
		{"first", slots(1, 0), "app0"}, {"second", slots(1, 2), "app1"}, {"third goes round", slots(3, 2), "app0"},
		{"torn row", append(append(slots(1, 2)[:sector+28], 0, 0, 0, 0), slots(1, 2)[sector+32:]...), "app0"},
	} {
		if p, ok := i.Runs(c.data); !ok || p.Name != c.want {
			t.Errorf("%s: %q, want %q", c.name, p.Name, c.want)
		}
	}
	// boot_app0.bin of the Arduino core begins with these bytes.
	if row := slots(1, 0); binary.LittleEndian.Uint32(row[28:]) != 0x4743989A {
		t.Errorf("%x", row[28:32])
	}
	if f := i.CheckSlots(slots(1, 2)); len(f) != 1 || f[0] != (Finding{Warn, FoundSlots, 0xE000, 0, 0, "otadata", "app1"}) {
		t.Error(f)
	}
	if f := i.CheckSlots(slots(1, 0)); len(f) > 0 {
		t.Error("the slot that is written runs:", f)
	}
	own := whole(5, 0, nil)
	copy(own[0xE000:], slots(1, 0))
	if f := parse(t, own, 0).CheckSlots(slots(1, 2)); len(f) > 0 {
		t.Error("the image brings its own choice:", f)
	}
	factory := parse(t, whole(5, 0, func(_, _ *image, rows *[]row) { (*rows)[2].sub = 0 }), 0)
	if p, _ := factory.Runs(slots(0, 0)); p.Kind() != "factory" {
		t.Errorf("%+v", p)
	}
}

func TestUsual(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		what What
		addr uint32
		ok   bool
	}{
		{"merged C3", whole(5, 0, nil), Whole, 0, true}, {"merged ESP32", whole(0, 0x1000, nil), Whole, 0, true},
		{"8266", image{chip: -1, segments: []int{5000}}.build(), Whole, 0, true},
		{"boot loader of ESP32", image{chip: 0, segments: []int{5000}}.build(), Loader, 0x1000, true},
		{"boot loader of C3", image{chip: 5, segments: []int{5000}}.build(), Loader, 0, true},
		{"application", image{chip: 0, segments: []int{300}, app: &description}.build(), AppImage, 0x10000, true},
		{"application without description", image{chip: 0, segments: []int{100000}}.build(), AppImage, 0x10000, true},
		{"table", rows(usualTable())[:0xC00], Rows, 0x8000, true}, {"slots", slots(1, 0), SlotData, 0xE000, true},
		{"text", []byte("hello"), Other, 0, false}, {"nothing", nil, Other, 0, false}, {"blank", slots(0, 0), Other, 0, false},
	} {
		if what, addr, ok := Usual(c.data); what != c.what || addr != c.addr || ok != c.ok {
			t.Errorf("%s: %d 0x%x %v, want %d 0x%x %v", c.name, what, addr, ok, c.what, c.addr, c.ok)
		}
	}
}

func TestTagAndBlank(t *testing.T) {
	data := whole(5, 0, nil)
	data = append(data, "blnkinf\x00ncp\x000.7.1\x00\x00"...)
	i := parse(t, data, 0)
	if i.Tag == nil || i.Tag.Version() != "0.7.1" || i.Tag.Offset != len(data)-len("blnkinf\x00ncp\x000.7.1\x00\x00") {
		t.Errorf("%+v", i.Tag)
	}
	// 0x2000 to 0x7FFF and 0x9000 to 0xFFFF: the boot loader ends in the second sector.
	if i.Blank != 0x6000+0x7000 {
		t.Errorf("%#x", i.Blank)
	}
	if _, err := Parse(nil, 0); err == nil {
		t.Error("nothing was accepted")
	}
	if _, err := Parse([]byte("ab"), 1<<32-1); err == nil || !strings.Contains(err.Error(), "4 GiB") {
		t.Error(err)
	}
}

// FuzzParse flips bytes of whole images: whatever they say, the reader stays inside and
// what it tells fits the content.
func FuzzParse(f *testing.F) {
	// Small ones: the fuzzer shortens what it finds, which takes long with whole images.
	f.Add(rows(usualTable())[:0x100], uint32(0x8000))
	near := []row{{1, 2, 0xB000, 0x1000, "nvs"}, {1, 0, 0xC000, 0x2000, "otadata"}, {0, 0x10, 0x9000, 0x2000, "app"}}
	f.Add(append(rows(near), image{chip: 0, segments: []int{260, 4}, app: &description}.build()...), uint32(0x8000))
	f.Add(image{chip: -1, segments: []int{30, 40}}.build(), uint32(0))
	f.Add(image{chip: 9, segments: []int{300, 40}, app: &description}.build(), uint32(1<<32-1024))
	f.Fuzz(func(t *testing.T, data []byte, base uint32) {
		i, err := Parse(data, base)
		if err != nil {
			return
		}
		for _, h := range i.headers() {
			good := h.Checksum && (h.Room == 0 || h.Size <= h.Room)
			if len(h.Segments) > maxSegments || good && int64(h.Addr)+h.Size > i.End || good && h.Truncated {
				t.Fatalf("%+v", h)
			}
		}
		for _, p := range i.Table {
			if p.Covered > p.Size || p.Covered > i.Size {
				t.Fatalf("%+v", p)
			}
		}
		for _, chip := range []string{"", "esp8266", "esp32", "esp32c3"} {
			for _, f := range i.Check(chip, 0, 1<<20) {
				if f.Code == 0 || f.String() == "" {
					t.Fatal(f)
				}
			}
		}
		i.Settings()
		i.CheckSlots(data)
		Usual(data)
	})
}
