//go:build js && wasm

package main

import (
	"context"
	"syscall/js"
	"testing"
	"time"

	"ncpweb/lab/portlink"
	"ncpweb/serial"
	"ncpweb/serial/serialtest"
	"ncpweb/sim"
	"ncpweb/wasm/webserial"
)

// bench is the page's whole path to a simulated wire: the binding, its JavaScript,
// the simulator's ports, a MessageChannel, and this program's end of it.
type bench struct {
	t        *testing.T
	ctx      context.Context
	wire     *sim.Wire
	ports    js.Value
	provider *webserial.Provider
	id       byte
}

func newBench(t *testing.T, o sim.WireOptions) *bench {
	t.Helper()
	fakes := js.Global().Get("testing")
	if fakes.IsUndefined() {
		t.Skip("needs -exec=\"node wasm/webserial/testdata/exec.mjs\"")
	}
	b := &bench{t: t, ctx: t.Context(), wire: sim.NewWire(o), id: 'a'}
	t.Cleanup(b.wire.Close)
	take := js.FuncOf(func(_ js.Value, args []js.Value) any {
		conn := newMessagePort(args[1])
		go func() {
			defer conn.close()
			portlink.Serve(b.ctx, conn, b.wire.Adapter())
		}()
		return nil
	})
	t.Cleanup(take.Release)
	b.ports = fakes.Call("simPorts", take)
	js.Global().Set("ncpweb", fakes.Call("shim", b.ports))
	shim, err := webserial.New()
	if err != nil {
		t.Fatal(err)
	}
	b.provider = shim.Provider(webserial.Browser)
	t.Cleanup(b.provider.Watch(func(webserial.Event) {}))
	b.list(true)
	return b
}

// list tells the page what is plugged in.
func (b *bench) list(plugged bool) {
	list := "[]"
	if plugged {
		list = `[{"id":"` + string(b.id) + `","name":"wire"}]`
	}
	b.ports.Call("update", js.Global().Get("JSON").Call("parse", list))
}

func (b *bench) adapter() serial.Adapter {
	b.t.Helper()
	list, err := b.provider.List(b.ctx)
	if err != nil || len(list) != 1 {
		b.t.Fatalf("List: %d ports, %v", len(list), err)
	}
	return list[0]
}

func (b *bench) plug() serial.Adapter {
	b.wire.Plug()
	b.id++
	b.list(true)
	return b.adapter()
}

// The port at the end of the path is a port as the contract says.
func TestPort(t *testing.T) {
	for name, unplug := range map[string]func(*bench){
		"ByWire": func(b *bench) { b.wire.Unplug() },
		"ByList": func(b *bench) { b.list(false); b.wire.Unplug() },
	} {
		t.Run(name, func(t *testing.T) {
			serialtest.TestPort(t, func(t *testing.T) serialtest.Rig {
				b := newBench(t, sim.WireOptions{FIFO: 64 << 10})
				mode := serial.Mode{Baud: 921600}
				if err := b.wire.UART().SetMode(mode); err != nil {
					t.Fatal(err)
				}
				return serialtest.Rig{
					Adapter:     b.adapter(),
					Mode:        mode,
					Peer:        b.wire.UART(),
					SetPeerMode: b.wire.UART().SetMode,
					Unplug:      func() { unplug(b) },
					Plug:        b.plug,
					Lines: func() (dtr, rts bool) {
						l := b.wire.UART().Lines()
						return l.DTR, l.RTS
					},
					Stuck: 1200 << 10,
					Bulk:  40 << 10,
				}
			})
		})
	}
}

// A page that leaves closes the port.
func TestPageGoes(t *testing.T) {
	b := newBench(t, sim.WireOptions{})
	p, err := b.adapter().Open(b.ctx, serial.Mode{Baud: 115200})
	if err != nil {
		t.Fatal(err)
	}
	b.list(false)
	if _, err := p.Read(make([]byte, 1)); err == nil {
		t.Error("read from a port that is gone")
	}
	for end := time.Now().Add(2 * time.Second); b.wire.UART().Lines().Open; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the wire's port is still open")
		}
	}
}

// The demonstration device is made of options that exist.
func TestDemo(t *testing.T) {
	if d, board := demo(); d.device == nil || d.wire == nil || d.name == "" || board == nil {
		t.Errorf("%+v", d)
	}
}
