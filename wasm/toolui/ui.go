//go:build js && wasm

// Package toolui holds the views of the tools program: Traffic, Explorer and Doctor.
// Each is a part of its own, which is rendered while its view is shown.
package toolui

import (
	"context"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/schema"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/loop"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// Options are what the tools work with.
type Options struct {
	Core      *bridge.Core
	Ports     *webserial.Provider // where devices are chosen; nil: this browser has no Web Serial
	Simulator *webserial.Provider // simulated devices; nil: there are none
	Broken    *webserial.Provider // simulated devices with a fault; nil: there are none
}

// UI is all views of the tools. Its fields belong to the goroutine of Run; handlers of
// events post functions to it and never wait.
type UI struct {
	*loop.Loop
	core      *bridge.Core
	ports     *webserial.Provider
	simulator *webserial.Provider
	schema    *schema.Set
	traffic   *trafficView
	explorer  *explorerView

	status bridge.Status // the newest, as of the last render
	now    time.Time
	view   string // what is shown, by its name: also views of the first program
	parts  map[string][]part
	always []keeper
	turns  *turns
}

// part is what shows something in a view. It is rendered while its view is shown: at
// most once per frame of the screen, after every posted function, after the status has
// changed, and once a second.
type part interface{ render() }

// keeper is a part that has something to do while its view is hidden as well: keep is
// called a few times a second, before render.
type keeper interface{ keep() }

// relabeler is a part that keeps texts which render does not write anew each time. It
// drops them, because the page speaks another language now.
type relabeler interface{ relabel() }

// New finds the parts of the page. It panics where the page is not the one that this
// program was built with.
func New(o Options) *UI {
	u := &UI{Loop: loop.New(), core: o.Core, ports: o.Ports, simulator: o.Simulator, schema: schema.New()}
	u.turns = newTurns(u)
	v := newTrafficView(u)
	u.traffic = v
	u.explorer = newExplorerView(u)
	u.parts = map[string][]part{"traffic": {v}, "explorer": {u.explorer}}
	u.parts["doctor"] = []part{newDoctorView(u, o.Broken)}
	u.always = []keeper{v}
	return u
}

// Run shows the views until ctx ends. ready is called when they can be used.
func (u *UI) Run(ctx context.Context, ready func()) {
	wake := make(chan struct{}, 1)
	nudge := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	u.On(doc.Wrap(js.Global()), "hashchange", u.showView)
	u.showView()
	page.WatchLanguage(func() { u.Post(u.relabel) })
	_ = u.core.Watch(nudge) // fails only once the first program has ended, which tells so itself
	for _, e := range doc.Root().All("[data-body=tools]") {
		e.Show(true)
	}
	u.render()
	ready()
	u.Loop.Run(ctx, wake, u.render)
}

// showView notes which view the address names.
func (u *UI) showView() {
	u.view = strings.TrimPrefix(js.Global().Get("location").Get("hash").String(), "#")
	if u.view != "explorer" && u.view != "traffic" { // these two show a series of calls
		u.explorer.calls.leave()
	}
}

// hiddenEvery is how often the tools have a look at the connection while another view
// is shown.
const hiddenEvery = 900 * time.Millisecond

func (u *UI) render() {
	now := time.Now()
	if u.parts[u.view] == nil && now.Sub(u.now) < hiddenEvery {
		return
	}
	u.now = now
	if st, err := u.core.Status(); err == nil {
		u.status = st
	} else {
		u.status = bridge.Status{}
	}
	for _, k := range u.always {
		k.keep()
	}
	for _, p := range u.parts[u.view] {
		p.render()
	}
}

// relabel shows everything in the language of the page.
func (u *UI) relabel() {
	for _, parts := range u.parts {
		for _, p := range parts {
			if r, ok := p.(relabeler); ok {
				r.relabel()
			}
		}
	}
}

// names knows the methods.
func (u *UI) names() traffic.Names { return u.schema }

// renamed makes Traffic read the frames anew: a description was opened.
func (u *UI) renamed() {
	u.traffic.live.store.SetNames(u.schema)
	u.traffic.shown.store.SetNames(u.schema)
	u.traffic.forgetRows()
	u.traffic.detail.redraw()
}

// callAgain shows the Explorer with a call filled in.
func (u *UI) callAgain(uid uint16, args []byte, oneway bool) {
	u.explorer.again(uid, args, oneway)
	u.core.Go("explorer")
}

// methods are all that are known.
func (u *UI) methods() []ncp.Method { return u.schema.Methods() }

// methodName names a method: interface.name, or its number where it is not known.
func (u *UI) methodName(uid uint16) string {
	if m, ok := u.schema.Method(uid); ok {
		return m.Interface + "." + m.Name
	}
	return "0x" + hex4(uid)
}

// copy puts text into the clipboard and tells so.
func (u *UI) copy(text string) {
	page.Copy(text, func(err error) {
		if err != nil {
			u.core.Toast(lang.T("The browser did not allow copying"), string(show.Warn))
			return
		}
		u.core.Toast(lang.T("Copied"), string(show.OK))
	})
}

// save saves a file and tells so.
func (u *UI) save(name, mime string, data []byte) {
	if err := page.Download(name, mime, data); err != nil {
		u.core.Toast(lang.T("The browser did not save the file"), string(show.Fail))
		return
	}
	u.core.Toast(lang.T("Saved"), string(show.OK))
}
