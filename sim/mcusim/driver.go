package mcusim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"ncpweb/ncp/frame"
	"ncpweb/serial"
	"ncpweb/sim"
)

// Opcodes, statuses and methods (protocol sheet).
const (
	opInvoke = 0x67BC
	opResult = 0xA512
	opOneway = 0x1CF3

	statusOK       = 0x00
	statusArgsRead = 0x15

	uidPing        = 0x0101
	uidSetBaud     = 0x0201
	uidInitialize  = 0x0301
	uidFirmware    = 0x0304
	uidVersion     = 0x0305
	uidOTAStart    = 0x0341
	uidOTACRC32    = 0x0342
	uidOTAMD5      = 0x0343
	uidOTASHA256   = 0x0344
	uidOTAPrefetch = 0x0345
	uidOTASuspend  = 0x0346
	uidWrite       = 0x0311

	uidMCUPing     = 0x0181
	uidMCUReboot   = 0x0182
	uidMCUHasUID   = 0x0183
	uidStateChange = 0x0411
	uidPinChange   = 0x0412
	uidEvent       = 0x0421
	uidAvailable   = 0x0441
	uidChunk       = 0x0442
	uidFinish      = 0x0443
	uidCancel      = 0x0444
)

// errReset ends a life by the reset button, or by the firmware itself.
var errReset = errors.New("mcusim: reset")

// errSilent tells that the NCP did not answer in time.
var errSilent = errors.New("mcusim: no answer")

// life is an MCU on a UART. Like the driver, it does one thing at a time.
type life struct {
	m   *MCU
	u   sim.UART
	dec *decoder
	in  [][]byte // whole messages that came and were not looked at yet
	id  uint16   // of the last INVOKE
	buf [512]byte
}

func newLife(m *MCU, u sim.UART) *life { return &life{m: m, u: u, dec: newDecoder(m.o.Buffer)} }

// hear looks at what came.
func (l *life) hear(b []byte) {
	for _, b := range b {
		p, ended, ok := l.dec.push(b)
		if !ended {
			continue
		}
		l.m.mu.Lock()
		if ok {
			l.m.stats.Frames++
			l.in = append(l.in, bytes.Clone(p))
		} else {
			l.m.stats.BadFrames++
		}
		l.m.mu.Unlock()
	}
}

// listen waits until until for something to come, and hands over to the decoder what
// has. It returns early when the MCU is reset.
func (l *life) listen(ctx context.Context, until time.Time) error {
	stop := context.AfterFunc(ctx, func() { _ = l.u.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	// The reset button is looked at a few times a second.
	if limit := time.Now().Add(100 * time.Millisecond); limit.Before(until) {
		until = limit
	}
	if err := l.u.SetReadDeadline(until); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	n, err := l.u.Read(l.buf[:])
	l.hear(l.buf[:n])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.m.reset {
		return errReset
	}
	return nil
}

// pause lets time pass. What comes waits in the UART's buffer.
func (l *life) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-l.m.wake:
		return errReset
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next takes the next message, waiting for it until until.
func (l *life) next(ctx context.Context, until time.Time) ([]byte, error) {
	for len(l.in) == 0 {
		if !time.Now().Before(until) {
			return nil, errSilent
		}
		if err := l.listen(ctx, until); err != nil {
			return nil, err
		}
	}
	p := l.in[0]
	l.in = l.in[1:]
	return p, nil
}

// invoke calls the NCP and returns what follows the status of its RESULT. Calls of the
// NCP that come meanwhile are handled right there, and their time does not count; a
// RESULT for an outer call that comes then is thrown away.
func (l *life) invoke(ctx context.Context, uid uint16, timeout time.Duration, args []byte) ([]byte, error) {
	l.id++
	id := l.id
	le := binary.LittleEndian
	head := le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, opInvoke), uid), id)
	if err := l.send(append(head, args...)); err != nil {
		return nil, err
	}
	until := time.Now().Add(timeout)
	for {
		p, err := l.next(ctx, until)
		if err != nil {
			return nil, err
		}
		if len(p) >= 5 && le.Uint16(p) == opResult {
			if le.Uint16(p[2:]) != id {
				continue
			}
			if p[4] != statusOK {
				return nil, errSilent
			}
			return p[5:], nil
		}
		began := time.Now()
		if err := l.handle(ctx, p); err != nil {
			return nil, err
		}
		until = until.Add(time.Since(began))
	}
}

// yes calls a method that returns only whether it worked.
func (l *life) yes(ctx context.Context, uid uint16, timeout time.Duration, args []byte) (bool, error) {
	rets, err := l.invoke(ctx, uid, timeout, args)
	return err == nil && len(rets) == 1 && rets[0] != 0, err
}

// notify sends a ONEWAY.
func (l *life) notify(uid uint16, args []byte) error {
	le := binary.LittleEndian
	return l.send(append(le.AppendUint16(le.AppendUint16(nil, opOneway), uid), args...))
}

func (l *life) send(payload []byte) error {
	_, err := l.u.Write(frame.Append(nil, payload))
	return err
}

// reply answers an INVOKE.
func (l *life) reply(id uint16, status byte, rets ...byte) error {
	le := binary.LittleEndian
	head := append(le.AppendUint16(le.AppendUint16(nil, opResult), id), status)
	return l.send(append(head, rets...))
}

func (l *life) setBaud(baud int) error { return l.u.SetMode(serial.Mode{Baud: baud}) }

// text is a String on the wire.
func text(s ...string) []byte {
	var b []byte
	for _, s := range s {
		b = append(append(b, s...), 0)
	}
	return b
}

// args reads the arguments of a call. After a read beyond the end bad is set.
type args struct {
	b   []byte
	bad bool
}

func (a *args) take(n int) []byte {
	if a.bad || n > len(a.b) {
		a.bad = true
		return make([]byte, min(n, 8))
	}
	p := a.b[:n]
	a.b = a.b[n:]
	return p
}

func (a *args) u8() uint8   { return a.take(1)[0] }
func (a *args) u16() uint16 { return binary.LittleEndian.Uint16(a.take(2)) }
func (a *args) u32() uint32 { return binary.LittleEndian.Uint32(a.take(4)) }

func (a *args) bin() []byte {
	n := int(a.u16())
	if a.bad || n > len(a.b) {
		a.bad = true
		return nil
	}
	return a.take(n)
}

func (a *args) str() string {
	i := bytes.IndexByte(a.b, 0)
	if i < 0 {
		a.bad = true
		return ""
	}
	return string(a.take(i + 1)[:i])
}

func (a *args) clean() bool { return !a.bad && len(a.b) == 0 }
