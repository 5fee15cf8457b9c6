//go:build js && wasm

package workui

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// portSource is where a job takes its port from.
type portSource string

// Sources of a port. A simulated board is portBoard and its name.
const (
	portCore  portSource = "core" // the first program lends the one it has
	portLast  portSource = "last" // the one that was used last
	portAsk   portSource = "ask"  // the browser asks the person
	portSim   portSource = "sim"  // the simulated device of "Try without hardware"
	portBoard portSource = "board:"
)

// portList is the list from which a person picks where the chip is.
type portList struct {
	u      *UI
	list   *doc.Element
	boards []simulatedBoard
	ncp    bool // the simulated NCP is offered
	option doc.Pattern
	shown  string // what stands in the list
	last   *webserial.Adapter
	lost   atomic.Bool // last has gone

	// What the handler of a click needs; written on the loop.
	chosen  atomic.Pointer[portSource]
	adapter atomic.Pointer[webserial.Adapter]
}

func newPortList(u *UI, id string, boards []simulatedBoard, ncp bool) *portList {
	p := &portList{u: u, list: doc.ByID(id), boards: boards, ncp: ncp, option: doc.NewPattern("t-doctor-option")}
	u.On(p.list, "change", func() { p.pick(portSource(p.list.Input())) })
	for _, from := range []*webserial.Provider{u.ports, u.simulator, u.boards} {
		if from != nil {
			from.Watch(p.watch)
		}
	}
	return p
}

// watch takes note of ports that come and go: the one that was used last is the same
// device when it comes back under another object.
func (p *portList) watch(ev webserial.Event) {
	p.u.Post(func() {
		switch {
		case p.last == nil:
		case !ev.Plugged && ev.Adapter == p.last:
			p.lost.Store(true)
		case ev.Plugged && p.lost.Load() && ev.Adapter.Source() == p.last.Source() && sameUSB(ev.Adapter, p.last):
			p.used(ev.Adapter)
		}
	})
}

// sameUSB tells whether two ports can be the same device: by what the browser tells, or
// because both are native USB of a chip, whose loader has an id of its own.
func sameUSB(a, b *webserial.Adapter) bool {
	x, y := a.Info(), b.Info()
	return x.Key == y.Key || x.VendorID == espressif && y.VendorID == espressif
}

// espressif is the USB vendor id of the chips' own ports.
const espressif = 0x303A

// used notes the port that a job has worked with.
func (p *portList) used(a *webserial.Adapter) {
	p.last = a
	p.lost.Store(false)
	p.adapter.Store(a)
}

func (p *portList) pick(s portSource) { p.chosen.Store(&s) }

// source is what is chosen.
func (p *portList) source() portSource {
	if s := p.chosen.Load(); s != nil {
		return *s
	}
	return ""
}

// usable tells whether there is a port to choose at all.
func (p *portList) usable() bool { return p.source() != "" }

// take hands over the chosen port, or nil where the first program lends it. It runs in
// the handler of a click. Nothing is handed over where the person chose none.
func (p *portList) take(then func(*webserial.Adapter, portSource)) {
	switch s := p.source(); {
	case s == portCore:
		then(nil, s)
	case s == portLast && p.adapter.Load() != nil && !p.lost.Load():
		then(p.adapter.Load(), s)
	case s == portSim:
		p.simulated(p.u.simulator, "", s, then)
	case strings.HasPrefix(string(s), string(portBoard)):
		p.simulated(p.u.boards, strings.TrimPrefix(string(s), string(portBoard)), s, then)
	default:
		p.request(then)
	}
}

// request lets the person choose a port in the browser's list. It runs in the handler of
// a click.
func (p *portList) request(then func(*webserial.Adapter, portSource)) {
	if p.u.ports == nil {
		return
	}
	p.u.ports.Request(func(a *webserial.Adapter, err error) {
		switch {
		case err == nil:
			then(a, portAsk)
		case !errors.Is(err, webserial.ErrNoChoice):
			p.u.core.Toast(lang.T("The browser did not show its list of ports"), string(show.Fail))
		}
	})
}

// simulated finds a simulated board by its name; the empty one is the only one.
func (p *portList) simulated(from *webserial.Provider, name string, s portSource, then func(*webserial.Adapter, portSource)) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		list, err := from.List(ctx)
		for _, a := range list {
			if name == "" || a.Info().Name == name {
				then(a, s)
				return
			}
		}
		_ = err // there is none either way
		p.u.core.Toast(lang.T("The simulated boards could not be loaded"), string(show.Fail))
	}()
}

// choice is one line of the list.
type choice struct {
	source portSource
	text   string
}

// choices are what can be chosen now.
func (p *portList) choices() []choice {
	st := &p.u.status
	var list []choice
	if st.Port != "" || st.Open {
		name, _ := show.Cut(show.Visible(st.Port), 60)
		list = append(list, choice{portCore, lang.F("{0}, as connected", name)})
	} else if p.last != nil && !p.lost.Load() {
		name, _ := show.Cut(show.Visible(p.last.Info().Name), 60)
		list = append(list, choice{portLast, lang.F("{0}, as before", name)})
	}
	if p.u.ports != nil {
		list = append(list, choice{portAsk, lang.T("Choose a port when I begin")})
	}
	if p.ncp && p.u.simulator != nil && st.Source != string(webserial.Simulator) {
		list = append(list, choice{portSim, lang.T("Simulated device of this page")})
	}
	if p.u.boards != nil {
		for _, b := range p.boards {
			list = append(list, choice{portBoard + portSource(b.Name), lang.T(b.Text)})
		}
	}
	return list
}

// render shows the list anew where it has changed. What the person chose stays chosen
// as long as it is there.
func (p *portList) render(busy bool) {
	p.list.Enable(!busy)
	if busy {
		return
	}
	list := p.choices()
	var key strings.Builder
	for _, c := range list {
		key.WriteString(string(c.source) + "\x00" + c.text + "\x00")
	}
	if key.String() == p.shown {
		return
	}
	p.shown = key.String()
	p.list.Clear()
	chosen, found := p.source(), false
	for _, c := range list {
		o := p.option.Copy()
		o.SetAttr("value", string(c.source))
		o.SetText(c.text)
		p.list.Append(o)
		found = found || c.source == chosen
	}
	if !found || chosen == portAsk { // a port that is there goes before asking for one
		chosen = ""
		if len(list) > 0 {
			chosen = list[0].source
		}
	}
	p.pick(chosen)
	p.list.SetInput(string(chosen))
}

func (p *portList) relabel() { p.shown = "" }

// repeat hands over the port of a job that is to be done again. It runs on the loop.
func (p *portList) repeat(e *effort, then func(*webserial.Adapter, portSource)) {
	switch last := p.adapter.Load(); {
	case last != nil && !p.lost.Load():
		then(last, portLast)
	case p.u.status.Open:
		then(nil, portCore)
	default:
		p.u.core.Toast(lang.T("Plug the board in again, or choose the port"), string(show.Warn))
	}
}

// simulatedBoards are those that can be practised with.
//
//lang:texts
var simulatedBoards = []simulatedBoard{
	{"Simulated ESP32", "Simulated ESP32, blank"},
	{"Simulated ESP32-C3", "Simulated ESP32-C3, blank"},
	{"Simulated ESP32-S3", "Simulated ESP32-S3, blank"},
	{"Simulated ESP8266", "Simulated ESP8266, blank"},
	{"Simulated ESP32 behind an MCU", "Simulated ESP32 behind an MCU that passes everything on"},
}
