// Package sim is a simulated serial wire: bit times, USB latency, a receive FIFO,
// garbage when the two ends disagree about the rate, line faults, unplug and
// replug. One end is a serial.Adapter for the program under test, the other a UART
// for a simulated device. Time is package time, so that a test under
// testing/synctest runs a minute of wire in milliseconds, and cmd/lab runs the same
// device in real time.
package sim

import (
	"context"
	"io"
	"time"

	"ncpweb/serial"
)

// Device is a simulated device. Run is its life from power-on until ctx ends,
// which is power-off; it returns nil then. A device that restarts does so inside
// Run.
type Device interface {
	Run(ctx context.Context, u UART) error
}

// UART is the device's end of a wire. One goroutine may read while another one
// writes. Read and Write return io.EOF-free errors: serial.ErrClosed once the wire
// is closed for good. An unplugged wire is silence to the device, not an error.
type UART interface {
	// Read blocks until a byte was received. A full FIFO loses what comes next.
	// Write returns when the last bit has left.
	io.ReadWriter
	// SetReadDeadline bounds Read; os.ErrDeadlineExceeded then. The zero time: no bound.
	SetReadDeadline(t time.Time) error
	// SetMode changes the device's own rate and framing at once.
	SetMode(m serial.Mode) error
	// Lines returns the host's output lines as they are now.
	Lines() Lines
	// LinesChanged returns a channel that is closed at the next change of Lines.
	LinesChanged() <-chan struct{}
}

// Lines are the host's output lines. True means asserted.
type Lines struct {
	Open            bool // the host holds the port open
	DTR, RTS, Break bool
}

// Dir is a direction on the wire.
type Dir uint8

// Directions.
const (
	ToDevice Dir = iota
	ToHost
)

// Kind is a kind of fault.
type Kind uint8

// Faults. Each acts on the bytes of one direction from position At on.
const (
	Drop      Kind = iota // N bytes vanish; the line is idle for their time
	Flip                  // one bit in each of N bytes is inverted
	Duplicate             // each of N bytes comes twice in a row
	Insert                // N random bytes come before the byte At
	Stall                 // nothing moves for N milliseconds before the byte At
	Unplug                // the adapter is unplugged when the byte At would start
)

// Fault is one planned disturbance.
type Fault struct {
	Dir Dir
	// At is a position in the direction's byte count, from 0. The bytes counted are
	// those the sending end puts on the line, whether or not they arrive; inserted
	// and doubled ones are not counted. A position that has passed means the next byte.
	At   int64
	Kind Kind
	N    int // bytes, or milliseconds for Stall; 0 counts as 1
}

// WireOptions describe a wire. The zero value is a perfect one without latency.
type WireOptions struct {
	Info    serial.Info
	Latency time.Duration // USB: how long the adapter holds received bytes back; 1 ms and 16 ms are usual
	FIFO    int           // receive buffer of the device in bytes; 0: 4096
	Faults  []Fault
	// ErrorRate is the share of bytes, in both directions, that get one bit
	// inverted: 0.01 for one per cent. Seed makes it repeatable.
	ErrorRate float64
	Seed      uint64
	// Reopen is how long the host's close and open of a rate change takes; bytes
	// that arrive meanwhile are lost and the output lines drop, rise together and
	// return to what they were, as with Web Serial. 0: at once, lines untouched.
	Reopen time.Duration
	// MaxBaud is the fastest rate the adapter can make; 0: any.
	MaxBaud int
}
