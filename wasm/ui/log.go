//go:build js && wasm

package ui

import (
	"math"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// Bounds of the log's view: lines kept, as in the session, and lines added in one frame.
const (
	maxLines      = 10_000
	linesPerFrame = 500
)

// logView feeds the terminal with the text that was heard outside frames.
type logView struct {
	u                   *UI
	empty, follow, news *doc.Element
	term                js.Value // the Log of web/terminal.js; undefined: not there yet
	loading             bool
	buf                 []byte
	next                uint64 // sequence number of the entry to show next
	some                bool   // there is a line
	paused              bool
	raw                 *rawBar
}

func newLogView(u *UI) *logView {
	v := &logView{u: u, empty: doc.ByID("log-empty"), follow: doc.ByID("log-follow"), news: doc.ByID("log-new")}
	v.raw = newRawBar(u)
	u.On(v.follow, "click", func() { v.pause(!v.paused, true) })
	u.On(v.news, "click", func() { v.pause(false, true) })
	u.On(doc.ByID("log-clear"), "click", v.clear)
	u.On(doc.ByID("log-download"), "click", v.download)
	u.On(doc.ByID("log-reset"), "click", func() { u.do("reset", false, u.session.ResetDevice) })
	return v
}

// load brings the terminal.
func (v *logView) load() {
	if v.loading {
		return
	}
	v.loading = true
	page.Part("terminal", func(module js.Value, err error) {
		v.u.Post(func() {
			if err != nil {
				v.loading = false // again when the view is next shown
				v.u.problem.failed("terminal", &session.Problem{Code: session.CodeCore, Op: "terminal", Detail: err.Error(), Time: time.Now()}, v.load)
				return
			}
			v.term = module.Get("Log").New(v.hooks())
		})
	})
}

// hooks are what the terminal calls. They only post.
func (v *logView) hooks() js.Value {
	hooks := js.Global().Get("Object").New()
	on := func(name string, f func(args []js.Value)) {
		hooks.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { f(args); return nil }))
	}
	on("wake", func([]js.Value) { v.u.Post(v.u.AskFrame) })
	on("again", func([]js.Value) { v.u.Post(func() { v.next, v.some = 0, false }) })
	on("pause", func(args []js.Value) {
		up := args[0].Bool()
		v.u.Post(func() {
			if up != v.paused {
				v.pause(up, false)
			}
		})
	})
	on("send", func(args []js.Value) {
		p := make([]byte, min(args[0].Get("length").Int(), session.MaxRaw))
		js.CopyBytesToGo(p, args[0])
		echo := args[1].Bool()
		v.u.Post(func() { v.raw.send(p, echo) })
	})
	return hooks
}

// pause stops and starts the following of new lines.
func (v *logView) pause(on, toEnd bool) {
	v.paused = on
	word := lang.T("Pause")
	if on {
		word = lang.T("Follow")
	}
	v.follow.SetText(word)
	if !on {
		v.news.Show(false)
		if toEnd && v.term.Truthy() {
			v.term.Call("toEnd")
		}
	}
}

func (v *logView) clear() {
	v.u.session.ClearLog()
	v.wipe()
	v.next = v.u.session.Brief().LogNext
	v.pause(false, false)
}

func (v *logView) wipe() {
	if v.term.Truthy() {
		v.term.Call("clear")
	}
	v.some = false
}

func (v *logView) render() {
	v.raw.render()
	last := v.u.state.LogNext
	switch {
	case v.term.IsUndefined():
		v.load()
		return
	case v.paused:
		v.news.Show(last > v.next)
		return
	case !v.term.Get("ready").Bool():
		return // it wakes us
	}
	if last > v.next+maxLines {
		v.wipe()
		v.next = last - maxLines
	}
	entries, next := v.u.session.Log(v.next, linesPerFrame)
	v.next = next
	v.draw(entries)
	v.some = v.some || len(entries) > 0
	v.empty.Show(!v.some)
}

// draw hands entries over, as web/terminal.js tells.
func (v *logView) draw(entries []session.LogEntry) {
	if len(entries) == 0 {
		return
	}
	b := v.buf[:0]
	for i := range entries {
		e := &entries[i]
		b = append(b, flag(e.Note)|flag(e.Sent)<<1|flag(e.Open)<<2)
		b = little(b, math.Float64bits(float64(e.Time.UnixMilli())), 8)
		b = little(b, uint64(len(e.Text)), 4)
		b = append(b, e.Text...)
	}
	v.buf = b
	js.CopyBytesToJS(v.term.Call("buffer", len(b)), b)
	v.term.Call("draw", len(b))
}

// little appends the lowest n bytes of x, the lowest first.
func little(b []byte, x uint64, n int) []byte {
	for range n {
		b = append(b, byte(x))
		x >>= 8
	}
	return b
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
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
