package ncp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/rpc"
)

// Every call of the vectors, in both roles: as the caller we send the same bytes and
// read the same values, as the receiver we read the same arguments and answer the
// same bytes.
func TestVectorsCalls(t *testing.T) {
	v := vectors.Load[callsFile](t, "calls.json")
	methods := map[uint16]bool{}
	for i := range v.Calls {
		c := &v.Calls[i]
		methods[c.UID] = true
		t.Run(c.Name, func(t *testing.T) {
			checkEntry(t, c)
			callAs(t, c)
			answerAs(t, c)
		})
	}
	if len(v.Calls) == 0 || len(methods) != len(Methods) {
		t.Errorf("%d cases of %d methods", len(v.Calls), len(methods))
	}
	t.Logf("%d cases", len(v.Calls))
}

func host(c *callVector) string {
	_, to, _ := strings.Cut(c.Direction, "->")
	return to
}

// checkEntry compares the catalogue with the vector.
func checkEntry(t *testing.T, c *callVector) {
	m, ok := Lookup(c.UID)
	if !ok || m.Name != c.Method || m.Oneway != c.Oneway || m.Host != sideOf(host(c)) {
		t.Fatalf("catalogue has %+v", m)
	}
	var want time.Duration
	if c.TimeoutMS != nil {
		want = time.Duration(*c.TimeoutMS) * time.Millisecond
	}
	if m.Timeout != want {
		t.Errorf("time-out %v, want %v", m.Timeout, want)
	}
}

// callAs plays the caller of the vector.
func callAs(t *testing.T, c *callVector) {
	args := goValues(t, c.Args)
	onLine(t, c.MsgID, nil, func(t *testing.T, l *line, e *rpc.Endpoint) {
		type outcome struct {
			rets []any
			err  error
		}
		done := make(chan outcome, 1)
		go func() {
			rets, err := call(t.Context(), client(host(c), e), c.Method, args)
			done <- outcome{rets, err}
		}()
		got := l.sent()
		if want := vectors.Unhex(t, c.Request.Frame); !bytes.Equal(got, want) {
			t.Errorf("sent\n% x, want\n% x", got, want)
		}
		if !c.Oneway {
			l.rx <- vectors.Unhex(t, c.Result.Frame)
		}
		end := <-done
		if end.err != nil {
			t.Fatal(end.err)
		}
		if c.Oneway {
			return
		}
		values := goValues(t, c.Result.Outs)
		if c.Result.Ret != nil {
			values = append(values, goValue(t, *c.Result.Ret))
		}
		if !equalValues(end.rets, values) {
			t.Errorf("results %#v, want %#v", end.rets, values)
		}
	})
}

// answerAs plays the receiver of the vector.
func answerAs(t *testing.T, c *callVector) {
	rec := &recorder{}
	want := []byte{}
	if c.Result != nil {
		rec.rets = vectors.Unhex(t, c.Result.Rets)
		want = vectors.Unhex(t, c.Result.Frame)
	}
	onLine(t, 1, server(host(c), rec), func(t *testing.T, l *line, _ *rpc.Endpoint) {
		l.rx <- vectors.Unhex(t, c.Request.Frame)
		if got := l.sent(); !bytes.Equal(got, want) {
			t.Errorf("answered\n% x, want\n% x", got, want)
		}
	})
	calls := rec.seen()
	if len(calls) != 1 || calls[0].uid != c.UID || calls[0].oneway != c.Oneway {
		t.Fatalf("handler was called as %+v", calls)
	}
	if args := wire(t, goValues(t, c.Args)); !bytes.Equal(calls[0].args, args) {
		t.Errorf("handler got % x, want % x", calls[0].args, args)
	}
}
