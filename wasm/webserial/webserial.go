//go:build js && wasm

package webserial

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"ncpweb/serial"
)

// Source names where ports come from.
type Source string

// Sources.
const (
	Browser   Source = "serial" // navigator.serial
	Simulator Source = "sim"    // simulated devices in a Worker of the page
	Lab       Source = "lab"    // devices that cmd/lab serves
	Broken    Source = "broken" // simulated devices with a fault, for the doctor
	Boards    Source = "boards" // simulated boards with a blank chip, for flashing
)

// ErrNoChoice is the error of a Request that the person ended without choosing.
var ErrNoChoice = errors.New("webserial: no port was chosen")

// Shim is the page's JavaScript half: the sources of ports it found.
type Shim struct {
	object    js.Value
	providers map[Source]*Provider
}

// New takes the shim that the page's start-up script left for the program. It
// fails when the program was started by something else.
func New() (*Shim, error) { return newShim(js.Global().Get(shimName)) }

// shimName is the property of the global object under which app.js leaves the shim.
const shimName = "ncpweb"

func newShim(object js.Value) (*Shim, error) {
	if object.Type() != js.TypeObject {
		return nil, errors.New("webserial: the page's script did not provide its shim")
	}
	s := &Shim{object: object, providers: make(map[Source]*Provider)}
	sources := object.Get("sources")
	for i := range sources.Length() {
		name := Source(sources.Index(i).String())
		s.providers[name] = &Provider{source: name, shim: object}
	}
	return s, nil
}

// Provider returns a source of ports, or nil where the page has none of that name.
func (s *Shim) Provider(source Source) *Provider { return s.providers[source] }

// Provider is one source of ports.
type Provider struct {
	source Source
	shim   js.Value

	mu    sync.Mutex
	known []*Adapter // plugged in and seen before; found again by the JS object
}

// Source returns where the ports come from.
func (p *Provider) Source() Source { return p.source }

// List returns the ports that the person has granted and that are plugged in.
func (p *Provider) List(ctx context.Context) ([]*Adapter, error) {
	v, err := p.ask(ctx, "ports")
	if err != nil {
		return nil, &opError{"list", err}
	}
	list := make([]*Adapter, v.Length())
	for i := range list {
		list[i] = p.adapter(v.Index(i))
	}
	return list, nil
}

// Request lets the person choose a port. Browsers show their chooser only during a
// person's action, so call it synchronously in the handler of a click; it does not
// block. done runs later, once, on a goroutine of its own; its error is ErrNoChoice
// where nothing was chosen, and a *serial.OpenError where the page has no permission.
func (p *Provider) Request(done func(*Adapter, error)) {
	answers, err := p.start("request")
	go func() {
		var a answer
		if err == nil {
			a = <-answers
			err = a.err
		}
		if err != nil {
			done(nil, requestError(err))
			return
		}
		done(p.adapter(a.value), nil)
	}()
}

// Event tells that a granted port was plugged in or unplugged.
type Event struct {
	Plugged bool
	Adapter *Adapter
}

// Watch calls on for every plugged and unplugged port, one after the other, until
// stop is called. on may block; events wait meanwhile.
func (p *Provider) Watch(on func(Event)) (stop func()) {
	events := newQueue()
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		plugged := args[0].Bool()
		a := p.adapter(args[1])
		if !plugged {
			p.forget(a)
		}
		events.push(Event{plugged, a})
		return nil
	})
	unlisten, err := call(p.shim, "watch", string(p.source), listener)
	if err != nil {
		listener.Release()
		return func() {}
	}
	go func() {
		for {
			e, ok := events.pop()
			if !ok {
				return
			}
			on(e)
		}
	}()
	return sync.OnceFunc(func() {
		unlisten.Invoke()
		listener.Release()
		events.close()
	})
}

// adapter returns the Adapter of a JS port, the same one for the same object.
func (p *Provider) adapter(port js.Value) *Adapter {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.known {
		if a.port.Equal(port) {
			return a
		}
	}
	a := &Adapter{provider: p, port: port, info: p.info(port)}
	p.known = append(p.known, a)
	return a
}

// forget drops an adapter that was unplugged; the object never comes back.
func (p *Provider) forget(a *Adapter) {
	a.gone.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.known {
		if k == a {
			p.known = append(p.known[:i], p.known[i+1:]...)
			return
		}
	}
}

// info reads what the browser tells of a port. Names are cut: they are hostile.
func (p *Provider) info(port js.Value) serial.Info {
	v, err := call(p.shim, "info", port)
	if err != nil {
		return serial.Info{Key: string(p.source)}
	}
	in := serial.Info{
		VendorID:  uint16(v.Index(0).Int()),
		ProductID: uint16(v.Index(1).Int()),
		Name:      cut(v.Index(2).String(), maxName),
	}
	in.Key = string(p.source) + ":" + hex4(in.VendorID) + ":" + hex4(in.ProductID) + ":" + in.Name
	if in.Name == "" {
		in.Name = usbName(in.VendorID, in.ProductID)
	}
	return in
}

// ask calls a method of the shim that answers once, and waits for the answer.
func (p *Provider) ask(ctx context.Context, method string) (js.Value, error) {
	answers, err := p.start(method)
	if err != nil {
		return js.Undefined(), err
	}
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// answer is what the shim answers: done(value, errorName, errorMessage).
type answer struct {
	value js.Value
	err   error
}

// start calls a method of the shim. The one callback is released when it was
// called; a shim that never answers keeps it, so that a late answer hits no
// released function.
func (p *Provider) start(method string) (<-chan answer, error) {
	answers := make(chan answer, 1)
	var done js.Func
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		done.Release()
		answers <- answer{args[0], exception(args[1], args[2])}
		return nil
	})
	if _, err := call(p.shim, method, string(p.source), done); err != nil {
		done.Release()
		return nil, err
	}
	return answers, nil
}
