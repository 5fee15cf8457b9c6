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
	ctx  context.Context // of the call; calls made to answer it are within
	done func()          // ends ctx: there is an answer
	rets []byte
	err  error
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
	r := &request{err: rpc.ErrNoReply}
	r.ctx, r.done = context.WithTimeout(ctx, answerWithin)
	o.mu.Lock()
	o.last++
	id := o.last
	o.requests[id] = r
	o.mu.Unlock()
	later(f, id, int(req.UID), toJS(req.Args))
	<-r.ctx.Done()
	o.mu.Lock()
	delete(o.requests, id)
	o.mu.Unlock()
	return r.rets, r.err
}

// answer answers the request args[0]: with results, a status, or null for no answer.
func (o *offer) answer(args []js.Value) any {
	if r := o.request(args[0]); r != nil {
		switch v := args[1]; {
		case isBytes(v):
			r.rets, r.err = fromJS(v, MaxArgs), nil
		case v.Type() == js.TypeNumber:
			r.err = rpc.Status(v.Int())
		}
		r.done()
	}
	return nil
}

// request returns the request with that number; nil: there is none, any more.
func (o *offer) request(number js.Value) *request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.requests[number.Int()]
}
