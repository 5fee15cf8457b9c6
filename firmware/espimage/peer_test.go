package espimage_test

import (
	"slices"
	"testing"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/sim/espsim"
)

// TestSimulated reads the images that the simulated chips make for themselves and boot:
// two readers and two writers of the format, which share no code, agree.
func TestSimulated(t *testing.T) {
	for _, chip := range []espsim.Chip{espsim.ESP8266, espsim.ESP32, espsim.ESP32C3, espsim.ESP32S3} {
		id := string(chip)
		data := espsim.Image(espsim.ImageOptions{Chip: chip, Version: "0.7.9"})
		i, err := espimage.Parse(data, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !i.Merged || !slices.Equal(i.Chips, []string{id}) || len(i.Apps) != 1 || i.Boot == nil || i.Boot.FlashSize != 4<<20 {
			t.Errorf("%s: %+v", id, i)
		}
		if f := i.Check(id, 100, 4<<20); len(f) > 0 {
			t.Errorf("%s: %v", id, f)
		}
		if i.Tag == nil || i.Tag.Version() != "0.7.9" {
			t.Errorf("%s: tag %+v", id, i.Tag)
		}
		if what, addr, ok := espimage.Usual(data); what != espimage.Whole || addr != 0 || !ok {
			t.Errorf("%s: usually at %x, %v", id, addr, ok)
		}
		if kind := firmware.Recognise(data[:firmware.HeadSize]); kind != firmware.ESP && kind != firmware.ESPMerged {
			t.Errorf("%s: kind %d", id, kind)
		}
		if id == "esp8266" {
			continue
		}
		if i.TableState != espimage.Verified || i.Apps[0].Digest != espimage.Good || i.Apps[0].App == nil || i.Apps[0].App.Version != "0.7.9" {
			t.Errorf("%s: %+v", id, i.Apps[0])
		}
		var kept []string
		for _, p := range i.Settings() {
			if p.Blank {
				kept = append(kept, p.Kind())
			}
		}
		if !slices.Contains(kept, "nvs") || !slices.Contains(kept, "otadata") {
			t.Errorf("%s: left alone: %q of %+v", id, kept, i.Table)
		}
		// One flipped bit in the application, in the table, in the boot loader.
		for _, at := range []int{0x10000 + 5000, int(i.TableAddr) + 40, int(i.Boot.Addr) + 40} {
			spoiled := slices.Clone(data)
			spoiled[at] ^= 4
			bad, err := espimage.Parse(spoiled, 0)
			if err != nil {
				t.Fatal(err)
			}
			if f := bad.Check(id, 100, 4<<20); len(f) == 0 || f[0].Severity != espimage.Refuse {
				t.Errorf("%s: a flipped bit at %x was not seen: %v", id, at, f)
			}
		}
	}
}

// BenchmarkParse reads an image of the size that NCPs have.
func BenchmarkParse(b *testing.B) {
	m, err := firmware.Build([]firmware.Part{{Data: espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32})}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(m.Size())
	for b.Loop() {
		if _, err := espimage.ParseImage(m, nil); err != nil {
			b.Fatal(err)
		}
	}
}
