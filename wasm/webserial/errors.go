//go:build js && wasm

package webserial

import (
	"context"
	"errors"
	"syscall/js"

	"ncpweb/serial"
)

// Exception is what JavaScript threw or rejected with.
type Exception struct {
	Name    string // of the DOMException or Error: "NetworkError", "TypeError", …
	Message string // what the browser says; for details, not for people
}

func (e *Exception) Error() string { return e.Name + ": " + e.Message }

// exception makes an error of a name and a message that a shim callback got; an
// empty or missing name means that all went well.
func exception(name, message js.Value) error {
	if name.Type() != js.TypeString || name.String() == "" {
		return nil
	}
	e := &Exception{Name: cut(name.String(), maxName)}
	if message.Type() == js.TypeString {
		e.Message = cut(message.String(), maxMessage)
	}
	return e
}

// Names and messages come from outside and are kept for long: they are cut.
const (
	maxName    = 80
	maxMessage = 400
)

// cut shortens s to at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// call calls a method of a JS object. What it throws, and what syscall/js panics
// with when the object is not what it should be, becomes the error.
func call(v js.Value, method string, args ...any) (result js.Value, err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case js.Error:
			err = thrown(x.Value)
		case *js.ValueError:
			err = x
		default:
			panic(x)
		}
	}()
	return v.Call(method, args...), nil
}

// thrown makes an Exception of a thrown JS value, whatever it is.
func thrown(v js.Value) error {
	if v.Type() != js.TypeObject {
		return &Exception{Name: "Error", Message: cut(js.Global().Call("String", v).String(), maxMessage)}
	}
	err := exception(v.Get("name"), v.Get("message"))
	if err == nil {
		return &Exception{Name: "Error"}
	}
	return err
}

// opError tells what we did when something went wrong.
type opError struct {
	op  string
	err error
}

func (e *opError) Error() string { return "webserial: " + e.op + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

// lostError tells how it was seen that a device is gone.
type lostError struct{ why error }

func (e *lostError) Error() string   { return serial.ErrLost.Error() + ": " + e.why.Error() }
func (e *lostError) Unwrap() []error { return []error{serial.ErrLost, e.why} }

// requestError says why no port was chosen.
func requestError(err error) error {
	var e *Exception
	if !errors.As(err, &e) {
		return &opError{"request", err}
	}
	switch e.Name {
	case "NotFoundError", "AbortError":
		return ErrNoChoice
	case "SecurityError", "NotAllowedError":
		return &serial.OpenError{Reason: serial.OpenDenied, Err: e}
	}
	return &opError{"request", err}
}

// openError says why a port did not open. Chromium rejects with the same
// NetworkError whether another program holds the port or the user has no rights to
// it; the first is by far the usual reason, so that one is told.
func openError(info serial.Info, err error, gone bool) *serial.OpenError {
	o := &serial.OpenError{Info: info, Err: err}
	var e *Exception
	switch {
	case gone:
		o.Reason = serial.OpenLost
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		o.Reason = serial.OpenFailed
	case errors.As(err, &e):
		o.Reason = reasonOf(e.Name)
	}
	return o
}

// reasonOf maps the name of open's exception (Web Serial, "open() method").
func reasonOf(name string) serial.OpenReason {
	switch name {
	case "NetworkError", "InvalidStateError":
		return serial.OpenBusy
	case "SecurityError", "NotAllowedError":
		return serial.OpenDenied
	case "NotFoundError":
		return serial.OpenLost
	case "TypeError", "NotSupportedError":
		return serial.OpenMode
	}
	return serial.OpenFailed
}
