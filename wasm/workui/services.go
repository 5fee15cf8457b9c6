//go:build js && wasm

package workui

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"ncpweb/wasm/page"
)

// services is the script with what the workshop needs of the browser. It is loaded when
// the workshop starts.
type services struct {
	there  chan struct{} // closed once it is known
	module js.Value
	err    error
}

func newServices() *services {
	s := &services{there: make(chan struct{})}
	page.Part("workshop", func(module js.Value, err error) {
		s.module, s.err = module, err
		close(s.there)
	})
	return s
}

// get waits for the script.
func (s *services) get(ctx context.Context) (js.Value, error) {
	select {
	case <-s.there:
		return s.module, s.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// bytes calls a function of the script that hands bytes to its last argument, or tells
// what went wrong. Where ctx ends before, the function that it has returned is called, if
// it is one. More than most bytes are an error.
func (s *services) bytes(ctx context.Context, most int, function string, args ...any) ([]byte, error) {
	module, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	type answer struct {
		data []byte
		err  error
	}
	answers := make(chan answer, 1)
	var done js.Func
	release := sync.OnceFunc(func() { done.Release() })
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		data, err := bytesOf(args[0], most)
		if message := args[1].String(); message != "" {
			err = errors.New("workui: " + function + ": " + message)
		}
		answers <- answer{data, err}
		return nil
	})
	giveUp := module.Call(function, append(args, done)...)
	select {
	case a := <-answers:
		return a.data, a.err
	case <-ctx.Done():
	}
	if giveUp.Type() == js.TypeFunction { // otherwise a late answer must find done
		giveUp.Invoke()
		release()
	}
	return nil, ctx.Err()
}

func bytesOf(v js.Value, most int) ([]byte, error) {
	if v.Type() != js.TypeObject {
		return nil, errors.New("workui: no bytes came")
	}
	n := v.Length()
	if n > most {
		return nil, page.ErrTooLong
	}
	data := make([]byte, n)
	js.CopyBytesToGo(data, v)
	return data, nil
}

// toJS copies bytes into a new array.
func toJS(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}
