// Package link brings a Blynk.NCP up over a serial line and keeps it up: it finds
// the rate at which the NCP answers, raises it and proves the new one, notices when
// the NCP is gone or has restarted, and stretches all time-outs by the time that
// the bytes take on the line.
//
// A Link is used by one owner in this order: Serve on a goroutine of its own for as
// long as the port is to be read; BringUp; Keep, which returns when BringUp is
// needed again.
package link

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// Times of the protocol sheet ("Staying alive") and margins of our own.
const (
	// HeartbeatEvery is the longest silence before a ping. The NCP reboots after 25 s
	// without a call plus five pings of its own; integrations ping every 10 to 15 s.
	HeartbeatEvery = 10 * time.Second
	// MaxMisses is how many heartbeats in a row may fail.
	MaxMisses = 3

	// pingTimeout is the protocol's time-out of ping, with a margin for USB adapters
	// that hold received bytes back for up to 16 ms.
	pingTimeout = 100*time.Millisecond + 20*time.Millisecond
	// retryPing is the pause between two pings after a missed one.
	retryPing = 300 * time.Millisecond
	// suspectEvery is the least time between two looks because of unreadable noise.
	suspectEvery = time.Second
	// switchPause is how long both sides take to change the rate after the answer of
	// setUartBaudRate (protocol sheet: about 20 ms).
	switchPause = 20 * time.Millisecond
)

// Options configure a Link. The zero value is usable.
type Options struct {
	// Target is the rate wanted in bits per second; 0: stay at the rate at which the
	// NCP was found.
	Target int
	// Store remembers rates per adapter; nil: nothing is remembered.
	Store Store
	// Handler answers the NCP; nil: Base.
	Handler ncp.MCUHandler
	// Updates returns who answers the NCP's calls of firmware updates (otaUpdateAvailable
	// to otaUpdateCancel) in the place of Handler; nil, or a nil answer: Handler does.
	Updates func() rpc.Handler
	// AllowReset permits a reset pulse on DTR and RTS when nothing else helps.
	AllowReset bool
	// Report is told what is going on. It must not block. It may be nil.
	Report func(Report)
	// OnNoise gets the bytes outside frames. It must neither block nor keep p.
	OnNoise func(p []byte)
	// OnPing is told the round trip of each answered heartbeat, or 0 for a missed one.
	// It must not block.
	OnPing func(rtt time.Duration)
	// Tracer sees every frame; it may be nil.
	Tracer rpc.Tracer
}

// Link is an NCP on a serial line. It is an rpc.Caller: calls made through it wait
// while the rate changes, and count as signs of life.
type Link struct {
	port serial.Port
	opt  Options
	ep   *rpc.Endpoint
	mem  memory
	ear  ear // hears all bytes, in the search
	logs ear // hears what the endpoint finds outside frames, while the NCP is up
	gate gate
	made map[int]bool // whether our adapter makes a rate, as far as tried; used by who has shut the gate

	target    atomic.Int64 // as Options.Target, or what a person has chosen since
	baud      atomic.Int64
	initial   atomic.Int64 // rate at which the NCP starts, as far as seen; 0: not known
	found     atomic.Int64 // rate at which it was found last; 0: never
	asked     atomic.Int64 // rate that it was asked for last; 0: none
	answered  atomic.Int64 // when the NCP last answered a call, UnixNano
	holds     atomic.Int32
	suspected atomic.Int64 // when unreadable noise last made us look, UnixNano
	restart   chan Cause   // capacity one: the NCP said or showed that it restarts
	beat      chan struct{}
	low       atomic.Bool // DTR and RTS are off: see lines.go
	held      atomic.Bool // RTS on holds the board in reset

	writing chan struct{} // capacity one: held by whoever writes to the port
}

// New returns a Link over an open port whose rate is baud.
func New(port serial.Port, baud int, o Options) *Link {
	l := &Link{
		port:    port,
		opt:     o,
		mem:     memory{store: o.Store, key: port.Info().Key},
		restart: make(chan Cause, 1),
		beat:    make(chan struct{}, 1),
		made:    make(map[int]bool),
		writing: make(chan struct{}, 1),
	}
	l.gate.owner = make(chan struct{}, 1)
	l.ear.init()
	l.logs.init()
	h := o.Handler
	if h == nil {
		h = Base{}
	}
	l.ep = rpc.NewEndpoint(line{l}, rpc.Config{
		Handler: &listener{link: l, next: ncp.ServeMCU(h), updates: o.Updates},
		OnNoise: l.noise,
	})
	if o.Tracer != nil {
		l.ep.SetTracer(o.Tracer)
	}
	l.target.Store(int64(o.Target))
	l.noteBaud(baud)
	l.made[baud] = true
	return l
}

// Serve reads the line until ctx ends or the port fails, and returns why. The port
// stays open; no byte is lost when ctx ends. It may be called once.
func (l *Link) Serve(ctx context.Context) error {
	return l.ep.Serve(ctx)
}

// Baud returns the rate of the line in bits per second.
func (l *Link) Baud() int { return int(l.baud.Load()) }

// Stats returns the counters of the endpoint.
func (l *Link) Stats() rpc.Stats { return l.ep.Stats() }

// SetTracer changes who sees every frame; nil: nobody.
func (l *Link) SetTracer(t rpc.Tracer) { l.ep.SetTracer(t) }

// InvokeFor implements rpc.Caller. It waits while the rate changes; a call made by a
// handler while the NCP waits for it does not.
func (l *Link) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	if ctx.Value(nestedKey{}) == nil {
		if err := l.gate.enter(ctx); err != nil {
			return nil, &rpc.CallError{UID: uid, Err: err}
		}
		defer l.gate.leave()
	}
	return l.invoke(ctx, timeout, uid, args)
}

// InvokeTimed is InvokeFor for a round trip that is measured: took is the time on the
// line and in the NCP, without the wait for other calls or a change of the rate.
func (l *Link) InvokeTimed(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, took time.Duration, err error) {
	if ctx.Value(nestedKey{}) == nil {
		if err := l.gate.enter(ctx); err != nil {
			return nil, 0, &rpc.CallError{UID: uid, Err: err}
		}
		defer l.gate.leave()
	}
	rets, took, err = l.ep.InvokeTimed(ctx, timeout, uid, args)
	l.note(err)
	return rets, took, err
}

// Notify implements rpc.Caller. It waits while the rate changes.
func (l *Link) Notify(ctx context.Context, uid uint16, args []byte) error {
	if ctx.Value(nestedKey{}) == nil {
		if err := l.gate.enter(ctx); err != nil {
			return &rpc.CallError{UID: uid, Err: err}
		}
		defer l.gate.leave()
	}
	return l.ep.Notify(ctx, uid, args)
}

// invoke calls past the gate; it is for those who hold it shut.
func (l *Link) invoke(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	rets, err := l.ep.InvokeFor(ctx, timeout, uid, args)
	l.note(err)
	return rets, err
}

// note notes how a call ended.
func (l *Link) note(err error) {
	if answeredCall(err) {
		l.answered.Store(time.Now().UnixNano())
	}
}

// Hold stops the heartbeat until release is called, for procedures in which the NCP
// must not be called (protocol sheet: between otaUpdateFinish and its result).
func (l *Link) Hold() (release func()) {
	l.holds.Add(1)
	var once sync.Once
	return func() { once.Do(func() { l.holds.Add(-1) }) }
}

// Drain lets the calls under way end and no others begin, so that the line is quiet
// for whoever uses it next. It is for the end of a Link: calls then wait for ever.
func (l *Link) Drain(ctx context.Context) error { return l.gate.shut(ctx) }

// Restarting tells the Link that the NCP was asked to restart and agreed, as its
// event 1 would: Keep returns.
func (l *Link) Restarting() { l.signal(CauseReboot) }

func (l *Link) signal(c Cause) {
	select {
	case l.restart <- c:
	default:
	}
}

func (l *Link) report(r Report) {
	if l.opt.Report != nil {
		r.Baud = l.Baud()
		l.opt.Report(r)
	}
}

func (l *Link) noise(p []byte) {
	if l.logs.hear(p) == textNCP {
		l.signal(CauseRestarted)
	}
	if !readable(p) {
		l.suspect()
	}
	if l.opt.OnNoise != nil {
		l.opt.OnNoise(p)
	}
}

// suspect makes the heartbeat have a look, though not all the time: unreadable bytes
// may be the boot log of an NCP that is back at its starting rate.
func (l *Link) suspect() {
	now := time.Now().UnixNano()
	last := l.suspected.Load()
	if now-last >= int64(suspectEvery) && l.suspected.CompareAndSwap(last, now) {
		l.Check()
	}
}

// readable tells whether p can be part of a log.
func readable(p []byte) bool {
	for _, b := range p {
		if b >= 0x7F || b < 0x20 && b != '\r' && b != '\n' && b != '\t' && b != 0x1B {
			return false
		}
	}
	return true
}

// line is the port as the endpoint uses it: what the endpoint writes and what the Link
// writes past it takes turns.
type line struct{ l *Link }

// Read listens to what passes: noise at another rate may look like the beginning of a
// frame, and the boot log behind it would not come out of the decoder before the next
// frame does. While the NCP is up such a mark may as well be part of a value, so it
// only makes the heartbeat have a look.
func (w line) Read(p []byte) (int, error) {
	n, err := w.l.port.Read(p)
	if n > 0 && w.l.ear.hear(p[:n]) == textNCP {
		w.l.Check()
	}
	return n, err
}

func (w line) Write(p []byte) (int, error) {
	w.l.writing <- struct{}{}
	defer func() { <-w.l.writing }()
	return w.l.port.Write(p)
}

func (w line) SetReadDeadline(t time.Time) error { return w.l.port.SetReadDeadline(t) }

// setBaud sets the rate of our side. An error is a *rateError if only this rate cannot
// be had, else one of the line or of ctx.
func (l *Link) setBaud(ctx context.Context, baud int) error {
	if l.Baud() == baud {
		return nil
	}
	err := l.port.SetMode(ctx, serial.Mode{Baud: baud})
	switch {
	case err == nil:
		l.noteBaud(baud)
		l.made[baud] = true
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return err
	}
	l.made[baud] = false
	return &rateError{baud, err}
}

// rateError tells that our adapter does not make a rate.
type rateError struct {
	rate int
	err  error
}

func (e *rateError) Error() string {
	return "link: " + strconv.Itoa(e.rate) + " baud: " + e.err.Error()
}
func (e *rateError) Unwrap() error { return e.err }

// can tells whether our adapter makes a rate, before the NCP is sent there.
func (l *Link) can(ctx context.Context, rate int) (bool, error) {
	if made, tried := l.made[rate]; tried {
		return made, nil
	}
	old := l.Baud()
	var refused *rateError
	err := l.setBaud(ctx, rate)
	switch {
	case errors.As(err, &refused):
		return false, nil
	case err != nil:
		return false, err
	}
	// Back where the NCP is, even if ctx has ended.
	steady, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return true, l.setBaud(steady, old)
}

func (l *Link) noteBaud(baud int) {
	l.baud.Store(int64(baud))
	l.ep.SetByteTime(serial.Mode{Baud: baud}.Wire(1))
	l.ear.reset()
}

// wake ends whatever half frame a decoder on the other side may be stuck in. The
// zero before END closes an open escape, and keeps a lone BEG from becoming the
// frame without CRC that deployed decoders choke on; outside a frame both bytes are
// skipped.
func (l *Link) wake() error {
	_, err := line{l}.Write([]byte{0x00, frame.END})
	return err
}

// ping asks for a sign of life and returns the round trip.
func (l *Link) ping(ctx context.Context, timeout time.Duration, extra []byte) (time.Duration, error) {
	_, took, err := l.ep.InvokeTimed(ctx, timeout, ncp.UIDNcpPing, extra)
	l.note(err)
	if err != nil && !answeredCall(err) {
		return 0, err
	}
	return took, nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
