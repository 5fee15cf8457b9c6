package schema

import (
	"math"
	"strconv"
	"strings"

	"ncpweb/ncp"
)

// Fault is why a text cannot be an argument.
type Fault uint8

// Faults.
const (
	FaultNumber Fault = iota + 1 // no whole number
	FaultRange                   // outside Min to Max and Also, or outside the type
	FaultBool                    // neither true nor false
	FaultFloat                   // no number
	FaultShort                   // fewer than MinLen bytes
	FaultLong                    // more than MaxLen bytes, or than a message carries
	FaultPrefix                  // does not begin with Prefix
	FaultNUL                     // a String holds a NUL
	FaultHex                     // hex digits do not come in pairs
	FaultEscape                  // an escape is wrong
	FaultPin                     // no pin number
)

// InputError tells which argument cannot be sent, and why.
type InputError struct {
	Param int // index in the parameters; that of the first one that did not fit into the message
	Fault Fault
}

func (e *InputError) Error() string {
	return "schema: argument " + strconv.Itoa(e.Param+1) + ": fault " + strconv.Itoa(int(e.Fault))
}

// Room is how many bytes the arguments of a call may take (protocol sheet: messages of
// at most 1536 bytes, six of them the head of an INVOKE, four that of a ONEWAY).
func Room(oneway bool) int {
	if oneway {
		return ncp.MaxMessage - 4
	}
	return ncp.MaxMessage - 6
}

// Encode turns what a person typed into the bytes of a call, one text per parameter: at
// most room bytes.
// Integers are decimal, or hex with 0x, or the name of a value; a Bool is true, false,
// 1 or 0. A String is the text itself. A Binary is hex in pairs behind "0x", else text
// with \n, \r, \t, \0, \\ and \xHH for other bytes. Lists have one item per line.
func Encode(params []ncp.Param, texts []string, room int) ([]byte, error) {
	var dst []byte
	for i := range params {
		text := ""
		if i < len(texts) {
			text = texts[i]
		}
		var fault Fault
		if dst, fault = appendValue(dst, &params[i], text); fault != 0 {
			return nil, &InputError{i, fault}
		}
		if len(dst) > room {
			return nil, &InputError{i, FaultLong}
		}
	}
	return dst, nil
}

// Check tells what is wrong with one text; 0: nothing.
func Check(p *ncp.Param, text string) Fault {
	_, fault := appendValue(nil, p, text)
	return fault
}

// Length is how many bytes the text of a String or Binary has by itself, without its NUL
// or length; ok is false for other types and for a text that is none.
func Length(p *ncp.Param, text string) (n int, ok bool) {
	free := ncp.Param{Type: p.Type, Format: p.Format}
	b, fault := appendValue(nil, &free, text)
	switch {
	case fault != 0:
		return 0, false
	case p.Type == ncp.TypeString:
		return len(b) - 1, true
	case p.Type == ncp.TypeBinary:
		return len(b) - 2, true
	}
	return 0, false
}

func appendValue(dst []byte, p *ncp.Param, text string) ([]byte, Fault) {
	switch p.Type {
	case ncp.TypeBool:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "1", "on", "yes":
			return append(dst, 1), 0
		case "false", "0", "off", "no":
			return append(dst, 0), 0
		}
		return dst, FaultBool
	case ncp.TypeFloat:
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 32)
		if err != nil {
			return dst, FaultFloat
		}
		return appendInt(dst, 4, uint64(math.Float32bits(float32(f)))), 0
	case ncp.TypeString:
		return appendString(dst, p, text)
	case ncp.TypeBinary:
		return appendBinary(dst, p, text)
	}
	return appendNumber(dst, p, strings.TrimSpace(text))
}

// width is the size of an integer type in bytes.
func width(t ncp.Type) int {
	switch t {
	case ncp.TypeUInt8, ncp.TypeInt8:
		return 1
	case ncp.TypeUInt16, ncp.TypeInt16:
		return 2
	case ncp.TypeUInt32, ncp.TypeInt32:
		return 4
	}
	return 8
}

func appendInt(dst []byte, size int, v uint64) []byte {
	for range size {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return dst
}

func appendNumber(dst []byte, p *ncp.Param, text string) ([]byte, Fault) {
	size := width(p.Type)
	for _, n := range p.Values {
		if strings.EqualFold(n.Name, text) {
			return appendInt(dst, size, uint64(n.Value)), 0
		}
	}
	if p.Type == ncp.TypeUInt64 {
		// The one type that goes beyond what a range can say.
		u, err := strconv.ParseUint(digits(text))
		if err != nil {
			return dst, numberFault(err)
		}
		if p.Ranged && (u > math.MaxInt64 || !allowed(p, int64(u))) {
			return dst, FaultRange
		}
		return appendInt(dst, 8, u), 0
	}
	v, err := strconv.ParseInt(digits(text))
	if err != nil {
		return dst, numberFault(err)
	}
	if lo, hi := limits(p.Type); v < lo || v > hi || p.Ranged && !allowed(p, v) {
		return dst, FaultRange
	}
	return appendInt(dst, size, uint64(v)), 0
}

// digits splits a number into what strconv needs. A leading zero is no octal number here,
// and there are no underscores between digits.
func digits(text string) (number string, base, bits int) {
	sign, rest := "", text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign, rest = rest[:1], rest[1:]
	}
	if len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x' {
		if rest[2] == '-' || rest[2] == '+' {
			return "", 16, 64
		}
		return sign + rest[2:], 16, 64
	}
	return text, 10, 64
}

func numberFault(err error) Fault {
	if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
		return FaultRange
	}
	return FaultNumber
}

func allowed(p *ncp.Param, v int64) bool {
	if v >= p.Min && v <= p.Max {
		return true
	}
	for _, also := range p.Also {
		if v == also {
			return true
		}
	}
	return false
}

func appendString(dst []byte, p *ncp.Param, text string) ([]byte, Fault) {
	if strings.IndexByte(text, 0) >= 0 {
		return dst, FaultNUL
	}
	if fault := checkLength(p, len(text)); fault != 0 {
		return dst, fault
	}
	if !strings.HasPrefix(text, p.Prefix) {
		return dst, FaultPrefix
	}
	return append(append(dst, text...), 0), 0
}

func checkLength(p *ncp.Param, n int) Fault {
	switch {
	case n < p.MinLen:
		return FaultShort
	case p.MaxLen > 0 && n > p.MaxLen || n > ncp.MaxMessage:
		return FaultLong
	}
	return 0
}

func appendBinary(dst []byte, p *ncp.Param, text string) ([]byte, Fault) {
	var raw []byte
	var fault Fault
	switch {
	case p.Format == ncp.FormatPins:
		raw, fault = pins(text)
	case p.Format == ncp.FormatValues:
		for i, line := range lines(text) {
			if i > 0 {
				raw = append(raw, 0)
			}
			if raw, fault = unescape(raw, line); fault != 0 {
				return dst, fault
			}
		}
	default:
		raw, fault = bytesOf(text)
	}
	if fault == 0 {
		fault = checkLength(p, len(raw))
	}
	if fault != 0 {
		return dst, fault
	}
	return append(appendInt(dst, 2, uint64(len(raw))), raw...), 0
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// pins reads pin numbers, with a V before them or not, between blanks, commas or line
// ends.
func pins(text string) ([]byte, Fault) {
	var raw []byte
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' || r == '\r' || r == '\t' }) {
		n, err := strconv.ParseUint(strings.TrimLeft(word, "Vv"), 10, 16)
		if err != nil {
			return nil, FaultPin
		}
		if raw != nil {
			raw = append(raw, 0)
		}
		raw = strconv.AppendUint(raw, n, 10)
	}
	return raw, 0
}

// bytesOf reads bytes as hex behind 0x, or as text with escapes.
func bytesOf(text string) ([]byte, Fault) {
	if rest, ok := strings.CutPrefix(strings.TrimSpace(text), "0x"); ok {
		return Hex(rest)
	}
	return unescape(nil, text)
}

// Hex reads bytes as pairs of hex digits, with blanks between them or not.
func Hex(text string) ([]byte, Fault) {
	var raw []byte
	high := -1
	for i := range len(text) {
		c := text[i]
		d := -1
		switch {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int(c|0x20-'a') + 10
		case c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',' || c == ':':
			if high >= 0 {
				return nil, FaultHex
			}
			continue
		}
		switch {
		case d < 0:
			return nil, FaultHex
		case high < 0:
			high = d
		default:
			raw = append(raw, byte(high<<4|d))
			high = -1
		}
	}
	if high >= 0 {
		return nil, FaultHex
	}
	return raw, 0
}

// unescape appends text with its escapes resolved.
func unescape(dst []byte, text string) ([]byte, Fault) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			continue
		}
		if i++; i == len(text) {
			return dst, FaultEscape
		}
		switch text[i] {
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case '0':
			dst = append(dst, 0)
		case '\\':
			dst = append(dst, '\\')
		case 'x':
			if len(text)-i < 3 {
				return dst, FaultEscape
			}
			b, fault := Hex(text[i+1 : i+3])
			if fault != 0 || len(b) != 1 {
				return dst, FaultEscape
			}
			dst = append(dst, b[0])
			i += 2
		default:
			return dst, FaultEscape
		}
	}
	return dst, 0
}
