//go:build js && wasm

package main

import (
	"sync"
	"syscall/js"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
	"ncpweb/sim/mcusim"
)

// boardsName is the name of a Worker that offers blank boards and Primary MCUs, for
// practice.
const boardsName = "boards"

// boardFIFO is the receive buffer of a board, in bytes. It is more than a real one has:
// in a browser, the board may get its turn late.
const boardFIFO = 64 << 10

// demoApp is the length of the firmware in the flash of demo, in bytes: a short one is
// made and checked in no time.
const demoApp = 64 << 10

// boards are those that can be practised with, by the names of their ports. The words
// are part of the page (simulatedBoards in wasm/workui).
var boards = []struct {
	name    string
	options espsim.Options
}{
	{"Simulated ESP32", espsim.Options{Chip: espsim.ESP32}},
	{"Simulated ESP32-C3", espsim.Options{Chip: espsim.ESP32C3}},
	{"Simulated ESP32-S3", espsim.Options{Chip: espsim.ESP32S3}},
	{"Simulated ESP8266", espsim.Options{Chip: espsim.ESP8266}},
	{"Simulated ESP32 behind an MCU", espsim.Options{Chip: espsim.ESP32, Lines: espsim.Direct}},
}

// startBoards plugs the boards in. Each has power while its port is open, and its flash
// keeps what is in it for as long as this Worker lives. Its memory is taken at the first
// opening.
func (w *worker) startBoards() {
	for _, b := range boards {
		board := sync.OnceValue(func() sim.Device { return espsim.New(b.options) })
		wire := sim.NewWire(sim.WireOptions{Info: serial.Info{Name: b.name}, FIFO: boardFIFO})
		w.start(device{name: b.name, detail: "in this browser, blank", wire: wire, device: whenOpen{board}})
	}
}

// samplePrefix begins the message that asks for a firmware for a simulated chip.
const samplePrefix = "sample:"

// sampleVersion is the version of the firmware that is handed out: a newer one than
// that in demo.
const sampleVersion = "0.7.1"

// sendSample answers on port with a firmware as a file for a chip, or for the MCUs, or
// with the empty string where no such chip is simulated.
func sendSample(chip string, port js.Value) {
	image := sampleFor(chip)
	if image == nil {
		port.Call("postMessage", "")
		return
	}
	array := js.Global().Get("Uint8Array").New(len(image))
	js.CopyBytesToJS(array, image)
	port.Call("postMessage", array, []any{array.Get("buffer")})
}

// sampleFor makes the firmware; nil: there is none.
func sampleFor(chip string) []byte {
	switch c := espsim.Chip(chip); c {
	case espsim.ESP8266, espsim.ESP32, espsim.ESP32C3, espsim.ESP32S3:
		return espsim.Image(espsim.ImageOptions{Chip: c, Version: sampleVersion, Seed: 1})
	case mcuChip:
		return mcusim.Image(mcuSampleType, mcuSampleVersion, mcuSampleSize, 1)
	}
	return nil
}
