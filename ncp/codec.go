package ncp

import (
	"bytes"
	"errors"
	"math"

	"ncpweb/ncp/rpc"
)

// MaxMessage is the largest message in raw bytes that every deployed receiver takes
// (protocol sheet, "UART and framing").
const MaxMessage = 1536

// Bytes of a message that are not arguments or results.
const (
	invokeHead = 6 // opcode, uid, message id
	onewayHead = 4 // opcode, uid
	resultHead = 5 // opcode, message id, status
)

// ErrNUL is why a text cannot be an argument: on the wire a String ends at its NUL.
var ErrNUL = errors.New("ncp: text holds a NUL")

// ArgError tells which argument of a call cannot be sent, and why: Err is ErrNUL, or
// rpc.ErrTooLarge if the message would be larger than MaxMessage.
type ArgError struct {
	Arg string // name of the argument in the interface description
	Err error
}

func (e *ArgError) Error() string { return "ncp: argument " + e.Arg + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *ArgError) Unwrap() error { return e.Err }

// writer encodes arguments or results in wire order. The first one that cannot be
// sent stays in err, and nothing is added after it.
type writer struct {
	buf  []byte
	room int // bytes that still fit into the message
	err  error
}

// newWriter returns a writer for a message with a head of that many bytes, with room
// for size bytes.
func newWriter(head, size int) writer {
	room := MaxMessage - head
	return writer{buf: make([]byte, 0, min(size, room)), room: room}
}

func (w *writer) fits(name string, n int) bool {
	if w.err != nil {
		return false
	}
	if n > w.room {
		w.err = &ArgError{Arg: name, Err: rpc.ErrTooLarge}
		return false
	}
	w.room -= n
	return true
}

func (w *writer) bool(name string, v bool) {
	var b uint8
	if v {
		b = 1
	}
	w.uint8(name, b)
}

// uint adds the low bytes of v, as many as size says, lowest first. (encoding/binary
// would bring reflect into the page's program.)
func (w *writer) uint(name string, size int, v uint64) {
	if !w.fits(name, size) {
		return
	}
	for ; size > 0; size-- {
		w.buf = append(w.buf, byte(v))
		v >>= 8
	}
}

func (w *writer) uint8(name string, v uint8)     { w.uint(name, 1, uint64(v)) }
func (w *writer) uint16(name string, v uint16)   { w.uint(name, 2, uint64(v)) }
func (w *writer) uint32(name string, v uint32)   { w.uint(name, 4, uint64(v)) }
func (w *writer) uint64(name string, v uint64)   { w.uint(name, 8, v) }
func (w *writer) int8(name string, v int8)       { w.uint8(name, uint8(v)) }
func (w *writer) int16(name string, v int16)     { w.uint16(name, uint16(v)) }
func (w *writer) int32(name string, v int32)     { w.uint32(name, uint32(v)) }
func (w *writer) int64(name string, v int64)     { w.uint64(name, uint64(v)) }
func (w *writer) float32(name string, v float32) { w.uint32(name, math.Float32bits(v)) }

// string adds the bytes of v and one NUL.
func (w *writer) string(name, v string) {
	if !w.fits(name, len(v)+1) {
		return
	}
	for i := 0; i < len(v); i++ {
		if v[i] == 0 {
			w.err = &ArgError{Arg: name, Err: ErrNUL}
			return
		}
	}
	w.buf = append(append(w.buf, v...), 0)
}

// binary adds the length of v in 16 bits and its bytes. What fits into a message has
// a length that fits into 16 bits.
func (w *writer) binary(name string, v []byte) {
	if w.fits(name, 2+len(v)) {
		w.buf = append(w.buf, byte(len(v)), byte(len(v)>>8))
		w.buf = append(w.buf, v...)
	}
}

// retsError tells why results cannot be sent. The peer gets StatusRetsWrite.
type retsError struct{ err error }

func (e *retsError) Error() string   { return rpc.StatusRetsWrite.Error() + ": " + e.err.Error() }
func (e *retsError) Unwrap() []error { return []error{rpc.StatusRetsWrite, e.err} }

// rets returns the encoded results of a handler.
func (w *writer) rets() ([]byte, error) {
	if w.err != nil {
		return nil, &retsError{w.err}
	}
	return w.buf, nil
}

// reader decodes arguments or results in wire order. A value that is not there whole
// reads as zero, takes nothing away and sets bad; the following ones are read from
// the same place, as the deployed driver does.
type reader struct {
	buf []byte
	bad bool
}

// complete tells whether all was read and nothing is left over.
func (r *reader) complete() bool { return !r.bad && len(r.buf) == 0 }

// next takes n bytes, or returns nil if there are fewer.
func (r *reader) next(n int) []byte {
	if len(r.buf) < n {
		r.bad = true
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// uint takes a number of size bytes, lowest first.
func (r *reader) uint(size int) (v uint64) {
	for i, b := range r.next(size) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (r *reader) bool() bool       { return r.uint8() != 0 }
func (r *reader) uint8() uint8     { return uint8(r.uint(1)) }
func (r *reader) uint16() uint16   { return uint16(r.uint(2)) }
func (r *reader) uint32() uint32   { return uint32(r.uint(4)) }
func (r *reader) uint64() uint64   { return r.uint(8) }
func (r *reader) int8() int8       { return int8(r.uint8()) }
func (r *reader) int16() int16     { return int16(r.uint16()) }
func (r *reader) int32() int32     { return int32(r.uint32()) }
func (r *reader) int64() int64     { return int64(r.uint64()) }
func (r *reader) float32() float32 { return math.Float32frombits(r.uint32()) }

// string reads up to and including a NUL.
func (r *reader) string() string {
	end := bytes.IndexByte(r.buf, 0)
	if end < 0 {
		r.bad = true
		return ""
	}
	s := string(r.buf[:end])
	r.buf = r.buf[end+1:]
	return s
}

// binary reads a length and that many bytes, without copying them.
func (r *reader) binary() []byte {
	if len(r.buf) < 2 {
		r.bad = true
		return nil
	}
	n := int(r.buf[0]) | int(r.buf[1])<<8
	if len(r.buf)-2 < n {
		r.bad = true
		return nil
	}
	return r.next(2 + n)[2:]
}
