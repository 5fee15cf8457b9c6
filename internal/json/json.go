// Package json reads and writes JSON (RFC 8259) where encoding/json would weigh too
// much: in the programs of the page. It reads by pulling, so that a large file costs
// no memory of its own, and it is strict and bounded, because every file is hostile:
// one value and nothing behind it, no name twice in an object, valid UTF-8, no more
// than MaxDepth levels.
package json

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how many objects and arrays may lie in each other.
const MaxDepth = 32

// Kind is the kind of a value.
type Kind uint8

// Kinds.
const (
	None Kind = iota // nothing, or not JSON
	Null
	Bool
	Number
	String
	Array
	Object
)

// Error tells what is wrong and where.
type Error struct {
	Line, Column int // from 1; columns are bytes
	Text         string
}

func (e *Error) Error() string {
	return "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ": " + e.Text
}

// Reader reads one JSON text. After an error every call returns that error.
type Reader struct {
	data  []byte
	at    int
	depth int
	err   error
	text  []byte // of the last string that had escapes
}

// NewReader returns a Reader of data, which must not change while it is read.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// Reset makes r read data.
func (r *Reader) Reset(data []byte) { *r = Reader{data: data, text: r.text[:0]} }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Fail makes what is wrong with a value at this place the error of r, unless there is
// one already, and returns it.
func (r *Reader) Fail(text string) error {
	if r.err == nil {
		line, column := 1, 1
		for _, c := range r.data[:min(r.at, len(r.data))] {
			column++
			if c == '\n' {
				line, column = line+1, 1
			}
		}
		r.err = &Error{line, column, text}
	}
	return r.err
}

// Kind tells what comes next.
func (r *Reader) Kind() Kind {
	r.space()
	if r.err != nil || r.at == len(r.data) {
		return None
	}
	switch c := r.data[r.at]; {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return String
	case c == 't' || c == 'f':
		return Bool
	case c == 'n':
		return Null
	case c == '-' || c >= '0' && c <= '9':
		return Number
	}
	return None
}

// Object reads an object and calls member for each name; member must read the value,
// or Skip it. The name is valid during the call only.
func (r *Reader) Object(member func(name []byte) error) error {
	if !r.open('{', "an object is needed here") {
		return r.err
	}
	var seen names
	for first := true; !r.close('}', first); first = false {
		name, err := r.Bytes()
		if err != nil {
			return err
		}
		if !seen.add(r.lasting(name)) {
			return r.Fail("a name stands twice in an object")
		}
		if r.space(); !r.take(':') {
			return r.Fail("a colon is missing")
		}
		if r.err == nil {
			if err := member(name); err != nil {
				return r.Fail(err.Error())
			}
		}
	}
	return r.err
}

// lasting returns the name that was read last in memory that does not change: in the text
// itself, unless it had escapes.
func (r *Reader) lasting(name []byte) []byte {
	if raw := r.data[r.at-1-len(name) : r.at-1]; string(raw) == string(name) {
		return raw
	}
	return append([]byte(nil), name...)
}

// Array reads an array and calls item for each value; item must read it, or Skip it.
func (r *Reader) Array(item func(i int) error) error {
	if !r.open('[', "an array is needed here") {
		return r.err
	}
	for i := 0; !r.close(']', i == 0); i++ {
		if err := item(i); err != nil {
			return r.Fail(err.Error())
		}
	}
	return r.err
}

func (r *Reader) open(c byte, otherwise string) bool {
	r.space()
	if r.err != nil {
		return false
	}
	if !r.take(c) {
		r.Fail(otherwise)
		return false
	}
	if r.depth++; r.depth > MaxDepth {
		r.Fail("too many levels")
		return false
	}
	return true
}

// close takes the end of an object or array, or the comma between two values. It is
// true at the end, and after an error.
func (r *Reader) close(c byte, first bool) bool {
	r.space()
	if r.err == nil && r.take(c) {
		r.depth--
		return true
	}
	if r.err == nil && !first {
		if !r.take(',') {
			r.Fail("a comma or the end is missing")
		}
		r.space()
	}
	return r.err != nil
}

// String reads a string.
func (r *Reader) String() (string, error) {
	b, err := r.Bytes()
	return string(b), err
}

// Bytes reads a string. What it returns is valid until the next call of r.
func (r *Reader) Bytes() ([]byte, error) {
	r.space()
	if r.err != nil {
		return nil, r.err
	}
	if !r.take('"') {
		return nil, r.Fail("a string is needed here")
	}
	start := r.at
	for r.at < len(r.data) {
		switch c := r.data[r.at]; {
		case c == '"':
			s := r.data[start:r.at]
			r.at++
			if !utf8.Valid(s) {
				return nil, r.Fail("a string is not UTF-8")
			}
			return s, nil
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			return nil, r.Fail("a control character stands in a string")
		}
		r.at++
	}
	return nil, r.Fail("a string does not end")
}

// escaped reads the rest of a string from its first escape on.
func (r *Reader) escaped(start int) ([]byte, error) {
	r.text = append(r.text[:0], r.data[start:r.at]...)
	for r.at < len(r.data) {
		c := r.data[r.at]
		r.at++
		switch {
		case c == '"':
			if !utf8.Valid(r.text) {
				return nil, r.Fail("a string is not UTF-8")
			}
			return r.text, nil
		case c == '\\':
			if !r.escape() {
				return nil, r.Fail("an escape in a string is wrong")
			}
		case c < 0x20:
			return nil, r.Fail("a control character stands in a string")
		default:
			r.text = append(r.text, c)
		}
	}
	return nil, r.Fail("a string does not end")
}

func (r *Reader) escape() bool {
	if r.at == len(r.data) {
		return false
	}
	c := r.data[r.at]
	r.at++
	switch c {
	case '"', '\\', '/':
		r.text = append(r.text, c)
	case 'b':
		r.text = append(r.text, '\b')
	case 'f':
		r.text = append(r.text, '\f')
	case 'n':
		r.text = append(r.text, '\n')
	case 'r':
		r.text = append(r.text, '\r')
	case 't':
		r.text = append(r.text, '\t')
	case 'u':
		u, ok := r.hex()
		if ok && utf16.IsSurrogate(u) && r.at+1 < len(r.data) && r.data[r.at] == '\\' && r.data[r.at+1] == 'u' {
			r.at += 2
			var low rune
			low, ok = r.hex()
			if u = utf16.DecodeRune(u, low); u == utf8.RuneError {
				return false
			}
		}
		if !ok || utf16.IsSurrogate(u) {
			return false
		}
		r.text = utf8.AppendRune(r.text, u)
	default:
		return false
	}
	return true
}

func (r *Reader) hex() (rune, bool) {
	if len(r.data)-r.at < 4 {
		return 0, false
	}
	u := rune(0)
	for _, c := range r.data[r.at : r.at+4] {
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	r.at += 4
	return u, true
}

// Int reads a whole number.
func (r *Reader) Int() (int64, error) {
	s, err := r.number()
	if err != nil {
		return 0, err
	}
	n, bad := strconv.ParseInt(string(s), 10, 64)
	if bad != nil {
		return 0, r.Fail("a whole number is needed here")
	}
	return n, nil
}

// Float reads a number.
func (r *Reader) Float() (float64, error) {
	s, err := r.number()
	if err != nil {
		return 0, err
	}
	f, bad := strconv.ParseFloat(string(s), 64)
	if bad != nil {
		return 0, r.Fail("a number is too large")
	}
	return f, nil
}

func (r *Reader) number() ([]byte, error) {
	r.space()
	if r.err != nil {
		return nil, r.err
	}
	start := r.at
	r.take('-')
	whole := r.at
	ok := r.digits()
	ok = ok && (r.data[whole] != '0' || r.at == whole+1)
	if ok && r.take('.') {
		ok = r.digits()
	}
	if ok && (r.take('e') || r.take('E')) {
		_ = r.take('+') || r.take('-')
		ok = r.digits()
	}
	if !ok {
		r.at = start
		return nil, r.Fail("a number is needed here")
	}
	return r.data[start:r.at], nil
}

func (r *Reader) digits() bool {
	start := r.at
	for r.at < len(r.data) && r.data[r.at] >= '0' && r.data[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}

// Bool reads true or false.
func (r *Reader) Bool() (bool, error) {
	r.space()
	switch {
	case r.err != nil:
		return false, r.err
	case r.word("true"):
		return true, nil
	case r.word("false"):
		return false, nil
	}
	return false, r.Fail("true or false is needed here")
}

// Null reads null if it comes next and tells whether it did.
func (r *Reader) Null() bool {
	r.space()
	return r.err == nil && r.word("null")
}

// Skip reads a value of any kind and drops it.
func (r *Reader) Skip() error {
	switch r.Kind() {
	case Null:
		if !r.Null() {
			return r.Fail("a value is needed here")
		}
	case Bool:
		_, _ = r.Bool()
	case Number:
		_, _ = r.number()
	case String:
		_, _ = r.Bytes()
	case Array:
		_ = r.Array(func(int) error { return r.Skip() })
	case Object:
		_ = r.Object(func([]byte) error { return r.Skip() })
	default:
		return r.Fail("a value is needed here")
	}
	return r.err
}

// End tells whether nothing but space is left.
func (r *Reader) End() error {
	r.space()
	if r.err == nil && r.at < len(r.data) {
		return r.Fail("something stands behind the end")
	}
	return r.err
}

func (r *Reader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *Reader) take(c byte) bool {
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *Reader) word(w string) bool {
	if len(r.data)-r.at < len(w) || string(r.data[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// names are those of one object: few in what we read, so a list is quicker than a map
// until there are many.
type names struct {
	list [few][]byte
	n    int
	many map[string]bool
}

const few = 16

func (n *names) add(name []byte) bool {
	if n.many != nil {
		if n.many[string(name)] {
			return false
		}
		n.many[string(name)] = true
		return true
	}
	for _, other := range n.list[:n.n] {
		if string(other) == string(name) {
			return false
		}
	}
	n.list[n.n] = name
	n.n++
	if n.n == few {
		n.many = make(map[string]bool, 2*few)
		for _, other := range n.list {
			n.many[string(other)] = true
		}
	}
	return true
}
