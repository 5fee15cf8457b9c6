package ncpsim

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Opcodes and statuses (protocol sheet, "Messages"). Of the statuses a deployed
// receiver sends only these.
const (
	opInvoke = 0x67BC
	opResult = 0xA512
	opOneway = 0x1CF3

	statusOK       = 0x00
	statusTimeout  = 0x11
	statusArgsRead = 0x15
	statusRetsRead = 0x17
)

// kind is a wire type.
type kind uint8

// Wire types. kNone is the return type of a method that returns nothing.
const (
	kNone kind = iota
	kBool
	kU8
	kU16
	kU32
	kI16
	kI64
	kString
	kBinary
)

// reader reads a message. After a read beyond its end bad is set and all values are
// zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u8() uint8 {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (r *reader) i64() int64 {
	if p := r.take(8); p != nil {
		return int64(binary.LittleEndian.Uint64(p))
	}
	return 0
}

func (r *reader) str() string {
	end := bytes.IndexByte(r.b, 0)
	if end < 0 {
		r.bad = true
		return ""
	}
	return string(bytes.TrimSuffix(r.take(end+1), []byte{0}))
}

func (r *reader) value(k kind) any {
	switch k {
	case kBool:
		return r.u8() != 0
	case kU8:
		return r.u8()
	case kU16:
		return r.u16()
	case kU32:
		return r.u32()
	case kI16:
		return int16(r.u16())
	case kI64:
		return r.i64()
	case kString:
		return r.str()
	case kBinary:
		return bytes.Clone(r.take(int(r.u16())))
	}
	return nil
}

// clean tells whether all was read, and nothing more than there was.
func (r *reader) clean() bool { return !r.bad && len(r.b) == 0 }

// appendValue appends v as wire type k. A v of another Go type is written as the zero
// of k, with an error.
func appendValue(b []byte, k kind, v any) ([]byte, error) {
	le := binary.LittleEndian
	ok := true
	switch k {
	case kBool:
		x, is := v.(bool)
		ok = is
		if x {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	case kU8:
		x, is := v.(uint8)
		b, ok = append(b, x), is
	case kU16:
		x, is := v.(uint16)
		b, ok = le.AppendUint16(b, x), is
	case kU32:
		x, is := v.(uint32)
		b, ok = le.AppendUint32(b, x), is
	case kI16:
		x, is := v.(int16)
		b, ok = le.AppendUint16(b, uint16(x)), is
	case kI64:
		x, is := v.(int64)
		b, ok = le.AppendUint64(b, uint64(x)), is
	case kString:
		x, is := v.(string)
		if end := bytes.IndexByte([]byte(x), 0); end >= 0 {
			x = x[:end]
		}
		b, ok = append(append(b, x...), 0), is
	case kBinary:
		x, is := v.([]byte)
		ok = is && len(x) <= 0xFFFF
		x = x[:min(len(x), 0xFFFF)]
		b = append(le.AppendUint16(b, uint16(len(x))), x...)
	}
	if !ok {
		return b, fmt.Errorf("ncpsim: %T does not fit the method", v)
	}
	return b, nil
}

// appendValues appends vs as the wire types ks. Missing ones are zero.
func appendValues(b []byte, ks []kind, vs []any) ([]byte, error) {
	var first error
	for i, k := range ks {
		var v any
		if i < len(vs) {
			v = vs[i]
		}
		var err error
		if b, err = appendValue(b, k, v); err != nil && first == nil {
			first = err
		}
	}
	if len(vs) > len(ks) && first == nil {
		first = fmt.Errorf("ncpsim: %d values for %d", len(vs), len(ks))
	}
	return b, first
}

func resultMessage(id uint16, status uint8, rets []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(make([]byte, 0, 5+len(rets)), opResult)
	b = append(le.AppendUint16(b, id), status)
	return append(b, rets...)
}

func invokeMessage(uid, id uint16, args []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(make([]byte, 0, 6+len(args)), opInvoke)
	b = le.AppendUint16(b, uid)
	b = le.AppendUint16(b, id)
	return append(b, args...)
}

func onewayMessage(uid uint16, args []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(make([]byte, 0, 4+len(args)), opOneway)
	b = le.AppendUint16(b, uid)
	return append(b, args...)
}
