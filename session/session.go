package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
	"ncpweb/serial"
	"ncpweb/session/history"
)

// Options configure a Session. The zero value is usable.
type Options struct {
	// Target is the rate wanted in bits per second; 0: stay at the rate at which the
	// NCP is found.
	Target int
	// Store remembers the rate per adapter; nil: nothing is remembered.
	Store link.Store
	// NoSetTime leaves an NCP alone that asks for the time (event 21). Otherwise it gets
	// this computer's clock.
	NoSetTime bool
	// AllowReset permits a reset pulse on DTR and RTS when an NCP was lost by a change of
	// rate and nothing else helps.
	AllowReset bool
	// Tracer sees every frame; it may be nil. It must not block.
	Tracer rpc.Tracer
}

// Session is one device's life. All methods are safe for concurrent use; those with a
// context block until the work is done or ctx ends, and an ended ctx gives up that
// work, never the port. Their errors carry a Problem: see ProblemOf.
type Session struct {
	opt Options

	mu       sync.Mutex // never held across a wait
	st       State      // without Pins, Generators, Events, Steps and Link, which are made when asked for
	pins     pinTable
	history  history.History
	gens     generators
	timeline timeline
	log      log
	rtt      roundTrips
	past     rpc.Stats // of the links before the present one
	pings    uint64
	missed   uint64
	bringUps uint64
	target   int    // Options.Target, or the rate that a person chose for this device
	mac      string // of the NCP whose values these are; empty: not known
	conn     *conn
	closed   bool

	trace  *trace.Recorder
	tracer atomic.Pointer[rpc.Tracer] // nil: nobody else looks

	updates   atomic.Pointer[rpc.Handler] // answers firmware updates; nil: they are refused
	noSetTime atomic.Bool                 // leave an NCP alone that asks for the time

	subs     []*subscriber // replaced, never written
	notified bool          // subscribers were woken since the last State

	applying chan struct{} // capacity one: held by an apply
	writing  chan struct{} // capacity one: held while values that belong together leave
}

type subscriber struct{ wake func() }

// New returns a Session without a port.
func New(o Options) *Session {
	s := &Session{
		opt:      o,
		trace:    trace.New(),
		target:   o.Target,
		applying: make(chan struct{}, 1),
		writing:  make(chan struct{}, 1),
	}
	s.SetTracer(o.Tracer)
	s.noSetTime.Store(o.NoSetTime)
	s.st.Device.Methods = unknownAbilities()
	return s
}

// State returns all that is known now. It arms the next wake of the subscribers.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notified = false
	st := s.st
	st.Pins = s.pins.list()
	st.Generators = s.gens.list()
	st.Events = s.timeline.list()
	st.Link = s.linkStats()
	st.LogNext = s.log.next()
	return st
}

// Subscribe calls wake after State has changed, once until State is called again, and
// once at the beginning. wake must not block; it may be called from any goroutine.
func (s *Session) Subscribe(wake func()) (cancel func()) {
	sub := &subscriber{wake}
	s.mu.Lock()
	s.subs = append(s.subs[:len(s.subs):len(s.subs)], sub)
	s.mu.Unlock()
	wake()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		left := make([]*subscriber, 0, len(s.subs))
		for _, other := range s.subs {
			if other != sub {
				left = append(left, other)
			}
		}
		s.subs = left
	}
}

// Log returns log entries from sequence number since on, at most that many, and the
// number to ask with next time. A line that has not ended comes as an Open entry and
// again, longer, next time.
func (s *Session) Log(since uint64, most int) (entries []LogEntry, next uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.since(since, most)
}

// ClearLog removes all log entries. Sequence numbers go on.
func (s *Session) ClearLog() {
	s.update(func() { s.log.clear() })
}

// SetTracer changes who sees every frame; nil: nobody. t must not block. It may be
// called once more while SetTracer returns.
func (s *Session) SetTracer(t rpc.Tracer) {
	if t == nil {
		s.tracer.Store(nil)
		return
	}
	s.tracer.Store(&t)
}

// AnswerTime tells whether an NCP that asks for the time (event 21) gets this computer's
// from now on.
func (s *Session) AnswerTime(on bool) { s.noSetTime.Store(!on) }

// ForgetAdapter drops what is remembered of the adapter with this key: its rates.
func (s *Session) ForgetAdapter(key string) {
	if s.opt.Store != nil {
		s.opt.Store.Set(link.RateKey(key), "")
	}
}

// Close ends the connection and the session.
func (s *Session) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.Disconnect(context.Background())
}

// update changes the state under the lock and wakes the subscribers.
func (s *Session) update(change func()) {
	s.mu.Lock()
	change()
	subs := s.subs
	if s.notified {
		subs = nil
	}
	s.notified = true
	s.mu.Unlock()
	for _, sub := range subs {
		sub.wake()
	}
}

// note adds a remark of the session to the log.
func (s *Session) note(text string) {
	s.update(func() { s.log.note(time.Now(), text) })
}

// event adds an entry to the timeline.
func (s *Session) event(e Event) {
	e.Time = time.Now()
	s.update(func() { s.timeline.add(e) })
}

// linkStats is called with the lock held.
func (s *Session) linkStats() LinkStats {
	sum := s.past
	if s.conn != nil && s.conn.link != nil {
		addStats(&sum, s.conn.link.Stats())
	}
	last, median, worst := s.rtt.summary()
	return LinkStats{
		RTTLast: last, RTTMedian: median, RTTWorst: worst,
		Pings: s.pings, Missed: s.missed,
		RxFrames: sum.RxFrames, TxFrames: sum.TxFrames,
		RxBytes: sum.RxBytes, TxBytes: sum.TxBytes,
		CRCErrors:   sum.CRCErrors + sum.CutFrames + sum.Oversized,
		NoiseBytes:  sum.NoiseBytes,
		LateResults: sum.LateResults,
		Dropped:     sum.DroppedRequests,
		BringUps:    s.bringUps,
	}
}

func addStats(sum *rpc.Stats, s rpc.Stats) {
	sum.RxBytes += s.RxBytes
	sum.TxBytes += s.TxBytes
	sum.RxFrames += s.RxFrames
	sum.TxFrames += s.TxFrames
	sum.CRCErrors += s.CRCErrors
	sum.CutFrames += s.CutFrames
	sum.Oversized += s.Oversized
	sum.NoiseBytes += s.NoiseBytes
	sum.LateResults += s.LateResults
	sum.Malformed += s.Malformed
	sum.DroppedRequests += s.DroppedRequests
}

// lostPort tells whether err means that the adapter is gone.
func lostPort(err error) bool { return isAny(err, serial.ErrLost, serial.ErrClosed) }
