//go:build js && wasm

package toolui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// statsPanel shows what was counted: in one line while it is folded, as a table by
// method while it is open.
type statsPanel struct {
	v       *trafficView
	box     *doc.Element
	brief   *doc.Element
	figures *doc.Element
	body    *doc.Element
	heads   []*doc.Element
	figure  doc.Pattern
	row     doc.Pattern
	values  map[string]*doc.Element // of the figures, by name
	rows    []statRow
	sort    string
	up      bool
	shown   time.Time
}

// statRow is a row of the table that exists.
type statRow struct {
	e     *doc.Element
	cells [10]*doc.Element
}

// statsEvery is how often the statistics are counted together.
const statsEvery = 500 * time.Millisecond

func newStatsPanel(v *trafficView) *statsPanel {
	p := &statsPanel{
		v: v, box: doc.ByID("traffic-stats"), brief: doc.ByID("stats-brief"), figures: doc.ByID("stats-figures"), body: doc.ByID("stats-rows"),
		figure: doc.NewPattern("t-property"), row: doc.NewPattern("t-stat"), values: make(map[string]*doc.Element), sort: "count",
	}
	p.heads = p.box.All("thead [data-sort]")
	v.u.On(p.box, "toggle", p.redraw)
	v.u.OnTarget(p.box, "click", "[data-sort]", func(b *doc.Element) { p.sortBy(b.Data("sort")) })
	return p
}

func (p *statsPanel) redraw() { p.shown = time.Time{} }

// sortBy sorts the table by a column, and the other way round when it is already.
func (p *statsPanel) sortBy(column string) {
	p.up = column == p.sort && !p.up || column != p.sort && column == "method"
	p.sort = column
	for _, b := range p.heads {
		order := "none"
		if b.Data("sort") == column {
			order = map[bool]string{true: "ascending", false: "descending"}[p.up]
		}
		doc.Wrap(b.Value.Get("parentElement")).SetAttr("aria-sort", order)
	}
	p.redraw()
}

func (p *statsPanel) render() {
	if p.v.u.now.Sub(p.shown) < statsEvery {
		return
	}
	p.shown = p.v.u.now
	st := p.v.shown.store.Stats()
	p.brief.SetText(briefStats(&st))
	if !p.box.HasAttribute("open") {
		return
	}
	p.renderFigures(&st)
	p.renderTable(st.Methods)
}

// briefStats is the line beside the word "Statistics".
func briefStats(st *traffic.Stats) string {
	words := []string{lang.N(int(st.Frames), "{0} frame", "{1} frames", show.Grouped(st.Frames))}
	if n := st.CRC + st.Cut + st.Oversize; n > 0 {
		words = append(words, lang.N(int(n), "{0} broken", "{1} broken", show.Grouped(n)))
	}
	if st.Unanswered > 0 {
		words = append(words, lang.N(int(st.Unanswered), "{0} without answer", "{1} without answer", show.Grouped(st.Unanswered)))
	}
	if in, out := st.Line[rpc.In], st.Line[rpc.Out]; in.Known {
		words = append(words, lang.F("line {0} in, {1} out", percent(in.Second), percent(out.Second)))
	}
	return strings.Join(words, " · ")
}

// percent writes a share of one.
func percent(share float64) string {
	digits := 1
	if share >= 0.0995 {
		digits = 0
	}
	return lang.F("{0} %", strconv.FormatFloat(share*100, 'f', digits, 64))
}

func (p *statsPanel) renderFigures(st *traffic.Stats) {
	p.set(lang.T("Good frames"), show.Grouped(st.Frames))
	p.set(lang.T("CRC errors"), show.Grouped(st.CRC))
	p.set(lang.T("Cut or too long"), show.Grouped(st.Cut+st.Oversize))
	p.set(lang.T("Noise"), show.Bytes(st.NoiseBytes))
	p.set(lang.T("Calls without answer"), show.Grouped(st.Unanswered))
	p.set(lang.T("Late results"), show.Grouped(st.Late))
	p.set(lang.T("Rate"), show.Baud(st.Baud))
	p.set(lang.T("Line from NCP, now and on average"), lineWords(st.Line[rpc.In]))
	p.set(lang.T("Line to NCP, now and on average"), lineWords(st.Line[rpc.Out]))
	p.set(lang.T("Frames that went by unseen"), show.Grouped(st.Missed))
	store := p.v.shown.store
	p.set(lang.T("Kept"), lang.F("{0} frames in {1}", show.Grouped(uint64(store.Len())), show.Bytes(uint64(store.Memory()))))
	p.set(lang.T("Older ones let go"), show.Grouped(uint64(store.First())))
}

func lineWords(l traffic.LineUse) string {
	if !l.Known {
		return show.Bytes(l.Bytes)
	}
	return lang.F("{0}, {1} of {2}", percent(l.Second), percent(l.All), show.Bytes(l.Bytes))
}

// set shows a figure by its name.
func (p *statsPanel) set(name, value string) {
	e := p.values[name]
	if e == nil {
		box := p.figure.Copy()
		box.Child(0).SetText(name)
		e = box.Child(1)
		p.values[name] = e
		p.figures.Append(box)
	}
	e.SetText(value)
}

// renderTable shows the methods, sorted.
func (p *statsPanel) renderTable(list []traffic.MethodStats) {
	less := p.order()
	slices.SortStableFunc(list, func(a, b traffic.MethodStats) int {
		if p.up {
			return less(&a, &b)
		}
		return less(&b, &a)
	})
	for len(p.rows) < len(list) {
		row := statRow{e: p.row.Copy()}
		for i := range row.cells {
			row.cells[i] = row.e.Child(i)
		}
		p.body.Append(row.e)
		p.rows = append(p.rows, row)
	}
	for i := range p.rows {
		p.rows[i].e.Show(i < len(list))
		if i < len(list) {
			p.fill(&p.rows[i].cells, &list[i])
		}
	}
}

// order compares two rows by the column that the table is sorted by.
func (p *statsPanel) order() func(a, b *traffic.MethodStats) int {
	number := func(of func(*traffic.MethodStats) uint64) func(a, b *traffic.MethodStats) int {
		return func(a, b *traffic.MethodStats) int {
			x, y := of(a), of(b)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	switch p.sort {
	case "method":
		return func(a, b *traffic.MethodStats) int {
			return strings.Compare(p.v.u.methodName(a.UID), p.v.u.methodName(b.UID))
		}
	case "errors":
		return number(func(m *traffic.MethodStats) uint64 { return m.Errors })
	case "open":
		return number(func(m *traffic.MethodStats) uint64 { return m.Unanswered })
	case "bytes":
		return number(func(m *traffic.MethodStats) uint64 { return m.Bytes })
	case "median":
		return number(func(m *traffic.MethodStats) uint64 { return uint64(m.Median) })
	case "p95":
		return number(func(m *traffic.MethodStats) uint64 { return uint64(m.P95) })
	case "max":
		return number(func(m *traffic.MethodStats) uint64 { return uint64(m.Max) })
	}
	return number(func(m *traffic.MethodStats) uint64 { return m.Count })
}

func (p *statsPanel) fill(cells *[10]*doc.Element, m *traffic.MethodStats) {
	name := p.v.u.methodName(m.UID)
	if m.UID == 0 {
		name = lang.T("all others")
	}
	cells[0].SetText(name)
	cells[1].SetText(dirWords(m.Dir))
	cells[2].SetText(show.Grouped(m.Count))
	for i, n := range []uint64{m.Errors, m.Unanswered} {
		cells[3+i].SetText(show.Grouped(n))
		cells[3+i].SetAttr("data-tone", map[bool]string{true: string(show.Fail), false: ""}[n > 0])
	}
	cells[5].SetText(show.Grouped(m.Bytes))
	for i, d := range []time.Duration{m.Min, m.Median, m.P95, m.Max} {
		text := "–"
		if m.Timed > 0 {
			text = roundWords(d)
		}
		cells[6+i].SetText(text)
	}
}

// relabel makes the figures anew, whose names are in another language now.
func (p *statsPanel) relabel() {
	p.figures.Clear()
	clear(p.values)
	p.redraw()
}
