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
	find    func(uid uint16) (*ncp.Method, bool)
	uids    []uint16 // of methods with a secret argument or result
	until   int64    // as Record.Time: what is outside good frames is kept without its bytes
	tail    uint32   // the last four bytes outside good frames
	inverse byte     // 0xFF behind an escape in noise
	buf     []byte   // the masked message
}

// NewMasker returns a Masker that knows methods by find; uids are those that have
// secrets.
func NewMasker(find func(uid uint16) (*ncp.Method, bool), uids []uint16) *Masker {
	return &Masker{find: find, uids: uids}
}

// Secrets returns the UIDs of those methods that have a secret argument or result.
func Secrets(methods []ncp.Method) (uids []uint16) {
	for i := range methods {
		if m := &methods[i]; secret(m.In) || secret(m.Out) || m.Result.Secret {
			uids = append(uids, m.UID)
		}
	}
	return uids
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
	for _, uid := range m.uids {
		if uid == rec.UID || rec.UID == 0 && rec.Op == rpc.OpResult { // it may answer any call
			m.message(rec, uid)
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
		for _, uid := range m.uids {
			diff := m.tail ^ uint32(uid)<<16
			if bits.OnesCount32(diff^uint32(rpc.OpInvoke)) <= maxFlips || bits.OnesCount32(diff^uint32(rpc.OpOneway)) <= maxFlips {
				return true
			}
		}
	}
	return false
}

// message masks a message that may be one of that method.
func (m *Masker) message(rec *Record, uid uint16) {
	method, ok := m.find(uid)
	if !ok {
		return
	}
	params, head := method.In, 4
	var last *ncp.Param
	switch rec.Op {
	case rpc.OpInvoke:
		head = 6
	case rpc.OpResult:
		params, last, head = method.Out, &method.Result, resultHead
	}
	if len(rec.Payload) <= head || !secret(params) && (last == nil || !last.Secret) {
		return
	}
	m.until = rec.Time + quiet.Microseconds()
	body := rec.Payload[head:]
	m.buf = append(m.buf[:0], rec.Payload[:head]...)
	for i := range params {
		body = m.value(&params[i], body)
	}
	if last != nil {
		body = m.value(last, body)
	}
	if len(body) > 0 || body == nil || rec.UID == 0 {
		withhold(rec)
		return
	}
	rec.Payload, rec.Size, rec.Flags = m.buf, uint32(len(m.buf)), rec.Flags|Masked
}

// value takes the first value off body and appends it to the masked message. It returns
// nil if the value is not there whole, or body is nil.
func (m *Masker) value(p *ncp.Param, body []byte) []byte {
	n := 0
	switch p.Type {
	case ncp.TypeString:
		if n = bytes.IndexByte(body, 0) + 1; n == 0 {
			return nil
		}
	case ncp.TypeBinary:
		n = 2
		if len(body) >= n {
			n += int(body[0]) | int(body[1])<<8
		}
	default:
		n = int(sizes[min(int(p.Type), len(sizes)-1)])
	}
	if n > len(body) || body == nil {
		return nil
	}
	shown := string(body[:n])
	if p.Secret {
		switch p.Type {
		case ncp.TypeString:
			shown = MaskText + "\x00"
		case ncp.TypeBinary:
			shown = "\x08\x00" + MaskText
		default:
			shown = zeros[:n]
		}
	}
	m.buf = append(m.buf, shown...)
	return body[n:]
}

// sizes are those of the types with a fixed one, in bytes, in the order of ncp.Type; zeros
// is such a value.
const (
	sizes = "\x00\x01\x01\x02\x04\x08\x01\x02\x04\x08\x04"
	zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// withhold takes the payload away.
func withhold(rec *Record) {
	rec.Payload = nil
	rec.Size = (rec.Size + SizeStep - 1) / SizeStep * SizeStep
	rec.Flags |= Withheld
}
