package espsim

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"time"
)

// Status codes of the ROM (sheet, section 17).
const (
	romParameter   = 0x01
	romUnsupported = 0x05
	romResult      = 0x06
	romChecksum    = 0x07
	romWrite       = 0x08
	romReadLength  = 0x0A
	romDeflate     = 0x0B
	romRAMSize     = 0x0E
	romRAMAddress  = 0x0F
)

// Sizes of the ROM's loader.
const (
	romBlock    = 0x400  // of flash, the largest it takes
	romRAMBlock = 0x1800 // of RAM
	maxSlowRead = 64
	romFrame    = 8 + 16 + 0x4000 // longer ones are dropped
)

// syncValue is in the value field of the ROM's answers to SYNC (sheet, section 6.1).
const syncValue = 0x20120707

// answers is how many replies a SYNC and an unknown command get.
const answers = 8

// errStub ends the ROM's loader: the stub runs from here on.
var errStub = errors.New("espsim: the stub was started")

// rom is the loader in mask ROM. It does one thing at a time: what arrives meanwhile waits
// in the UART.
type rom struct {
	*life
	ctx    context.Context
	dec    unslip
	locked bool // the rate is found
	deaf   int  // SYNCs it will not understand
	ram    memory
	wr     *writing
}

func newROM(l *life) *rom {
	return &rom{life: l, dec: unslip{max: romFrame}, deaf: l.b.o.SyncsLost, ram: memory{c: l.b.chip}}
}

// serve listens until ctx ends or other code takes over.
func (r *rom) serve(ctx context.Context) error {
	r.ctx = ctx
	defer r.endWriting()
	r.b.setState(Download)
	r.dropUART() // it does not listen while it prints
	if err := r.autoBaud(true); err != nil {
		return err
	}
	err := r.listen()
	if !errors.Is(err, errStub) {
		return err
	}
	if r.b.o.StubFails || !r.ram.runs(r.ram.entry) {
		return r.crash(ctx)
	}
	return newStub(r).serve(ctx)
}

func (r *rom) listen() error {
	buf := make([]byte, 4096)
	for {
		n, err := r.read(r.ctx, buf)
		if err != nil {
			return err
		}
		for _, c := range buf[:n] {
			if !r.dec.put(c) {
				continue
			}
			if err := r.handle(r.dec.buf); err != nil {
				return err
			}
		}
	}
}

// crash is code that is none: nothing happens any more until a reset.
func (l *life) crash(ctx context.Context) error {
	l.b.setState(Crashed)
	<-ctx.Done()
	return ctx.Err()
}

// handle does one command.
func (r *rom) handle(frame []byte) error {
	q, ok, sound := parseRequest(frame)
	if !ok {
		r.b.count(func(s *Stats) { s.Ignored++ })
		return nil
	}
	if !r.locked {
		if q.op != opSync || !sound || len(q.data) != 36 {
			return nil // still looking for the rate
		}
		if r.deaf > 0 {
			r.deaf--
			return nil
		}
		if err := r.lock(); err != nil {
			return err
		}
	}
	r.b.count(func(s *Stats) { s.Commands[q.op]++ })
	if !sound || !r.has(q.op) {
		return r.unsupported()
	}
	return r.execute(&q)
}

// lock ends the search for the rate.
func (r *rom) lock() error {
	r.locked = true
	if r.b.o.Lines == USB {
		return nil
	}
	return r.autoBaud(false)
}

// has tells whether this chip's ROM has a command, and may do it.
func (r *rom) has(op byte) bool {
	c := r.b.chip
	if r.b.o.Secure.Download {
		switch op {
		case opSync, opSPIAttach, opSPISetParams, opChangeBaud, opFlashBegin, opFlashData, opFlashEnd:
			return true
		case opSecurityInfo:
			return c.hasSecurity
		}
		return false
	}
	switch op {
	case opFlashBegin, opFlashData, opFlashEnd, opMemBegin, opMemEnd, opMemData, opSync, opWriteReg, opReadReg:
		return true
	case opSPISetParams, opSPIAttach:
		return c.hasAttach
	case opReadFlashSlow:
		return c.hasSlowRead
	case opChangeBaud:
		return c.hasBaud
	case opDeflBegin, opDeflData, opDeflEnd:
		return c.hasDeflate
	case opMD5:
		return c.hasMD5
	case opSecurityInfo:
		return c.hasSecurity
	}
	return false
}

// unsupported is the burst that an unknown command gets. Its opcode is not known for
// sure; tools take 0.
func (r *rom) unsupported() error {
	r.b.count(func(s *Stats) { s.Refused++ })
	var out []byte
	for range answers {
		out = framed(out, response(0, 0, r.statusBytes(1, romUnsupported)...))
	}
	return r.write(r.ctx, out)
}

func (r *rom) statusBytes(flag, code byte) []byte {
	b := make([]byte, r.b.chip.status)
	b[0], b[1] = flag, code
	return b
}

// reply answers with a code, 0 for success, and a payload.
func (r *rom) reply(op byte, value uint32, code byte, payload ...byte) error {
	flag := byte(0)
	if code != 0 {
		flag, payload = 1, nil
		r.b.count(func(s *Stats) { s.Refused++ })
	}
	return r.write(r.ctx, framed(nil, response(op, value, append(payload, r.statusBytes(flag, code)...)...)))
}

func (r *rom) execute(q *request) error {
	switch q.op {
	case opSync:
		return r.sync()
	case opReadReg:
		if len(q.data) != 4 {
			return r.reply(q.op, 0, romParameter)
		}
		return r.reply(q.op, r.regs.read(q.word(0)), 0)
	case opWriteReg:
		return r.writeReg(q)
	case opMemBegin, opMemData, opMemEnd:
		return r.loadRAM(q)
	case opSPIAttach:
		if len(q.data) != 8 {
			return r.reply(q.op, 0, romParameter)
		}
		r.attached = true
		return r.reply(q.op, 0, 0)
	case opSPISetParams:
		if len(q.data) != 24 {
			return r.reply(q.op, 0, romParameter)
		}
		return r.reply(q.op, 0, 0)
	case opChangeBaud:
		return r.changeBaud(q)
	case opMD5:
		return r.digest(q)
	case opReadFlashSlow:
		return r.slowRead(q)
	case opSecurityInfo:
		return r.reply(q.op, 0, 0, r.securityInfo()...)
	}
	return r.flashCommand(q)
}

func (r *rom) sync() error {
	var out []byte
	for range answers {
		out = framed(out, response(opSync, syncValue, r.statusBytes(0, 0)...))
	}
	return r.write(r.ctx, out)
}

func (r *rom) writeReg(q *request) error {
	if len(q.data) == 0 || len(q.data)%16 != 0 {
		return r.reply(q.op, 0, romParameter)
	}
	if err := r.regs.writeAll(r.ctx, q); err != nil {
		return err
	}
	return r.reply(q.op, 0, 0)
}

// writeAll does all writes of a WRITE_REG.
func (r *regs) writeAll(ctx context.Context, q *request) error {
	for i := 0; i < len(q.data)/4; i += 4 {
		r.write(q.word(i), q.word(i+1), q.word(i+2))
		if !sleep(ctx, time.Duration(min(q.word(i+3), 1_000_000))*time.Microsecond) {
			return ctx.Err()
		}
	}
	return nil
}

func (r *rom) loadRAM(q *request) error {
	code := byte(0)
	switch q.op {
	case opMemBegin:
		code = r.ram.begin(q)
	case opMemData:
		code = r.ram.data(q)
	case opMemEnd:
		if len(q.data) != 8 {
			code = romParameter
			break
		}
		if q.word(0) != 0 {
			break
		}
		if r.b.o.Secure.Boot && r.b.o.Chip == ESP32S3 { // it runs nothing from RAM then
			code = romParameter
			break
		}
		r.ram.entry = q.word(1)
		if err := r.reply(q.op, 0, 0); err != nil {
			return err
		}
		if !r.ram.runs(r.ram.entry) {
			r.b.violation("MEM_END: nothing whole was loaded at the entry point")
		}
		return errStub
	}
	return r.reply(q.op, 0, code)
}

func (r *rom) changeBaud(q *request) error {
	if len(q.data) != 8 || q.word(0) == 0 || q.word(0) > 10_000_000 {
		return r.reply(q.op, 0, romParameter)
	}
	if err := r.reply(q.op, 0, 0); err != nil {
		return err
	}
	return r.setBaud(int(q.word(0)))
}

func (r *rom) digest(q *request) error {
	if len(q.data) != 16 || int64(q.word(0))+int64(q.word(1)) > int64(r.b.o.Size) {
		return r.reply(q.op, 0, romParameter)
	}
	sum, err := r.md5(r.ctx, q.word(0), q.word(1))
	if err != nil {
		return err
	}
	return r.reply(q.op, 0, 0, []byte(hex.EncodeToString(sum[:]))...)
}

// md5 takes the digest of a stretch of flash, in the time the chip needs.
func (l *life) md5(ctx context.Context, addr, n uint32) (sum [md5.Size]byte, err error) {
	if !sleep(ctx, perByte(int(n), l.b.chip.digest)) {
		return sum, ctx.Err()
	}
	if l.contact() {
		l.b.flash.view(func(mem []byte) { sum = md5.Sum(mem[addr : addr+n]) })
		return sum, nil
	}
	h := md5.New()
	blank := bytes.Repeat([]byte{0xFF}, 4096)
	for left := int(n); left > 0; left -= len(blank) {
		_, _ = h.Write(blank[:min(left, len(blank))])
	}
	return [md5.Size]byte(h.Sum(nil)), nil
}

func (r *rom) slowRead(q *request) error {
	if len(q.data) != 8 {
		return r.reply(q.op, 0, romParameter)
	}
	if q.word(1) > maxSlowRead {
		return r.reply(q.op, 0, romReadLength)
	}
	b := bytes.Repeat([]byte{0xFF}, maxSlowRead)
	if r.contact() {
		r.b.flash.read(q.word(0), b[:q.word(1)])
	}
	return r.reply(q.op, 0, 0, b...)
}

// securityInfo is the payload of GET_SECURITY_INFO (sheet, section 6.5).
func (l *life) securityInfo() []byte {
	s := l.b.o.Secure
	flags := flag(s.Boot) | flag(s.Download)<<2
	b := le32(flags)
	b = append(b, byte(flag(s.Encrypted)), 0, 0, 0, 0, 0, 0, 0)
	return append(b, le32(uint32(l.b.chip.id), 0)...)
}
