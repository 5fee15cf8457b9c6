//go:build js && wasm

package bridge

import (
	"context"
	"errors"
	"syscall/js"

	"ncpweb/ncp/rpc"
)

// requestKey is the key of the number of the request, in the context of who answers it.
type requestKey struct{}

// requestOf returns the number of the request that a context belongs to; 0: none.
func requestOf(ctx context.Context) int {
	n, _ := ctx.Value(requestKey{}).(int)
	return n
}

// maxRequests bounds how many requests are being answered at a time; the NCP has one at
// a time, and those that it gave up.
const maxRequests = 16

// Serve lets h answer the NCP's calls of firmware updates, otaUpdateAvailable to
// otaUpdateCancel, until stop is called, in the place of the first program, which refuses
// them. h has four and a half seconds for each; then the NCP gets no answer. Calls that h
// makes to answer must have the context that it gets, or one made of it: they go out
// while the NCP waits. The error is ErrHeld where another program answers already, or
// tells that the first program has ended.
func (c *Core) Serve(h rpc.Handler) (stop func(), err error) {
	open := make(chan struct{}, maxRequests)
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, req := args[0].Int(), rpc.Request{UID: uint16(args[1].Int()), Args: fromJS(args[2], MaxArgs)}
		select {
		case open <- struct{}{}:
		default:
			return nil
		}
		go func() {
			defer func() { <-open }()
			ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), requestKey{}, id), answerWithin)
			defer cancel()
			rets, err := h.ServeRPC(ctx, req)
			_, _ = c.call("answer", id, answerForm(rets, err))
		}()
		return nil
	})
	v, err := c.call("serve", c.own, f)
	if err == nil && !v.Truthy() {
		err = ErrHeld
	}
	if err != nil {
		f.Release()
		return nil, err
	}
	// f is not released: a request may still be on its way to it.
	return func() { _, _ = c.call("serve", c.own, js.Null()) }, nil
}

// answerForm is the form in which an answer crosses.
func answerForm(rets []byte, err error) any {
	var status rpc.Status
	switch {
	case err == nil:
		return toJS(rets)
	case errors.Is(err, rpc.ErrNoReply):
		return js.Null()
	case errors.As(err, &status):
		return int(status)
	}
	return int(rpc.StatusError)
}
