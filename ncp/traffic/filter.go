package traffic

import (
	"bytes"
	"slices"
)

// Filter tells which rows are shown. The zero value shows all of them; what is set
// narrows.
type Filter struct {
	Dirs     Set      // of rpc.Dir; rows that have none (marks, gaps) pass
	Kinds    Set      // of Kind
	Outcomes Set      // of Outcome
	Methods  []uint16 // UIDs
	// Text is searched for in what a row says (method, arguments by name, status of an
	// error), without regard to the case of ASCII letters. Two or more hex pairs with
	// spaces between them, or digits behind 0x, are also searched for in the bytes.
	Text     string
	From, To int64 // microseconds since 1970, both included; 0: no bound
}

// Set is a set of small numbers; the empty one stands for all.
type Set uint16

// SetOf returns the set of those.
func SetOf[T ~uint8](members ...T) (s Set) {
	for _, m := range members {
		s |= 1 << (m & 15)
	}
	return s
}

// Has tells whether m is in it.
func (s Set) Has(m uint8) bool { return s == 0 || s>>(m&15)&1 != 0 }

// Empty tells whether f shows all rows.
func (f *Filter) Empty() bool {
	return f.Dirs == 0 && f.Kinds == 0 && f.Outcomes == 0 && len(f.Methods) == 0 &&
		f.Text == "" && f.From == 0 && f.To == 0
}

// Equal tells whether both show the same rows.
func (f *Filter) Equal(g *Filter) bool {
	return f.Dirs == g.Dirs && f.Kinds == g.Kinds && f.Outcomes == g.Outcomes &&
		slices.Equal(f.Methods, g.Methods) && f.Text == g.Text && f.From == g.From && f.To == g.To
}

// maxNeedle bounds the text that is searched for, in bytes.
const maxNeedle = 256

// matcher is a Filter made ready.
type matcher struct {
	f       Filter
	methods map[uint16]bool
	text    []byte // in lower case
	hex     []byte // the same as bytes; nil: it is none
	buf     []byte
}

func newMatcher(f Filter) *matcher {
	m := &matcher{f: f}
	if len(f.Methods) > 0 {
		m.methods = make(map[uint16]bool, len(f.Methods))
		for _, uid := range f.Methods {
			m.methods[uid] = true
		}
	}
	m.text = []byte(f.Text[:min(len(f.Text), maxNeedle)])
	m.hex = hexNeedle(m.text)
	lower(m.text)
	return m
}

// cheap tells whether a row passes all but the text.
func (m *matcher) cheap(r *row) bool {
	f := &m.f
	switch {
	case f.Kinds != 0 && !f.Kinds.Has(uint8(r.kind)):
		return false
	case f.Dirs != 0 && r.kind < Mark && !f.Dirs.Has(uint8(r.dir())):
		return false
	case f.Outcomes != 0 && !f.Outcomes.Has(uint8(r.outcome())):
		return false
	case f.From != 0 && r.time < f.From || f.To != 0 && r.time > f.To:
		return false
	case m.methods == nil:
		return true
	}
	known := r.kind == Invoke || r.kind == Oneway || r.kind == Result && r.uid != 0
	return known && m.methods[r.uid]
}

// match tells whether row i of a page, which begins with row first, is shown.
func (m *matcher) match(s *Store, p *page, first, i int) bool {
	r := &p.rows[i]
	if !m.cheap(r) {
		return false
	}
	if len(m.text) == 0 {
		return true
	}
	if len(m.hex) > 0 && bytes.Contains(p.bytes[r.off:r.off+uint32(r.n)], m.hex) {
		return true
	}
	if i >= p.indexed {
		m.buf = s.search(p, first, i, m.buf)
		return bytes.Contains(m.buf, m.text)
	}
	return bytes.Contains(s.search(p, first, i, nil), m.text)
}

// hexNeedle reads hex pairs: "A5 12", "0xA512". It returns nil if text is none.
func hexNeedle(text []byte) (out []byte) {
	rest, together := bytes.CutPrefix(bytes.TrimSpace(text), []byte("0x"))
	if !together && len(rest) < len("A5 1") {
		return nil
	}
	for i := 0; i < len(rest); i += 2 {
		if !together && i > 0 {
			if rest[i] != ' ' {
				return nil
			}
			i++
		}
		if i+2 > len(rest) {
			return nil
		}
		high, low := hexDigit(rest[i]), hexDigit(rest[i+1])
		if high < 0 || low < 0 {
			return nil
		}
		out = append(out, byte(high<<4|low))
	}
	return out
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
