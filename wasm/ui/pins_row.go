//go:build js && wasm

package ui

import (
	"strconv"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// pinRow is the row of one pin and what it shows.
type pinRow struct {
	box, number, name, unit *doc.Element
	values, more, tick      *doc.Element
	line                    *doc.Element // the sparkline
	dirBox, dirIcon, dir    *doc.Element
	age                     *doc.Element
	count, sync             *doc.Element
	items                   []*doc.Element
	pin                     session.Pin
	latest                  *session.Pin // of a row that is not on the screen
	fresh, visible          bool
	drawn                   uint64 // Count of the values that the sparkline shows
	drawnAt                 time.Time

	before, after *pinRow // in the table
}

// Bounds of what a row shows of a value; the rest is shown on demand.
const (
	maxItems     = 12
	maxItemChars = 80
	maxRowChars  = 160
)

// sparkPause is the least time between two drawings of a sparkline.
const sparkPause = 120 * time.Millisecond

func newPinRow(box *doc.Element, n uint16) *pinRow {
	name, value, trend, dir, act := box.Child(1), box.Child(2), box.Child(3).Child(0), box.Child(4).Child(0), box.Child(7)
	number := strconv.Itoa(int(n))
	r := &pinRow{
		box: box, number: box.Child(0).Child(0), name: name.Child(0), unit: name.Child(1), values: value.Child(0), more: value.Child(1),
		tick: trend.Child(0), line: trend.Child(1).Child(0), dirBox: dir, dirIcon: dir.One("use"), dir: dir.Child(1), age: box.Child(5), count: box.Child(6),
		sync: act.Child(1), fresh: true,
	}
	box.SetAttr("data-pin", number)
	r.number.SetText("V" + number)
	r.relabel()
	return r
}

// relabel says in the language of the page what does not change with the values.
func (r *pinRow) relabel() {
	r.tick.SetAttr("aria-label", lang.F("Show {0} in the chart", r.number.TextContent()))
	r.setDirectionWords(r.pin.Dir)
}

// update writes what changed of a pin.
func (r *pinRow) update(p *session.Pin, now time.Time) {
	changed := r.fresh || p.Count != r.pin.Count || !p.Time.Equal(r.pin.Time)
	if r.fresh || p.Unit != r.pin.Unit {
		r.unit.SetText(show.Visible(p.Unit))
	}
	if r.fresh || p.Name != r.pin.Name {
		name, _ := show.Cut(show.Visible(p.Name), 60)
		r.name.SetText(name)
	}
	if changed {
		r.setValues(p.Values)
		r.count.SetText(show.Grouped(p.Count))
		r.setDirection(p.Dir)
	}
	r.pin, r.fresh = *p, false
	if changed {
		r.renderAge(now)
	}
}

func (r *pinRow) setDirection(d session.Direction) {
	if !r.fresh && d == r.pin.Dir {
		return
	}
	r.setDirectionWords(d)
	switch d {
	case session.FromCloud:
		r.box.SetAttr("data-dir", "in")
		r.dirIcon.SetAttr("href", "#i-in")
	case session.ToCloud:
		r.box.SetAttr("data-dir", "out")
		r.dirIcon.SetAttr("href", "#i-out")
	default:
		r.dirIcon.SetAttr("href", "")
	}
}

func (r *pinRow) setDirectionWords(d session.Direction) {
	r.dir.SetText(DirectionWords(d))
	r.dirBox.SetAttr("title", DirectionWords(d)) // a narrow table shows the arrow only
}

// setValues shows the items of a value, each isolated from the others.
func (r *pinRow) setValues(values []string) {
	n := min(len(values), maxItems)
	cut := len(values) > n
	for len(r.items) > n {
		last := len(r.items) - 1
		r.items[last].Remove()
		r.items = r.items[:last]
	}
	room := maxRowChars
	for i := range n {
		if i == len(r.items) {
			item := doc.Wrap(doc.Document().Call("createElement", "bdi"))
			r.values.Append(item)
			r.items = append(r.items, item)
		}
		text, short := show.Cut(show.Visible(values[i]), max(min(maxItemChars, room), 1))
		room -= len(text)
		cut = cut || short
		r.items[i].SetText(text)
	}
	r.more.Show(cut)
}

func (r *pinRow) renderAge(now time.Time) {
	if r.pin.Time.IsZero() {
		r.age.SetText("")
		return
	}
	r.age.SetText(show.Age(now.Sub(r.pin.Time)))
}

// renderSpark draws the last numbers of the pin.
func (r *pinRow) renderSpark(u *UI) {
	r.drawn, r.drawnAt = r.pin.Count, u.now
	var room [sparkCount]float64
	r.line.SetAttr("points", sparkPoints(u.session.History().Tail(room[:], r.pin.Number, 0)))
}
