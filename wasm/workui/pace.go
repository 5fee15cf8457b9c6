package workui

import (
	"strconv"
	"time"

	"ncpweb/flash"
	"ncpweb/wasm/lang"
)

// pace estimates how fast a piece of work is and how long it still takes, in a way that a
// person can follow: figures that do not jump, and none where nothing is known. Times are
// those of the caller's clock; amounts are bytes.
type pace struct {
	total, done int64
	began       time.Time
	moved       time.Time // when done last grew
	marks       []mark    // in the last window, the oldest first
	guess       float64   // bytes per second, before anything is measured; 0: unknown
	end         time.Time // when it is done, as of the last look; zero: unknown
	looked      time.Time
}

// mark is how much was done at a moment.
type mark struct {
	at   time.Time
	done int64
}

const (
	// paceWindow is how far back the speed looks: long enough for some blocks at 115200
	// baud, of which each takes a second and a half.
	paceWindow = 6 * time.Second
	// paceSure is from when on what was measured counts alone.
	paceSure = 2 * time.Second
	// paceStuck is after how long without any progress nothing is foretold any more.
	paceStuck = 5 * time.Second
	// paceCalm is in what time the end that is shown follows the one that is estimated.
	paceCalm = 2 * time.Second
	// paceJump is the part of what is left by which the two may differ; beyond it the new
	// one is shown at once.
	paceJump = 0.3
	// paceMarks bounds the marks.
	paceMarks = 64
)

// packedTo is what a firmware image is compressed to, as a part of it: what the sheet
// tells of a real one. It makes the first guess of the speed from the line's rate.
const packedTo = 0.62

// lineSpeed is how many bytes of an image pass in a second over a line of so many bits
// per second, with ten bits per byte.
func lineSpeed(baud int) float64 { return float64(max(baud, 0)) / 10 / packedTo }

// begin starts anew. guess is the speed that is to be expected in bytes per second; 0:
// not known.
func (p *pace) begin(now time.Time, guess float64) {
	*p = pace{began: now, moved: now, guess: guess, marks: append(p.marks[:0], mark{now, 0})}
}

// add tells how much is done. What is less than before counts as a new beginning.
func (p *pace) add(now time.Time, done, total int64) {
	done, total = max(done, 0), max(total, 0)
	if done < p.done || total != p.total && p.total > 0 {
		p.begin(now, p.guess)
		p.marks[0].done = done
	}
	if done > p.done {
		p.moved = now
	}
	p.done, p.total = done, total
	last := &p.marks[len(p.marks)-1]
	if now.Sub(last.at) < paceWindow/paceMarks && len(p.marks) > 1 {
		last.done = done
		return
	}
	p.marks = append(p.marks, mark{now, done})
	for len(p.marks) > 2 && (len(p.marks) > paceMarks || now.Sub(p.marks[1].at) > paceWindow) {
		p.marks = append(p.marks[:0], p.marks[1:]...)
	}
}

// speed is how many bytes pass per second; 0: not known.
func (p *pace) speed(now time.Time) float64 {
	if now.Sub(p.moved) > paceStuck {
		return 0
	}
	first := p.marks[0]
	t := now.Sub(first.at).Seconds()
	if t <= 0 || p.done <= first.done {
		return p.guess
	}
	measured := float64(p.done-first.done) / t
	sure := min(1, t/paceSure.Seconds())
	if p.guess == 0 {
		if sure < 0.5 {
			return 0
		}
		return measured
	}
	return measured*sure + p.guess*(1-sure)
}

// left is how long it still takes; false: that is not known.
func (p *pace) left(now time.Time) (time.Duration, bool) {
	speed := p.speed(now)
	if speed <= 0 || p.total == 0 {
		p.end = time.Time{}
		return 0, false
	}
	estimate := time.Duration(float64(max(p.total-p.done, 0)) / speed * float64(time.Second))
	shown := p.end.Sub(now)
	if p.end.IsZero() || float64((shown-estimate).Abs()) > paceJump*float64(max(estimate, paceCalm)) {
		shown = estimate
	} else {
		follow := min(1, now.Sub(p.looked).Seconds()/paceCalm.Seconds())
		shown += time.Duration(float64(estimate-shown) * follow)
	}
	p.end, p.looked = now.Add(shown), now
	return max(shown, 0), true
}

// leftWords says how long something still takes, as people say it: not more exact than
// it can be known.
func leftWords(d time.Duration) string {
	s := int((d + time.Second/2) / time.Second)
	switch {
	case s < 2:
		return lang.T("almost done")
	case s < 60:
		return lang.F("{0} s left", strconv.Itoa(s))
	case s < 5*60:
		s = (s + 5) / 10 * 10
		if s%60 == 0 {
			return lang.F("{0} min left", strconv.Itoa(s/60))
		}
		return lang.F("{0} min {1} s left", strconv.Itoa(s/60), strconv.Itoa(s%60))
	}
	return lang.F("{0} min left", strconv.Itoa((s+30)/60))
}

// behind is about how long the phases after the one at index at take, for total bytes: a
// chip digests some two megabytes in a second, and starts within one.
func behind(phases []flash.Phase, at int, total int64) time.Duration {
	var d time.Duration
	for i, ph := range phases {
		switch {
		case i <= at:
		case ph == flash.PhaseVerify:
			d += time.Duration(total) * time.Second / 2_000_000
		case ph == flash.PhaseRestart:
			d += time.Second
		}
	}
	return d
}

// weights are how long the phases take beside each other, roughly: they make one bar of
// all of them.
var weights = [flash.Phases]float64{
	flash.PhaseConnect: 8, flash.PhaseCompare: 4, flash.PhaseErase: 20, flash.PhaseWrite: 100,
	flash.PhaseVerify: 8, flash.PhaseRead: 100, flash.PhaseRestart: 8,
}

// share is how much of all phases is done, from 0 to 1, when part of the phase at index
// at is.
func share(phases []flash.Phase, at int, part float64) float64 {
	var done, all float64
	for i, ph := range phases {
		w := weights[min(int(ph), flash.Phases-1)]
		all += w
		switch {
		case i < at:
			done += w
		case i == at:
			done += w * min(max(part, 0), 1)
		}
	}
	if all == 0 {
		return 0
	}
	return done / all
}
