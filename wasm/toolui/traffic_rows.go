//go:build js && wasm

package toolui

import (
	"strconv"
	"time"

	"ncpweb/ncp/traffic"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// frameRow is a row of the table that exists, and what it shows.
type frameRow struct {
	e       *doc.Element
	cells   [9]*doc.Element
	icon    *doc.Element
	dir     *doc.Element
	id      int // of the row of the store; -1: none
	before  int // of the row above, for the delta
	outcome traffic.Outcome
}

func (v *trafficView) madeRow(_ int, e *doc.Element) {
	r := &frameRow{e: e, id: -1}
	for i := range r.cells {
		r.cells[i] = e.Child(i)
	}
	r.icon, r.dir = r.cells[2].One("use"), r.cells[2].Child(1)
	v.rows = append(v.rows, r)
}

// fillRow shows the row at an index of the view.
func (v *trafficView) fillRow(i, index int) {
	view := v.shown.view
	r := v.rows[i]
	id, before := view.ID(index), -1
	if index > 0 {
		before = view.ID(index - 1)
	}
	// A call that has no answer may have one by now.
	if id == r.id && before == r.before && r.outcome != traffic.Open && r.outcome != traffic.Unanswered {
		return
	}
	row, ok := view.Row(index)
	if !ok {
		return
	}
	r.id, r.before, r.outcome = id, before, row.Outcome
	r.show(&row)
}

// show writes a row. Elements remember what they show: what is the same is not written.
func (r *frameRow) show(row *traffic.Row) {
	look := kindLook(row.Kind)
	r.e.SetAttr("data-kind", look)
	r.cells[0].SetText(show.Clock(time.UnixMicro(row.Time)))
	r.cells[1].SetText(deltaWords(row.Delta))
	if look == "mark" {
		r.e.SetAttr("data-dir", "")
		r.icon.SetAttr("href", "")
		r.dir.SetText("")
	} else {
		r.e.SetAttr("data-dir", dirName(row.Dir))
		r.icon.SetAttr("href", "#i-"+dirName(row.Dir))
		r.dir.SetText(dirShort(row.Dir))
	}
	r.cells[3].SetText(kindWords(row.Kind))
	r.cells[4].SetText(methodOf(row))
	r.cells[5].SetText(rowText(row))
	status, tone := rowStatus(row)
	r.cells[6].SetText(status)
	r.e.SetAttr("data-tone", string(tone))
	r.cells[7].SetText(roundWords(row.RoundTrip))
	size := ""
	if row.Size > 0 {
		size = lang.F("{0} B", strconv.Itoa(row.Size))
	}
	r.cells[8].SetText(size)
}
