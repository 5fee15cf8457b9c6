// Package slip frames packets on a serial line as RFC 1055 says, in the form that the
// boot loaders of Espressif use: a frame begins and ends with End.
package slip

// Bytes with a meaning of their own, of RFC 1055.
const (
	End     = 0xC0 // begins and ends a frame
	Esc     = 0xDB // comes before EscEnd and EscEsc
	EscEnd  = 0xDC // after Esc: a byte End
	EscEsc  = 0xDD // after Esc: a byte Esc
	maxGrow = 2    // bytes on the wire for one of a packet, at most
)

// MaxEncoded returns how many bytes a packet of n bytes can take on the wire.
func MaxEncoded(n int) int { return maxGrow*n + 2 }

// Append appends the frame of the packet that the parts make together.
func Append(dst []byte, parts ...[]byte) []byte {
	dst = append(dst, End)
	for _, p := range parts {
		from := 0
		for i, c := range p {
			if c != End && c != Esc {
				continue
			}
			dst = append(dst, p[from:i]...)
			escaped := byte(EscEnd)
			if c == Esc {
				escaped = EscEsc
			}
			dst = append(dst, Esc, escaped)
			from = i + 1
		}
		dst = append(dst, p[from:]...)
	}
	return append(dst, End)
}

// Decoder takes packets out of a stream. Until the first End after Reset everything is
// noise, such as the log of a boot. From then on each stretch between two Ends is a
// packet: whether noise with an End in it came before a frame, or after one, the frame
// itself is never lost, and what is no packet its receiver can tell from its head.
// Max must be set: the zero Decoder takes empty packets only, which are nothing.
type Decoder struct {
	// Max is how many bytes a packet may have; a longer one is noise.
	Max int

	packet []byte
	inside bool // behind an End
	esc    bool // after Esc
	broken bool // the stretch has a bad escape or is too long
}

// Decode takes the next packet from b. It returns the packet, or nil where b ends
// before one does; how many bytes of b it took; and bytes that are noise. Packet and
// noise are valid until the next call.
func (d *Decoder) Decode(b []byte) (packet []byte, taken int, noise []byte) {
	if !d.inside {
		i := 0
		for i < len(b) && b[i] != End {
			i++
		}
		if i == len(b) {
			return nil, i, b
		}
		d.begin()
		return nil, i + 1, b[:i]
	}
	for i, c := range b {
		switch {
		case c == End:
			got, whole := d.packet, !d.broken && !d.esc
			d.begin()
			switch {
			case len(got) == 0: // two Ends in a row, or a stretch of one bad escape
			case whole:
				return got, i + 1, nil
			default:
				return nil, i + 1, got
			}
		case d.broken:
		case d.esc:
			d.esc = false
			switch c {
			case EscEnd:
				d.put(End)
			case EscEsc:
				d.put(Esc)
			default:
				d.broken = true
			}
		case c == Esc:
			d.esc = true
		default:
			d.put(c)
		}
	}
	return nil, len(b), nil
}

// Pending returns what has come since the last End, without its escapes. After a
// silence it is noise.
func (d *Decoder) Pending() []byte { return d.packet }

// Reset forgets what has come, and that there was an End.
func (d *Decoder) Reset() {
	d.begin()
	d.inside = false
}

func (d *Decoder) begin() {
	d.packet, d.inside, d.esc, d.broken = d.packet[:0], true, false, false
}

func (d *Decoder) put(c byte) {
	if len(d.packet) >= d.Max {
		d.broken = true
		return
	}
	d.packet = append(d.packet, c)
}
