package traffic

import (
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// Outcome tells how a call ended.
type Outcome uint8

// Outcomes. An INVOKE and its RESULT have the same one.
const (
	NoOutcome  Outcome = iota // not a call: a ONEWAY, noise, a mark
	OK                        // status 0
	Failed                    // another status, or a frame that is not good
	Open                      // an INVOKE whose RESULT may still come
	Unanswered                // an INVOKE whose RESULT did not come in time
)

// Row is a row decoded. Texts are escaped, one line, and bounded by MaxText.
type Row struct {
	ID    int
	Seq   uint64 // of the record, in its Recorder or file; 0 of a Gap
	Time  int64  // microseconds since 1970
	Delta int64  // microseconds since the row shown before; 0 of the first one
	Dir   rpc.Dir
	Kind  Kind

	UID       uint16
	HasUID    bool   // UID is known
	Method    string // interface.name; empty: the names do not know it
	MsgID     uint16
	HasMsgID  bool
	Status    rpc.Status // of a RESULT, or of an INVOKE that was answered
	HasStatus bool
	Outcome   Outcome
	Late      bool // a RESULT that nobody waited for
	Pair      int  // ID of the other half of the call; -1: none
	// RoundTrip is the time from the INVOKE to its RESULT; negative: not known.
	RoundTrip time.Duration

	Size   int // bytes of the message, or of what was heard
	Flags  trace.Flags
	Args   string         // arguments or results by name; of what is no message its bytes; empty for a Mark or Gap
	Mark   trace.MarkKind // of a Mark
	Baud   int            // of a Mark: bits per second; 0: not known
	Missed int            // of a Gap: how many records are missing
}

// Row returns the row with that ID; ok is false if it is not kept (any more).
func (s *Store) Row(id int) (row Row, ok bool) {
	if !s.has(id) {
		return Row{}, false
	}
	r := s.row(id)
	row = Row{
		ID: id, Seq: r.seq, Time: r.time, Dir: r.dir(), Kind: r.kind,
		Outcome: r.outcome(), Late: r.flags&rowLate != 0,
		Pair: -1, RoundTrip: -1,
		Size: int(r.size), Flags: r.traceFlags(),
	}
	switch r.kind {
	case Mark:
		row.Mark, row.Baud, row.Size = trace.MarkKind(r.status), int(r.size), 0
		return row, true
	case Gap:
		row.Missed, row.Size = int(r.size), 0
		return row, true
	}
	if r.kind.Message() {
		s.describe(&row, r)
	}
	row.Args = string(s.appendArgs(nil, id, r))
	return row, true
}

// describe adds what only messages have.
func (s *Store) describe(to *Row, r *row) {
	switch r.kind {
	case Invoke:
		to.HasUID, to.HasMsgID = true, r.n >= invokeHead || r.flags&rowWithheld != 0
	case Oneway:
		to.HasUID = true
	case Result:
		to.HasUID, to.HasMsgID = r.uid != 0, true
	}
	to.HasStatus = r.flags&rowHasStatus != 0
	to.UID, to.MsgID, to.Status = r.uid, r.id, rpc.Status(r.status)
	if to.HasUID {
		if m, ok := s.names.Method(r.uid); ok {
			to.Method = string(appendEscaped(nil, m.Interface+"."+m.Name, maxName))
		}
	}
	pair := to.ID + int(r.pair)
	if r.pair == 0 || !s.has(pair) {
		return
	}
	to.Pair = pair
	other := s.row(pair)
	to.RoundTrip = time.Duration(max(other.time-r.time, r.time-other.time)) * time.Microsecond
}

func (r *row) outcome() Outcome {
	switch {
	case r.kind.Broken():
		return Failed
	case r.kind == Result && r.flags&rowHasStatus == 0:
		return Failed
	case r.kind == Result || r.kind == Invoke && r.pair != 0:
		if r.status == 0 && r.flags&rowHasStatus != 0 {
			return OK
		}
		return Failed
	case r.kind == Invoke && r.flags&rowGivenUp != 0:
		return Unanswered
	case r.kind == Invoke:
		return Open
	}
	return NoOutcome
}

func (r *row) traceFlags() (f trace.Flags) {
	if r.flags&rowMasked != 0 {
		f |= trace.Masked
	}
	if r.flags&rowWithheld != 0 {
		f |= trace.Withheld
	}
	return f
}
