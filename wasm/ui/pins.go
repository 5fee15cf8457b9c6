//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// pinsView is the table of the virtual pins. Rows are kept by pin number; a change
// of one pin writes what changed in one row.
type pinsView struct {
	u        *UI
	body     *doc.Element
	empty    *doc.Element
	why      *doc.Element // in the empty table
	note     *doc.Element
	filter   *doc.Element
	add      *doc.Element
	row      doc.Pattern
	rows     map[uint16]*pinRow
	shown    []session.Pin // what the rows show
	selected uint16
	chosen   bool
	search   string
	ready    bool      // what the rows were told
	aged     time.Time // when the ages were last written
}

// pinRow is the row of one pin and what it shows.
type pinRow struct {
	box, number, name, values, more *doc.Element
	dirIcon, dir, age, count        *doc.Element
	sync                            *doc.Element
	items                           []*doc.Element
	pin                             session.Pin
	fresh                           bool
}

// Bounds of what a row shows of a value; the rest is shown on demand.
const (
	maxItems     = 12
	maxItemChars = 80
	maxRowChars  = 160
)

func newPinsView(u *UI) *pinsView {
	v := &pinsView{
		u: u, body: doc.ByID("pins").One("tbody"), empty: doc.ByID("pins-empty"), why: doc.ByID("pins-empty-text"), note: doc.ByID("pins-note"),
		filter: doc.ByID("pin-filter"), add: doc.ByID("pin-add-number"), row: doc.NewPattern("t-pin"), rows: make(map[uint16]*pinRow),
	}
	u.OnSubmit(doc.ByID("pin-add"), v.addPin)
	u.On(v.filter, "input", func() {
		v.search = strings.ToLower(strings.TrimSpace(v.filter.Input()))
		v.applyFilter()
	})
	u.On(doc.ByID("sync-all"), "click", func() { u.do("syncAll", false, u.session.SyncAll) })
	u.OnTarget(v.body, "click", "[data-act], tr", v.clicked)
	return v
}

func (v *pinsView) addPin() {
	n, ok := parsePin(v.add.Input())
	v.add.SetFlag("aria-invalid", !ok)
	if !ok {
		v.note.SetText(lang.T(needPin))
		v.add.Focus()
		return
	}
	if err := v.u.session.AddPin(n); err != nil {
		v.note.SetText(lang.T(pinsFullWord))
		return
	}
	v.note.SetText("")
	v.add.SetInput("")
	v.selectPin(n)
}

// clicked acts on a row or on a button of it.
func (v *pinsView) clicked(e *doc.Element) {
	tr := doc.Wrap(e.Value.Call("closest", "tr"))
	n, ok := parsePin(tr.Data("pin"))
	if !ok {
		return
	}
	switch e.Data("act") {
	case "write":
		v.selectPin(n)
		v.u.write.focusValue()
	case "sync":
		v.u.do("sync", false, func(ctx context.Context) error { return v.u.session.Sync(ctx, n) })
	case "remove":
		v.u.session.RemovePin(n)
		if v.selected == n {
			v.chosen = false
		}
	case "more":
		if r := v.rows[n]; r != nil {
			lines := make([]string, len(r.pin.Values))
			for i, s := range r.pin.Values {
				lines[i] = show.Visible(s)
			}
			v.u.full.show("V"+strconv.Itoa(int(n)), strings.Join(lines, "\n"))
		}
	default:
		v.selectPin(n)
	}
}

// selectPin marks a row and puts its pin into the forms beside the table.
func (v *pinsView) selectPin(n uint16) {
	if v.chosen && v.rows[v.selected] != nil {
		v.rows[v.selected].box.SetFlag("aria-selected", false)
	}
	v.selected, v.chosen = n, true
	if r := v.rows[n]; r != nil {
		r.box.SetAttr("aria-selected", "true")
	}
	v.u.write.choose(n)
}

func (v *pinsView) render() {
	pins := v.u.state.Pins
	if len(pins) != len(v.shown) || len(pins) > 0 && &pins[0] != &v.shown[0] {
		v.update(pins)
	}
	if len(pins) == 0 {
		v.why.SetText(PinsEmpty(v.u.ready(), v.u.state.Device))
	}
	// A thousand rows are too many to look at in every frame for what changes rarely.
	if ready := v.u.ready(); ready != v.ready {
		v.ready = ready
		for _, r := range v.rows {
			r.sync.Enable(ready)
		}
	}
	if v.u.now.Sub(v.aged) >= time.Second {
		v.aged = v.u.now
		for _, r := range v.rows {
			r.renderAge(v.u.now)
		}
	}
	v.empty.Show(len(pins) == 0)
}

// update brings the rows to what the pins are. Both are in the order of the numbers.
func (v *pinsView) update(pins []session.Pin) {
	v.shown = pins
	if len(v.rows) > 0 {
		v.removeGone(pins)
	}
	var before *pinRow
	for i := range pins {
		p := &pins[i]
		r := v.rows[p.Number]
		if r == nil {
			r = v.newRow(p.Number)
			v.rows[p.Number] = r
			if before == nil {
				v.body.Prepend(r.box)
			} else {
				before.box.Value.Call("after", r.box.Value)
			}
			r.box.Show(v.matches(p))
		}
		r.update(p, v.u.now)
		before = r
	}
}

// removeGone removes the rows of pins that are no longer there.
func (v *pinsView) removeGone(pins []session.Pin) {
	there := 0
	for i := range pins {
		if v.rows[pins[i].Number] != nil {
			there++
		}
	}
	if there == len(v.rows) {
		return
	}
	keep := make(map[uint16]bool, len(pins))
	for i := range pins {
		keep[pins[i].Number] = true
	}
	for n, r := range v.rows {
		if !keep[n] {
			r.box.Remove()
			delete(v.rows, n)
		}
	}
}

func (v *pinsView) newRow(n uint16) *pinRow {
	box := v.row.Copy()
	value, dir, act := box.Child(2), box.Child(3).Child(0), box.Child(6)
	number := strconv.Itoa(int(n))
	r := &pinRow{
		box: box, number: box.Child(0).Child(0), name: box.Child(1).Child(0), values: value.Child(0), more: value.Child(1),
		dirIcon: dir.One("use"), dir: dir.Child(1), age: box.Child(4), count: box.Child(5), sync: act.Child(1), fresh: true,
	}
	box.SetAttr("data-pin", number)
	r.number.SetText("V" + number)
	r.sync.Enable(v.ready)
	if v.chosen && v.selected == n {
		box.SetAttr("aria-selected", "true")
	}
	return r
}

// update writes what changed of a pin.
func (r *pinRow) update(p *session.Pin, now time.Time) {
	if !r.fresh && p.Count == r.pin.Count && p.Name == r.pin.Name && p.Time.Equal(r.pin.Time) {
		r.pin = *p
		return
	}
	if r.fresh || p.Name != r.pin.Name {
		name, _ := show.Cut(show.Visible(p.Name), 60)
		r.name.SetText(name)
	}
	if r.fresh || p.Count != r.pin.Count || !p.Time.Equal(r.pin.Time) {
		r.setValues(p.Values)
		r.count.SetText(show.Grouped(p.Count))
		r.setDirection(p.Dir)
	}
	r.pin, r.fresh = *p, false
	r.renderAge(now)
}

func (r *pinRow) setDirection(d session.Direction) {
	if !r.fresh && d == r.pin.Dir {
		return
	}
	r.dir.SetText(DirectionWords(d))
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

func (v *pinsView) matches(p *session.Pin) bool {
	return v.search == "" || strings.Contains("v"+strconv.Itoa(int(p.Number)), v.search) || strings.Contains(strings.ToLower(p.Name), v.search)
}

func (v *pinsView) applyFilter() {
	hidden := 0
	for _, r := range v.rows {
		on := v.matches(&r.pin)
		r.box.Show(on)
		if !on {
			hidden++
		}
	}
	if hidden == 0 {
		v.note.SetText("")
	} else {
		v.note.SetText(lang.N(hidden, "{0} pin is hidden by the filter.", "{0} pins are hidden by the filter."))
	}
}
