package workui

import (
	"math"
	"testing"
	"time"

	"ncpweb/flash"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// TestPaceIsCalm: with blocks of very different size per second, the time that is shown
// goes down with the clock, and ends where the work does.
func TestPaceIsCalm(t *testing.T) {
	const total = 1_340_000
	var p pace
	p.begin(start, lineSpeed(921600))
	now, done := start, int64(0)
	p.add(now, 0, total)
	shown, ok := p.left(now)
	if !ok || math.Abs(shown.Seconds()-total*packedTo/92160) > 0.01 {
		t.Fatalf("at first %v, %v; the line tells %.1f s", shown, ok, total*packedTo/92160)
	}
	worst := 0.0
	for i := 0; done < total; i++ {
		step, block := 180*time.Millisecond, int64(18_000)
		if i%4 == 3 {
			block = 44_000 // packs well
		}
		now = now.Add(step)
		done = min(done+block, total)
		p.add(now, done, total)
		next, ok := p.left(now)
		if !ok {
			t.Fatalf("nothing is known at %d bytes", done)
		}
		worst = max(worst, math.Abs((next - (shown - step)).Seconds()))
		shown = next
	}
	if shown > 300*time.Millisecond {
		t.Errorf("%v left when all is done", shown)
	}
	if worst > 1.2 {
		t.Errorf("the time that is left jumped by %.2f s", worst)
	}
}

// TestPaceFollows: a line that is three times slower than the guess is believed within
// some seconds.
func TestPaceFollows(t *testing.T) {
	const total, speed = 900_000, 30_000
	var p pace
	p.begin(start, 90_000)
	for at := time.Duration(0); at <= 6*time.Second; at += 500 * time.Millisecond {
		p.add(start.Add(at), int64(at.Seconds()*speed), total)
		p.left(start.Add(at))
	}
	now := start.Add(6 * time.Second)
	left, ok := p.left(now)
	if want := float64(total-6*speed) / speed; !ok || math.Abs(left.Seconds()-want) > want/10 {
		t.Errorf("%v left, want %.0f s", left, want)
	}
	if s := p.speed(now); math.Abs(s-speed) > speed/20 {
		t.Errorf("speed %.0f, want %d", s, speed)
	}
}

func TestPaceKnowsNothing(t *testing.T) {
	var p pace
	p.begin(start, 0)
	p.add(start, 0, 1000)
	if _, ok := p.left(start); ok {
		t.Error("a time is told before anything was done")
	}
	p.begin(start, 1000)
	p.add(start.Add(time.Second), 500, 0)
	if _, ok := p.left(start.Add(time.Second)); ok {
		t.Error("a time is told of a work without an end")
	}
	p.begin(start, 1000)
	p.add(start.Add(time.Second), 500, 10_000)
	if _, ok := p.left(start.Add(2 * time.Second)); !ok {
		t.Error("nothing is told one second after the last step")
	}
	if _, ok := p.left(start.Add(7 * time.Second)); ok {
		t.Error("a time is told although nothing moves any more")
	}
	p.add(start.Add(8*time.Second), 900, 10_000)
	if _, ok := p.left(start.Add(8 * time.Second)); !ok {
		t.Error("nothing is told although it goes on")
	}
}

// TestPaceStartsAgain: a retry that begins anew does not make speeds below zero.
func TestPaceStartsAgain(t *testing.T) {
	var p pace
	p.begin(start, 0)
	for i := range 200 {
		p.add(start.Add(time.Duration(i)*50*time.Millisecond), int64(i)*1000, 1_000_000)
	}
	if n := len(p.marks); n > paceMarks {
		t.Errorf("%d marks are kept", n)
	}
	now := start.Add(11 * time.Second)
	p.add(now, 100, 1_000_000)
	p.add(now.Add(2*time.Second), 20_100, 1_000_000)
	if s := p.speed(now.Add(2 * time.Second)); math.Abs(s-10_000) > 100 {
		t.Errorf("speed %.0f after a new beginning, want 10000", s)
	}
	p.add(now.Add(3*time.Second), -5, -7) // nonsense is taken as nothing
	if _, ok := p.left(now.Add(3 * time.Second)); ok {
		t.Error("a time is told of nothing")
	}
}

func TestLeftWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                              "almost done",
		1400 * time.Millisecond:        "almost done",
		12 * time.Second:               "12 s left",
		59 * time.Second:               "59 s left",
		60 * time.Second:               "1 min left",
		78 * time.Second:               "1 min 20 s left",
		4*time.Minute + 56*time.Second: "5 min left",
		11 * time.Minute:               "11 min left",
	} {
		if got := leftWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// TestBehind: what comes after the writing is counted, what came before it is not.
func TestBehind(t *testing.T) {
	all := []flash.Phase{flash.PhaseVerify, flash.PhaseWrite, flash.PhaseVerify, flash.PhaseRestart}
	if d := behind(all, 1, 4_000_000); d != 3*time.Second {
		t.Errorf("%v after writing 4 MB", d)
	}
	if d := behind(all, 3, 4_000_000); d != 0 {
		t.Errorf("%v after the last phase", d)
	}
}

func TestShare(t *testing.T) {
	all := []flash.Phase{flash.PhaseConnect, flash.PhaseCompare, flash.PhaseWrite, flash.PhaseVerify, flash.PhaseRestart}
	last := -1.0
	for at := range all {
		for _, part := range []float64{0, 0.5, 1, 7} {
			s := share(all, at, part)
			if s < last || s > 1 {
				t.Errorf("phase %d, %.1f: %.3f after %.3f", at, part, s, last)
			}
			last = s
		}
	}
	if last != 1 {
		t.Errorf("all done is %.3f", last)
	}
	if share(nil, 0, 1) != 0 || share([]flash.Phase{200}, 0, 0.5) != 0.5 {
		t.Error("odd phases")
	}
}
