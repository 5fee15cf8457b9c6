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

// pinsView is the table of the virtual pins. Rows are kept by pin number; a change of
// one pin writes what changed in one row, and only rows on the screen are written.
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
	list     []*pinRow     // those of shown; nil: not made yet
	shown    []session.Pin // what the rows show
	order    rowOrder
	seen     watcher
	chart    *pinsChart
	selected uint16
	chosen   bool
	search   string
	ready    bool      // what the rows were told
	partial  bool      // rows are missing still
	aged     time.Time // when the ages were last written
	updated  time.Time // when the rows were last written
	spark    int       // where the next round of sparklines begins
}

const (
	// newRows is how many rows are made in one frame: more would be felt.
	newRows = 40
	// tablePause is the least time between two frames in which the table is written, so
	// that the others are left to the chart and to the person.
	tablePause = 50 * time.Millisecond
)

func newPinsView(u *UI) *pinsView {
	v := &pinsView{
		u: u, body: doc.ByID("pins").One("tbody"), empty: doc.ByID("pins-empty"), why: doc.ByID("pins-empty-text"), note: doc.ByID("pins-note"),
		filter: doc.ByID("pin-filter"), add: doc.ByID("pin-add-number"), row: doc.NewPattern("t-pin"), rows: make(map[uint16]*pinRow),
	}
	v.chart = newPinsChart(u)
	v.order.body = v.body
	v.seen = newWatcher(u, v.see)
	u.OnSubmit(doc.ByID("pin-add"), v.addPin)
	u.On(v.filter, "input", func() {
		v.search = strings.ToLower(strings.TrimSpace(v.filter.Input()))
		v.applyFilter()
	})
	u.On(doc.ByID("sync-all"), "click", func() { u.do("syncAll", false, u.session.SyncAll) })
	u.OnTarget(v.body, "click", "[data-act], tr", v.clicked)
	u.OnTarget(v.body, "change", `[data-act="chart"]`, func(e *doc.Element) {
		if r := v.rowOf(e); r != nil {
			v.tick(r, e.Checked())
		}
	})
	u.OnTarget(doc.ByID("pins"), "click", "[data-sort]", func(e *doc.Element) {
		v.order.choose(e)
		v.order.place(v.list)
	})
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

// rowOf returns the row around an element.
func (v *pinsView) rowOf(e *doc.Element) *pinRow {
	n, _ := parsePin(doc.Wrap(e.Value.Call("closest", "tr")).Data("pin"))
	return v.rows[n]
}

// clicked acts on a row or on a button of it.
func (v *pinsView) clicked(e *doc.Element) {
	r := v.rowOf(e)
	if r == nil {
		return
	}
	n := r.pin.Number
	switch e.Data("act") {
	case "write":
		v.selectPin(n)
		v.u.write.focusValue()
	case "sync":
		v.u.do("sync", false, func(ctx context.Context) error { return v.u.session.Sync(ctx, n) })
	case "remove":
		v.u.session.RemovePin(n)
		v.chart.set(n, false)
		v.u.files.remember()
		if v.selected == n {
			v.chosen = false
		}
	case "more":
		v.u.full.show(pinName(n), allItems(r.pin.Values))
	case "chart", "label": // their change tells
	default:
		v.selectPin(n)
	}
}

// tick puts the pin of a row into the chart or takes it out.
func (v *pinsView) tick(r *pinRow, on bool) {
	if v.chart.set(r.pin.Number, on) {
		v.note.SetText("")
		return
	}
	r.tick.SetChecked(false)
	v.note.SetText(lang.T(chartFull))
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
	if v.u.now.Sub(v.updated) < tablePause {
		v.chart.render()
		v.u.AskFrame()
		return
	}
	pins := v.u.state.Pins
	if v.partial || len(pins) != len(v.shown) || len(pins) > 0 && &pins[0] != &v.shown[0] {
		v.updated = v.u.now
		v.update(pins)
		v.u.AskFrame() // for the chart
	} else {
		v.chart.render()
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
			if r.visible {
				r.renderAge(v.u.now)
			}
		}
		if v.order.live() {
			v.order.follow(v.list)
		}
	}
	v.sparks()
	v.empty.Show(len(pins) == 0)
}

// update brings the rows to what the pins are. Both are in the order of the numbers.
func (v *pinsView) update(pins []session.Pin) {
	v.shown = pins
	if !v.same(pins) {
		v.restructure(pins)
	}
	for i, r := range v.list {
		if r == nil {
			continue
		}
		if r.visible {
			r.update(&pins[i], v.u.now)
		} else {
			r.latest = &pins[i]
		}
	}
}

// same tells whether the rows are those of the pins.
func (v *pinsView) same(pins []session.Pin) bool {
	if v.partial || len(pins) != len(v.list) {
		return false
	}
	for i, r := range v.list {
		if r.pin.Number != pins[i].Number {
			return false
		}
	}
	return true
}

// restructure removes the rows of pins that are no longer there, and makes those that
// are missing, some of them now.
func (v *pinsView) restructure(pins []session.Pin) {
	gone := v.rows
	v.rows = make(map[uint16]*pinRow, len(pins))
	v.list = make([]*pinRow, len(pins))
	made := 0
	v.partial = false
	for i := range pins {
		p := &pins[i]
		r := gone[p.Number]
		delete(gone, p.Number)
		if r == nil && made == newRows {
			v.partial = true
			v.u.AskFrame()
			continue
		}
		if r == nil {
			made++
			r = v.newRow(p.Number)
			r.box.Show(v.matches(p))
			r.update(p, v.u.now)
		}
		v.list[i] = r
		v.rows[p.Number] = r
	}
	for _, r := range gone {
		v.order.remove(r)
		v.seen.leave(r.box)
	}
	v.order.place(v.list)
}

func (v *pinsView) newRow(n uint16) *pinRow {
	r := newPinRow(v.row.Copy(), n)
	r.sync.Enable(v.ready)
	r.tick.SetChecked(v.chart.has(n))
	if v.chosen && v.selected == n {
		r.box.SetAttr("aria-selected", "true")
	}
	v.seen.watch(r.box)
	return r
}

// see is told when a row comes on the screen or leaves it.
func (v *pinsView) see(box *doc.Element, visible bool) {
	r := v.rowOf(box)
	if r == nil {
		return
	}
	r.visible = visible
	if visible && r.latest != nil {
		r.update(r.latest, v.u.now)
		r.latest = nil
	}
}

// sparks draws some sparklines of rows on the screen anew, the others in the frames
// that follow.
func (v *pinsView) sparks() {
	const most = 6
	drawn := 0
	for range v.list {
		v.spark++
		if v.spark >= len(v.list) {
			v.spark = 0
		}
		r := v.list[v.spark]
		if r != nil && r.visible && r.drawn != r.pin.Count && v.u.now.Sub(r.drawnAt) >= sparkPause {
			r.renderSpark(v.u)
			if drawn++; drawn == most {
				v.u.AskFrame()
				return
			}
		}
	}
}

func (v *pinsView) matches(p *session.Pin) bool {
	return v.search == "" || strings.Contains("v"+strconv.Itoa(int(p.Number)), v.search) || strings.Contains(strings.ToLower(p.Name), v.search)
}

func (v *pinsView) applyFilter() {
	hidden := 0
	for i, r := range v.list {
		on := v.matches(&v.shown[i])
		if r != nil {
			r.box.Show(on)
		}
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

func allItems(values []string) string {
	lines := make([]string, len(values))
	for i, s := range values {
		lines[i] = show.Visible(s)
	}
	return strings.Join(lines, "\n")
}
