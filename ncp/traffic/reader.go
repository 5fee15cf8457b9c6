package traffic

import (
	"bytes"
	"strconv"
	"time"

	"ncpweb/internal/json"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// Bounds of a capture file.
const (
	// MaxLine is the longest line in bytes.
	MaxLine = 64 << 10
	// maxTime bounds times in microseconds, so that sums of them cannot overflow.
	maxTime = 1 << 53
	// maxLines bounds the lines, empty ones included.
	maxLines = 2 * CaptureRows
)

// Reason tells why a capture file was refused.
type Reason uint8

// Reasons.
const (
	NotCapture  Reason = iota + 1 // the first line is not that of a capture
	TooNew                        // a version that this program does not know
	LineTooLong                   // longer than MaxLine
	BadJSON                       // Detail says what is wrong
	BadMember                     // Detail names a member that is missing or out of range
	OutOfOrder                    // a time before that of the line before
	TooMany                       // there is no room for more rows
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case NotCapture:
		return "this is not a capture"
	case TooNew:
		return "a newer version wrote this capture"
	case LineTooLong:
		return "the line is too long"
	case BadJSON:
		return "the line is not right"
	case BadMember:
		return "missing or out of range"
	case OutOfOrder:
		return "the time goes back"
	case TooMany:
		return "there are more lines than can be opened"
	}
	return "unknown reason"
}

// CaptureError tells where and why reading ended. What was before stays in the Store.
type CaptureError struct {
	Line   int // from 1
	Reason Reason
	Detail string // hostile; at most MaxHeaderText bytes
}

func (e *CaptureError) Error() string {
	text := "line " + strconv.Itoa(e.Line) + ": " + e.Reason.String()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Reader reads a capture file into a Store, in slices.
type Reader struct {
	s      *Store
	mask   func(*trace.Record)
	header Header
	line   int    // read so far
	part   []byte // the beginning of a line that goes on
	chunk  []byte // what is left of the present chunk
	last   int64  // time of the line before
	err    error

	json   json.Reader
	in     entry
	member func(name []byte) error
	rec    trace.Record // what a line becomes
}

// entry is a line as it stands there.
type entry struct {
	t, id, status, size, baud, count int64
	has                              members
	dir                              rpc.Dir
	kind                             Kind
	mark                             trace.MarkKind
	uid                              uint16
	withheld, masked                 bool
	data                             []byte
}

type members uint16

const (
	hasT members = 1 << iota
	hasDir
	hasKind
	hasUID
	hasID
	hasStatus
	hasSize
	hasBaud
	hasCount
	hasData
)

// NewReader returns a Reader into s, which should be empty and fixed.
func NewReader(s *Store) *Reader {
	r := &Reader{s: s, mask: s.masker()}
	r.member = r.readMember
	return r
}

// Header returns what the first line said.
func (r *Reader) Header() Header { return r.header }

// Feed gives the next piece of the file, which must not change until Step is done with
// it. Feed it when Step is.
func (r *Reader) Feed(chunk []byte) { r.chunk = chunk }

// Step reads on for about that long at most. done tells that it wants the next piece. An
// error is a *CaptureError, and the end.
func (r *Reader) Step(budget time.Duration) (done bool, err error) {
	began := time.Now()
	for n := 1; r.err == nil; n++ {
		end := bytes.IndexByte(r.chunk, '\n')
		if end < 0 {
			break
		}
		line := r.chunk[:end]
		r.chunk = r.chunk[end+1:]
		if len(r.part)+len(line) > MaxLine {
			r.line++
			r.fail(LineTooLong, "")
			break
		}
		if len(r.part) > 0 {
			r.part = append(r.part, line...)
			line = r.part
		}
		r.take(line)
		r.part = r.part[:0]
		if n%stride == 0 && time.Since(began) >= budget {
			return false, r.err
		}
	}
	if r.err == nil {
		if len(r.part)+len(r.chunk) > MaxLine {
			r.line++
			r.fail(LineTooLong, "")
		}
		r.part = append(r.part, r.chunk...)
	}
	r.chunk = nil
	return true, r.err
}

// Close reads the last line, if nothing ends it, and tells whether there was a capture at
// all.
func (r *Reader) Close() error {
	if r.err == nil && len(r.part) > 0 {
		r.take(r.part)
		r.part = nil
	}
	if r.err == nil && r.line == 0 {
		r.line = 1
		r.fail(NotCapture, "")
	}
	return r.err
}

// fail ends reading.
func (r *Reader) fail(why Reason, detail string) {
	if why == LineTooLong && r.line == 1 {
		why = NotCapture
	}
	if r.err == nil {
		r.err = &CaptureError{Line: r.line, Reason: why, Detail: detail[:min(len(detail), MaxHeaderText)]}
	}
}

// take takes a line without its end.
func (r *Reader) take(line []byte) {
	r.line++
	if r.line == 1 {
		r.takeHeader(bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF")))
		return
	}
	if len(bytes.TrimSpace(line)) == 0 {
		if r.line > maxLines {
			r.fail(TooMany, "")
		}
		return
	}
	r.in = entry{data: r.in.data[:0]}
	if !r.object(line, r.member) {
		return
	}
	if name := r.in.lacks(); name != "" {
		r.fail(BadMember, name)
		return
	}
	r.add()
}

// object reads the object that is a line.
func (r *Reader) object(line []byte, member func([]byte) error) bool {
	r.json.Reset(line)
	err := r.json.Object(member)
	if err == nil {
		err = r.json.End()
	}
	if err == nil {
		return true
	}
	if bad, ok := err.(*json.Error); ok {
		why := BadJSON
		if r.line == 1 {
			why = NotCapture
		}
		r.fail(why, "column "+strconv.Itoa(bad.Column)+": "+bad.Text)
	} else {
		r.fail(BadJSON, "")
	}
	return false
}

// takeHeader takes the first line.
func (r *Reader) takeHeader(line []byte) {
	var format string
	version := int64(-1)
	ok := r.object(line, func(name []byte) (err error) {
		switch string(name) {
		case "format":
			format, err = r.json.String()
		case "version":
			version, err = r.json.Int()
		case "product":
			r.header.Product, err = r.headerText()
		case "firmware":
			r.header.Firmware, err = r.headerText()
		case "baud":
			var baud int64
			baud, err = r.json.Int()
			r.header.Baud = int(min(max(baud, 0), 1<<30))
		case "start":
			r.header.Start, err = r.json.Int()
		default:
			err = r.json.Skip()
		}
		return err
	})
	switch {
	case !ok:
	case format != CaptureFormat:
		r.fail(NotCapture, "")
	case version > CaptureVersion:
		r.fail(TooNew, "version "+strconv.FormatInt(version, 10))
	case version < 1:
		r.fail(BadMember, "version")
	case r.header.Start < 0 || r.header.Start > maxTime:
		r.fail(BadMember, "start")
	}
	if r.err == nil && r.header.Baud > 0 {
		r.s.SetBaud(r.header.Baud)
	}
}

func (r *Reader) headerText() (string, error) {
	text, err := r.json.String()
	return text[:min(len(text), MaxHeaderText)], err
}

// readMember reads a member of a line. Unknown ones are skipped.
func (r *Reader) readMember(name []byte) (err error) {
	in := &r.in
	switch string(name) {
	case "t":
		in.has |= hasT
		in.t, err = r.json.Int()
	case "dir":
		err = r.readDir()
	case "kind":
		err = r.readKind()
	case "uid":
		err = r.readUID()
	case "id":
		in.has |= hasID
		in.id, err = r.json.Int()
	case "status":
		in.has |= hasStatus
		in.status, err = r.json.Int()
	case "size":
		in.has |= hasSize
		in.size, err = r.json.Int()
	case "baud":
		in.has |= hasBaud
		in.baud, err = r.json.Int()
	case "count":
		in.has |= hasCount
		in.count, err = r.json.Int()
	case "withheld":
		in.withheld, err = r.json.Bool()
	case "masked":
		in.masked, err = r.json.Bool()
	case "data":
		err = r.readData()
	default:
		err = r.json.Skip()
	}
	return err
}

func (r *Reader) readDir() error {
	text, err := r.json.Bytes()
	if err != nil {
		return err
	}
	switch string(text) {
	case "in":
		r.in.dir = rpc.In
	case "out":
		r.in.dir = rpc.Out
	default:
		return r.json.Fail("dir is neither in nor out")
	}
	r.in.has |= hasDir
	return nil
}

func (r *Reader) readKind() error {
	text, err := r.json.Bytes()
	if err != nil {
		return err
	}
	r.in.has |= hasKind
	for k, name := range kindNames {
		if Kind(k) != Mark && string(text) == name {
			r.in.kind = Kind(k)
			return nil
		}
	}
	for k, name := range markNames {
		if string(text) == name {
			r.in.kind, r.in.mark = Mark, trace.MarkKind(k)
			return nil
		}
	}
	return r.json.Fail("there is no such kind")
}

func (r *Reader) readUID() error {
	text, err := r.json.Bytes()
	if err != nil {
		return err
	}
	if len(text) != 4 {
		return r.json.Fail("uid is not four hex digits")
	}
	r.in.uid = 0
	for _, c := range text {
		d := hexDigit(c)
		if d < 0 {
			return r.json.Fail("uid is not four hex digits")
		}
		r.in.uid = r.in.uid<<4 | uint16(d)
	}
	r.in.has |= hasUID
	return nil
}

func (r *Reader) readData() error {
	text, err := r.json.Bytes()
	if err != nil {
		return err
	}
	if len(text)%2 != 0 || len(text)/2 > trace.MaxPayload {
		return r.json.Fail("data is no hex, or too long")
	}
	for i := 0; i < len(text); i += 2 {
		high, low := hexDigit(text[i]), hexDigit(text[i+1])
		if high < 0 || low < 0 {
			return r.json.Fail("data is no hex, or too long")
		}
		r.in.data = append(r.in.data, byte(high<<4|low))
	}
	r.in.has |= hasData
	return nil
}

// lacks returns the name of a member that is missing or out of range; empty: none.
func (in *entry) lacks() string {
	outside := func(v, most int64) bool { return v < 0 || v > most }
	switch {
	case in.has&hasT == 0 || outside(in.t, maxTime):
		return "t"
	case in.has&hasKind == 0:
		return "kind"
	case outside(in.id, 1<<16-1):
		return "id"
	case outside(in.status, 1<<8-1):
		return "status"
	case outside(in.size, 1<<31-1):
		return "size"
	case outside(in.baud, 1<<31-1):
		return "baud"
	case outside(in.count, 1<<32-1):
		return "count"
	case in.kind == Gap || in.kind == Mark:
		return ""
	case in.has&hasDir == 0:
		return "dir"
	case in.has&hasData == 0 && !in.withheld:
		return "data"
	}
	return ""
}

// add appends the line as a row.
func (r *Reader) add() {
	in := &r.in
	if in.t < r.last {
		r.fail(OutOfOrder, "")
		return
	}
	r.last = in.t
	if r.s.Full() {
		r.fail(TooMany, "")
		return
	}
	now := r.header.Start + in.t
	if in.kind == Gap {
		r.s.Advance(now)
		r.s.Missed(uint64(in.count))
		return
	}
	rec := &r.rec
	*rec = trace.Record{Seq: uint64(r.line - 2), Time: now, Dir: in.dir, Size: uint32(in.size)}
	if in.kind == Mark {
		rec.Kind, rec.Mark, rec.Baud = trace.Mark, in.mark, uint32(in.baud)
		r.s.Append(rec)
		return
	}
	if in.withheld {
		rec.Flags |= trace.Withheld
	} else {
		rec.Payload = in.data
		rec.Size = max(rec.Size, uint32(len(in.data)))
	}
	if in.masked {
		rec.Flags |= trace.Masked
	}
	if in.kind.Broken() || in.kind == Noise {
		rec.Kind = trace.Noise + trace.Kind(in.kind-Noise)
	} else {
		in.message(rec)
	}
	r.mask(rec)
	r.s.Append(rec)
}

// message fills in what a message says before its arguments: from its bytes, or where
// they are withheld from what the line says.
func (in *entry) message(rec *trace.Record) {
	p := rec.Payload
	rec.UID = in.uid
	if in.withheld {
		rec.MsgID, rec.Status = uint16(in.id), rpc.Status(in.status)
		rec.Op = [...]rpc.Op{Invoke: rpc.OpInvoke, Result: rpc.OpResult, Oneway: rpc.OpOneway, Unknown: 0}[in.kind]
		return
	}
	if len(p) < 4 {
		return
	}
	word := uint16(p[2]) | uint16(p[3])<<8
	switch rec.Op = rpc.Op(uint16(p[0]) | uint16(p[1])<<8); rec.Op {
	case rpc.OpResult:
		rec.MsgID = word
		if len(p) >= resultHead {
			rec.Status = rpc.Status(p[4])
		}
	case rpc.OpInvoke:
		rec.UID = word
		if len(p) >= invokeHead {
			rec.MsgID = uint16(p[4]) | uint16(p[5])<<8
		}
	case rpc.OpOneway:
		rec.UID = word
	}
}
