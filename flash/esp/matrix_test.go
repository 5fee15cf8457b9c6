package esp_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// The fault matrix: whatever happens to the line, at whatever byte, Flash either ends
// well, with the right content in the chip, or with an error that tells what it was;
// then the next attempt succeeds.

// matrixBound is the longest that an attempt may take, in virtual time.
const matrixBound = 3 * time.Minute

// setup is a chip and the way that it is worked with.
type setup struct {
	name  string
	chip  espsim.Chip
	rom   bool // no stub
	image *firmware.Image
	old   []byte // content of the flash memory before
	kept  []esp.Region
}

// settingsAt is where the test puts settings: what the images have for NVS.
const settingsAt = 0x9000

// setups are all of the matrix.
func setups() []setup {
	var all []setup
	for _, chip := range allChips {
		size := 112 << 10
		image := espsim.Image(espsim.ImageOptions{Chip: chip, Size: size, Version: "0.6.9", Seed: 1, Ratio: 0.62})
		old := bytes.Clone(image)
		// The firmware before differs from the middle on, so that a part is skipped.
		mix := rand.New(rand.NewPCG(7, uint64(len(chip))))
		for i := len(old) / 2; i < len(old); i++ {
			if old[i] != 0xFF {
				old[i] = byte(mix.Uint32())
			}
		}
		if chip != espsim.ESP8266 {
			copy(old[settingsAt:], "settings of the person")
		}
		one := setup{name: string(chip), chip: chip, image: imageOf(image), old: old}
		all = append(all, one)
		one.name, one.rom = one.name+"-rom", true
		all = append(all, one)
	}
	return all
}

// fault is what is done to the line.
type fault struct {
	name string
	kind sim.Kind
	n    int
}

var faults = []fault{
	{"drop", sim.Drop, 1}, {"drop40", sim.Drop, 40}, {"flip", sim.Flip, 1}, {"duplicate", sim.Duplicate, 1},
	{"insert", sim.Insert, 3}, {"stall", sim.Stall, 400}, {"freeze", sim.Stall, 7000}, {"unplug", sim.Unplug, 1},
}

// place is where it is done.
type place struct {
	name     string
	m        mark
	next     mark // the frame after it
	reply    bool // in what comes back
	position int  // 0 first byte, 1 somewhere, 2 last byte
}

// places picks frames of a run without faults: one of each phase.
func places(marks []mark) []place {
	byOp := make(map[byte][]int)
	for i, m := range marks[:len(marks)-1] {
		byOp[m.op] = append(byOp[m.op], i)
	}
	var all []place
	pick := func(name string, op byte, which int) {
		list := byOp[op]
		if len(list) == 0 {
			return
		}
		i := list[which*(len(list)-1)/2]
		all = append(all, place{name: name, m: marks[i], next: marks[i+1]})
	}
	pick("sync", 0x08, 0)
	pick("identify", 0x0A, 0)
	pick("attach", 0x0B, 0)
	pick("stub", 0x07, 1)
	pick("start", 0x06, 0)
	pick("rate", 0x0F, 0)
	pick("compare", 0x13, 0)
	pick("compare2", 0x13, 1)
	pick("begin", 0x10, 1)
	pick("first", 0x11, 0)
	pick("middle", 0x11, 1)
	pick("last", 0x11, 2)
	pick("begin", 0x02, 1)
	pick("first", 0x03, 0)
	pick("middle", 0x03, 1)
	pick("last", 0x03, 2)
	pick("end", 0x12, 0)
	pick("verify", 0x13, 2)
	return all
}

// verdict is what a case came to.
type verdict struct {
	err   error
	wrong string // empty: as it must be
	took  time.Duration
}

// options are those of the matrix.
func (s *setup) options(load func(context.Context, string) ([]byte, error), p esp.Packer) esp.Options {
	o := esp.Options{Packer: p, Opened: 115200, Baud: 921600}
	if !s.rom {
		o.Stub = load
	}
	return o
}

// attempt connects, flashes and starts the firmware.
func attempt(ctx context.Context, r *rig, s *setup, o esp.Options) (*esp.Flasher, error) {
	f := r.flasher(o)
	if _, err := f.Connect(ctx); err != nil {
		return f, err
	}
	if err := f.Flash(ctx, s.image); err != nil {
		return f, err
	}
	return f, f.Run(ctx)
}

// unverified is the end of every Flash of an ESP8266 without the stub.
func (s *setup) unverified(err error) bool {
	if !s.rom || s.chip != espsim.ESP8266 {
		return false
	}
	e, ok := err.(*flash.Error)
	return ok && e.Code == flash.CodeUnsupport && e.Phase == flash.PhaseVerify
}

// good tells whether the chip holds what it must.
func (s *setup) good(r *rig) string {
	got := r.board.Flash()
	if !matches(got, s.image, s.kept) {
		return "wrong content"
	}
	for _, k := range s.kept {
		if !bytes.Equal(got[k.Addr:k.End()], padded(s.old, k)) {
			return "settings are gone"
		}
	}
	return ""
}

func padded(old []byte, k esp.Region) []byte {
	b := bytes.Repeat([]byte{0xFF}, int(k.Size))
	if int(k.Addr) < len(old) {
		copy(b, old[k.Addr:])
	}
	return b
}

// try does one case: a run with faults, or with a cancellation at the n-th frame, then one
// without.
func try(t *testing.T, s *setup, o esp.Options, wire sim.WireOptions, cancelAt int) (out verdict) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, espsim.Options{Chip: s.chip, Content: s.old}, wire)
		ctx, cancel := context.WithTimeout(context.Background(), matrixBound)
		if cancelAt >= 0 {
			r.port.on = func(n int) {
				if n == cancelAt {
					time.AfterFunc(3*time.Millisecond, cancel)
				}
			}
		}
		began := time.Now()
		_, out.err = attempt(ctx, r, s, o)
		out.took = time.Since(began)
		late := ctx.Err() == context.DeadlineExceeded
		cancel()
		switch {
		case late:
			out.wrong = "hung"
			return
		case out.err == nil || s.unverified(out.err):
			progress(t, r.events, out.err == nil)
			if out.wrong = s.good(r); out.wrong != "" {
				out.wrong = "success with " + out.wrong
				return
			}
		default:
			e, ok := out.err.(*flash.Error)
			if ok && (e.Code == flash.CodeSecure || e.Code == flash.CodeImage || e.Code == flash.CodeTooLarge) {
				out.wrong = "a fault of the line was taken for one of the chip or the image: " + e.Error()
				return
			}
			if !ok || e.Code == 0 || e.Op == "" {
				out.wrong = fmt.Sprintf("unclear error %#v", out.err)
				return
			}
		}
		var err error
		for n := range max(1, len(wire.Faults)) { // a fault can wait for the next attempt
			if n > 0 && (err == nil || s.unverified(err)) {
				break
			}
			_ = r.port.Close()
			r.open()
			ctx, cancel := context.WithTimeout(context.Background(), matrixBound)
			_, err = attempt(ctx, r, s, o)
			cancel()
		}
		if err != nil && !s.unverified(err) {
			out.wrong = "the next attempt failed: " + err.Error()
			return
		}
		if out.wrong = s.good(r); out.wrong != "" {
			out.wrong = "after the next attempt: " + out.wrong
			return
		}
		if v := unexcused(r.board.Violations(), wire); len(v) > 0 {
			out.wrong = fmt.Sprintf("violations: %q", v)
		}
	})
	return out
}

// unexcused returns what the host did that no chip survives. The line alone can do some of
// that: a damaged command that announces data has no checksum; a doubled or an inserted
// delimiter begins a frame that nobody sent; a chip whose own output is held up for longer
// than any reply may take hears the question whether it hears before its answer is out;
// and several faults, or noise, can hit what repairs the first.
func unexcused(list []string, wire sim.WireOptions) []string {
	var bad []string
	for _, v := range list {
		if strings.Contains(v, "a second frame") {
			if len(wire.Faults) == 1 && !begins(wire.Faults[0]) || len(wire.Faults) == 0 && wire.ErrorRate == 0 {
				bad = append(bad, v)
			}
		} else if wire.ErrorRate == 0 && !slices.ContainsFunc(wire.Faults, func(f sim.Fault) bool { return f.Dir == sim.ToDevice }) {
			bad = append(bad, v)
		}
	}
	return bad
}

func begins(f sim.Fault) bool {
	return f.Dir == sim.ToDevice && (f.Kind == sim.Duplicate || f.Kind == sim.Insert) ||
		f.Dir == sim.ToHost && f.Kind == sim.Stall && f.N > 3000
}

// plainRun is a run without faults: where frames are.
func plainRun(t *testing.T, s *setup, o esp.Options) []mark {
	var marks []mark
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, espsim.Options{Chip: s.chip, Content: s.old}, sim.WireOptions{Latency: time.Millisecond, Reopen: 20 * time.Millisecond})
		f := r.flasher(o)
		ctx := context.Background()
		if _, err := f.Connect(ctx); err != nil {
			t.Fatalf("%s: connect: %v", s.name, err)
		}
		plan, err := f.Plan(s.image)
		if err != nil {
			t.Fatalf("%s: plan: %v", s.name, err)
		}
		var kept []esp.Region
		for _, one := range plan.Regions {
			if one.Kind == esp.RegionKept {
				kept = append(kept, one)
			}
		}
		s.kept = kept
		if err := f.Flash(ctx, s.image); err != nil && !s.unverified(err) {
			t.Fatalf("%s: flash: %v", s.name, err)
		}
		if wrong := s.good(r); wrong != "" {
			t.Fatalf("%s: %s", s.name, wrong)
		}
		if v := r.board.Violations(); len(v) > 0 {
			t.Fatalf("%s: violations: %q", s.name, v)
		}
		marks = r.port.marks
		w := r.wire.Stats()
		marks = append(marks, mark{toDevice: w.ToDevice.Sent, toHost: w.ToHost.Sent})
	})
	return marks
}

// at returns the position of a fault on the wire.
func (p *place) at(seed uint64) int64 {
	from, size := p.m.toDevice, p.next.toDevice-p.m.toDevice
	if p.reply {
		from, size = p.m.toHost, p.next.toHost-p.m.toHost
	}
	size = max(size, 1)
	switch p.position {
	case 0:
		return from
	case 2:
		return from + size - 1
	}
	return from + int64(rand.New(rand.NewPCG(seed, 5)).Uint64()%uint64(size))
}

// TestFaultMatrix runs all cases with -v, a tenth of them without, and fewer with
// -short.
func TestFaultMatrix(t *testing.T) {
	m := &matrix{t: t, load: stubs(t), packer: new(cachedPacker), every: 10, codes: make(map[flash.Code]int)}
	switch {
	case testing.Short():
		m.every = 30
	case testing.Verbose():
		m.every = 1
	}
	for _, s := range setups() {
		m.planned(&s)
		m.anywhere(&s)
	}
	t.Logf("outcomes by code: %v; slowest %v: %v", m.codes, m.slowest.took, m.slowest.err)
	fmt.Printf("figure flash.faults.cases %d 1\n", m.cases)
	fmt.Printf("figure flash.faults.wrong %d 1\n", m.wrong)
}

// matrix counts cases.
type matrix struct {
	t            *testing.T
	load         func(context.Context, string) ([]byte, error)
	packer       esp.Packer
	every        int // one of so many cases is run
	seed         uint64
	cases, wrong int
	codes        map[flash.Code]int
	slowest      verdict
}

// one runs one case.
func (m *matrix) one(s *setup, name string, o esp.Options, wire sim.WireOptions, cancelAt int) {
	m.cases++
	wire.Latency, wire.Reopen = time.Millisecond, 20*time.Millisecond
	out := try(m.t, s, o, wire, cancelAt)
	if out.took > m.slowest.took {
		m.slowest = out
	}
	code := flash.Code(0)
	if e, ok := out.err.(*flash.Error); ok {
		code = e.Code
	}
	m.codes[code]++
	if out.wrong != "" {
		m.wrong++
		m.t.Errorf("%s %s %+v: %s (first: %v, after %v)", s.name, name, wire.Faults, out.wrong, out.err, out.took)
	}
}

// skipped tells whether the next case is left out.
func (m *matrix) skipped(s *setup) bool {
	m.seed++
	every := uint64(m.every)
	if s.rom {
		every *= 3
	}
	return m.seed%every != 0
}

// planned puts each fault at the begin, into the middle and at the end of a frame of
// every phase, and of its reply, and cancels there.
func (m *matrix) planned(s *setup) {
	o := s.options(m.load, m.packer)
	marks := plainRun(m.t, s, o)
	for _, p := range places(marks) {
		for _, f := range faults {
			for _, p.reply = range []bool{false, true} {
				for p.position = range 3 {
					if p.position != 1 && f.kind == sim.Stall || m.skipped(s) {
						continue
					}
					where, at, n := sim.ToDevice, p.at(m.seed), f.n
					if p.reply {
						where = sim.ToHost
					} else if f.kind == sim.Drop { // not also what asks whether it arrived
						n = int(min(int64(n), max(p.next.toDevice-at, 1)))
					}
					name := fmt.Sprintf("%s %s reply=%v #%d", p.name, f.name, p.reply, p.position)
					m.one(s, name, o, sim.WireOptions{Faults: []sim.Fault{{Dir: where, At: at, Kind: f.kind, N: n}}}, -1)
				}
			}
		}
		if i := slices.Index(marks, p.m); !m.skipped(s) || i%2 == 0 {
			m.one(s, p.name+" cancel", o, sim.WireOptions{}, i)
		}
	}
}

// anywhere puts faults at any byte, several at once, and noise; it also erases first and
// writes all.
func (m *matrix) anywhere(s *setup) {
	o := s.options(m.load, m.packer)
	marks := plainRun(m.t, s, o)
	last := marks[len(marks)-1]
	for n := range 60 {
		if m.skipped(s) {
			continue
		}
		r := rand.New(rand.NewPCG(m.seed, 77))
		var list []sim.Fault
		for range 1 + n%3 {
			f := faults[r.IntN(len(faults))]
			one := sim.Fault{Dir: sim.ToDevice, At: r.Int64N(last.toDevice), Kind: f.kind, N: f.n}
			if r.IntN(3) == 0 {
				one.Dir, one.At = sim.ToHost, r.Int64N(last.toHost)
			}
			list = append(list, one)
		}
		o := o
		o.How.All, o.How.EraseAll = n%5 == 3, n%10 == 4
		wire := sim.WireOptions{Faults: list}
		if n%6 == 5 {
			wire = sim.WireOptions{ErrorRate: 3e-6 * float64(1+n%4), Seed: m.seed}
		}
		one := *s
		if o.How.EraseAll {
			one.kept = nil
		}
		m.one(&one, fmt.Sprintf("anywhere %d", m.seed), o, wire, -1)
	}
}
