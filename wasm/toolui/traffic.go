//go:build js && wasm

package toolui

import (
	"time"

	"ncpweb/ncp/traffic"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// trafficView is the table of frames: those of the connection as they pass, or those of
// an opened capture.
type trafficView struct {
	u     *UI
	live  *source // of the connection
	shown *source // what the table shows: live or an opened capture
	grid  *grid
	rows  []*frameRow

	cursor  uint64 // of the next record to take
	buf     []byte
	paused  bool
	drawn   time.Time // when the table was last drawn
	behind  bool      // not all that was recorded has been taken yet
	working bool      // filtering goes on by itself
	polled  bool      // a look for new frames is on its way

	top, topAt int // id and index of the row that is uppermost in sight; -1: none
	current    int // id of the current row; -1: none

	filter *filterBar
	detail *frameDetail
	stats  *statsPanel
	files  *captures

	pause, drop, news, note *doc.Element
	empty, emptyTitle, text *doc.Element
}

// source is a store of frames and what the filter lets through.
type source struct {
	store *traffic.Store
	view  *traffic.View
}

// lookAgain is how often the view looks for new frames while none come.
const lookAgain = 100 * time.Millisecond

// drawEvery is how often rows that run through are drawn: nobody reads them faster, and
// the page has time for the rest.
const drawEvery = 40 * time.Millisecond

func newTrafficView(u *UI) *trafficView {
	v := &trafficView{
		u: u, buf: make([]byte, bridge.FramesAtOnce),
		pause: doc.ByID("traffic-pause"), drop: doc.ByID("traffic-clear"), news: doc.ByID("traffic-new"), note: doc.ByID("traffic-note"),
		top: -1, current: -1,
		empty: doc.ByID("traffic-empty"), emptyTitle: doc.ByID("traffic-empty-title"), text: doc.ByID("traffic-empty-text"),
	}
	v.live = newSource(traffic.NewStore(traffic.Options{Names: u.names()}))
	v.shown = v.live
	v.grid = newGrid(u, doc.ByID("traffic-grid"), "t-frame", "frame-")
	v.grid.made = v.madeRow
	v.grid.fill = v.fillRow
	v.grid.open = v.openAt
	v.grid.clicked = v.clickedRow
	v.grid.moved = v.movedTo
	v.filter = newFilterBar(v)
	v.detail = newFrameDetail(v)
	v.stats = newStatsPanel(v)
	v.files = newCaptures(v)
	u.On(v.pause, "click", func() { v.setPaused(!v.paused) })
	u.On(v.drop, "click", v.clear)
	u.On(v.news, "click", func() { v.grid.follow = true })
	return v
}

func newSource(store *traffic.Store) *source {
	return &source{store: store, view: traffic.NewView(store)}
}

func (v *trafficView) isLive() bool { return v.shown == v.live }

// setPaused stops and starts the taking of new frames. The recorder goes on.
func (v *trafficView) setPaused(on bool) {
	v.paused = on
	if !on {
		v.grid.follow = true
	}
	v.labelPause()
}

func (v *trafficView) labelPause() {
	word, pressed := lang.T("Pause"), "false"
	if v.paused {
		word, pressed = lang.T("Go on"), "true"
	}
	v.pause.SetText(word)
	v.pause.SetAttr("aria-pressed", pressed)
}

// clear forgets the frames of the connection.
func (v *trafficView) clear() {
	if !v.isLive() {
		return
	}
	v.u.core.ClearFrames()
	v.live.store.Clear()
	v.grid.follow = true
	v.detail.close(false)
	v.grid.redraw()
}

// show makes a source the one that is shown.
func (v *trafficView) show(s *source) {
	v.shown = s
	v.top, v.current = -1, -1
	v.filter.apply()
	v.detail.close(false)
	v.grid.choose(-1)
	v.grid.follow = s == v.live
	if s != v.live {
		v.grid.scrollTo(0)
	}
	v.forgetRows()
	v.stats.redraw()
}

// keep takes new frames while the view is hidden, so that the statistics miss none: as
// many as fit into one slice.
func (v *trafficView) keep() {
	if v.u.view != "traffic" && !v.paused {
		v.take(time.Now().Add(slice))
	}
}

// take takes new frames out of the recorder until there are no more, or until it is too
// late; it tells whether there were any.
func (v *trafficView) take(until time.Time) (came bool) {
	v.behind = false
	for {
		n, next, missed, err := v.u.core.Frames(v.cursor, v.buf)
		if err != nil || next < v.cursor {
			return came
		}
		if missed > 0 && v.cursor > 0 {
			v.live.store.Missed(missed)
		}
		if n == 0 {
			v.cursor = next
			return came
		}
		came = true
		v.live.store.AppendBytes(v.buf[:n])
		v.cursor = next
		if n < len(v.buf)/2 {
			return came
		}
		if time.Now().After(until) {
			v.behind = true
			return came
		}
	}
}

func (v *trafficView) render() {
	until := time.Now().Add(slice)
	came := false
	if !v.paused {
		came = v.take(until)
		v.live.store.Advance(v.u.now.UnixMicro())
		v.again(came)
	}
	if came && v.isLive() && v.grid.follow && v.u.now.Sub(v.drawn) < drawEvery {
		return
	}
	v.drawn = v.u.now
	s := v.shown
	matched := s.view.Step(untilOf(until))
	v.hold()
	v.grid.render(s.view.Len())
	v.remember()
	if !matched || !v.index(s, until) {
		v.goOn()
	}
	v.filter.render(matched)
	v.detail.render()
	v.stats.render()
	v.renderWords()
}

// goOn goes on filtering and preparing, slice by slice, without waiting for the frames
// of the screen: they show how far it is.
func (v *trafficView) goOn() {
	if v.working {
		return
	}
	v.working = true
	v.u.later(func() {
		v.working = false
		until := time.Now().Add(slice)
		if s := v.shown; !s.view.Step(slice) || !v.index(s, until) {
			v.goOn()
		}
	})
}

// index prepares the search for text while nothing else is to do: in an opened capture
// at once, among the frames of the connection when somebody is about to search.
func (v *trafficView) index(s *source, until time.Time) (done bool) {
	if s == v.live && !v.filter.searching {
		return true
	}
	return s.store.Index(untilOf(until))
}

// hold keeps what is in sight where it is when rows above it have gone or come.
func (v *trafficView) hold() {
	g, view := v.grid, v.shown.view
	if v.top >= 0 && !g.follow {
		if at, _ := view.Find(v.top); at != v.topAt {
			g.shift(v.topAt - at)
		}
	}
	if v.current >= 0 {
		at, shown := view.Find(v.current)
		if !shown {
			at = -1
		}
		if at != g.current {
			g.choose(at)
		}
	}
}

// remember notes which rows stand where, for hold.
func (v *trafficView) remember() {
	g, view := v.grid, v.shown.view
	v.top, v.topAt, v.current = -1, 0, -1
	if at := g.firstInSight(); at < view.Len() {
		v.top, v.topAt = view.ID(at), at
	}
	if g.current >= 0 && g.current < view.Len() {
		v.current = view.ID(g.current)
	}
}

// replaced tells that the filter shows other rows now: nothing of what was in sight
// need be there any more.
func (v *trafficView) replaced() {
	v.top, v.current = -1, -1
	v.grid.choose(-1)
	v.grid.redraw()
	if !v.isLive() {
		v.grid.scrollTo(0)
	} else {
		v.grid.follow = true
	}
}

// again looks for new frames: in the next frame of the screen while some come,
// otherwise a little later.
func (v *trafficView) again(came bool) {
	switch {
	case v.behind:
		v.u.later(func() {})
	case came:
		v.u.AskFrame()
	case !v.polled:
		v.polled = true
		time.AfterFunc(lookAgain, func() { v.u.Post(func() { v.polled = false }) })
	}
}

// renderWords says what stands around the table.
func (v *trafficView) renderWords() {
	v.pause.Enable(v.isLive())
	v.drop.Enable(v.isLive())
	v.news.Show(!v.grid.follow && v.isLive() && v.shown.view.Len() > 0)
	n := v.shown.view.Len()
	v.empty.Show(n == 0)
	if n == 0 {
		title, text := lang.T("No frames yet"), lang.T("Every frame of the connection shows here as it passes. Connect a device, or open a capture: it needs no device.")
		switch {
		case v.shown.store.Len() > 0:
			title, text = lang.T("Nothing passes the filter"), lang.T("Esc in the filter clears it.")
		case v.u.status.Ready():
			text = lang.T("The connection is quiet. The next call or ping shows here.")
		}
		v.emptyTitle.SetText(title)
		v.text.SetText(text)
	}
	v.note.SetText(lang.F("The newest {0} frames are kept, in up to {1} of memory; passwords are masked before they are kept.", show.Grouped(traffic.LiveRows), show.Bytes(traffic.LiveBytes)))
}

// relabel shows the rows in another language.
func (v *trafficView) relabel() {
	v.forgetRows()
	v.labelPause()
	v.detail.redraw()
	v.stats.relabel()
	v.files.relabel()
	v.filter.said.SetText("")
}

// openAt shows the row at an index in detail.
func (v *trafficView) openAt(index int) {
	v.detail.open(v.shown.view.ID(index))
}

// clickedRow shows the frame that a row showed when it was clicked.
func (v *trafficView) clickedRow(row int) {
	id := v.rows[row].id
	if id < 0 {
		return
	}
	if index, shown := v.shown.view.Find(id); shown {
		v.grid.goTo(index)
	}
	v.detail.open(id)
}

// forgetRows makes all rows show their frames anew.
func (v *trafficView) forgetRows() {
	for _, r := range v.rows {
		r.id = -1
	}
	v.grid.redraw()
}

// movedTo lets the detail follow the current row, if it is open.
func (v *trafficView) movedTo(index int) {
	if v.detail.isOpen() {
		v.detail.open(v.shown.view.ID(index))
	}
}
