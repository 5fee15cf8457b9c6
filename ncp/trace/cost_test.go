package trace

import (
	"context"
	"io"
	"testing"

	"ncpweb/ncp/rpc"
)

// pipe is one end of a line in memory.
type pipe struct {
	io.Reader
	io.Writer
}

// BenchmarkInvoke is a round trip between two Endpoints in one process, of which one is
// recorded or not.
func BenchmarkInvoke(b *testing.B) {
	for _, test := range []struct {
		name   string
		tracer rpc.Tracer
	}{{"plain", nil}, {"recorded", New().Trace}} {
		b.Run(test.name, func(b *testing.B) {
			r1, w1 := io.Pipe()
			r2, w2 := io.Pipe()
			echo := rpc.HandlerFunc(func(context.Context, rpc.Request) ([]byte, error) { return []byte{1}, nil })
			near := rpc.NewEndpoint(pipe{r1, w2}, rpc.Config{})
			far := rpc.NewEndpoint(pipe{r2, w1}, rpc.Config{Handler: echo})
			near.SetTracer(test.tracer)
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 2)
			go func() { ended <- near.Serve(ctx) }()
			go func() { ended <- far.Serve(ctx) }()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := near.Invoke(ctx, 0x0306, []byte{1, 2, 3, 4}); err != nil {
					b.Fatal(err)
				}
			}
			cancel()
			w1.Close()
			w2.Close()
			<-ended
			<-ended
		})
	}
}
