package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"ncpweb/serial"
)

// line is one direction of a wire: bytes that wait to be sent, the schedule they
// leave by, the faults that meet them, and the receiver at the far end. All times
// are since the wire's epoch.
type line struct {
	w   *Wire
	dir Dir

	mode     serial.Mode // of the sender
	queue    queue       // bytes that have not left yet
	enqueued int64       // bytes ever queued; a byte has left once gone reaches its count
	gone     int64       // bytes that have left, or were thrown away
	t0       time.Duration
	n        int64   // byte i of the run that began at t0 starts at t0+charTime(i); n have left
	flight   *flight // a byte whose time on the line was fixed by a change of mode
	breaking bool

	faults           []Fault // sorted by At, those that have not begun
	drop, flip, twin int     // bytes the begun faults still act on
	extra            []byte  // inserted bytes and copies, sent ahead of the queue
	rate             float64
	nextError        int64 // position of the next ErrorRate flip; -1: none
	rng              *rand.Rand

	rx    receiver
	stats LineStats
}

// flight is a byte on the line.
type flight struct {
	start, end time.Duration
	mode       serial.Mode
}

func newLine(w *Wire, d Dir, tx, rx serial.Mode) *line {
	l := &line{w: w, dir: d, mode: tx, rng: newRand(w.o.Seed, d), rate: w.o.ErrorRate, nextError: -1}
	l.rx = receiver{line: l, mode: rx, before: rx}
	if l.rate > 0 {
		l.planError(0)
	}
	return l
}

// planError draws the position of the next wrong bit, at or after from. Gaps
// between independent errors are distributed geometrically.
func (l *line) planError(from int64) {
	if l.rate >= 1 {
		l.nextError = from
		return
	}
	gap := math.Log(1-l.rng.Float64()) / math.Log1p(-l.rate)
	if gap > 1e15 {
		gap = 1e15
	}
	l.nextError = from + int64(gap)
}

func (l *line) addFault(f Fault) {
	if f.N <= 0 {
		f.N = 1
	}
	i, _ := slices.BinarySearchFunc(l.faults, f.At, func(g Fault, at int64) int {
		if g.At <= at { // behind those of the same position
			return -1
		}
		return 1
	})
	l.faults = slices.Insert(l.faults, i, f)
}

// charTime is how long n characters take.
func (l *line) charTime(n int64) time.Duration {
	return time.Duration(n * int64(l.mode.Bits()) * int64(time.Second) / int64(l.mode.Baud))
}

// waiting is how many bytes have not left yet, counting extra ones.
func (l *line) waiting() int { return len(l.extra) + l.queue.len() }

// start is when the next byte starts, given that there is one.
func (l *line) start() time.Duration {
	if l.flight != nil {
		return l.flight.start
	}
	return l.t0 + l.charTime(l.n)
}

// end is when the k-th next byte has left, given that nothing disturbs it.
func (l *line) end(k int) time.Duration {
	if l.flight != nil {
		if k <= 1 {
			return l.flight.end
		}
		return l.t0 + l.charTime(l.n+int64(k-1))
	}
	return l.t0 + l.charTime(l.n+int64(k))
}

// nextStart is the position of the first byte that has not started by now.
func (l *line) nextStart(now time.Duration) int64 {
	if len(l.extra) == 0 && l.queue.len() > 0 && l.start() < now {
		return l.stats.Sent + 1
	}
	return l.stats.Sent
}

// push queues bytes at time now, which may lie in the past by as much as the
// sender was woken late.
func (l *line) push(p []byte, now time.Duration) {
	if l.waiting() == 0 && l.flight == nil && !l.breaking {
		if free := l.t0 + l.charTime(l.n); now > free {
			l.t0, l.n = now, 0
		}
	}
	l.queue.push(p...)
	l.enqueued += int64(len(p))
}

// clear throws away what has not left.
func (l *line) clear(now time.Duration) {
	l.gone = l.enqueued
	l.queue.clear()
	l.extra, l.flight = nil, nil
	l.t0, l.n = now, 0
}

// setMode changes the sender's mode. A byte on the line keeps the old one.
func (l *line) setMode(m serial.Mode, now time.Duration) {
	l.pin(now)
	if l.flight == nil {
		l.t0, l.n = l.t0+l.charTime(l.n), 0
	}
	l.mode = m
}

// setBreak holds the line low from the end of the byte on it, or lets it go.
func (l *line) setBreak(on bool, now time.Duration) {
	l.pin(now)
	if l.breaking = on; on {
		return
	}
	if l.flight == nil { // else the break was over before the byte was
		l.rx.feed(true, now)
	}
	mark := time.Second / time.Duration(l.mode.Baud) // high for a bit, else no start edge
	l.t0, l.n = max(now, l.t0)+mark, 0
}

// pin fixes the schedule of the byte that is on the line now.
func (l *line) pin(now time.Duration) {
	if l.flight != nil || l.breaking || l.waiting() == 0 || l.start() >= now {
		return
	}
	l.flight = &flight{start: l.start(), end: l.end(1), mode: l.mode}
	l.t0, l.n = l.flight.end, 0
}

// advance sends what has left by now and lets the receiver look at the line.
func (l *line) advance(now time.Duration) {
	for {
		if l.breaking && l.flight == nil {
			l.rx.feed(true, now)
			return
		}
		l.beginFaults(now)
		if l.waiting() == 0 {
			l.rx.idle(now)
			return
		}
		if l.end(1) > now {
			l.rx.idle(min(l.start(), now))
			return
		}
		l.send()
	}
}

// beginFaults starts the faults of the byte that is next.
func (l *line) beginFaults(now time.Duration) {
	if l.flight != nil {
		return
	}
	for len(l.faults) > 0 && l.queue.len() > 0 && len(l.extra) == 0 {
		f := l.faults[0]
		if f.At > l.stats.Sent || f.Kind == Unplug && l.start() > now {
			return
		}
		l.faults = l.faults[1:]
		switch f.Kind {
		case Drop:
			l.drop += f.N
		case Flip:
			l.flip += f.N
		case Duplicate:
			l.twin += f.N
		case Insert:
			for range f.N {
				l.extra = append(l.extra, byte(l.rng.Uint32()))
			}
			l.stats.Inserted += int64(f.N)
		case Stall:
			l.t0, l.n = l.t0+l.charTime(l.n)+time.Duration(f.N)*time.Millisecond, 0
		case Unplug:
			l.w.unplug()
		}
	}
}

// unplugTime is when the next planned Unplug is due, if its byte is queued.
func (l *line) unplugTime() (time.Duration, bool) {
	for _, f := range l.faults {
		if f.Kind != Unplug {
			continue
		}
		ahead := max(f.At-l.stats.Sent, 0)
		if ahead >= int64(l.queue.len()) || l.breaking {
			return 0, false
		}
		k := int(ahead) + len(l.extra)
		if k == 0 {
			return l.start(), true
		}
		return l.end(k), true
	}
	return 0, false
}

// send puts the next byte on the line and lets the receiver have it.
func (l *line) send() {
	f := flight{start: l.start(), end: l.end(1), mode: l.mode}
	if l.flight != nil {
		f, l.flight = *l.flight, nil
	} else if l.n++; l.n >= 1<<24 { // far from an overflow in charTime
		l.t0, l.n = f.end, 0
	}
	if len(l.extra) > 0 {
		b := l.extra[0]
		l.extra = l.extra[1:]
		l.rx.char(f, b)
		return
	}
	b := l.queue.pop()
	at := l.stats.Sent
	l.stats.Sent++
	l.gone++
	gone := l.drop > 0
	if gone {
		l.drop--
		l.stats.Dropped++
	}
	if wrong := l.wrong(at); wrong && !gone {
		b ^= 1 << l.rng.IntN(8)
		l.stats.Flipped++
	}
	if l.twin > 0 {
		l.twin--
		if !gone {
			l.extra = append(l.extra, b)
			l.stats.Duplicated++
		}
	}
	if !gone {
		l.rx.char(f, b)
	}
}

// wrong tells whether the byte at a position gets an inverted bit.
func (l *line) wrong(at int64) bool {
	wrong := l.flip > 0
	if wrong {
		l.flip--
	}
	if l.nextError == at {
		l.planError(at + 1)
		return true
	}
	return wrong
}

// arrival is when a reader that asks for want bytes should look again, given that
// nothing is there yet: at the end of the last byte that follows without a gap, but
// no later than burst after the first one.
func (l *line) arrival(want int) time.Duration {
	at := never
	if n := l.waiting(); n > 0 && (!l.breaking || l.flight != nil) {
		k := 1
		if c := l.charTime(1); c > 0 && l.flight == nil {
			k = max(1, int(burst/c))
		}
		at = l.end(max(1, min(k, n, want)))
	}
	quiet := l.breaking && l.flight == nil
	if quiet && !l.rx.busy && !l.rx.low { // a break begins; the receiver has yet to see it
		at = min(at, l.rx.fed+l.rx.mode.Wire(1))
	}
	if done, ok := l.rx.done(); ok {
		switch {
		case quiet, l.waiting() == 0, done <= l.start():
			at = min(at, done)
		}
	}
	return at
}

// burst is how long a reader lets bytes come together that follow each other
// without a gap: the length of a USB frame.
const burst = time.Millisecond

// queue is a first-in-first-out of bytes.
type queue struct {
	b    []byte
	head int
}

func (q *queue) len() int { return len(q.b) - q.head }

func (q *queue) clear() { q.b, q.head = q.b[:0], 0 }

func (q *queue) push(p ...byte) {
	if q.head > 0 && q.head >= len(q.b)/2 && len(q.b)+len(p) > cap(q.b) {
		q.b = q.b[:copy(q.b, q.b[q.head:])]
		q.head = 0
	}
	q.b = append(q.b, p...)
}

func (q *queue) pop() byte {
	b := q.b[q.head]
	if q.head++; q.head == len(q.b) {
		q.clear()
	}
	return b
}

func (q *queue) read(p []byte) int {
	n := copy(p, q.b[q.head:])
	if q.head += n; q.head == len(q.b) {
		q.clear()
	}
	return n
}
