package history

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// seconds are points as they are easier to compare: time from the begin of the test.
type seconds struct{ at, low, high, last float64 }

func series(t *testing.T, h *History, l Line, start time.Time, from, to float64, columns int) []seconds {
	t.Helper()
	var points []float64
	for more := true; more; {
		points, more = h.Series(points[:0], l, start.Add(span(from)), start.Add(span(to)), columns)
	}
	if len(points)%PointSize != 0 {
		t.Fatalf("%d numbers", len(points))
	}
	var list []seconds
	for i := 0; i < len(points); i += PointSize {
		at := points[i] - float64(start.UnixMicro())/1e6
		list = append(list, seconds{at, points[i+1], points[i+2], points[i+3]})
	}
	if most := 3 * (columns + 4); len(list) > most {
		t.Errorf("%d points in %d columns", len(list), columns)
	}
	return list
}

func span(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func same(a, b []seconds) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(a[i].at-b[i].at) > 1e-5 || !equal(a[i].low, b[i].low) || !equal(a[i].high, b[i].high) || !equal(a[i].last, b[i].last) {
			return false
		}
	}
	return true
}

func equal(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func at(s, v float64) seconds { return seconds{s, v, v, v} }
func gap(s float64) seconds   { return seconds{s, math.NaN(), math.NaN(), math.NaN()} }

// TestSeriesPoints: points, holds and gaps, whether the chart was there first or came
// later.
func TestSeriesPoints(t *testing.T) {
	type step struct {
		at    float64
		value string // empty: an interruption
	}
	regular := func(from, to, every float64) (list []step) {
		for i := range int(math.Round((to - from) / every)) {
			s := math.Round((from+float64(i)*every)*1e3) / 1e3
			list = append(list, step{s, strconv.FormatFloat(s, 'f', -1, 64)})
		}
		return list
	}
	tests := []struct {
		name     string
		steps    []step
		from, to float64
		now      float64
		columns  int
		want     []seconds
	}{
		{"nothing", nil, 0, 10, 20, 10, nil},
		{"text only", []step{{1, "on"}, {2, "off"}}, 0, 10, 20, 10, nil},
		{"two and the present", []step{{1, "1"}, {2, "2"}}, 0, 10, 4, 10, []seconds{at(1, 1), at(2, 2), at(4, 2)}},
		{"one long before", []step{{1, "5"}}, 10, 20, 15, 10, []seconds{at(1, 5), at(15, 5)}},
		{"stands until the next", []step{{1, "1"}, {6, "2"}}, 0, 10, 6, 10, []seconds{at(1, 1), at(6, 1), at(6, 2)}},
		{"text between", []step{{1, "1"}, {1.5, "x"}, {2, "2"}}, 0, 10, 2, 10, []seconds{at(1, 1), at(2, 2)}},
		{"columns", []step{{1.1, "5"}, {1.2, "9"}, {1.3, "-3"}, {1.4, "4"}, {2.5, "1"}}, 0, 10, 2.5, 10,
			[]seconds{{1.4, -3, 9, 4}, at(2.5, 1)}},
		{"the value after", []step{{1, "1"}, {2, "2"}, {3, "3"}, {4, "4"}}, 1.5, 2.5, 20, 10, []seconds{at(1, 1), at(2, 2), at(3, 3)}},
		{"interrupted", []step{{1, "1"}, {1.5, ""}, {2, "2"}}, 0, 10, 2, 10, []seconds{at(1, 1), gap(1), at(2, 2)}},
		{"interrupted now", []step{{1, "1"}, {1.5, ""}}, 0, 10, 8, 10, []seconds{at(1, 1)}},
		{"missing", append(regular(0, 2, 0.2), step{12, "7"}), 1.7, 20, 12, 100, []seconds{at(1.6, 1.6), at(1.8, 1.8), gap(1.8), at(12, 7)}},
		{"missing now", regular(0, 2, 0.2), 1.7, 20, 12, 100, []seconds{at(1.6, 1.6), at(1.8, 1.8)}},
		{"not missing yet", regular(0, 2, 0.2), 1.7, 20, 6, 100, []seconds{at(1.6, 1.6), at(1.8, 1.8), at(6, 1.8)}},
		{"a switch has no rhythm", append([]step{{0, "0"}, {1, "1"}, {9, "0"}, {9.7, "1"}, {12, "0"}, {21, "1"}, {22, "0"}, {23, "1"}, {32, "0"}, {33, "1"}}, step{100, "0"}), 32.5, 110, 100, 100,
			[]seconds{at(32, 0), at(33, 1), at(100, 1), at(100, 0)}},
	}
	for _, tt := range tests {
		for _, late := range []bool{false, true} {
			name := tt.name
			if late {
				name += ", late"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var h History
					start := time.Now()
					line := Line{Pin: 3, Item: 1}
					if !late {
						series(t, &h, line, start, 0, 1, 1)
					}
					for _, s := range tt.steps {
						time.Sleep(time.Until(start.Add(span(s.at))))
						if s.value == "" {
							h.Break(time.Now())
							continue
						}
						h.Add(3, FromCloud, time.Now(), []byte("first\x00"+s.value))
						h.Add(4, ToCloud, time.Now(), []byte("1\x00999"))
					}
					time.Sleep(time.Until(start.Add(span(tt.now))))
					if got := series(t, &h, line, start, tt.from, tt.to, tt.columns); !same(got, tt.want) {
						t.Errorf("\n got %v\nwant %v", got, tt.want)
					}
				})
			})
		}
	}
}

// TestSeriesAgainstSimple compares charts of many values with what a simple look at all
// values finds.
func TestSeriesAgainstSimple(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	start := time.UnixMicro(1_700_000_000_000_000)
	var h History
	var times []int64
	var values []float64
	now := start
	for i := range 60_000 {
		if i == 20_000 {
			series(t, &h, Line{Pin: 1}, start, 0, 1e6, 10) // from here on as they come
		}
		now = now.Add(time.Duration(random.IntN(20_000)) * time.Microsecond)
		v := float64(random.IntN(100_000)-50_000) / 100
		h.Add(1, FromCloud, now, strconv.AppendFloat(nil, v, 'f', -1, 64))
		times, values = append(times, now.UnixMicro()), append(values, v)
	}
	length := now.Sub(start).Seconds()
	for range 200 {
		from := random.Float64() * length
		to := from + random.Float64()*(length-from) + 0.001
		columns := 1 + random.IntN(1000)
		got := series(t, &h, Line{Pin: 1}, start, from, to, columns)
		first, last := start.Add(span(from)).UnixMicro(), start.Add(span(to)).UnixMicro()
		width := max(1, (last-first)/int64(columns))
		var want []seconds
		column := int64(-1)
		for i, us := range times {
			if i+1 < len(times) && times[i+1] < first {
				continue
			}
			if c := us / width; c != column {
				if len(want) > 0 && times[i-1] > last {
					break
				}
				column = c
				want = append(want, seconds{low: math.Inf(1), high: math.Inf(-1)})
			}
			w := &want[len(want)-1]
			w.at = float64(us-start.UnixMicro()) / 1e6
			w.low, w.high, w.last = min(w.low, values[i]), max(w.high, values[i]), values[i]
		}
		if len(got) > 0 && len(want) > 0 && len(got) == len(want)+1 { // it stands until now
			got = got[:len(want)]
		}
		if !same(got, want) {
			for i := range min(len(got), len(want)) {
				if !same(got[i:i+1], want[i:i+1]) {
					t.Errorf("point %d is %v, want %v", i, got[i], want[i])
					break
				}
			}
			t.Fatalf("%d points, want %d (from %v to %v of %v, %d columns)", len(got), len(want), from, to, length, columns)
		}
	}
}
