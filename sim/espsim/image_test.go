package espsim

import (
	"bytes"
	"math"
	"testing"
	"time"
)

func TestImage(t *testing.T) {
	for _, c := range allChips {
		begin := time.Now()
		img := Image(ImageOptions{Chip: c, Version: "1.4.2", Ratio: 0.62})
		took := time.Since(begin)
		want := imageSize
		if c == ESP8266 {
			want = imageSize8266
		}
		ratio := float64(packedSize(img)) / float64(len(img))
		t.Logf("%s: %d bytes, zlib leaves %.4f, built in %v", c, len(img), ratio, took)
		if len(img) != want || math.Abs(ratio-0.62) > 0.01 {
			t.Errorf("%s: %d bytes, zlib leaves %.4f", c, len(img), ratio)
		}
		if f := New(Options{Chip: c, Content: img}).inspect(); !f.ok || f.version != "1.4.2" {
			t.Errorf("%s: %+v", c, f)
		}
		for _, other := range allChips {
			if other == c || other == ESP8266 { // whose images name no chip
				continue
			}
			if f := New(Options{Chip: other, Content: img}).inspect(); f.ok {
				t.Errorf("the image for %s starts on %s", c, other)
			}
		}
		if bytes.Equal(img, Image(ImageOptions{Chip: c, Version: "1.4.2", Seed: 1})) {
			t.Errorf("%s: the seed changes nothing", c)
		}
		if !bytes.Equal(img, Image(ImageOptions{Chip: c, Version: "1.4.2"})) {
			t.Errorf("%s: not repeatable", c)
		}
	}
}

// Each byte of what matters matters: a flipped bit keeps a chip from starting.
func TestBrokenImage(t *testing.T) {
	for _, c := range allChips {
		img := Image(ImageOptions{Chip: c, Size: 128 << 10})
		at := []int{int(chips[c].boot), int(chips[c].boot) + 200, len(img) - 20, len(img) / 2, len(img) - 1}
		if c != ESP8266 {
			at = append(at, tableAt, len(img)-40)
		}
		for _, i := range at {
			img[i] ^= 0x10
			if f := New(Options{Chip: c, Content: img}).inspect(); f.ok {
				t.Errorf("%s starts with a wrong byte at %x of %x", c, i, len(img))
			}
			img[i] ^= 0x10
		}
		if f := New(Options{Chip: c, Content: img[:len(img)-256]}).inspect(); f.ok {
			t.Errorf("%s starts truncated", c)
		}
	}
}

func TestImageSizes(t *testing.T) {
	for _, c := range []Chip{ESP8266, ESP32S3} {
		for _, o := range []ImageOptions{
			{Size: 1}, {Size: 100_001}, {Size: 4 << 20}, {Size: 4 << 20, App: 300_000},
			{Size: 2 << 20, FlashSize: 8 << 20}, {Size: 512 << 10, FlashSize: 1 << 20}, {Size: 90_000, Ratio: 0.95},
			{Size: 1 << 20, FlashSize: 16 << 20, Ratio: 0.3},
		} {
			o.Chip = c
			img := Image(o)
			if o.Size > 1 && len(img) != o.Size {
				t.Errorf("%s: %d bytes for %+v", c, len(img), o)
			}
			b := New(Options{Chip: c, Size: max(o.FlashSize, 4<<20), Content: img})
			if f := b.inspect(); !f.ok || f.version != "0.7.0" {
				t.Errorf("%s: %+v for %+v", c, f, o)
			}
			if at, ok := b.settingsAt(); !ok || c != ESP8266 && int(at) < len(img) && img[at] != 0xFF {
				t.Errorf("%s: settings at %x %v for %+v", c, at, ok, o)
			}
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte{0xE9, 1, 2, 0x20}, uint32(0))
	f.Add([]byte{0xAA, 0x50, 0, 0x10, 0, 0xF0, 0xFF, 0xFF}, uint32(tableAt))
	boards := make(map[Chip]*Board)
	images := make(map[Chip][]byte)
	for _, c := range allChips {
		images[c] = Image(ImageOptions{Chip: c, Size: 72 << 10})
		boards[c] = New(Options{Chip: c, Size: minFlash, Content: images[c]})
	}
	f.Fuzz(func(t *testing.T, b []byte, at uint32) {
		for _, c := range allChips {
			mem := boards[c].flash.mem
			copy(mem, images[c])
			copy(mem[int(at)%len(images[c]):], b)
			fill(mem[len(images[c]):])
			boards[c].inspect()
			boards[c].settingsAt()
		}
	})
}
