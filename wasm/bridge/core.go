//go:build js && wasm

package bridge

import (
	"context"
	"errors"
	"os"
	"syscall/js"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/session"
	"ncpweb/wasm/webserial"
)

// Core is the first program of the page, as the others see it. Its methods are safe for
// concurrent use; those with a context block until the answer is there, so they must
// not be called in handlers of the browser. Errors carry a Problem (see ProblemOf) and
// wrap what rpc tells of a call: an rpc.Status, rpc.ErrTimeout.
type Core struct {
	object js.Value
	shim   *webserial.Shim
	own    string   // the name of the program that uses it
	buf    js.Value // what frames are handed over in
	status js.Value // what a Status is handed over in
}

var _ rpc.Caller = (*Core)(nil)

// frameBytes is how much of the recorded frames is handed over at once at most.
const frameBytes = 128 << 10

// Find finds the first program. It fails where the page has none.
func Find(shim *webserial.Shim) (*Core, error) {
	object := js.Global().Get("ncpweb").Get(name)
	if object.Type() != js.TypeObject {
		return nil, errors.New("bridge: the page's first program offers nothing")
	}
	array := js.Global().Get("Uint8Array")
	return &Core{object: object, shim: shim, own: os.Args[0], buf: array.New(16 + frameBytes), status: array.New(maxStatus)}, nil
}

// call calls a function of the first program. What it throws, as all of them do once
// that program has ended, becomes the error.
func (c *Core) call(function string, args ...any) (v js.Value, err error) {
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(js.Error)
			if !ok {
				panic(x)
			}
			err = coreGone(e)
		}
	}()
	return c.object.Call(function, args...), nil
}

// Status returns what is known now. It arms the next wake of Watch.
func (c *Core) Status() (Status, error) {
	v, err := c.call("status", c.status)
	if err != nil {
		return Status{}, err
	}
	n := v.Int()
	if n <= 0 || n > maxStatus {
		return Status{}, coreGone(errForm)
	}
	b := make([]byte, maxStatus)
	js.CopyBytesToGo(b, c.status)
	s, err := parseStatus(b[:n])
	if err != nil {
		return Status{}, coreGone(err)
	}
	return s, nil
}

// Watch calls wake after what Status returns has changed, once until Status is called
// again, and once at the beginning. It is called in a handler of the browser and must
// not wait. There is one watcher at a time in a program.
func (c *Core) Watch(wake func()) error {
	_, err := c.call("watch", c.own, js.FuncOf(func(js.Value, []js.Value) any {
		wake()
		return nil
	}))
	return err
}

// Frames copies recorded frames from the cursor on into dst, whole records in the form
// of package trace, and returns how many bytes that are, the cursor to go on with, and
// how many frames before the first one are there no more. dst should have room for
// FramesAtOnce.
func (c *Core) Frames(cursor uint64, dst []byte) (n int, next, missed uint64, err error) {
	v, err := c.call("frames", float64(cursor), c.buf)
	if err != nil {
		return 0, cursor, 0, err
	}
	n = v.Int()
	if n < 0 || n > frameBytes || n > len(dst) {
		return 0, cursor, 0, coreGone(errForm)
	}
	var head [16]byte
	js.CopyBytesToGo(head[:], c.buf)
	if n > 0 {
		js.CopyBytesToGo(dst[:n], c.buf.Call("subarray", 16, 16+n))
	}
	return n, getNumber(head[:]), getNumber(head[8:]), nil
}

// FramesAtOnce is how many bytes Frames copies at most.
const FramesAtOnce = frameBytes

// ClearFrames forgets the recorded frames.
func (c *Core) ClearFrames() { _, _ = c.call("clear") }

// Invoke calls any method of the NCP; took is the round trip. timeout 0 stands for the
// protocol's default of one second.
func (c *Core) Invoke(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, took time.Duration, err error) {
	answer, err := c.ask(ctx, func(done js.Func) (js.Value, error) {
		return c.call("invoke", int(uid), float64(timeout.Milliseconds()), toJS(args), done, requestOf(ctx))
	})
	if err != nil {
		return nil, 0, err
	}
	if len(answer) != 3 || answer[2].Type() != js.TypeNumber {
		return nil, 0, coreGone(errForm)
	}
	return fromJS(answer[1], 1<<16), time.Duration(answer[2].Float()) * time.Microsecond, errorOf(answer[0])
}

// InvokeFor implements rpc.Caller.
func (c *Core) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	rets, _, err := c.Invoke(ctx, timeout, uid, args)
	if err != nil {
		return nil, err
	}
	return rets, nil
}

// Notify implements rpc.Caller.
func (c *Core) Notify(ctx context.Context, uid uint16, args []byte) error {
	answer, err := c.ask(ctx, func(done js.Func) (js.Value, error) {
		return c.call("notify", int(uid), toJS(args), done)
	})
	if err != nil {
		return err
	}
	return errorOf(answer[0])
}

// ask begins something in the first program and waits for what it hands to done. A
// context that ends gives it up there as well.
func (c *Core) ask(ctx context.Context, begin func(done js.Func) (js.Value, error)) ([]js.Value, error) {
	answers := make(chan []js.Value, 1)
	var done js.Func
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		done.Release()
		answers <- args
		return nil
	})
	id, err := begin(done)
	if err == nil && id.Type() == js.TypeNumber && id.Int() == 0 {
		err = coreGone(errors.New("too many calls are under way"))
	}
	if err != nil {
		done.Release()
		return nil, err
	}
	select {
	case a := <-answers:
		if len(a) == 0 {
			return nil, coreGone(errForm)
		}
		return a, nil
	case <-ctx.Done():
	}
	if id.Type() == js.TypeNumber {
		_, _ = c.call("cancel", id)
	}
	select { // the work gives up and says so, and done is released
	case a := <-answers:
		return a, nil
	case <-time.After(time.Second):
		return nil, coreGone(ctx.Err())
	}
}

// errorOf reads the error that crossed; nil for none.
func errorOf(v js.Value) error {
	if v.IsNull() {
		return nil
	}
	return parseError(fromJS(v, 4<<10))
}

// Report returns what "copy details" of the first program knows: device, versions, the
// state of the line, the end of the log.
func (c *Core) Report(ctx context.Context) (string, error) {
	answer, err := c.ask(ctx, func(done js.Func) (js.Value, error) { return c.call("report", done) })
	if err != nil {
		return "", err
	}
	if answer[0].Type() != js.TypeString {
		return "", coreGone(errForm)
	}
	text := answer[0].String()
	if len(text) > maxReport {
		text = text[:maxReport]
	}
	return text, nil
}

// Toast shows a short word for some seconds; tone is one of package show.
func (c *Core) Toast(text, tone string) { _, _ = c.call("toast", text, tone) }

// Go shows a view of the page by its name.
func (c *Core) Go(view string) { js.Global().Get("location").Set("hash", "#"+view) }

// ErrHeld is the error of Hold while another program works with a port.
var ErrHeld = errors.New("bridge: another program works with a port")

// Hold tells the first program that this one is going to work with a port, and what it
// does, as a short label for people ("Flashing"). Until Free or Resume, and as long as
// this program runs, the first one opens no port, and shows the label where the state of
// its connection stands. Another label replaces the one before. Its error is ErrHeld, or
// tells that the first program has ended.
func (c *Core) Hold(label string) error {
	v, err := c.call("hold", c.own, label)
	if err == nil && !v.Truthy() {
		err = ErrHeld
	}
	return err
}

// Free ends what Hold began.
func (c *Core) Free() { _, _ = c.call("hold", c.own, "") }

// Release ends the connection and hands its port to this program, closed. The first
// program leaves it alone until Resume; whether the person may connect meanwhile, Hold
// decides. Its error has the code NotReady where no port is connected.
func (c *Core) Release(ctx context.Context) (serial.Adapter, error) {
	answer, err := c.ask(ctx, func(done js.Func) (js.Value, error) { return c.call("release", done) })
	if err != nil {
		return nil, err
	}
	if err := errorOf(answer[0]); err != nil {
		return nil, err
	}
	if len(answer) != 3 || answer[1].Type() != js.TypeString {
		return nil, coreGone(errForm)
	}
	provider := c.shim.Provider(webserial.Source(answer[1].String()))
	if provider == nil {
		return nil, coreGone(errForm)
	}
	a := provider.Adapter(answer[2])
	if a == nil {
		return nil, coreGone(errForm)
	}
	return a, nil
}

// Resume ends Hold and lets the first program connect to this port, which this program
// must have closed; nil stands for the one that was released last. It does not wait for
// the connection.
func (c *Core) Resume(a serial.Adapter) error {
	c.Free()
	var v js.Value
	var err error
	if own, ok := a.(*webserial.Adapter); ok && own != nil {
		v, err = c.call("resume", string(own.Source()), own.Object())
	} else {
		v, err = c.call("resume")
	}
	if err == nil && !v.Truthy() {
		err = coreGone(errors.New("there is no port to connect to"))
	}
	return err
}

// coreGone is the error of a call while the first program does not answer.
func coreGone(err error) error {
	return &session.Error{Problem: Problem{Code: CodeCore, Op: "call", Detail: err.Error()}, Err: err}
}
