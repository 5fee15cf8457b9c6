package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

const (
	// firstID is before the message id of our first call. An MCU counts from 1, so an
	// answer to one of its calls is not taken for one to ours.
	firstID = 0x7A00
	// patience is how long a call waits beyond the time of its bytes: the protocol's
	// 100 ms of a ping and what USB adapters hold back (16 ms).
	patience = 120 * time.Millisecond
)

// line is the port, the rate it has, and what is heard on it. Everything runs on the
// goroutine of Run: it speaks, then listens.
type line struct {
	port serial.Port
	dec  *frame.Decoder
	ears []*ear // one for each rate
	ear  *ear   // that of the present rate
	id   uint16 // of our last call

	await   bool // a call waits for the RESULT with id
	answer  []byte
	answers bool // answer is there
	reply   []byte
	buf     [1024]byte
}

func newLine() *line {
	l := &line{id: firstID}
	l.dec = frame.NewDecoder(0, l.found)
	return l
}

// at goes to a rate. It is false where the adapter does not make it.
func (l *line) at(ctx context.Context, baud int) (bool, error) {
	if l.ear != nil && l.ear.Baud == baud {
		return true, nil
	}
	e := l.earAt(baud)
	if e.Refused {
		return false, nil
	}
	err := l.port.SetMode(ctx, serial.Mode{Baud: baud})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return false, err
	default:
		e.Refused = true
		return false, nil
	}
	l.dec.Reset()
	l.ear = e
	return true, nil
}

func (l *line) earAt(baud int) *ear {
	for _, e := range l.ears {
		if e.Baud == baud {
			return e
		}
	}
	e := &ear{Rate: Rate{Baud: baud}}
	l.ears = append(l.ears, e)
	return e
}

// listen hears for d, or until enough says so.
func (l *line) listen(ctx context.Context, d time.Duration, enough func() bool) error {
	began := time.Now()
	ear := l.ear
	defer func() { ear.Listened += time.Since(began) }()
	if err := l.port.SetReadDeadline(began.Add(d)); err != nil {
		return err
	}
	for {
		if ctx.Err() != nil { // behind SetReadDeadline: that of the end must not be undone
			return ctx.Err()
		}
		n, err := l.port.Read(l.buf[:])
		if n > 0 {
			l.hear(l.buf[:n])
			if err := l.answerPeer(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ctx.Err()
		case err != nil:
			return err
		case enough != nil && enough():
			return nil
		case time.Since(began) >= d: // a flood never lets the deadline through
			return nil
		}
	}
}

func (l *line) hear(p []byte) {
	l.ear.hear(p)
	l.dec.Write(p)
}

// found takes what the decoder finds.
func (l *line) found(k frame.Kind, p []byte) {
	switch k {
	case frame.Payload:
		l.ear.Good++
		l.ear.framed += len(p) + 3
		l.message(p)
	case frame.BadCRC:
		l.ear.Bad++
		l.spoiled(p)
	case frame.Cut, frame.Oversize:
		l.ear.Cut++
	}
}

// message sorts a message of a good frame.
func (l *line) message(p []byte) {
	e := l.ear
	if len(p) < 4 {
		return
	}
	op, word := rpc.Op(u16(p)), u16(p[2:])
	switch op {
	case rpc.OpResult:
		switch {
		case l.await && word == l.id && len(p) >= 5:
			l.answer, l.answers = append(l.answer[:0], p[4:]...), true
		case word-firstID > l.id-firstID || word == firstID: // not one of ours, though late
			e.unasked++
		}
	case rpc.OpInvoke, rpc.OpOneway:
		l.request(op, word, p)
	}
}

// request sorts a call: one of our own that came back, one for an NCP, one of an NCP.
func (l *line) request(op rpc.Op, uid uint16, p []byte) {
	e := l.ear
	toNCP := ncp.Hosts(ncp.SideNCP, uid)
	if op == rpc.OpInvoke && len(p) >= 6 {
		id := u16(p[4:])
		switch {
		case toNCP && id-firstID <= l.id-firstID && id != firstID:
			e.echoes++
			return
		case uid == ncp.UIDMcuPing:
			l.reply = result(l.reply, id)
		}
	}
	switch {
	case toNCP:
		e.foreign++
	case ncp.Hosts(ncp.SideMCU, uid):
		e.asksUs++
	}
}

// spoiled compares a broken frame with the answer that we wait for: the bits that
// differ tell whether zeros or ones get lost.
func (l *line) spoiled(content []byte) {
	if !l.await {
		return
	}
	want := make([]byte, 0, 6)
	want = append16(want, uint16(rpc.OpResult))
	want = append16(want, l.id)
	want = append(want, byte(rpc.StatusOK))
	want = append(want, frame.CRC8(want))
	l.ear.bits.compare(content, want)
}

// answerPeer answers pings of an NCP: it restarts otherwise, in the middle of the
// examination.
func (l *line) answerPeer() error {
	if len(l.reply) == 0 {
		return nil
	}
	p := l.reply
	l.reply = nil
	_, err := l.port.Write(p)
	return err
}

// result appends the frame of a RESULT without outputs. What waits is bounded.
func result(dst []byte, id uint16) []byte {
	if len(dst) > 256 {
		return dst
	}
	m := append16(nil, uint16(rpc.OpResult))
	m = append16(m, id)
	return frame.Append(dst, append(m, byte(rpc.StatusOK)))
}

// InvokeFor implements rpc.Caller for the typed client.
func (l *line) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	if timeout == 0 {
		timeout = rpc.DefaultTimeout
	}
	l.id++
	m := append16(make([]byte, 0, 6+len(args)), uint16(rpc.OpInvoke))
	m = append16(m, uid)
	m = append16(m, l.id)
	// The zero and END wake a decoder that noise has left inside a frame (as ncp/link
	// does); outside a frame both are skipped.
	out := frame.Append([]byte{0, frame.END}, append(m, args...))
	l.await, l.answers = true, false
	defer func() { l.await = false }()
	if _, err := l.port.Write(out); err != nil {
		return nil, err
	}
	wait := timeout + serial.Mode{Baud: l.ear.Baud}.Wire(len(out)+frame.MaxSize(8))
	err := l.listen(ctx, wait, func() bool { return l.answers })
	switch {
	case !l.answers && err != nil:
		return nil, err
	case !l.answers:
		return nil, rpc.ErrTimeout
	case rpc.Status(l.answer[0]) != rpc.StatusOK:
		return nil, rpc.Status(l.answer[0])
	}
	return bytes.Clone(l.answer[1:]), nil
}

// Notify implements rpc.Caller; nothing here sends a ONEWAY.
func (l *line) Notify(context.Context, uint16, []byte) error { return errors.ErrUnsupported }

// ping asks for a sign of life with extra bytes behind the call, which an NCP ignores.
// An error is one of the line or of ctx.
func (l *line) ping(ctx context.Context, extra []byte) (bool, error) {
	l.ear.Pings++
	_, err := l.InvokeFor(ctx, patience, ncp.UIDNcpPing, extra)
	var status rpc.Status
	switch {
	case err == nil, errors.As(err, &status):
		l.ear.Answers++
		return true, nil
	case errors.Is(err, rpc.ErrTimeout):
		return false, nil
	}
	return false, err
}

// tell writes bytes as they are and listens for the answer.
func (l *line) tell(ctx context.Context, p []byte, d time.Duration, enough func() bool) error {
	if _, err := l.port.Write(p); err != nil {
		return err
	}
	return l.listen(ctx, d, enough)
}

// u16 and append16 are the little-endian numbers of the protocol; encoding/binary would
// bring reflect into the page's program.
func u16(p []byte) uint16 { return uint16(p[0]) | uint16(p[1])<<8 }

func append16(p []byte, v uint16) []byte { return append(p, byte(v), byte(v>>8)) }
