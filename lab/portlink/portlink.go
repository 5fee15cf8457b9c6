// Package portlink gives a serial.Adapter to a page over a channel of messages: the
// far end of web/remote.js. Bytes on the channel are the line's bytes, text is a
// small JSON object. A channel serves one port, from its opening to its end.
package portlink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"ncpweb/serial"
)

// Conn is a channel of messages. One goroutine receives while others send.
type Conn interface {
	// Receive waits for the next message. text tells a JSON object from bytes.
	Receive(ctx context.Context) (message []byte, text bool, err error)
	// SendText and SendBytes send one message; it is the channel's own afterwards.
	SendText(ctx context.Context, message []byte) error
	SendBytes(ctx context.Context, message []byte) error
}

// request is what the page asks for.
type request struct {
	Op     string `json:"op"` // open, signals, close
	ID     int    `json:"id"`
	Baud   int    `json:"baud"`
	Bits   int    `json:"bits"`
	Parity string `json:"parity"`
	Stop   int    `json:"stop"`
	DTR    *bool  `json:"dtr"`
	RTS    *bool  `json:"rts"`
	Break  *bool  `json:"brk"`
}

// reply is what the page is told.
type reply struct {
	Op      string `json:"op"` // done, wrote
	ID      int    `json:"id,omitempty"`
	Error   string `json:"error,omitempty"` // name of a DOMException
	Message string `json:"message,omitempty"`
}

// readSize is how much one message to the page holds at most, in bytes.
const readSize = 32 << 10

// maxWrites is how many messages of bytes may wait for the line. A page waits for
// each to be taken; more is not a page.
const maxWrites = 64

// drainTimeout bounds how long a close waits for a line that does not move.
const drainTimeout = 500 * time.Millisecond

// ErrFlood ends a link whose page does not wait for its writes.
var ErrFlood = errors.New("portlink: too many writes at once")

// link is the state of one channel.
type link struct {
	conn    Conn
	adapter serial.Adapter
	cancel  context.CancelCauseFunc
	writes  chan []byte
	work    sync.WaitGroup

	mu   sync.Mutex
	port serial.Port // nil while closed
	mode serial.Mode // of port
}

// Serve serves one channel until it ends, ctx ends, or the device is lost, which is
// told to the page. The port is closed when it returns. The error is serial.ErrLost
// where the device was lost, and that of the channel otherwise.
func Serve(ctx context.Context, c Conn, a serial.Adapter) error {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &link{conn: c, adapter: a, cancel: cancel, writes: make(chan []byte, maxWrites)}
	l.work.Go(func() { l.write(ctx) })
	err := l.receive(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(err)
	l.close()
	l.work.Wait()
	return err
}

// Lost tells the page that the device was unplugged. Serve does so by itself where
// the port says it; a port that is not open says nothing.
func Lost(ctx context.Context, c Conn) error {
	return c.SendText(ctx, []byte(`{"op":"lost"}`))
}

// receive takes messages until the channel ends.
func (l *link) receive(ctx context.Context) error {
	for {
		message, text, err := l.conn.Receive(ctx)
		if err != nil {
			return err
		}
		if !text {
			select {
			case l.writes <- message:
				continue
			default:
				return ErrFlood
			}
		}
		var r request
		if err := json.Unmarshal(message, &r); err != nil {
			return fmt.Errorf("portlink: %w", err)
		}
		name, why := l.serve(ctx, &r)
		if err := l.send(ctx, reply{Op: "done", ID: r.ID, Error: name, Message: why}); err != nil {
			return err
		}
	}
}

// serve does what the page asks. It returns the name and message of the exception
// that the page's promise rejects with.
func (l *link) serve(ctx context.Context, r *request) (name, message string) {
	var err error
	switch r.Op {
	case "open":
		err = l.open(ctx, r)
	case "signals":
		err = l.signals(ctx, r)
	case "close":
		l.drain(ctx)
		l.close()
	default:
		return "NotSupportedError", "unknown request"
	}
	if err == nil {
		return "", ""
	}
	return exceptionName(err), err.Error()
}

func (l *link) open(ctx context.Context, r *request) error {
	m, err := r.mode()
	if err != nil {
		return err
	}
	l.mu.Lock()
	open := l.port != nil
	l.mu.Unlock()
	if open {
		return &serial.OpenError{Reason: serial.OpenBusy}
	}
	p, err := l.adapter.Open(ctx, m)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.port, l.mode = p, m
	l.mu.Unlock()
	l.work.Go(func() { l.read(ctx, p) })
	return nil
}

func (l *link) signals(ctx context.Context, r *request) error {
	p := l.present()
	if p == nil {
		return serial.ErrClosed
	}
	return p.SetSignals(ctx, serial.Signals{DTR: level(r.DTR), RTS: level(r.RTS), Break: level(r.Break)})
}

// drain lets what the page wrote leave before a close, as browsers do: the page may be
// about to change the rate. An adapter empties its buffer before it sets a mode.
func (l *link) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	l.mu.Lock()
	p, m := l.port, l.mode
	l.mu.Unlock()
	if p != nil {
		p.SetMode(ctx, m) // a line that does not move is closed all the same
	}
}

func (l *link) close() {
	l.mu.Lock()
	p := l.port
	l.port = nil
	l.mu.Unlock()
	if p != nil {
		p.Close()
	}
}

func (l *link) present() serial.Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.port
}

// read hands over what comes, each chunk at once, until the port ends.
func (l *link) read(ctx context.Context, p serial.Port) {
	buf := make([]byte, readSize)
	for {
		n, err := p.Read(buf)
		if n > 0 {
			if err := l.conn.SendBytes(ctx, bytes.Clone(buf[:n])); err != nil {
				l.cancel(err)
				return
			}
		}
		if err != nil {
			l.ended(ctx, err)
			return
		}
	}
}

// write hands what the page wrote to the port, in order.
func (l *link) write(ctx context.Context) {
	for {
		select {
		case b := <-l.writes:
			if p := l.present(); p != nil {
				if _, err := p.Write(b); err != nil {
					l.ended(ctx, err)
				}
			}
			if err := l.send(ctx, reply{Op: "wrote"}); err != nil {
				l.cancel(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// ended ends the link when the device is lost; a port that the page closed is fine.
func (l *link) ended(ctx context.Context, err error) {
	if errors.Is(err, serial.ErrClosed) {
		return
	}
	Lost(ctx, l.conn)
	l.cancel(err)
}

func (l *link) send(ctx context.Context, r reply) error {
	message, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return l.conn.SendText(ctx, message)
}

// mode reads the mode of an open request.
func (r *request) mode() (serial.Mode, error) {
	m := serial.Mode{Baud: r.Baud, DataBits: serial.DataBits(r.Bits), StopBits: serial.StopBits(r.Stop)}
	switch r.Parity {
	case "", "none":
	case "even":
		m.Parity = serial.ParityEven
	case "odd":
		m.Parity = serial.ParityOdd
	default:
		return m, &serial.OpenError{Reason: serial.OpenMode}
	}
	if r.Baud <= 0 || r.Bits < 7 || r.Bits > 8 || r.Stop < 1 || r.Stop > 2 {
		return m, &serial.OpenError{Reason: serial.OpenMode}
	}
	return m, nil
}

// level reads a line of a signals request; an absent one stays.
func level(on *bool) serial.Level {
	switch {
	case on == nil:
		return serial.Keep
	case *on:
		return serial.On
	}
	return serial.Off
}

// exceptionName is what a browser would reject with. Chromium tells a busy port by a
// NetworkError.
func exceptionName(err error) string {
	var open *serial.OpenError
	if errors.As(err, &open) {
		switch open.Reason {
		case serial.OpenBusy:
			return "NetworkError"
		case serial.OpenDenied:
			return "SecurityError"
		case serial.OpenLost:
			return "NotFoundError"
		case serial.OpenMode:
			return "NotSupportedError"
		}
		return "UnknownError"
	}
	if errors.Is(err, serial.ErrClosed) {
		return "InvalidStateError"
	}
	return "NetworkError"
}
