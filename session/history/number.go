package history

import "strconv"

// exact are the powers of ten that a float64 holds exactly, as far as they are needed.
var exact = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// maxNumber bounds the length of what is taken for a number.
const maxNumber = 40

// Number reads a number as pins carry them: digits with a sign, a point and an exponent
// as may be, spaces around it, and nothing else; neither infinities nor hexadecimal.
func Number(b []byte) (float64, bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	if len(b) == 0 || len(b) > maxNumber {
		return 0, false
	}
	i := 0
	if b[0] == '-' || b[0] == '+' {
		i++
	}
	digits, point, whole := 0, -1, uint64(0)
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		whole = whole*10 + uint64(c-'0') // used only where it cannot overflow
	}
	if digits == 0 || i < len(b) && !exponent(b[i:]) {
		return 0, false
	}
	if i == len(b) && digits <= 15 {
		// Both are exact, so that the quotient is the nearest float64 to the decimal.
		f := float64(whole)
		if point >= 0 {
			f /= exact[len(b)-1-point]
		}
		if b[0] == '-' {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// exponent tells whether b is an exponent and no more.
func exponent(b []byte) bool {
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
