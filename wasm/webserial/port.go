//go:build js && wasm

package webserial

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall/js"
	"time"

	"ncpweb/serial"
	"ncpweb/serial/inbox"
)

// writeChunk is how much goes to the browser in one call, in bytes.
const writeChunk = 64 << 10

// lostGrace is how long a failed call waits for the news that the device is gone,
// which explains it better than its own exception does.
const lostGrace = 150 * time.Millisecond

// modeTimeout bounds a change of mode that goes on after its caller gave up.
const modeTimeout = 15 * time.Second

// port is an open Web Serial port. Its JavaScript half is a Line, which answers
// every call once through the callbacks that this half gave it.
type port struct {
	adapter *Adapter
	in      *inbox.Box
	line    js.Value
	chunk   js.Value // of the line: where received bytes are while onData runs
	funcs   []js.Func

	writing chan struct{} // capacity 1: held by a Write, and by SetMode
	setting chan struct{} // capacity 1: held by SetMode and SetSignals
	closed  chan struct{} // closed by Close
	gone    chan struct{} // closed when the device is lost
	once    struct{ close, gone, release sync.Once }

	mu      sync.Mutex
	calls   map[int]chan error // calls that JavaScript has not answered
	next    int
	cause   error          // of gone
	mode    serial.Mode    // as last set
	signals serial.Signals // as last set; never Keep
	noise   uint64         // line errors that the browser told
}

var _ serial.Port = (*port)(nil)

// newPort makes both halves of a port that is not open yet.
func newPort(a *Adapter) (*port, error) {
	p := &port{
		adapter: a,
		in:      inbox.New(),
		writing: make(chan struct{}, 1),
		setting: make(chan struct{}, 1),
		closed:  make(chan struct{}),
		gone:    make(chan struct{}),
		calls:   make(map[int]chan error),
		signals: serial.Signals{DTR: serial.On, RTS: serial.On, Break: serial.Off},
	}
	sink := js.Global().Get("Object").New()
	for name, f := range map[string]func([]js.Value){
		"done": p.onDone, "data": p.onData, "lost": p.onLost, "noise": p.onNoise,
	} {
		fn := js.FuncOf(func(_ js.Value, args []js.Value) any { f(args); return nil })
		p.funcs = append(p.funcs, fn)
		sink.Set(name, fn)
	}
	line, err := call(a.provider.shim, "line", a.port, sink, os.Args[0])
	if err != nil {
		p.release()
		return nil, err
	}
	p.line, p.chunk = line, line.Get("chunk")
	return p, nil
}

// onDone gets done(id, errorName, errorMessage).
func (p *port) onDone(args []js.Value) {
	id := args[0].Int()
	p.mu.Lock()
	answer := p.calls[id]
	delete(p.calls, id)
	p.mu.Unlock()
	if answer != nil {
		answer <- exception(args[1], args[2])
	}
}

// onData gets data(length): so many bytes are in the Line's chunk.
func (p *port) onData(args []js.Value) {
	p.in.Put(args[0].Int(), func(dst []byte) { js.CopyBytesToGo(dst, p.chunk) })
}

// onLost gets lost(errorName, errorMessage).
func (p *port) onLost(args []js.Value) { p.lose(exception(args[0], args[1])) }

// Errors counts what went wrong on the line without ending the port: bytes that were
// dropped because nobody read them, and line errors that the browser told (parity,
// framing, break, overrun of its own buffer). Frames carry their own checks, so
// nothing else is done about either.
func (p *port) Errors() (dropped, lineErrors uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in.Overflow(), p.noise
}

// onNoise gets noise(errorName) for a line error that the port survived.
func (p *port) onNoise([]js.Value) {
	p.mu.Lock()
	p.noise++
	p.mu.Unlock()
}

// lose ends the port in both directions.
func (p *port) lose(why error) {
	p.once.gone.Do(func() {
		err := serial.ErrLost
		if why != nil {
			err = &lostError{why}
		}
		p.mu.Lock()
		p.cause = err
		p.mu.Unlock()
		close(p.gone)
		p.in.End(err)
	})
}

// ended returns why the port is at its end: ErrClosed, ErrLost, or nil.
func (p *port) ended() error {
	select {
	case <-p.closed:
		return serial.ErrClosed
	default:
	}
	select {
	case <-p.gone:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.cause
	default:
		return nil
	}
}

// start calls a method of the Line that answers done(id) later.
func (p *port) start(method string, args ...any) (id int, answer <-chan error, err error) {
	a := make(chan error, 1)
	p.mu.Lock()
	p.next++
	id = p.next
	p.calls[id] = a
	p.mu.Unlock()
	if _, err := call(p.line, method, append([]any{id}, args...)...); err != nil {
		p.drop(id)
		return 0, nil, err
	}
	return id, a, nil
}

// drop forgets a call that nobody waits for any more.
func (p *port) drop(id int) {
	p.mu.Lock()
	delete(p.calls, id)
	p.mu.Unlock()
}

// do calls a method of the Line and waits for its answer, for ctx, or for the end
// of the port.
func (p *port) do(ctx context.Context, method string, args ...any) error {
	id, answer, err := p.start(method, args...)
	if err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		p.drop(id)
		return ctx.Err()
	case <-p.closed:
	case <-p.gone:
	}
	p.drop(id)
	return p.ended()
}

// take takes a lock that spans I/O.
func (p *port) take(ctx context.Context, lock chan struct{}) error {
	if err := p.ended(); err != nil {
		return err
	}
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
	case <-p.gone:
	}
	return p.ended()
}

// explain prefers the news that the device is gone over the exception of a call
// that failed because of it; the two arrive in either order.
func (p *port) explain(op string, err error) error {
	var e *Exception
	if errors.As(err, &e) && (e.Name == "NetworkError" || e.Name == "InvalidStateError") {
		select {
		case <-p.gone:
		case <-p.closed:
		case <-time.After(lostGrace):
			if p.adapter.isGone() {
				p.lose(err)
			}
		}
	}
	if end := p.ended(); end != nil {
		return end
	}
	return &opError{op, err}
}

// Info tells what the browser tells of the port.
func (p *port) Info() serial.Info { return p.adapter.info }

// Read reads what has come, as serial.Port says.
func (p *port) Read(b []byte) (int, error) { return p.in.Read(b) }

// SetReadDeadline bounds Read, as serial.Port says.
func (p *port) SetReadDeadline(t time.Time) error { return p.in.SetDeadline(t) }

// Write hands b to the browser, as serial.Port says. It waits for a change of mode
// that is under way.
func (p *port) Write(b []byte) (n int, err error) {
	ctx := context.Background()
	if err := p.take(ctx, p.writing); err != nil {
		return 0, err
	}
	defer func() { <-p.writing }()
	for n < len(b) {
		chunk := b[n:min(len(b), n+writeChunk)]
		array := js.Global().Get("Uint8Array").New(len(chunk))
		js.CopyBytesToJS(array, chunk)
		if err := p.do(ctx, "write", array); err != nil {
			return n, p.explain("write", err)
		}
		n += len(chunk)
	}
	return n, nil
}

// SetSignals sets the output lines, as serial.Port says.
func (p *port) SetSignals(ctx context.Context, s serial.Signals) error {
	if err := p.take(ctx, p.setting); err != nil {
		return err
	}
	defer func() { <-p.setting }()
	p.mu.Lock()
	p.signals = merge(p.signals, s)
	p.mu.Unlock()
	if err := p.do(ctx, "signals", lines(s)); err != nil {
		return p.explain("set signals", err)
	}
	return nil
}

// SetMode changes rate and framing, as serial.Port says: the browser can only close
// the port and open it again. A change that was begun is brought to its end even
// when ctx ends, so that the port never stays half closed.
func (p *port) SetMode(ctx context.Context, m serial.Mode) error {
	if err := checkMode(m); err != nil {
		return &opError{"set mode", err}
	}
	if err := p.take(ctx, p.setting); err != nil {
		return err
	}
	if err := p.take(ctx, p.writing); err != nil {
		<-p.setting
		return err
	}
	result := make(chan error, 1)
	go func() {
		err := p.reopen(m)
		<-p.writing
		<-p.setting
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return serial.ErrClosed
	}
}

// reopen closes the line and opens it with the new mode; where that fails, with the
// old one. A line that does not open again is lost.
func (p *port) reopen(m serial.Mode) error {
	ctx, cancel := context.WithTimeout(context.Background(), modeTimeout)
	defer cancel()
	if err := p.do(ctx, "close"); err != nil {
		return p.explain("set mode", err)
	}
	err := p.openLine(ctx, m)
	if err == nil || p.ended() != nil {
		return errors.Join(err, p.ended())
	}
	refused := openError(p.adapter.info, err, p.adapter.isGone())
	if refused.Reason == serial.OpenLost {
		p.lose(err)
		return p.ended()
	}
	if err := p.openLine(ctx, p.mode); err != nil {
		p.lose(err)
		return p.ended()
	}
	refused.Reason = serial.OpenMode
	return refused
}

// openLine opens the line, and puts the signals back where they are not as opening
// leaves them.
func (p *port) openLine(ctx context.Context, m serial.Mode) error {
	if err := p.do(ctx, "open", options(m)); err != nil {
		return err
	}
	p.mu.Lock()
	p.mode = m
	s := p.signals
	p.mu.Unlock()
	if s == (serial.Signals{DTR: serial.On, RTS: serial.On, Break: serial.Off}) {
		return nil
	}
	return p.do(ctx, "signals", lines(s))
}

// Close closes the port, as serial.Port says. A browser that does not answer is
// left alone after a while.
func (p *port) Close() error {
	p.once.close.Do(func() {
		close(p.closed)
		p.in.Close()
		if id, answer, err := p.start("close"); err == nil {
			select {
			case <-answer:
			case <-time.After(closeTimeout):
				p.drop(id)
			}
		}
		p.release()
	})
	return nil
}

// release frees the callbacks. The Line is told first, so that it calls none again.
func (p *port) release() {
	p.once.release.Do(func() {
		if p.line.Truthy() {
			call(p.line, "detach")
		}
		for _, f := range p.funcs {
			f.Release()
		}
		p.adapter.open.Store(false)
	})
}

// merge returns old with what s sets.
func merge(old, s serial.Signals) serial.Signals {
	for _, l := range []struct {
		to   *serial.Level
		from serial.Level
	}{{&old.DTR, s.DTR}, {&old.RTS, s.RTS}, {&old.Break, s.Break}} {
		if l.from != serial.Keep {
			*l.to = l.from
		}
	}
	return old
}

// lines are the members that the Line's signals method takes; what is kept is absent.
func lines(s serial.Signals) map[string]any {
	m := make(map[string]any, 3)
	for name, level := range map[string]serial.Level{"dtr": s.DTR, "rts": s.RTS, "brk": s.Break} {
		if level != serial.Keep {
			m[name] = level == serial.On
		}
	}
	return m
}
