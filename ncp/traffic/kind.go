package traffic

import (
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// Kind is the kind of a row.
type Kind uint8

// Kinds.
const (
	Invoke   Kind = iota
	Result        // of an Invoke
	Oneway        //
	Unknown       // a good frame that is none of these: unknown opcode, or too short
	Noise         // bytes outside frames
	CRC           // a frame with a wrong CRC
	Cut           // a frame that ended in a new one, or turned out to be a log
	Oversize      // a frame longer than any receiver takes
	Mark          // the line was connected, disconnected, or changed its rate
	Gap           // records are missing here
	kinds
)

var kindNames = [kinds]string{"invoke", "result", "oneway", "unknown", "noise", "crc", "cut", "oversize", "mark", "gap"}

// String returns the name that a capture file uses.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "none"
}

// Message tells whether it is that of a good frame.
func (k Kind) Message() bool { return k <= Unknown }

// Broken tells whether it is that of a frame that is not good.
func (k Kind) Broken() bool { return k >= CRC && k <= Oversize }

var markNames = [...]string{trace.Connected: "connected", trace.Rate: "rate", trace.Disconnected: "disconnected"}

// kindOf returns the kind of a record that is no mark.
func kindOf(rec *trace.Record) Kind {
	switch rec.Kind {
	case trace.Noise:
		return Noise
	case trace.CRC:
		return CRC
	case trace.Cut:
		return Cut
	case trace.Oversize:
		return Oversize
	}
	if len(rec.Payload) < 4 && rec.Flags&trace.Withheld == 0 {
		return Unknown
	}
	switch rec.Op {
	case rpc.OpInvoke:
		return Invoke
	case rpc.OpResult:
		return Result
	case rpc.OpOneway:
		return Oneway
	}
	return Unknown
}

func flagsOf(rec *trace.Record) (f rowFlags) {
	if rec.Dir == rpc.Out {
		f |= rowOut
	}
	if rec.Flags&trace.Masked != 0 {
		f |= rowMasked
	}
	if rec.Flags&trace.Withheld != 0 {
		f |= rowWithheld
	}
	if rec.Kind == trace.Message && rec.Op == rpc.OpResult && (len(rec.Payload) >= resultHead || f&rowWithheld != 0) {
		f |= rowHasStatus
	}
	return f
}

// Bytes of a message before its arguments or results (protocol sheet, "Messages").
const (
	invokeHead = 6 // opcode, uid, message id
	onewayHead = 4 // opcode, uid
	resultHead = 5 // opcode, message id, status
)

func (k Kind) head() int {
	switch k {
	case Invoke:
		return invokeHead
	case Result:
		return resultHead
	case Oneway:
		return onewayHead
	}
	return 0
}
