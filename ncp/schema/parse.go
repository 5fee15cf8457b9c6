package schema

import (
	"strconv"
	"time"
	"unicode"

	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// Bounds of a description.
const (
	MaxSize    = 1 << 20 // bytes of a file
	MaxMethods = 1024
	MaxParams  = 16 // arguments, and results, of a method
	MaxEnums   = 64
	MaxValues  = 256 // of an enumeration, and beside a range
	MaxName    = 40  // bytes
	MaxText    = 500 // bytes of a doc, unit or prefix
)

const (
	defaultTimeout = time.Second // protocol sheet: calls without a time-out of their own
	maxTimeout     = 10 * time.Minute
)

// Description is what a file describes.
type Description struct {
	Name    string // of the module; may be empty
	Version string
	Methods []ncp.Method // in the order of the file
}

// Parse reads a description: the project's own JSON form or the .jidl form of the
// Blynk.NCP project (docs/description.md describes both). It tells them apart by their
// content. An error tells line, column and reason, and nothing of the file is taken.
func Parse(data []byte) (*Description, error) {
	if len(data) > MaxSize {
		return nil, &json.Error{Line: 1, Column: 1, Text: "the file is larger than 1 MiB"}
	}
	if len(data) >= 3 && string(data[:3]) == "\ufeff" {
		data = data[3:]
	}
	p := &parser{r: json.NewReader(data), d: &Description{}, names: map[string]bool{}, uids: map[uint16]bool{}}
	if isJIDL(data) {
		p.jidl(types(data))
	} else {
		p.own(enums(data))
	}
	if err := p.r.End(); err != nil {
		return nil, err
	}
	if len(p.d.Methods) == 0 {
		return nil, p.r.Fail("no method is described")
	}
	return p.d, nil
}

// isJIDL tells whether a file has the member of a .jidl that our form lacks, or its
// interfaces stand by their name and not in a list.
func isJIDL(data []byte) bool {
	found := false
	r := json.NewReader(data)
	_ = r.Object(func(name []byte) error {
		found = found || string(name) == "module" || string(name) == "interfaces" && r.Kind() == json.Object
		return r.Skip()
	})
	return found
}

type parser struct {
	r     *json.Reader
	d     *Description
	enums map[string][]ncp.Named
	types map[string]string // of a .jidl: what the names of its types stand for
	names map[string]bool   // "interface.method"
	uids  map[uint16]bool
}

// add takes a method that was read.
func (p *parser) add(m ncp.Method) error {
	full := m.Interface + "." + m.Name
	switch {
	case len(p.d.Methods) == MaxMethods:
		return p.r.Fail("more than " + strconv.Itoa(MaxMethods) + " methods")
	case !identifier(m.Interface) || !identifier(m.Name):
		return p.r.Fail("a name is not letters, digits and underscores, at most " + strconv.Itoa(MaxName))
	case p.names[full]:
		return p.r.Fail(full + " is there twice")
	case p.uids[m.UID]:
		return p.r.Fail("the id of " + full + " is that of another method")
	case m.Oneway && (len(m.Out) > 0 || m.Returns != ncp.TypeNone):
		return p.r.Fail(full + " is one-way and cannot have results")
	case len(m.In) > MaxParams || len(m.Out) > MaxParams:
		return p.r.Fail(full + " has more than " + strconv.Itoa(MaxParams) + " arguments or results")
	}
	if m.Oneway {
		m.Timeout = 0
	} else if m.Timeout == 0 {
		m.Timeout = defaultTimeout
	}
	p.names[full], p.uids[m.UID] = true, true
	p.d.Methods = append(p.d.Methods, m)
	return nil
}

// text reads a string of printable characters.
func (p *parser) text() (string, error) {
	s, err := p.r.String()
	if err != nil {
		return "", err
	}
	if len(s) > MaxText {
		return "", p.r.Fail("a text is longer than " + strconv.Itoa(MaxText) + " bytes")
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			return "", p.r.Fail("a text holds a character that is not printable")
		}
	}
	return s, nil
}

// uid reads four hex digits, with 0x before them or not.
func (p *parser) uid() (uint16, error) {
	s, err := p.r.String()
	if err != nil {
		return 0, err
	}
	digits := s
	if len(s) > 2 && s[:2] == "0x" {
		digits = s[2:]
	}
	n, bad := strconv.ParseUint(digits, 16, 16)
	if bad != nil || len(digits) != 4 {
		return 0, p.r.Fail("an id is not four hex digits")
	}
	return uint16(n), nil
}

func (p *parser) timeout() (time.Duration, error) {
	n, err := p.r.Int()
	if err == nil && (n < 0 || n > maxTimeout.Milliseconds()) {
		return 0, p.r.Fail("a time-out is not between 0 and " + strconv.FormatInt(maxTimeout.Milliseconds(), 10) + " ms")
	}
	return time.Duration(n) * time.Millisecond, err
}

func (p *parser) valueType() (ncp.Type, error) {
	name, err := p.r.Bytes()
	if err != nil {
		return 0, err
	}
	for t := ncp.TypeBool; t <= ncp.TypeBinary; t++ {
		if t.String() == string(name) {
			return t, nil
		}
	}
	return 0, p.r.Fail("a type is not one of those of the protocol")
}

// identifier tells whether s is a short ASCII identifier.
func identifier(s string) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
