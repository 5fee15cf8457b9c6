package ncp

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
)

// line is a scripted line: the test plays the peer, byte by byte.
type line struct {
	rx   chan []byte // to the endpoint
	rest []byte

	mu sync.Mutex
	tx bytes.Buffer // from the endpoint
}

func newLine() *line { return &line{rx: make(chan []byte, 16)} }

func (l *line) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		b, ok := <-l.rx
		if !ok {
			return 0, io.EOF
		}
		l.rest = b
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tx.Write(p)
}

// sent returns what the endpoint has sent since the last call, once it has nothing
// more to do.
func (l *line) sent() []byte {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := bytes.Clone(l.tx.Bytes())
	l.tx.Reset()
	return b
}

// onLine runs do in a bubble with an endpoint on a scripted line, whose next call has
// the given message id.
func onLine(t *testing.T, id uint16, h rpc.Handler, do func(t *testing.T, l *line, e *rpc.Endpoint)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLine()
		e := rpc.NewEndpoint(l, rpc.Config{Handler: h, LastMsgID: id - 1})
		served := make(chan error, 1)
		go func() { served <- e.Serve(t.Context()) }()
		synctest.Wait()
		do(t, l, e)
		close(l.rx)
		<-served
	})
}

// recorder is a Caller that keeps what it is called with and answers with rets. A call
// that has the wrong kind for its method is noted as such.
type recorder struct {
	rets []byte

	mu    sync.Mutex
	calls []recorded
}

type recorded struct {
	uid     uint16
	args    []byte
	oneway  bool
	timeout time.Duration
}

func (r *recorder) note(c recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.args = bytes.Clone(c.args)
	r.calls = append(r.calls, c)
}

func (r *recorder) seen() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

func (r *recorder) InvokeFor(_ context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	r.note(recorded{uid: uid, args: args, timeout: timeout})
	return bytes.Clone(r.rets), nil
}

func (r *recorder) Notify(_ context.Context, uid uint16, args []byte) error {
	r.note(recorded{uid: uid, args: args, oneway: true})
	return nil
}

// unescape returns payload and CRC of a whole frame.
func unescape(f []byte) (payload []byte, crc byte) {
	var raw []byte
	for i := 1; i < len(f)-1; i++ {
		b := f[i]
		if b == frame.ESC {
			i++
			b = f[i] ^ 0xFF
		}
		raw = append(raw, b)
	}
	return raw[:len(raw)-1], raw[len(raw)-1]
}
