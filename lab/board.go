package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
	"ncpweb/sim/ncpsim"
)

// BoardHelp describes the options of a board that can be flashed.
const BoardHelp = `esp=CHIP alone or first, for a board that can be flashed, with esp8266, esp32, esp32c3 or esp32s3; then:
  blank             nothing is in its flash; else the firmware of an NCP is
  size=N            its flash in MiB (4)
  lines=KIND        transistors (usual), direct or inverted (behind an MCU), usb, manual
  secure=KIND+KIND  boot, encrypted, download
  rate=N            the fastest rate at which its line works
  latency=TIME      of its USB adapter (1ms)
  and all options of the simulated NCP, for that in its flash`

// boardFIFO is the receive buffer of a board, in bytes. It is more than a real one has: on
// a busy machine, the board may get its turn late.
const boardFIFO = 64 << 10

// boardReopen is how long closing and opening a port takes, as in Chrome.
const boardReopen = 15 * time.Millisecond

// BoardSpec is a device that is a board. Its wire is that of an adapter with a latency
// of 1 ms, which takes a moment to be closed and opened.
func BoardSpec(name string, o espsim.Options) Spec {
	return Spec{Name: name, Sim: espsim.New(o), Wire: sim.WireOptions{
		Info: serial.Info{Name: name}, Latency: time.Millisecond, FIFO: boardFIFO, Reopen: boardReopen,
	}}
}

// Board returns the simulated board, nil where the device is something else.
func (d *Device) Board() *espsim.Board {
	b, _ := d.spec.Sim.(*espsim.Board)
	return b
}

// boardSpec is a board as a command line names it, by what follows "esp=".
func boardSpec(name, options string) (Spec, error) {
	fail := func(format string, args ...any) (Spec, error) {
		return Spec{}, fmt.Errorf("device %q: "+format, append([]any{name}, args...)...)
	}
	chip, rest, _ := strings.Cut(options, ",")
	p := boardParser{latency: time.Millisecond}
	p.o.Chip = espsim.Chip(chip)
	if !slices.Contains([]espsim.Chip{espsim.ESP8266, espsim.ESP32, espsim.ESP32C3, espsim.ESP32S3}, p.o.Chip) {
		return fail("no chip %q is simulated", chip)
	}
	var ncp []string
	for item := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		own, err := p.take(key, value)
		if err != nil {
			return fail("option %q: %w", item, err)
		}
		if !own {
			ncp = append(ncp, item)
		}
	}
	var err error
	if p.o.NCP, err = ncpsim.ParseOptions(strings.Join(ncp, ",")); err != nil {
		return fail("%w", err)
	}
	if !p.blank {
		p.o.Content = espsim.Image(espsim.ImageOptions{Chip: p.o.Chip, Version: p.o.NCP.Version, FlashSize: p.o.Size})
	}
	spec := BoardSpec(name, p.o)
	spec.Wire.Latency = p.latency
	return spec, nil
}

type boardParser struct {
	o       espsim.Options
	blank   bool
	latency time.Duration
}

// lineKinds are the wirings by their names.
var lineKinds = map[string]espsim.Lines{
	"transistors": espsim.Transistors, "direct": espsim.Direct, "inverted": espsim.Inverted,
	"usb": espsim.USB, "manual": espsim.Manual,
}

// take takes an option that is one of boards. own tells whether it is.
func (p *boardParser) take(key, value string) (own bool, err error) {
	switch key {
	case "blank":
		p.blank = true
	case "size":
		n, err := strconv.ParseUint(strings.TrimSuffix(value, "M"), 10, 7)
		if err != nil || n == 0 || n&(n-1) != 0 {
			return true, fmt.Errorf("want MiB, a power of two up to 64")
		}
		p.o.Size = int(n) << 20
	case "lines":
		lines, ok := lineKinds[value]
		if !ok {
			return true, fmt.Errorf("no such lines")
		}
		p.o.Lines = lines
	case "secure":
		for kind := range strings.SplitSeq(value, "+") {
			switch kind {
			case "boot":
				p.o.Secure.Boot = true
			case "encrypted":
				p.o.Secure.Encrypted = true
			case "download":
				p.o.Secure.Download = true
			default:
				return true, fmt.Errorf("no such kind")
			}
		}
	case "rate":
		if p.o.MaxRate, err = strconv.Atoi(value); err != nil || p.o.MaxRate < 1200 {
			return true, fmt.Errorf("want bits per second")
		}
	case "latency":
		if p.latency, err = time.ParseDuration(value); err != nil || p.latency < 0 {
			return true, fmt.Errorf("want a time")
		}
	default:
		return false, nil
	}
	return true, nil
}
