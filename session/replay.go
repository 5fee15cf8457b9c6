package session

import (
	"math"
	"strconv"
	"strings"
	"time"

	"ncpweb/session/history"
)

// Bounds of a replay.
const (
	MaxReplay       = 1 << 20 // bytes of a file
	MaxReplayValues = 100_000
	maxReplayTime   = 7 * 24 * time.Hour
)

// Replay is recorded values that a generator writes again.
type Replay struct {
	Times  []time.Duration // when each value is due, from the first one on; nil: by the rate
	Values []string
}

// ParseReplay reads values to replay from CSV with commas, semicolons or tabs, at most
// MaxReplay bytes and MaxReplayValues values:
//
//   - one column of values;
//   - two columns: times and values;
//   - a header and more columns, such as a table that Export of package history made from
//     one pin: times are in "unix", "seconds" or "t", values in "value" or "item 1".
//
// Times are seconds from any begin and never go back. The error is a *FileError.
func ParseReplay(data []byte) (Replay, error) {
	if len(data) > MaxReplay {
		return Replay{}, &FileError{0, "the file is larger than 1 MiB"}
	}
	t := newTable(data)
	row, err := t.next()
	if err != nil {
		return Replay{}, err
	}
	if row == nil {
		return Replay{}, &FileError{0, "the file is empty"}
	}
	c, header := replayColumnsOf(row)
	if c.value < 0 {
		return Replay{}, t.fail("the header must name the column of the values: value")
	}
	if header {
		if row, err = t.next(); err != nil {
			return Replay{}, err
		}
	}
	read := replayReader{t: t, columns: c}
	for row != nil {
		if err := read.row(row); err != nil {
			return Replay{}, err
		}
		if row, err = t.next(); err != nil {
			return Replay{}, err
		}
	}
	if len(read.replay.Values) == 0 {
		return Replay{}, &FileError{0, "there is no value in it"}
	}
	return read.replay, nil
}

// replayColumns tells where things are; -1: nowhere.
type replayColumns struct{ time, value, pin int }

// replayColumnsOf finds the columns by the first row and tells whether that is a header.
func replayColumnsOf(row []string) (c replayColumns, header bool) {
	c = replayColumns{-1, -1, -1}
	for i, name := range row {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "unix", "seconds", "t":
			c.time = i
		case "value", "item 1":
			c.value = i
		case "pin":
			c.pin = i
		}
	}
	switch {
	case c.value >= 0 || c.time >= 0:
		return c, true
	case len(row) == 1:
		return replayColumns{-1, 0, -1}, false
	case len(row) == 2:
		return replayColumns{0, 1, -1}, false
	}
	return c, false
}

type replayReader struct {
	t       *table
	columns replayColumns
	replay  Replay
	pin     string
	first   float64 // time of the first value in seconds
}

func (r *replayReader) row(row []string) error {
	c, p := r.columns, &r.replay
	if max(c.time, c.value, c.pin) >= len(row) {
		return r.t.fail("a line with too few columns")
	}
	if len(p.Values) == MaxReplayValues {
		return r.t.fail("more than " + strconv.Itoa(MaxReplayValues) + " values")
	}
	value := row[c.value]
	if strings.IndexByte(value, 0) >= 0 || len(value) > MaxValueSend {
		return r.t.fail("a value that a pin cannot have")
	}
	if c.pin >= 0 {
		if len(p.Values) == 0 {
			r.pin = row[c.pin]
		} else if row[c.pin] != r.pin {
			return r.t.fail("values of more than one pin")
		}
	}
	if c.time >= 0 {
		seconds, ok := history.Number([]byte(row[c.time]))
		if !ok {
			return r.t.fail("a time is no number of seconds")
		}
		if len(p.Times) == 0 {
			r.first = seconds
		}
		at := seconds - r.first
		if at < 0 || at > maxReplayTime.Seconds() || len(p.Times) > 0 && at < p.Times[len(p.Times)-1].Seconds()-1e-6 {
			return r.t.fail("times must not go back, nor last longer than a week")
		}
		p.Times = append(p.Times, time.Duration(math.Round(at*1e6))*time.Microsecond)
	}
	p.Values = append(p.Values, value)
	return nil
}
