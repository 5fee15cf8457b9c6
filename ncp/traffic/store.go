package traffic

import (
	"math"

	"ncpweb/ncp"
	"ncpweb/ncp/trace"
)

// Bounds of a Store.
const (
	// LiveRows and LiveBytes bound what is kept of a connection: the oldest rows go.
	LiveRows  = 100_000
	LiveBytes = 32 << 20
	// CaptureRows and CaptureBytes bound what is opened of a file: the rest is not read.
	CaptureRows  = 1_000_000
	CaptureBytes = 128 << 20

	// pageRows is how many rows lie, and go, together.
	pageRows = 1024
)

// Names knows methods. *schema.Set is one.
type Names interface {
	Method(uid uint16) (*ncp.Method, bool)
}

type catalogue struct{}

func (catalogue) Method(uid uint16) (*ncp.Method, bool) { return ncp.Lookup(uid) }

// Options configure a Store.
type Options struct {
	// Names knows the methods; nil: the built-in catalogue.
	Names Names
	// Fixed makes a Store that takes no more when it is full, for a capture. Otherwise
	// the oldest rows go.
	Fixed bool
	// MaxRows and MaxBytes bound the rows and what they take, without the index for
	// text; 0: those of a capture if Fixed, otherwise those of a connection. Rows go, and
	// memory is taken, in pages of some thousand rows.
	MaxRows, MaxBytes int
}

// Store holds rows. Each has an ID: 0, 1, 2 … in the order in which they came.
type Store struct {
	opt        Options
	names      Names
	renamed    int // how often the names have changed
	pages      []*page
	spare      *page
	first, end int // IDs of the rows that are kept
	bytes      int // of all pages, as they count for MaxBytes
	indexBytes int
	indexRoom  int   // for indexBytes; maxIndex
	now        int64 // microseconds since 1970: of the newest row, or as told
	calls      [2]calls
	due        int64 // when the next call is given up
	stats      stats
	answered   int   // how many rows have changed after they came
	changed    []int // the newest of them: IDs of calls that ended
}

// row is what is kept of a record. It has no pointers.
type row struct {
	time   int64
	seq    uint64
	off    uint32 // of the payload in the page
	n      uint16 // bytes of payload kept
	uid    uint16
	id     uint16
	kind   Kind
	flags  rowFlags
	size   uint32 // bytes that the payload had; of a mark its rate
	pair   int32  // how many rows on (or back) the other half of the call is; 0: none
	status uint8  // of a RESULT, and of a call that was answered; the trace.MarkKind of a mark
}

type rowFlags uint8

const (
	rowOut rowFlags = 1 << iota
	rowMasked
	rowWithheld
	rowLate      // a RESULT that nobody waited for
	rowGivenUp   // an INVOKE that got no RESULT in time
	rowHasStatus // a RESULT that is long enough to have one
)

// page holds rows that lie, and go, together.
type page struct {
	rows  [pageRows]row
	n     int
	bytes []byte // payloads

	text    []byte // what the rows say, for text search: see index.go
	ends    [pageRows]uint32
	indexed int // rows in text
	names   int // Store.renamed when they were
}

const pageSize = pageRows * 44 // of a page without payloads and index, in bytes

// NewStore returns an empty Store.
func NewStore(o Options) *Store {
	if o.MaxRows == 0 {
		o.MaxRows = LiveRows
		if o.Fixed {
			o.MaxRows = CaptureRows
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = LiveBytes
		if o.Fixed {
			o.MaxBytes = CaptureBytes
		}
	}
	s := &Store{opt: o, due: math.MaxInt64, indexRoom: maxIndex}
	s.SetNames(o.Names)
	s.stats.init()
	return s
}

// SetNames changes who knows the methods; nil: the built-in catalogue. It has to be
// called as well when what names knows has changed.
func (s *Store) SetNames(names Names) {
	if names == nil {
		names = catalogue{}
	}
	s.names = names
	s.renamed++
}

// First returns the ID of the oldest row that is kept.
func (s *Store) First() int { return s.first }

// End returns the ID that the next row will have.
func (s *Store) End() int { return s.end }

// Len returns how many rows are kept.
func (s *Store) Len() int { return s.end - s.first }

// Memory returns what the rows take in bytes, the index for text search included.
func (s *Store) Memory() int { return s.bytes + s.indexBytes }

// Full tells whether a fixed Store has no room for the next row.
func (s *Store) Full() bool { return s.opt.Fixed && s.full() }

func (s *Store) full() bool { return s.Len() >= s.opt.MaxRows || s.bytes >= s.opt.MaxBytes }

// AppendBytes appends the serialized records in b, as trace.Recorder.Read gives them,
// and returns how many there were. It stops where b is no record, or at the first one for
// which there is no room.
func (s *Store) AppendBytes(b []byte) (n int) {
	for {
		rec, rest, ok := trace.Next(b)
		if !ok || !s.Append(&rec) {
			return n
		}
		b = rest
		n++
	}
}

// Missed appends a row which says that so many records are missing here.
func (s *Store) Missed(n uint64) {
	if n > 0 {
		s.stats.sum.Missed += n
		s.add(row{time: s.now, kind: Gap, size: uint32(min(n, 1<<32-1))}, nil)
	}
}

// Append appends rec, whose Payload is copied. It is false if the Store is full.
func (s *Store) Append(rec *trace.Record) bool {
	if s.Full() {
		return false
	}
	payload := rec.Payload[:min(len(rec.Payload), trace.MaxPayload)]
	r := row{time: rec.Time, seq: rec.Seq, size: rec.Size, flags: flagsOf(rec)}
	if rec.Kind == trace.Mark {
		r.kind, r.size, r.status = Mark, rec.Baud, uint8(rec.Mark)
	} else {
		r.kind = kindOf(rec)
		r.uid, r.id, r.status = rec.UID, rec.MsgID, uint8(rec.Status)
	}
	s.Advance(rec.Time)
	id := s.add(r, payload)
	s.match(id)
	s.stats.count(s, s.row(id), payload)
	return true
}

// Advance tells the time, in microseconds since 1970: calls may be too late by then.
// Rows tell it as well.
func (s *Store) Advance(now int64) {
	if now <= s.now {
		return
	}
	s.now = now
	s.expire(now)
}

// add appends a row and returns its ID.
func (s *Store) add(r row, payload []byte) int {
	if !s.opt.Fixed {
		for s.full() && len(s.pages) > 1 {
			s.drop()
		}
	}
	p := s.last()
	if p == nil || p.n == pageRows {
		p = s.grow()
	}
	r.off, r.n = uint32(len(p.bytes)), uint16(len(payload))
	before := cap(p.bytes)
	p.bytes = append(p.bytes, payload...)
	s.bytes += cap(p.bytes) - before
	p.rows[p.n] = r
	p.n++
	s.end++
	return s.end - 1
}

func (s *Store) last() *page {
	if len(s.pages) == 0 {
		return nil
	}
	return s.pages[len(s.pages)-1]
}

func (s *Store) grow() *page {
	p := s.spare
	s.spare = nil
	if p == nil {
		p = new(page)
	}
	s.pages = append(s.pages, p)
	s.bytes += pageSize + cap(p.bytes)
	s.indexBytes += cap(p.text)
	return p
}

// drop drops the oldest page and keeps its memory for the next one.
func (s *Store) drop() {
	p := s.pages[0]
	s.bytes -= pageSize + cap(p.bytes)
	s.indexBytes -= cap(p.text)
	n := copy(s.pages, s.pages[1:])
	s.pages[n] = nil
	s.pages = s.pages[:n]
	s.first += p.n
	p.n, p.bytes = 0, p.bytes[:0]
	p.unindex()
	s.spare = p
}

// row returns the row with that ID, which must be kept. All pages but the last are full.
func (s *Store) row(id int) *row {
	i := id - s.first
	return &s.pages[i/pageRows].rows[i%pageRows]
}

// payload returns what is kept of the payload of a row.
func (s *Store) payload(id int) []byte {
	i := id - s.first
	p := s.pages[i/pageRows]
	r := &p.rows[i%pageRows]
	return p.bytes[r.off : r.off+uint32(r.n) : r.off+uint32(r.n)]
}

func (s *Store) has(id int) bool { return id >= s.first && id < s.end }

// Clear drops all rows and all that was counted. IDs go on.
func (s *Store) Clear() {
	s.pages, s.spare = nil, nil
	s.first, s.bytes, s.indexBytes = s.end, 0, 0
	s.calls = [2]calls{}
	s.changed = s.changed[:0]
	s.stats.clear(s.now)
}
