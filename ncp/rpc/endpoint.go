package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"ncpweb/ncp/frame"
)

// Defaults of Config (protocol sheet).
const (
	DefaultMaxPayload = 1536
	DefaultTimeout    = time.Second
)

// Limits of an Endpoint.
const (
	// MaxOpen is how many INVOKEs of the peer may be open at a time. A conforming peer
	// has one, and one more for each level of nesting; further ones are dropped.
	MaxOpen = 8
	// Hold is how long a call of our own waits for the answers to what the peer has
	// asked. It is the longest time-out that a deployed NCP has towards an MCU: after it
	// the peer does not wait any more.
	Hold = 5 * time.Second
	// GiveUp is how long an INVOKE of the peer may stay open, and how long answering
	// the peer may stretch a call of our own. The longest time-out of any method is half
	// of it.
	GiveUp = time.Minute
	// MaxOneways and MaxOnewayBytes bound the ONEWAYs that wait for the handler;
	// further ones are dropped.
	MaxOneways     = 4096
	MaxOnewayBytes = 1 << 20

	// maxHandlers bounds the goroutines in the handler, given-up ones included.
	maxHandlers = 4 * MaxOpen
	// maxSpare bounds what is kept for reuse.
	maxSpare = 2 * MaxOpen
)

// Endpoint is one end of an RPC connection. Its methods may be called from any
// goroutine. A stalled line neither blocks the reading side nor grows memory: what is
// queued for the line are at most MaxOpen RESULTs and the messages of callers that
// wait.
type Endpoint struct {
	rw         io.ReadWriter
	handler    Handler
	maxPayload int
	timeout    time.Duration
	onNoise    func(p []byte)
	byteTime   atomic.Int64 // of one character on the line, in nanoseconds

	tracer  atomic.Pointer[Tracer]
	traceMu sync.Mutex
	event   Event // what the tracer gets; guarded by traceMu

	turn chan struct{} // held by the top-level call that is under way
	line chan struct{} // held by the writer
	kick chan struct{} // wakes the writer

	oneways onewayQueue

	decMu   sync.Mutex     // guards the decoder; held while it hands over what it finds
	dec     *frame.Decoder // of the reader
	strayAt time.Time      // when the last bytes of a stray frame came: see strays

	mu        sync.Mutex // guards what follows; never held across a wait
	run       *run       // the present Serve; nil: none
	serving   bool       // Serve has not returned
	ended     error      // how the last Serve ended; nil: there was none
	lastID    uint16
	calls     []*call   // calls without a result, in no order
	top       *call     // the top-level call that waits for the line
	nested    []*call   // nested calls that wait for the line
	notices   []*call   // ONEWAYs that wait for the line
	writing   *call     // the ONEWAY that is being written
	spare     []*call   // for reuse
	open      []*place  // INVOKEs of the peer, in the order of arrival
	arrivals  uint64    // INVOKEs of the peer so far
	lineUntil time.Time // when the line will have sent what was written
	arriving  arriving
	stats     Stats
}

// arriving is the RESULT that is being received right now.
type arriving struct {
	ok   bool
	id   uint16
	last time.Time // when its latest bytes came
}

// run is one Serve.
type run struct {
	ctx        context.Context // of handlers
	cancel     context.CancelCauseFunc
	done       chan struct{} // closed at the end
	cause      error         // of the end; set before done is closed
	writerDone chan struct{}
	jobs       chan *place // for workers that are idle
	later      *time.Timer // wakes the writer when a held call becomes due
	stray      *time.Timer // ends a stray frame

	workers, idle int      // guarded by Endpoint.mu
	spare         []*place // guarded by Endpoint.mu
}

// NewEndpoint returns an Endpoint over rw. Calls wait until Serve runs. If rw has a
// method SetReadDeadline, it is used to stop Serve.
func NewEndpoint(rw io.ReadWriter, cfg Config) *Endpoint {
	e := &Endpoint{
		rw:         rw,
		handler:    cfg.Handler,
		maxPayload: cfg.MaxPayload,
		timeout:    cfg.Timeout,
		onNoise:    cfg.OnNoise,
		lastID:     cfg.LastMsgID,
		turn:       make(chan struct{}, 1),
		line:       make(chan struct{}, 1),
		kick:       make(chan struct{}, 1),
	}
	if e.maxPayload <= 0 {
		e.maxPayload = DefaultMaxPayload
	}
	if e.timeout <= 0 {
		e.timeout = DefaultTimeout
	}
	e.oneways.wake = make(chan struct{}, 1)
	e.dec = frame.NewDecoder(frame.DefaultLimit, e.found)
	return e
}

// SetTracer sets who sees every frame; nil: nobody. The tracer may be called once more
// while SetTracer returns.
func (e *Endpoint) SetTracer(t Tracer) {
	if t == nil {
		e.tracer.Store(nil)
		return
	}
	e.tracer.Store(&t)
}

// SetByteTime sets how long one character takes on the line, so that calls wait for
// their bytes to pass; 0: no time. It holds for what is sent from now on.
func (e *Endpoint) SetByteTime(d time.Duration) { e.byteTime.Store(int64(max(d, 0))) }

// Stats returns the counters.
func (e *Endpoint) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stats
}

// wire returns how long n characters take on the line.
func (e *Endpoint) wire(n int) time.Duration {
	return time.Duration(e.byteTime.Load()) * time.Duration(n)
}

// wake makes the writer look for something to send.
func (e *Endpoint) wake() {
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

// trace shows an event to the tracer, if there is one. It must not be called with
// e.mu held.
func (e *Endpoint) trace(ev Event) {
	t := e.tracer.Load()
	if t == nil {
		return
	}
	e.traceMu.Lock()
	defer e.traceMu.Unlock()
	e.event = ev
	e.event.Time = time.Now()
	(*t)(&e.event)
	e.event.Payload = nil
}

// endError is what calls fail with after the end of Serve.
type endError struct{ cause error }

func (e *endError) Error() string   { return ErrClosed.Error() + ": " + e.cause.Error() }
func (e *endError) Unwrap() []error { return []error{ErrClosed, e.cause} }

var errServing = errors.New("rpc: already serving")
