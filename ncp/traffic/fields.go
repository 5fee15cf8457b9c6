package traffic

import (
	"strconv"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// Problem is what is wrong with a field.
type Problem uint8

// Problems.
const (
	NoProblem     Problem = iota
	Missing               // the value is not there, or not whole
	Leftover              // bytes that belong to no value
	UnknownOpcode         // a message that is none of the three
	TooShort              // a message without a whole head
	UnknownMethod         // what the arguments are is not known
	UnknownCall           // a RESULT of a call that is not known
	ErrorStatus           // bytes behind another status than 0: no results
	Hidden                // the bytes may hold a secret: they are not shown, or were not kept
	NoMessage             // noise or a broken frame: not decoded
)

// String returns the problem in words; empty for NoProblem.
func (p Problem) String() string {
	return [...]string{"", "not there, or not whole", "left over", "unknown opcode", "too short", "unknown method",
		"the call is not known", "not results: the status is an error", "not shown: may hold a secret", "not a message"}[p]
}

// FieldKind tells which part of a message a field is.
type FieldKind uint8

// Kinds of fields.
const (
	FieldOpcode FieldKind = iota
	FieldUID
	FieldMsgID
	FieldStatus
	FieldValue // an argument or a result
	FieldBytes // bytes that are not decoded: see Problem
)

// Field is a part of a message. Its texts are escaped, one line, and bounded.
type Field struct {
	Kind     FieldKind
	Name     string // of a FieldValue
	Type     ncp.Type
	Text     string
	Unit     string // of a FieldValue
	Doc      string // of a FieldValue
	From, To int    // place in the payload: its first byte, and the one behind it
	Secret   bool   // Text and the bytes in Bytes are hidden
	Problem  Problem
}

// Fields returns the payload of the row with that ID field by field. Together they cover
// all of it; none overlaps another.
func (s *Store) Fields(id int) []Field {
	if !s.has(id) {
		return nil
	}
	r, p := s.row(id), s.payload(id)
	switch {
	case r.kind == Mark || r.kind == Gap:
		return nil
	case r.flags&rowWithheld != 0:
		return []Field{{Kind: FieldBytes, Secret: true, Text: hidden, Problem: Hidden}}
	case !r.kind.Message():
		return []Field{bytesField(p, 0, NoMessage)}
	}
	return s.message(r, p)
}

func bytesField(p []byte, from int, why Problem) Field {
	return Field{Kind: FieldBytes, From: from, To: len(p), Problem: why,
		Text: string(appendHex(nil, p[from:], inField.hex))}
}

// message returns the fields of a good frame.
func (s *Store) message(r *row, p []byte) []Field {
	switch {
	case r.kind != Unknown && len(p) >= 4:
	case len(p) < 4:
		return []Field{bytesField(p, 0, TooShort)}
	default:
		return []Field{number(FieldOpcode, p, 0, 2, ""), bytesField(p, 2, UnknownOpcode)}
	}
	method := ""
	m, known := (*ncp.Method)(nil), false
	if r.kind != Result || r.uid != 0 {
		if m, known = s.names.Method(r.uid); known {
			method = m.Interface + "." + m.Name
		}
	}
	fields := []Field{number(FieldOpcode, p, 0, 2, r.kind.String())}
	if r.kind == Result {
		fields = append(fields, number(FieldMsgID, p, 2, 2, ""))
	} else {
		fields = append(fields, number(FieldUID, p, 2, 2, method))
	}
	if r.kind == Invoke && len(p) >= invokeHead {
		fields = append(fields, number(FieldMsgID, p, 4, 2, ""))
	}
	if r.kind == Result && len(p) >= resultHead {
		fields = append(fields, number(FieldStatus, p, 4, 1, rpc.Status(p[4]).Text()))
	}
	body := r.kind.head()
	switch {
	case len(p) < body:
		if at := 4; at < len(p) {
			fields = append(fields, bytesField(p, at, TooShort))
		}
		return fields
	case r.kind == Result && r.status != 0:
		return rest(fields, p, body, ErrorStatus)
	case !known && r.kind == Result && r.uid == 0:
		return rest(fields, p, body, UnknownCall)
	case !known:
		return rest(fields, p, body, UnknownMethod)
	case r.kind == Result:
		fields, body = values(fields, m.Out, p, body)
		if m.Returns != ncp.TypeNone {
			fields, body = values(fields, []ncp.Param{m.Result}, p, body)
		}
		return rest(fields, p, body, leftover(secretOut(m)))
	default:
		fields, body = values(fields, m.In, p, body)
		return rest(fields, p, body, leftover(secret(m.In)))
	}
}

// leftover is the problem of what is behind the values.
func leftover(secret bool) Problem {
	if secret {
		return Hidden
	}
	return Leftover
}

// number returns the field of a number of the head, in hex, with its meaning.
func number(kind FieldKind, p []byte, from, size int, meaning string) Field {
	f := Field{Kind: kind, Type: ncp.TypeUInt16, From: from, To: from + size}
	if size == 1 {
		f.Type = ncp.TypeUInt8
	}
	var text []byte
	for i := from + size - 1; i >= from; i-- {
		text = append(text, hexDigits[p[i]>>4], hexDigits[p[i]&15])
	}
	if kind == FieldMsgID {
		text = strconv.AppendUint(text[:0], uint64(p[from])|uint64(p[from+1])<<8, 10)
	}
	if meaning != "" {
		text = append(appendEscaped(append(text, " ("...), meaning, 2*maxName), ')')
	}
	f.Text = string(text)
	return f
}

// values appends the fields of the values that begin at that place of p.
func values(fields []Field, params []ncp.Param, p []byte, at int) ([]Field, int) {
	for i := range params {
		param := &params[i]
		f := Field{
			Kind: FieldValue, Type: param.Type, From: at, To: at, Secret: param.Secret,
			Name: string(appendEscaped(nil, param.Name, maxName)),
			Unit: string(appendEscaped(nil, param.Unit, maxName)),
			Doc:  string(appendEscaped(nil, param.Doc, inField.text)),
		}
		raw, left, ok := takeValue(param.Type, p[at:])
		at = len(p) - len(left)
		f.To = at
		switch {
		case !ok:
			f.Problem = Missing
		case param.Secret:
			f.Text = hidden
		default:
			f.Text = string(inField.append(nil, param, raw))
		}
		fields = append(fields, f)
	}
	return fields, at
}

// rest appends what is left of p, if there is anything.
func rest(fields []Field, p []byte, at int, why Problem) []Field {
	if at >= len(p) {
		return fields
	}
	f := bytesField(p, at, why)
	if why == Hidden {
		f.Text, f.Secret = hidden, true
	}
	return append(fields, f)
}

// Bytes returns a copy of the payload of the row with that ID, with '*' in the place of
// secret values.
func (s *Store) Bytes(id int) []byte {
	if !s.has(id) {
		return nil
	}
	p := append([]byte(nil), s.payload(id)...)
	for _, f := range s.Fields(id) {
		if f.Secret {
			for i := range p[f.From:f.To] {
				p[f.From+i] = '*'
			}
		}
	}
	return p
}
