package esp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// connected is how Connect ends on a board.
type connected struct {
	err     error
	code    flash.Code
	chip    esp.Details
	took    time.Duration
	rate    int
	boards  []string // violations
	events  []flash.Event
	flasher *esp.Flasher
	rig     *rig
}

func (o *connected) noted(text string) bool {
	for _, e := range o.events {
		if strings.Contains(e.Note, text) {
			return true
		}
	}
	return false
}

// connecting runs Connect once inside of synctest, and then look.
func connecting(t *testing.T, bo espsim.Options, wo sim.WireOptions, o esp.Options, look func(*testing.T, *connected)) {
	t.Helper()
	if o.Stub == nil {
		o.Stub = stubs(t)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bo, wo)
		if o.Opened == 0 {
			o.Opened = 115200
		}
		f := r.flasher(o)
		began := time.Now()
		_, err := f.Connect(t.Context())
		out := &connected{err: err, chip: f.Chip(), took: time.Since(began), rate: f.Rate(),
			boards: r.board.Violations(), events: r.events, flasher: f, rig: r}
		if err != nil {
			out.code = codeOf(t, err)
		}
		look(t, out)
	})
}

func wantCode(t *testing.T, o *connected, code flash.Code) {
	t.Helper()
	if o.code != code {
		t.Errorf("after %v: code %d, want %d: %v", o.took, o.code, code, o.err)
	}
}

func TestStubDoesNotStart(t *testing.T) {
	for _, c := range allChips {
		connecting(t, espsim.Options{Chip: c, StubFails: true}, sim.WireOptions{Latency: time.Millisecond}, esp.Options{},
			func(t *testing.T, o *connected) {
				if o.err != nil || o.chip.Stub || o.rig.board.State() != espsim.Download || o.chip.Flash != 4<<20 {
					t.Errorf("%s: %v, %+v, %v", c, o.err, o.chip, o.rig.board.State())
				}
				if !o.noted("stub does not start") {
					t.Errorf("%s: no note in %v", c, o.events)
				}
			})
	}
}

func TestWithoutStub(t *testing.T) {
	for _, c := range allChips {
		connecting(t, espsim.Options{Chip: c}, sim.WireOptions{Latency: time.Millisecond},
			esp.Options{Stub: func(context.Context, string) ([]byte, error) { return nil, errors.New("no such file") }},
			func(t *testing.T, o *connected) {
				if o.err != nil || o.chip.Stub || o.rig.board.State() != espsim.Download || o.chip.Flash != 4<<20 {
					t.Errorf("%s: %v, %+v, %v", c, o.err, o.chip, o.rig.board.State())
				}
				if len(o.boards) > 0 {
					t.Error(o.boards)
				}
			})
	}
}

func TestRateStepsDown(t *testing.T) {
	for _, c := range allChips {
		for name, tt := range map[string]struct {
			wire    int // fastest of the adapter
			chip    int // fastest of the line
			asked   int
			settled int
		}{
			"adapter": {1500000, 0, 2000000, 1500000},
			"line":    {0, 1000000, 2000000, 921600},
			"both":    {460800, 0, 2000000, 460800},
			"start":   {0, 500000, 921600, 460800},
			"slow":    {0, 115200, 921600, 115200},
		} {
			t.Run(string(c)+"."+name, func(t *testing.T) {
				connecting(t, espsim.Options{Chip: c, MaxRate: tt.chip},
					sim.WireOptions{Latency: time.Millisecond, Reopen: 30 * time.Millisecond, MaxBaud: tt.wire},
					esp.Options{Baud: tt.asked}, func(t *testing.T, o *connected) {
						if o.err != nil || o.rate != tt.settled || !o.chip.Stub {
							t.Errorf("%v, rate %d, %+v", o.err, o.rate, o.chip)
						}
						t.Logf("%v", o.took)
						if len(o.boards) > 0 {
							t.Error(o.boards)
						}
					})
			})
		}
	}
}

func TestKnownRateGoesFirst(t *testing.T) {
	connecting(t, espsim.Options{}, sim.WireOptions{}, esp.Options{Known: 460800}, func(t *testing.T, o *connected) {
		if o.err != nil || o.rate != 460800 {
			t.Errorf("%v, rate %d", o.err, o.rate)
		}
	})
}

func TestFixedNeverReopens(t *testing.T) {
	connecting(t, espsim.Options{Lines: espsim.Direct}, sim.WireOptions{Reopen: 30 * time.Millisecond},
		esp.Options{Fixed: true, Start: 115200, Baud: 921600, Reset: esp.ResetOf(esp.ByDirect)},
		func(t *testing.T, o *connected) {
			if o.err != nil || o.rate != 115200 {
				t.Errorf("%v, rate %d", o.err, o.rate)
			}
			if err := o.flasher.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
}

func TestWrongChip(t *testing.T) {
	connecting(t, espsim.Options{Chip: espsim.ESP32}, sim.WireOptions{}, esp.Options{Want: "esp32c3"},
		func(t *testing.T, o *connected) {
			wantCode(t, o, flash.CodeChip)
			if !strings.Contains(o.err.Error(), "wanted ESP32-C3, found ESP32") || o.chip.Kind.ID != "esp32" {
				t.Error(o.err, o.chip)
			}
		})
}

func TestNoFlash(t *testing.T) {
	for _, c := range allChips {
		connecting(t, espsim.Options{Chip: c, NoFlash: true}, sim.WireOptions{}, esp.Options{},
			func(t *testing.T, o *connected) { wantCode(t, o, flash.CodeNoFlash) })
	}
}

func TestRemapped(t *testing.T) {
	connecting(t, espsim.Options{Chip: espsim.ESP32, Remapped: true}, sim.WireOptions{}, esp.Options{},
		func(t *testing.T, o *connected) {
			if o.err != nil || o.chip.Flash != 4<<20 {
				t.Errorf("%v, %+v", o.err, o.chip)
			}
		})
}

func TestSecurity(t *testing.T) {
	for _, c := range allChips[1:] {
		for _, s := range []espsim.Security{{}, {Boot: true}, {Encrypted: true}, {Download: true}} {
			if s.Download && c == espsim.ESP32 {
				continue // has none
			}
			connecting(t, espsim.Options{Chip: c, Secure: s}, sim.WireOptions{}, esp.Options{Size: 8 << 20},
				func(t *testing.T, o *connected) {
					x := o.chip.Security
					if o.err != nil || !x.Known || x.Boot != s.Boot || x.Encrypted != s.Encrypted || x.Download != s.Download {
						t.Errorf("%s %+v: %v, %+v", c, s, o.err, x)
					}
					if s.Download && (o.chip.Stub || o.chip.Flash != 8<<20 || o.chip.MAC != "") {
						t.Errorf("%s: %+v", c, o.chip)
					}
					if len(o.boards) > 0 {
						t.Error(o.boards)
					}
				})
		}
	}
}

// TestNoAnswer: what is said about chips whose loader does not answer.
func TestNoAnswer(t *testing.T) {
	image := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32C3, Size: 256 << 10})
	old := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP8266, Size: 256 << 10})
	for name, tt := range map[string]struct {
		board espsim.Options
		code  flash.Code
	}{
		"one way":        {espsim.Options{SyncsLost: 1000}, flash.CodeOneWay},
		"one way, 8266":  {espsim.Options{Chip: espsim.ESP8266, SyncsLost: 1000}, flash.CodeOneWay},
		"quiet":          {espsim.Options{SyncsLost: 1000, Quiet: true}, flash.CodeSilent},
		"blank, by hand": {espsim.Options{Lines: espsim.Manual}, flash.CodeBooted},
		"runs, by hand":  {espsim.Options{Lines: espsim.Manual, Content: image}, 0},
		"runs, 8266":     {espsim.Options{Chip: espsim.ESP8266, Lines: espsim.Manual, Content: old}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			connecting(t, tt.board, sim.WireOptions{Latency: time.Millisecond, Reopen: 30 * time.Millisecond}, esp.Options{},
				func(t *testing.T, o *connected) {
					t.Logf("%v: %v", o.took, o.err)
					if tt.code != 0 {
						wantCode(t, o, tt.code)
					} else if o.code != flash.CodeBooted && o.code != flash.CodeGarbled && o.code != flash.CodeSilent {
						t.Errorf("%v", o.err)
					}
					if o.took > 10*time.Second {
						t.Errorf("took %v", o.took)
					}
				})
		})
	}
}

func TestNoiseOnly(t *testing.T) {
	connecting(t, espsim.Options{}, sim.WireOptions{ErrorRate: 0.3, Seed: 3}, esp.Options{}, func(t *testing.T, o *connected) {
		if o.code != flash.CodeGarbled && o.code != flash.CodeBooted && o.code != flash.CodeOneWay {
			t.Errorf("%v", o.err)
		}
	})
}

// TestByHand: the flasher waits as long as a person takes, and goes on by itself.
func TestByHand(t *testing.T) {
	for _, c := range allChips {
		for _, before := range []string{"blank", "in the loader", "stub, fast, out of step"} {
			t.Run(string(c)+"."+before, func(t *testing.T) {
				load := stubs(t)
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, espsim.Options{Chip: c, Lines: espsim.Manual}, sim.WireOptions{Latency: time.Millisecond, Reopen: 30 * time.Millisecond})
					o := esp.Options{Stub: load, Reset: esp.ResetOf(esp.ByHand), Opened: 115200, Baud: 2000000}
					if before == "blank" {
						go func() {
							time.Sleep(7 * time.Second)
							r.board.Press(t.Context())
						}()
					} else if err := r.board.Press(t.Context()); err != nil {
						t.Fatal(err)
					}
					f := r.flasher(o)
					began := time.Now()
					if _, err := f.Connect(t.Context()); err != nil {
						t.Fatal(err)
					}
					if before == "stub, fast, out of step" {
						if _, err := r.port.Write([]byte{0xC0, 1, 2}); err != nil { // a cut frame
							t.Fatal(err)
						}
						o.Opened = 0
						f = r.flasher(o)
						if _, err := f.Connect(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					t.Logf("%v", time.Since(began))
					if !f.Chip().Stub || f.Rate() != 2000000 {
						t.Errorf("%+v", f.Chip())
					}
				})
			})
		}
	}
}

func TestByHandEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, espsim.Options{Lines: espsim.Manual}, sim.WireOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f := r.flasher(esp.Options{Reset: esp.ResetOf(esp.ByHand)})
		_, err := f.Connect(ctx)
		if c := codeOf(t, err); c != flash.CodeBooted {
			t.Errorf("%v", err)
		}
	})
}

// TestCancel ends Connect at many times: it returns at once, and the next one works.
func TestCancel(t *testing.T) {
	load := stubs(t)
	for _, c := range allChips {
		for at := time.Duration(0); at < 420*time.Millisecond; at += 13 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, espsim.Options{Chip: c}, sim.WireOptions{Latency: time.Millisecond, Reopen: 30 * time.Millisecond})
				ctx, cancel := context.WithCancel(t.Context())
				o := esp.Options{Stub: load, Baud: 2000000}
				began := time.Now()
				time.AfterFunc(at, cancel)
				_, err := r.flasher(o).Connect(ctx)
				late := time.Since(began) - at
				if err != nil {
					if codeOf(t, err) != flash.CodeCanceled {
						t.Errorf("%v: %v", at, err)
					}
					if late > 40*time.Millisecond { // closing and opening the port is not given up half-way
						t.Errorf("%v: %v late", at, late)
					}
				}
				cancel()
				if _, err := r.flasher(o).Connect(t.Context()); err != nil {
					t.Errorf("after a cancel at %v: %v", at, err)
				}
			})
		}
	}
}

// TestUnplug loses the device at many places.
func TestUnplug(t *testing.T) {
	load := stubs(t)
	for _, dir := range []sim.Dir{sim.ToDevice, sim.ToHost} {
		for at := int64(0); at < 700; at += 13 {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, espsim.Options{}, sim.WireOptions{
					Latency: time.Millisecond,
					Faults:  []sim.Fault{{Dir: dir, At: at, Kind: sim.Unplug}},
				})
				_, err := r.flasher(esp.Options{Stub: load}).Connect(t.Context())
				if err != nil && codeOf(t, err) != flash.CodeLost {
					t.Errorf("unplug at %d of %d: %v", at, dir, err)
				}
				if err == nil {
					return // it ended before that byte
				}
				r.open()
				if _, err := r.flasher(esp.Options{Stub: load}).Connect(t.Context()); err != nil {
					t.Errorf("after an unplug at %d of %d: %v", at, dir, err)
				}
			})
		}
	}
}

// TestClosed: somebody else closes the port.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, espsim.Options{}, sim.WireOptions{})
		time.AfterFunc(120*time.Millisecond, func() { r.port.Close() })
		_, err := r.flasher(esp.Options{}).Connect(t.Context())
		if codeOf(t, err) != flash.CodePort || !errors.Is(err, serial.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestBoot reads what chips do after Run.
func TestBoot(t *testing.T) {
	for _, c := range allChips {
		for _, w := range []espsim.Lines{espsim.Transistors, espsim.Direct, espsim.Inverted, espsim.USB} {
			o := esp.Options{Reset: esp.ResetOf(map[espsim.Lines]string{
				espsim.Direct: esp.ByDirect, espsim.Inverted: esp.ByInverted, espsim.USB: esp.ByUSB}[w])}
			if w == espsim.USB && c != espsim.ESP32C3 && c != espsim.ESP32S3 {
				continue
			}
			image := espsim.Image(espsim.ImageOptions{Chip: c, Size: 512 << 10, Version: "0.7.3"})
			for _, strap := range []bool{false, true} {
				connecting(t, espsim.Options{Chip: c, Lines: w, Content: image, Strap: strap},
					sim.WireOptions{Latency: time.Millisecond, Reopen: 30 * time.Millisecond}, o,
					func(t *testing.T, out *connected) {
						if out.err != nil {
							t.Fatalf("%s %d: %v", c, w, out.err)
						}
						if err := out.flasher.Run(t.Context()); err != nil {
							t.Fatalf("%s %d: %v", c, w, err)
						}
						b, err := out.flasher.Boot(t.Context(), 3*time.Second)
						want, state := esp.BootApp, espsim.Running
						if strap {
							want, state = esp.BootLoader, espsim.Download
						}
						if err != nil || b.Kind != want || out.rig.board.State() != state {
							t.Errorf("%s %d: %v, %v, %v: %q %v", c, w, b.Kind, out.rig.board.State(), err, b.Text, out.rig.events)
						}
					})
			}
		}
	}
}

// TestNoisyLine: with some wrong bits Connect either works or says what is wrong, in
// bounded time; with few of them it works.
func TestNoisyLine(t *testing.T) {
	load := stubs(t)
	for _, rate := range []float64{0.0001, 0.001, 0.01} {
		failed, longest := 0, time.Duration(0)
		for seed := range uint64(30) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, espsim.Options{Chip: allChips[seed%4]}, sim.WireOptions{
					Latency: time.Millisecond, Reopen: 30 * time.Millisecond, ErrorRate: rate, Seed: seed + 1})
				began := time.Now()
				_, err := r.flasher(esp.Options{Stub: load, Opened: 115200, Baud: 921600}).Connect(t.Context())
				longest = max(longest, time.Since(began))
				if err != nil {
					failed++
					codeOf(t, err)
				}
			})
		}
		t.Logf("error rate %g: %d of 30 failed, longest %v", rate, failed, longest)
		if rate <= 0.0001 && failed > 0 {
			t.Errorf("%d of 30 failed at an error rate of %g", failed, rate)
		}
		if longest > 2*time.Minute {
			t.Errorf("took %v", longest)
		}
	}
}
