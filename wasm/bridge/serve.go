//go:build js && wasm

package bridge

import (
	"context"
	"syscall/js"
	"time"

	"ncpweb/ncp/rpc"
)

// answerWithin is how long another program has for its answer to the NCP: less than
// rpc.Hold, after which calls of our own would come in between.
const answerWithin = 4500 * time.Millisecond

// request is a call of the NCP that another program answers.
type request struct {
	ctx    context.Context
	answer chan js.Value // capacity one
}

// nested is the context of a call that is made to answer a request: it ends by itself,
// but what rpc knows of it is that of the request.
type nested struct {
	context.Context
	request context.Context
}

// Value implements context.Context.
func (n nested) Value(key any) any {
	if v := n.Context.Value(key); v != nil {
		return v
	}
	return n.request.Value(key)
}

// serve lets the program args[0] answer firmware updates: args[1] gets the number of the
// request, its uid and its arguments, and answers by answer; null ends that. It returns
// false where another program does it.
func (o *offer) serve(args []js.Value) any {
	program, f := args[0].String(), args[1]
	if o.server != "" && o.server != program {
		return false
	}
	if f.Type() != js.TypeFunction {
		o.server = ""
		o.h.Session.ServeUpdates(nil)
		return true
	}
	o.server = program
	o.h.Session.ServeUpdates(rpc.HandlerFunc(func(ctx context.Context, req rpc.Request) ([]byte, error) {
		return o.pass(ctx, f, req)
	}))
	return true
}

// pass hands a request to the other program and waits for its answer.
func (o *offer) pass(ctx context.Context, f js.Value, req rpc.Request) ([]byte, error) {
	r := &request{ctx, make(chan js.Value, 1)}
	o.mu.Lock()
	o.last++
	id := o.last
	o.requests[id] = r
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.requests, id)
		o.mu.Unlock()
	}()
	later(f, id, int(req.UID), toJS(req.Args))
	timer := time.NewTimer(answerWithin)
	defer timer.Stop()
	select {
	case v := <-r.answer:
		switch {
		case isBytes(v):
			return fromJS(v, MaxArgs), nil
		case v.Type() == js.TypeNumber:
			return nil, rpc.Status(v.Int())
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, rpc.ErrNoReply
}

// answer answers the request args[0]: with results, a status, or null for no answer.
func (o *offer) answer(args []js.Value) any {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.requests[args[0].Int()]; r != nil {
		select {
		case r.answer <- args[1]:
		default:
		}
	}
	return nil
}

// within returns the context of the request with that number; nil: there is none.
func (o *offer) within(number js.Value) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.requests[number.Int()]; r != nil {
		return r.ctx
	}
	return nil
}
