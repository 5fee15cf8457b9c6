package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMsgIDs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{LastMsgID: 0xFFFD})
		for _, id := range []uint16{0xFFFE, 0xFFFF, 0, 1} {
			call := b.call(t.Context(), 0, 7, "")
			b.expect(fmt.Sprintf("INVOKE 0007 #%d \"\"", id))
			b.send(result(id, StatusOK, ""))
			if o := <-call; o.err != nil {
				t.Errorf("%d: %v", id, o.err)
			}
		}
	})
}

// TestMsgIDsSkipOutstanding: an id that a call still waits for is not used again.
func TestMsgIDsSkipOutstanding(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xA, 1, ""))
		synctest.Wait()
		ctx := h.contextOf(0xA)
		long := b.call(ctx, 30*time.Second, 7, "")
		b.expect("INVOKE 0007 #1 \"\"")
		b.ep.mu.Lock()
		b.ep.lastID = 0
		b.ep.mu.Unlock()
		next := b.call(ctx, 0, 8, "")
		b.expect("INVOKE 0008 #2 \"\"")
		b.send(result(2, StatusOK, "next"), result(1, StatusOK, "long"))
		if o := <-next; o.rets != "next" {
			t.Errorf("%+v", o)
		}
		if o := <-long; o.rets != "long" {
			t.Errorf("%+v", o)
		}
	})
}

// TestNotifyKeepsOrder: also when handlers are slow at the other end.
func TestNotifyKeepsOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var got []string
		slow := HandlerFunc(func(_ context.Context, req Request) ([]byte, error) {
			if !req.Oneway || req.MsgID != 0 {
				t.Errorf("%+v", req)
			}
			time.Sleep(time.Millisecond)
			got = append(got, string(req.Args))
			return nil, StatusError // nobody hears it
		})
		near, far := newLine()
		x, y := NewEndpoint(near, Config{}), NewEndpoint(far, Config{Handler: slow})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go x.Serve(ctx)
		go y.Serve(ctx)
		var want []string
		for i := range 500 {
			want = append(want, fmt.Sprint(i))
			if err := x.Notify(ctx, 1, []byte(want[i])); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}

// TestOnewayQueueIsBounded: by count and by bytes; what came first is kept.
func TestOnewayQueueIsBounded(t *testing.T) {
	for _, size := range []int{1, 4000} {
		bubble(t, func(t *testing.T) {
			release := make(chan struct{})
			var got int
			h := HandlerFunc(func(ctx context.Context, req Request) ([]byte, error) {
				<-release
				if want := byte(got); len(req.Args) != size || req.Args[0] != want {
					t.Errorf("message %d: %d bytes, %d", got, len(req.Args), req.Args[0])
				}
				got++
				return nil, nil
			})
			b := newBench(t, Config{Handler: h})
			const sent = 5000
			msg := oneway(1, strings.Repeat("x", size))
			for i := range sent {
				msg[onewayHead] = byte(i)
				b.send(msg)
				if i == 0 {
					synctest.Wait() // the first one is with the handler, the others wait
				}
			}
			synctest.Wait()
			if n := cap(b.ep.oneways.buf); n > 4*MaxOnewayBytes {
				t.Errorf("%d bytes kept", n)
			}
			close(release)
			synctest.Wait()
			want := 1 + min(MaxOneways, MaxOnewayBytes/(size+recordHead))
			if dropped := b.ep.Stats().DroppedRequests; got != want || dropped != uint64(sent-want) {
				t.Errorf("size %d: %d handled and %d dropped, want %d handled", size, got, dropped, want)
			}
		})
	}
}

func TestErrorsOfHandlers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		errs := []error{
			StatusArgsRead,
			fmt.Errorf("wrapped: %w", StatusMemory),
			errors.New("other"),
			StatusOK,
			ErrNoReply,
			fmt.Errorf("wrapped: %w", ErrNoReply),
			nil,
		}
		b := newBench(t, Config{Handler: HandlerFunc(func(_ context.Context, req Request) ([]byte, error) {
			return []byte("rets"), errs[req.UID]
		})})
		want := []string{
			"RESULT #0 15 \"\"", "RESULT #1 12 \"\"", "RESULT #2 10 \"\"", "RESULT #3 00 \"\"", "", "", "RESULT #6 00 \"rets\"",
		}
		for i, w := range want {
			b.send(invoke(uint16(i), uint16(i), ""))
			if w == "" {
				b.expect()
			} else {
				b.expect(w)
			}
		}
	})
}

// TestNoReplyLetsOthersGo: a RESULT that waited for the INVOKE without a reply leaves.
func TestNoReplyLetsOthersGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		silent := make(chan struct{})
		b := newBench(t, Config{Handler: HandlerFunc(func(ctx context.Context, req Request) ([]byte, error) {
			if req.UID == 0xA {
				return h.ServeRPC(ctx, req)
			}
			<-silent
			return nil, ErrNoReply
		})})
		b.send(invoke(0xA, 1, ""), invoke(0xB, 2, ""))
		synctest.Wait()
		h.release[0xA] <- nil
		b.expect()
		close(silent)
		b.expect("RESULT #1 00 \"\"")
	})
}

func TestMalformedMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{Handler: HandlerFunc(func(context.Context, Request) ([]byte, error) {
			t.Error("handler was called")
			return nil, nil
		})})
		b.send(nil, []byte{0xBC}, []byte{0xBC, 0x67, 1}, []byte{0xF3, 0x1C, 1}, []byte{0x12, 0xA5, 1}, []byte("\xE1\x56\x01\x01\x42\x00"))
		b.expect()
		b.send(invoke(1, 1, "")[:4]) // no MsgID: answered as deployed receivers do
		b.expect("RESULT #0 15 \"\"")
		b.send(invoke(1, 1, "")[:5])
		b.expect("RESULT #0 15 \"\"")
		if n := b.ep.Stats().Malformed; n != 8 {
			t.Errorf("%d malformed, want 8", n)
		}
	})
}

func TestResultErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		answer := func(msg []byte) error {
			t.Helper()
			call := b.call(t.Context(), 0, 0x42, "")
			synctest.Wait()
			b.ep.mu.Lock()
			msg[2], msg[3] = byte(b.ep.lastID), byte(b.ep.lastID>>8)
			b.ep.mu.Unlock()
			b.send(msg)
			err := (<-call).err
			var c *CallError
			if !errors.As(err, &c) || c.UID != 0x42 {
				t.Errorf("%v is no CallError of the call", err)
			}
			return err
		}
		var re *ResultError
		if err := answer(result(0, StatusArgsRead, "")); !errors.Is(err, StatusArgsRead) || errors.As(err, &re) {
			t.Errorf("bare status: %v", err)
		}
		if err := answer(result(0, 0x7F, "")); !errors.Is(err, Status(0x7F)) {
			t.Errorf("strange status: %v", err)
		}
		if err := answer(result(0, StatusOK, "")[:4]); !errors.Is(err, StatusRetsRead) || errors.As(err, &re) {
			t.Errorf("no status: %v", err)
		}
		err := answer(result(0, StatusArgsRead, "x"))
		if !errors.Is(err, StatusRetsRead) || errors.Is(err, StatusArgsRead) {
			t.Errorf("status with bytes: %v", err)
		}
		if !errors.As(err, &re) || re.Status != StatusArgsRead || string(re.Rets) != "x" {
			t.Errorf("status with bytes: %+v", re)
		}
	})
}

// TestEndOfServe: calls of every kind fail with its cause, at once, and so do later
// ones. The line is left as it is, and Serve can run again.
func TestEndOfServe(t *testing.T) {
	lost := errors.New("unplugged")
	for name, end := range map[string]func(*bench) error{
		"ctx": func(b *bench) error { b.cancel(); return context.Canceled },
		"read": func(b *bench) error {
			b.near.in.change(func() { b.near.in.closed = lost })
			return lost
		},
		"write": func(b *bench) error {
			b.near.out.change(func() { b.near.out.closed = lost })
			go b.ep.Notify(context.Background(), 9, nil)
			return lost
		},
	} {
		bubble(t, func(t *testing.T) {
			h := newHandlers(0xA)
			b := newBench(t, Config{Handler: h})
			b.send(invoke(0xA, 1, ""))
			synctest.Wait()
			handler := h.contextOf(0xA)
			calls := []<-chan outcome{b.call(handler, 0, 1, "")} // sent
			b.expect("INVOKE 0001 #1 \"\"")
			calls = append(calls, b.call(context.Background(), 0, 2, "")) // held: the peer waits
			synctest.Wait()
			calls = append(calls, b.call(context.Background(), 0, 3, "")) // waits for its turn
			synctest.Wait()
			cause := end(b)
			if err := <-b.served; !errors.Is(err, cause) {
				t.Errorf("%s: Serve returned %v", name, err)
			}
			for _, c := range calls {
				if o := <-c; !errors.Is(o.err, cause) || !errors.Is(o.err, ErrClosed) || o.took != 0 {
					t.Errorf("%s: %+v", name, o)
				}
			}
			if handler.Err() == nil {
				t.Errorf("%s: ctx of the handler goes on", name)
			}
			if _, err := b.ep.Invoke(context.Background(), 1, nil); !errors.Is(err, cause) || !errors.Is(err, ErrClosed) {
				t.Errorf("%s: later Invoke: %v", name, err)
			}
			if err := b.ep.Notify(context.Background(), 1, nil); !errors.Is(err, cause) || !errors.Is(err, ErrClosed) {
				t.Errorf("%s: later Notify: %v", name, err)
			}
			if name != "ctx" {
				return
			}
			b.expect()
			b.send(oneway(1, "while nobody reads")) // is not lost
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error)
			go func() { served <- b.ep.Serve(ctx) }()
			synctest.Wait()
			if err := b.ep.Serve(ctx); err == nil {
				t.Error("a second Serve at the same time")
			}
			again := b.call(ctx, 0, 4, "")
			b.expect("INVOKE 0004 #3 \"\"")
			b.send(result(3, StatusOK, "again"))
			if o := <-again; o.err != nil || o.rets != "again" {
				t.Errorf("after the second Serve: %+v", o)
			}
			if n := b.ep.Stats().RxFrames; n != 3 {
				t.Errorf("%d frames, want 3", n)
			}
			cancel()
			<-served
		})
	}
}

// TestCallsBeforeServe wait for it.
func TestCallsBeforeServe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		near, far := newLine()
		x, y := NewEndpoint(near, Config{}), NewEndpoint(far, Config{Handler: HandlerFunc(
			func(context.Context, Request) ([]byte, error) { return []byte("hello"), nil })})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		call := start(ctx, x, 0, 1, "")
		time.Sleep(2 * time.Second)
		go x.Serve(ctx)
		go y.Serve(ctx)
		if o := <-call; o.err != nil || o.rets != "hello" {
			t.Errorf("%+v", o)
		}
	})
}

// TestServeEndsOnStalledLine: Serve waits for the frame that is being written, but not
// for ever.
func TestServeEndsOnStalledLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		b := newBench(t, Config{}, func(near *end) { near.gate = gate })
		defer close(gate)
		go b.ep.Notify(context.Background(), 1, nil)
		synctest.Wait()
		began := time.Now()
		b.cancel()
		if err := <-b.served; !errors.Is(err, context.Canceled) || time.Since(began) != writerGrace {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestForeignDeadline: a read deadline that somebody else sets is not the end.
func TestForeignDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		synctest.Wait()
		if err := b.near.SetReadDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.send(invoke(1, 1, ""))
		b.expect("RESULT #1 13 \"\"")
	})
}

// TestReaderThatReturnsNothing ends Serve instead of spinning.
func TestReaderThatReturnsNothing(t *testing.T) {
	ep := NewEndpoint(struct {
		io.Reader
		io.Writer
	}{nothing{}, io.Discard}, Config{})
	if err := ep.Serve(t.Context()); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// TestManyCallers: from many goroutines, with handlers that call back.
func TestManyCallers(t *testing.T) {
	var x, y *Endpoint
	back := func(peer **Endpoint) Handler {
		return HandlerFunc(func(ctx context.Context, req Request) ([]byte, error) {
			if len(req.Args) > 0 && req.Args[0] > 0 && !req.Oneway {
				rets, err := (*peer).Invoke(ctx, 1, []byte{req.Args[0] - 1, req.Args[1]})
				return rets, err
			}
			return append([]byte(nil), req.Args...), nil
		})
	}
	near, far := newLine()
	x = NewEndpoint(near, Config{Handler: back(&x), Timeout: 10 * time.Second})
	y = NewEndpoint(far, Config{Handler: back(&y), Timeout: 10 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, ep := range []*Endpoint{x, y} {
		wg.Go(func() { ep.Serve(ctx) })
	}
	var callers sync.WaitGroup
	for i := range byte(8) {
		callers.Go(func() {
			for n := range byte(50) {
				rets, err := x.Invoke(ctx, 1, []byte{n % 4, i})
				if err != nil || len(rets) != 2 || rets[0] != 0 || rets[1] != i {
					t.Errorf("%d: %x %v", i, rets, err)
					return
				}
				if err := x.Notify(ctx, 1, []byte{n, i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	cancel()
	wg.Wait()
}
