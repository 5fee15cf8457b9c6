//go:build js && wasm

package ui

import (
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// Bounds of the log's document: lines kept, and lines added in one frame.
const (
	maxLines      = 2000
	linesPerFrame = 400
)

// logView shows the newest lines of text that was heard outside frames.
type logView struct {
	u      *UI
	box    *doc.Element
	empty  *doc.Element
	follow *doc.Element
	news   *doc.Element
	note   *doc.Element
	row    doc.Pattern
	lines  []*doc.Element
	next   uint64       // sequence number of the entry to show next
	open   *doc.Element // the line that has not ended, the last one; nil if there is none
	paused bool
}

func newLogView(u *UI) *logView {
	v := &logView{u: u, box: doc.ByID("log"), empty: doc.ByID("log-empty"), follow: doc.ByID("log-follow"), news: doc.ByID("log-new"), note: doc.ByID("log-note"), row: doc.NewPattern("t-line")}
	wrapLines := doc.ByID("log-wrap")
	if w, ok := page.Setting("log-wrap"); ok && w == "no" {
		wrapLines.SetChecked(false)
		v.box.SetFlag("data-wrap", false)
	}
	u.On(wrapLines, "change", func() {
		on := wrapLines.Checked()
		v.box.SetFlag("data-wrap", on)
		page.Store("log-wrap", map[bool]string{true: "yes", false: "no"}[on])
	})
	u.On(v.follow, "click", func() { v.pause(!v.paused) })
	u.On(v.news, "click", func() { v.pause(false) })
	u.On(v.box, "scroll", v.scrolled)
	u.On(doc.ByID("log-clear"), "click", v.clear)
	u.On(doc.ByID("log-download"), "click", v.download)
	u.On(doc.ByID("log-reset"), "click", func() { u.do("reset", false, u.session.ResetDevice) })
	return v
}

// pause stops and starts the following of new lines.
func (v *logView) pause(on bool) {
	v.paused = on
	v.follow.SetText(map[bool]string{true: "Follow", false: "Pause"}[on])
	if !on {
		v.news.Show(false)
		v.toEnd()
	}
}

// scrolled pauses when the person scrolls up, and follows again at the end.
func (v *logView) scrolled() {
	b := v.box.Value
	end := b.Get("scrollHeight").Float()-b.Get("scrollTop").Float()-b.Get("clientHeight").Float() < 24
	if end == v.paused && (end || len(v.lines) > 0) {
		v.pause(!end)
	}
}

func (v *logView) toEnd() {
	v.box.Value.Set("scrollTop", v.box.Value.Get("scrollHeight"))
}

func (v *logView) clear() {
	v.u.session.ClearLog()
	v.box.Clear()
	v.lines, v.open = nil, nil
	v.next = v.u.session.State().LogNext
	v.pause(false)
}

func (v *logView) render() {
	last := v.u.state.LogNext
	if v.paused {
		v.news.Show(last > v.next)
		return
	}
	skipped := false
	if last > v.next+maxLines {
		v.next = last - maxLines
		skipped = true
	}
	entries, next := v.u.session.Log(v.next, linesPerFrame)
	if len(entries) == 0 && !skipped {
		v.empty.Show(len(v.lines) == 0)
		return
	}
	if skipped {
		v.box.Clear()
		v.lines, v.open = nil, nil
	}
	if v.add(entries) {
		v.toEnd()
	}
	v.next = next
	v.empty.Show(len(v.lines) == 0)
	if next < last {
		v.u.AskFrame()
	}
	if n := len(v.lines); n >= maxLines {
		v.note.SetText("The newest " + show.Grouped(maxLines) + " lines. Download has up to 10 000.")
	} else {
		v.note.SetText("")
	}
}

// add shows entries; it reports whether anything changed.
func (v *logView) add(entries []session.LogEntry) bool {
	changed := false
	for _, e := range entries {
		line := v.open
		if line == nil {
			line = v.row.Copy()
			v.box.Append(line)
			v.lines = append(v.lines, line)
			changed = true
		}
		v.head(line, e)
		line.Child(1).SetText(show.PlainLine(e.Text))
		changed = true
		v.open = nil
		if e.Open {
			v.open = line
		}
	}
	for len(v.lines) > maxLines {
		v.lines[0].Remove()
		v.lines[0] = nil
		v.lines = v.lines[1:]
	}
	return changed
}

// head shows what stands around the text of an entry. The row of an open line becomes
// that of a remark when one comes before the rest of the line.
func (v *logView) head(line *doc.Element, e session.LogEntry) {
	class := "line"
	if e.Note {
		class = "line note"
	}
	line.SetAttr("class", class)
	line.Child(0).SetTextContent(show.Clock(e.Time))
}

// download saves all that the session keeps of the log, with full times.
func (v *logView) download() {
	var b strings.Builder
	since := uint64(0)
	for {
		entries, next := v.u.session.Log(since, 2000)
		for _, e := range entries {
			b.WriteString(logText(e))
		}
		if len(entries) == 0 || next == since {
			break
		}
		since = max(next, since+1)
	}
	name := "ncp-log-" + time.Now().Format("20060102-150405") + ".txt"
	if err := page.Download(name, "text/plain;charset=utf-8", []byte(b.String())); err != nil {
		v.u.problem.failed("save", &session.Problem{Code: session.CodeCore, Op: "save", Detail: err.Error(), Time: time.Now()}, nil)
		return
	}
	v.u.toasts.add(Done("saved"), show.OK)
}
