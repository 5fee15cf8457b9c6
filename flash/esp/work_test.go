package esp_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

const kib = 1 << 10

// small is an image of 112 KiB.
func small(chip espsim.Chip, seed uint64) []byte {
	return espsim.Image(espsim.ImageOptions{Chip: chip, Size: 112 * kib, Version: "0.6.9", Seed: seed, Ratio: 0.62})
}

// onBoard runs f with a flasher that is connected to a board.
func onBoard(t *testing.T, b espsim.Options, o esp.Options, f func(t *testing.T, r *rig, e *esp.Flasher)) {
	t.Helper()
	if o.Stub == nil {
		o.Stub = stubs(t)
	}
	o.Opened, o.Baud = 115200, 921600
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, b, sim.WireOptions{Latency: time.Millisecond})
		e := r.flasher(o)
		if _, err := e.Connect(t.Context()); err != nil {
			t.Fatalf("connect: %v", err)
		}
		f(t, r, e)
		if v := r.board.Violations(); len(v) > 0 {
			t.Errorf("violations: %q", v)
		}
	})
}

// random is data that does not pack.
func random(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// used is a flash memory full of old things.
func used() []byte { return random(1<<20, 99) }

// TestSettingsStay: an update neither erases nor writes partitions that the image only
// fills with FF, and does what it must everywhere else.
func TestSettingsStay(t *testing.T) {
	image := imageOf(small(espsim.ESP32C3, 1))
	old := used()
	for _, how := range []esp.How{{}, {Settings: true}, {EraseAll: true}, {All: true}} {
		onBoard(t, espsim.Options{Content: old}, esp.Options{How: how}, func(t *testing.T, r *rig, e *esp.Flasher) {
			p, err := e.Plan(image)
			if err != nil {
				t.Fatal(err)
			}
			var kept []esp.Region
			for _, one := range p.Regions {
				if one.Kind == esp.RegionKept {
					kept = append(kept, one)
				}
			}
			if update := !how.Settings && !how.EraseAll; (len(kept) == 2 && len(p.Outside) > 0) != update {
				t.Errorf("%+v: kept %d, outside %d", how, len(kept), len(p.Outside))
			}
			if err := e.Flash(t.Context(), image); err != nil {
				t.Fatalf("%+v: %v", how, err)
			}
			got := r.board.Flash()
			if !matches(got, image, kept) {
				t.Errorf("%+v: wrong content", how)
			}
			for _, k := range kept {
				if !bytes.Equal(got[k.Addr:k.End()], old[k.Addr:k.End()]) {
					t.Errorf("%+v: %s is gone", how, k.Name)
				}
			}
			behind := got[112*kib : len(old)]
			if how.EraseAll != (bytes.Count(behind, []byte{0xFF}) == len(behind)) {
				t.Errorf("%+v: what is behind the image", how)
			}
			rep := e.Report()
			if !rep.Verified || rep.Error != "" || rep.SHA256 == "" || rep.Written == 0 || rep.Packed == 0 || rep.Packed >= rep.Written {
				t.Errorf("%+v: report %+v", how, rep)
			}
			progress(t, r.events, true)
		})
	}
}

// progress checks that no phase's progress goes back, and that the writing ends at the
// total.
func progress(t *testing.T, events []flash.Event, whole bool) {
	t.Helper()
	var last [flash.Phases]flash.Event
	for _, e := range events {
		if e.Note != "" || e.Phase == flash.PhaseConnect {
			continue
		}
		if e.Done < last[e.Phase].Done || e.Done > e.Total {
			t.Errorf("phase %d: %+v after %+v", e.Phase, e, last[e.Phase])
		}
		last[e.Phase] = e
	}
	for _, p := range []flash.Phase{flash.PhaseWrite, flash.PhaseVerify} {
		if !whole {
			break
		}
		if last[p].Total == 0 || last[p].Done != last[p].Total {
			t.Errorf("phase %d ends with %+v", p, last[p])
		}
	}
}

// TestReportOfRegions: what was there is told from what was written and what was kept.
func TestReportOfRegions(t *testing.T) {
	data := small(espsim.ESP32C3, 1)
	old := changed(t, espsim.ESP32C3, data, 5000)
	copy(old[0x9000:], "settings")
	old[0x7123] = 0 // in a stretch that is blank in the image
	onBoard(t, espsim.Options{Content: old}, esp.Options{}, func(t *testing.T, r *rig, e *esp.Flasher) {
		if err := e.Flash(t.Context(), imageOf(data)); err != nil {
			t.Fatal(err)
		}
		got := make(map[esp.Action]int64)
		for _, one := range e.Report().Regions {
			got[one.Action] += one.Changed
			if (one.MD5 == "") != (one.Action == esp.ActionKept) {
				t.Errorf("digest of %+v", one)
			}
		}
		if _, ok := got[esp.ActionSame]; !ok || got[esp.ActionWritten] == 0 || got[esp.ActionWritten] > 16*kib || got[esp.ActionErased] == 0 {
			t.Errorf("actions %v", got)
		}
		if _, ok := got[esp.ActionKept]; !ok {
			t.Errorf("actions %v", got)
		}
	})
}

// TestRefused: what would not start is refused before anything is touched.
func TestRefused(t *testing.T) {
	c3 := small(espsim.ESP32C3, 1)
	corrupt := bytes.Clone(c3)
	corrupt[0x10000+300] ^= 1
	overlap := &firmware.Image{Segments: []firmware.Segment{{Addr: 0, Data: c3}, {Addr: 0x10000, Data: c3}}}
	far := &firmware.Image{Segments: []firmware.Segment{{Addr: 0xFFFFF000, Data: make([]byte, 4096)}}}
	big := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32C3, Size: 112 * kib, FlashSize: 8 << 20})
	for name, tt := range map[string]struct {
		image *firmware.Image
		board espsim.Options
		how   esp.How
		code  flash.Code
	}{
		"nothing":     {nil, espsim.Options{}, esp.How{}, flash.CodeImage},
		"no segments": {&firmware.Image{}, espsim.Options{}, esp.How{}, flash.CodeImage},
		"blank":       {imageOf(bytes.Repeat([]byte{0xFF}, 64*kib)), espsim.Options{}, esp.How{}, flash.CodeImage},
		"other chip":  {imageOf(small(espsim.ESP32S3, 1)), espsim.Options{}, esp.How{}, flash.CodeChip},
		"esp32":       {imageOf(small(espsim.ESP32, 1)), espsim.Options{}, esp.How{}, flash.CodeChip},
		"corrupt":     {imageOf(corrupt), espsim.Options{}, esp.How{}, flash.CodeImage},
		"truncated":   {imageOf(c3[:0x10000+9000]), espsim.Options{}, esp.How{}, flash.CodeImage},
		"overlap":     {overlap, espsim.Options{}, esp.How{}, flash.CodeImage},
		"4 GiB":       {far, espsim.Options{}, esp.How{}, flash.CodeTooLarge},
		"too large":   {&firmware.Image{Segments: []firmware.Segment{{Addr: 4<<20 - 4096, Data: random(8192, 1)}}}, espsim.Options{}, esp.How{}, flash.CodeTooLarge},
		"header size": {imageOf(big), espsim.Options{}, esp.How{}, flash.CodeTooLarge},
		"encrypted":   {imageOf(c3), espsim.Options{Secure: espsim.Security{Encrypted: true}}, esp.How{}, flash.CodeSecure},
		"secure boot": {imageOf(c3), espsim.Options{Secure: espsim.Security{Boot: true}}, esp.How{}, flash.CodeSecure},
		"download":    {imageOf(c3), espsim.Options{Secure: espsim.Security{Download: true}}, esp.How{}, flash.CodeSecure},
	} {
		t.Run(name, func(t *testing.T) {
			tt.board.Content = used()
			onBoard(t, tt.board, esp.Options{How: tt.how}, func(t *testing.T, r *rig, e *esp.Flasher) {
				before := r.board.Flash()
				err := e.Flash(t.Context(), tt.image)
				if err == nil {
					t.Fatal("taken")
				}
				if got := codeOf(t, err); got != tt.code {
					t.Errorf("code %d, want %d: %v", got, tt.code, err)
				}
				var f *flash.Error
				if errors.As(err, &f); f.Torn || !bytes.Equal(before, r.board.Flash()) {
					t.Errorf("the chip was changed: %v", err)
				}
				if _, err := e.Plan(tt.image); err == nil {
					t.Error("Plan takes it")
				}
			})
		})
	}
}

// TestInsists: an app alone can be written where secure boot is on, and flash
// encryption gives way to a person who insists.
func TestInsists(t *testing.T) {
	c3 := small(espsim.ESP32C3, 1)
	app := &firmware.Image{Segments: []firmware.Segment{{Addr: 0x10000, Data: c3[0x10000:]}}}
	for _, tt := range []struct {
		secure espsim.Security
		how    esp.How
		image  *firmware.Image
	}{
		{espsim.Security{Boot: true}, esp.How{}, app},
		{espsim.Security{Encrypted: true}, esp.How{Encrypted: true}, imageOf(c3)},
	} {
		onBoard(t, espsim.Options{Secure: tt.secure}, esp.Options{How: tt.how}, func(t *testing.T, r *rig, e *esp.Flasher) {
			if _, err := e.Plan(tt.image); err != nil {
				t.Errorf("%+v: %v", tt.secure, err)
			}
		})
	}
}

// TestParts: several files, of which two share a sector, and data that does not pack.
func TestParts(t *testing.T) {
	c3 := small(espsim.ESP32C3, 1)
	image := &firmware.Image{Name: "parts", Segments: []firmware.Segment{
		{Addr: 0, Data: c3[:0x5000]}, {Addr: 0x8000, Data: c3[0x8000:0x8C00]}, {Addr: 0x8D10, Data: []byte("note")},
		{Addr: 0x10000, Data: c3[0x10000:]}, {Addr: 0x100801, Data: random(70000, 3)},
		{Addr: 0x140000, Data: random(0x5000, 4)},
	}}
	for _, rom := range []bool{false, true} {
		o := esp.Options{}
		if rom {
			o.Stub = func(context.Context, string) ([]byte, error) { return nil, errors.New("none") }
		}
		onBoard(t, espsim.Options{Content: used()}, o, func(t *testing.T, r *rig, e *esp.Flasher) {
			if err := e.Flash(t.Context(), image); err != nil {
				t.Fatal(err)
			}
			got := r.board.Flash()
			for _, s := range image.Segments {
				if !bytes.Equal(got[s.Addr:s.End()], s.Data) {
					t.Errorf("rom %v: %x is wrong", rom, s.Addr)
				}
			}
			if n := r.board.Stats().Commands[0x03]; n == 0 {
				t.Errorf("data that does not pack went packed")
			}
			if e.Report().Stub == rom {
				t.Error("report of the stub")
			}
		})
	}
}

// TestSameAgain: nothing is written that is there, with the stub and without.
func TestSameAgain(t *testing.T) {
	for _, chip := range allChips {
		data := small(chip, 1)
		onBoard(t, espsim.Options{Chip: chip, Content: data}, esp.Options{}, func(t *testing.T, r *rig, e *esp.Flasher) {
			if err := e.Flash(t.Context(), imageOf(data)); err != nil {
				t.Fatal(err)
			}
			if s := r.board.Stats(); s.Programmed != 0 || s.Erased != 0 {
				t.Errorf("%s: programmed %d, erased %d", chip, s.Programmed, s.Erased)
			}
			if rep := e.Report(); !rep.Verified || rep.Written != 0 {
				t.Errorf("%s: %+v", chip, rep)
			}
			progress(t, r.events, true)
		})
	}
}

// TestContinues: what an interrupted Flash wrote is not written again.
func TestContinues(t *testing.T) {
	data := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32C3, Size: 512 * kib, Seed: 1, Ratio: 0.62})
	onBoard(t, espsim.Options{Content: used()}, esp.Options{}, func(t *testing.T, r *rig, e *esp.Flasher) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		err := e.Flash(ctx, imageOf(data))
		var f *flash.Error
		if !errors.As(err, &f) || f.Code != flash.CodeCanceled || !f.Torn || f.Phase != flash.PhaseWrite {
			t.Fatalf("canceled: %#v", err)
		}
		if rep := e.Report(); rep.Verified || rep.Error == "" || len(rep.Regions) == 0 {
			t.Errorf("report of a part: %+v", rep)
		}
		before := r.board.Stats().Programmed
		if before < 128*kib {
			t.Fatalf("only %d bytes were written", before)
		}
		again := r.flasher(esp.Options{Stub: stubs(t), Opened: 115200, Baud: 921600})
		if _, err := again.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := again.Flash(t.Context(), imageOf(data)); err != nil {
			t.Fatal(err)
		}
		if n := again.Report().Written; n > int64(len(data))-before+96*kib {
			t.Errorf("%d bytes were written again, after %d of %d", n, before, len(data))
		}
		if !r.holds(imageOf(data), esp.Region{Addr: 0x9000, Size: 0x7000}) {
			t.Error("wrong content")
		}
	})
}

// TestBadCells: memory that does not take what is written is found, with the place.
func TestBadCells(t *testing.T) {
	for _, rom := range []bool{false, true} {
		o := esp.Options{}
		if rom {
			o.Stub = func(context.Context, string) ([]byte, error) { return nil, errors.New("none") }
		}
		b := espsim.Options{Bad: []espsim.Range{{From: 0x14100, To: 0x14180}}, Content: bytes.Repeat([]byte{0}, 1<<20)}
		onBoard(t, b, o, func(t *testing.T, r *rig, e *esp.Flasher) {
			err := e.Flash(t.Context(), imageOf(small(espsim.ESP32C3, 1)))
			var f *flash.Error
			if !errors.As(err, &f) || f.Code != flash.CodeVerify && f.Code != flash.CodeWrite || !f.Torn {
				t.Fatalf("rom %v: %v", rom, err)
			}
			if f.Code == flash.CodeVerify && (f.Addr > 0x14100 || f.Addr < 0x10000) {
				t.Errorf("at %x: %v", f.Addr, err)
			}
		})
	}
}

// TestRead: a backup is what the chip holds.
func TestRead(t *testing.T) {
	old := used()
	for _, chip := range allChips {
		for _, rom := range []bool{false, true} {
			o := esp.Options{}
			n := int64(150*kib + 77)
			if rom {
				o.Stub = func(context.Context, string) ([]byte, error) { return nil, errors.New("none") }
				n = 5000
			}
			onBoard(t, espsim.Options{Chip: chip, Content: old}, o, func(t *testing.T, r *rig, e *esp.Flasher) {
				var b bytes.Buffer
				err := e.Read(t.Context(), 0x1003, n, &b)
				if rom && chip == espsim.ESP8266 {
					if codeOf(t, err) != flash.CodeUnsupport {
						t.Errorf("%s: %v", chip, err)
					}
					return
				}
				if err != nil || !bytes.Equal(b.Bytes(), old[0x1003:0x1003+n]) {
					t.Errorf("%s, rom %v: %v, %d bytes", chip, rom, err, b.Len())
				}
				last := r.events[len(r.events)-1]
				if last.Phase != flash.PhaseRead || last.Done != n || last.Total != n {
					t.Errorf("%s, rom %v: ends with %+v", chip, rom, last)
				}
				if err := e.Read(t.Context(), 4<<20-10, 11, &b); codeOf(t, err) != flash.CodeTooLarge {
					t.Errorf("behind the end: %v", err)
				}
			})
		}
	}
}

// TestReadDisturbed: a backup goes on after a fault, and is right.
func TestReadDisturbed(t *testing.T) {
	old := used()
	for _, kind := range []sim.Kind{sim.Drop, sim.Flip, sim.Duplicate, sim.Insert} {
		for _, dir := range []sim.Dir{sim.ToDevice, sim.ToHost} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, espsim.Options{Content: old}, sim.WireOptions{Latency: time.Millisecond})
				e := r.flasher(esp.Options{Stub: stubs(t), Opened: 115200, Baud: 921600})
				if _, err := e.Connect(t.Context()); err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				time.AfterFunc(900*time.Millisecond, func() { r.wire.Inject(sim.Fault{Dir: dir, Kind: kind}) })
				if err := e.Read(t.Context(), 0, 200*kib, &b); err != nil || !bytes.Equal(b.Bytes(), old[:200*kib]) {
					t.Errorf("%d %d: %v", kind, dir, err)
				}
			})
		}
	}
}

// TestErase: exactly what was asked for, with progress.
func TestErase(t *testing.T) {
	old := used()
	for _, chip := range allChips {
		for _, rom := range []bool{false, true} {
			o := esp.Options{}
			if rom {
				o.Stub = func(context.Context, string) ([]byte, error) { return nil, errors.New("none") }
			}
			onBoard(t, espsim.Options{Chip: chip, Content: old, Size: 1 << 20}, o, func(t *testing.T, r *rig, e *esp.Flasher) {
				for _, area := range [][2]int{{0x3000, 0x1000}, {0x13000, 0x2F000}, {0x80000, 0x10000}} {
					before := r.board.Flash()
					if err := e.Erase(t.Context(), uint32(area[0]), int64(area[1])); err != nil {
						t.Fatalf("%s, rom %v: %v", chip, rom, err)
					}
					copy(before[area[0]:], bytes.Repeat([]byte{0xFF}, area[1]))
					if rom && chip == espsim.ESP8266 { // its ROM can only erase in steps of its own: more, never less
						got := r.board.Flash()
						if bytes.Count(got[area[0]:area[0]+area[1]], []byte{0xFF}) != area[1] {
							t.Errorf("%s: not all is erased", chip)
						}
						continue
					}
					if !bytes.Equal(before, r.board.Flash()) {
						t.Errorf("%s, rom %v: other things were erased", chip, rom)
					}
				}
				if err := e.Erase(t.Context(), 0x100, 0x1000); codeOf(t, err) != flash.CodeTooLarge {
					t.Errorf("not a sector: %v", err)
				}
				if err := e.EraseAll(t.Context()); err != nil {
					t.Fatalf("%s, rom %v: %v", chip, rom, err)
				}
				if got := r.board.Flash(); bytes.Count(got, []byte{0xFF}) != len(got) {
					t.Errorf("%s, rom %v: not blank", chip, rom)
				}
				moved := 0
				for _, ev := range r.events {
					if ev.Phase == flash.PhaseErase && ev.Done > 0 && ev.Done < ev.Total {
						moved++
					}
				}
				if moved == 0 {
					t.Errorf("%s, rom %v: no progress is told", chip, rom)
				}
			})
		}
	}
}

// brokenPacker packs something else, or nothing.
type brokenPacker struct{ err error }

func (b brokenPacker) Pack(ctx context.Context, data []byte) ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	return esp.Zlib{}.Pack(ctx, make([]byte, len(data)))
}

// TestBrokenPacker: what a Worker gets wrong is no success.
func TestBrokenPacker(t *testing.T) {
	for _, p := range []brokenPacker{{}, {errors.New("the Worker died")}} {
		onBoard(t, espsim.Options{}, esp.Options{Packer: p}, func(t *testing.T, r *rig, e *esp.Flasher) {
			err := e.Flash(t.Context(), imageOf(small(espsim.ESP32C3, 1)))
			if c := codeOf(t, err); p.err == nil && c != flash.CodeVerify || p.err != nil && c != flash.CodePort {
				t.Errorf("%+v: %v", p, err)
			}
		})
	}
}

// TestPrepare: what was packed before Connect is not packed again.
func TestPrepare(t *testing.T) {
	count := &countingPacker{}
	image := imageOf(small(espsim.ESP32C3, 1))
	o := esp.Options{Packer: count, Stub: stubs(t), Opened: 115200}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, espsim.Options{}, sim.WireOptions{})
		e := r.flasher(o)
		e.Prepare(t.Context(), nil) // a hint only
		e.Prepare(t.Context(), image)
		synctest.Wait()
		first := count.n.Load()
		if _, err := e.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := e.Flash(t.Context(), image); err != nil {
			t.Fatal(err)
		}
		if first == 0 || count.n.Load() != first {
			t.Errorf("%d packed before, %d in all", first, count.n.Load())
		}
	})
}
