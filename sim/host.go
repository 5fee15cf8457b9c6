package sim

import (
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/serial"
)

const (
	// transmitBuffer is what the adapter takes before Write has to wait for the
	// line: the size usual drivers have.
	transmitBuffer = 4096
	// usbPacket is the payload of one full-speed USB packet of an FTDI adapter,
	// which leaves at once when it is full.
	usbPacket = 62
	// receiveBuffer is what the host keeps for a program that does not read. What
	// comes on top is lost.
	receiveBuffer = 1 << 20
	// signalGap lies between the DTR and the RTS request of one SetSignals; 0.1 to
	// 0.6 ms were measured with Web Serial.
	signalGap = 300 * time.Microsecond
)

// adapter is the host's end of a wire between one Plug and the next Unplug.
type adapter struct{ w *Wire }

func (a *adapter) Info() serial.Info { return a.w.o.Info }

func (a *adapter) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	w := a.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	fail := func(r serial.OpenReason, err error) (serial.Port, error) {
		return nil, &serial.OpenError{Reason: r, Info: w.o.Info, Err: err}
	}
	switch {
	case ctx.Err() != nil:
		return fail(serial.OpenFailed, ctx.Err())
	case w.closed || !w.plugged || w.adapter != a:
		return fail(serial.OpenLost, nil)
	case w.refuse != nil:
		return fail(w.refuse.Reason, w.refuse.Err)
	case w.host != nil:
		return fail(serial.OpenBusy, nil)
	case !w.canDo(m):
		return fail(serial.OpenMode, nil)
	}
	p := &port{w: w, ctl: make(chan struct{}, 1)}
	w.host = p
	w.opens++
	w.setHostMode(m)
	w.setLines(Lines{Open: true, DTR: true, RTS: true})
	w.wake()
	return p, nil
}

func (w *Wire) canDo(m serial.Mode) bool {
	return validMode(m) && (w.o.MaxBaud == 0 || m.Baud <= w.o.MaxBaud)
}

// setHostMode sets both directions of the adapter's UART.
func (w *Wire) setHostMode(m serial.Mode) {
	now := w.now()
	w.toDev.setMode(m, now)
	w.toHost.rx.setMode(m, now)
	w.dev.followHost()
}

// port is an open adapter. Its fields are guarded by the wire's lock.
type port struct {
	w      *Wire
	ctl    chan struct{} // held by SetMode and SetSignals, which wait
	closed bool
	lost   bool
	held   bool // SetMode is under way: writers wait
	away   bool // closed behind SetMode: what arrives is lost
	in     inbox
	dl     deadline
}

func (p *port) Info() serial.Info { return p.w.o.Info }

// state is why the port cannot be used, or nil.
func (p *port) state() error {
	switch {
	case p.closed:
		return serial.ErrClosed
	case p.lost:
		return serial.ErrLost
	}
	return nil
}

func (p *port) Read(b []byte) (int, error) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		w.advance()
		if err := p.state(); err != nil {
			return 0, err
		}
		if len(b) == 0 {
			return 0, nil
		}
		if p.dl.passed(w.now()) {
			return 0, os.ErrDeadlineExceeded
		}
		if n := p.in.ready.read(b); n > 0 {
			return n, nil
		}
		w.sleep(p.dl.before(p.in.due(w.toHost, len(b), w.o.Latency)), nil)
	}
}

func (p *port) Write(b []byte) (int, error) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for {
		w.advance()
		if err := p.state(); err != nil {
			return n, err
		}
		room := transmitBuffer - w.toDev.queue.len()
		if room > 0 && !p.held && n < len(b) {
			k := min(room, len(b)-n)
			w.toDev.push(b[n:n+k], w.now())
			n += k
			w.armUnplug()
			w.wake()
		}
		if n == len(b) {
			return n, nil
		}
		w.sleep(p.roomAt(len(b)-n), nil)
	}
}

// roomAt is when a good part of the transmit buffer, or as much as is wanted, will
// be free. It is never for a line that does not move.
func (p *port) roomAt(want int) time.Duration {
	l := p.w.toDev
	if p.held || l.breaking {
		return never
	}
	return l.end(max(1, min(want, transmitBuffer/4, l.waiting())))
}

func (p *port) SetReadDeadline(t time.Time) error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if err := p.state(); err != nil {
		return err
	}
	p.dl = w.deadline(t)
	w.wake()
	return nil
}

// lock takes ctl.
func (p *port) lock(ctx context.Context) error {
	select {
	case p.ctl <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *port) unlock() { <-p.ctl }

var errMode = errors.New("serial: mode not supported")

// SetMode waits until the adapter's transmit buffer is empty, as closing a port
// does.
func (p *port) SetMode(ctx context.Context, m serial.Mode) error {
	if err := p.lock(ctx); err != nil {
		return err
	}
	defer p.unlock()
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if err := p.state(); err != nil {
		return err
	}
	if !w.canDo(m) {
		return errMode
	}
	p.held = true
	defer func() {
		p.held, p.away = false, false
		w.wake()
	}()
	if err := p.drain(ctx); err != nil {
		return err
	}
	if w.o.Reopen > 0 {
		return p.reopen(m)
	}
	w.setHostMode(m)
	return nil
}

// drain waits until what was written has left.
func (p *port) drain(ctx context.Context) error {
	w, l := p.w, p.w.toDev
	for target := l.enqueued; l.gone < target; w.advance() {
		at := never
		if !l.breaking {
			at = l.end(l.waiting())
		}
		w.sleep(at, ctx.Done())
		if err := p.state(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return p.state()
}

// reopen closes and opens the port. It cannot be given up half-way.
func (p *port) reopen(m serial.Mode) error {
	w := p.w
	lines := w.lines
	p.away = true
	w.setLines(Lines{})
	for until := w.now() + w.o.Reopen; w.now() < until; {
		w.sleep(until, nil)
		w.advance()
		if err := p.state(); err != nil {
			return err
		}
	}
	p.away = false
	w.setHostMode(m)
	w.setLines(Lines{Open: true, DTR: true, RTS: true})
	w.setLines(lines)
	return nil
}

// SetSignals sets DTR, a moment later RTS, then the break.
func (p *port) SetSignals(ctx context.Context, s serial.Signals) error {
	if err := p.lock(ctx); err != nil {
		return err
	}
	defer p.unlock()
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if err := p.state(); err != nil {
		return err
	}
	l := w.lines
	l.DTR = apply(s.DTR, l.DTR)
	w.setLines(l)
	if s.DTR != serial.Keep && s.RTS != serial.Keep {
		for until := w.now() + signalGap; w.now() < until; {
			w.sleep(until, nil)
			w.advance()
			if err := p.state(); err != nil {
				return err
			}
		}
	}
	l.RTS = apply(s.RTS, l.RTS)
	w.setLines(l)
	l.Break = apply(s.Break, l.Break)
	w.setLines(l)
	return nil
}

// Close drops DTR and RTS. What the adapter has taken still goes out.
func (p *port) Close() error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if p.closed {
		return nil
	}
	p.closed = true
	if w.host == p {
		w.host = nil
		w.setLines(Lines{})
	}
	w.wake()
	return nil
}

// inbox is what the host has received. The adapter collects bytes and lets them
// go to the host when the first of them has waited for the latency, or when a USB
// packet is full.
type inbox struct {
	batch [usbPacket]byte
	n     int           // bytes in batch
	first time.Duration // when the first of them arrived
	ready queue
}

func (in *inbox) full() bool { return in.ready.len()+in.n >= receiveBuffer }

func (in *inbox) add(at time.Duration, b byte, latency time.Duration) {
	if latency <= 0 {
		in.ready.push(b)
		return
	}
	in.release(at, latency)
	if in.n == 0 {
		in.first = at
	}
	in.batch[in.n] = b
	if in.n++; in.n == usbPacket {
		in.flush()
	}
}

// release lets the batch go if its time has come.
func (in *inbox) release(now, latency time.Duration) {
	if in.n > 0 && in.first+latency <= now {
		in.flush()
	}
}

func (in *inbox) flush() {
	in.ready.push(in.batch[:in.n]...)
	in.n = 0
}

// due is when a reader should look again, given that nothing is ready.
func (in *inbox) due(l *line, want int, latency time.Duration) time.Duration {
	if latency <= 0 {
		return l.arrival(want)
	}
	at := never
	if in.n > 0 {
		at = in.first + latency
	} else if t := l.arrival(1); t != never {
		at = t + latency
	}
	if missing := usbPacket - in.n; l.waiting() >= missing {
		at = min(at, l.end(missing))
	}
	return at
}

// apply returns what a line becomes.
func apply(l serial.Level, was bool) bool {
	switch l {
	case serial.On:
		return true
	case serial.Off:
		return false
	}
	return was
}
