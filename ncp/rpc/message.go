package rpc

// Sizes of what stands before the arguments or results of a message, in bytes.
const (
	invokeHead = 6 // opcode, UID, MsgID
	resultHead = 5 // opcode, MsgID, status
	onewayHead = 4 // opcode, UID
)

// uint16At reads the number at the beginning of p. (encoding/binary would bring reflect
// into the page's program.)
func uint16At(p []byte) uint16 { return uint16(p[0]) | uint16(p[1])<<8 }

// appendUint16 appends v to dst.
func appendUint16(dst []byte, v uint16) []byte { return append(dst, byte(v), byte(v>>8)) }

// appendInvoke appends an INVOKE to dst.
func appendInvoke(dst []byte, uid, id uint16, args []byte) []byte {
	dst = appendUint16(dst, uint16(OpInvoke))
	dst = appendUint16(dst, uid)
	dst = appendUint16(dst, id)
	return append(dst, args...)
}

// appendResult appends a RESULT to dst.
func appendResult(dst []byte, id uint16, s Status, rets []byte) []byte {
	dst = appendUint16(dst, uint16(OpResult))
	dst = appendUint16(dst, id)
	dst = append(dst, byte(s))
	return append(dst, rets...)
}

// appendOneway appends a ONEWAY to dst.
func appendOneway(dst []byte, uid uint16, args []byte) []byte {
	dst = appendUint16(dst, uint16(OpOneway))
	dst = appendUint16(dst, uid)
	return append(dst, args...)
}

// message is a received message. Its body refers to the receive buffer.
type message struct {
	op        Op
	uid       uint16 // INVOKE, ONEWAY
	id        uint16 // INVOKE, RESULT
	status    Status // RESULT
	hasID     bool   // INVOKE: the MsgID was there
	hasStatus bool   // RESULT: the status was there
	body      []byte // arguments or results
}

// parse takes a message apart. ok is false if the opcode is unknown or if so much is
// missing that nobody can be answered.
func parse(p []byte) (m message, ok bool) {
	if len(p) < 4 {
		return message{}, false
	}
	m.op = Op(uint16At(p))
	word := uint16At(p[2:])
	switch m.op {
	case OpInvoke:
		m.uid = word
		if len(p) >= invokeHead {
			m.hasID = true
			m.id = uint16At(p[4:])
			m.body = p[invokeHead:]
		}
	case OpOneway:
		m.uid = word
		m.body = p[onewayHead:]
	case OpResult:
		m.id = word
		if len(p) >= resultHead {
			m.hasStatus = true
			m.status = Status(p[4])
			m.body = p[resultHead:]
		}
	default:
		return m, false
	}
	return m, true
}

// err returns what a RESULT says about its call, as deployed callers see it.
func (m message) err() error {
	switch {
	case !m.hasStatus:
		return StatusRetsRead
	case m.status == StatusOK:
		return nil
	case len(m.body) > 0:
		return &ResultError{Status: m.status, Rets: append([]byte(nil), m.body...)}
	}
	return m.status
}

// isText tells whether the content of a broken frame was rather a log that holds a
// BEG byte than a message. Messages hold NULs or other control characters (every
// opcode but INVOKE and every high byte of a UID is one); logs do not, and are mostly
// ASCII.
func isText(p []byte) bool {
	high := 0
	for _, b := range p {
		switch {
		case b >= 0x80:
			high++
		case b >= 0x20 && b != 0x7F:
		case b == '\t' || b == '\n' || b == '\r' || b == '\f' || b == '\a' || b == '\b' || b == 0x1B:
		default:
			return false
		}
	}
	return len(p) > 0 && high <= len(p)/2
}
