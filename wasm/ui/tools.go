//go:build js && wasm

package ui

import (
	"syscall/js"
	"time"

	"ncpweb/serial"
	"ncpweb/session"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// tools brings the second program of the page, whose views are marked with data-tools:
// it is loaded when one of them is first shown.
type tools struct {
	u                       *UI
	box, title, text, retry *doc.Element
	sign                    *doc.Element // the shape of the sign
	progress                *doc.Element
	phase                   toolsPhase
	module                  js.Value  // the script that starts the program; undefined: not there yet
	online                  time.Time // when an NCP first answered
	prepared                bool      // it was fetched ahead
}

type toolsPhase uint8

const (
	toolsIdle toolsPhase = iota
	toolsLoading
	toolsRunning
	toolsFailed  // it did not load
	toolsStopped // it ended by a fault of its own
)

// toolsAhead is how long after the first connection the tools are fetched, so that they
// are there when they are wanted.
const toolsAhead = 4 * time.Second

func newTools(u *UI) *tools {
	t := &tools{
		u: u, box: doc.ByID("tools-load"), title: doc.ByID("tools-load-title"), text: doc.ByID("tools-load-text"),
		retry: doc.ByID("tools-load-retry"), progress: doc.ByID("tools-load-progress"), sign: doc.ByID("tools-load-shape"),
	}
	u.On(t.retry, "click", t.start)
	for _, v := range doc.Root().All("[data-tools]") {
		u.parts[v.Data("view")] = []part{t}
	}
	bridge.Offer(bridge.Host{
		Session: u.session,
		Frames:  u.session.Trace(),
		Report:  func(done func(string)) { u.Post(func() { done(u.problem.report()) }) },
		Toast:   func(text, tone string) { u.Post(func() { u.toasts.add(text, show.Tone(tone)) }) },
		Connect: func(a serial.Adapter) { u.Post(func() { u.ports.open(a) }) },
		Adapter: t.adapter,
	})
	return t
}

// adapter finds the adapter of a port that the tools hand over.
func (t *tools) adapter(source string, port js.Value) *webserial.Adapter {
	for _, p := range []*webserial.Provider{t.u.opt.Ports, t.u.opt.Simulator} {
		if p != nil && string(p.Source()) == source {
			return p.Adapter(port)
		}
	}
	return nil
}

// render is called while a view of the tools is shown.
func (t *tools) render() {
	if t.phase == toolsIdle {
		t.start()
	}
}

// keep is called at every render: it fetches the program ahead once a device was
// connected for a while, and hides the sign of loading while other views are shown.
func (t *tools) keep() {
	t.box.Show(t.phase != toolsRunning && t.u.frame.views[t.u.view].HasAttribute("data-tools"))
	if t.prepared || !t.u.ready() {
		return
	}
	if t.online.IsZero() {
		t.online = t.u.now
	}
	if t.u.now.Sub(t.online) >= toolsAhead {
		t.prepared = true
		t.fetch(func() { t.module.Call("prepare") }, func(error) {})
	}
}

// fetch gets the script of the tools and calls then, on the loop.
func (t *tools) fetch(then func(), failed func(error)) {
	if t.module.Type() == js.TypeObject {
		then()
		return
	}
	page.Part("tools", func(module js.Value, err error) {
		t.u.Post(func() {
			if err != nil {
				failed(err)
				return
			}
			t.module = module
			then()
		})
	})
}

func (t *tools) start() {
	if t.phase == toolsLoading || t.phase == toolsRunning {
		return
	}
	t.prepared = true
	t.show(toolsLoading, show.Busy, lang.T("Loading the tools"), lang.T("Traffic, Explorer and Doctor are a program of their own, loaded when first needed."))
	t.fetch(t.run, t.failed)
}

// run starts the program. Its views show themselves; only its end is of interest here.
func (t *tools) run() {
	var ended js.Func
	ended = js.FuncOf(func(_ js.Value, args []js.Value) any {
		ended.Release()
		started, message := args[0].Bool(), args[1].String()
		t.u.Post(func() {
			if started {
				t.stopped(message)
				return
			}
			t.failed(&session.Error{Problem: session.Problem{Code: session.CodeCore, Detail: message}})
		})
		return nil
	})
	t.module.Call("start", js.FuncOf(func(js.Value, []js.Value) any {
		t.u.Post(func() { t.phase = toolsRunning })
		return nil
	}), ended)
}

func (t *tools) failed(error) {
	t.show(toolsFailed, show.Fail, lang.T("The tools could not be loaded"), lang.T("Check the connection and try again. Everything else on this page goes on working."))
}

func (t *tools) stopped(string) {
	bridge.Unwatch()
	for _, e := range doc.Root().All("[data-tools-body]") {
		e.Show(false)
	}
	t.show(toolsStopped, show.Fail, lang.T("The tools stopped"), lang.T("They ended because of a fault of their own. The connection and everything else on this page goes on."))
}

// show tells how far the loading is.
func (t *tools) show(phase toolsPhase, tone show.Tone, title, text string) {
	t.phase = phase
	t.box.SetAttr("data-tone", string(tone))
	t.sign.SetAttr("href", "#i-"+string(tone))
	t.title.SetText(title)
	t.text.SetText(text)
	t.retry.Show(phase == toolsFailed || phase == toolsStopped)
	t.progress.Show(phase == toolsLoading)
}
