//go:build js && wasm

package main

import (
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/mcusim"
)

// mcus are the Primary MCUs that an update can be practised with, by the names of their
// ports. The words are part of the page (the Update view in wasm/workui).
var mcus = []struct {
	name    string
	options mcusim.Options
	lose    int // each lose-th answer to a chunk is lost; 0: none is
}{
	{name: "Simulated MCU"},
	{name: "Simulated MCU that loses answers", lose: 20},
	{name: "Simulated MCU that refuses", options: mcusim.Options{Broken: mcusim.Refuses}},
	{name: "Simulated MCU that falls back", options: mcusim.Options{Broken: mcusim.Reverts}},
}

// mcuErase and mcuValues make a simulated MCU look like one: erasing takes its time, and
// values come.
const (
	mcuErase  = 400 * time.Millisecond
	mcuValues = 2 * time.Second
)

// startMCUs plugs the MCUs in. Each has power while its port is open, and runs what it
// was updated to for as long as this Worker lives.
func (w *worker) startMCUs() {
	for _, m := range mcus {
		mcu := sync.OnceValue(func() sim.Device {
			o := m.options
			o.Erase, o.Values = mcuErase, mcuValues
			if m.lose > 0 {
				return &mcusim.Lossy{MCU: mcusim.New(o), Every: m.lose}
			}
			return mcusim.New(o)
		})
		wire := sim.NewWire(sim.WireOptions{Info: serial.Info{Name: m.name}, FIFO: boardFIFO})
		w.start(device{name: m.name, detail: "in this browser", wire: wire, device: whenOpen{mcu}})
	}
}

// The sample firmware of mcuChip is for the simulated MCUs: the next version of what
// they come with. It is long enough to be seen on its way.
const (
	mcuChip          = "mcu"
	mcuSampleType    = "TMPL0demo0001"
	mcuSampleVersion = "1.1.0"
	mcuSampleSize    = 96 << 10
)
