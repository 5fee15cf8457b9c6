//go:build js && wasm

package bridge

import (
	"context"
	"sync"
	"syscall/js"
	"time"

	"ncpweb/serial"
	"ncpweb/session"
	"ncpweb/wasm/webserial"
)

// name is the property of globalThis.ncpweb under which the first program leaves what
// it offers.
const name = "core"

// Frames is where the recorded frames are: see trace.Recorder.
type Frames interface {
	Read(cursor uint64, dst []byte) (n int, next, missed uint64)
	Clear()
}

// Host is what the first program offers. Its functions are called in handlers of the
// browser: they must not wait.
type Host struct {
	Session *session.Session
	Frames  Frames                                                // nil: no frames are recorded
	Report  func(done func(string))                               // what "copy details" copies; done may be called later
	Toast   func(text, tone string)                               // shows a short word
	Connect func(a serial.Adapter)                                // connects as if the person had chosen it
	Adapter func(source string, port js.Value) *webserial.Adapter // finds the adapter of a port; nil: there is none
	Held    func(label string)                                    // tells that a program works with a port, and what it does; empty: none does
}

// offer is the first program's half.
type offer struct {
	h      Host
	frames []byte // what one call of frames hands over, reused

	mu      sync.Mutex
	last    int
	calls   map[int]context.CancelFunc // under way
	adapter *webserial.Adapter         // the one that was released last
	stops   map[string]func()          // end the watching, by program
	holder  string                     // the program that works with a port; empty: none does
	label   string                     // what it does

	server   string // the program that answers firmware updates; empty: none does
	requests map[int]*request
}

// maxCalls bounds how many calls of the other programs are under way at a time.
const maxCalls = 64

// Offer leaves the first program's half of the bridge for the others.
func Offer(h Host) {
	o := &offer{h: h, calls: make(map[int]context.CancelFunc), stops: make(map[string]func()), requests: make(map[int]*request)}
	object := js.Global().Get("Object").New()
	for name, f := range map[string]func([]js.Value) any{
		"status": o.status, "watch": o.watch, "frames": o.readFrames, "clear": o.clear, "invoke": o.invoke, "notify": o.notify,
		"cancel": o.cancel, "report": o.report, "toast": o.toast, "release": o.release, "resume": o.resume, "hold": o.hold,
		"serve": o.serve, "answer": o.answer,
	} {
		object.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) }))
	}
	js.Global().Get("ncpweb").Set(name, object)
}

// Gone ends what a program that has ended had asked for, by its name.
func Gone(program string) {
	object := js.Global().Get("ncpweb").Get(name)
	object.Call("watch", program, js.Null())
	object.Call("hold", program, "")
	object.Call("serve", program, js.Null())
}

// later calls a function of another program when the browser's stack is empty: neither
// program ever runs inside a call of the other that came from a call of its own.
func later(f js.Value, args ...any) {
	bound := f.Call("bind", append([]any{js.Null()}, args...)...)
	js.Global().Call("queueMicrotask", bound)
}

// toJS copies bytes into a new array.
func toJS(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

// fromJS copies at most most bytes of an array; nil for what is none.
func fromJS(v js.Value, most int) []byte {
	if !isBytes(v) {
		return nil
	}
	n := v.Get("length").Int()
	if n > most {
		return nil
	}
	b := make([]byte, n)
	js.CopyBytesToGo(b, v)
	return b
}

func isBytes(v js.Value) bool {
	return v.Type() == js.TypeObject && v.InstanceOf(js.Global().Get("Uint8Array"))
}

// status writes the Status into args[0] and returns its length.
func (o *offer) status(args []js.Value) any {
	st := o.h.Session.Brief()
	source := ""
	if a, ok := o.h.Session.Adapter().(*webserial.Adapter); ok {
		source = string(a.Source())
	}
	s := statusOf(&st, source)
	s.Held = o.label
	b := appendStatus(nil, &s)
	if len(b) > maxStatus || !isBytes(args[0]) {
		return 0
	}
	return js.CopyBytesToJS(args[0], b)
}

// watch calls args[1] for the program args[0] after the state has changed, once until
// status is called; null ends that.
func (o *offer) watch(args []js.Value) any {
	program := args[0].String()
	if stop := o.stops[program]; stop != nil {
		stop()
		delete(o.stops, program)
	}
	if f := args[1]; f.Type() == js.TypeFunction {
		o.stops[program] = o.h.Session.Subscribe(func() { later(f) })
	}
	return nil
}

// hold tells that the program args[0] works with a port, and what it does; an empty
// text: it does not any more. It returns false where another program works with one.
func (o *offer) hold(args []js.Value) any {
	program, label := args[0].String(), args[1].String()
	if o.holder != "" && o.holder != program {
		return false
	}
	if o.holder = program; label == "" {
		o.holder = ""
	}
	if len(label) > maxShort {
		label = label[:maxShort]
	}
	o.label = label
	o.h.Held(label)
	return true
}

// readFrames writes recorded frames from the cursor args[0] on into args[1], behind two
// numbers of eight bytes: the next cursor, and how many frames are there no more. It
// returns how many bytes of frames there are.
func (o *offer) readFrames(args []js.Value) any {
	if o.h.Frames == nil || !isBytes(args[1]) {
		return 0
	}
	size := args[1].Get("length").Int()
	if size < 16 || size > maxFrames {
		return 0
	}
	if len(o.frames) != size {
		o.frames = make([]byte, size)
	}
	n, next, missed := o.h.Frames.Read(uint64(args[0].Float()), o.frames[16:])
	putNumber(o.frames, next)
	putNumber(o.frames[8:], missed)
	js.CopyBytesToJS(args[1], o.frames[:16+n])
	return n
}

// maxFrames is the most that one call of frames hands over, in bytes.
const maxFrames = 1 << 20

func putNumber(b []byte, n uint64) {
	for i := range 8 {
		b[i] = byte(n >> (8 * i))
	}
}

func getNumber(b []byte) uint64 {
	var n uint64
	for i := range 8 {
		n |= uint64(b[i]) << (8 * i)
	}
	return n
}

func (o *offer) clear([]js.Value) any {
	if o.h.Frames != nil {
		o.h.Frames.Clear()
	}
	return nil
}

// invoke begins a call: uid, time-out in milliseconds, arguments, done, which gets
// the error or null, the results or null, and the round trip in microseconds, and the
// number of the request that it is made to answer; 0: none.
func (o *offer) invoke(args []js.Value) any {
	uid, timeout, input, done := uint16(args[0].Int()), time.Duration(args[1].Float())*time.Millisecond, fromJS(args[2], MaxArgs), args[3]
	parent := context.Background()
	if r := o.request(args[4]); r != nil {
		parent = r.ctx
	}
	return o.begin(parent, done, func(ctx context.Context) []any {
		rets, took, err := o.h.Session.Invoke(ctx, timeout, uid, input)
		return []any{failureOf(err), toJS(rets), took.Microseconds()}
	})
}

// notify begins a ONEWAY: uid, arguments, and done, which gets the error or null.
func (o *offer) notify(args []js.Value) any {
	uid, input, done := uint16(args[0].Int()), fromJS(args[1], MaxArgs), args[2]
	return o.begin(context.Background(), done, func(ctx context.Context) []any {
		return []any{failureOf(o.h.Session.Notify(ctx, uid, input))}
	})
}

// begin does work, within parent, on a goroutine of its own and hands what it returns to
// done. It returns the number with which cancel ends it; 0 where too many are under way.
func (o *offer) begin(parent context.Context, done js.Value, work func(context.Context) []any) any {
	o.mu.Lock()
	defer o.mu.Unlock()
	if done.Type() != js.TypeFunction || len(o.calls) >= maxCalls {
		return 0
	}
	o.last++
	id := o.last
	ctx, cancel := context.WithCancel(parent)
	o.calls[id] = cancel
	go func() {
		answer := work(ctx)
		cancel()
		o.mu.Lock()
		delete(o.calls, id)
		o.mu.Unlock()
		later(done, answer...)
	}()
	return id
}

func (o *offer) cancel(args []js.Value) any {
	o.mu.Lock()
	cancel := o.calls[args[0].Int()]
	o.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	return nil
}

// failureOf is the form in which an error crosses; null for none.
func failureOf(err error) any {
	if err == nil {
		return js.Null()
	}
	return toJS(appendError(nil, err))
}

func (o *offer) report(args []js.Value) any {
	done := args[0]
	o.h.Report(func(text string) { later(done, text) })
	return nil
}

func (o *offer) toast(args []js.Value) any {
	o.h.Toast(args[0].String(), args[1].String())
	return nil
}

// release ends the connection and hands its port over: done gets the error or null,
// where the port comes from, and the port.
func (o *offer) release(args []js.Value) any {
	return o.begin(context.Background(), args[0], func(ctx context.Context) []any {
		a, ok := o.h.Session.Adapter().(*webserial.Adapter)
		if !ok {
			return []any{failureOf(session.ErrNoPort)}
		}
		if err := o.h.Session.Disconnect(ctx); err != nil {
			return []any{failureOf(err)}
		}
		o.mu.Lock()
		o.adapter = a
		o.mu.Unlock()
		return []any{js.Null(), string(a.Source()), a.Object()}
	})
}

// resume connects to a port of another program, or to the one that was released last.
func (o *offer) resume(args []js.Value) any {
	o.mu.Lock()
	a := o.adapter
	o.mu.Unlock()
	if len(args) > 1 && args[1].Type() == js.TypeObject {
		a = o.h.Adapter(args[0].String(), args[1])
	}
	if a != nil {
		o.h.Connect(a)
	}
	return a != nil
}
