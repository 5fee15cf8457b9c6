package mcusim

// Bytes of the framing (protocol sheet, "UART and framing").
const (
	beg = 0xAA
	end = 0xBB
	esc = 0xCC
)

// decoder finds frames as the deployed driver does, weaknesses included: a BEG inside a
// frame is data, so that the frame behind one that was cut is lost too, and half a frame
// stays open for ever. Where the driver would overrun its buffer, this one drops the
// frame.
type decoder struct {
	in, escaped, over bool

	msg []byte // with the CRC
	max int
}

func newDecoder(size int) *decoder { return &decoder{max: size} }

// push takes one byte of the line. ended tells that a frame ends with it, and ok that it
// is good; payload is valid until the next push.
func (d *decoder) push(b byte) (payload []byte, ended, ok bool) {
	switch {
	case !d.in:
		if b == beg {
			*d = decoder{in: true, msg: d.msg[:0], max: d.max}
		}
	case d.escaped:
		d.escaped = false
		d.put(b ^ 0xFF)
	case b == esc:
		d.escaped = true
	case b == end:
		d.in = false
		n := len(d.msg) - 1
		if n < 0 || d.over || checksum(d.msg[:n]) != d.msg[n] {
			return nil, true, false
		}
		return d.msg[:n], true, true
	default:
		d.put(b)
	}
	return nil, false, false
}

func (d *decoder) put(b byte) {
	if len(d.msg) > d.max {
		d.over = true
		return
	}
	d.msg = append(d.msg, b)
}

// checksum is CRC-8 with polynomial 07, not reflected.
func checksum(p []byte) (crc byte) {
	for _, b := range p {
		crc ^= b
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
