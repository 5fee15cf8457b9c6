package traffic

import "time"

// maxIndex bounds the index of all rows for text search, in bytes. Rows beyond it are
// decoded anew for each search.
const maxIndex = 48 << 20

// The index holds, for each row of a page, what the row says in lower case: method,
// arguments, status. A page of it is some 80 bytes a row.

// index makes the index of a page, from where it ends, for at most that many rows, and
// returns how many it made. There may be no room for it: see indexed.
func (s *Store) index(p *page, first, most int) (made int) {
	if p.names != s.renamed {
		p.unindex()
		p.names = s.renamed
	}
	before := cap(p.text)
	for made < most && p.indexed < p.n && (s.indexBytes < s.indexRoom || len(p.text)+2*MaxText < cap(p.text)) {
		i := p.indexed
		p.text = s.appendSearch(p.text, first+i, &p.rows[i])
		p.ends[i] = uint32(len(p.text))
		p.indexed++
		made++
		s.indexBytes += cap(p.text) - before
		before = cap(p.text)
	}
	return made
}

func (p *page) unindex() { p.text, p.indexed = p.text[:0], 0 }

// search returns what a row says in lower case: from the index, or appended to buf.
func (s *Store) search(p *page, first, i int, buf []byte) []byte {
	if i < p.indexed && p.names == s.renamed {
		from := uint32(0)
		if i > 0 {
			from = p.ends[i-1]
		}
		return p.text[from:p.ends[i]]
	}
	return s.appendSearch(buf[:0], first+i, &p.rows[i])
}

// appendSearch appends what a row says, in lower case.
func (s *Store) appendSearch(dst []byte, id int, r *row) []byte {
	start := len(dst)
	switch {
	case r.kind == Mark && int(r.status) < len(markNames):
		dst = append(dst, markNames[r.status]...)
	case r.kind == Mark, r.kind == Gap:
	default:
		if r.kind.Message() && r.kind != Unknown && (r.kind != Result || r.uid != 0) {
			dst = s.appendMethod(dst, r.uid)
		}
		dst = append(dst, ' ')
		dst = s.appendArgs(dst, id, r)
	}
	lower(dst[start:])
	return dst
}

// appendMethod appends the name of a method, or its number.
func (s *Store) appendMethod(dst []byte, uid uint16) []byte {
	if m, ok := s.names.Method(uid); ok {
		dst = appendEscaped(dst, m.Interface, maxName)
		return appendEscaped(append(dst, '.'), m.Name, maxName)
	}
	return append(dst, '0', 'x', hexDigits[uid>>12], hexDigits[uid>>8&15], hexDigits[uid>>4&15], hexDigits[uid&15])
}

// lower makes the ASCII letters of b small.
func lower(b []byte) {
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c + 'a' - 'A'
		}
	}
}

// Index makes the index of rows that are not in it yet, for about that long at most, so
// that the next search for text has less to do. done tells that nothing is left, or that
// there is no room for more.
func (s *Store) Index(budget time.Duration) (done bool) {
	began := time.Now()
	first := s.first
	for _, p := range s.pages {
		for p.indexedWith(s.renamed) < p.n {
			if s.index(p, first, stride) == 0 {
				return true
			}
			if time.Since(began) >= budget {
				return false
			}
		}
		first += p.n
	}
	return true
}
