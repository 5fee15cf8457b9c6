package history

import (
	"math"
)

// line is the numbers of one Line, so that a chart need not read the values again. They
// lie in chunks with a summary of each group of them, so that drawing many costs little
// more than drawing few.
type line struct {
	Line
	asked  uint64 // the call of Series that last wanted it
	chunks []*chunk
	rhythm rhythm
	broken int64  // µs: the last interruption of the connection
	older  uint64 // position of the record to read next, going back
	unread bool   // there is one
}

const (
	chunkSize = 1024
	group     = 16
)

// chunk holds numbers from index from to index to, which lies behind the last one.
type chunk struct {
	from, to  int
	t         [chunkSize]int64 // µs · 2, plus 1 if there is a gap before it
	v         [chunkSize]float64
	low, high [chunkSize / group]float64 // of each group that is complete
}

func (k *chunk) time(i int) int64 { return k.t[i] >> 1 }
func (k *chunk) gap(i int) bool   { return k.t[i]&1 != 0 }

// sum summarizes the group that ends before index to.
func (k *chunk) sum(to int) {
	g := to/group - 1
	first := k.v[to-group]
	k.low[g], k.high[g] = widen(k.v[to-group:to], first, first)
}

// until returns the index of the first number from index i on that is not before a time;
// guess is how many numbers are likely to be before it.
func (k *chunk) until(i, guess int, us int64) int {
	end := min(i+guess, k.to)
	from, to := us<<1, k.t[:k.to]
	for i < end && to[end-1] >= from { // fewer
		end--
	}
	for end < len(to) && to[end] < from { // more
		end++
	}
	return end
}

// extremes widens a range by the numbers from index i to index end.
func (k *chunk) extremes(i, end int, low, high float64) (float64, float64) {
	whole := min((i+group-1)/group*group, end)
	low, high = widen(k.v[i:whole], low, high)
	if i = whole; i+group <= end {
		from, to := i/group, end/group
		low, high = widen(k.low[from:to], low, high)
		low, high = widen(k.high[from:to], low, high)
		i = to * group
	}
	return widen(k.v[i:end], low, high)
}

func widen(values []float64, low, high float64) (float64, float64) {
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	return low, high
}

// newest returns the time of the newest number; 0 without one.
func (l *line) newest() int64 {
	if len(l.chunks) == 0 {
		return 0
	}
	k := l.chunks[len(l.chunks)-1]
	return k.time(k.to - 1)
}

// add adds the newest value; NaN is none.
func (l *line) add(us int64, v float64) {
	if math.IsNaN(v) {
		return
	}
	gap := int64(0)
	if before := l.newest(); before > 0 && (l.broken > before || l.rhythm.missed(us-before)) {
		gap = 1
	}
	n := len(l.chunks)
	if n == 0 || l.chunks[n-1].to == chunkSize {
		l.chunks = append(l.chunks, new(chunk))
		n++
	}
	k := l.chunks[n-1]
	k.t[k.to], k.v[k.to] = us<<1|gap, v
	k.to++
	if k.to%group == 0 && k.to-group >= k.from {
		k.sum(k.to)
	}
}

// interrupt notes an interruption of the connection.
func (l *line) interrupt(us int64) { l.broken = us }

// drop forgets chunks whose numbers are all older than this.
func (l *line) drop(oldest int64) {
	n := 0
	for n < len(l.chunks) && l.chunks[n].time(l.chunks[n].to-1) < oldest {
		n++
	}
	if n > 0 {
		l.chunks = append([]*chunk(nil), l.chunks[n:]...)
	}
}

// find returns the chunk and the index in it of the last number before a time, or of
// the first one at all.
func (l *line) find(us int64) (c, i int) {
	for n := len(l.chunks); c < n; {
		if mid := (c + n) / 2; l.chunks[mid].time(l.chunks[mid].to-1) < us {
			c = mid + 1
		} else {
			n = mid
		}
	}
	if c < len(l.chunks) {
		k := l.chunks[c]
		i = k.from
		for n := k.to; i < n; {
			if mid := (i + n) / 2; k.time(mid) < us {
				i = mid + 1
			} else {
				n = mid
			}
		}
		if i > k.from || c == 0 {
			return c, max(i-1, k.from)
		}
	}
	if c == 0 {
		return 0, 0
	}
	return c - 1, l.chunks[c-1].to - 1
}

// fill reads values from before the line was asked for, down to one before a time, and
// no more than fillStep of them. It tells whether there are more.
func (l *line) fill(h *History, from int64) (more bool) {
	for left := fillStep; l.unread; {
		if len(l.chunks) > 0 && l.chunks[0].time(l.chunks[0].from) < from {
			return false
		}
		if left <= 0 {
			return true
		}
		left -= l.fillChunk(h)
	}
	return false
}

// fillChunk reads older values into a chunk before the others, or looks at chunkSize of
// them in vain, and returns how many it has looked at.
func (l *line) fillChunk(h *History) (seen int) {
	k := &chunk{from: chunkSize, to: chunkSize}
	for ; l.unread && k.from > 0 && seen < chunkSize; seen++ {
		if l.older < h.first*blockSize {
			l.unread = false
			break
		}
		r := h.at(l.older)
		if v := numberOf(r.value, l.Item); !math.IsNaN(v) {
			k.from--
			k.t[k.from], k.v[k.from] = r.us<<1, v
		}
		l.older, l.unread = h.before(l.older, r)
	}
	if k.from < k.to {
		l.prepend(k, h.breaks)
	}
	return seen
}

// prepend puts a chunk of older numbers before the others and finds the gaps in it.
func (l *line) prepend(k *chunk, breaks []int64) {
	var rhythm rhythm
	rhythm.guess(k)
	for i := k.from + 1; i < k.to; i++ {
		if before, t := k.time(i-1), k.time(i); interrupted(breaks, before, t) || rhythm.missed(t-before) {
			k.t[i] |= 1
		}
	}
	for to := (k.from/group + 2) * group; to <= k.to; to += group {
		k.sum(to)
	}
	if k.from%group == 0 {
		k.sum(k.from + group)
	}
	if len(l.chunks) > 0 {
		next := l.chunks[0]
		before, t := k.time(k.to-1), next.time(next.from)
		if interrupted(breaks, before, t) || rhythm.missed(t-before) {
			next.t[next.from] |= 1
		}
	} else {
		l.rhythm = rhythm
	}
	l.chunks = append([]*chunk{k}, l.chunks...)
}

// interrupted tells whether the connection was interrupted between two times.
func interrupted(breaks []int64, from, to int64) bool {
	for _, at := range breaks {
		if at > from && at <= to {
			return true
		}
	}
	return false
}

// rhythm finds out how often values usually come (µs).
type rhythm struct {
	seen   int
	usual  float64
	spread float64 // mean distance of an interval from usual
}

const (
	// rhythmAfter is how many intervals it takes to have a rhythm at all.
	rhythmAfter = 8
	// A gap is longer than missing times the usual interval and than leastGap.
	missing  = 8
	leastGap = 5e6
	// Values that come more seldom than this (µs) must come regularly to be missed: a
	// switch that a person turns has no rhythm.
	seldom = 5e5
)

// guess begins with the median of the first intervals of a chunk: how it was before is
// not known there.
func (r *rhythm) guess(k *chunk) {
	var first [2*rhythmAfter - 1]int64
	n := min(k.to-k.from-1, len(first))
	if n < rhythmAfter {
		return
	}
	for i := range n {
		dt := k.time(k.from+i+1) - k.time(k.from+i)
		at := i
		for ; at > 0 && first[at-1] > dt; at-- {
			first[at] = first[at-1]
		}
		first[at] = dt
	}
	r.seen, r.usual = rhythmAfter, float64(first[n/2])
}

// limit returns the interval beyond which values are missing; it may be infinite.
func (r *rhythm) limit() float64 {
	if r.seen < rhythmAfter || r.usual > seldom && r.spread > r.usual/2 {
		return math.Inf(1)
	}
	return max(leastGap, missing*r.usual)
}

// missed takes the next interval and tells whether values are missing in it.
func (r *rhythm) missed(interval int64) bool {
	dt := float64(interval)
	if dt > r.limit() {
		return true
	}
	if r.seen < rhythmAfter {
		r.seen++
	}
	weight := 1 / float64(r.seen)
	d := dt - r.usual
	r.usual += d * weight
	if r.seen > 1 {
		r.spread += (math.Abs(d) - r.spread) * weight
	}
	return false
}
