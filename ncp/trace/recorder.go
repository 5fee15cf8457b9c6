package trace

import (
	"sync"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// Bounds of a Recorder: the oldest records go when either is reached.
const (
	// MaxRecords is how many of the newest records are kept at least. Records go in blocks
	// of 64 KiB, so there may be those of two blocks more.
	MaxRecords = 100_000
	// MaxBytes is what all records may take, serialized, in bytes.
	MaxBytes = 16 << 20

	blockSize = 64 << 10
	maxBlocks = MaxBytes / blockSize
)

// block holds serialized records, one behind the other and none across two blocks. It
// has no pointers, so that the garbage collector has nothing to look at.
type block struct {
	count int // of records
	used  int
	data  [blockSize]byte
}

// Recorder keeps the newest records. Memory grows as it is needed, up to MaxBytes; once
// it is full recording allocates nothing. The zero value is not usable; see New. It is
// safe for concurrent use.
type Recorder struct {
	start time.Time // has a monotonic part: a clock that is set does not turn time back
	epoch int64     // start, in microseconds since 1970

	mu     sync.Mutex // guards what follows
	mask   *Masker
	blocks []*block // the oldest first
	seq    uint64   // of the next record
	time   int64    // of the last record
	kept   int      // records in blocks
}

// New returns an empty Recorder.
func New() *Recorder {
	now := time.Now()
	return &Recorder{mask: NewMasker(ncp.Lookup, Secrets(ncp.Methods)), start: now, epoch: now.UnixMicro()}
}

// Trace records ev; it is an rpc.Tracer. What is secret in it is masked first.
func (r *Recorder) Trace(ev *rpc.Event) {
	r.add(&Record{
		Kind: Kind(ev.Kind), Dir: ev.Dir,
		Op: ev.Op, UID: ev.UID, MsgID: ev.MsgID, Status: ev.Status,
		Size: uint32(len(ev.Payload)), Payload: ev.Payload,
	}, ev.Time)
}

// Mark records that something happened to the line, and its rate in bits per second.
func (r *Recorder) Mark(kind MarkKind, baud int) {
	r.add(&Record{Kind: Mark, Mark: kind, Baud: uint32(max(baud, 0))}, time.Now())
}

func (r *Recorder) add(rec *Record, at time.Time) {
	r.mu.Lock()
	r.time = max(r.epoch+at.Sub(r.start).Microseconds(), r.time)
	rec.Time, rec.Seq = r.time, r.seq
	r.seq++
	r.mask.Mask(rec)
	b := r.room(HeadSize + min(len(rec.Payload), MaxPayload))
	b.used = len(AppendRecord(b.data[:b.used], rec))
	b.count++
	r.kept++
	r.mu.Unlock()
}

// room returns the newest block, with room for n bytes. If it is a new one, the oldest
// ones that are beyond the bounds go.
func (r *Recorder) room(n int) *block {
	if last := len(r.blocks) - 1; last >= 0 && r.blocks[last].used+n <= blockSize {
		return r.blocks[last]
	}
	var b *block
	for len(r.blocks) > 0 && (len(r.blocks) >= maxBlocks || r.kept-r.blocks[0].count >= MaxRecords) {
		b = r.blocks[0]
		r.kept -= b.count
		r.blocks = append(r.blocks[:0], r.blocks[1:]...)
	}
	if b == nil {
		b = new(block)
	}
	b.count, b.used = 0, 0
	r.blocks = append(r.blocks, b)
	return b
}

// Read copies records from that Seq on to dst, serialized and whole, as many as fit; dst
// should have room for MaxRecord bytes at least. n are the bytes copied, next is the
// cursor for the next Read, and missed is how many records before the first one copied
// are gone already. Begin with cursor 0.
func (r *Recorder) Read(cursor uint64, dst []byte) (n int, next, missed uint64) {
	r.mu.Lock()
	first := r.seq - uint64(r.kept)
	if cursor < first {
		missed = first - cursor
	}
	next = min(max(cursor, first), r.seq)
	skip := int(next - first)
	for _, b := range r.blocks {
		if skip >= b.count {
			skip -= b.count
			continue
		}
		for at := 0; at < b.used; {
			size := sizeOf(b.data[at:])
			if skip > 0 {
				skip--
			} else if n+size > len(dst) {
				r.mu.Unlock()
				return n, next, missed
			} else {
				n += copy(dst[n:], b.data[at:at+size])
				next++
			}
			at += size
		}
	}
	r.mu.Unlock()
	return n, next, missed
}

// End returns the Seq that the next record will have: a cursor for what comes from now
// on.
func (r *Recorder) End() uint64 {
	r.mu.Lock()
	seq := r.seq
	r.mu.Unlock()
	return seq
}

// Clear drops all records and their memory. Seq goes on.
func (r *Recorder) Clear() {
	r.mu.Lock()
	r.blocks, r.kept = nil, 0
	r.mu.Unlock()
}
