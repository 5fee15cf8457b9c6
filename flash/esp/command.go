package esp

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
	"ncpweb/slip"
)

// Commands (section 6 of the sheet).
const (
	opFlashBegin     = 0x02
	opFlashData      = 0x03
	opFlashEnd       = 0x04
	opMemBegin       = 0x05
	opMemEnd         = 0x06
	opMemData        = 0x07
	opSync           = 0x08
	opWriteReg       = 0x09
	opReadReg        = 0x0A
	opSetParams      = 0x0B
	opAttach         = 0x0D
	opReadSlow       = 0x0E
	opChangeRate     = 0x0F
	opFlashDeflBegin = 0x10
	opFlashDeflData  = 0x11
	opFlashDeflEnd   = 0x12
	opMD5            = 0x13
	opSecurityInfo   = 0x14
	opEraseFlash     = 0xD0
	opEraseRegion    = 0xD1
	opReadFlash      = 0xD2
)

// Sizes of blocks (section 9).
const (
	romBlock  = 0x400
	stubBlock = 0x4000
	otgBlock  = 0x800  // of everything, over USB-OTG
	ramBlock  = 0x1800 // MEM_DATA
)

// usual is how long a reply may take to a command that does no work (section 13).
const usual = 3 * time.Second

const (
	head        = 8 // bytes before the body of a request or a reply
	unsupported = 5 // code of ROM: it does not know the command
	burst       = 8 // how often it says so
	romChecksum = 7 // code of ROM: a block came damaged
)

// command is one request.
type command struct {
	op    byte
	data  [][]byte      // the body, in parts
	sum   byte          // of the *_DATA commands: checksum of their bytes
	limit time.Duration // for the reply; 0: usual
	want  int           // bytes of the reply before its status
	more  int           // as want, where the reply is so long; 0: it is always want
	name  string        // for errors; empty: that of op
	phase flash.Phase
}

// reply is the answer to a command.
type reply struct {
	value uint32
	body  []byte // want bytes; valid until the next command
}

// statusError tells that the loader refused a command.
type statusError struct {
	op         byte // of the command that was refused; after a stub's *_DATA maybe the one before it
	flag, code byte // as they came
}

func (e *statusError) Error() string {
	s := opName(e.op) + " refused: " + statusName(e.flag, e.code)
	return s + " (" + hex(uint32(e.flag), 2) + " " + hex(uint32(e.code), 2) + ")"
}

// number returns the code: the second byte of ROM, the first of the stub.
func (e *statusError) number() byte {
	if e.flag >= 0xC0 {
		return e.flag
	}
	return e.code
}

// checksum continues the sum of *_DATA commands; it begins with 0xEF.
func checksum(sum byte, data []byte) byte {
	for _, b := range data {
		sum ^= b
	}
	return sum
}

// frameOf appends the SLIP frame of a request.
func frameOf(dst []byte, op byte, sum byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	var h [head]byte
	h[1] = op
	binary.LittleEndian.PutUint16(h[2:], uint16(n))
	h[4] = sum
	switch len(parts) { // the usual cases without a slice of their own
	case 0:
		return slip.Append(dst, h[:])
	case 1:
		return slip.Append(dst, h[:], parts[0])
	case 2:
		return slip.Append(dst, h[:], parts[0], parts[1])
	}
	return slip.Append(dst, append([][]byte{h[:]}, parts...)...)
}

// words returns numbers as they are on the wire.
func words(n ...uint32) []byte {
	b := make([]byte, 0, 4*len(n))
	for _, w := range n {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// command sends one request and returns its reply. Errors are *flash.Error; one that
// the loader answered with wraps a *statusError.
func (l *loader) command(ctx context.Context, c command) (reply, error) {
	if err := l.send(ctx, frameOf(nil, c.op, c.sum, c.data...)); err != nil {
		return reply{}, l.fail(c.title(), c.phase, err)
	}
	return l.await(ctx, c)
}

// answer waits for the reply to op, whose frame was sent before.
func (l *loader) answer(ctx context.Context, op byte, limit time.Duration, want int) (reply, error) {
	return l.await(ctx, command{op: op, limit: limit, want: want})
}

// await waits for the reply to c.
func (l *loader) await(ctx context.Context, c command) (reply, error) {
	defer l.watch(ctx)()
	limit := c.limit
	if limit == 0 {
		limit = usual
	}
	budget, until := maxNoise, time.Now().Add(limit)
	for {
		p, err := l.next(ctx, until, &budget)
		if err != nil {
			return reply{}, l.fail(c.title(), c.phase, err)
		}
		r, op, status, ok := parseReply(p, c.want, c.more)
		if !ok {
			l.print(p)
			continue
		}
		unknown := !l.stub && status.flag != 0 && status.flag < 0xC0 && status.code == unsupported
		if op != c.op && !unknown {
			continue // a reply that came late
		}
		if unknown {
			l.drain(ctx)
		}
		if status.flag != 0 {
			return reply{}, l.fail(c.title(), c.phase, &statusError{c.op, status.flag, status.code})
		}
		return r, nil
	}
}

// drain reads the rest of the burst with which ROM says that it does not know a
// command: seven more frames, or what comes before a short quiet.
func (l *loader) drain(ctx context.Context) {
	const quiet, all = 60 * time.Millisecond, 400 * time.Millisecond
	budget, end := maxNoise, time.Now().Add(all)
	for range burst - 1 {
		until := time.Now().Add(quiet)
		if end.Before(until) {
			until = end
		}
		if _, err := l.next(ctx, until, &budget); err != nil {
			return // whatever it is, the next command meets it again
		}
	}
}

// parseReply reads a packet as the reply to a command whose reply has want bytes
// before its status, or more where it is long enough. ok is false for what is no reply.
func parseReply(p []byte, want, more int) (r reply, op byte, status statusError, ok bool) {
	if len(p) < head+2 || p[0] != 1 {
		return r, 0, status, false
	}
	body := p[head:]
	if n := int(binary.LittleEndian.Uint16(p[2:])); n < len(body) {
		body = body[:n]
	}
	if len(body) < 2 {
		return r, 0, status, false
	}
	op = p[1]
	r.value = binary.LittleEndian.Uint32(p[4:])
	if more > 0 && len(body) >= more+2 {
		want = more
	}
	if len(body) < want+2 { // an error comes without the payload
		status = statusError{op, body[0], body[1]}
		if status.flag == 0 {
			return r, 0, status, false
		}
		return r, op, status, true
	}
	r.body = body[:want]
	return r, op, statusError{op, body[want], body[want+1]}, true
}

// readReg reads one word of the chip's memory.
func (l *loader) readReg(ctx context.Context, addr uint32) (uint32, error) {
	r, err := l.command(ctx, command{op: opReadReg, data: [][]byte{words(addr)}})
	return r.value, err
}

// write is one entry of WRITE_REG.
type write struct {
	addr, value uint32
	mask        uint32        // 0: all bits
	wait        time.Duration // afterwards, in the chip; microseconds
}

// writeRegs writes words of the chip's memory, in one command.
func (l *loader) writeRegs(ctx context.Context, list ...write) error {
	body := make([]byte, 0, 16*len(list))
	for _, w := range list {
		if w.mask == 0 {
			w.mask = 0xFFFFFFFF
		}
		body = append(body, words(w.addr, w.value, w.mask, uint32(w.wait.Microseconds()))...)
	}
	_, err := l.command(ctx, command{op: opWriteReg, data: [][]byte{body}})
	return err
}

// fail makes err, whatever it is, a *flash.Error.
func (l *loader) fail(op string, p flash.Phase, err error) error {
	var e *flash.Error
	if errors.As(err, &e) {
		return err
	}
	f := &flash.Error{Op: op, Phase: p, Err: err}
	var refused *statusError
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		f.Code = flash.CodeCanceled
	case errors.Is(err, serial.ErrLost):
		f.Code = flash.CodeLost
	case errors.As(err, &refused):
		f.Code = flash.CodeRefused
	case err == errSilent:
		f.Code = flash.CodeTimeout
		f.Detail = l.said()
	case err == errNoise:
		f.Code = flash.CodeGarbled
	default:
		f.Code = flash.CodePort
	}
	return f
}

// said returns the end of what the chip printed instead of an answer.
func (l *loader) said() string {
	const most = 400
	text := l.printed
	if p := l.decoder.Pending(); len(p) > 0 {
		text = append(text[:len(text):len(text)], p...)
	}
	return string(text[max(0, len(text)-most):])
}

// code returns the Code of an error, 0 for what has none.
func code(err error) flash.Code {
	var e *flash.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func (c *command) title() string {
	if c.name != "" {
		return c.name
	}
	return opName(c.op)
}

// opName returns the name of a command, for logs.
func opName(op byte) string {
	switch op {
	case opFlashBegin:
		return "FLASH_BEGIN"
	case opFlashData:
		return "FLASH_DATA"
	case opFlashEnd:
		return "FLASH_END"
	case opMemBegin:
		return "MEM_BEGIN"
	case opMemEnd:
		return "MEM_END"
	case opMemData:
		return "MEM_DATA"
	case opSync:
		return "SYNC"
	case opWriteReg:
		return "WRITE_REG"
	case opReadReg:
		return "READ_REG"
	case opSetParams:
		return "SPI_SET_PARAMS"
	case opAttach:
		return "SPI_ATTACH"
	case opReadSlow:
		return "READ_FLASH_SLOW"
	case opChangeRate:
		return "CHANGE_BAUDRATE"
	case opFlashDeflBegin:
		return "FLASH_DEFL_BEGIN"
	case opFlashDeflData:
		return "FLASH_DEFL_DATA"
	case opFlashDeflEnd:
		return "FLASH_DEFL_END"
	case opMD5:
		return "SPI_FLASH_MD5"
	case opSecurityInfo:
		return "GET_SECURITY_INFO"
	case opEraseFlash:
		return "ERASE_FLASH"
	case opEraseRegion:
		return "ERASE_REGION"
	case opReadFlash:
		return "READ_FLASH"
	}
	return "command " + hex(uint32(op), 2)
}

// statusNames are the codes of ROM, and from C0 on those of the stub (section 17).
var statusNames = map[byte]string{
	0x00: "undefined", 0x01: "bad parameter", 0x02: "no memory", 0x03: "send failed",
	0x04: "receive failed", 0x05: "unknown command or bad message", 0x06: "wrong result",
	0x07: "checksum", 0x08: "flash write", 0x09: "flash read", 0x0A: "read length",
	0x0B: "inflate", 0x0C: "Adler-32", 0x0D: "deflate parameter", 0x0E: "RAM size",
	0x0F: "RAM address", 0x64: "invalid parameter", 0x65: "invalid format",
	0x66: "description too long", 0x67: "bad encoding", 0x69: "no storage",
	0xC0: "data length", 0xC1: "checksum", 0xC2: "block size", 0xC3: "unknown command",
	0xC4: "SPI operation", 0xC5: "SPI unlock", 0xC6: "not in flash mode", 0xC7: "inflate",
	0xC8: "not enough data", 0xC9: "too much data", 0xFF: "not implemented",
}

func statusName(flag, code byte) string {
	if flag >= 0xC0 {
		code = flag
	}
	if s := statusNames[code]; s != "" {
		return s
	}
	return "unknown code"
}

// hex returns n in at least digits hexadecimal digits.
func hex(n uint32, digits int) string {
	s := strconv.FormatUint(uint64(n), 16)
	for len(s) < digits {
		s = "0" + s
	}
	return s
}
