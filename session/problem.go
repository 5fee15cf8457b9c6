package session

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// Error is the error of all methods of a Session.
type Error struct {
	Problem Problem
	Err     error // the cause; may be nil
}

func (e *Error) Error() string {
	return "session: " + e.Problem.Op + ": " + e.Problem.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ProblemOf returns what a person is told about err, or nil for no error.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		p := e.Problem
		return &p
	}
	return &Problem{Code: codeOf(err), Detail: err.Error(), Time: time.Now()}
}

// Causes of ends that are nobody's fault.
var (
	errDisconnected = errors.New("session: disconnected")
	errLending      = errors.New("session: the port is being lent")
	errDown         = errors.New("session: the NCP has to be brought up again")
	errNotReady     = errors.New("session: there is no NCP to talk to at the moment")
)

// problem makes an Error of op from a cause.
func problem(op string, err error) *Error {
	var already *Error
	if errors.As(err, &already) {
		return already
	}
	return &Error{Problem: Problem{Code: codeOf(err), Op: op, Detail: err.Error(), Time: time.Now()}, Err: err}
}

// failure makes an Error of op without another cause.
func failure(op string, code Code, detail string) *Error {
	return &Error{Problem: Problem{Code: code, Op: op, Detail: detail, Time: time.Now()}}
}

// badInput is the Error of an argument that cannot be sent.
func badInput(op, field, why string) *Error {
	return failure(op, CodeInput, field+": "+why)
}

func codeOf(err error) Code {
	var open *serial.OpenError
	var search *link.SearchError
	var status rpc.Status
	switch {
	case isAny(err, errNotReady, errDown, errLending, errLeaving):
		return CodeNotReady
	case errors.Is(err, serial.ErrLost):
		return CodeUnplugged
	case isAny(err, context.Canceled, context.DeadlineExceeded, errDisconnected, errTerminal):
		return CodeCanceled
	case errors.As(err, &open):
		return openCode(open.Reason)
	case errors.As(err, &search):
		return searchCode(search.Heard)
	case errors.Is(err, rpc.ErrTimeout), errors.Is(err, link.ErrBadRate):
		return CodeTimeout
	case errors.Is(err, link.ErrRefused):
		return CodeRefused
	case errors.Is(err, rpc.ErrTooLarge):
		return CodeInput
	case isAny(err, rpc.ErrClosed, serial.ErrClosed):
		return CodeNotReady
	case errors.As(err, &status):
		return CodeStatus
	}
	return CodeCore
}

func openCode(r serial.OpenReason) Code {
	switch r {
	case serial.OpenBusy:
		return CodeBusy
	case serial.OpenDenied:
		return CodeDenied
	case serial.OpenLost:
		return CodeUnplugged
	}
	return CodeOpenFailed
}

func searchCode(h link.Heard) Code {
	switch h {
	case link.HeardNothing:
		return CodeSilent
	case link.HeardNoise:
		return CodeNoise
	}
	return CodeNotAnswered
}

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}
