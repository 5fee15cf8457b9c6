package sim

import (
	"math/rand/v2"
	"sync"
	"time"

	"ncpweb/serial"
)

// Modes of the two ends before anybody sets one.
var (
	hostMode   = serial.Mode{Baud: 9600}
	deviceMode = serial.Mode{Baud: 115200}
)

// defaultFIFO is the device's receive buffer where WireOptions names none.
const defaultFIFO = 4096

// Wire is a simulated serial line between an adapter and a device.
//
// Nothing runs in the background. Each end computes, from the line's own schedule,
// when the next byte is there, sleeps until then and brings both directions up to
// the present before it looks. So time is exact to the bit under virtual time, and
// in real time a late timer is made up for instead of slowing the line down.
//
// A blocked Read wakes when the first byte has arrived, or, while the sender goes
// on without a gap, up to a millisecond later with what has come by then; with a
// buffer of one byte it wakes for each. The end of a transmission is always exact.
//
// The latency of WireOptions is that of received bytes. What the host writes goes
// on the line at once.
//
// Adapter, UART and Wire are safe for concurrent use.
type Wire struct {
	o     WireOptions
	epoch time.Time

	mu       sync.Mutex // guards all below; never held across a wait
	closed   bool
	plugged  bool
	powered  bool
	adapter  *adapter
	host     *port // the open port; nil where none is
	refuse   *serial.OpenError
	dev      *uart
	lines    Lines
	linesCh  chan struct{} // closed at the next change of lines; nil: nobody asked
	plugCh   chan struct{} // closed at the next unplug or plug
	changed  chan struct{} // closed when a waiter has to look again
	taps     map[int]func(Dir, time.Time, []byte)
	nextTap  int
	opens    int64
	toDev    *line
	toHost   *line
	unplugAt *time.Timer // fires an Unplug fault nobody waits for
}

// WireStats are counters of a wire since NewWire.
type WireStats struct {
	ToDevice, ToHost LineStats
	Opens            int64 // times the host opened the port; a Reopen does not count
}

// LineStats are counters of one direction.
type LineStats struct {
	Sent          int64 // bytes the sender put on the line: the position of the next one
	Received      int64 // bytes the receiving end took
	Lost          int64 // arrived where nobody listens: port closed, unplugged, no power
	Overruns      int64 // lost to a full receive buffer
	Dropped       int64 // by a Drop fault
	Flipped       int64 // bytes with an inverted bit, by Flip faults and ErrorRate
	Duplicated    int64 // extra copies, by a Duplicate fault
	Inserted      int64 // by an Insert fault
	FramingErrors int64 // received without a stop bit; a break is one
	ParityErrors  int64
}

// NewWire makes a wire with an adapter plugged in and a device with power, both
// idle. The host end starts at 9600 8N1, the device end at 115200 8N1.
func NewWire(o WireOptions) *Wire {
	if o.FIFO <= 0 {
		o.FIFO = defaultFIFO
	}
	w := &Wire{o: o, epoch: time.Now(), plugged: true, powered: true}
	w.toDev = newLine(w, ToDevice, hostMode, deviceMode)
	w.toHost = newLine(w, ToHost, deviceMode, hostMode)
	for _, f := range o.Faults {
		w.line(f.Dir).addFault(f)
	}
	w.adapter = &adapter{w: w}
	w.dev = &uart{w: w}
	return w
}

// Adapter returns the present adapter. Plug makes a new one; the adapter that was
// unplugged stays dead.
func (w *Wire) Adapter() serial.Adapter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.adapter
}

// UART returns the device's end, the same one each time.
func (w *Wire) UART() UART { return w.dev }

// Unplug takes the adapter away from the host. Bytes on their way are lost. It
// does nothing where none is plugged in.
func (w *Wire) Unplug() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	w.unplug()
}

// Plug plugs an adapter in again and returns it. Where one is plugged in already
// that one is returned.
func (w *Wire) Plug() serial.Adapter {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.plugged || w.closed {
		return w.adapter
	}
	w.plugged = true
	w.adapter = &adapter{w: w}
	w.plugChange()
	return w.adapter
}

// Plugged tells whether an adapter is plugged in.
func (w *Wire) Plugged() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	return w.plugged
}

// PlugChanged returns a channel that is closed at the next Unplug, Plug or Close.
func (w *Wire) PlugChanged() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plugCh == nil {
		w.plugCh = make(chan struct{})
		if w.closed {
			close(w.plugCh)
		}
	}
	return w.plugCh
}

// RefuseOpen makes every Open fail with e until it is called with nil. An e
// without Info gets the wire's.
func (w *Wire) RefuseOpen(e *serial.OpenError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = e
}

// Inject adds a fault. A position that has passed, also that of a byte which is
// on the line just now, means the next byte.
func (w *Wire) Inject(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	l := w.line(f.Dir)
	f.At = max(f.At, l.nextStart(w.now()))
	l.addFault(f)
	w.armUnplug()
	w.wake()
}

// Stats returns the counters as they are now.
func (w *Wire) Stats() WireStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	return WireStats{ToDevice: w.toDev.stats, ToHost: w.toHost.stats, Opens: w.opens}
}

// Tap makes f see every byte that the receiving end took, after faults and
// garbage, one at a time, with the time it arrived. Bytes that Lost or Overruns
// count are not among them. In each direction f sees them in order; it may be
// called later than the time it is told, from any goroutine, one call at a time. It
// must not use the wire nor keep the slice. The result takes the tap off again.
func (w *Wire) Tap(f func(Dir, time.Time, []byte)) (remove func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	id := w.nextTap
	w.nextTap++
	if w.taps == nil {
		w.taps = make(map[int]func(Dir, time.Time, []byte))
	}
	w.taps[id] = f
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.advance()
		delete(w.taps, id)
	}
}

// Close ends the wire for good: the host's port is lost, the device gets
// serial.ErrClosed.
func (w *Wire) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.advance()
	if w.plugged {
		w.unplug()
	} else {
		w.plugChange()
	}
	w.closed = true
	if w.unplugAt != nil {
		w.unplugAt.Stop()
	}
	w.wake()
}

// now is the time since the wire was made.
func (w *Wire) now() time.Duration { return time.Since(w.epoch) }

func (w *Wire) line(d Dir) *line {
	if d == ToHost {
		return w.toHost
	}
	return w.toDev
}

// advance brings both directions up to the present. Every use of the wire starts
// with it.
func (w *Wire) advance() {
	if w.closed {
		return
	}
	now := w.now()
	w.toDev.advance(now)
	w.toHost.advance(now)
	if w.host != nil {
		w.host.in.release(now, w.o.Latency)
	}
	w.armUnplug()
}

// take gives one received byte to the end of direction d.
func (w *Wire) take(d Dir, at time.Duration, b byte) {
	l := w.line(d)
	switch {
	case d == ToDevice && !w.powered,
		d == ToHost && (!w.plugged || w.host == nil || w.host.away):
		l.stats.Lost++
		return
	case d == ToDevice && w.dev.full(),
		d == ToHost && w.host.in.full():
		l.stats.Overruns++
		return
	case d == ToDevice:
		w.dev.fifo.push(b)
	default:
		w.host.in.add(at, b, w.o.Latency)
	}
	l.stats.Received++
	if len(w.taps) > 0 {
		one, t := [1]byte{b}, w.epoch.Add(at)
		for _, f := range w.taps {
			f(d, t, one[:])
		}
	}
}

// unplug is Unplug with the lock held and time brought up.
func (w *Wire) unplug() {
	if !w.plugged {
		return
	}
	w.plugged = false
	if p := w.host; p != nil {
		p.lost = true
		w.host = nil
	}
	w.toDev.clear(w.now())
	w.setLines(Lines{})
	w.plugChange()
}

func (w *Wire) plugChange() {
	if w.plugCh != nil {
		close(w.plugCh)
		w.plugCh = nil
	}
	w.wake()
}

// setLines changes the host's output lines and tells the device.
func (w *Wire) setLines(l Lines) {
	if l == w.lines {
		return
	}
	if l.Break != w.lines.Break {
		w.toDev.setBreak(l.Break, w.now())
	}
	w.lines = l
	if w.linesCh != nil {
		close(w.linesCh)
		w.linesCh = nil
	}
	w.wake()
}

// armUnplug makes sure that a planned Unplug happens at its time even where
// nobody touches the wire.
func (w *Wire) armUnplug() {
	at, ok := w.toDev.unplugTime()
	if t, ok2 := w.toHost.unplugTime(); ok2 && (!ok || t < at) {
		at, ok = t, true
	}
	if !ok || w.closed {
		if w.unplugAt != nil {
			w.unplugAt.Stop()
		}
		return
	}
	d := max(at-w.now(), 0)
	if w.unplugAt != nil {
		w.unplugAt.Reset(d)
		return
	}
	w.unplugAt = time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.advance()
	})
}

// wake makes everybody who waits look again.
func (w *Wire) wake() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// wakeup returns the channel that wake closes.
func (w *Wire) wakeup() <-chan struct{} {
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

// never stands for a time that does not come.
const never = time.Duration(1<<63 - 1)

// sleep gives the lock up until something changed, time at is there, or done is
// closed, and takes it again. It returns how long after at that was, 0 where it was
// before.
func (w *Wire) sleep(at time.Duration, done <-chan struct{}) (late time.Duration) {
	w.pause(at, done)
	return max(w.now()-at, 0)
}

func (w *Wire) pause(at time.Duration, done <-chan struct{}) {
	ch := w.wakeup()
	now := w.now()
	w.mu.Unlock()
	defer w.mu.Lock()
	if at == never {
		select {
		case <-ch:
		case <-done:
		}
		return
	}
	// A waiter whose time has come was just brought up to date; a microsecond keeps
	// it from spinning should the schedule ever disagree.
	t := time.NewTimer(max(at-now, time.Microsecond))
	defer t.Stop()
	select {
	case <-ch:
	case <-done:
	case <-t.C:
	}
}

// deadline is a read deadline; the zero value is none.
type deadline struct {
	set bool
	at  time.Duration // since the wire's epoch
}

func (w *Wire) deadline(t time.Time) deadline {
	if t.IsZero() {
		return deadline{}
	}
	return deadline{set: true, at: t.Sub(w.epoch)}
}

func (d deadline) passed(now time.Duration) bool { return d.set && d.at <= now }

// before returns the earlier of the deadline and t.
func (d deadline) before(t time.Duration) time.Duration {
	if d.set && d.at < t {
		return d.at
	}
	return t
}

func newRand(seed uint64, d Dir) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(d)+1))
}
