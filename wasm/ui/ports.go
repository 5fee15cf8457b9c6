//go:build js && wasm

package ui

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// ports finds devices: the Connect, "Try without hardware" and Disconnect buttons,
// and what is plugged in and out.
type ports struct {
	u        *UI
	mu       sync.Mutex // guards granted: the handlers of clicks read it where they are
	granted  []*webserial.Adapter
	watching bool // the simulator is watched
	baud     int  // of the terminal that the next port is opened as; 0: none
}

func newPorts(u *UI) *ports {
	p := &ports{u: u}
	for _, id := range []string{"connect", "empty-connect"} {
		doc.ByID(id).Listen("click", func(doc.Event) { p.connect(false) })
	}
	for _, id := range []string{"empty-other", "problem-other"} {
		doc.ByID(id).Listen("click", func(doc.Event) { p.connect(true) })
	}
	for _, id := range []string{"try", "empty-try", "problem-sim"} {
		doc.ByID(id).Listen("click", func(doc.Event) { p.try() })
	}
	u.On(doc.ByID("disconnect"), "click", p.disconnect)
	return p
}

// start lists what was granted before and watches the plugs.
func (p *ports) start(ctx context.Context) {
	if p.u.opt.Ports == nil {
		return
	}
	p.u.opt.Ports.Watch(p.changed)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		list, err := p.u.opt.Ports.List(ctx)
		if err != nil {
			return // Connect still asks
		}
		for _, a := range list {
			p.add(a)
		}
		p.u.Post(func() {})
	}()
}

func (p *ports) changed(e webserial.Event) {
	if !e.Plugged {
		p.u.session.Unplugged(e.Adapter)
		p.mu.Lock()
		p.granted = slices.DeleteFunc(p.granted, func(a *webserial.Adapter) bool { return a == e.Adapter })
		p.mu.Unlock()
		p.u.Post(func() {})
		return
	}
	p.add(e.Adapter)
	p.u.session.Plugged(e.Adapter)
	p.u.Post(func() {})
}

func (p *ports) add(a *webserial.Adapter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.granted, a) {
		p.granted = append(p.granted, a)
	}
}

// only returns the one port that was granted and is plugged in, nil where there is
// none or a choice.
func (p *ports) only() *webserial.Adapter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.granted) == 1 {
		return p.granted[0]
	}
	return nil
}

// connect runs inside the handler of a click: browsers show their list of ports only
// there. Where just one port was granted before, the list is left out, unless other
// asks for it.
func (p *ports) connect(other bool) {
	from := p.u.opt.Ports
	if from == nil {
		p.u.Post(func() { p.u.problem.noSerial() })
		return
	}
	if a := p.only(); a != nil && !other {
		p.u.Post(func() { p.open(a) })
		return
	}
	from.Request(func(a *webserial.Adapter, err error) {
		if err == nil {
			p.add(a)
		}
		p.u.Post(func() { p.chosen(a, err) })
	})
}

// connectTerminal is connect for a plain terminal. It runs inside the handler of a click
// as well.
func (p *ports) connectTerminal(baud int) {
	p.u.Post(func() { p.baud = baud })
	p.connect(false)
}

// forget ends the connection, gives the permission for its port back, and drops what is
// remembered of the adapter.
func (p *ports) forget(ctx context.Context) error {
	a, _ := p.u.session.Adapter().(*webserial.Adapter)
	if a == nil {
		if a = p.only(); a == nil {
			return session.ErrNoPort
		}
	}
	if err := p.u.session.Disconnect(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	p.granted = slices.DeleteFunc(p.granted, func(b *webserial.Adapter) bool { return a == b })
	p.mu.Unlock()
	p.u.session.ForgetAdapter(a.Info().Key)
	return a.Forget(ctx)
}

// try opens a simulated device.
func (p *ports) try() {
	from := p.u.opt.Simulator
	if from == nil {
		return
	}
	p.u.Post(func() { p.u.running["try"]++ })
	from.Request(func(a *webserial.Adapter, err error) {
		p.u.Post(func() {
			p.u.running["try"]--
			if err == nil && !p.watching {
				p.watching = true
				from.Watch(func(e webserial.Event) {
					if e.Plugged {
						p.u.session.Plugged(e.Adapter)
					} else {
						p.u.session.Unplugged(e.Adapter)
					}
				})
			}
			if err != nil && !errors.Is(err, webserial.ErrNoChoice) {
				p.u.problem.failed("try", &session.Problem{Code: session.CodeCore, Op: "try", Detail: err.Error(), Time: time.Now()}, p.try)
				return
			}
			p.u.problem.passed("try")
			p.chosen(a, err)
		})
	})
}

func (p *ports) chosen(a *webserial.Adapter, err error) {
	var open *serial.OpenError
	switch {
	case err == nil:
		p.open(a)
	case errors.Is(err, webserial.ErrNoChoice):
		p.baud = 0
	case errors.As(err, &open) && open.Reason == serial.OpenDenied:
		p.u.problem.failed("request", &session.Problem{Code: session.CodeDenied, Op: "request", Detail: err.Error(), Time: time.Now()}, nil)
	default:
		p.u.problem.failed("request", &session.Problem{Code: session.CodeOpenFailed, Op: "request", Detail: err.Error(), Time: time.Now()}, nil)
	}
}

// open connects. A connection that is there is ended first. What goes wrong stands
// in the session's state.
func (p *ports) open(a serial.Adapter) {
	p.u.problem.passed("request")
	if p.held() {
		return
	}
	p.u.running["connect"]++
	baud := p.baud
	p.baud = 0
	go func() {
		ctx := context.Background()
		_ = p.u.session.Disconnect(ctx)
		var err error
		if baud > 0 {
			err = p.u.session.ConnectTerminal(ctx, a, baud)
		} else {
			err = p.u.session.Connect(ctx, a)
		}
		p.u.Post(func() { p.opened(err) })
	}()
}

// held tells whether a further program works with a port, and says so: it may be the one
// that was to be opened.
func (p *ports) held() bool {
	if p.u.held != "" {
		p.u.toasts.add(lang.F("Not now: {0}", p.u.held), show.Warn)
	}
	return p.u.held != ""
}

func (p *ports) opened(err error) {
	p.u.running["connect"]--
	problem := session.ProblemOf(err)
	if problem == nil || problem.Code == session.CodeCanceled || p.u.session.State().Problem != nil {
		return
	}
	p.u.problem.failed("connect", problem, p.again)
}

// again tries the connection that failed once more; what was applied stays known.
func (p *ports) again() {
	if p.held() {
		return
	}
	p.u.running["connect"]++
	go func() {
		err := p.u.session.Retry(context.Background())
		p.u.Post(func() { p.opened(err) })
	}()
}

func (p *ports) disconnect() {
	p.u.do("disconnect", false, func(ctx context.Context) error { return p.u.session.Disconnect(ctx) })
}
