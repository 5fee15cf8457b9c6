package history

import (
	"math"
	"time"
)

// Line names what a line of a chart shows: an item (from 0) of a pin.
type Line struct {
	Pin  uint16
	Item int
}

const (
	// MaxLines is how many lines are held ready; a further one takes the place of the one
	// that was asked for the longest time ago.
	MaxLines = 16
	// MaxColumns bounds the columns of a chart.
	MaxColumns = 8192
	// PointSize is how many numbers a point of Series has.
	PointSize = 4
	// fillStep is how many older values one call of Series reads for a line at most: it
	// comes before every repaint, and has a millisecond or two.
	fillStep = 4096
	// holdAfter is from when on a value stands in a chart until the next one (µs). For a
	// shorter time the line goes straight from one to the other.
	holdAfter = 2_000_000
)

// Series appends the points of a line in a time to dst. Each is PointSize numbers: when,
// in seconds since 1970, then the lowest, the highest and the last value of a column.
// Columns are as wide as the time by their number, and lie at whole multiples of their
// width so that a chart that moves on does not flicker; those without a value have no
// point. The lowest of a point is NaN in a gap: where the connection was interrupted, or
// no value came for more than eight times the usual interval and five seconds.
//
// The first and the last point may lie outside the time, so that the line goes on to
// the edges. A value that stood for more than two seconds gets a second point at its
// end, also one that stands now.
//
// What was not charted before is read piece by piece, the newest first: more tells
// that another call has more of this time. There are at most 3·(columns+4) points.
func (h *History) Series(dst []float64, l Line, from, to time.Time, columns int) (points []float64, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	start, end := from.UnixMicro(), to.UnixMicro()
	if end <= start || columns < 1 {
		return dst, false
	}
	ln := h.line(l)
	more = ln.fill(h, start)
	width := max(1, (end-start)/int64(min(columns, MaxColumns)))
	p := plot{line: ln, points: dst, width: width}
	p.run(start, end)
	p.stand(min(end, time.Now().UnixMicro()))
	return p.points, more
}

// line returns the numbers of a line, those that are read so far.
func (h *History) line(l Line) *line {
	h.drawn++
	oldest := -1
	for i, known := range h.lines {
		if known.Line == l {
			known.asked = h.drawn
			return known
		}
		if oldest < 0 || known.asked < h.lines[oldest].asked {
			oldest = i
		}
	}
	ln := &line{Line: l, asked: h.drawn}
	ln.older, ln.unread = h.newestOf(l.Pin)
	if n := len(h.breaks); n > 0 {
		ln.broken = h.breaks[n-1]
	}
	if len(h.lines) < MaxLines {
		h.lines = append(h.lines, ln)
	} else {
		h.lines[oldest] = ln
	}
	return ln
}

// plot makes the points of a chart from the values of a line.
type plot struct {
	line   *line
	points []float64
	width  int64 // of a column

	any       bool  // there was a value
	when      int64 // of the newest one
	low, high float64
	last      float64
	end       int64 // of the column; 0: none is begun
	count     int   // values in the column before
}

// run makes the points of the values from one time to another, of the one before and of
// the one behind.
func (p *plot) run(from, to int64) {
	c, i := p.line.find(from)
	for ; c < len(p.line.chunks); c++ {
		k := p.line.chunks[c]
		if i < k.from {
			i = k.from
		}
		for i < k.to {
			t := k.time(i)
			if t >= p.end {
				p.flush()
				if p.any && p.when > to {
					return
				}
				p.begin(t, k.gap(i))
			}
			end := k.until(i, p.count, p.end)
			p.low, p.high = k.extremes(i, end, p.low, p.high)
			p.when, p.last = k.time(end-1), k.v[end-1]
			i, p.count = end, end-i
		}
		i = 0
	}
	p.flush()
}

// begin begins the column of a value.
func (p *plot) begin(t int64, gap bool) {
	switch {
	case !p.any:
	case gap:
		p.point(p.when, math.NaN(), math.NaN(), math.NaN())
	case t-p.when > holdAfter:
		p.point(t-1, p.last, p.last, p.last)
	}
	p.any = true
	p.end = (t/p.width + 1) * p.width
	p.low, p.high = math.Inf(1), math.Inf(-1)
}

func (p *plot) flush() {
	if p.end != 0 {
		p.point(p.when, p.low, p.high, p.last)
		p.end = 0
	}
}

func (p *plot) point(us int64, low, high, last float64) {
	p.points = append(p.points, float64(us)/1e6, low, high, last)
}

// stand adds the point up to which the newest value stands: until now, unless another
// one is overdue or the connection was interrupted.
func (p *plot) stand(now int64) {
	l := p.line
	if p.any && p.when == l.newest() && now > p.when && l.broken <= p.when && float64(now-p.when) <= l.rhythm.limit() {
		p.point(now, p.last, p.last, p.last)
	}
}
