package esp

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
)

// FuzzLay: whatever a file says of itself, its regions are its sectors, each once, and
// only blank ones stay as they are.
func FuzzLay(f *testing.F) {
	table := make([]byte, 0x9000)
	copy(table[0x8000:], "\xAA\x50\x01\x02\x00\x90\x00\x00\x00\x50\x00\x00nvs")
	f.Add(table, uint32(0), uint16(0x8100), false)
	f.Add(table[0x8000:0x8020], uint32(0x8000), uint16(7), false)
	f.Add([]byte{1}, uint32(0xFFF), uint16(0), true)
	f.Fuzz(func(t *testing.T, data []byte, addr uint32, split uint16, settings bool) {
		addr %= 1 << 22
		if len(data) == 0 || len(data) > 1<<17 {
			return
		}
		image := &firmware.Image{Segments: []firmware.Segment{{Addr: addr, Data: data}}}
		if n := int(split); n > 0 && n < len(data) { // with a gap that is not covered
			image.Segments = []firmware.Segment{{Addr: addr, Data: data[:n]}, {Addr: addr + uint32(n) + 9000, Data: data[n:]}}
		}
		if sound(image, 0) != nil {
			t.Fatal("not sound")
		}
		info, err := espimage.ParseImage(image, nil)
		if err != nil {
			return
		}
		p := &Plan{Image: image, Info: info}
		p.lay(How{Settings: settings})
		end, sum := int64(0), int64(0)
		for _, r := range p.Regions {
			if int64(r.Addr) < end || r.Addr%sector != 0 || r.Size <= 0 || r.Size%sector != 0 {
				t.Fatalf("region %x %x after %x", r.Addr, r.Size, end)
			}
			if blank := isBlank(r.data[:r.Size]); r.Kind != RegionData && !blank || r.Kind == RegionKept && settings {
				t.Fatalf("region %x is %d", r.Addr, r.Kind)
			}
			end, sum = r.End(), sum+r.Size
		}
		if sum != p.Data+p.Blank+p.Kept {
			t.Fatalf("%d bytes of %d", p.Data+p.Blank+p.Kept, sum)
		}
		for _, s := range image.Segments {
			for at := 0; at < len(s.Data); at += 97 {
				if !p.has(s.Addr+uint32(at), s.Data[at]) {
					t.Fatalf("byte %x is in no region", s.Addr+uint32(at))
				}
			}
		}
		n := int64(0)
		for _, j := range bridged(p.jobs(true)) {
			n += int64(len(j.data))
		}
		if n != p.Data+p.Blank {
			t.Fatalf("jobs of %d bytes instead of %d", n, p.Data+p.Blank)
		}
	})
}

func (p *Plan) has(addr uint32, b byte) bool {
	for i := range p.Regions {
		if r := &p.Regions[i]; addr >= r.Addr && int64(addr) < r.End() {
			return r.data[addr-r.Addr] == b
		}
	}
	return false
}

// TestBridged: a short blank stretch goes with the data around it only where all of the
// block is the image's.
func TestBridged(t *testing.T) {
	back := make([]byte, 4*unit)
	at := func(from, to int64, blank bool) job { return job{uint32(from), back[from:to], blank} }
	whole := bridged([]job{at(0, unit, false), at(unit, unit+sector, true), at(unit+sector, 2*unit, false)})
	if len(whole) != 1 || whole[0].end() != 2*unit || whole[0].blank {
		t.Errorf("inside of a block: %d jobs", len(whole))
	}
	for name, list := range map[string][]job{
		"settings behind": {at(0, 5*sector, false), at(5*sector, 8*sector, true), at(8*sector, 9*sector, false)},
		"long":            {at(0, unit, false), at(unit, 2*unit, true), at(2*unit, 3*unit, false)},
		"at the end":      {at(0, unit, false), at(unit, unit+sector, true)},
		"gap before":      {at(0, sector, false), at(unit, unit+sector, true), at(unit+sector, 2*unit, false)},
	} {
		if got := bridged(list); len(got) != len(list) {
			t.Errorf("%s: %d jobs of %d", name, len(got), len(list))
		}
	}
}

// TestROMEraseSize: with what the ROM of the ESP8266 makes of a size (it counts the
// sectors up to the next block twice), at least all that was asked for is erased, and
// little more.
func TestROMEraseSize(t *testing.T) {
	for first := range int64(40) {
		for n := int64(1); n < 70; n++ {
			told := romEraseSize(first*sector, n*sector) / sector
			erased := told + min(told, 16-first%16)
			if erased < n || erased > n+1 {
				t.Fatalf("%d sectors from %d: told %d, erases %d", n, first, told, erased)
			}
		}
	}
}

// TestMeter: the image bytes of a part of the packed form, within a window, for good and
// for broken streams.
func TestMeter(t *testing.T) {
	data := bytes.Repeat([]byte("some text that packs well, but not all of it; "), 8000)
	for i := range data {
		data[i] ^= byte(i / 777)
	}
	packed, err := Zlib{}.Pack(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	m, last := newMeter(packed, len(data)), int64(0)
	for n := 0; n < len(packed); n += 1000 {
		z, _ := zlib.NewReader(bytes.NewReader(packed[:n+1]))
		if z == nil {
			continue
		}
		want, _ := io.Copy(io.Discard, z)
		got := m.upTo(n)
		if got < last || got < want-64<<10 || got > want+64<<10 {
			t.Fatalf("%d packed bytes hold %d, not %d", n, want, got)
		}
		last = got
	}
	if got := m.upTo(len(packed)); got != int64(len(data)) {
		t.Errorf("all hold %d", got)
	}
	for _, bad := range [][]byte{{}, []byte("nonsense"), packed[:100], append(bytes.Clone(packed[:500]), make([]byte, 500)...)} {
		m := newMeter(bad, 5000)
		for n := range len(bad) + 2 {
			if got := m.upTo(n); got < 0 || got > 5000 {
				t.Fatalf("broken stream: %d", got)
			}
		}
	}
}
