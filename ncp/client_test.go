package ncp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp/rpc"
)

// What cannot be sent is refused before anything is sent, and the error names the
// argument.
func TestArgumentsRefused(t *testing.T) {
	long := strings.Repeat("x", MaxMessage)
	tests := []struct {
		name string
		call func(ctx context.Context, n *NCP, m *MCU) error
		arg  string
		want error
	}{
		{"NUL in the first text", func(ctx context.Context, n *NCP, _ *MCU) error {
			_, err := n.Initialize(ctx, "TMPL\x00", "name")
			return err
		}, "templateID", ErrNUL},
		{"NUL in the last text", func(ctx context.Context, n *NCP, _ *MCU) error {
			_, err := n.SetFirmwareInfo(ctx, "a", "b", "c", "d\x00")
			return err
		}, "blynk", ErrNUL},
		{"NUL in a text of a oneway", func(ctx context.Context, n *NCP, _ *MCU) error {
			return n.LogEvent(ctx, "code", "a\x00b")
		}, "description", ErrNUL},
		{"one byte too many in a oneway", func(ctx context.Context, n *NCP, _ *MCU) error {
			return n.VirtualWrite(ctx, 1, make([]byte, 1529))
		}, "value", rpc.ErrTooLarge},
		{"one byte too many before the last argument", func(ctx context.Context, _ *NCP, m *MCU) error {
			_, err := m.OtaUpdateWrite(ctx, 0, make([]byte, 1521), 0)
			return err
		}, "crc32", rpc.ErrTooLarge},
		{"a text that is too long alone", func(ctx context.Context, n *NCP, _ *MCU) error {
			_, err := n.Initialize(ctx, long, "name")
			return err
		}, "templateID", rpc.ErrTooLarge},
		{"more than 16 bits can count", func(ctx context.Context, n *NCP, _ *MCU) error {
			return n.SyncVirtual(ctx, make([]byte, 1<<16+1))
		}, "vpins", rpc.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := &recorder{rets: []byte{1}}
			err := tt.call(t.Context(), NewNCP(rec), NewMCU(rec))
			var arg *ArgError
			if !errors.As(err, &arg) || arg.Arg != tt.arg || !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v for %s", err, tt.want, tt.arg)
			}
			var call *rpc.CallError
			if !errors.As(err, &call) || call.UID == 0 {
				t.Errorf("%v does not name the call", err)
			}
			if len(rec.seen()) != 0 {
				t.Error("it was sent all the same")
			}
		})
	}
}

func TestLargestMessages(t *testing.T) {
	rec := &recorder{rets: []byte{1}}
	if err := NewNCP(rec).VirtualWrite(t.Context(), 1, make([]byte, 1528)); err != nil {
		t.Error(err)
	}
	if ok, err := NewMCU(rec).OtaUpdateWrite(t.Context(), 0, make([]byte, 1520), 0); err != nil || !ok {
		t.Error(ok, err)
	}
	for i, head := range []int{onewayHead, invokeHead} {
		if n := head + len(rec.seen()[i].args); n != MaxMessage {
			t.Errorf("message of %d bytes", n)
		}
	}
}

// A result that does not fit into a message, or a text that holds a NUL, is answered
// with the status that says so.
func TestResultsRefused(t *testing.T) {
	for _, ver := range []string{"0.7\x00", strings.Repeat("7", MaxMessage)} {
		h := ServeNCP(versioned{version: ver})
		rets, err := h.ServeRPC(t.Context(), rpc.Request{UID: UIDBlynkGetNcpVersion})
		if !errors.Is(err, rpc.StatusRetsWrite) || rets != nil {
			t.Errorf("version of %d bytes: % x, %v", len(ver), rets, err)
		}
	}
}

type versioned struct {
	NCPHandler
	version string
}

func (v versioned) GetNcpVersion(context.Context) (string, bool, error) { return v.version, true, nil }

// Time-outs: those of the table where there is one, else the caller's default.
func TestTimeouts(t *testing.T) {
	rec := &recorder{rets: []byte{1}}
	n := NewNCP(rec)
	if err := n.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.GetState(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Initialize(t.Context(), "TMPL1", "x"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []time.Duration{100 * time.Millisecond, 0, 5 * time.Second} {
		if got := rec.seen()[i].timeout; got != want {
			t.Errorf("call %d with %v, want %v", i, got, want)
		}
	}
}

func TestStatusOf(t *testing.T) {
	tests := []struct {
		err  error
		want rpc.Status
		ok   bool
	}{
		{nil, rpc.StatusOK, true},
		{&rpc.CallError{UID: 1, Err: rpc.StatusArgsRead}, rpc.StatusArgsRead, true},
		{&rpc.CallError{UID: 1, Err: rpc.ErrTimeout}, rpc.StatusTimeout, true},
		{&rpc.CallError{UID: 1, Err: context.Canceled}, 0, false},
	}
	for _, tt := range tests {
		if got, ok := StatusOf(tt.err); got != tt.want || ok != tt.ok {
			t.Errorf("%v: %v %v", tt.err, got, ok)
		}
	}
}

// The error of a handler is the peer's; a handler may also choose its status.
func TestHandlerErrors(t *testing.T) {
	h := ServeNCP(NewNCP(failing{rpc.StatusMemory}))
	if _, err := h.ServeRPC(t.Context(), rpc.Request{UID: UIDBlynkGetState}); !errors.Is(err, rpc.StatusMemory) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) InvokeFor(context.Context, time.Duration, uint16, []byte) ([]byte, error) {
	return nil, f.err
}

func (f failing) Notify(context.Context, uint16, []byte) error { return f.err }

// A call allocates its arguments and nothing else of ours.
func TestAllocations(t *testing.T) {
	n := NewNCP(answering{[]byte{1}})
	value := []byte("23.5")
	if got := testing.AllocsPerRun(100, func() {
		if err := n.VirtualWrite(context.Background(), 1, value); err != nil {
			t.Error(err)
		}
	}); got > 1 {
		t.Errorf("virtualWrite: %v allocations", got)
	}
	if got := testing.AllocsPerRun(100, func() {
		if _, err := n.GetState(context.Background()); err != nil {
			t.Error(err)
		}
	}); got > 0 {
		t.Errorf("getState: %v allocations", got)
	}
}

type answering struct{ rets []byte }

func (a answering) InvokeFor(context.Context, time.Duration, uint16, []byte) ([]byte, error) {
	return a.rets, nil
}

func (a answering) Notify(context.Context, uint16, []byte) error { return nil }
