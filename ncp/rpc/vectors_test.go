package rpc

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/frame"
)

// callVectors is what of calls.json concerns messages; arguments and results are the
// matter of package ncp.
type callVectors struct {
	Calls []struct {
		Name    string
		UID     uint16
		Oneway  bool
		MsgID   uint16 `json:"msg_id"`
		Request vectors.Message
		Result  *struct {
			MsgID  uint16 `json:"msg_id"`
			Status uint8
			Rets   string `json:"rets_hex"`
			vectors.Message
		}
	}
	ResultDecode []struct {
		Name     string
		MsgID    uint16 `json:"msg_id"`
		Request  string `json:"request_frame_hex"`
		Rx       string `json:"rx_hex"`
		Status   uint8  `json:"final_status"`
		TimedOut bool   `json:"timed_out"`
	} `json:"result_decode"`
}

func readCallVectors(t *testing.T) callVectors {
	t.Helper()
	v := vectors.Load[callVectors](t, "calls.json")
	if len(v.Calls) == 0 || len(v.ResultDecode) == 0 {
		t.Fatal("no cases")
	}
	return v
}

// TestVectorsMessages: the Endpoint sends the bytes of every deployed call, takes its
// result, and gives the same result as the deployed receiver to the same call.
func TestVectorsMessages(t *testing.T) {
	v := readCallVectors(t)
	for _, c := range v.Calls {
		req, wire := vectors.Unhex(t, c.Request.Payload), vectors.Unhex(t, c.Request.Frame)
		bubble(t, func(t *testing.T) {
			near, far := newLine()
			ep := NewEndpoint(near, Config{LastMsgID: c.MsgID - 1})
			go ep.Serve(t.Context())
			if c.Oneway {
				if err := ep.Notify(t.Context(), c.UID, req[onewayHead:]); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
				if got := takeAll(far); !bytes.Equal(got, wire) {
					t.Errorf("%s: sent %x, want %x", c.Name, got, wire)
				}
				return
			}
			call := start(t.Context(), ep, 0, c.UID, string(req[invokeHead:]))
			if got := takeAll(far); !bytes.Equal(got, wire) {
				t.Errorf("%s: sent %x, want %x", c.Name, got, wire)
			}
			if c.Result == nil {
				t.Errorf("%s: no result", c.Name)
				return
			}
			far.Write(vectors.Unhex(t, c.Result.Frame))
			if o := <-call; o.err != nil || o.rets != string(vectors.Unhex(t, c.Result.Rets)) {
				t.Errorf("%s: got %x, %v", c.Name, o.rets, o.err)
			}
			got := appendResult(nil, c.MsgID, Status(c.Result.Status), vectors.Unhex(t, c.Result.Rets))
			if want := vectors.Unhex(t, c.Result.Payload); !bytes.Equal(got, want) {
				t.Errorf("%s: result %x, want %x", c.Name, got, want)
			}
		})
	}
	t.Logf("%d cases", len(v.Calls))
}

// takeAll returns what has come, once nothing happens any more.
func takeAll(e *end) []byte {
	synctest.Wait()
	buf := make([]byte, 1<<16)
	e.SetReadDeadline(time.Now().Add(time.Nanosecond))
	n, _ := e.Read(buf)
	e.SetReadDeadline(time.Time{})
	return buf[:n]
}

// TestVectorsReplies: replies good and bad give the status of the deployed caller, as
// far as that does not depend on the types of the results.
func TestVectorsReplies(t *testing.T) {
	v := readCallVectors(t)
	n := 0
	for _, c := range v.ResultDecode {
		var req message
		dec := frame.NewDecoder(0, func(_ frame.Kind, p []byte) { req, _ = parse(bytes.Clone(p)) })
		dec.Write(vectors.Unhex(t, c.Request))
		bubble(t, func(t *testing.T) {
			near, far := newLine()
			ep := NewEndpoint(near, Config{LastMsgID: c.MsgID - 1})
			go ep.Serve(t.Context())
			call := start(t.Context(), ep, 0, req.uid, string(req.body))
			if got := takeAll(far); !bytes.Equal(got, vectors.Unhex(t, c.Request)) {
				t.Errorf("%s: sent %x, want %s", c.Name, got, c.Request)
			}
			far.Write(vectors.Unhex(t, c.Rx))
			o := <-call
			if c.TimedOut != errors.Is(o.err, ErrTimeout) {
				t.Errorf("%s: %v, timed out %v", c.Name, o.err, c.TimedOut)
			}
			// Without results are only the pings and otaUpdateCancel.
			got := deployedStatus(o.err, req.uid == 0x0101 || req.uid == 0x0181 || req.uid == 0x0444)
			if o.err == nil && Status(c.Status) == StatusRetsRead {
				return // for package ncp: the results themselves are short or long
			}
			n++
			if got != Status(c.Status) {
				t.Errorf("%s: %v, want status %02X", c.Name, o.err, c.Status)
			}
		})
	}
	if n < len(v.ResultDecode)/2 {
		t.Errorf("only %d of %d cases looked at", n, len(v.ResultDecode))
	}
	t.Logf("%d cases", n)
}

// deployedStatus is what a deployed caller reports for the end of a call; bare: of a
// method without results.
func deployedStatus(err error, bare bool) Status {
	var re *ResultError
	if bare && errors.As(err, &re) {
		return re.Status
	}
	var s Status
	switch {
	case err == nil:
		return StatusOK
	case errors.Is(err, ErrTimeout):
		return StatusTimeout
	case errors.As(err, &s):
		return s
	}
	return StatusError
}
