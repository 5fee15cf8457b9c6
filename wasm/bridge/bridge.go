// Package bridge joins the programs of the page: the first one, which owns the session,
// offers it (Offer); the others find and use it (Find). All run on the page's one
// thread, so every function that crosses answers at once or calls back later, and none
// waits. What crosses is numbers, bytes and short texts, checked on the side that takes
// them.
package bridge

import (
	"context"
	"errors"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/session"
)

// Names of what the programs need of the session beside Status, so that the others need
// not know the session itself.
type (
	Phase   = session.Phase
	Tri     = session.Tri
	Problem = session.Problem
	Code    = session.Code
	Link    = session.LinkStats
)

// Phases, values of Tri, and Codes that the others look at.
const (
	PhaseIdle   = session.PhaseIdle
	PhaseReady  = session.PhaseReady
	PhaseLent   = session.PhaseLent
	PhaseFailed = session.PhaseFailed

	Unknown = session.Unknown
	No      = session.No
	Yes     = session.Yes

	CodeTimeout  = session.CodeTimeout
	CodeStatus   = session.CodeStatus
	CodeInput    = session.CodeInput
	CodeNotReady = session.CodeNotReady
	CodeCanceled = session.CodeCanceled
	CodeCore     = session.CodeCore
)

// MaxArgs is how many bytes of arguments a call can have.
const MaxArgs = session.MaxArgs

// ProblemOf returns what a person is told about the error of a Core, or nil for none.
func ProblemOf(err error) *Problem { return session.ProblemOf(err) }

// Status is what the other programs know of the connection, at one moment.
type Status struct {
	Phase               Phase
	Open                bool // a port is open, or being opened
	Baud                int  // of the line, now; 0 without a port
	Port                string
	VendorID, ProductID uint16
	Source              string // where the port comes from: "serial", "sim", "lab"; empty without one
	Version             string // of the NCP firmware; hostile
	State               ncp.State
	StateKnown          bool
	Configured          Tri
	Problem             Code // of the connection
	Link                Link
	Methods             []Ability // what hasUID told
	FrameCount          uint64    // good frames in and out since the connection began
	Held                string    // what a program does that works with a port: see Core.Hold; empty: none does
}

// Ability tells whether this NCP has a method.
type Ability = session.Ability

// Ready tells whether an NCP answers.
func (s *Status) Ready() bool { return s.Phase == PhaseReady }

// Has tells whether the NCP has a method, as far as it was asked.
func (s *Status) Has(uid uint16) Tri {
	for _, a := range s.Methods {
		if a.UID == uid {
			return a.Has
		}
	}
	return Unknown
}

// Bounds of texts that cross.
const (
	maxShort  = 120     // names, versions
	maxDetail = 400     // of a problem
	maxReport = 1 << 20 // of Report
	maxStatus = 8 << 10 // a whole Status
)

// statusOf makes a Status of the session's State.
func statusOf(st *session.State, source string) Status {
	s := Status{
		Phase: st.Phase, Baud: st.Baud, Open: st.Phase != PhaseIdle && st.Phase != session.PhaseUnplugged && st.Phase != session.PhaseFailed,
		Version: st.Device.Version, State: st.Device.State, StateKnown: st.Device.StateKnown, Configured: st.Device.Configured,
		Link: st.Link, Methods: st.Device.Methods, FrameCount: st.Link.RxFrames + st.Link.TxFrames,
	}
	if st.Phase != PhaseIdle {
		s.Port, s.VendorID, s.ProductID, s.Source = st.Port.Name, st.Port.VendorID, st.Port.ProductID, source
	}
	if st.Problem != nil {
		s.Problem = st.Problem.Code
	}
	return s
}

// appendStatus adds the form in which a Status crosses.
func appendStatus(b []byte, s *Status) []byte {
	w := writer{b}
	w.numbers(uint64(s.Phase), flag(s.Open), uint64(max(s.Baud, 0)), uint64(s.VendorID), uint64(s.ProductID),
		uint64(s.State), flag(s.StateKnown), uint64(s.Configured), uint64(s.Problem), s.FrameCount)
	w.text(s.Port, maxShort)
	w.text(s.Source, maxShort)
	w.text(s.Version, maxShort)
	w.text(s.Held, maxShort)
	l := &s.Link
	w.numbers(uint64(l.RTTLast), uint64(l.RTTMedian), uint64(l.RTTWorst), l.Pings, l.Missed, l.RxFrames, l.TxFrames, l.RxBytes, l.TxBytes,
		l.CRCErrors, l.NoiseBytes, l.LateResults, l.Dropped, l.BringUps)
	w.numbers(uint64(len(s.Methods)))
	for _, a := range s.Methods {
		w.numbers(uint64(a.UID), uint64(a.Has))
	}
	return w.b
}

// errForm is why what came over the bridge is refused: the programs are not of the
// same build.
var errForm = errors.New("bridge: what came is not in the form that is expected")

// parseStatus reads what appendStatus wrote.
func parseStatus(b []byte) (Status, error) {
	r := reader{b: b}
	s := Status{
		Phase: Phase(r.number(255)), Open: r.number(1) != 0, Baud: int(r.number(1 << 30)),
		VendorID: uint16(r.number(0xFFFF)), ProductID: uint16(r.number(0xFFFF)),
		State: ncp.State(r.number(255)), StateKnown: r.number(1) != 0, Configured: Tri(r.number(2)), Problem: Code(r.number(255)), FrameCount: r.number(1 << 62),
	}
	s.Port, s.Source, s.Version, s.Held = r.text(maxShort), r.text(maxShort), r.text(maxShort), r.text(maxShort)
	l := &s.Link
	l.RTTLast, l.RTTMedian, l.RTTWorst = r.duration(), r.duration(), r.duration()
	for _, p := range []*uint64{&l.Pings, &l.Missed, &l.RxFrames, &l.TxFrames, &l.RxBytes, &l.TxBytes,
		&l.CRCErrors, &l.NoiseBytes, &l.LateResults, &l.Dropped, &l.BringUps} {
		*p = r.number(1 << 62)
	}
	s.Methods = make([]Ability, r.number(uint64(len(r.b)/2)))
	for i := range s.Methods {
		s.Methods[i] = Ability{UID: uint16(r.number(0xFFFF)), Has: Tri(r.number(2))}
	}
	if r.bad || len(r.b) > 0 {
		return Status{}, errForm
	}
	return s, nil
}

// Causes of a Problem that keep their identity when they cross, in the order of their
// numbers; 0 is any other one.
var causes = []error{rpc.ErrTimeout, rpc.ErrTooLarge, rpc.ErrClosed, context.Canceled, context.DeadlineExceeded}

// statusCause is the number of an rpc.Status, which follows it.
const statusCause = 100

// appendError adds the form in which an error of the session crosses.
func appendError(b []byte, err error) []byte {
	p := session.ProblemOf(err)
	w := writer{b}
	cause, status := uint64(0), rpc.Status(0)
	if errors.As(err, &status) {
		cause = statusCause
	}
	for i, c := range causes {
		if errors.Is(err, c) {
			cause = uint64(i + 1)
			break
		}
	}
	w.numbers(uint64(p.Code), cause, uint64(status))
	w.text(p.Op, maxShort)
	w.text(p.Detail, maxDetail)
	return w.b
}

// parseError reads what appendError wrote.
func parseError(b []byte) error {
	r := reader{b: b}
	code, cause, status := r.number(255), r.number(255), r.number(255)
	op, detail := r.text(maxShort), r.text(maxDetail)
	if r.bad || code == 0 {
		return errForm
	}
	e := &session.Error{Problem: Problem{Code: Code(code), Op: op, Detail: detail}}
	switch {
	case cause == statusCause:
		e.Err = rpc.Status(status)
	case cause > 0 && cause <= uint64(len(causes)):
		e.Err = causes[cause-1]
	}
	return e
}
