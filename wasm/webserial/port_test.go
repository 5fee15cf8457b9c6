//go:build js && wasm

package webserial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"syscall/js"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/serial/serialtest"
)

// rig is a fake navigator.serial with one port, and the binding on it.
type rig struct {
	t        *testing.T
	serial   js.Value
	provider *Provider
}

func newRig(t *testing.T) *rig {
	t.Helper()
	fakes := js.Global().Get("testing")
	if fakes.IsUndefined() {
		t.Skip("needs -exec=\"node wasm/webserial/testdata/exec.mjs\"")
	}
	before := fakes.Get("errors").Int()
	fake := fakes.Call("fakeSerial")
	shim, err := newShim(fakes.Call("shim", fake))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, serial: fake, provider: shim.Provider(Browser)}
	t.Cleanup(func() {
		time.Sleep(5 * time.Millisecond) // late callbacks come now
		if n := fakes.Get("errors").Int() - before; n != 0 {
			t.Errorf("%d messages on the console", n)
		}
	})
	return r
}

// port returns the fake port that is plugged in.
func (r *rig) port() js.Value { return r.serial.Get("port") }

// adapter returns the Adapter of the fake port.
func (r *rig) adapter() *Adapter {
	r.t.Helper()
	list, err := r.provider.List(r.context())
	if err != nil || len(list) != 1 {
		r.t.Fatalf("List: %d ports, %v", len(list), err)
	}
	return list[0]
}

func (r *rig) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	r.t.Cleanup(cancel)
	return ctx
}

// open opens the fake port.
func (r *rig) open() serial.Port {
	r.t.Helper()
	p, err := r.adapter().Open(r.context(), serial.Mode{Baud: 115200})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { p.Close() })
	return p
}

// farEnd is the device's end of the fake port that is plugged in.
type farEnd struct {
	*rig
	rest []byte
}

func (f *farEnd) Read(b []byte) (int, error) {
	for len(f.rest) == 0 {
		v := f.port().Call("take")
		if v.IsNull() {
			time.Sleep(time.Millisecond)
			continue
		}
		f.rest = make([]byte, v.Length())
		js.CopyBytesToGo(f.rest, v)
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *farEnd) Write(b []byte) (int, error) {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	f.port().Call("say", array)
	return len(b), nil
}

func TestPort(t *testing.T) {
	serialtest.TestPort(t, func(t *testing.T) serialtest.Rig {
		r := newRig(t)
		stop := r.provider.Watch(func(Event) {})
		t.Cleanup(stop)
		return serialtest.Rig{
			Adapter: r.adapter(),
			Peer:    &farEnd{rig: r},
			Unplug:  func() { r.serial.Call("unplug") },
			Plug: func() serial.Adapter {
				r.serial.Call("plug")
				return r.adapter()
			},
			Lines: func() (dtr, rts bool) {
				l := r.port().Get("lines")
				return l.Get("dtr").Bool(), l.Get("rts").Bool()
			},
			Stuck: 256 << 10,
			Bulk:  200 << 10,
		}
	})
}

// A line error ends the stream that was read, not the port.
func TestLineErrors(t *testing.T) {
	r := newRig(t)
	p := r.open()
	far := &farEnd{rig: r}
	for _, name := range []string{"FramingError", "ParityError", "BreakError", "BufferOverrunError"} {
		for range 40 {
			r.port().Call("fault", name)
			time.Sleep(time.Millisecond)
		}
		waitFor(t, "a new stream", func() bool { return r.port().Get("readable").Get("locked").Bool() })
		far.Write([]byte(name))
		got := make([]byte, len(name))
		if _, err := io.ReadFull(p, got); err != nil || string(got) != name {
			t.Errorf("after %s: %q, %v", name, got, err)
		}
	}
	if dropped, n := p.(*port).Errors(); dropped != 0 || n == 0 {
		t.Errorf("%d bytes dropped, %d line errors", dropped, n)
	}
}

// What a browser answers decides what people are told.
func TestOpenErrors(t *testing.T) {
	for name, want := range map[string]serial.OpenReason{
		"NetworkError":      serial.OpenBusy,
		"InvalidStateError": serial.OpenBusy,
		"SecurityError":     serial.OpenDenied,
		"NotAllowedError":   serial.OpenDenied,
		"NotFoundError":     serial.OpenLost,
		"NotSupportedError": serial.OpenMode,
		"UnknownError":      serial.OpenFailed,
	} {
		r := newRig(t)
		r.port().Get("refuse").Call("push", name)
		a := r.adapter()
		_, err := a.Open(r.context(), serial.Mode{Baud: 9600})
		var o *serial.OpenError
		if !errors.As(err, &o) || o.Reason != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		var e *Exception
		if !errors.As(err, &e) || e.Name != name {
			t.Errorf("%s: the error does not tell the exception: %v", name, err)
		}
		p, err := a.Open(r.context(), serial.Mode{Baud: 9600})
		if err != nil {
			t.Errorf("after %s: %v", name, err)
			continue
		}
		p.Close()
	}
}

// A context ends a call that the browser never answers.
func TestSilentBrowser(t *testing.T) {
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	t.Run("open", func(t *testing.T) {
		r := newRig(t)
		r.port().Get("refuse").Call("push", "hang")
		_, err := r.adapter().Open(short(), serial.Mode{Baud: 9600})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open: %v", err)
		}
	})
	t.Run("signals", func(t *testing.T) {
		r := newRig(t)
		p := r.open()
		r.port().Set("silentSignals", true)
		if err := p.SetSignals(short(), serial.Signals{DTR: serial.Off}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SetSignals: %v", err)
		}
	})
	t.Run("mode", func(t *testing.T) {
		r := newRig(t)
		p := r.open()
		r.port().Set("hangOnClose", true)
		if err := p.SetMode(short(), serial.Mode{Baud: 9600}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SetMode: %v", err)
		}
		start := time.Now()
		p.Close()
		if d := time.Since(start); d > closeTimeout+time.Second {
			t.Errorf("Close took %v", d)
		}
	})
}

// A mode that the adapter refuses leaves the port as it was.
func TestModeRefused(t *testing.T) {
	r := newRig(t)
	p := r.open()
	r.port().Get("refuse").Call("push", "NetworkError")
	err := p.SetMode(r.context(), serial.Mode{Baud: 12345678})
	var o *serial.OpenError
	if !errors.As(err, &o) || o.Reason != serial.OpenMode {
		t.Fatalf("SetMode: %v", err)
	}
	if baud := r.port().Get("options").Get("baudRate").Int(); baud != 115200 {
		t.Errorf("the rate is %d now", baud)
	}
	far := &farEnd{rig: r}
	go far.Write([]byte("still here"))
	got := make([]byte, 10)
	if _, err := io.ReadFull(p, got); err != nil || !bytes.Equal(got, []byte("still here")) {
		t.Errorf("%q, %v", got, err)
	}
}

// A port that does not open again after a change of mode is lost, not half alive.
func TestModeLosesPort(t *testing.T) {
	r := newRig(t)
	p := r.open()
	r.port().Get("refuse").Call("push", "NetworkError", "NetworkError")
	if err := p.SetMode(r.context(), serial.Mode{Baud: 9600}); !errors.Is(err, serial.ErrLost) {
		t.Errorf("SetMode: %v", err)
	}
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, serial.ErrLost) {
		t.Errorf("Read: %v", err)
	}
}

// Options reach the browser, the large buffer among them.
func TestOptions(t *testing.T) {
	r := newRig(t)
	m := serial.Mode{Baud: 57600, DataBits: 7, Parity: serial.ParityEven, StopBits: 2}
	p, err := r.adapter().Open(r.context(), m)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	o := r.port().Get("options")
	if o.Get("baudRate").Int() != 57600 || o.Get("dataBits").Int() != 7 || o.Get("parity").String() != "even" ||
		o.Get("stopBits").Int() != 2 || o.Get("bufferSize").Int() < 64<<10 {
		t.Errorf("options: %s", js.Global().Get("JSON").Call("stringify", o))
	}
	for _, m := range []serial.Mode{{}, {Baud: -1}, {Baud: 9600, DataBits: 5}, {Baud: 9600, Parity: 9}, {Baud: 9600, StopBits: 3}} {
		var o *serial.OpenError
		if _, err := r.adapter().Open(r.context(), m); !errors.As(err, &o) || o.Reason != serial.OpenMode {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

func TestRequest(t *testing.T) {
	r := newRig(t)
	request := func() (*Adapter, error) {
		type result struct {
			a   *Adapter
			err error
		}
		c := make(chan result, 1)
		r.provider.Request(func(a *Adapter, err error) { c <- result{a, err} })
		got := <-c
		return got.a, got.err
	}
	a, err := request()
	if err != nil || a != r.adapter() {
		t.Errorf("Request: %v, %v; want the listed adapter", a, err)
	}
	if in := a.Info(); in.VendorID != 0x0403 || in.ProductID != 0x6001 || in.Key != "serial:0403:6001:" || in.Name == "" {
		t.Errorf("Info: %+v", in)
	}
	r.serial.Set("refusal", "NotFoundError")
	if _, err := request(); err != ErrNoChoice {
		t.Errorf("nothing chosen: %v", err)
	}
	r.serial.Set("refusal", "SecurityError")
	var o *serial.OpenError
	if _, err := request(); !errors.As(err, &o) || o.Reason != serial.OpenDenied {
		t.Errorf("no permission: %v", err)
	}
}

// A replug brings a new adapter with the same key.
func TestWatch(t *testing.T) {
	r := newRig(t)
	events := make(chan Event, 4)
	stop := r.provider.Watch(func(e Event) { events <- e })
	first := r.adapter()
	r.serial.Call("unplug")
	if e := <-events; e.Plugged || e.Adapter != first {
		t.Errorf("first event: %+v", e)
	}
	r.serial.Call("plug")
	e := <-events
	if !e.Plugged || e.Adapter == first || e.Adapter.Info() != first.Info() {
		t.Errorf("second event: %+v", e)
	}
	if e.Adapter != r.adapter() {
		t.Error("the event's adapter is not the listed one")
	}
	stop()
	r.serial.Call("unplug")
	time.Sleep(350 * time.Millisecond)
	if len(events) != 0 {
		t.Error("an event after stop")
	}
}

// The shim is missing, or is something else.
func TestNoShim(t *testing.T) {
	for _, v := range []js.Value{js.Undefined(), js.Null(), js.ValueOf("x")} {
		if _, err := newShim(v); err == nil {
			t.Errorf("%v: no error", v)
		}
	}
}

// Whatever JavaScript throws is an error, never a panic.
func TestThrown(t *testing.T) {
	thrower := func(body string) js.Value {
		o := js.Global().Get("Object").New()
		o.Set("f", js.Global().Get("Function").New(body))
		return o
	}
	for body, want := range map[string]string{
		"throw new TypeError('x')": "TypeError: x",
		"throw 'text'":             "Error: text",
		"throw null":               "Error: null",
		"throw {}":                 "Error: ",
		"throw new DOMException('m', 'AbortError')": "AbortError: m",
	} {
		if _, err := call(thrower(body), "f"); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	if _, err := call(js.Undefined(), "f"); err == nil {
		t.Error("a call on undefined: no error")
	}
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}
