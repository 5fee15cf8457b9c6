package workui

import (
	"testing"

	"ncpweb/firmware/espimage"
	"ncpweb/flash/esp"
)

// drawing writes a layout as a person would read it.
func drawing(list []stretch) string {
	s := ""
	for _, p := range list {
		s += hexOffset(p.from) + " " + p.fate.look()
		if p.name != "" {
			s += " " + p.name
		}
		s += "; "
	}
	return s
}

// TestLayout: the map of a merged image, as it is flashed by default and otherwise. It
// has neither gaps nor overlaps.
func TestLayout(t *testing.T) {
	data := whole("esp32c3")
	info, err := espimage.Parse(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	written := []stretch{{from: 0, to: int64(len(data)), fate: fateWritten}}
	const apps = "0x10000 written app0; 0x40000 alone app0; 0x1E0000 alone app1; 0x3B0000 alone fs; 0x3F0000 alone coredump; "
	for _, c := range []struct {
		name, want string
		how        esp.How
	}{
		{"update", "0x0 written; 0x9000 kept nvs; 0xE000 kept otadata; " + apps, esp.How{}},
		{"without settings", "0x0 written; 0x9000 blank nvs; 0xE000 blank otadata; " + apps, esp.How{Settings: true}},
		{"erase", "0x0 written; 0x9000 erased nvs; 0xE000 erased otadata; 0x10000 written app0; 0x40000 erased app0; 0x1E0000 erased app1; 0x3B0000 erased fs; 0x3F0000 erased coredump; ", esp.How{EraseAll: true}},
	} {
		list := layout(info, written, memorySize(info, 0), c.how)
		if got := drawing(list); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		at := int64(0)
		for _, s := range list {
			if s.from != at || s.to <= s.from {
				t.Errorf("%s: a gap or an overlap at %#x", c.name, at)
			}
			at = s.to
		}
		if at != 4<<20 {
			t.Errorf("%s: it ends at %#x", c.name, at)
		}
	}
}

// TestLayoutOfAnything: a table that makes no sense, and one beyond the memory, are drawn
// without harm.
func TestLayoutOfAnything(t *testing.T) {
	info := &espimage.Info{End: 0x20000, Table: []espimage.Partition{
		{Name: "c", Addr: 0x30000, Size: 0x20000}, {Name: "a", Addr: 0x10000, Size: 0x30000, Covered: 1}, {Name: "beyond", Addr: 0xFFFFF000, Size: 1 << 40},
	}}
	got := drawing(layout(info, []stretch{{from: 0, to: 0x20000, fate: fateWritten}}, memorySize(info, 0), esp.How{}))
	if want := "0x0 written; 0x10000 written a; 0x20000 alone a; 0x40000 alone c; 0x50000 alone; "; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestMemorySize(t *testing.T) {
	for _, c := range []struct {
		end, detected, header, want int64
	}{
		{1 << 18, 0, 0, 1 << 20}, {1<<20 + 1, 0, 0, 2 << 20}, {1 << 20, 4 << 20, 0, 4 << 20}, {1 << 20, 0, 8 << 20, 8 << 20}, {1 << 22, 1 << 20, 0, 4 << 20},
	} {
		info := &espimage.Info{End: c.end}
		if c.header > 0 {
			info.Boot = &espimage.Header{FlashSize: c.header}
		}
		if got := memorySize(info, c.detected); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
