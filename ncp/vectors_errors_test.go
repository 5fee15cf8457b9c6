package ncp

import (
	"bytes"
	"encoding/binary"
	"testing"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
)

// Every malformed request of the vectors. We are silent where the deployed receiver
// is, but for an unknown method; we refuse what it refuses; what it accepts although
// it is malformed we accept as it does or refuse.
func TestVectorsErrors(t *testing.T) {
	v := vectors.Load[callsFile](t, "calls.json")
	for i := range v.Errors {
		c := &v.Errors[i]
		t.Run(c.Name, func(t *testing.T) { checkError(t, c) })
	}
	if len(v.Errors) == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", len(v.Errors))
}

func checkError(t *testing.T, c *errorVector) {
	rec := &recorder{}
	if c.Reply != nil {
		rec.rets = vectors.Unhex(t, c.Reply.Rets)
	}
	var got []byte
	onLine(t, 1, server(c.Receiver, rec), func(t *testing.T, l *line, _ *rpc.Endpoint) {
		l.rx <- vectors.Unhex(t, c.Request.Frame)
		got = l.sent()
	})
	right, called := expected(t, c)
	for i, want := range right {
		if bytes.Equal(got, want) {
			checkCalled(t, c, rec.seen(), called && i == 0)
			return
		}
	}
	t.Errorf("answered % x, want one of % x", got, right)
}

// expected returns the right answers, and whether the handler is called for the
// first of them.
func expected(t *testing.T, c *errorVector) (right [][]byte, called bool) {
	silence := []byte{}
	request := vectors.Unhex(t, c.Request.Payload)
	switch {
	case c.Kind == "wrong_opcode":
		// The kind of a message follows the description: what comes as the other kind has
		// no right form, and an answer has no right message id.
		return [][]byte{silence}, false
	case (c.Kind == "unknown_uid" || c.Kind == "wrong_side") && rpc.Op(binary.LittleEndian.Uint16(request)) == rpc.OpInvoke:
		return [][]byte{refusal(binary.LittleEndian.Uint16(request[4:]), rpc.StatusUnknownUID)}, false
	case c.Reply == nil:
		return [][]byte{silence}, c.Called != nil && *c.Called
	case c.Reply.Status == rpc.StatusOK:
		return [][]byte{vectors.Unhex(t, c.Reply.Frame), refusal(c.Reply.MsgID, rpc.StatusArgsRead)}, true
	}
	return [][]byte{vectors.Unhex(t, c.Reply.Frame)}, false
}

// refusal returns the frame of a RESULT without results.
func refusal(id uint16, s rpc.Status) []byte {
	p := binary.LittleEndian.AppendUint16(nil, uint16(rpc.OpResult))
	p = binary.LittleEndian.AppendUint16(p, id)
	return frame.Append(nil, append(p, byte(s)))
}

func checkCalled(t *testing.T, c *errorVector, calls []recorded, want bool) {
	if !want {
		if len(calls) != 0 {
			t.Errorf("handler was called as %+v", calls)
		}
		return
	}
	if len(calls) != 1 {
		t.Fatalf("handler was called as %+v", calls)
	}
	if args := wire(t, goValues(t, c.ArgsSeen)); !bytes.Equal(calls[0].args, args) {
		t.Errorf("handler got % x, want % x", calls[0].args, args)
	}
}
