package schema

import (
	"math"
	"strconv"
	"strings"

	"ncpweb/ncp"
)

// Texts turns the bytes of a call into texts that Encode takes: the same bytes come out
// of it again. ok is false where the bytes are not those of the parameters.
func Texts(params []ncp.Param, b []byte) (texts []string, ok bool) {
	for i := range params {
		var text string
		if text, b, ok = text1(&params[i], b); !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, len(b) == 0
}

// text1 takes the first value off b.
func text1(p *ncp.Param, b []byte) (text string, rest []byte, ok bool) {
	switch p.Type {
	case ncp.TypeBool:
		if len(b) < 1 || b[0] > 1 {
			return "", b, false
		}
		return strconv.FormatBool(b[0] == 1), b[1:], true
	case ncp.TypeString:
		end := strings.IndexByte(string(b), 0)
		if end < 0 {
			return "", b, false
		}
		return string(b[:end]), b[end+1:], true
	case ncp.TypeBinary:
		if len(b) < 2 {
			return "", b, false
		}
		n := int(b[0]) | int(b[1])<<8
		if len(b)-2 < n {
			return "", b, false
		}
		return binaryText(p, b[2:2+n]), b[2+n:], true
	}
	size := width(p.Type)
	if p.Type == ncp.TypeFloat {
		size = 4
	}
	if len(b) < size {
		return "", b, false
	}
	var u uint64
	for i := size - 1; i >= 0; i-- {
		u = u<<8 | uint64(b[i])
	}
	return numberText(p.Type, u, size), b[size:], true
}

func numberText(t ncp.Type, u uint64, size int) string {
	switch t {
	case ncp.TypeFloat:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(u))), 'g', -1, 32)
	case ncp.TypeInt8, ncp.TypeInt16, ncp.TypeInt32, ncp.TypeInt64:
		shift := 64 - 8*size
		return strconv.FormatInt(int64(u<<shift)>>shift, 10)
	}
	return strconv.FormatUint(u, 10)
}

func binaryText(p *ncp.Param, raw []byte) string {
	switch p.Format {
	case ncp.FormatPins:
		return strings.ReplaceAll(string(raw), "\x00", " ")
	case ncp.FormatValues:
		items := strings.Split(string(raw), "\x00")
		for i, item := range items {
			items[i] = escape(item)
		}
		// An empty last item would be taken for the end of a line.
		text := strings.Join(items, "\n")
		if items[len(items)-1] == "" && len(items) > 1 {
			text += "\n"
		}
		return text
	}
	text := "0x"
	for i, c := range raw {
		if i > 0 {
			text += " "
		}
		text += string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15])
	}
	return text
}

// escape writes bytes so that unescape reads the same.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20 || c >= 0x7F:
			b.WriteString(`\x`)
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
