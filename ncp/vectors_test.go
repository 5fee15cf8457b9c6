package ncp

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/rpc"
)

// The golden vectors of calls: what the deployed driver sent and answered.
type (
	callsFile struct {
		Calls        []callVector   `json:"calls"`
		Errors       []errorVector  `json:"errors"`
		ResultDecode []resultVector `json:"result_decode"`
	}
	valueVector struct {
		Name  string          `json:"name"`
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
		Hex   string          `json:"hex"`
	}
	reply struct {
		vectors.Message
		MsgID  uint16        `json:"msg_id"`
		Status rpc.Status    `json:"status"`
		Outs   []valueVector `json:"outs"`
		Ret    *valueVector  `json:"ret"`
		Rets   string        `json:"rets_hex"`
	}
	callVector struct {
		Name      string          `json:"name"`
		Method    string          `json:"method"`
		UID       uint16          `json:"uid"`
		Oneway    bool            `json:"oneway"`
		Direction string          `json:"direction"`
		TimeoutMS *int64          `json:"timeout_ms"`
		Args      []valueVector   `json:"args"`
		MsgID     uint16          `json:"msg_id"`
		Request   vectors.Message `json:"request"`
		Result    *reply          `json:"result"`
	}
	errorVector struct {
		Name     string          `json:"name"`
		Kind     string          `json:"kind"`
		Receiver string          `json:"receiver"`
		Request  vectors.Message `json:"request"`
		Called   *bool           `json:"implementation_called"`
		Reply    *reply          `json:"reply"`
		ArgsSeen []valueVector   `json:"args_seen"`
	}
	resultVector struct {
		Name     string          `json:"name"`
		Method   string          `json:"method"`
		Caller   string          `json:"caller"`
		MsgID    uint16          `json:"msg_id"`
		Request  string          `json:"request_frame_hex"`
		Rx       string          `json:"rx_hex"`
		Status   rpc.Status      `json:"final_status"`
		Returned json.RawMessage `json:"returned"`
		Outs     []valueVector   `json:"outs"`
		Sent     string          `json:"sent_while_waiting_hex"`
		TimedOut bool            `json:"timed_out"`
	}
)

// goValue returns a vector's value in the type that the generated API uses.
func goValue(t *testing.T, v valueVector) any {
	t.Helper()
	var x any
	switch v.Type {
	case "Bool":
		x = new(bool)
	case "UInt8":
		x = new(uint8)
	case "UInt16":
		x = new(uint16)
	case "UInt32":
		x = new(uint32)
	case "Int16":
		x = new(int16)
	case "Int64":
		var text string
		var n int64
		if err := json.Unmarshal(v.Value, &text); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
		return n
	case "String":
		return string(vectors.Unhex(t, v.Hex))
	case "Binary":
		return vectors.Unhex(t, v.Hex)
	default:
		t.Fatalf("no type %s", v.Type)
	}
	if err := json.Unmarshal(v.Value, x); err != nil {
		t.Fatalf("%s %s: %v", v.Name, v.Type, err)
	}
	return reflect.ValueOf(x).Elem().Interface()
}

func goValues(t *testing.T, vs []valueVector) []any {
	t.Helper()
	var all []any
	for _, v := range vs {
		all = append(all, goValue(t, v))
	}
	return all
}

// wire encodes values, written apart from the codec under test.
func wire(t *testing.T, values []any) []byte {
	t.Helper()
	var b []byte
	le := binary.LittleEndian
	for _, v := range values {
		switch v := v.(type) {
		case bool:
			if v {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		case uint8:
			b = append(b, v)
		case uint16:
			b = le.AppendUint16(b, v)
		case uint32:
			b = le.AppendUint32(b, v)
		case int16:
			b = le.AppendUint16(b, uint16(v))
		case int64:
			b = le.AppendUint64(b, uint64(v))
		case float32:
			b = le.AppendUint32(b, math.Float32bits(v))
		case string:
			b = append(append(b, v...), 0)
		case []byte:
			b = append(le.AppendUint16(b, uint16(len(v))), v...)
		default:
			t.Fatalf("no encoding of a %T", v)
		}
	}
	return b
}

// unwire decodes values, written apart from the codec under test.
func unwire(t *testing.T, params []Param, b []byte) []any {
	t.Helper()
	var all []any
	le := binary.LittleEndian
	for _, p := range params {
		n := map[Type]int{TypeBool: 1, TypeUInt8: 1, TypeUInt16: 2, TypeInt16: 2, TypeUInt32: 4, TypeInt64: 8}[p.Type]
		switch p.Type {
		case TypeBool:
			all = append(all, b[0] != 0)
		case TypeUInt8:
			all = append(all, b[0])
		case TypeUInt16:
			all = append(all, le.Uint16(b))
		case TypeInt16:
			all = append(all, int16(le.Uint16(b)))
		case TypeUInt32:
			all = append(all, le.Uint32(b))
		case TypeInt64:
			all = append(all, int64(le.Uint64(b)))
		case TypeString:
			s, _, ok := strings.Cut(string(b), "\x00")
			if !ok {
				t.Fatalf("no NUL in %x", b)
			}
			all = append(all, s)
			n = len(s) + 1
		case TypeBinary:
			n = 2 + int(le.Uint16(b))
			all = append(all, b[2:n:n])
		default:
			t.Fatalf("no decoding of a %v", p.Type)
		}
		b = b[n:]
	}
	if len(b) != 0 {
		t.Fatalf("%x left over", b)
	}
	return all
}

// call calls a client's method by its name in the description.
func call(ctx context.Context, client any, method string, args []any) (rets []any, err error) {
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for _, a := range args {
		in = append(in, reflect.ValueOf(a))
	}
	name := strings.ToUpper(method[:1]) + method[1:]
	out := reflect.ValueOf(client).MethodByName(name).Call(in)
	for _, o := range out[:len(out)-1] {
		rets = append(rets, o.Interface())
	}
	err, _ = out[len(out)-1].Interface().(error)
	return rets, err
}

// equalValues compares values; nil and empty bytes are equal.
func equalValues(a, b []any) bool {
	return len(a) == len(b) && fmt.Sprintf("%#v", normal(a)) == fmt.Sprintf("%#v", normal(b))
}

func normal(values []any) []any {
	all := append([]any{}, values...)
	for i, v := range all {
		if b, ok := v.([]byte); ok {
			all[i] = append([]byte{}, b...)
		}
	}
	return all
}

// client returns the client for what the named side hosts.
func client(side string, c rpc.Caller) any {
	if side == "ncp" {
		return NewNCP(c)
	}
	return NewMCU(c)
}

// A client has the methods of the handler of its side: with a recorder as its caller
// it stands in for one.
var (
	_ NCPHandler = (*NCP)(nil)
	_ MCUHandler = (*MCU)(nil)
)

// server returns the dispatcher of the named side, with a handler that hands what it
// was called with to c.
func server(side string, c rpc.Caller) rpc.Handler {
	if side == "ncp" {
		return ServeNCP(NewNCP(c))
	}
	return ServeMCU(NewMCU(c))
}

func sideOf(name string) Side {
	if name == "ncp" {
		return SideNCP
	}
	return SideMCU
}
