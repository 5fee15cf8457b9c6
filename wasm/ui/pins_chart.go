//go:build js && wasm

package ui

import (
	"slices"
	"strconv"
	"strings"
	"syscall/js"
	"time"
	"unsafe"

	"ncpweb/session"
	"ncpweb/session/history"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// maxCharted is how many pins the chart shows: so many colours and marks can be told
// apart.
const maxCharted = 8

// pinsChart hands the values of the chosen pins to the chart. The chart itself is a
// script, loaded when a pin is first chosen.
type pinsChart struct {
	u      *UI
	panel  *doc.Element
	chosen []uint16    // in the order in which they came
	told   []chartLine // what the script was told
	script js.Value    // undefined until it is there
	asked  bool
	points []float64
}

type chartLine struct {
	pin        uint16
	name, unit string
}

const chartKey = "chart.pins"

func newPinsChart(u *UI) *pinsChart {
	c := &pinsChart{u: u, panel: doc.ByID("chart-panel")}
	stored, _ := page.Setting(chartKey)
	for s := range strings.SplitSeq(stored, " ") {
		if n, ok := parsePin(s); ok && len(c.chosen) < maxCharted && !c.has(n) {
			c.chosen = append(c.chosen, n)
		}
	}
	u.On(doc.ByID("chart-close"), "click", func() {
		for _, n := range slices.Clone(c.chosen) {
			c.set(n, false)
			if r := u.pins.rows[n]; r != nil {
				r.tick.SetChecked(false)
			}
		}
		doc.ByID("pins-scroll").Focus()
	})
	return c
}

func (c *pinsChart) has(n uint16) bool { return slices.Contains(c.chosen, n) }

// set puts a pin into the chart or takes it out. It returns false when the chart is
// full.
func (c *pinsChart) set(n uint16, on bool) bool {
	i := slices.Index(c.chosen, n)
	switch {
	case on == (i >= 0):
		return true
	case !on:
		c.chosen = slices.Delete(c.chosen, i, i+1)
	case len(c.chosen) == maxCharted:
		return false
	default:
		c.chosen = append(c.chosen, n)
	}
	words := make([]string, len(c.chosen))
	for i, n := range c.chosen {
		words[i] = strconv.Itoa(int(n))
	}
	page.Store(chartKey, strings.Join(words, " "))
	return true
}

func (c *pinsChart) render() {
	c.panel.Show(len(c.chosen) > 0)
	if len(c.chosen) == 0 {
		return
	}
	if c.script.IsUndefined() {
		c.load()
		return
	}
	if lines := c.lines(); !slices.Equal(lines, c.told) {
		c.told = lines
		list := make([]any, len(lines))
		for i, l := range lines {
			list[i] = map[string]any{"pin": int(l.pin), "name": l.name, "unit": l.unit}
		}
		c.script.Call("show", list)
	}
	oldest := c.u.session.History().Oldest()
	if oldest.IsZero() {
		oldest = c.u.now
	}
	columns := c.script.Call("want", seconds(oldest)).Int()
	if columns == 0 {
		return
	}
	more := c.fill(columns)
	buffer := c.script.Call("buffer", len(c.points))
	js.CopyBytesToJS(buffer, unsafe.Slice((*byte)(unsafe.Pointer(&c.points[0])), 8*len(c.points)))
	c.script.Call("draw", more)
}

// fill lists the points of the range that the script shows: first how many each line
// has. more tells that older values are still to come.
func (c *pinsChart) fill(columns int) (more bool) {
	from, to := moment(c.script.Get("begin").Float()), moment(c.script.Get("end").Float())
	c.points = append(c.points[:0], make([]float64, len(c.told))...)
	for i, l := range c.told {
		before := len(c.points)
		var rest bool
		c.points, rest = c.u.session.History().Series(c.points, history.Line{Pin: l.pin}, from, to, columns)
		c.points[i] = float64((len(c.points) - before) / history.PointSize)
		more = more || rest
	}
	return more
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
func moment(s float64) time.Time  { return time.UnixMicro(int64(s * 1e6)) }

func (c *pinsChart) load() {
	if c.asked {
		return
	}
	c.asked = true
	page.Part("chart", func(module js.Value, err error) {
		c.u.Post(func() {
			if err != nil {
				c.asked = false // the next frame tries again
				return
			}
			wake := js.FuncOf(func(js.Value, []js.Value) any {
				c.u.Post(func() {})
				return nil
			})
			c.script = module.Get("Chart").New(wake)
		})
	})
}

// lines are the pins of the chart with their names.
func (c *pinsChart) lines() []chartLine {
	lines := make([]chartLine, len(c.chosen))
	for i, n := range c.chosen {
		l := chartLine{pin: n, name: pinName(n)}
		if p := findPin(c.u.state.Pins, n); p != nil {
			name, _ := show.Cut(show.Visible(p.Name), 60)
			l.name = strings.TrimSpace(l.name + " " + name)
			l.unit, _ = show.Cut(show.Visible(p.Unit), 12)
		}
		lines[i] = l
	}
	return lines
}

// findPin returns a pin of a sorted list; nil if there is none.
func findPin(pins []session.Pin, n uint16) *session.Pin {
	i, there := slices.BinarySearchFunc(pins, n, func(p session.Pin, n uint16) int { return int(p.Number) - int(n) })
	if !there {
		return nil
	}
	return &pins[i]
}
