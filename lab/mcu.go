package lab

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/mcusim"
)

// MCUHelp describes the options of a simulated Primary MCU.
const MCUHelp = `mcu alone or first, for a Primary MCU, to which the page is the NCP; then:
  latency=TIME      of its USB adapter (1ms)
  lose=N            each N-th of its answers to chunks is lost
  and the ` + mcusim.OptionsHelp

// MCUSpec is a device that is a Primary MCU, of which each lose-th answer to a chunk is
// lost; with 0, none is. Its wire is that of an adapter with a latency of 1 ms, which
// takes a moment to be closed and opened.
func MCUSpec(name string, o mcusim.Options, lose int) Spec {
	m := mcusim.New(o)
	var d sim.Device = m
	if lose > 0 {
		d = &mcusim.Lossy{MCU: m, Every: lose}
	}
	return Spec{Name: name, Sim: d, Wire: sim.WireOptions{
		Info: serial.Info{Name: name}, Latency: time.Millisecond, FIFO: boardFIFO, Reopen: boardReopen,
	}}
}

// MCU returns the simulated MCU, nil where the device is something else.
func (d *Device) MCU() *mcusim.MCU {
	switch m := d.spec.Sim.(type) {
	case *mcusim.MCU:
		return m
	case *mcusim.Lossy:
		return m.MCU
	}
	return nil
}

// mcuSpec is an MCU as a command line names it, by what follows "mcu".
func mcuSpec(name, options string) (Spec, error) {
	latency, lose := time.Millisecond, 0
	var own []string
	for item := range strings.SplitSeq(strings.TrimPrefix(options, ","), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		var err error
		switch key {
		case "latency":
			if latency, err = time.ParseDuration(value); err != nil || latency < 0 {
				return Spec{}, fmt.Errorf("device %q: option %q: want a time", name, item)
			}
		case "lose":
			if lose, err = strconv.Atoi(value); err != nil || lose < 2 {
				return Spec{}, fmt.Errorf("device %q: option %q: want a number from 2", name, item)
			}
		default:
			own = append(own, item)
		}
	}
	o, err := mcusim.ParseOptions(strings.Join(own, ","))
	if err != nil {
		return Spec{}, fmt.Errorf("device %q: %w", name, err)
	}
	spec := MCUSpec(name, o, lose)
	spec.Wire.Latency = latency
	return spec, nil
}
