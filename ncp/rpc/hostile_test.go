package rpc

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
)

// hostileLine gives an Endpoint the worst a peer can think of, and counts what comes
// back.
type hostileLine struct {
	rng  *rand.Rand
	left int // bytes
	out  int
	end  chan struct{} // closed at the end of the bytes; Read blocks then
	stop chan struct{}
}

func (h *hostileLine) Read(p []byte) (int, error) {
	if h.left <= 0 {
		close(h.end)
		<-h.stop
		return 0, io.EOF
	}
	time.Sleep(2 * time.Millisecond) // faster than most real lines
	var wire []byte
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(h.rng.Uint32())
		}
		return b
	}
	uid, id := uint16(h.rng.Uint32()), uint16(h.rng.Uint32())
	size := h.rng.IntN(200)
	switch h.rng.IntN(8) {
	case 0:
		wire = random(size)
	case 1:
		wire = frame.Append(nil, random(size))
	case 2, 3:
		wire = frame.Append(nil, appendInvoke(nil, uid, id, random(size)))
	case 4:
		wire = frame.Append(nil, appendOneway(nil, uid, random(size)))
	case 5: // a RESULT storm over small ids, so that some hit
		for range 20 {
			wire = frame.Append(wire, appendResult(nil, uint16(h.rng.IntN(2000)), Status(size&1), random(size/10)))
		}
	case 6:
		wire = append([]byte{frame.BEG}, random(size*20)...)
	case 7:
		wire = frame.Append(nil, appendInvoke(nil, uid, id, random(size)))[:h.rng.IntN(10)]
	}
	n := copy(p, wire)
	h.left -= n
	return n, nil
}

func (h *hostileLine) Write(p []byte) (int, error) { h.out += len(p); return len(p), nil }

// TestHostilePeer: neither panic nor hang, memory stays bounded, handlers too, and
// nothing is left when Serve has ended.
func TestHostilePeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		line := &hostileLine{rng: rand.New(rand.NewPCG(7, 7)), left: 8 << 20, end: make(chan struct{}), stop: make(chan struct{})}
		var ep *Endpoint
		ep = NewEndpoint(line, Config{Handler: HandlerFunc(func(ctx context.Context, req Request) ([]byte, error) {
			switch req.UID % 4 {
			case 0:
				<-ctx.Done() // never returns
			case 1:
				_, err := ep.InvokeFor(ctx, time.Millisecond, req.UID, nil) // nested
				return nil, err
			case 2:
				return make([]byte, len(req.Args)*50), nil
			}
			return req.Args[:len(req.Args):len(req.Args)], nil
		})})
		before := heap()
		served := make(chan error, 1)
		go func() { served <- ep.Serve(context.Background()) }()
		calls := make(chan int, 1)
		go func() {
			n := 0
			for {
				_, err := ep.InvokeFor(context.Background(), time.Millisecond, 1, nil)
				if errors.Is(err, ErrClosed) {
					calls <- n
					return
				}
				n++
			}
		}()
		<-line.end
		if grown := int64(heap()) - int64(before); grown > 8<<20 {
			t.Errorf("the heap grew by %d bytes", grown)
		}
		if n := runtime.NumGoroutine(); n > maxHandlers+20 {
			t.Errorf("%d goroutines", n)
		}
		close(line.stop)
		if err := <-served; !errors.Is(err, io.EOF) {
			t.Errorf("Serve returned %v", err)
		}
		s := ep.Stats()
		t.Logf("%+v, %d calls", s, <-calls)
		if s.RxFrames == 0 || s.CRCErrors == 0 || s.CutFrames == 0 || s.NoiseBytes == 0 ||
			s.LateResults == 0 || s.Malformed == 0 || s.DroppedRequests == 0 || s.TxFrames == 0 {
			t.Errorf("something never happened: %+v", s)
		}
		synctest.Wait() // the bubble fails if a goroutine is left
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// FuzzMessage: a message is taken apart without a panic, and what can be put together
// again is the same.
func FuzzMessage(f *testing.F) {
	f.Add(invoke(0x0101, 1, "x"))
	f.Add(result(1, StatusOK, "\x01"))
	f.Add(oneway(0x0311, "x"))
	f.Add([]byte{0x12, 0xA5, 1, 0})
	f.Fuzz(func(t *testing.T, p []byte) {
		m, ok := parse(p)
		isText(p)
		if !ok {
			return
		}
		var again []byte
		switch {
		case m.op == OpInvoke && m.hasID:
			again = appendInvoke(nil, m.uid, m.id, m.body)
		case m.op == OpResult && m.hasStatus:
			again = appendResult(nil, m.id, m.status, m.body)
			if (m.err() == nil) != (m.status == StatusOK) {
				t.Errorf("status %02X gives %v", uint8(m.status), m.err())
			}
		case m.op == OpOneway:
			again = appendOneway(nil, m.uid, m.body)
		default:
			return
		}
		if string(again) != string(p) {
			t.Errorf("%x became %x", p, again)
		}
	})
}

// FuzzServe: whatever comes, Serve ends with the line, all bytes are counted, and a
// call under way ends.
func FuzzServe(f *testing.F) {
	f.Add([]byte("boot\r\n"), []byte("\xbc\x67\x01\x01\x02\x00"))
	f.Add(frame.Append(nil, invoke(1, 1, "")), result(1, StatusOK, "x"))
	f.Add(frame.Append(nil, oneway(1, "")), []byte{})
	f.Fuzz(func(t *testing.T, raw, msg []byte) {
		near, far := newLine()
		h := HandlerFunc(func(_ context.Context, req Request) ([]byte, error) {
			return append([]byte(nil), req.Args...), nil
		})
		ep := NewEndpoint(near, Config{Handler: h, OnNoise: func([]byte) {}})
		ep.SetTracer(func(*Event) {})
		served := make(chan error, 1)
		go func() { served <- ep.Serve(context.Background()) }()
		call := start(context.Background(), ep, time.Minute, 1, "")
		far.Write(raw)
		wire := frame.Append(nil, msg)
		far.Write(wire)
		near.in.change(func() { near.in.closed = io.EOF }) // behind what was written
		if err := <-served; !errors.Is(err, io.EOF) {
			t.Errorf("Serve returned %v", err)
		}
		<-call
		s := ep.Stats()
		if want := uint64(len(raw) + len(wire)); s.RxBytes != want {
			t.Errorf("%d bytes of %d", s.RxBytes, want)
		}
	})
}
