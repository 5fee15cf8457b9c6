package frame

import "bytes"

// Kind tells what a Decoder found on the line.
type Kind uint8

// Kinds.
const (
	Payload  Kind = iota // a good frame: its payload
	Noise                // bytes outside frames, as they came
	BadCRC               // a frame with a wrong or no CRC: what was in it, CRC included
	Cut                  // a frame that ended in a new BEG, or by Flush: what there was of it
	Oversize             // a frame longer than the limit: what was taken of it
)

func (k Kind) String() string {
	switch k {
	case Payload:
		return "payload"
	case Noise:
		return "noise"
	case BadCRC:
		return "bad CRC"
	case Cut:
		return "cut"
	case Oversize:
		return "oversize"
	}
	return "unknown"
}

// Stats count what a Decoder found.
type Stats struct {
	Bytes      uint64 // of the line, all of them
	Frames     uint64 // good ones
	BadCRC     uint64
	Cut        uint64
	Oversize   uint64
	NoiseBytes uint64
}

// Decoder finds frames in a stream of bytes that comes in chunks of any size. What
// it finds does not depend on the chunks, except that noise is handed over chunk by
// chunk.
//
// It differs from deployed decoders in two ways, both on the safe side: a BEG always
// starts a frame anew, also right behind an ESC (no conforming sender puts one
// inside a frame), so that a cut frame does not cost the next one; and a frame that
// grows beyond the limit is dropped. Behind any other byte than BEG an ESC inverts,
// whether the sender had to escape or not. An ESC outside a frame means nothing.
//
// A stray BEG in a boot log opens a frame as well. What follows it is handed over as
// Cut at the next BEG or by Flush, as BadCRC at the next END, or as Oversize after limit
// bytes, whichever is first; after a Flush or an Oversize the Decoder is outside frames,
// and all that follows is Noise until the next BEG. So a log is delayed but never lost.
// Whether these bytes are text is for the receiver to judge.
type Decoder struct {
	found func(k Kind, p []byte)
	limit int // of buf: payload and CRC
	buf   []byte
	crc   byte // of the content so far, sent CRC included: 0 for a good frame
	open  bool // a BEG was seen
	esc   bool // the next byte is inverted
	stats Stats
}

// NewDecoder returns a Decoder that takes payloads of up to limit raw bytes; 0
// stands for DefaultLimit. It calls found for all that it finds, in the order of the
// line; p is valid during the call only, and found must not call Write.
func NewDecoder(limit int, found func(k Kind, p []byte)) *Decoder {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Decoder{found: found, limit: limit + 1, buf: make([]byte, 0, limit+1)}
}

// Write takes the next bytes of the stream. It always takes all of them, and keeps
// none of p.
func (d *Decoder) Write(p []byte) (int, error) {
	d.stats.Bytes += uint64(len(p))
	for rest := p; len(rest) > 0; {
		if d.open {
			rest = rest[d.inside(rest):]
		} else {
			rest = rest[d.outside(rest):]
		}
	}
	return len(p), nil
}

// Stats returns the counters.
func (d *Decoder) Stats() Stats { return d.stats }

// Open returns what has come so far of a frame that is still open; ok is false
// outside frames. It is valid until the next Write.
func (d *Decoder) Open() (content []byte, ok bool) { return d.buf, d.open }

// Flush hands the open frame over as Cut, for a receiver that knows by its content and
// by the silence after it that it is none. Outside frames it does nothing.
func (d *Decoder) Flush() {
	if d.open {
		d.open = false
		d.cut()
	}
}

// Reset forgets an open frame. The counters stay.
func (d *Decoder) Reset() { d.open = false; d.begin() }

func (d *Decoder) begin() {
	d.buf = d.buf[:0]
	d.crc = 0
	d.esc = false
}

// outside takes bytes up to and including the next BEG and returns their number.
func (d *Decoder) outside(p []byte) int {
	n := bytes.IndexByte(p, BEG)
	if n < 0 {
		d.noise(p)
		return len(p)
	}
	d.noise(p[:n])
	d.open = true
	d.begin()
	return n + 1
}

func (d *Decoder) noise(p []byte) {
	if len(p) > 0 {
		d.stats.NoiseBytes += uint64(len(p))
		d.found(Noise, p)
	}
}

// inside takes bytes of an open frame, at least one, and returns their number.
func (d *Decoder) inside(p []byte) int {
	if d.esc {
		return d.escaped(p[0])
	}
	n := plain(p, &delimiters)
	if len(d.buf)+n > d.limit {
		return d.oversize(p[:n])
	}
	d.crc = update(d.crc, p[:n])
	if n < len(p) && p[n] == END && len(d.buf) == 0 {
		d.end(p[:n]) // the usual frame lies in the chunk as it is: no copy
		return n + 1
	}
	d.buf = append(d.buf, p[:n]...)
	if n == len(p) {
		return n
	}
	switch p[n] {
	case BEG:
		d.cut()
	case END:
		d.end(d.buf)
	case ESC:
		d.esc = true
	}
	return n + 1
}

// escaped takes the byte behind an ESC.
func (d *Decoder) escaped(b byte) int {
	if b == BEG {
		d.cut()
		return 1
	}
	if len(d.buf) == d.limit {
		d.oversize(nil)
		return 0 // b is noise now
	}
	d.esc = false
	b = ^b
	d.crc = slices8[0][d.crc^b]
	d.buf = append(d.buf, b)
	return 1
}

// end closes the frame with its content: payload and CRC.
func (d *Decoder) end(content []byte) {
	d.open = false
	if len(content) == 0 || d.crc != 0 {
		d.stats.BadCRC++
		d.found(BadCRC, content)
		return
	}
	d.stats.Frames++
	d.found(Payload, content[:len(content)-1])
}

// cut drops the open frame for one that begins.
func (d *Decoder) cut() {
	d.stats.Cut++
	d.found(Cut, d.buf)
	d.begin()
}

// oversize drops the open frame, to which p does not fit. It returns how much of p
// it took; the Decoder is outside frames then.
func (d *Decoder) oversize(p []byte) int {
	n := d.limit - len(d.buf)
	if len(p) < n {
		n = len(p)
	}
	d.buf = append(d.buf, p[:n]...)
	d.open = false
	d.stats.Oversize++
	d.found(Oversize, d.buf)
	return n
}
