// Package rpc is the symmetric RPC endpoint of the Blynk.NCP protocol over any byte
// stream: either side may call the other at any time, also while it waits for a
// result of its own.
package rpc

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Op is the opcode of a message (Blynk.NCP protocol 0.7.0, "Messages").
type Op uint16

// Opcodes. Others are reserved and ignored.
const (
	OpInvoke Op = 0x67BC
	OpResult Op = 0xA512
	OpOneway Op = 0x1CF3
)

// Status is the status byte of a RESULT. As an error of a Handler it is what the
// peer gets; as an error of Invoke it is what the peer answered.
type Status uint8

// Statuses (Blynk.NCP protocol 0.7.0, as deployed).
const (
	StatusOK         Status = 0x00
	StatusError      Status = 0x10 // generic
	StatusTimeout    Status = 0x11
	StatusMemory     Status = 0x12 // not enough memory
	StatusUnknownUID Status = 0x13
	StatusArgsWrite  Status = 0x14 // arguments could not be written
	StatusArgsRead   Status = 0x15 // arguments could not be read, or bytes were left over
	StatusRetsWrite  Status = 0x16 // results could not be written
	StatusRetsRead   Status = 0x17 // results could not be read
)

func (s Status) Error() string { return "rpc: status " + hexText(uint16(s), 2) + ": " + s.Text() }

// Text says the status in words.
func (s Status) Text() string {
	switch s {
	case StatusOK:
		return "ok"
	case StatusError:
		return "generic error"
	case StatusTimeout:
		return "timeout"
	case StatusMemory:
		return "not enough memory"
	case StatusUnknownUID:
		return "unknown method"
	case StatusArgsWrite:
		return "arguments could not be written"
	case StatusArgsRead:
		return "arguments could not be read"
	case StatusRetsWrite:
		return "results could not be written"
	case StatusRetsRead:
		return "results could not be read"
	}
	return "unknown status"
}

// Errors of a call. A *CallError wraps one of them, a Status, a *ResultError, or the
// error of the caller's context. After the end of Serve it wraps both ErrClosed and the
// cause of that end.
var (
	ErrTimeout  = errors.New("rpc: no answer in time")
	ErrTooLarge = errors.New("rpc: message is larger than the peer takes")
	ErrClosed   = errors.New("rpc: endpoint is not serving")
)

// ErrNoReply as (or in) the error of a Handler means that the peer gets no RESULT at
// all, as deployed receivers do with an INVOKE of a method that is a ONEWAY.
var ErrNoReply = errors.New("rpc: no reply")

// ResultError is the error of a RESULT with an error status and bytes behind it. A
// deployed caller of a method that has results takes them for results that cannot be
// read: so it unwraps to StatusRetsRead, and a client of such a method has nothing to
// do. A deployed caller of a method without results looks at the status only: a client
// of such a method takes Status from here, by errors.As.
type ResultError struct {
	Status Status // not StatusOK
	Rets   []byte // not empty
}

func (e *ResultError) Error() string {
	return "rpc: status " + hexText(uint16(e.Status), 2) + " with " + strconv.Itoa(len(e.Rets)) + " bytes behind it"
}

// Unwrap returns StatusRetsRead.
func (e *ResultError) Unwrap() error { return StatusRetsRead }

// CallError tells which call failed and why.
type CallError struct {
	UID uint16
	Err error
}

func (e *CallError) Error() string { return "rpc: call " + hexText(e.UID, 4) + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *CallError) Unwrap() error { return e.Err }

// hexText writes v with that many digits.
func hexText(v uint16, digits int) string {
	text := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		text[i] = "0123456789ABCDEF"[v&0xF]
		v >>= 4
	}
	return string(text)
}

// Request is a call or notification of the peer.
type Request struct {
	UID    uint16
	MsgID  uint16 // 0 for a ONEWAY
	Oneway bool
	Args   []byte // valid until ServeRPC returns
}

// Handler answers the peer. ServeRPC runs on a goroutine of its own for an INVOKE;
// ONEWAYs come one after the other in the order of their arrival. rets is copied
// before ServeRPC is called again. An err that is (or wraps) a Status is answered
// with that status, any other one with StatusError; both are without effect on a
// ONEWAY. While the peer waits, ctx allows nested calls to it: pass it to Invoke.
// ctx ends when Serve does.
type Handler interface {
	ServeRPC(ctx context.Context, req Request) (rets []byte, err error)
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, req Request) ([]byte, error)

// ServeRPC calls f.
func (f HandlerFunc) ServeRPC(ctx context.Context, req Request) ([]byte, error) { return f(ctx, req) }

// Caller is the calling half of an Endpoint; generated clients need no more.
type Caller interface {
	// InvokeFor calls a method of the peer and waits for its result for at most
	// timeout plus the time that the bytes take on the line; 0 stands for the
	// configured default. The returned bytes are the caller's own.
	InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) (rets []byte, err error)
	// Notify sends a ONEWAY. It returns when the frame is handed over to the line.
	Notify(ctx context.Context, uid uint16, args []byte) error
}

// Config configures an Endpoint. The zero value is usable.
type Config struct {
	Handler    Handler       // nil: every INVOKE is answered with StatusUnknownUID
	MaxPayload int           // largest message sent, in raw bytes; 0: 1536, what every deployed receiver takes
	Timeout    time.Duration // for calls without one; 0: 1 s, the protocol's default
	LastMsgID  uint16        // the first INVOKE has the MsgID after this one
	// OnNoise gets the bytes outside frames (boot logs, line noise) as they come, and
	// what was in a broken frame if it is plain text: a log that holds a BEG byte. It is
	// called while Serve runs, once at a time: it must not block and not keep p.
	OnNoise func(p []byte)
}

// Stats count what passed. Bytes are those of the line.
type Stats struct {
	RxBytes, TxBytes   uint64
	RxFrames, TxFrames uint64 // good ones
	CRCErrors          uint64 // frames with a wrong CRC
	CutFrames          uint64 // frames that ended in a new BEG, or turned out to be a log
	Oversized          uint64 // frames longer than the receive buffer
	NoiseBytes         uint64 // bytes outside frames, or in broken ones that hold plain text
	LateResults        uint64 // RESULTs that nobody waits for (any more)
	Malformed          uint64 // messages too short or with an unknown opcode
	DroppedRequests    uint64 // INVOKEs and ONEWAYs beyond what is kept for the handler, or given up
}

// Dir is the direction of a traced event.
type Dir uint8

// Directions, as seen from this endpoint.
const (
	In Dir = iota
	Out
)

// EventKind is the kind of a traced event.
type EventKind uint8

// Kinds of events.
const (
	EventMessage  EventKind = iota // a good frame
	EventNoise                     // bytes outside frames: Payload
	EventCRC                       // a frame with a wrong CRC: Payload is what was in it
	EventCut                       // a frame that ended in a new BEG, or turned out to be a log
	EventOversize                  // a frame longer than the receive buffer
)

// Event is what a tracer sees. It and its Payload are valid during the call only.
type Event struct {
	Time    time.Time
	Kind    EventKind
	Dir     Dir
	Op      Op
	UID     uint16 // INVOKE, ONEWAY; for a RESULT that of its call, if known
	MsgID   uint16 // INVOKE, RESULT
	Status  Status // RESULT
	Payload []byte // the whole message, unescaped and without CRC
}

// Tracer sees every frame in the order of the line. It is called by the reader and
// the writer, one at a time; it must not block.
type Tracer func(*Event)
