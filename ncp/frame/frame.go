// Package frame is the framing of the Blynk.NCP protocol: a payload and its CRC-8
// between two delimiters, with an escape for the bytes that mean something on the
// line (protocol sheet, "UART and framing").
//
//	BEG  escaped(payload)  escaped(crc)  END
package frame

import "slices"

// Bytes that mean something on the line. Inside a frame each of them is sent as
// ESC followed by its complement.
const (
	BEG  = 0xAA // begins a frame
	END  = 0xBB // ends a frame
	ESC  = 0xCC // the next byte is inverted
	XON  = 0x11 // software flow control
	XOFF = 0x13 // software flow control
)

// DefaultLimit is the longest payload a Decoder takes unless it is told otherwise,
// in raw bytes. It is the largest receive buffer of deployed peers (protocol sheet).
const DefaultLimit = 4096

// MaxSize returns the size of the largest frame that n payload bytes can become:
// every one of them and the CRC escaped.
func MaxSize(n int) int { return 2*(n+1) + 2 }

// Append appends the whole frame of payload, from BEG to END, to dst and returns
// the extended slice. It does not check the length of payload; the empty payload is
// legal.
func Append(dst, payload []byte) []byte {
	dst = slices.Grow(dst, len(payload)+len(payload)/16+6)
	dst = append(dst, BEG)
	for rest := payload; len(rest) > 0; {
		n := plain(rest, &mustEscape)
		dst = append(dst, rest[:n]...)
		if n == len(rest) {
			break
		}
		dst = append(dst, ESC, ^rest[n])
		rest = rest[n+1:]
	}
	crc := CRC8(payload)
	if mustEscape[crc] {
		return append(dst, ESC, ^crc, END)
	}
	return append(dst, crc, END)
}

// byteSet is a set of byte values.
type byteSet [256]bool

func setOf(bytes ...byte) (s byteSet) {
	for _, b := range bytes {
		s[b] = true
	}
	return s
}

var (
	mustEscape = setOf(BEG, END, ESC, XON, XOFF)
	// A receiver takes XON and XOFF inside a frame as data, as deployed ones do.
	delimiters = setOf(BEG, END, ESC)
)

// plain returns how many bytes at the start of p are not in stop.
func plain(p []byte, stop *byteSet) int {
	for i, b := range p {
		if stop[b] {
			return i
		}
	}
	return len(p)
}
