package ncp

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp/rpc"
)

// NCP calls the methods of an NCP. It holds no state of its own and may be used by
// several goroutines as far as its Caller may.
//
// Every method that waits for a result returns a *rpc.CallError when it failed: see
// there for the reasons. Results that came with StatusRetsRead are those that could
// be read, the others are zero. An answer of false, or a status other than 1, is no
// error. Methods without a time-out of their own take the Caller's default of 1 s.
type NCP struct {
	c rpc.Caller
}

// NewNCP returns the client of the NCP at the other end of c.
func NewNCP(c rpc.Caller) *NCP { return &NCP{c: c} }

// MCU calls the methods of a Primary MCU, as an NCP does. What is said of NCP holds
// for it as well.
type MCU struct {
	c rpc.Caller
}

// NewMCU returns the client of the Primary MCU at the other end of c.
func NewMCU(c rpc.Caller) *MCU { return &MCU{c: c} }

// invoke calls a method that has results and returns a reader of them; after an error
// that is an empty one.
func invoke(ctx context.Context, c rpc.Caller, timeout time.Duration, uid uint16, w writer) (reader, error) {
	if w.err != nil {
		return reader{}, &rpc.CallError{UID: uid, Err: w.err}
	}
	rets, err := c.InvokeFor(ctx, timeout, uid, w.buf)
	if err != nil {
		return reader{}, err
	}
	return reader{buf: rets}, nil
}

// invokeBare calls a method that has no results: its RESULT is a status, and bytes
// after it are ignored as the deployed caller does.
func invokeBare(ctx context.Context, c rpc.Caller, timeout time.Duration, uid uint16, w writer) error {
	_, err := invoke(ctx, c, timeout, uid, w)
	var more *rpc.ResultError
	if errors.As(err, &more) {
		return &rpc.CallError{UID: uid, Err: more.Status}
	}
	return err
}

// end returns err, or the error of results that were too short or too long.
func (r *reader) end(uid uint16, err error) error {
	if err == nil && !r.complete() {
		return &rpc.CallError{UID: uid, Err: rpc.StatusRetsRead}
	}
	return err
}

// notify sends a ONEWAY.
func notify(ctx context.Context, c rpc.Caller, uid uint16, w writer) error {
	if w.err != nil {
		return &rpc.CallError{UID: uid, Err: w.err}
	}
	return c.Notify(ctx, uid, w.buf)
}

// StatusOf returns the status with which the peer answered a call, or
// StatusTimeout if it did not answer in time. ok is false if err has another cause.
func StatusOf(err error) (s rpc.Status, ok bool) {
	switch {
	case err == nil:
		return rpc.StatusOK, true
	case errors.As(err, &s):
		return s, true
	case errors.Is(err, rpc.ErrTimeout):
		return rpc.StatusTimeout, true
	}
	return 0, false
}
