//go:build js && wasm

// Package workui holds the views of the workshop program: Flash, and the task panel that
// stays while a device is worked with. Each is a part of its own, which is rendered while
// its view is shown.
package workui

import (
	"context"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/loop"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// Options are what the workshop works with.
type Options struct {
	Core      *bridge.Core
	Ports     *webserial.Provider // where devices are chosen; nil: this browser has no Web Serial
	Simulator *webserial.Provider // the simulated device of "Try without hardware"; nil: there is none
	Boards    *webserial.Provider // further simulated boards, for practice; nil: there are none
}

// UI is all views of the workshop. Its fields belong to the goroutine of Run; handlers
// of events post functions to it and never wait.
type UI struct {
	*loop.Loop
	core      *bridge.Core
	ports     *webserial.Provider
	simulator *webserial.Provider
	boards    *webserial.Provider
	firmware  *firmwareView
	run       *runView
	task      *taskPanel
	receive   *receiveView
	update    *updateView
	mcu       *mcuView
	tag       *tagView
	services  *services
	breather  *breather
	packer    *packer

	status bridge.Status // the newest, as of the last render
	now    time.Time
	view   string // what is shown, by its name: also views of the other programs
	parts  map[string][]part
	always []part // rendered whatever view is shown
}

// part is what shows something in a view. It is rendered while its view is shown: at
// most once per frame of the screen, after every posted function, after the status has
// changed, and once a second.
type part interface{ render() }

// relabeler is a part that keeps texts which render does not write anew each time. It
// drops them, because the page speaks another language now.
type relabeler interface{ relabel() }

// New finds the parts of the page. It panics where the page is not the one that this
// program was built with.
func New(o Options) *UI {
	u := &UI{Loop: loop.New(), core: o.Core, ports: o.Ports, simulator: o.Simulator, boards: o.Boards}
	u.services, u.breather = newServices(), newBreather()
	u.packer = newPacker(u.services, u.breathe)
	u.task = newTaskPanel(u)
	u.firmware = newFirmwareView(u)
	u.run = newRunView(u)
	u.receive, u.tag = newReceiveView(u), newTagView(u)
	u.mcu = newMCUView(u)
	u.update = newUpdateView(u)
	u.parts = map[string][]part{"flash": {u.firmware, u.run}, "update": {u.mcu, u.update, u.receive, u.tag}}
	u.always = []part{u.task}
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
	for _, e := range doc.Root().All("[data-view] [data-body=workshop]") {
		e.Show(true)
	}
	u.render()
	ready()
	u.Loop.Run(ctx, wake, u.render)
}

// showView notes which view the address names.
func (u *UI) showView() {
	u.view = strings.TrimPrefix(js.Global().Get("location").Get("hash").String(), "#")
}

func (u *UI) render() {
	u.now = time.Now()
	if st, err := u.core.Status(); err == nil {
		u.status = st
	} else {
		u.status = bridge.Status{}
	}
	for _, p := range u.always {
		p.render()
	}
	for _, p := range u.parts[u.view] {
		p.render()
	}
}

// relabel shows everything in the language of the page.
func (u *UI) relabel() {
	for _, parts := range u.parts {
		relabelAll(parts)
	}
	relabelAll(u.always)
}

func relabelAll(parts []part) {
	for _, p := range parts {
		if r, ok := p.(relabeler); ok {
			r.relabel()
		}
	}
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
