package trace

import "ncpweb/ncp/rpc"

// Kind is the kind of a Record.
type Kind uint8

// Kinds. The first ones are those of rpc.EventKind, in its order.
const (
	Message  = Kind(rpc.EventMessage)  // a good frame: Payload is the whole message
	Noise    = Kind(rpc.EventNoise)    // bytes outside frames
	CRC      = Kind(rpc.EventCRC)      // a frame with a wrong CRC: what was in it, CRC included
	Cut      = Kind(rpc.EventCut)      // a frame that ended in a new BEG, or turned out to be a log
	Oversize = Kind(rpc.EventOversize) // a frame longer than the receive buffer
	Mark     = Oversize + 1            // not from the line: see MarkKind
	kinds    = Mark + 1
)

// MarkKind tells what happened to the line.
type MarkKind uint8

// Kinds of marks.
const (
	Connected    MarkKind = iota // the port is read from now on, at Baud
	Rate                         // the line is at Baud from now on
	Disconnected                 // the port is no longer read
	markKinds
)

// Flags tell what is missing in a Payload because it is, or may be, secret.
type Flags uint8

// Flags.
const (
	// Masked: secret values stand as MaskText, or zero where they are numbers. The
	// message can be decoded; Size is that of the masked message.
	Masked Flags = 1 << iota
	// Withheld: there is no payload, because a secret may have been in it. Size is
	// rounded up to a multiple of SizeStep.
	Withheld
)

// MaskText stands for a secret text or secret bytes, whatever their length was.
const MaskText = "********"

// SizeStep is to what the size of a payload that is withheld is rounded up, in bytes: a
// length tells something about a password.
const SizeStep = 64

// Record is what is kept of an rpc.Event, or a mark.
type Record struct {
	Seq     uint64 // 0, 1, 2 … over all that a Recorder ever recorded
	Time    int64  // microseconds since 1970 in UTC; it never goes back within a Recorder
	Kind    Kind
	Dir     rpc.Dir
	Flags   Flags
	Op      rpc.Op     // of a Message
	UID     uint16     // of a Message; for a RESULT that of its call, 0 if not known
	MsgID   uint16     // of an INVOKE or RESULT
	Status  rpc.Status // of a RESULT
	Mark    MarkKind   // of a Mark
	Baud    uint32     // of a Mark: bits per second; 0: not known
	Size    uint32     // bytes that the payload had, also where it is withheld
	Payload []byte     // at most MaxPayload bytes
}

const (
	// HeadSize is the size of a serialized Record without its payload, in bytes.
	HeadSize = 32
	// MaxPayload is the longest payload in bytes: more than the largest message of a
	// deployed peer and than what the endpoint reads at once. The rest is dropped.
	MaxPayload = 8 << 10
	// MaxRecord is the size of the largest serialized Record in bytes.
	MaxRecord = HeadSize + MaxPayload
)

// A serialized Record, numbers with their lowest byte first:
//
//	 0  u16  size of the payload kept
//	 2  u8   Kind
//	 3  u8   Flags, and the direction in the highest bit
//	 4  u16  Op; of a mark its MarkKind
//	 6  u16  UID
//	 8  u16  MsgID
//	10  u8   Status
//	11  u8   0
//	12  u32  Size; of a mark Baud
//	16  u64  Seq
//	24  u64  Time
//	32       the payload
const outBit = 0x80

// AppendRecord appends r to dst in the form that Next reads.
func AppendRecord(dst []byte, r *Record) []byte {
	payload := r.Payload[:min(len(r.Payload), MaxPayload)]
	op, size := uint64(r.Op), uint64(r.Size)
	if r.Kind == Mark {
		op, size = uint64(r.Mark), uint64(r.Baud)
	}
	flags := uint64(r.Flags) | uint64(r.Dir)*outBit
	for _, word := range [HeadSize / 8]uint64{
		uint64(len(payload)) | uint64(r.Kind)<<16 | flags<<24 | op<<32 | uint64(r.UID)<<48,
		uint64(r.MsgID) | uint64(r.Status)<<16 | size<<32,
		r.Seq, uint64(r.Time),
	} {
		for range 8 {
			dst = append(dst, byte(word))
			word >>= 8
		}
	}
	return append(dst, payload...)
}

// Next takes the first Record off b. Its Payload refers to b. ok is false where b does
// not begin with a whole and valid one.
func Next(b []byte) (r Record, rest []byte, ok bool) {
	if len(b) < HeadSize {
		return r, b, false
	}
	n := sizeOf(b)
	op, size := get(b[4:], 2), uint32(get(b[12:], 4))
	r = Record{
		Seq: get(b[16:], 8), Time: int64(get(b[24:], 8)),
		Kind: Kind(b[2]), Flags: Flags(b[3] &^ outBit), Dir: rpc.Dir(b[3] >> 7),
		UID: uint16(get(b[6:], 2)), MsgID: uint16(get(b[8:], 2)), Status: rpc.Status(b[10]),
	}
	if r.Kind == Mark {
		r.Mark, r.Baud = MarkKind(op), size
	} else {
		r.Op, r.Size = rpc.Op(op), size
	}
	if n > len(b) || n > MaxRecord || r.Kind >= kinds || r.Flags > Masked|Withheld || r.Mark >= markKinds {
		return Record{}, b, false
	}
	r.Payload = b[HeadSize:n:n]
	return r, b[n:], true
}

// sizeOf returns the size of the serialized Record at the beginning of b.
func sizeOf(b []byte) int { return HeadSize + int(b[0]) + int(b[1])<<8 }

// get reads a number with its lowest byte first. (encoding/binary would bring reflect
// into the page's program.)
func get(b []byte, size int) (v uint64) {
	for i := size - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}
