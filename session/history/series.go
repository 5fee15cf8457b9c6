package history

import "time"

// Line names what a line of a chart shows: an item (from 0) of a pin.
type Line struct {
	Pin  uint16
	Item int
}

// MaxLines is how many lines of charts are held ready; a further one takes the place
// of the one that was asked for the longest time ago.
const MaxLines = 16

// Chart is the lines of a chart in columns of equal time, such as one per pixel. What
// it holds is used again by the next call of Series.
type Chart struct {
	From, To time.Time // the time that the columns cover: what was asked, widened to whole columns
	X        []float64 // the middle of each column, in seconds since 1970
	Lines    []Drawn   // as they were asked
	Filling  bool      // older values are still to come: the next call brings more of them
}

// Drawn is one line. All slices are as long as Chart.X; NaN is nothing.
type Drawn struct {
	Line
	// Min and Max are the range of a column's values. Where there are none the line goes
	// straight from the value before to the one behind, and both are equal; they are NaN
	// in a gap, before the first value, and behind the last one from the moment on at
	// which another was to be expected.
	Min, Max []float64
	// Last is the newest value at the end of a column; NaN where Min is NaN.
	Last []float64

	Values    int     // in this time
	Low, High float64 // of them; NaN without any
}

// Series fills c with these lines from one time to another in that many columns, at
// most MaxColumns. Columns lie at whole multiples of their width, so that a chart that
// moves on does not flicker.
func (h *History) Series(c *Chart, lines []Line, from, to time.Time, columns int) {
}

// MaxColumns bounds the columns of a chart.
const MaxColumns = 8192

// line is the numbers of one Line.
type line struct{ Line }

func (l *line) add(us int64, v float64) {}
func (l *line) interrupt(us int64)      {}
func (l *line) drop(us int64)           {}
