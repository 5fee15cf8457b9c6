package session

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

func sine(pin uint16) Generator {
	return Generator{Pin: pin, Shape: ShapeSine, Min: -1, Max: 1, Period: time.Second, Rate: 10, Decimals: 3}
}

// generators returns the states of those that run.
func (l *lab) generators() []GeneratorState { return l.s.State().Generators }

func TestGenerate(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{Target: 115200}, func(l *lab) {
		connectedLab(l)
		ctx, cancel := context.WithCancel(l.ctx)
		ended := make(chan error, 3)
		for pin := range uint16(3) {
			g := sine(pin + 1)
			go func() { ended <- l.s.Generate(ctx, g) }()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10*time.Second + 50*time.Millisecond)
		running := l.generators()
		if len(running) != 3 {
			t.Fatalf("%+v", running)
		}
		for i, g := range running {
			if g.Pin != uint16(i+1) || g.Sent != 101 || g.Skipped != 0 || g.Rate != 10 || g.ID == 0 {
				t.Errorf("%+v", g)
			}
		}
		p, _ := l.dev.Cloud().Pin(1)
		if p.Writes != 101 || !slices.Equal(p.Values, []string{"0.000"}) {
			t.Errorf("the cloud has %+v", p)
		}
		values := l.s.History().Last(1, 1000)
		if len(values) != 101 {
			t.Fatalf("%d values are kept", len(values))
		}
		for i, v := range values {
			want := math.Sin(2 * math.Pi * float64(i) / -10)
			if got, err := strconv.ParseFloat(v.Items[0], 64); err != nil || math.Abs(got-want) > 0.0006 {
				t.Errorf("value %d is %s, want %.3f", i, v.Items[0], want)
			}
			if v.Items[0] == "-0.000" {
				t.Error("minus zero")
			}
		}
		// The pace does not drift: value 100 leaves 10 s after the first one.
		if d := values[0].Time.Sub(values[100].Time) - 10*time.Second; d.Abs() > 5*time.Millisecond {
			t.Errorf("100 values took %v longer than they should", d)
		}
		l.s.StopGenerator(running[1].ID)
		if err := <-ended; err != nil {
			t.Errorf("stopped: %v", err)
		}
		if got := l.generators(); len(got) != 2 || got[1].Pin != 3 {
			t.Errorf("%+v", got)
		}
		cancel()
		for range 2 {
			if err := <-ended; ProblemOf(err).Code != CodeCanceled {
				t.Errorf("canceled: %v", err)
			}
		}
		if got := l.generators(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestGenerateEnds: a generator ends with the connection.
func TestGenerateEnds(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		if err := l.s.Generate(l.ctx, sine(1)); ProblemOf(err).Code != CodeNotReady {
			t.Errorf("without a connection: %v", err)
		}
		connectedLab(l)
		ended := make(chan error, 1)
		go func() { ended <- l.s.Generate(l.ctx, sine(1)) }()
		time.Sleep(time.Second)
		if err := l.s.Disconnect(l.ctx); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil {
			t.Error("a generator outlives its connection without an error")
		}
		if got := l.generators(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestGenerateFullLine: what the line cannot carry is refused, and what it has no room
// for at the moment is skipped and not queued.
func TestGenerateFullLine(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true, MaxBaud: 38400}, Options{}, func(l *lab) {
		connectedLab(l)
		g := sine(1)
		g.Rate = 200
		err := l.s.Generate(l.ctx, g)
		if p := ProblemOf(err); p.Code != CodeInput || !strings.Contains(p.Detail, "at most 153 a second") {
			t.Errorf("too fast: %v", err)
		}
		g.Rate = 120
		ctx, cancel := context.WithCancel(l.ctx)
		var wg sync.WaitGroup
		wg.Go(func() { _ = l.s.Generate(ctx, g) })
		time.Sleep(time.Second)
		g.Pin = 2
		if err := l.s.Generate(l.ctx, g); ProblemOf(err).Code != CodeInput {
			t.Errorf("the second one: %v", err)
		}
		// Three seconds of other messages on the line.
		long := strings.Repeat("x", 1400)
		for range 8 {
			if err := l.s.VirtualWrite(l.ctx, 9, long); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		r := l.generators()[0]
		if due := uint64(time.Since(r.Since).Seconds()*r.Rate) + 1; r.Skipped == 0 || due-r.Sent-r.Skipped > 13 {
			t.Errorf("%d of %d values sent, %d skipped", r.Sent, due, r.Skipped)
		}
		cancel()
		wg.Wait()
	})
}

func TestGenerateMany(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{Target: 115200}, func(l *lab) {
		connectedLab(l)
		ctx, cancel := context.WithCancel(l.ctx)
		var wg sync.WaitGroup
		for pin := range uint16(MaxGenerators) {
			wg.Go(func() { _ = l.s.Generate(ctx, sine(pin)) })
		}
		time.Sleep(time.Second)
		if err := l.s.Generate(ctx, sine(99)); ProblemOf(err).Code != CodeInput {
			t.Errorf("one too many: %v", err)
		}
		if got := l.generators(); len(got) != MaxGenerators {
			t.Errorf("%d run", len(got))
		}
		cancel()
		wg.Wait()
	})
}

func TestGenerateRefuses(t *testing.T) {
	s := New(Options{})
	for name, change := range map[string]func(g *Generator){
		"shape":    func(g *Generator) { g.Shape = 0 },
		"rate":     func(g *Generator) { g.Rate = 0 },
		"rate NaN": func(g *Generator) { g.Rate = math.NaN() },
		"fast":     func(g *Generator) { g.Rate = MaxRate + 1 },
		"range":    func(g *Generator) { g.Min, g.Max = 2, 1 },
		"NaN":      func(g *Generator) { g.Min = math.NaN() },
		"infinite": func(g *Generator) { g.Max = math.Inf(1) },
		"period":   func(g *Generator) { g.Period = 0 },
		"decimals": func(g *Generator) { g.Decimals = 10 },
		"replay":   func(g *Generator) { g.Shape = ShapeReplay },
		"NUL":      func(g *Generator) { g.Shape, g.Replay = ShapeReplay, Replay{Values: []string{"\x00"}} },
		"back": func(g *Generator) {
			g.Shape, g.Replay = ShapeReplay, Replay{Values: []string{"1", "2"}, Times: []time.Duration{2, 1}}
		},
	} {
		g := sine(1)
		change(&g)
		if err := s.Generate(t.Context(), g); ProblemOf(err).Code != CodeInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// all returns the values of a generator, up to most of them, and when they are due.
func all(g Generator, most int) (values []string, times []time.Duration) {
	w := newWave(&g)
	for len(values) < most {
		at, more := w.due()
		if !more {
			break
		}
		times = append(times, at)
		values = append(values, string(w.value(at)))
		w.n++
	}
	return values, times
}

func TestShapes(t *testing.T) {
	base := Generator{Min: 0, Max: 10, Period: time.Second, Rate: 4, Decimals: 1}
	for shape, want := range map[Shape][]string{
		ShapeRamp:   {"0.0", "2.5", "5.0", "7.5", "0.0"},
		ShapeSine:   {"5.0", "10.0", "5.0", "0.0", "5.0"},
		ShapeSquare: {"10.0", "10.0", "0.0", "0.0", "10.0"},
	} {
		g := base
		g.Shape = shape
		if got, times := all(g, 5); !slices.Equal(got, want) || times[4] != time.Second {
			t.Errorf("shape %d: %q at %v", shape, got, times)
		}
	}
	for _, shape := range []Shape{ShapeRandom, ShapeWalk} {
		g := base
		g.Shape = shape
		values, _ := all(g, 2000)
		low, high, last := 10.0, 0.0, math.NaN()
		for _, s := range values {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || v < 0 || v > 10 {
				t.Fatalf("shape %d gives %q", shape, s)
			}
			if shape == ShapeWalk && math.Abs(v-last) > 0.6 {
				t.Fatalf("a step from %v to %v", last, v)
			}
			low, high, last = min(low, v), max(high, v), v
		}
		if high-low < 3 {
			t.Errorf("shape %d stays between %v and %v", shape, low, high)
		}
	}
	replay := base
	replay.Shape, replay.Replay = ShapeReplay, Replay{Values: []string{"a", "b"}}
	if got, _ := all(replay, 5); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("replay: %q", got)
	}
	replay.Loop = true
	if got, times := all(replay, 5); !slices.Equal(got, []string{"a", "b", "a", "b", "a"}) || times[4] != time.Second {
		t.Errorf("replay in a loop: %q at %v", got, times)
	}
	replay.Replay.Times = []time.Duration{0, 3 * time.Second}
	if _, times := all(replay, 4); !slices.Equal(times, []time.Duration{0, 3 * time.Second, 6 * time.Second, 9 * time.Second}) {
		t.Errorf("replay with times: %v", times)
	}
}

// TestSkip: after a long sleep a generator is at its time again, at once.
func TestSkip(t *testing.T) {
	const slept = 20 * 24 * time.Hour
	rated := sine(1)
	rated.Rate = MaxRate
	timed := Generator{Shape: ShapeReplay, Loop: true, Rate: 1, Replay: Replay{Values: make([]string, 3), Times: []time.Duration{0, time.Millisecond, 2 * time.Millisecond}}}
	for _, g := range []Generator{rated, timed} {
		w := newWave(&g)
		began := time.Now()
		n := w.skip(slept)
		if d := time.Since(began); d > time.Second {
			t.Errorf("took %v", d)
		}
		at, _ := w.due()
		if at < slept || at > slept+10*time.Millisecond || math.Abs(float64(n)-slept.Seconds()*g.rate()) > 3 {
			t.Errorf("%d skipped, the next is due at %v", n, at)
		}
		if got := len(w.take(nil, slept+time.Hour)); got != maxBatch {
			t.Errorf("%d values at once", got)
		}
	}
	once := timed
	once.Loop = false
	if n := newWave(&once).skip(slept); n != 3 {
		t.Errorf("%d skipped of 3", n)
	}
}

func TestParseReplay(t *testing.T) {
	s := time.Second
	for _, tt := range []struct {
		name, text string
		want       Replay
	}{
		{"values", "1\n2.5\r\n\nthree", Replay{Values: []string{"1", "2.5", "three"}}},
		{"header", "value\n1\n2", Replay{Values: []string{"1", "2"}}},
		{"pairs", "10,1\n10.5,2\n12,3", Replay{[]time.Duration{0, s / 2, 2 * s}, []string{"1", "2", "3"}}},
		{"semicolons", "t;value\n0;\"a;b\"\n1;c", Replay{[]time.Duration{0, s}, []string{"a;b", "c"}}},
		{"exported", "\ufefftime,unix,pin,name,unit,direction,item 1,item 2\r\n2023-11-14T22:13:20.123456Z,1700000000.123456,1,\"a\"\"b\",,in,\"'-x\",2\r\n2023-11-14T22:13:20.623456Z,1700000000.623456,1,,,in,-5,\r\n",
			Replay{[]time.Duration{0, s / 2}, []string{"-x", "-5"}}},
	} {
		got, err := ParseReplay([]byte(tt.text))
		if err != nil || !slices.Equal(got.Values, tt.want.Values) || !slices.Equal(got.Times, tt.want.Times) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"empty":          {"", 0},
		"header only":    {"value\n", 0},
		"large":          {strings.Repeat("1\n", MaxReplay), 0},
		"too many":       {strings.Repeat("1\n", MaxReplayValues+1), MaxReplayValues + 1},
		"back":           {"2,1\n1,2", 2},
		"no time":        {"x,1\n", 1},
		"two pins":       {"pin,value\n1,5\n2,6", 3},
		"no value":       {"t,pin,x\n1,2,3", 1},
		"three columns":  {"1,2,3", 1},
		"few columns":    {"t,value\n1", 2},
		"not UTF-8":      {"1\n\xff", 2},
		"open quotation": {"1\n\"2", 2},
		"behind a quote": {"\"1\"2", 1},
		"long value":     {strings.Repeat("x", MaxValueSend+1), 1},
		"a NUL":          {"1\n2\n\x00", 3},
		"a month":        {"0,1\n9999999,2", 2},
	} {
		_, err := ParseReplay([]byte(tt.text))
		var file *FileError
		if !errors.As(err, &file) || file.Line != tt.line {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseReplay(f *testing.F) {
	f.Add([]byte("t,value\n1,2\n\"2\",\"a\"\"b\""))
	f.Add([]byte("unix;item 1;pin\n1;2;3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReplay(data)
		if err != nil {
			return
		}
		if err := r.check("test"); err != nil {
			t.Errorf("what is read cannot be: %v", err)
		}
	})
}
