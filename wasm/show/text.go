package show

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes text of a device fit to be shown: control characters, and characters
// that are invisible or reorder text, become their numbers in angle quotes, and
// invalid UTF-8 becomes the replacement character. Nothing of it can move, hide or
// reorder what stands beside it. (Unicode has pictures of control characters, but
// few fonts have them.)
func Visible(s string) string { return visible(s, false) }

// VisibleLine is Visible for a line of a log: tabs stay tabs, and the carriage
// return at the end of a line is left out.
func VisibleLine(s string) string { return visible(strings.TrimRight(s, "\r\n"), true) }

func visible(s string, tabs bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i, r := range s {
		switch mark := numbered(r); {
		case mark == "" || r == '\t' && tabs:
			b.WriteRune(r)
		case !sameBefore(s, i, r):
			b.WriteString(mark)
			if n := sameFrom(s[i:], r); n > 1 {
				b.WriteString("×" + strconv.Itoa(n))
			}
		}
	}
	return b.String()
}

// numbered returns the number in angle quotes that stands for a character which must
// not be shown as it is; empty for all others.
func numbered(r rune) string {
	switch {
	case r < 0x20 || r == 0x7F:
		return "‹" + Hex(uint32(r))[2:] + "›"
	case hidden(r):
		return "‹" + Hex(uint32(r)) + "›"
	}
	return ""
}

// sameBefore tells whether the character before position i is r as well: a run of a
// character is said once, with its length, as noise on a line is made of long ones.
func sameBefore(s string, i int, r rune) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return i > 0 && before == r
}

// sameFrom counts how often r stands at the beginning of s.
func sameFrom(s string, r rune) int {
	n := 0
	for _, c := range s {
		if c != r {
			break
		}
		n++
	}
	return n
}

// plain reports whether s is printable ASCII, as nearly everything is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// hidden tells the characters that show nothing or change the order of others: C1
// controls, format characters (bidi controls, zero width), line and paragraph
// separators, private use, tags.
func hidden(r rune) bool {
	return r >= 0x80 && r < 0xA0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// hex is the number of a character, at least four digits.
func Hex(v uint32) string {
	const digits = "0123456789ABCDEF"
	var b [8]byte
	i := len(b)
	for v > 0 || i > len(b)-4 {
		i--
		b[i] = digits[v&0xF]
		v >>= 4
	}
	return string(b[i:])
}

// Cut shortens s to at most n characters, the last one an ellipsis then, and tells
// whether it did.
func Cut(s string, n int) (string, bool) {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s, false
	}
	seen := 0
	for i := range s {
		if seen == n-1 {
			return s[:i] + "…", true
		}
		seen++
	}
	return s, false
}

// PlainLine makes one line of a log readable: terminal escape sequences (colours,
// cursor movement, titles) are left out, the rest is made visible.
func PlainLine(s string) string {
	if strings.IndexByte(s, 0x1B) >= 0 {
		s = stripEscapes(s)
	}
	return VisibleLine(s)
}

// stripEscapes leaves out ECMA-48 sequences: ESC [ … final byte, string sequences
// (ESC ] P X ^ _ … BEL or ESC \) and two-byte escapes. An unfinished sequence stays
// as it is: it may be garbage, and garbage must be seen.
func stripEscapes(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if s[i] != 0x1B {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := escapeLength(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += n
	}
	return b.String()
}

// escapeLength is the length of the escape sequence that s begins with; 0 where it
// is none or does not end.
func escapeLength(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch c := s[1]; {
	case c == '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7E {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x7E {
				return 0
			}
		}
		return 0
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		for i := 2; i < len(s); i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1B {
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2
				}
				return 0
			}
		}
		return 0
	case c >= 0x30 && c <= 0x7E:
		return 2
	}
	return 0
}
