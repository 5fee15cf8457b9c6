package session

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// walkSteps is how many of its largest steps a walk needs from Min to Max.
const walkSteps = 20

// check refuses what cannot be.
func (g *Generator) check(op string) error {
	timed := g.Shape == ShapeReplay && g.Replay.Times != nil
	switch {
	case g.Shape < ShapeRamp || g.Shape > ShapeReplay:
		return badInput(op, "shape", "not known")
	case !timed && !(g.Rate >= 0.001 && g.Rate <= MaxRate):
		return badInput(op, "rate", "0.001 to "+strconv.Itoa(MaxRate)+" a second")
	case g.Shape == ShapeReplay:
		return g.Replay.check(op)
	case !(g.Min <= g.Max && math.Abs(g.Min) <= maxMagnitude && math.Abs(g.Max) <= maxMagnitude):
		return badInput(op, "range", "the lowest value is above the highest, or one is too large")
	case g.Shape <= ShapeSquare && (g.Period < MinPeriod || g.Period > MaxPeriod):
		return badInput(op, "period", "10 ms to 24 hours")
	case g.Decimals < 0 || g.Decimals > MaxDecimals:
		return badInput(op, "decimals", "0 to "+strconv.Itoa(MaxDecimals))
	}
	return nil
}

func (p *Replay) check(op string) error {
	if len(p.Values) == 0 || len(p.Values) > MaxReplayValues || p.Times != nil && len(p.Times) != len(p.Values) {
		return badInput(op, "replay", "1 to "+strconv.Itoa(MaxReplayValues)+" values")
	}
	for _, v := range p.Values {
		if err := checkText(op, "replay", v, MaxValueSend); err != nil {
			return err
		}
	}
	for i := range p.Times {
		if p.Times[i] < 0 || p.Times[i] > maxReplayTime || i > 0 && p.Times[i] < p.Times[i-1] {
			return badInput(op, "replay", "times go back")
		}
	}
	return nil
}

// rate is how many values a second there are, of a replay with times on the average.
func (g *Generator) rate() float64 {
	if p := g.Replay; g.Shape == ShapeReplay && p.Times != nil {
		return min(MaxRate, float64(len(p.Times))/p.length().Seconds())
	}
	return g.Rate
}

// length is how long a replay with times lasts: the last value stands as long as one
// does on the average, and for a second if they all come at once.
func (p *Replay) length() time.Duration {
	last := p.Times[len(p.Times)-1]
	if last == 0 {
		return time.Second
	}
	return last + last/time.Duration(len(p.Times)-1)
}

// longest is how many bytes a value has at most.
func (g *Generator) longest() int {
	n := 0
	if g.Shape == ShapeReplay {
		for _, v := range g.Replay.Values {
			n = max(n, len(v))
		}
		return n
	}
	for _, v := range []float64{g.Min, g.Max} {
		n = max(n, len(g.format(v)))
	}
	return n
}

// format writes a value with the decimals that it shall have, zero without a sign.
func (g *Generator) format(v float64) []byte {
	b := strconv.AppendFloat(nil, v, 'f', g.Decimals, 64)
	if b[0] != '-' {
		return b
	}
	for _, c := range b[1:] {
		if c != '0' && c != '.' {
			return b
		}
	}
	return b[1:]
}

// wave makes the values of a generator, each by its number, so that the pace never
// drifts and what is skipped leaves no trace.
type wave struct {
	g    *Generator
	n    int64 // number of the next value
	walk float64
}

func newWave(g *Generator) *wave { return &wave{g: g, walk: (g.Min + g.Max) / 2} }

// due returns when the next value is to leave; more is false when there is none.
func (w *wave) due() (at time.Duration, more bool) {
	p := &w.g.Replay
	if w.g.Shape == ShapeReplay {
		count := int64(len(p.Values))
		if w.n >= count && !w.g.Loop {
			return 0, false
		}
		if p.Times != nil {
			return time.Duration(w.n/count)*p.length() + p.Times[w.n%count], true
		}
	}
	return time.Duration(float64(w.n) / w.g.Rate * float64(time.Second)), true
}

// skip leaves out what was due before a time and returns how many values that were.
func (w *wave) skip(before time.Duration) uint64 {
	first := w.n
	w.leap(before)
	for at, more := w.due(); more && at < before; at, more = w.due() {
		w.n++
	}
	return uint64(w.n - first)
}

// leap goes near a time at once: a computer may have slept for days.
func (w *wave) leap(before time.Duration) {
	p := &w.g.Replay
	count := int64(len(p.Values))
	var n int64
	if w.g.Shape == ShapeReplay && p.Times != nil {
		n = int64(before/p.length()) * count
	} else {
		n = int64(before.Seconds()*w.g.Rate) - 1
	}
	if w.g.Shape == ShapeReplay && !w.g.Loop {
		n = min(n, count)
	}
	w.n = max(w.n, n)
}

// maxBatch is how many values leave with nothing in between.
const maxBatch = 256

// take appends the values that are due by now, at most maxBatch.
func (w *wave) take(dst [][]byte, now time.Duration) [][]byte {
	for at, more := w.due(); more && at <= now && len(dst) < maxBatch; at, more = w.due() {
		dst = append(dst, w.value(at))
		w.n++
	}
	return dst
}

// value makes the value of a time.
func (w *wave) value(at time.Duration) []byte {
	g := w.g
	size := g.Max - g.Min
	phase := 0.0
	if g.Period > 0 {
		phase = float64(at%g.Period) / float64(g.Period)
	}
	switch g.Shape {
	case ShapeReplay:
		return []byte(g.Replay.Values[w.n%int64(len(g.Replay.Values))])
	case ShapeRamp:
		return g.format(g.Min + size*phase)
	case ShapeSine:
		return g.format(g.Min + size*(1+math.Sin(2*math.Pi*phase))/2)
	case ShapeSquare:
		if phase < 0.5 {
			return g.format(g.Max)
		}
		return g.format(g.Min)
	case ShapeRandom:
		return g.format(g.Min + size*rand.Float64())
	}
	w.walk = min(g.Max, max(g.Min, w.walk+size/walkSteps*(2*rand.Float64()-1)))
	return g.format(w.walk)
}
