//go:build js && wasm

package ui

import (
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/page"
)

// Bounds of the log's document: lines kept, and lines added in one frame.
const (
	maxLines      = 2000
	linesPerFrame = 400
)

// logView shows the newest lines of text that was heard outside frames.
type logView struct {
	u      *UI
	box    *element
	empty  *element
	follow *element
	news   *element
	note   *element
	row    pattern
	lines  []*element
	next   uint64   // sequence number of the entry to show next
	open   *element // the line that has not ended, the last one; nil if there is none
	paused bool
}

func newLogView(u *UI) *logView {
	v := &logView{u: u, box: byID("log"), empty: byID("log-empty"), follow: byID("log-follow"), news: byID("log-new"), note: byID("log-note"), row: newPattern("t-line")}
	wrapLines := byID("log-wrap")
	if w, ok := page.Setting("log-wrap"); ok && w == "no" {
		wrapLines.setChecked(false)
		v.box.setFlag("data-wrap", false)
	}
	u.on(wrapLines, "change", func() {
		on := wrapLines.checked()
		v.box.setFlag("data-wrap", on)
		page.Store("log-wrap", map[bool]string{true: "yes", false: "no"}[on])
	})
	u.on(v.follow, "click", func() { v.pause(!v.paused) })
	u.on(v.news, "click", func() { v.pause(false) })
	u.on(v.box, "scroll", v.scrolled)
	u.on(byID("log-clear"), "click", v.clear)
	u.on(byID("log-download"), "click", v.download)
	u.on(byID("log-reset"), "click", func() { u.do("reset", false, u.session.ResetDevice) })
	return v
}

// pause stops and starts the following of new lines.
func (v *logView) pause(on bool) {
	v.paused = on
	v.follow.setText(map[bool]string{true: "Follow", false: "Pause"}[on])
	if !on {
		v.news.show(false)
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
	v.box.clear()
	v.lines, v.open = nil, nil
	v.next = v.u.session.State().LogNext
	v.pause(false)
}

func (v *logView) render() {
	last := v.u.state.LogNext
	if v.paused {
		v.news.show(last > v.next)
		return
	}
	skipped := false
	if last > v.next+maxLines {
		v.next = last - maxLines
		skipped = true
	}
	entries, next := v.u.session.Log(v.next, linesPerFrame)
	if len(entries) == 0 && !skipped {
		v.empty.show(len(v.lines) == 0)
		return
	}
	if skipped {
		v.box.clear()
		v.lines, v.open = nil, nil
	}
	if v.add(entries) {
		v.toEnd()
	}
	v.next = next
	v.empty.show(len(v.lines) == 0)
	if next < last {
		v.u.askFrame()
	}
	if n := len(v.lines); n >= maxLines {
		v.note.setText("The newest " + Grouped(maxLines) + " lines. Download has up to 10 000.")
	} else {
		v.note.setText("")
	}
}

// add shows entries; it reports whether anything changed.
func (v *logView) add(entries []session.LogEntry) bool {
	changed := false
	for _, e := range entries {
		line := v.open
		if line == nil {
			line = v.row.copy()
			v.box.append(line)
			v.lines = append(v.lines, line)
			changed = true
		}
		v.head(line, e)
		text := PlainLine(e.Text)
		if line.text != text || !line.hasText {
			line.text, line.hasText = text, true
			line.child(1).SetTextContent(text)
			changed = true
		}
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
func (v *logView) head(line *element, e session.LogEntry) {
	class := "line"
	if e.Note {
		class = "line note"
	}
	line.setAttr("class", class)
	line.child(0).SetTextContent(Clock(e.Time))
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
	v.u.toasts.add(Done("saved"), OK)
}
