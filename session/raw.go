package session

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// Bounds of Invoke and Notify.
const (
	// MaxArgs is how many bytes of arguments fit: a message of ncp.MaxMessage bytes
	// without opcode, uid and message id.
	MaxArgs = ncp.MaxMessage - 6
	// MaxTimeout is the longest time-out; the protocol's own longest is that of
	// factoryTestWiFi, below a minute.
	MaxTimeout = 5 * time.Minute
)

// Invoke calls any method of the NCP, known to this page or not, with these bytes as
// arguments, and returns the bytes of its results. took is the round trip without the
// wait for other calls; it is also there for a call that failed once it was sent.
//
// timeout is at most MaxTimeout; 0 stands for the protocol's default of one second.
// Besides a Problem the error wraps what rpc tells: an rpc.Status for an error status
// (rets are then the bytes behind it, usually none), rpc.ErrTimeout for no answer.
func (s *Session) Invoke(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, took time.Duration, err error) {
	const op = "call"
	if err := checkRaw(op, timeout, args); err != nil {
		return nil, 0, err
	}
	_, l, up, ok := s.present()
	if !ok {
		return nil, 0, problem(op, errNotReady)
	}
	err = during(ctx, up, op, func(ctx context.Context) error {
		var err error
		rets, took, err = l.InvokeTimed(ctx, timeout, uid, args)
		return err
	})
	var more *rpc.ResultError
	if errors.As(err, &more) {
		rets = more.Rets
		e := problem(op, more.Status)
		e.Problem.Code = CodeStatus
		return rets, took, e
	}
	if err == nil || errors.Is(err, rpc.ErrTimeout) {
		afterRaw(l, uid, rets, err)
	}
	return rets, took, err
}

// Notify sends a ONEWAY of any method with these bytes as arguments. It returns when
// the frame is handed over to the line; nothing tells whether it arrived.
func (s *Session) Notify(ctx context.Context, uid uint16, args []byte) error {
	const op = "call"
	if err := checkRaw(op, 0, args); err != nil {
		return err
	}
	_, l, up, ok := s.present()
	if !ok {
		return problem(op, errNotReady)
	}
	return during(ctx, up, op, func(ctx context.Context) error { return l.Notify(ctx, uid, args) })
}

func checkRaw(op string, timeout time.Duration, args []byte) error {
	switch {
	case len(args) > MaxArgs:
		return badInput(op, "arguments", "longer than 1530 bytes")
	case timeout < 0 || timeout > MaxTimeout:
		return badInput(op, "timeout", "0 to 5 minutes")
	}
	return nil
}

// afterRaw does what the session's own commands do after calls that change the line
// under it, so that it is found again at once and not by missed heartbeats.
func afterRaw(l *link.Link, uid uint16, rets []byte, err error) {
	agreed := err == nil && len(rets) == 1 && rets[0] != 0
	switch uid {
	case ncp.UIDNcpReboot, ncp.UIDBlynkFactoryReset:
		if agreed {
			l.Restarting()
		}
	case ncp.UIDHwSetUartBaudRate:
		if agreed {
			l.Check()
		}
	}
	if err != nil {
		l.Check()
	}
}

// ErrNoPort is the error of whoever wants the port while none is connected.
var ErrNoPort error = &Error{Problem: Problem{Code: CodeNotReady, Op: "release", Detail: "no port is connected"}}

// Adapter returns the adapter of the connection, also of one that has failed or lost
// it; nil without a connection.
func (s *Session) Adapter() serial.Adapter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil
	}
	return s.conn.adapt
}

// Brief is State without what takes long to copy: Pins, Events and Steps. It arms the
// next wake of the subscribers as well.
func (s *Session) Brief() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notified = false
	st := s.st
	st.Link = s.linkStats()
	st.LogNext = s.log.next()
	return st
}
