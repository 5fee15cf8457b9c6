//go:build js && wasm

package workui

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"ncpweb/wasm/page"
)

// fake makes services of functions that stand in for those of the script.
func fake(t *testing.T, functions map[string]func(args []js.Value) any) *services {
	t.Helper()
	module := js.Global().Get("Object").New()
	for name, f := range functions {
		fn := js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) })
		t.Cleanup(fn.Release)
		module.Set(name, fn)
	}
	s := &services{there: make(chan struct{}), module: module}
	close(s.there)
	return s
}

// sample is data that packs to about a half.
func sample(n int) []byte {
	data := make([]byte, n)
	x := uint32(1)
	for i := range data {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 28)
	}
	return data
}

func unpack(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBreatheGivesTurns(t *testing.T) {
	b := newBreather()
	turns := 0
	var tick js.Func
	tick = js.FuncOf(func(js.Value, []js.Value) any {
		turns++
		js.Global().Call("setTimeout", tick, 0)
		return nil
	})
	js.Global().Call("setTimeout", tick, 0)
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		b.breathe(t.Context())
	}
	if turns == 0 { // node takes messages before timers; browsers are fairer
		t.Error("nothing else had a turn in 100 ms")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.breathe(ctx) // returns
}

func TestDigest(t *testing.T) {
	b := newBreather()
	for _, n := range []int{0, 1, digestSlice, 3*digestSlice + 7} {
		data := sample(n)
		if got, err := b.digest(t.Context(), data); err != nil || got != sha256.Sum256(data) {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.digest(ctx, sample(100)); !errors.Is(err, context.Canceled) {
		t.Errorf("a digest that was given up: %v", err)
	}
}

func TestPackAlone(t *testing.T) {
	calls := 0
	s := fake(t, map[string]func([]js.Value) any{
		"prepare": func([]js.Value) any { return nil },
		"pack": func(args []js.Value) any {
			calls++
			args[1].Invoke(js.Null(), "the Worker did not start")
			return nil
		},
	})
	p := newPacker(s, newBreather().breathe)
	for range 2 {
		data := sample(100_000)
		packed, err := p.Pack(t.Context(), data)
		if err != nil || !bytes.Equal(unpack(t, packed), data) {
			t.Fatalf("without Workers: %v", err)
		}
	}
	if calls != 1 {
		t.Errorf("Workers that do not run were asked %d times", calls)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := p.Pack(ctx, sample(8<<20)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 300*time.Millisecond {
		t.Errorf("given up after 20 ms: %v after %v", err, time.Since(began))
	}
}

func TestPackByWorkers(t *testing.T) {
	gaveUp, hang := 0, false
	stop := js.FuncOf(func(js.Value, []js.Value) any { gaveUp++; return nil })
	defer stop.Release()
	s := fake(t, map[string]func([]js.Value) any{
		"prepare": func([]js.Value) any { return nil },
		"pack": func(args []js.Value) any {
			if !hang {
				args[1].Invoke(args[0].Call("subarray", 0, 3), "")
			}
			return stop
		},
	})
	p := newPacker(s, newBreather().breathe)
	if got, err := p.Pack(t.Context(), []byte("abcdef")); err != nil || string(got) != "abc" {
		t.Fatalf("%q, %v", got, err)
	}
	hang = true
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	for range 2 { // the second waits for its turn
		go func() {
			_, err := p.Pack(ctx, []byte("abcdef"))
			errs <- err
		}()
	}
	time.Sleep(20 * time.Millisecond)
	cancel()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	}
	if gaveUp != 1 || p.alone {
		t.Errorf("the Workers were stopped %d times; given up for ever: %v", gaveUp, p.alone)
	}
	hang = false
	if got, err := p.Pack(t.Context(), []byte("xyz123")); err != nil || string(got) != "xyz" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

// TestBytesAreBounded: what the script hands over is checked.
func TestBytesAreBounded(t *testing.T) {
	var answer js.Value
	s := fake(t, map[string]func([]js.Value) any{"stub": func(args []js.Value) any {
		args[1].Invoke(answer, "")
		return nil
	}})
	answer = js.Global().Get("Uint8Array").New(101)
	if _, err := s.bytes(t.Context(), 100, "stub", "esp32"); !errors.Is(err, page.ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	if b, err := s.bytes(t.Context(), 101, "stub", "esp32"); err != nil || len(b) != 101 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	answer = js.Null()
	if _, err := s.bytes(t.Context(), 100, "stub", "esp32"); err == nil || !strings.Contains(err.Error(), "no bytes") {
		t.Errorf("nothing: %v", err)
	}
	missing := &services{there: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := missing.bytes(ctx, 1, "stub"); !errors.Is(err, context.Canceled) {
		t.Errorf("a script that does not come: %v", err)
	}
}
