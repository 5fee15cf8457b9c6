package traffic

import (
	"slices"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

const (
	// maxCounted is how many methods are counted by themselves, per direction; what is
	// beyond is counted together, as UID 0.
	maxCounted = 512
	// slots of slotTime are the last second.
	slots    = 20
	slotTime = 50_000 // microseconds
	// bitsPerByte on the line: a start bit, 8 bits, a stop bit (protocol sheet, "UART and
	// framing").
	bitsPerByte = 10
)

// MethodStats counts what passed of one method in one direction.
type MethodStats struct {
	UID        uint16
	Dir        rpc.Dir // of the call
	Count      uint64  // INVOKEs and ONEWAYs
	Answered   uint64
	Errors     uint64 // RESULTs with another status than 0
	Unanswered uint64 // no RESULT in time; some may have come late
	Bytes      uint64 // of the messages and their RESULTs, as on the line
	// Round trips. They are exact but for Median and P95, which are within 5 %. Timed is
	// how many there were.
	Timed            uint64
	Min, Median, P95 time.Duration
	Max              time.Duration
}

// LineUse tells how busy a direction of the line is.
type LineUse struct {
	Bytes  uint64  // as on the line, from the beginning
	Second float64 // share of the rate that the last second used: 0 to 1
	All    float64 // the same of all the time that the line was connected
	Known  bool    // the rate is known, and with it the shares
}

// Stats count all that came since the beginning or the last Clear, also rows that are not
// kept any more.
type Stats struct {
	Methods    []MethodStats // by UID and direction
	Frames     uint64        // good ones
	CRC        uint64        // frames with a wrong CRC
	Cut        uint64        // frames that ended in a new one
	Oversize   uint64
	NoiseBytes uint64
	Late       uint64 // RESULTs that nobody waited for
	Unanswered uint64 // calls
	Open       int    // calls whose RESULT may still come
	Missed     uint64 // records that are missing
	Line       [2]LineUse
	Baud       int // bits per second; 0: not known
}

type stats struct {
	methods  map[methodKey]*methodCount
	counted  [2]int
	sum      Stats // without Methods and Line
	line     [2]lineCount
	baud     int64
	assumed  bool  // nobody said so in a mark
	since    int64 // when the line was connected, or changed its rate; 0: it is not
	capacity float64
}

type methodKey struct {
	uid uint16
	dir rpc.Dir
}

type methodCount struct {
	MethodStats
	times *histogram
}

// lineCount counts the bytes of a direction; of the last second in slots.
type lineCount struct {
	bytes uint64
	slot  [slots]uint32
	at    int64 // number of the newest slot
}

func (st *stats) init() { st.methods = make(map[methodKey]*methodCount) }

// clear begins to count anew.
func (st *stats) clear(now int64) {
	fresh := stats{baud: st.baud, assumed: st.assumed}
	if st.since != 0 {
		fresh.since = max(now, 1)
	}
	*st = fresh
	st.init()
}

// SetBaud tells the rate of the line in bits per second, where no mark has.
func (s *Store) SetBaud(baud int) {
	st := &s.stats
	if st.baud == 0 || st.assumed {
		st.rate(s.now, int64(max(baud, 0)), st.since != 0)
		st.assumed = true
	}
}

// rate takes over another rate.
func (st *stats) rate(now, baud int64, connected bool) {
	st.capacity += st.share(now)
	st.baud, st.since = baud, 0
	if connected {
		st.since = max(now, 1)
	}
}

// share returns how many bytes the line could have sent since st.since.
func (st *stats) share(now int64) float64 {
	if st.since == 0 || now < st.since {
		return 0
	}
	return float64(now-st.since) / 1e6 * float64(st.baud) / bitsPerByte
}

// wire returns how long n bytes take on the line; 0 if the rate is not known.
func (st *stats) wire(n int) time.Duration {
	if st.baud <= 0 {
		return 0
	}
	return time.Duration(int64(n) * bitsPerByte * int64(time.Second) / st.baud)
}

// of returns what counts a method.
func (st *stats) of(uid uint16, dir rpc.Dir) *methodCount {
	key := methodKey{uid, dir}
	m := st.methods[key]
	if m == nil {
		if st.counted[dir] >= maxCounted {
			key.uid = 0
		}
		if m = st.methods[key]; m == nil {
			m = &methodCount{MethodStats: MethodStats{UID: key.uid, Dir: dir}}
			st.methods[key] = m
			st.counted[dir]++
		}
	}
	return m
}

// count counts a row that has come.
func (st *stats) count(s *Store, r *row, payload []byte) {
	onLine := 0
	switch r.kind {
	case Mark:
		kind := trace.MarkKind(r.status)
		st.rate(r.time, int64(r.size), kind != trace.Disconnected)
		st.assumed = false
		return
	case Noise:
		onLine = int(r.size)
		st.sum.NoiseBytes += uint64(r.size)
	case CRC:
		onLine = onWire(r, payload)
		st.sum.CRC++
	case Cut:
		onLine = onWire(r, payload)
		st.sum.Cut++
	case Oversize:
		onLine = onWire(r, payload)
		st.sum.Oversize++
	default:
		onLine = onWire(r, payload) + 1 // its CRC
		st.sum.Frames++
	}
	dir := r.dir()
	st.line[dir].add(r.time, onLine)
	switch {
	case r.kind == Invoke || r.kind == Oneway:
		m := st.of(r.uid, dir)
		m.Count++
		m.Bytes += uint64(onLine)
	case r.kind == Result:
		if r.uid != 0 {
			st.of(r.uid, 1-dir).Bytes += uint64(onLine)
		}
		if r.flags&rowLate != 0 {
			st.sum.Late++
		}
	}
	if st.since == 0 && st.baud > 0 && st.assumed {
		st.since = max(r.time, 1)
	}
}

// onWire returns how many bytes a frame was on the line: two delimiters, and those that
// were escaped count twice.
func onWire(r *row, payload []byte) int {
	n := int(r.size) + 2
	for _, c := range payload {
		switch c {
		case 0xAA, 0xBB, 0xCC, 0x11, 0x13:
			n++
		}
	}
	return n
}

// answered counts a RESULT of a call that is kept.
func (st *stats) answered(call, r *row, late bool) {
	m := st.of(call.uid, call.dir())
	m.Answered++
	if r.outcome() != OK {
		m.Errors++
	}
	took := r.time - call.time
	if took < 0 || late {
		return
	}
	d := time.Duration(min(took, 1<<40)) * time.Microsecond
	if m.times == nil {
		m.times = new(histogram)
		m.Min = d
	}
	m.Timed++
	m.Min, m.Max = min(m.Min, d), max(m.Max, d)
	m.times.add(d)
}

// unanswered counts calls that got no RESULT in time, or fewer of them.
func (st *stats) unanswered(call *row, n int) {
	st.of(call.uid, call.dir()).Unanswered += uint64(n)
	st.sum.Unanswered += uint64(n)
}

func (l *lineCount) add(now int64, n int) {
	l.bytes += uint64(n)
	l.turn(now)
	l.slot[l.at%slots] += uint32(n)
}

// turn empties the slots that are older than a second.
func (l *lineCount) turn(now int64) {
	at := now / slotTime
	if at < 0 {
		at = 0
	}
	if at-l.at >= slots {
		l.slot = [slots]uint32{}
		l.at = at
	}
	for l.at < at {
		l.at++
		l.slot[l.at%slots] = 0
	}
}

// Stats returns what was counted, as of the newest row or the time told by Advance.
func (s *Store) Stats() Stats {
	st := &s.stats
	sum := st.sum
	sum.Baud = int(st.baud)
	for d := range s.calls {
		for _, o := range s.calls[d].open[:s.calls[d].n] {
			if !o.givenUp {
				sum.Open++
			}
		}
	}
	for _, m := range st.methods {
		one := m.MethodStats
		if m.times != nil {
			one.Median = min(max(m.times.quantile(0.5), one.Min), one.Max)
			one.P95 = min(max(m.times.quantile(0.95), one.Min), one.Max)
		}
		sum.Methods = append(sum.Methods, one)
	}
	slices.SortFunc(sum.Methods, func(a, b MethodStats) int {
		if a.UID != b.UID {
			return int(a.UID) - int(b.UID)
		}
		return int(a.Dir) - int(b.Dir)
	})
	for d := range st.line {
		sum.Line[d] = st.use(d, s.now)
	}
	return sum
}

func (st *stats) use(d int, now int64) LineUse {
	l := &st.line[d]
	use := LineUse{Bytes: l.bytes}
	l.turn(now)
	second := uint64(0)
	for _, n := range l.slot {
		second += uint64(n)
	}
	if all := st.capacity + st.share(now); all > 0 {
		use.Known = true
		use.All = min(float64(l.bytes)/all, 1)
	}
	if st.baud > 0 {
		use.Known = true
		use.Second = min(float64(second)*bitsPerByte/float64(st.baud), 1)
	}
	return use
}
