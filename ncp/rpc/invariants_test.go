package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
)

// The ten invariants of an Endpoint, one test or more for each.

// handlers is a Handler whose every INVOKE waits until the test lets it return.
type handlers struct {
	mu      sync.Mutex
	started []string
	release map[uint16]chan []byte // by UID
	ctx     map[uint16]context.Context
}

func newHandlers(uids ...uint16) *handlers {
	h := &handlers{release: map[uint16]chan []byte{}, ctx: map[uint16]context.Context{}}
	for _, uid := range uids {
		h.release[uid] = make(chan []byte)
	}
	return h
}

func (h *handlers) ServeRPC(ctx context.Context, req Request) ([]byte, error) {
	h.mu.Lock()
	h.started = append(h.started, fmt.Sprintf("%04X", req.UID))
	h.ctx[req.UID] = ctx
	release := h.release[req.UID]
	h.mu.Unlock()
	if release == nil {
		return nil, StatusUnknownUID
	}
	select {
	case rets := <-release:
		return rets, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *handlers) contextOf(uid uint16) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ctx[uid]
}

func TestInvariant1ServeRunsNoHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0x0101)
		b := newBench(t, Config{Handler: h})
		call := b.call(t.Context(), 0, 0x0306, "")
		b.expect("INVOKE 0306 #1 \"\"")
		b.send(invoke(0x0101, 7, "")) // its handler does not return
		synctest.Wait()
		b.send(result(1, StatusOK, "\x05"))
		if o := <-call; o.err != nil || o.rets != "\x05" {
			t.Errorf("call beside a blocked handler: %+v", o)
		}
		b.expect()
		h.release[0x0101] <- []byte("x")
		b.expect("RESULT #7 00 \"x\"")
	})
}

func TestInvariant1ServeNeverBlocksOnWrite(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stalled := make(chan struct{})
		b := newBench(t, Config{}, func(near *end) { near.gate = stalled })
		call := b.call(t.Context(), time.Second, 0x0101, "")
		synctest.Wait() // the writer is stuck with it
		const asked = 1000
		for id := range uint16(asked) {
			b.send(invoke(0x0101, id, ""), oneway(0x0421, "x"))
		}
		synctest.Wait()
		if s := b.ep.Stats(); s.RxFrames != 2*asked || s.DroppedRequests != asked-MaxOpen {
			t.Errorf("stats beside a stalled line: %+v", s)
		}
		if o := <-call; !errors.Is(o.err, ErrTimeout) {
			t.Errorf("call on a stalled line: %+v", o)
		}
		// A minute later nobody waits for those answers: the line gets none of them.
		time.Sleep(GiveUp)
		close(stalled)
		b.expect("INVOKE 0101 #1 \"\"")
		b.send(invoke(0x0101, 9999, ""))
		b.expect("RESULT #9999 13 \"\"")
	})
}

func TestInvariant2TopLevelCallsTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		first := b.call(t.Context(), 0, 0x0101, "")
		b.expect("INVOKE 0101 #1 \"\"")
		second := b.call(t.Context(), 0, 0x0102, "")
		b.expect()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if o := <-b.call(ctx, 0, 0x0103, ""); !errors.Is(o.err, context.DeadlineExceeded) || o.took != 300*time.Millisecond {
			t.Errorf("ctx ends while waiting for the turn: %+v", o)
		}
		b.expect()
		b.send(result(1, StatusOK, ""))
		b.expect("INVOKE 0102 #2 \"\"")
		b.send(result(2, StatusOK, ""))
		b.succeed(first, second)
	})
}

func TestInvariant2NestedCallsGoAhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0x0443)
		b := newBench(t, Config{Handler: h})
		outer := b.call(t.Context(), 0, 0x0101, "")
		b.expect("INVOKE 0101 #1 \"\"")
		waits := b.call(t.Context(), 0, 0x0102, "") // for its turn
		b.send(invoke(0x0443, 5, ""))
		synctest.Wait()
		ctx, cancel := context.WithCancel(h.contextOf(0x0443)) // a derived one counts
		defer cancel()
		nested := b.call(ctx, 0, 0x0342, "")
		b.expect("INVOKE 0342 #2 \"\"")
		b.send(result(2, StatusOK, "crc"))
		if o := <-nested; o.err != nil || o.rets != "crc" {
			t.Errorf("nested: %+v", o)
		}
		h.release[0x0443] <- []byte{1}
		b.expect("RESULT #5 00 \"\\x01\"")
		b.pending(outer)
		late := b.call(ctx, 0, 0x0343, "") // the handler has returned: not nested any more
		b.expect()
		b.send(result(1, StatusOK, ""))
		b.succeed(outer)
		synctest.Wait()
		b.send(result(3, StatusOK, ""))
		synctest.Wait()
		b.send(result(4, StatusOK, ""))
		b.succeed(waits, late)
	})
}

// TestInvariant2ContextOfAnotherEndpoint: nesting belongs to one connection.
func TestInvariant2ContextOfAnotherEndpoint(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0x0443)
		a, b := newBench(t, Config{Handler: h}), newBench(t, Config{})
		a.send(invoke(0x0443, 5, ""))
		first := b.call(t.Context(), 0, 0x0101, "")
		b.expect("INVOKE 0101 #1 \"\"")
		second := b.call(h.contextOf(0x0443), 0, 0x0102, "")
		b.expect()
		b.send(result(1, StatusOK, ""))
		b.expect("INVOKE 0102 #2 \"\"")
		b.send(result(2, StatusOK, ""))
		b.succeed(first, second)
	})
}

func TestInvariant3ResultsLeaveLastInFirstOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA, 0xB, 0xC)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xA, 1, ""), invoke(0xB, 2, ""), invoke(0xC, 3, ""))
		synctest.Wait()
		h.release[0xA] <- []byte("a")
		b.expect()
		h.release[0xC] <- []byte("c")
		b.expect("RESULT #3 00 \"c\"")
		h.release[0xB] <- []byte("b")
		b.expect("RESULT #2 00 \"b\"", "RESULT #1 00 \"a\"")
	})
}

// TestInvariant3AnswersBeforeCalls: what the peer has asked is answered before a
// top-level call is sent, but a slow handler does not stop calls for longer than Hold.
func TestInvariant3AnswersBeforeCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xA, 1, ""))
		synctest.Wait()
		call := b.call(t.Context(), 0, 0x0101, "")
		time.Sleep(2 * time.Second)
		b.expect()
		if err := b.ep.Notify(t.Context(), 0x0311, nil); err != nil { // a ONEWAY is no call
			t.Error(err)
		}
		h.release[0xA] <- nil
		b.expect("ONEWAY 0311 \"\"", "RESULT #1 00 \"\"", "INVOKE 0101 #1 \"\"")
		b.send(result(1, StatusOK, ""))
		b.succeed(call)

		b.send(invoke(0xA, 2, ""))
		time.Sleep(time.Second)
		call = b.call(t.Context(), 0, 0x0102, "")
		time.Sleep(Hold - time.Second - time.Millisecond)
		b.expect()
		time.Sleep(time.Millisecond)
		b.expect("INVOKE 0102 #2 \"\"")
		if o := <-call; !errors.Is(o.err, ErrTimeout) || o.took != Hold {
			t.Errorf("time-out begins when the call is sent: %+v", o) // 4 s held, 1 s waited
		}
	})
}

func TestInvariant4LateAndUnknownResults(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.send(result(1, StatusOK, "nobody asked"))
		synctest.Wait() // or it would answer the call that follows
		call := b.call(t.Context(), 100*time.Millisecond, 0x0101, "")
		if o := <-call; !errors.Is(o.err, ErrTimeout) || o.took != 100*time.Millisecond {
			t.Fatalf("%+v", o)
		}
		b.send(result(1, StatusOK, "late"))
		call = b.call(t.Context(), 0, 0x0101, "")
		synctest.Wait()
		b.send(result(1, StatusOK, "late again"), result(2, StatusOK, "right"), result(2, StatusOK, "twice"))
		if o := <-call; o.err != nil || o.rets != "right" {
			t.Errorf("%+v", o)
		}
		synctest.Wait()
		if s := b.ep.Stats(); s.LateResults != 4 {
			t.Errorf("%d late results, want 4", s.LateResults)
		}
	})
}

func TestInvariant5NeverMoreThanMaxPayload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, limit := range []int{0, 100} {
			want := limit
			if limit == 0 {
				want = 1536
			}
			rets := make([]byte, want-resultHead)
			b := newBench(t, Config{MaxPayload: limit, Handler: HandlerFunc(
				func(_ context.Context, req Request) ([]byte, error) { return rets[:len(rets):len(rets)], nil })})
			largest := strings.Repeat("x", want-invokeHead)
			if o := <-b.call(t.Context(), 0, 1, largest+"x"); !errors.Is(o.err, ErrTooLarge) {
				t.Errorf("INVOKE: %+v", o)
			}
			if err := b.ep.Notify(t.Context(), 1, make([]byte, want-onewayHead+1)); !errors.Is(err, ErrTooLarge) {
				t.Errorf("ONEWAY: %v", err)
			}
			b.expect() // nothing was sent
			call := b.call(t.Context(), 0, 1, largest)
			b.expect(fmt.Sprintf("INVOKE 0001 #1 %q", largest))
			b.send(result(1, StatusOK, ""))
			b.succeed(call)
			b.send(invoke(1, 1, ""))
			b.expect(fmt.Sprintf("RESULT #1 00 %q", rets))
			rets = append(rets, 'x')
			b.send(invoke(1, 2, ""))
			b.expect("RESULT #2 16 \"\"")
		}
	})
}

func TestInvariant6UnknownMethods(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, h := range []Handler{nil, newHandlers()} {
			b := newBench(t, Config{Handler: h})
			b.send(invoke(0xFFFF, 3, "x"), oneway(0xFFFF, "x"))
			b.expect("RESULT #3 13 \"\"")
			o := <-b.call(t.Context(), 0, 0x0101, "")
			var s Status
			if !errors.Is(o.err, ErrTimeout) || errors.As(o.err, &s) {
				t.Errorf("silence of the peer: %v", o.err)
			}
		}
	})
}

func TestInvariant7BEGStartsAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		good := frame.Append(nil, invoke(1, 1, ""))
		b.raw(good[:5])
		b.raw(good)
		b.expect("RESULT #1 13 \"\"")
		if s := b.ep.Stats(); s.CutFrames != 1 || s.RxFrames != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestInvariant8BytesOutsideFrames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBench(t, Config{OnNoise: func(p []byte) { log.Write(p) }})
		cut := frame.Append(nil, invoke(0x0311, 1, "text in a message"))
		b.raw([]byte("boot\r\n"))
		b.send(invoke(1, 1, ""))
		b.expect("RESULT #1 13 \"\"")
		b.raw([]byte("log \xaa with a BEG\r\n")) // becomes a cut frame
		b.raw(cut[:len(cut)-3])                  // is one
		b.send(invoke(1, 2, ""))
		b.raw([]byte("\xaa also this\xbb")) // ends with a wrong CRC
		b.expect("RESULT #2 13 \"\"")
		if got, want := log.String(), "boot\r\nlog  with a BEG\r\n also this"; got != want {
			t.Errorf("log %q, want %q", got, want)
		}
		if s := b.ep.Stats(); s.CutFrames != 2 || s.CRCErrors != 1 || s.NoiseBytes != uint64(log.Len()) {
			t.Errorf("%+v", s)
		}
	})
}

func TestInvariant9ExpiredCallsLeaveTheLineAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		cause, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if o := <-b.call(cause, 0, 1, ""); !errors.Is(o.err, context.DeadlineExceeded) || o.took != 50*time.Millisecond {
			t.Errorf("expired ctx: %+v", o)
		}
		if o := <-b.call(cause, 0, 2, ""); !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("ctx that had expired before: %+v", o)
		}
		if err := b.ep.Notify(cause, 2, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Notify: %v", err)
		}
		if o := <-b.call(t.Context(), 0, 3, ""); !errors.Is(o.err, ErrTimeout) {
			t.Errorf("time-out: %+v", o)
		}
		b.expect("INVOKE 0001 #1 \"\"", "INVOKE 0003 #2 \"\"")
		call := b.call(t.Context(), 0, 4, "")
		synctest.Wait()
		b.send(result(3, StatusOK, "still here"))
		if o := <-call; o.err != nil || o.rets != "still here" {
			t.Errorf("%+v", o)
		}
	})
}

func TestInvariant10Tracer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen []string
		var last time.Time
		tracer := func(ev *Event) {
			if ev.Time.Before(last) {
				t.Errorf("%v after %v", ev.Time, last)
			}
			last = ev.Time
			seen = append(seen, fmt.Sprintf("%d %d %04X %04X #%d %02X %x",
				ev.Kind, ev.Dir, uint16(ev.Op), ev.UID, ev.MsgID, uint8(ev.Status), ev.Payload))
		}
		b := newBench(t, Config{Handler: newHandlers()})
		b.ep.SetTracer(tracer)
		call := b.call(t.Context(), 0, 0x0306, "a")
		synctest.Wait()
		b.raw([]byte("!"))
		b.send(invoke(0x0777, 9, "z"))
		synctest.Wait()
		b.send(result(1, StatusError, ""), result(1, StatusOK, ""))
		<-call
		b.send(oneway(0x0421, "q"), []byte("\x01\x02\x03\x04"))
		b.raw([]byte("\xaa\x01\xbb\xaa\x02\xaa" + strings.Repeat("\x03", frame.DefaultLimit+2)))
		synctest.Wait()
		if err := b.ep.Notify(t.Context(), 0x0311, []byte("n")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		b.ep.SetTracer(nil)
		b.send(oneway(0x0421, "unseen"))
		synctest.Wait()
		for i := range seen {
			if len(seen[i]) > 80 {
				seen[i] = seen[i][:20]
			}
		}
		want := []string{
			"0 1 67BC 0306 #1 00 bc670603010061",
			"1 0 0000 0000 #0 00 21",
			"0 0 67BC 0777 #9 00 bc67770709007a",
			"0 1 A512 0777 #9 13 12a5090013",
			"0 0 A512 0306 #1 10 12a5010010",
			"0 0 A512 0000 #1 00 12a5010000",
			"0 0 1CF3 0421 #0 00 f31c210471",
			"0 0 0201 0000 #0 00 01020304",
			"2 0 0000 0000 #0 00 01",
			"3 0 0000 0000 #0 00 02",
			"4 0 0000 0000 #0 00 ",
			"1 0 0000 0000 #0 00 03",
			"0 1 1CF3 0311 #0 00 f31c11036e",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("seen\n\t%s\nwant\n\t%s", strings.Join(seen, "\n\t"), strings.Join(want, "\n\t"))
		}
	})
}

// TestInvariant10NoAllocations: two Endpoints call and notify each other, with a tracer
// and without, and allocate nothing but the results that callers keep.
func TestInvariant10NoAllocations(t *testing.T) {
	quiet := HandlerFunc(func(_ context.Context, req Request) ([]byte, error) { return nil, nil })
	x, y, stop := newPair(Config{Handler: quiet}, Config{Handler: quiet})
	defer stop()
	ctx := context.Background()
	args := make([]byte, 100)
	round := func() {
		for _, ep := range []*Endpoint{x, y} {
			if _, err := ep.Invoke(ctx, 1, args); err != nil {
				t.Error(err)
			}
			if err := ep.Notify(ctx, 2, args); err != nil {
				t.Error(err)
			}
		}
	}
	for _, traced := range []bool{false, true} {
		if traced {
			x.SetTracer(func(*Event) {})
			y.SetTracer(func(*Event) {})
		}
		for range 200 {
			round() // fill what is kept for reuse
		}
		if n := testing.AllocsPerRun(1000, round); n > 0 {
			t.Errorf("traced %v: %v allocations for 6 frames", traced, n)
		}
	}
}
