//go:build js && wasm

package webserial

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall/js"
	"time"

	"ncpweb/serial"
)

// bufferSize is what the browser keeps per direction for a page that is busy, in
// bytes. Chromium's default of 255 loses data within milliseconds.
const bufferSize = 256 << 10

// closeTimeout bounds how long Close waits for the browser to close a port.
const closeTimeout = 5 * time.Second

// Adapter is one plugged-in port that the person granted.
type Adapter struct {
	provider *Provider
	port     js.Value // a SerialPort, or something of its shape
	info     serial.Info
	open     atomic.Bool
	gone     atomic.Bool // unplugged; never comes back
}

var _ serial.Adapter = (*Adapter)(nil)

// Info tells what the browser tells of the port.
func (a *Adapter) Info() serial.Info { return a.info }

// Open opens the line as serial.Adapter says. When ctx ends first the port is
// closed again in the background as soon as the browser answers.
func (a *Adapter) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	if err := checkMode(m); err != nil {
		return nil, &serial.OpenError{Reason: serial.OpenMode, Info: a.info, Err: err}
	}
	if a.isGone() {
		return nil, &serial.OpenError{Reason: serial.OpenLost, Info: a.info}
	}
	if !a.open.CompareAndSwap(false, true) {
		return nil, &serial.OpenError{Reason: serial.OpenBusy, Info: a.info}
	}
	p, err := newPort(a)
	if err != nil {
		a.open.Store(false)
		return nil, &serial.OpenError{Reason: serial.OpenFailed, Info: a.info, Err: err}
	}
	if err := p.openLine(ctx, m); err != nil {
		reason := openError(a.info, err, a.isGone())
		if errors.Is(err, ctx.Err()) {
			go p.Close() // the browser may still open it
		} else {
			p.release()
		}
		return nil, reason
	}
	return p, nil
}

// Forget gives the browser's permission for the port back.
func (a *Adapter) Forget(ctx context.Context) error {
	answers := make(chan error, 1)
	var done js.Func
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		done.Release()
		answers <- exception(args[0], args[1])
		return nil
	})
	if _, err := call(a.provider.shim, "forget", a.port, done); err != nil {
		done.Release()
		return err
	}
	select {
	case err := <-answers:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isGone tells whether the port was unplugged, from the event or from the object.
func (a *Adapter) isGone() bool {
	if a.gone.Load() {
		return true
	}
	connected := a.port.Get("connected")
	return connected.Type() == js.TypeBoolean && !connected.Bool()
}

// checkMode refuses what no adapter can do before the browser is asked.
func checkMode(m serial.Mode) error {
	switch {
	case m.Baud <= 0 || m.Baud > 1<<30:
		return errors.New("baud rate out of range")
	case m.DataBits != 0 && m.DataBits != 7 && m.DataBits != 8:
		return errors.New("data bits must be 7 or 8")
	case m.Parity > serial.ParityOdd:
		return errors.New("unknown parity")
	case m.StopBits > 2:
		return errors.New("stop bits must be 1 or 2")
	}
	return nil
}

// options are the SerialOptions of a mode.
func options(m serial.Mode) map[string]any {
	o := map[string]any{
		"baudRate":    m.Baud,
		"bufferSize":  bufferSize,
		"dataBits":    8,
		"parity":      [...]string{"none", "even", "odd"}[m.Parity],
		"stopBits":    1,
		"flowControl": "none",
	}
	if m.DataBits == 7 {
		o["dataBits"] = 7
	}
	if m.StopBits == 2 {
		o["stopBits"] = 2
	}
	return o
}
