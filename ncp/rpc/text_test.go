package rpc

import "testing"

// People find these numbers in the protocol sheet, so they are written as it does.
func TestErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{StatusOK, "rpc: status 00: ok"},
		{StatusRetsRead, "rpc: status 17: results could not be read"},
		{Status(0xFE), "rpc: status FE: unknown status"},
		{&ResultError{Status: StatusError, Rets: make([]byte, 12)}, "rpc: status 10 with 12 bytes behind it"},
		{&CallError{UID: 0x0A1C, Err: ErrTimeout}, "rpc: call 0A1C: rpc: no answer in time"},
		{&CallError{UID: 0x7, Err: StatusMemory}, "rpc: call 0007: rpc: status 12: not enough memory"},
		{&endError{cause: errServing}, "rpc: endpoint is not serving: rpc: already serving"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
