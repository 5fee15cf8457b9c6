package rpc

import (
	"context"
	"io"
	"testing"
)

// newPair returns two Endpoints that serve each other, and what stops them.
func newPair(a, b Config) (x, y *Endpoint, stop func()) {
	near, far := newLine()
	x, y = NewEndpoint(near, a), NewEndpoint(far, b)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- x.Serve(ctx) }()
	go func() { ended <- y.Serve(ctx) }()
	return x, y, func() {
		cancel()
		near.fail(io.EOF)
		<-ended
		<-ended
	}
}

// BenchmarkInvoke is a round trip with a few bytes each way between two Endpoints in
// one process.
func BenchmarkInvoke(b *testing.B) {
	answer := []byte{1}
	echo := HandlerFunc(func(context.Context, Request) ([]byte, error) { return answer, nil })
	ep, _, stop := newPair(Config{}, Config{Handler: echo})
	defer stop()
	ctx := context.Background()
	args := []byte{1, 2, 3, 4}
	b.ReportAllocs()
	for b.Loop() {
		rets, err := ep.Invoke(ctx, 0x0306, args)
		if err != nil || len(rets) != 1 {
			b.Fatal(rets, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkNotify is one ONEWAY after the other.
func BenchmarkNotify(b *testing.B) {
	ep, _, stop := newPair(Config{}, Config{})
	defer stop()
	ctx := context.Background()
	args := []byte{1, 2, 3, 4}
	b.ReportAllocs()
	for b.Loop() {
		if err := ep.Notify(ctx, 0x0311, args); err != nil {
			b.Fatal(err)
		}
	}
}
