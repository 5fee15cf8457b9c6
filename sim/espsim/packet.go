package espsim

import "encoding/binary"

// Opcodes (sheet, section 6).
const (
	opFlashBegin    = 0x02
	opFlashData     = 0x03
	opFlashEnd      = 0x04
	opMemBegin      = 0x05
	opMemEnd        = 0x06
	opMemData       = 0x07
	opSync          = 0x08
	opWriteReg      = 0x09
	opReadReg       = 0x0A
	opSPISetParams  = 0x0B
	opSPIAttach     = 0x0D
	opReadFlashSlow = 0x0E
	opChangeBaud    = 0x0F
	opDeflBegin     = 0x10
	opDeflData      = 0x11
	opDeflEnd       = 0x12
	opMD5           = 0x13
	opSecurityInfo  = 0x14
	opEraseFlash    = 0xD0
	opEraseRegion   = 0xD1
	opReadFlash     = 0xD2
	opRunUserCode   = 0xD3
)

// SLIP (sheet, section 4).
const (
	slipEnd    = 0xC0
	slipEsc    = 0xDB
	slipEscEnd = 0xDC
	slipEscEsc = 0xDD
)

// framed appends the SLIP frame of a packet.
func framed(out, packet []byte) []byte {
	out = append(out, slipEnd)
	for _, c := range packet {
		switch c {
		case slipEnd:
			out = append(out, slipEsc, slipEscEnd)
		case slipEsc:
			out = append(out, slipEsc, slipEscEsc)
		default:
			out = append(out, c)
		}
	}
	return append(out, slipEnd)
}

// unslip takes frames out of a stream. As strict it is the stub's decoder: each
// delimiter toggles between inside and outside, so that a stray one makes it deaf to
// all frames that follow. Otherwise it is the ROM's: an empty frame is a beginning.
type unslip struct {
	strict bool
	max    int

	buf         []byte
	inside, esc bool
	bad         bool // the frame has a bad escape or is too long: dropped without a word
	dropped     int  // frames of that kind
}

// put takes a byte. It tells whether a frame is complete in buf.
func (d *unslip) put(c byte) bool {
	switch {
	case !d.inside:
		if c == slipEnd {
			d.buf, d.inside, d.esc, d.bad = d.buf[:0], true, false, false
		}
	case c == slipEnd:
		return d.end()
	case d.bad:
	case d.esc:
		d.esc = false
		switch c {
		case slipEscEnd:
			d.add(slipEnd)
		case slipEscEsc:
			d.add(slipEsc)
		default:
			d.bad = true
		}
	case c == slipEsc:
		d.esc = true
	default:
		d.add(c)
	}
	return false
}

func (d *unslip) end() bool {
	if len(d.buf) == 0 && !d.bad && !d.esc {
		d.inside = !d.strict
		return false
	}
	d.inside = false
	if d.bad || d.esc {
		d.dropped++
		return false
	}
	return true
}

func (d *unslip) add(c byte) {
	if len(d.buf) >= d.max {
		d.bad = true
		return
	}
	d.buf = append(d.buf, c)
}

// request is a command.
type request struct {
	op   byte
	sum  byte
	data []byte
}

// parseRequest takes a frame apart. ok is false for what is no request at all, and sound
// for one whose length is right.
func parseRequest(f []byte) (r request, ok, sound bool) {
	if len(f) < 8 || f[0] != 0 {
		return request{}, false, false
	}
	r = request{op: f[1], sum: f[4], data: f[8:]}
	return r, true, int(binary.LittleEndian.Uint16(f[2:])) == len(r.data)
}

// word is the i-th 32-bit word of the data.
func (r *request) word(i int) uint32 { return binary.LittleEndian.Uint32(r.data[4*i:]) }

// block is the payload of a *_DATA command, nil where its lengths do not agree.
func (r *request) block() []byte {
	if len(r.data) < 16 || uint64(r.word(0)) != uint64(len(r.data)-16) {
		return nil
	}
	return r.data[16:]
}

// sumOK tells whether the checksum of a block is right.
func (r *request) sumOK(block []byte) bool {
	sum := byte(0xEF)
	for _, c := range block {
		sum ^= c
	}
	return sum == r.sum
}

// response makes a reply packet.
func response(op byte, value uint32, body ...byte) []byte {
	p := make([]byte, 8, 8+len(body))
	p[0], p[1] = 1, op
	binary.LittleEndian.PutUint16(p[2:], uint16(len(body)))
	binary.LittleEndian.PutUint32(p[4:], value)
	return append(p, body...)
}

func le32(v ...uint32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}
