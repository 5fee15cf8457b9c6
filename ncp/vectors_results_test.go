package ncp

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/rpc"
)

// Every good and bad reply of the vectors: our caller ends with the same status and
// the same values as the deployed one, and has sent the same in the meantime.
func TestVectorsResultDecode(t *testing.T) {
	v := vectors.Load[callsFile](t, "calls.json")
	for i := range v.ResultDecode {
		c := &v.ResultDecode[i]
		t.Run(c.Name, func(t *testing.T) { checkResult(t, c) })
	}
	if len(v.ResultDecode) == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", len(v.ResultDecode))
}

func checkResult(t *testing.T, c *resultVector) {
	request := vectors.Unhex(t, c.Request)
	payload, _ := unescape(request)
	m, ok := Lookup(uint16(payload[2]) | uint16(payload[3])<<8)
	if !ok || m.Name != c.Method {
		t.Fatalf("catalogue has %+v", m)
	}
	peer := map[string]string{"mcu": "ncp", "ncp": "mcu"}[c.Caller]
	args := unwire(t, m.In, payload[6:])
	onLine(t, c.MsgID, server(c.Caller, &recorder{}), func(t *testing.T, l *line, e *rpc.Endpoint) {
		type outcome struct {
			rets []any
			err  error
		}
		done := make(chan outcome, 1)
		go func() {
			rets, err := call(t.Context(), client(peer, e), c.Method, args)
			done <- outcome{rets, err}
		}()
		got := l.sent()
		if !bytes.Equal(got, request) {
			t.Errorf("sent % x, want % x", got, request)
		}
		if c.Rx != "" {
			l.rx <- vectors.Unhex(t, c.Rx)
		}
		got = l.sent()
		if want := sentMeanwhile(t, c); !bytes.Equal(got, want) {
			t.Errorf("sent while waiting % x, want % x", got, want)
		}
		select {
		case end := <-done:
			if c.TimedOut {
				t.Error("the call ended before its time")
			}
			checkEnd(t, c, m, end.rets, end.err)
			return
		default:
		}
		if !c.TimedOut {
			t.Error("the call did not end with its result")
		}
		end := <-done
		checkEnd(t, c, m, end.rets, end.err)
	})
}

// sentMeanwhile returns what the deployed caller sent while it waited; where it was
// silent about an unknown method, we refuse it.
func sentMeanwhile(t *testing.T, c *resultVector) []byte {
	if strings.HasSuffix(c.Name, "/peer_unknown_uid_first") {
		f, _, _ := bytes.Cut(vectors.Unhex(t, c.Rx), []byte{0xBB})
		payload, _ := unescape(append(f, 0xBB))
		return refusal(uint16(payload[4])|uint16(payload[5])<<8, rpc.StatusUnknownUID)
	}
	return vectors.Unhex(t, c.Sent)
}

func checkEnd(t *testing.T, c *resultVector, m *Method, rets []any, err error) {
	status, ok := StatusOf(err)
	if !ok || status != c.Status {
		t.Errorf("ended with %v, want status %02X", err, uint8(c.Status))
	}
	if m.Returns == TypeNone {
		return // the deployed driver returns the status itself here
	}
	var want []any
	for _, v := range c.Outs {
		want = append(want, untouched(t, v))
	}
	var ret any
	if m.Returns == TypeBool {
		ret = new(bool)
	} else {
		ret = new(uint8)
	}
	if err := json.Unmarshal(c.Returned, ret); err != nil {
		t.Fatal(err)
	}
	switch r := ret.(type) {
	case *bool:
		want = append(want, *r)
	case *uint8:
		want = append(want, *r)
	}
	if !equalValues(rets, want) {
		t.Errorf("results %#v, want %#v", rets, want)
	}
}

// untouched returns the value of an out-argument. What the deployed driver left as it
// was ("(untouched)", 90) is zero with us.
func untouched(t *testing.T, v valueVector) any {
	switch x := goValue(t, v).(type) {
	case string:
		if x == "(untouched)" {
			return ""
		}
	case []byte:
		if string(x) == "(untouched)" {
			return []byte{}
		}
	case uint8:
		if x == 90 {
			return uint8(0)
		}
	case int16:
		if x == 90 {
			return int16(0)
		}
	case uint32:
		if x == 90 {
			return uint32(0)
		}
	case int64:
		if x == 90 {
			return int64(0)
		}
	}
	return goValue(t, v)
}
