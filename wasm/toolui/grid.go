//go:build js && wasm

package toolui

import (
	"math"
	"strconv"
	"syscall/js"

	"ncpweb/wasm/doc"
)

// maxSpace is the tallest that the space of a grid is made, in pixels. Browsers lay out
// no more than some 17 million of them; in a taller table a pixel of the scroll bar is
// more than a pixel of rows.
const maxSpace = 8_000_000

// grid shows a table of any length: only the rows in sight exist, and they are used
// again for others when the table is scrolled. One row is the current one, for the
// keyboard. It is a part of a view, and belongs to the loop.
type grid struct {
	u          *UI
	box        *doc.Element // scrolls, has the focus
	space      *doc.Element // as tall as all rows together
	view       *doc.Element // stays in sight and holds the rows
	spaceStyle js.Value
	viewStyle  js.Value
	pattern    doc.Pattern
	prefix     string // of the ids of rows

	rows      []*doc.Element           // those that exist, from above
	fill      func(row int, index int) // shows what stands at an index in a row
	made      func(row int, e *doc.Element)
	open      func(index int) // Enter
	clicked   func(row int)   // a click on a row, which shows what it did when it was last drawn
	moved     func(index int) // the current row is another one
	scrolled  func()          // the person has scrolled
	n         int
	current   int // index; -1: none
	follow    bool
	top       float64 // pixels of rows above what is in sight
	height    float64 // of what is in sight
	rowHeight float64
	head      float64 // height of the head
	spaceSet  float64 // height of the space
	dirty     bool    // sizes have to be measured
	moving    bool    // the browser scrolled since the last render
	jump      bool    // top was set, and the browser does not know yet
	drawn     bool    // rows show what they should
}

func newGrid(u *UI, box *doc.Element, pattern, prefix string) *grid {
	g := &grid{u: u, box: box, space: box.One(".frames-space"), pattern: doc.NewPattern(pattern), prefix: prefix, current: -1, follow: true, dirty: true}
	g.view = g.space.Child(0)
	g.spaceStyle, g.viewStyle = g.space.Value.Get("style"), g.view.Value.Get("style")
	u.On(box, "scroll", func() { g.moving = true })
	js.Global().Get("ResizeObserver").New(js.FuncOf(func(js.Value, []js.Value) any {
		u.Post(func() { g.dirty = true })
		return nil
	})).Call("observe", box.Value)
	box.Listen("keydown", g.key)
	u.OnTarget(g.view, "click", "[role=row]", func(e *doc.Element) {
		for i := range g.rows {
			if g.rows[i].Value.Equal(e.Value) {
				g.clicked(i)
			}
		}
	})
	return g
}

// keys are those that move the current row.
var keys = map[string]bool{"ArrowUp": true, "ArrowDown": true, "PageUp": true, "PageDown": true, "Home": true, "End": true, "Enter": true}

// key runs in the handler of the browser.
func (g *grid) key(ev doc.Event) {
	key := ev.Get("key").String()
	if !keys[key] || ev.Get("ctrlKey").Bool() || ev.Get("altKey").Bool() || ev.Get("metaKey").Bool() || !ev.Get("target").Equal(g.box.Value) {
		return
	}
	ev.PreventDefault()
	g.u.Post(func() { g.press(key) })
}

func (g *grid) press(key string) {
	if g.n == 0 {
		return
	}
	at, page := g.current, max(1, int(g.height/max(g.rowHeight, 1))-1)
	if at < 0 { // begin with what is in sight
		at = min(g.n-1, g.firstInSight())
		if g.follow {
			at = g.n - 1
		}
		if key == "ArrowUp" || key == "ArrowDown" {
			g.goTo(at)
			return
		}
	}
	switch key {
	case "ArrowUp":
		at--
	case "ArrowDown":
		at++
	case "PageUp":
		at -= page
	case "PageDown":
		at += page
	case "Home":
		at = 0
	case "End":
		at = g.n - 1
	case "Enter":
		g.goTo(at)
		g.open(at)
		return
	}
	g.goTo(min(max(at, 0), g.n-1))
}

func (g *grid) firstInSight() int {
	return int(math.Ceil(g.top / max(g.rowHeight, 1)))
}

// goTo makes an index the current one and brings it in sight.
func (g *grid) goTo(index int) {
	if index != g.current {
		g.current = index
		g.drawn = false
		if g.moved != nil {
			g.moved(index)
		}
	}
	from := float64(index) * g.rowHeight
	switch {
	case from < g.top:
		g.scrollTo(from)
	case from+g.rowHeight > g.top+g.height:
		g.scrollTo(from + g.rowHeight - g.height)
	}
	if g.follow && index < g.n-1 {
		g.follow = false
		if g.scrolled != nil {
			g.scrolled()
		}
	}
}

// choose makes an index the current one without scrolling.
func (g *grid) choose(index int) {
	g.current = index
	g.drawn = false
}

func (g *grid) scrollTo(top float64) {
	g.top, g.jump, g.drawn = top, true, false
}

// shift moves what is in sight up by so many rows, because those above it are gone.
func (g *grid) shift(rows int) {
	g.scrollTo(max(0, g.top-float64(rows)*g.rowHeight))
}

// redraw shows all rows anew at the next render: what they show has changed.
func (g *grid) redraw() {
	g.drawn = false
}

// render shows a table of n rows.
func (g *grid) render(n int) {
	g.measure()
	if g.rowHeight == 0 {
		return // not in sight
	}
	if n != g.n {
		g.n = n
		g.current = min(g.current, n-1)
		g.drawn = false
		g.box.SetAttr("aria-rowcount", strconv.Itoa(n+1))
	}
	whole := float64(n) * g.rowHeight
	most := max(0, whole-g.height)
	if g.moving && !g.jump {
		g.readScroll(most)
	}
	g.moving = false
	if g.follow || g.top > most {
		if g.top != most {
			g.top, g.drawn = most, false
		}
		g.jump = true
	}
	if g.drawn {
		g.jump = false
		return
	}
	g.place(whole, most)
	g.draw()
	g.drawn = true
}

// measure reads sizes where they may have changed.
func (g *grid) measure() {
	if !g.dirty {
		return
	}
	if len(g.rows) == 0 {
		g.addRow()
	}
	g.rows[0].Show(true)
	g.rowHeight = g.rows[0].Value.Call("getBoundingClientRect").Get("height").Float()
	if g.rowHeight == 0 {
		return
	}
	g.dirty, g.drawn = false, false
	g.head = g.space.Value.Get("previousElementSibling").Get("offsetHeight").Float()
	g.height = max(0, g.box.Value.Get("clientHeight").Float()-g.head)
	g.viewStyle.Set("height", pixels(g.height))
	g.viewStyle.Set("top", pixels(g.head))
	for len(g.rows) < int(math.Ceil(g.height/g.rowHeight))+1 {
		g.addRow()
	}
}

func (g *grid) addRow() {
	e := g.pattern.Copy()
	e.SetAttr("id", g.prefix+strconv.Itoa(len(g.rows)))
	g.view.Append(e)
	g.rows = append(g.rows, e)
	g.made(len(g.rows)-1, e)
}

// readScroll takes over where the browser has scrolled to.
func (g *grid) readScroll(most float64) {
	at := g.box.Value.Get("scrollTop").Float()
	end := max(0, g.spaceSet-g.height)
	top := at
	if end > 0 && end < most {
		top = at / end * most
	}
	top = min(top, most)
	if math.Abs(top-g.top) < 1 {
		return
	}
	g.top, g.drawn = top, false
	follow := end-at < g.rowHeight
	if follow != g.follow {
		g.follow = follow
		if g.scrolled != nil {
			g.scrolled()
		}
	}
}

// place makes the space as tall as it has to be and scrolls where that was asked for.
func (g *grid) place(whole, most float64) {
	space := min(whole, maxSpace)
	if space != g.spaceSet {
		g.spaceSet = space
		g.spaceStyle.Set("height", pixels(max(space, g.height)))
	}
	if !g.jump {
		return
	}
	g.jump = false
	at := g.top
	if end := space - g.height; end > 0 && end < most {
		at = g.top / most * end
	}
	g.box.Value.Set("scrollTop", at)
}

// draw fills the rows.
func (g *grid) draw() {
	first := int(g.top / g.rowHeight)
	g.viewStyle.Call("setProperty", "--shift", pixels(float64(first)*g.rowHeight-g.top))
	active := ""
	for i, e := range g.rows {
		index := first + i
		e.Show(index < g.n)
		if index >= g.n {
			continue
		}
		e.SetAttr("aria-rowindex", strconv.Itoa(index+2))
		g.fill(i, index)
		selected := index == g.current
		if selected {
			active = g.prefix + strconv.Itoa(i)
			e.SetAttr("aria-selected", "true")
		} else if e.Written("aria-selected") {
			e.SetAttr("aria-selected", "false")
		}
	}
	if active != "" {
		g.box.SetAttr("aria-activedescendant", active)
	} else {
		g.box.SetFlag("aria-activedescendant", false)
	}
}

func pixels(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) + "px" }
