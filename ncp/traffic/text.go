package traffic

import (
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"ncpweb/ncp"
)

const (
	// MaxText bounds the text of a row, in bytes.
	MaxText = 512
	// maxName bounds a name in it.
	maxName = 80

	hidden = "••••••••"
	more   = "…"
)

// form bounds how a value is written.
type form struct {
	text  int // bytes of a text
	hex   int // bytes that are shown as hex
	items int // of a list
}

var (
	inRow   = form{text: 160, hex: 48, items: 32}
	inField = form{text: 4096, hex: 1024, items: 1024}
)

// appendArgs appends what a row says in the column of arguments.
func (s *Store) appendArgs(dst []byte, id int, r *row) []byte {
	limit := len(dst) + MaxText
	payload := s.payload(id)
	if r.flags&rowWithheld != 0 {
		return append(dst, hidden...)
	}
	switch r.kind {
	case Invoke, Result, Oneway:
		body := payload[min(r.kind.head(), len(payload)):]
		m, ok := (*ncp.Method)(nil), false
		if r.kind != Result || r.uid != 0 {
			m, ok = s.names.Method(r.uid)
		}
		switch {
		case !ok, r.kind == Result && r.status != 0:
			dst = appendHex(dst, body, inRow.hex)
		case r.kind == Result:
			var rest []byte
			dst, rest = appendValues(dst, m.Out, body, limit)
			if m.Returns != ncp.TypeNone {
				dst, rest = appendValue(dst, &m.Result, rest, limit)
			}
			dst = appendRest(dst, rest, secretOut(m))
		default:
			var rest []byte
			dst, rest = appendValues(dst, m.In, body, limit)
			dst = appendRest(dst, rest, secret(m.In))
		}
	case Unknown:
		dst = appendHex(dst, payload, inRow.hex)
	case Noise, CRC, Cut, Oversize:
		if isText(payload) {
			dst = appendQuoted(dst, payload, 2*inRow.text)
		} else {
			dst = appendHex(dst, payload, inRow.hex)
		}
	}
	return cutAt(dst, limit)
}

// cutAt makes dst no longer than limit, without tearing a character.
func cutAt(dst []byte, limit int) []byte {
	if len(dst) <= limit {
		return dst
	}
	end := limit - len(more)
	for end > 0 && !utf8.RuneStart(dst[end]) {
		end--
	}
	return append(dst[:end], more...)
}

// secret tells whether there is a secret among params. What is left over behind them may
// then be a part of it.
func secret(params []ncp.Param) bool {
	for i := range params {
		if params[i].Secret {
			return true
		}
	}
	return false
}

func secretOut(m *ncp.Method) bool { return secret(m.Out) || m.Result.Secret }

// appendRest shows bytes that belong to no value.
func appendRest(dst, rest []byte, secret bool) []byte {
	switch {
	case len(rest) == 0:
		return dst
	case secret:
		return append(append(space(dst), "+ "...), hidden...)
	}
	return appendHex(append(space(dst), "+ "...), rest, inRow.hex)
}

// space separates what is appended from what is there.
func space(dst []byte) []byte {
	if len(dst) == 0 || dst[len(dst)-1] == ' ' {
		return dst
	}
	return append(dst, ' ')
}

// appendValues appends all values of b by name, until limit is reached, and returns
// what is left of b.
func appendValues(dst []byte, params []ncp.Param, b []byte, limit int) ([]byte, []byte) {
	for i := range params {
		dst, b = appendValue(dst, &params[i], b, limit)
	}
	return dst, b
}

// appendValue appends the first value of b as name=value. One that is not there whole
// is a question mark, and takes nothing.
func appendValue(dst []byte, p *ncp.Param, b []byte, limit int) (text, rest []byte) {
	raw, rest, ok := takeValue(p.Type, b)
	if len(dst) >= limit {
		return dst, rest
	}
	dst = append(appendEscaped(space(dst), p.Name, maxName), '=')
	switch {
	case !ok:
		return append(dst, '?'), rest
	case p.Secret:
		return append(dst, hidden...), rest
	}
	return inRow.append(dst, p, raw), rest
}

// takeValue takes the bytes of the first value off b: those of a String without its
// NUL, those of a Binary without its length.
func takeValue(t ncp.Type, b []byte) (raw, rest []byte, ok bool) {
	n := 0
	switch t {
	case ncp.TypeBool, ncp.TypeUInt8, ncp.TypeInt8:
		n = 1
	case ncp.TypeUInt16, ncp.TypeInt16:
		n = 2
	case ncp.TypeUInt32, ncp.TypeInt32, ncp.TypeFloat:
		n = 4
	case ncp.TypeUInt64, ncp.TypeInt64:
		n = 8
	case ncp.TypeString:
		for i, c := range b {
			if c == 0 {
				return b[:i], b[i+1:], true
			}
		}
		return nil, b, false
	case ncp.TypeBinary:
		if len(b) < 2 {
			return nil, b, false
		}
		n = int(b[0]) | int(b[1])<<8
		if len(b)-2 < n {
			return nil, b, false
		}
		return b[2 : 2+n], b[2+n:], true
	}
	if len(b) < n {
		return nil, b, false
	}
	return b[:n], b[n:], true
}

// append appends a value.
func (f form) append(dst []byte, p *ncp.Param, raw []byte) []byte {
	var u uint64
	if len(raw) <= 8 {
		for i, c := range raw {
			u |= uint64(c) << (8 * i)
		}
	}
	switch p.Type {
	case ncp.TypeBool:
		return strconv.AppendBool(dst, u != 0)
	case ncp.TypeUInt8, ncp.TypeUInt16, ncp.TypeUInt32, ncp.TypeUInt64:
		return appendNamed(strconv.AppendUint(dst, u, 10), p, int64(u))
	case ncp.TypeInt8, ncp.TypeInt16, ncp.TypeInt32, ncp.TypeInt64:
		shift := 64 - 8*len(raw)
		v := int64(u<<shift) >> shift
		return appendNamed(strconv.AppendInt(dst, v, 10), p, v)
	case ncp.TypeFloat:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(uint32(u))), 'g', -1, 32)
	}
	switch p.Format {
	case ncp.FormatValues, ncp.FormatPins:
		return f.appendItems(dst, raw, p.Format == ncp.FormatPins)
	case ncp.FormatDigest:
		for _, c := range raw[:min(len(raw), f.hex)] {
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		return appendMore(dst, len(raw)-f.hex)
	}
	if p.Type == ncp.TypeBinary {
		return appendHex(dst, raw, f.hex)
	}
	return appendQuoted(dst, raw, f.text)
}

// appendNamed appends the name of a value that has one.
func appendNamed(dst []byte, p *ncp.Param, v int64) []byte {
	for i := range p.Values {
		if p.Values[i].Value == v {
			dst = append(dst, " ("...)
			return append(appendEscaped(dst, p.Values[i].Name, maxName), ')')
		}
	}
	return dst
}

// appendItems appends a list of texts with a NUL between two of them: one as it is,
// several in brackets. Pin numbers go without quotation marks.
func (f form) appendItems(dst, raw []byte, pins bool) []byte {
	several := false
	for _, c := range raw {
		several = several || c == 0
	}
	if several {
		dst = append(dst, '[')
	}
	for i, from := 0, 0; ; i++ {
		to := from
		for to < len(raw) && raw[to] != 0 {
			to++
		}
		if i == f.items {
			dst = append(dst, more...)
			break
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if pins && isNumber(raw[from:to]) {
			dst = append(dst, raw[from:to]...)
		} else {
			dst = appendQuoted(dst, raw[from:to], f.text)
		}
		if to == len(raw) {
			break
		}
		from = to + 1
	}
	if several {
		dst = append(dst, ']')
	}
	return dst
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0 && len(b) <= 10
}

const hexDigits = "0123456789ABCDEF"

// appendHex appends at most that many bytes as hex pairs, and how many more there are.
func appendHex(dst, b []byte, most int) []byte {
	for i, c := range b[:min(len(b), most)] {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return appendMore(dst, len(b)-most)
}

func appendMore(dst []byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return strconv.AppendInt(append(append(dst, more...), '+'), int64(n), 10)
}

// appendQuoted appends b as text in quotation marks.
func appendQuoted(dst, b []byte, most int) []byte {
	return append(appendEscapedBytes(append(dst, '"'), b, most), '"')
}

func appendEscaped(dst []byte, s string, most int) []byte {
	return appendEscapedBytes(dst, []byte(s), most)
}

// appendEscapedBytes appends at most that many bytes of b as text on one line: what
// is not printable, or would change the direction of what follows, as \n, \xHH or
// \u{HHHH}.
func appendEscapedBytes(dst, b []byte, most int) []byte {
	for at := 0; at < len(b); {
		if at >= most {
			return append(dst, more...)
		}
		c := b[at]
		if c >= 0x20 && c < 0x7F {
			if c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
			at++
			continue
		}
		r, size := utf8.DecodeRune(b[at:])
		switch {
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x80 || r == utf8.RuneError && size <= 1:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		case unicode.IsPrint(r):
			dst = append(dst, b[at:at+size]...)
		default:
			dst = append(strconv.AppendUint(append(dst, `\u{`...), uint64(r), 16), '}')
		}
		at += size
	}
	return dst
}

// isText tells whether b is rather text than data.
func isText(b []byte) bool {
	plain := 0
	for _, c := range b {
		if c >= 0x20 && c < 0x7F || c == '\n' || c == '\r' || c == '\t' || c == 0x1B {
			plain++
		}
	}
	return len(b) > 0 && plain*10 >= len(b)*9
}
