package rpc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
)

// TestTimeouts: the configured one, the default, and one of the call.
func TestTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, c := range []struct{ config, call, want time.Duration }{
			{0, 0, time.Second},
			{300 * time.Millisecond, 0, 300 * time.Millisecond},
			{300 * time.Millisecond, 30 * time.Second, 30 * time.Second},
		} {
			b := newBench(t, Config{Timeout: c.config})
			if o := <-b.call(t.Context(), c.call, 1, ""); !errors.Is(o.err, ErrTimeout) || o.took != c.want {
				t.Errorf("%+v: %+v", c, o)
			}
		}
	})
}

// TestWireTime: a call waits for its own bytes, for those that are still to be sent
// before it, and for a short result.
func TestWireTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const byteTime = time.Millisecond // about 9600 baud
		b := newBench(t, Config{})
		b.ep.SetByteTime(byteTime)
		args := strings.Repeat("x", 1000)
		if err := b.ep.Notify(t.Context(), 1, []byte(args)); err != nil {
			t.Fatal(err)
		}
		o := <-b.call(t.Context(), 100*time.Millisecond, 2, args)
		lineTime := byteTime * time.Duration(len(frame.Append(nil, oneway(1, args)))+len(frame.Append(nil, invoke(2, 1, args))))
		least, most := 100*time.Millisecond+lineTime, 150*time.Millisecond+lineTime
		if !errors.Is(o.err, ErrTimeout) || o.took < least || o.took > most {
			t.Errorf("%+v, want a time-out between %v and %v", o, least, most)
		}
		o = <-b.call(t.Context(), 100*time.Millisecond, 3, "") // nothing before it any more
		if least, most = 110*time.Millisecond, 160*time.Millisecond; o.took < least || o.took > most {
			t.Errorf("%+v, want a time-out between %v and %v", o, least, most)
		}
	})
}

// TestLongResultArrives: a result that began to arrive in time is waited for, as long
// as bytes come. Anything else that arrives does not stretch the wait.
func TestLongResultArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.ep.SetByteTime(time.Millisecond)
		drip := func(p []byte) {
			for _, c := range p {
				b.raw([]byte{c})
				time.Sleep(time.Millisecond)
			}
		}
		rets := strings.Repeat("y", 1400)
		call := b.call(t.Context(), 100*time.Millisecond, 1, "")
		time.Sleep(90 * time.Millisecond)
		drip(frame.Append(nil, result(1, StatusOK, rets)))
		if o := <-call; o.err != nil || o.rets != rets {
			t.Errorf("long result: %v after %v", o.err, o.took)
		}
		for name, arriving := range map[string][]byte{
			"another result": frame.Append(nil, result(99, StatusOK, rets)),
			"a notification": frame.Append(nil, oneway(1, rets)),
			"noise":          []byte("\xaa" + rets),
		} {
			call = b.call(t.Context(), 100*time.Millisecond, 1, "")
			time.Sleep(90 * time.Millisecond)
			drip(arriving)
			if o := <-call; !errors.Is(o.err, ErrTimeout) || o.took > 200*time.Millisecond {
				t.Errorf("%s: %v after %v", name, o.err, o.took)
			}
		}
		call = b.call(t.Context(), 100*time.Millisecond, 1, "")
		time.Sleep(90 * time.Millisecond)
		b.raw([]byte("\xbb")) // ends the frame that noise has opened
		half := frame.Append(nil, result(6, StatusOK, rets))
		drip(half[:50])
		if o := <-call; !errors.Is(o.err, ErrTimeout) || o.took > 500*time.Millisecond {
			t.Errorf("half a result: %v after %v", o.err, o.took)
		}
	})
}

// TestAnsweringDoesNotCount: the time in which an INVOKE of the peer that came during
// a call is answered does not count against the call.
func TestAnsweringDoesNotCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA, 0xB)
		b := newBench(t, Config{Handler: h})
		call := b.call(t.Context(), time.Second, 1, "")
		time.Sleep(500 * time.Millisecond)
		b.send(invoke(0xA, 1, ""))
		time.Sleep(2 * time.Second)
		b.send(invoke(0xB, 2, "")) // nested: the time of both counts once
		time.Sleep(2 * time.Second)
		b.pending(call)
		h.release[0xB] <- nil
		time.Sleep(2 * time.Second)
		h.release[0xA] <- nil
		o := <-call
		if want := 7 * time.Second; !errors.Is(o.err, ErrTimeout) || o.took < want || o.took > want+lookAgain {
			t.Errorf("%+v, want a time-out after %v", o, want)
		}
	})
}

// TestAnsweringIsBounded: a peer that never stops asking cannot keep a call waiting
// for ever.
func TestAnsweringIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		b := newBench(t, Config{Handler: h})
		call := b.call(t.Context(), time.Second, 1, "")
		synctest.Wait()
		for id := range uint16(1000) {
			b.send(invoke(0xA, id, ""))
			time.Sleep(time.Second)
		}
		o := <-call
		if !errors.Is(o.err, ErrTimeout) || o.took < GiveUp || o.took > GiveUp+2*time.Second {
			t.Errorf("%+v", o)
		}
	})
}

// TestNestedCallTimesOut: the INVOKE that a nested call serves does not stretch it.
func TestNestedCallTimesOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xA, 1, ""))
		synctest.Wait()
		if o := <-b.call(h.contextOf(0xA), 0, 1, ""); !errors.Is(o.err, ErrTimeout) || o.took != time.Second {
			t.Errorf("%+v", o)
		}
	})
}

// TestPlacesAreBounded: what comes while MaxOpen INVOKEs are open is dropped, and a
// handler that does not return does not stop newer ones.
func TestPlacesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA, 0xB, 0xC)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xB, 1, ""))
		time.Sleep(GiveUp - 30*time.Second)
		b.send(invoke(0xA, 2, ""), invoke(0xB, 3, ""))
		synctest.Wait()
		for id := uint16(4); id < 20; id++ {
			b.send(invoke(0xC, id, "")) // none returns before all are there
		}
		synctest.Wait()
		if got, want := b.ep.Stats().DroppedRequests, uint64(16-(MaxOpen-3)); got != want {
			t.Errorf("%d dropped, want %d", got, want)
		}
		for range MaxOpen - 3 {
			h.release[0xC] <- []byte("c")
		}
		b.expect("RESULT #8 00 \"c\"", "RESULT #7 00 \"c\"", "RESULT #6 00 \"c\"", "RESULT #5 00 \"c\"", "RESULT #4 00 \"c\"")
	})
}

// TestHandlerThatNeverReturns: its place, and the RESULT of an older INVOKE that waited
// for it, are given up after GiveUp; late results are dropped.
func TestHandlerThatNeverReturns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA, 0xB)
		b := newBench(t, Config{Handler: h})
		b.send(invoke(0xB, 1, "")) // never returns
		time.Sleep(30 * time.Second)
		b.send(invoke(0xA, 2, "")) // returns later than 3 comes
		synctest.Wait()
		b.send(invoke(0xB, 3, "")) // never returns either
		synctest.Wait()
		h.release[0xA] <- []byte("a")
		b.expect()
		time.Sleep(GiveUp - time.Millisecond)
		b.expect()
		time.Sleep(time.Millisecond) // 2 and 3 are a minute old: given up together
		b.expect()
		h.release[0xB] <- []byte("late")
		h.release[0xB] <- []byte("late")
		b.expect()
		b.send(invoke(0xA, 4, ""))
		synctest.Wait()
		h.release[0xA] <- []byte("fresh")
		b.expect("RESULT #4 00 \"fresh\"")
	})
}

// TestStuckHandlersAreBounded: handlers that never return cost a bounded number of
// goroutines.
func TestStuckHandlersAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHandlers(0xA)
		b := newBench(t, Config{Handler: h})
		for range 10 {
			for id := range uint16(MaxOpen) {
				b.send(invoke(0xA, id, ""))
			}
			time.Sleep(GiveUp)
		}
		h.mu.Lock()
		started := len(h.started)
		h.mu.Unlock()
		if started != maxHandlers {
			t.Errorf("%d handlers started, want %d", started, maxHandlers)
		}
		for range maxHandlers {
			h.release[0xA] <- nil
		}
		b.expect()
		b.send(invoke(0xA, 1, ""))
		synctest.Wait()
		h.release[0xA] <- nil
		b.expect("RESULT #1 00 \"\"")
	})
}

// TestFloodDoesNotSilence: a peer that asks more than the line can answer does not keep
// our own messages from the line.
func TestFloodDoesNotSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		b := newBench(t, Config{}, func(near *end) { near.gate = gate })
		stop := make(chan struct{})
		defer func() {
			close(stop)
			time.Sleep(time.Second) // until they have seen it
		}()
		go func() { // the line takes a frame each 10 ms
			for {
				select {
				case gate <- struct{}{}:
				case <-stop:
					close(gate)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		go func() { // and the peer asks five times as often
			for id := uint16(0); ; id++ {
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Millisecond):
				}
				b.send(invoke(1, id, ""))
			}
		}()
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		call := b.call(ctx, 0, 1, "")
		if err := b.ep.Notify(ctx, 2, nil); err != nil {
			t.Errorf("Notify: %v", err)
		}
		<-call
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		var calls, notices int
		for _, m := range b.heard {
			calls += strings.Count(m, "INVOKE")
			notices += strings.Count(m, "ONEWAY")
		}
		if calls != 1 || notices != 1 {
			t.Errorf("%d calls and %d notifications reached the line", calls, notices)
		}
	})
}
