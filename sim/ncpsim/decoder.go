package ncpsim

// Bytes of the framing (protocol sheet, "UART and framing").
const (
	beg  = 0xAA
	end  = 0xBB
	esc  = 0xCC
	xon  = 0x11
	xoff = 0x13
)

// ringSize is the size of the deployed driver's receive ring, as its golden streams
// show it.
const ringSize = 32

// decoder finds frames as the deployed driver does, with its weaknesses: a BEG
// inside a frame is data, raw XON and XOFF are data, half a frame stays open for
// ever, and AA BB, a frame without CRC, takes a byte out of the ring that never was
// in it, so that 255 stale ones come out in front of the next frame. Where the
// driver would overrun its buffer, this one drops the frame.
type decoder struct {
	ring    [ringSize]byte
	in, out uint8 // free running counts of bytes put in and taken out

	inFrame, escaped bool

	msg    []byte
	max    int
	over   bool
	crc    uint8
	faults int // wrong CRC or too long
}

func newDecoder(size int) *decoder { return &decoder{max: size} }

// push takes one byte of the line. It returns the payload of the frame that ends with
// it; that is valid until the next push.
func (d *decoder) push(b byte) (payload []byte, ok bool) {
	switch {
	case !d.inFrame:
		if b == beg {
			d.inFrame, d.escaped = true, false
			d.msg, d.crc, d.over = d.msg[:0], 0, false
		}
	case d.escaped:
		d.escaped = false
		d.put(b ^ 0xFF)
	case b == esc:
		d.escaped = true
	case b == end:
		return d.finish()
	default:
		d.put(b)
	}
	return nil, false
}

func (d *decoder) pending() uint8 { return d.in - d.out }

func (d *decoder) put(b byte) {
	if d.pending() >= ringSize {
		for d.in != d.out {
			d.move()
		}
	}
	d.ring[d.in%ringSize] = b
	d.in++
}

func (d *decoder) take() byte {
	b := d.ring[d.out%ringSize]
	d.out++
	return b
}

// move takes a byte from the ring into the message.
func (d *decoder) move() {
	b := d.take()
	d.crc = crc8(d.crc, b)
	if len(d.msg) >= d.max {
		d.over = true
		return
	}
	d.msg = append(d.msg, b)
}

func (d *decoder) finish() ([]byte, bool) {
	d.inFrame = false
	for d.pending() > 1 {
		d.move()
	}
	if d.take() != d.crc || d.over {
		d.faults++
		return nil, false
	}
	return d.msg, true
}

// crc8 continues a CRC-8 (polynomial 07, not reflected) with one byte.
func crc8(crc, b uint8) uint8 {
	crc ^= b
	for range 8 {
		if crc&0x80 != 0 {
			crc = crc<<1 ^ 0x07
		} else {
			crc <<= 1
		}
	}
	return crc
}

// appendFrame appends the frame of a payload.
func appendFrame(dst, payload []byte) []byte {
	dst = append(dst, beg)
	var crc uint8
	for _, b := range payload {
		crc = crc8(crc, b)
		dst = appendEscaped(dst, b)
	}
	return append(appendEscaped(dst, crc), end)
}

func appendEscaped(dst []byte, b byte) []byte {
	switch b {
	case beg, end, esc, xon, xoff:
		return append(dst, esc, b^0xFF)
	}
	return append(dst, b)
}
