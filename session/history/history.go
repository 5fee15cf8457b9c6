// Package history keeps the newest values of the virtual pins, in both directions, and
// answers what a page asks of them: the last values of one pin, the lines of a chart,
// and a table of everything as CSV.
//
// What it keeps holds no pointers, so that the garbage collector has nothing to look
// at, and in the steady state a value allocates nothing. Values are hostile: what comes
// back is to be shown as text.
package history

import (
	"bytes"
	"math"
	"sync"
	"time"
)

// Bounds of what is kept; the older values go, a block at a time, when either is
// reached. With usual values of a few characters it is MaxValues.
const (
	MaxValues = 500_000
	MaxBytes  = 24 << 20
	// MaxValue is how many bytes of one value are kept.
	MaxValue = 1536
)

const (
	blockSize = 64 << 10
	maxBlocks = MaxBytes / blockSize
	// headSize: 8 bytes time in µs since 1970, 4 bytes how far back the record of the
	// pin before this one begins, 2 bytes pin, 2 bytes length and direction.
	headSize = 16
	dirShift = 14 // of the direction in the last field
	lenMask  = 1<<11 - 1
	// maxBreaks bounds the interruptions of the connection that are remembered.
	maxBreaks = 256
)

// Direction tells who wrote a value; its numbers are those of session.Direction.
type Direction uint8

// Directions.
const (
	FromCloud Direction = iota + 1
	ToCloud
)

// History keeps values. The zero value is ready and empty. It is safe for concurrent
// use; no method waits.
type History struct {
	mu      sync.Mutex
	blocks  [][]byte          // ring: block k is blocks[k%len]; grows up to maxBlocks
	counts  []int             // values in each block
	free    [][]byte          // memory of blocks that were dropped, for the next ones
	first   uint64            // number of the oldest block
	last    uint64            // number of the newest one
	values  int               // kept
	dropped uint64            // no longer kept
	newest  map[uint16]uint64 // by pin: position of its newest record, plus one
	late    int64             // µs: time of the newest value
	breaks  []int64           // µs, ascending
	lines   []*line           // of the charts that are drawn
	drawn   uint64            // counts calls of Series
}

// Stats tell what is kept.
type Stats struct {
	Values  int    // kept now
	Dropped uint64 // older ones that had to go
	Bytes   int    // of memory for values
}

// Value is one value of a pin.
type Value struct {
	Time  time.Time
	Pin   uint16
	Dir   Direction
	Items []string // hostile, show as text
}

// A position is where a record begins, in bytes since the first one: block times
// blockSize plus the place in the block. Positions of dropped blocks are never used
// again.

// Add keeps a value; of a longer one the first MaxValue bytes. Times should not go
// backwards; one that does is kept as if it were as late as the newest.
func (h *History) Add(pin uint16, dir Direction, at time.Time, value []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	value = value[:min(len(value), MaxValue)]
	block := h.room(headSize + len(value))
	pos := h.last*blockSize + uint64(len(*block))
	back := uint32(0)
	if before := h.newest[pin]; before > h.first*blockSize {
		back = uint32(pos - (before - 1)) // what is kept spans less than 4 GiB
	}
	us := max(at.UnixMicro(), h.late)
	h.late = us
	b := appendUint(*block, uint64(us), 8)
	b = appendUint(b, uint64(back), 4)
	b = appendUint(b, uint64(pin), 2)
	b = appendUint(b, uint64(len(value))|uint64(dir)<<dirShift, 2)
	*block = append(b, value...)
	h.counts[h.slot(h.last)]++
	h.values++
	if h.newest == nil {
		h.newest = make(map[uint16]uint64)
	}
	h.newest[pin] = pos + 1
	for _, l := range h.lines {
		if l.Pin == pin {
			l.add(us, numberOf(value, l.Item))
		}
	}
}

// room returns the block that has room for a record of n bytes.
func (h *History) room(n int) *[]byte {
	if h.blocks == nil {
		h.grow()
		h.begin()
	}
	b := &h.blocks[h.slot(h.last)]
	full := len(*b)+n > blockSize
	for h.first < h.last && (h.values >= MaxValues || full && h.last-h.first+1 == maxBlocks) {
		h.dropBlock()
	}
	if full {
		h.last++
		if int(h.last-h.first) == len(h.blocks) {
			h.grow()
		}
		b = h.begin()
	}
	return b
}

// begin gives the newest block memory.
func (h *History) begin() *[]byte {
	b := &h.blocks[h.slot(h.last)]
	if n := len(h.free); n > 0 {
		*b, h.free = h.free[n-1][:0], h.free[:n-1]
	} else {
		*b = make([]byte, 0, blockSize)
	}
	return b
}

func (h *History) slot(block uint64) int { return int(block % uint64(len(h.blocks))) }

// grow doubles the ring, up to maxBlocks, and puts the blocks where they belong then.
func (h *History) grow() {
	n := min(max(2*len(h.blocks), 4), maxBlocks)
	blocks, counts := make([][]byte, n), make([]int, n)
	for i := range h.blocks {
		k := h.first + uint64(i)
		to := k % uint64(n)
		blocks[to], counts[to] = h.blocks[h.slot(k)], h.counts[h.slot(k)]
	}
	h.blocks, h.counts = blocks, counts
}

func (h *History) dropBlock() {
	i := h.slot(h.first)
	h.values -= h.counts[i]
	h.dropped += uint64(h.counts[i])
	h.free = append(h.free, h.blocks[i])
	h.blocks[i], h.counts[i] = nil, 0
	h.first++
	oldest := h.oldest()
	for _, l := range h.lines {
		l.drop(oldest)
	}
}

// oldest returns the time of the oldest value in µs; 0 without one.
func (h *History) oldest() int64 {
	if h.values == 0 {
		return 0
	}
	return h.at(h.first * blockSize).us
}

// record is a value where it lies.
type record struct {
	us    int64
	back  uint32
	pin   uint16
	dir   Direction
	value []byte
}

// at returns the record at a position that is kept.
func (h *History) at(pos uint64) record {
	b := h.blocks[h.slot(pos/blockSize)][pos%blockSize:]
	n := getUint(b[14:16])
	return record{
		us:    int64(getUint(b[:8])),
		back:  uint32(getUint(b[8:12])),
		pin:   uint16(getUint(b[12:14])),
		dir:   Direction(n >> dirShift),
		value: b[headSize : headSize+int(n&lenMask)],
	}
}

// appendUint appends the lower n bytes of v, the lowest first. encoding/binary would
// bring reflect into the page's program.
func appendUint(b []byte, v uint64, n int) []byte {
	for range n {
		b = append(b, byte(v))
		v >>= 8
	}
	return b
}

// getUint reads what appendUint has written.
func getUint(b []byte) (v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

// newestOf returns the position of the newest record of a pin.
func (h *History) newestOf(pin uint16) (pos uint64, ok bool) {
	p := h.newest[pin]
	return p - 1, p > h.first*blockSize
}

// before returns the position of the record of the same pin before this one.
func (h *History) before(pos uint64, r record) (uint64, bool) {
	if r.back == 0 || pos-uint64(r.back) < h.first*blockSize {
		return 0, false
	}
	return pos - uint64(r.back), true
}

// Break notes that the connection was interrupted: charts have a gap there.
func (h *History) Break(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	us := max(at.UnixMicro(), h.late)
	if len(h.breaks) == maxBreaks {
		h.breaks = append(h.breaks[:0], h.breaks[1:]...)
	}
	h.breaks = append(h.breaks, us)
	for _, l := range h.lines {
		l.interrupt(us)
	}
}

// Clear forgets all values and keeps the memory for the next ones.
func (h *History) Clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, b := range h.blocks {
		if b != nil {
			h.free = append(h.free, b)
		}
		h.blocks[i], h.counts[i] = nil, 0
	}
	h.dropped, h.values = 0, 0
	h.last++ // positions of the values that are gone shall not come again
	h.first = h.last
	if h.blocks != nil {
		h.begin()
	}
	clear(h.newest)
	h.late, h.breaks, h.lines = 0, nil, nil
}

// Stats returns how much is kept.
func (h *History) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Values: h.values, Dropped: h.dropped}
	for _, b := range h.blocks {
		s.Bytes += cap(b)
	}
	s.Bytes += len(h.free) * blockSize
	return s
}

// Oldest returns the time of the oldest value that is kept; the zero time without one.
func (h *History) Oldest() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.values == 0 {
		return time.Time{}
	}
	return time.UnixMicro(h.oldest())
}

// Last returns the newest n values of a pin that are kept, the newest first.
func (h *History) Last(pin uint16, n int) []Value {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Value
	for pos, ok := h.newestOf(pin); ok && len(list) < n; {
		r := h.at(pos)
		list = append(list, Value{time.UnixMicro(r.us), pin, r.dir, itemsOf(r.value)})
		pos, ok = h.before(pos, r)
	}
	return list
}

// Tail fills dst from its end with the newest numbers of an item (from 0) of a pin and
// returns the part that it filled, the oldest first: what a sparkline shows. Values
// whose item is no number are NaN.
func (h *History) Tail(dst []float64, pin uint16, item int) []float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := len(dst)
	for pos, ok := h.newestOf(pin); ok && i > 0; {
		r := h.at(pos)
		i--
		dst[i] = numberOf(r.value, item)
		pos, ok = h.before(pos, r)
	}
	return dst[i:]
}

func itemsOf(value []byte) []string {
	items := make([]string, 0, 1+bytes.Count(value, []byte{0}))
	for {
		item, rest, more := bytes.Cut(value, []byte{0})
		items = append(items, string(item))
		if !more {
			return items
		}
		value = rest
	}
}

// numberOf returns an item as a number, or NaN.
func numberOf(value []byte, item int) float64 {
	for ; ; item-- {
		end := bytes.IndexByte(value, 0)
		if item == 0 {
			if end >= 0 {
				value = value[:end]
			}
			if f, ok := Number(value); ok {
				return f
			}
			return math.NaN()
		}
		if end < 0 {
			return math.NaN()
		}
		value = value[end+1:]
	}
}
