package traffic

import (
	"strconv"
	"time"

	"ncpweb/internal/json"
	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// What a capture file begins with (docs/capture.md).
const (
	CaptureFormat  = "ncp-capture"
	CaptureVersion = 1
)

// Header is what a capture file says about itself. Texts are hostile where they come
// from a file; they hold at most MaxHeaderText bytes.
type Header struct {
	Product  string // name and version of the program that wrote it
	Firmware string // version of the NCP; empty: not known
	Baud     int    // of the line when the capture was saved, bits per second; 0: not known
	Start    int64  // microseconds since 1970: time 0 of the file; set by NewWriter
}

// MaxHeaderText bounds each text of a Header in bytes.
const MaxHeaderText = 128

// Writer makes a capture file of the rows of a Store, in slices. Secrets are masked, by
// all that the names of the Store know.
type Writer struct {
	s       *Store
	view    []uint32 // IDs; nil: all rows from next on
	next    int      // ID, or place in view
	end     int
	written int // ID of the row written last, or of where to begin less one
	start   int64
	mask    func(*trace.Record)
	head    []byte
	rec     trace.Record
}

// NewWriter returns a Writer of the rows that s has now, or of those that v shows if it
// is not nil. Rows that the Store drops before they are written are told as missing.
func NewWriter(s *Store, v *View, h Header) *Writer {
	w := &Writer{s: s, next: s.first, end: s.end, mask: s.masker()}
	if v != nil {
		w.view = append([]uint32{}, v.ids[v.head:]...)
		w.next, w.end = 0, len(w.view)
	}
	w.written = w.at(0) - 1
	if w.next < w.end && s.has(w.id()) {
		w.start = s.row(w.id()).time
	}
	h.Start = w.start
	w.head = appendHeader(nil, &h)
	return w
}

// id returns the ID of the next row.
func (w *Writer) id() int { return w.at(w.next) }

func (w *Writer) at(i int) int {
	switch {
	case w.view == nil:
		return max(i, w.next)
	case i < len(w.view):
		return int(w.view[i])
	}
	return w.s.end
}

func appendHeader(dst []byte, h *Header) []byte {
	dst = append(dst, `{"format":"`+CaptureFormat+`","version":`...)
	dst = json.AppendInt(dst, CaptureVersion)
	dst = appendText(dst, `,"product":`, h.Product)
	dst = appendText(dst, `,"firmware":`, h.Firmware)
	if h.Baud > 0 {
		dst = json.AppendInt(append(dst, `,"baud":`...), int64(h.Baud))
	}
	dst = json.AppendInt(append(dst, `,"start":`...), h.Start)
	dst = append(dst, `,"date":"`...)
	dst = time.UnixMicro(h.Start).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	return append(dst, "\"}\n"...)
}

func appendText(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return json.AppendString(append(dst, name...), text[:min(len(text), MaxHeaderText)])
}

// Progress returns how many rows were written, and how many there are.
func (w *Writer) Progress() (done, all int) {
	if w.view == nil {
		return w.next - w.s.first, w.end - w.s.first
	}
	return w.next, w.end
}

// Append appends lines to dst until they are at least size bytes or all is written.
func (w *Writer) Append(dst []byte, size int) (out []byte, done bool) {
	begin := len(dst)
	dst = append(dst, w.head...)
	w.head = nil
	for ; w.next < w.end && len(dst)-begin < size; w.next++ {
		id := w.id()
		if !w.s.has(id) {
			continue
		}
		if lost := id - w.written - 1; lost > 0 && w.view == nil {
			dst = w.appendGap(dst, w.s.row(id).time, lost)
		}
		w.written = id
		dst = w.appendRow(dst, id)
	}
	done = w.next >= w.end
	if lost := w.end - 1 - w.written; done && lost > 0 && w.view == nil {
		dst = w.appendGap(dst, w.s.now, lost)
		w.written = w.end - 1
	}
	return dst, done
}

func (w *Writer) appendTime(dst []byte, t int64) []byte {
	return strconv.AppendInt(append(dst, `{"t":`...), max(t-w.start, 0), 10)
}

func (w *Writer) appendGap(dst []byte, t int64, n int) []byte {
	dst = append(w.appendTime(dst, t), `,"kind":"gap","count":`...)
	return append(strconv.AppendInt(dst, int64(n), 10), "}\n"...)
}

// appendRow appends the line of a row.
func (w *Writer) appendRow(dst []byte, id int) []byte {
	r := w.s.row(id)
	switch r.kind {
	case Gap:
		return w.appendGap(dst, r.time, int(r.size))
	case Mark:
		dst = append(w.appendTime(dst, r.time), `,"kind":"`...)
		dst = append(dst, markNames[r.status]...)
		dst = append(dst, `","baud":`...)
		return append(strconv.AppendInt(dst, int64(r.size), 10), "}\n"...)
	}
	w.rec = w.s.record(id, r)
	rec := &w.rec
	w.mask(rec)
	dst = append(w.appendTime(dst, r.time), `,"dir":"in","kind":"`...)
	if rec.Dir == rpc.Out {
		dst = append(dst[:len(dst)-len(`in","kind":"`)], `out","kind":"`...)
	}
	dst = append(append(dst, r.kind.String()...), '"')
	if r.kind.Message() && r.kind != Unknown {
		dst = w.appendHead(dst, r)
	}
	if rec.Flags&trace.Withheld != 0 {
		dst = append(dst, `,"withheld":true`...)
	}
	if rec.Flags&trace.Masked != 0 {
		dst = append(dst, `,"masked":true`...)
	}
	if int(rec.Size) != len(rec.Payload) {
		dst = strconv.AppendUint(append(dst, `,"size":`...), uint64(rec.Size), 10)
	}
	if rec.Flags&trace.Withheld == 0 {
		dst = append(dst, `,"data":"`...)
		for _, c := range rec.Payload {
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...)
}

// appendHead appends what a message says before its arguments, readable.
func (w *Writer) appendHead(dst []byte, r *row) []byte {
	if r.flags&rowLate == 0 { // a RESULT without one is late when it is read again
		dst = append(dst, `,"uid":"`...)
		dst = append(dst, hexDigits[r.uid>>12], hexDigits[r.uid>>8&15], hexDigits[r.uid>>4&15], hexDigits[r.uid&15], '"')
	}
	if r.kind != Oneway {
		dst = strconv.AppendUint(append(dst, `,"id":`...), uint64(r.id), 10)
	}
	if r.kind == Result && r.flags&rowHasStatus != 0 {
		dst = strconv.AppendUint(append(dst, `,"status":`...), uint64(r.status), 10)
	}
	if m, ok := w.s.names.Method(r.uid); ok && (r.kind != Result || r.uid != 0) {
		dst = json.AppendString(append(dst, `,"method":`...), m.Interface+"."+m.Name)
	}
	return dst
}

// record returns a row, neither a mark nor a gap, as the record that it came from.
func (s *Store) record(id int, r *row) trace.Record {
	rec := trace.Record{
		Seq: r.seq, Time: r.time, Dir: r.dir(), Flags: r.traceFlags(),
		UID: r.uid, MsgID: r.id, Status: rpc.Status(r.status),
		Size: r.size, Payload: s.payload(id),
	}
	switch r.kind {
	case Invoke:
		rec.Op, rec.Status = rpc.OpInvoke, 0
	case Result:
		rec.Op = rpc.OpResult
	case Oneway:
		rec.Op = rpc.OpOneway
	case Unknown:
	default:
		rec.Kind = trace.Noise + trace.Kind(r.kind-Noise)
	}
	return rec
}

// masker returns what masks records by the catalogue, and by the names too where they
// know more. It has to see the records in their order.
func (s *Store) masker() func(*trace.Record) {
	known := trace.NewMasker(ncp.Lookup, trace.Secrets(ncp.Methods))
	all, ok := s.names.(interface{ Methods() []ncp.Method })
	if !ok {
		return known.Mask
	}
	loaded := trace.NewMasker(s.names.Method, trace.Secrets(all.Methods()))
	return func(rec *trace.Record) {
		known.Mask(rec)
		loaded.Mask(rec)
	}
}
