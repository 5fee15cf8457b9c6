// Package serial is the contract between the programs that speak over a serial
// line and the many things that can be one: Web Serial in a browser, a simulated
// wire, a PTY. It holds no implementation.
package serial

import (
	"context"
	"errors"
	"io"
	"time"
)

// Port is an open serial line. One goroutine may read while another one writes;
// SetMode, SetSignals and Close may be called at any time from any goroutine.
//
// Read blocks until at least one byte is there. It returns ErrClosed after Close,
// an error that wraps ErrLost after the adapter was unplugged, and
// os.ErrDeadlineExceeded after the read deadline; an expired deadline loses no
// bytes and leaves the port usable. Write returns when all bytes are handed over
// to the adapter, or with an error as Read does.
type Port interface {
	io.ReadWriteCloser

	// SetReadDeadline bounds present and future Reads; the zero time means no bound.
	SetReadDeadline(t time.Time) error

	// SetMode changes rate and framing. A blocked Read stays blocked across the
	// change; bytes that arrive during the change may be lost. An adapter that can
	// only be re-opened (Web Serial) does so behind this call and keeps the
	// signals as last set.
	SetMode(ctx context.Context, m Mode) error

	// SetSignals sets the output lines in one call. They may reach the adapter one
	// after the other, DTR first, up to a millisecond apart.
	SetSignals(ctx context.Context, s Signals) error

	// Info tells what is known of the adapter.
	Info() Info
}

// Adapter is a thing that can be opened to a Port, once at a time. An adapter that
// was unplugged and plugged again is a new Adapter.
type Adapter interface {
	Info() Info
	// Open opens the line with DTR and RTS raised, as operating systems do. Errors
	// are *OpenError.
	Open(ctx context.Context, m Mode) (Port, error)
}

// Mode is rate and framing of a line.
type Mode struct {
	Baud     int      // bits per second, above 0
	DataBits DataBits // 0: eight
	Parity   Parity
	StopBits StopBits // 0: one
}

// DataBits is the number of data bits of a character, 7 or 8; 0 stands for 8.
type DataBits uint8

// Parity is the parity of a line.
type Parity uint8

// Parities.
const (
	ParityNone Parity = iota
	ParityEven
	ParityOdd
)

// StopBits is the number of stop bits, 1 or 2; 0 stands for 1.
type StopBits uint8

// Bits returns how many bit times one character takes: start, data, parity and stop.
func (m Mode) Bits() int {
	n := 1 + 8 + 1
	if m.DataBits == 7 {
		n--
	}
	if m.Parity != ParityNone {
		n++
	}
	if m.StopBits == 2 {
		n++
	}
	return n
}

// Wire returns how long n characters take on the line. It is 0 for a mode without
// a rate.
func (m Mode) Wire(n int) time.Duration {
	if m.Baud <= 0 {
		return 0
	}
	return time.Duration(int64(n) * int64(m.Bits()) * int64(time.Second) / int64(m.Baud))
}

// Level tells what to do with one output line.
type Level uint8

// Levels. Keep leaves the line as it is.
const (
	Keep Level = iota
	On
	Off
)

// Signals are the output lines of a port. On means asserted: a DTR or RTS pin
// goes low on the usual USB adapters.
type Signals struct {
	DTR, RTS, Break Level
}

// Info tells what is known of an adapter.
type Info struct {
	VendorID, ProductID uint16 // USB ids; 0 where there are none
	Name                string // for people; may be empty. Hostile: show as text only
	Key                 string // stable across replug where it can be; for remembered settings
}

// Errors of a Port. They may be wrapped.
var (
	ErrClosed = errors.New("serial: port is closed")
	ErrLost   = errors.New("serial: device was unplugged")
)

// OpenReason tells why a port did not open.
type OpenReason uint8

// Reasons.
const (
	OpenFailed OpenReason = iota // for a reason the platform does not tell
	OpenBusy                     // another program or tab holds it
	OpenDenied                   // no permission
	OpenLost                     // it is no longer there
	OpenMode                     // the adapter cannot do the asked mode
)

func (r OpenReason) String() string {
	switch r {
	case OpenBusy:
		return "busy"
	case OpenDenied:
		return "permission denied"
	case OpenLost:
		return "not plugged in"
	case OpenMode:
		return "mode not supported"
	}
	return "failed"
}

// OpenError tells why a port did not open. It matches ErrLost where the adapter is
// gone.
type OpenError struct {
	Reason OpenReason
	Info   Info
	Err    error // what the platform said; may be nil
}

func (e *OpenError) Error() string {
	text := "serial: open: " + e.Reason.String()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what the platform said.
func (e *OpenError) Unwrap() error { return e.Err }

// Is makes an adapter that is gone match ErrLost.
func (e *OpenError) Is(target error) bool { return target == ErrLost && e.Reason == OpenLost }
