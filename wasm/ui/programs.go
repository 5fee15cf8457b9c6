//go:build js && wasm

package ui

import (
	"syscall/js"
	"time"

	"ncpweb/serial"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// programs brings the further programs of the page. The views of each are marked with
// data-program; it is loaded when one of them is first shown.
type programs struct {
	u                       *UI
	box, title, text, retry *doc.Element
	sign                    *doc.Element // the shape of the sign
	progress                *doc.Element
	module                  js.Value // the script that starts them; undefined: not there yet
	byName                  map[string]*program
	online                  time.Time // when an NCP first answered
}

// program is one of them. It is the part of its views as long as it does not run.
type program struct {
	p        *programs
	name     string
	words    programWords
	phase    programPhase
	prepared bool // it was fetched ahead
}

type programPhase uint8

const (
	programIdle programPhase = iota
	programLoading
	programRunning
	programFailed  // it did not load
	programStopped // it ended by a fault of its own
)

// programWords is what a person is told of a program.
type programWords struct{ loading, what, failed, stopped string }

//lang:texts
var wordsOfPrograms = map[string]programWords{
	"tools":    {"Loading the tools", "Traffic, Explorer and Doctor are a program of their own, loaded when first needed.", "The tools could not be loaded", "The tools stopped"},
	"workshop": {"Loading the workshop", "Flashing is a program of its own, loaded when first needed.", "The workshop could not be loaded", "The workshop stopped"},
}

// toolsAhead is how long after the first connection the tools are fetched, so that they
// are there when they are wanted.
const toolsAhead = 4 * time.Second

func newPrograms(u *UI) *programs {
	p := &programs{
		u: u, box: doc.ByID("program-load"), title: doc.ByID("program-load-title"), text: doc.ByID("program-load-text"),
		retry: doc.ByID("program-load-retry"), progress: doc.ByID("program-load-progress"), sign: doc.ByID("program-load-shape"),
		byName: make(map[string]*program),
	}
	u.On(p.retry, "click", func() { p.here().start() })
	for name, words := range wordsOfPrograms {
		p.byName[name] = &program{p: p, name: name, words: words}
	}
	for _, v := range doc.Root().All("[data-program]") {
		g := p.byName[v.Data("program")]
		u.parts[v.Data("view")] = []part{g}
		for _, link := range doc.Root().All("[data-nav=" + v.Data("view") + "]") {
			u.On(link, "pointerenter", g.prepare) // who points at it is about to go there
		}
	}
	bridge.Offer(bridge.Host{
		Session: u.session,
		Frames:  u.session.Trace(),
		Report:  func(done func(string)) { u.Post(func() { done(u.problem.report()) }) },
		Toast:   func(text, tone string) { u.Post(func() { u.toasts.add(text, show.Tone(tone)) }) },
		Connect: func(a serial.Adapter) { u.Post(func() { u.ports.open(a) }) },
		Adapter: p.adapter,
		Held:    func(label string) { u.Post(func() { u.held = label }) },
	})
	return p
}

// adapter finds the adapter of a port that a program hands over.
func (p *programs) adapter(source string, port js.Value) *webserial.Adapter {
	for _, from := range []*webserial.Provider{p.u.opt.Ports, p.u.opt.Simulator, p.u.opt.Boards} {
		if from != nil && string(from.Source()) == source {
			return from.Adapter(port)
		}
	}
	return nil
}

// here is the program of the view that is shown; nil where it has none.
func (p *programs) here() *program {
	return p.byName[p.u.frame.views[p.u.view].Data("program")]
}

// keep is called at every render: it fetches the tools ahead once a device was connected
// for a while, and tells how far the program of the view is.
func (p *programs) keep() {
	here := p.here()
	p.box.Show(here != nil && here.phase != programRunning)
	if !p.u.ready() {
		return
	}
	if p.online.IsZero() {
		p.online = p.u.now
	}
	if p.u.now.Sub(p.online) >= toolsAhead {
		p.byName["tools"].prepare()
	}
}

// prepare fetches a program ahead, once.
func (g *program) prepare() {
	if !g.prepared {
		g.prepared = true
		g.p.fetch(func() { g.p.module.Call("prepare", g.name) }, func() {})
	}
}

// fetch gets the script that starts programs and calls then, on the loop.
func (p *programs) fetch(then, failed func()) {
	if p.module.Type() == js.TypeObject {
		then()
		return
	}
	page.Part("program", func(module js.Value, err error) {
		p.u.Post(func() {
			if err != nil {
				failed()
				return
			}
			p.module = module
			then()
		})
	})
}

// render is called while a view of the program is shown.
func (g *program) render() {
	if g.phase == programIdle {
		g.start()
	}
	g.show()
}

func (g *program) start() {
	if g.phase == programLoading || g.phase == programRunning {
		return
	}
	g.prepared = true
	g.phase = programLoading
	g.p.fetch(g.run, func() { g.phase = programFailed })
}

// run starts the program. Its views show themselves; only its end is of interest here.
func (g *program) run() {
	post := g.p.u.Post
	var ended js.Func
	ended = js.FuncOf(func(_ js.Value, args []js.Value) any {
		ended.Release()
		started := args[0].Bool()
		post(func() {
			g.phase = programFailed
			if started {
				g.stopped()
			}
		})
		return nil
	})
	g.p.module.Call("start", g.name, js.FuncOf(func(js.Value, []js.Value) any {
		post(func() { g.phase = programRunning })
		return nil
	}), ended)
}

func (g *program) stopped() {
	g.phase = programStopped
	bridge.Gone(g.name)
	for _, e := range doc.Root().All("[data-body=" + g.name + "]") {
		e.Show(false)
	}
}

// show tells how far the loading is.
func (g *program) show() {
	p, tone := g.p, show.Fail
	title, text := g.words.stopped, lang.T("It ended because of a fault of its own. The connection and everything else on this page goes on.")
	switch g.phase {
	case programRunning:
		return
	case programLoading:
		tone, title, text = show.Busy, g.words.loading, lang.T(g.words.what)
	case programFailed:
		title, text = g.words.failed, lang.T("Check the connection and try again. Everything else on this page goes on working.")
	}
	p.box.SetAttr("data-tone", string(tone))
	p.sign.SetAttr("href", "#i-"+string(tone))
	p.title.SetText(lang.T(title))
	p.text.SetText(text)
	p.retry.Show(g.phase != programLoading)
	p.progress.Show(g.phase == programLoading)
}
