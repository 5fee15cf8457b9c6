package trace

import (
	"sync"
	"time"

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
	first uint64 // Seq of the first record
	count int
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
	spare  *block
	seq    uint64 // of the next record
	time   int64  // of the last record
	kept   int    // records in blocks
}

// New returns an empty Recorder.
func New() *Recorder {
	now := time.Now()
	return &Recorder{mask: NewMasker(), start: now, epoch: now.UnixMicro()}
}

// Trace records ev; it is an rpc.Tracer. What is secret in it is masked first.
func (r *Recorder) Trace(ev *rpc.Event) {
	rec := Record{
		Kind: Kind(ev.Kind), Dir: ev.Dir,
		Op: ev.Op, UID: ev.UID, MsgID: ev.MsgID, Status: ev.Status,
		Size: uint32(len(ev.Payload)), Payload: ev.Payload,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.Time = r.at(ev.Time)
	r.mask.Mask(&rec)
	r.add(&rec)
}

// Mark records that something happened to the line, and its rate in bits per second.
func (r *Recorder) Mark(kind MarkKind, baud int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(&Record{Time: r.at(time.Now()), Kind: Mark, Mark: kind, Baud: uint32(max(baud, 0))})
}

// at returns a time as that of a record. It is called with the lock held.
func (r *Recorder) at(t time.Time) int64 {
	r.time = max(r.epoch+t.Sub(r.start).Microseconds(), r.time)
	return r.time
}

// add is called with the lock held.
func (r *Recorder) add(rec *Record) {
	rec.Seq = r.seq
	r.seq++
	n := HeadSize + min(len(rec.Payload), MaxPayload)
	b := r.last()
	if b == nil || b.used+n > blockSize {
		b = r.grow(rec.Seq)
	}
	AppendRecord(b.data[:b.used], rec)
	b.used += n
	b.count++
	r.kept++
}

func (r *Recorder) last() *block {
	if len(r.blocks) == 0 {
		return nil
	}
	return r.blocks[len(r.blocks)-1]
}

// grow adds a block, dropping the oldest ones that are beyond the bounds.
func (r *Recorder) grow(first uint64) *block {
	for len(r.blocks) > 0 && (len(r.blocks) >= maxBlocks || r.kept-r.blocks[0].count >= MaxRecords) {
		r.spare = r.blocks[0]
		r.kept -= r.spare.count
		n := copy(r.blocks, r.blocks[1:])
		r.blocks[n] = nil
		r.blocks = r.blocks[:n]
	}
	b := r.spare
	r.spare = nil
	if b == nil {
		b = new(block)
	}
	b.first, b.count, b.used = first, 0, 0
	r.blocks = append(r.blocks, b)
	return b
}

// Read copies records from that Seq on to dst, serialized and whole, as many as fit; dst
// should have room for MaxRecord bytes at least. n are the bytes copied, next is the
// cursor for the next Read, and missed is how many records before the first one copied
// are gone already. Begin with cursor 0.
func (r *Recorder) Read(cursor uint64, dst []byte) (n int, next, missed uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.seq - uint64(r.kept); cursor < first {
		missed = first - cursor
		cursor = first
	}
	cursor = min(cursor, r.seq)
	for _, b := range r.blocks {
		end := b.first + uint64(b.count)
		if cursor >= end {
			continue
		}
		from := b.offset(cursor)
		to := from
		for cursor < end {
			size := b.size(to)
			if n+to-from+size > len(dst) {
				n += copy(dst[n:], b.data[from:to])
				return n, cursor, missed
			}
			to += size
			cursor++
		}
		n += copy(dst[n:], b.data[from:to])
	}
	return n, cursor, missed
}

// size returns the size of the record at offset at.
func (b *block) size(at int) int { return HeadSize + int(get(b.data[at:], 2)) }

// offset returns where the record with that Seq begins.
func (b *block) offset(seq uint64) (at int) {
	for i := b.first; i < seq; i++ {
		at += b.size(at)
	}
	return at
}

// End returns the Seq that the next record will have: a cursor for what comes from now
// on.
func (r *Recorder) End() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

// Clear drops all records and their memory. Seq goes on.
func (r *Recorder) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocks, r.spare, r.kept = nil, nil, 0
}
