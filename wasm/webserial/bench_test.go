//go:build js && wasm

package webserial

import (
	"context"
	"io"
	"syscall/js"
	"testing"

	"ncpweb/serial"
)

// BenchmarkReceive is the way of a 64-byte chunk, what an FTDI adapter brings at
// once, from the browser's stream into the reader's buffer.
func BenchmarkReceive(b *testing.B) {
	fakes := js.Global().Get("testing")
	if fakes.IsUndefined() {
		b.Skip("needs -exec=\"node wasm/webserial/testdata/exec.mjs\"")
	}
	fake := fakes.Call("fakeSerial")
	shim, err := newShim(fakes.Call("shim", fake))
	if err != nil {
		b.Fatal(err)
	}
	list, err := shim.Provider(Browser).List(context.Background())
	if err != nil || len(list) != 1 {
		b.Fatal(err)
	}
	p, err := list[0].Open(context.Background(), serial.Mode{Baud: 115200})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	array := js.Global().Get("Uint8Array").New(64)
	buf := make([]byte, 64)
	b.SetBytes(64)
	b.ReportAllocs()
	for b.Loop() {
		fake.Get("port").Call("say", array)
		if _, err := io.ReadFull(p, buf); err != nil {
			b.Fatal(err)
		}
	}
}
