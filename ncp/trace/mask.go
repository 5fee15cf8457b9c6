package trace

import (
	"bytes"
	"math/bits"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

const (
	// quiet is how long after a message with a secret what is outside good frames is kept
	// without its bytes: an echo of that message, whole or torn, is there long before at
	// any rate.
	quiet = 5 * time.Second
	// maxFlips is how many wrong bits the head of a broken frame may have and still be
	// taken for that of a message with a secret.
	maxFlips = 2

	escape = 0xCC // inside a frame the byte behind it is inverted (protocol sheet)

	resultHead = 5 // bytes of a RESULT before its results
)

// Masker takes what is secret out of records. It sees all of them in their order,
// because what is outside good frames may be an echo of what was before it.
type Masker struct {
	methods []*ncp.Method // those with a secret argument or result
	heads   []uint32      // opcode and UID of a message with such arguments, as on the line
	outs    bool          // there are secret results
	until   int64         // as Record.Time: what is outside good frames is kept without its bytes
	tail    uint32        // the last four bytes outside good frames
	inverse byte          // 0xFF behind an escape in noise
	buf     []byte        // the masked message
}

// NewMasker returns a Masker that knows the catalogue.
func NewMasker() *Masker {
	m := new(Masker)
	for i := range ncp.Methods {
		m.Know(&ncp.Methods[i])
	}
	return m
}

// Know adds a method. One without secret arguments or results is no matter.
func (m *Masker) Know(method *ncp.Method) {
	in, out := secret(method.In), secret(method.Out) || method.Result.Secret
	if !in && !out {
		return
	}
	m.methods = append(m.methods, method)
	m.outs = m.outs || out
	for _, op := range [...]rpc.Op{rpc.OpInvoke, rpc.OpOneway} {
		m.heads = append(m.heads, uint32(op)|uint32(method.UID)<<16)
	}
}

func secret(params []ncp.Param) bool {
	for i := range params {
		if params[i].Secret {
			return true
		}
	}
	return false
}

// Mask takes what is, or may be, secret out of rec. A masked payload is valid until the
// next call.
func (m *Masker) Mask(rec *Record) {
	if rec.Flags&Withheld != 0 || rec.Kind == Mark {
		return
	}
	if rec.Kind != Message {
		if m.hides(rec) {
			m.until = rec.Time + quiet.Microseconds()
		}
		if rec.Time < m.until {
			withhold(rec)
		}
		return
	}
	if rec.Op == rpc.OpResult && rec.UID == 0 && m.outs && len(rec.Payload) > resultHead {
		withhold(rec) // nobody knows what it answers
		return
	}
	for _, method := range m.methods {
		if method.UID == rec.UID {
			m.message(rec, method)
			return
		}
	}
}

// hides tells whether what is outside good frames holds the head of a message with a
// secret, also one that began in the record before.
func (m *Masker) hides(rec *Record) bool {
	for _, b := range rec.Payload {
		if rec.Kind == Noise { // as it came
			if b == escape {
				m.inverse = 0xFF
				continue
			}
			b ^= m.inverse
			m.inverse = 0
		}
		m.tail = m.tail>>8 | uint32(b)<<24
		for _, head := range m.heads {
			if bits.OnesCount32(m.tail^head) <= maxFlips {
				return true
			}
		}
	}
	return false
}

// message masks a message of a method with secrets.
func (m *Masker) message(rec *Record, method *ncp.Method) {
	params, head := method.In, 4
	switch rec.Op {
	case rpc.OpInvoke:
		head = 6
	case rpc.OpResult:
		head = resultHead
		params = append(append([]ncp.Param(nil), method.Out...), method.Result)
	}
	if len(rec.Payload) <= head || !secret(params) {
		return
	}
	m.until = rec.Time + quiet.Microseconds()
	masked, ok := maskValues(append(m.buf[:0], rec.Payload[:head]...), params, rec.Payload[head:])
	if !ok {
		withhold(rec)
		return
	}
	m.buf = masked
	rec.Payload, rec.Size, rec.Flags = masked, uint32(len(masked)), rec.Flags|Masked
}

// withhold takes the payload away.
func withhold(rec *Record) {
	rec.Payload = nil
	rec.Size = (rec.Size + SizeStep - 1) / SizeStep * SizeStep
	rec.Flags |= Withheld
}

// maskValues appends body, the arguments or results of those types, to dst with MaskText in
// the place of secret texts and bytes, and zeros in that of secret numbers. ok is false
// if body is not exactly such values.
func maskValues(dst []byte, params []ncp.Param, body []byte) (masked []byte, ok bool) {
	for i := range params {
		p := &params[i]
		n := length(p.Type, body)
		if n < 0 {
			return dst, false
		}
		switch {
		case !p.Secret:
			dst = append(dst, body[:n]...)
		case p.Type == ncp.TypeString:
			dst = append(append(dst, MaskText...), 0)
		case p.Type == ncp.TypeBinary:
			dst = append(append(dst, byte(len(MaskText)), 0), MaskText...)
		default:
			dst = put(dst, n, 0)
		}
		body = body[n:]
	}
	return dst, len(body) == 0
}

// length returns how many bytes of b the first value takes; -1 if it is not there whole.
func length(t ncp.Type, b []byte) int {
	n := 0
	switch t {
	case ncp.TypeBool, ncp.TypeUInt8, ncp.TypeInt8:
		n = 1
	case ncp.TypeUInt16, ncp.TypeInt16:
		n = 2
	case ncp.TypeUInt32, ncp.TypeInt32, ncp.TypeFloat:
		n = 4
	case ncp.TypeUInt64, ncp.TypeInt64:
		n = 8
	case ncp.TypeString:
		n = bytes.IndexByte(b, 0) + 1
		if n == 0 {
			return -1
		}
	case ncp.TypeBinary:
		n = 2
		if len(b) >= n {
			n += int(get(b, 2))
		}
	}
	if n > len(b) {
		return -1
	}
	return n
}
