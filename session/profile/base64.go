package profile

import "strings"

// The standard library's base64 brings reflect into the page's program, which costs
// more than all of this package.

// digits are those of base64url (RFC 4648, section 5).
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// encode writes data in base64url without padding.
func encode(data []byte) string {
	var b strings.Builder
	b.Grow((len(data)*8 + 5) / 6)
	bits, n := uint(0), 0
	for _, c := range data {
		bits, n = bits<<8|uint(c), n+8
		for n >= 6 {
			n -= 6
			b.WriteByte(digits[bits>>n&0x3F])
		}
	}
	if n > 0 {
		b.WriteByte(digits[bits<<(6-n)&0x3F])
	}
	return b.String()
}

// decode reads base64url without padding; ok is false for anything that encode does
// not write.
func decode(text string) (data []byte, ok bool) {
	data = make([]byte, 0, len(text)*6/8)
	bits, n := uint(0), 0
	for i := range len(text) {
		d := strings.IndexByte(digits, text[i])
		if d < 0 {
			return nil, false
		}
		bits, n = bits<<6|uint(d), n+6
		if n >= 8 {
			n -= 8
			data = append(data, byte(bits>>n))
		}
	}
	return data, n < 6 && bits&(1<<n-1) == 0
}
