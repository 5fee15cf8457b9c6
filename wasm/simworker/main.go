//go:build js && wasm

// Command simworker is the program of the page's simulator Worker: simulated devices
// in real time, each offered to the page as a port. web/sim.js is the other half.
package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"syscall/js"

	"ncpweb/lab/portlink"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
	"ncpweb/sim/ncpsim"
)

// entry is how the page is told of a port; the members are those of web/remote.js.
type entry struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
	VID    int    `json:"vid,omitempty"`
	PID    int    `json:"pid,omitempty"`
}

// worker holds the plugged-in devices.
type worker struct {
	ctx  context.Context
	self js.Value
	demo *espsim.Board // in the Worker that has it

	mu    sync.Mutex
	next  int
	ports []plugged
}

type plugged struct {
	entry   entry
	adapter serial.Adapter
}

func main() {
	w := &worker{ctx: context.Background(), self: js.Global()}
	w.self.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, port := args[0].Get("data").String(), args[0].Get("ports").Index(0)
		if chip, ok := strings.CutPrefix(id, samplePrefix); ok {
			sendSample(chip, port)
			return nil
		}
		if id == offerRequest {
			w.answerOffer(port)
			return nil
		}
		conn := newMessagePort(port) // at once, before its first message comes
		go w.serve(id, conn)
		return nil
	}))
	switch w.self.Get("name").String() {
	case brokenName:
		w.startBroken()
	case boardsName:
		w.startBoards()
		w.startMCUs()
	default:
		d, board := demo()
		w.demo = board
		w.start(d)
	}
	w.tell()
	select {}
}

// device is a simulated device and the wire it is on.
type device struct {
	name, detail string
	wire         *sim.Wire
	device       sim.Device
}

// demo is the device that makes the page alive at once: a board whose NCP is provisioned,
// and with a cloud whose dashboard moves. It can be flashed as well.
func demo() (device, *espsim.Board) {
	options, err := ncpsim.ParseOptions("provisioned,initialized,dashboard=1s")
	if err != nil {
		panic(err)
	}
	board := espsim.New(espsim.Options{NCP: options, Content: espsim.Image(espsim.ImageOptions{App: demoApp})})
	return device{
		name:   "Simulated NCP",
		detail: "in this browser",
		wire:   sim.NewWire(sim.WireOptions{Info: serial.Info{Name: "Simulated NCP"}, FIFO: boardFIFO}),
		device: board,
	}, board
}

// start gives a device power and plugs it in.
func (w *worker) start(d device) {
	go sim.Run(w.ctx, d.wire, d.device)
	w.plug(d, d.wire.Adapter())
}

// plug lists an adapter, with an id that no other one ever had.
func (w *worker) plug(d device, a serial.Adapter) {
	info := a.Info()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	w.ports = append(w.ports, plugged{
		entry: entry{
			ID: strconv.Itoa(w.next), Name: d.name, Detail: d.detail,
			VID: int(info.VendorID), PID: int(info.ProductID),
		},
		adapter: a,
	})
}

// tell tells the page what is plugged in.
func (w *worker) tell() {
	w.mu.Lock()
	list := struct {
		Ports []entry `json:"ports"`
	}{}
	for _, p := range w.ports {
		list.Ports = append(list.Ports, p.entry)
	}
	w.mu.Unlock()
	message, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	w.self.Call("postMessage", string(message))
}

// serve serves one channel that the page opened.
func (w *worker) serve(id string, conn *messagePort) {
	defer conn.close()
	if a := w.adapter(id); a != nil {
		portlink.Serve(w.ctx, conn, a)
	}
}

func (w *worker) adapter(id string) serial.Adapter {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.ports {
		if p.entry.ID == id {
			return p.adapter
		}
	}
	return nil
}
