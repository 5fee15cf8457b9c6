// Package faultsim holds simulated devices with what goes wrong in the field: other
// firmware, a chip that is left in its loader, a second talker on the line, wires and
// levels that are not right. Each is what a person has who says "nothing answers". Like
// all simulators it shares no code with what is to find the fault.
package faultsim

import (
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// Fault is a device with a fault, on its line.
type Fault struct {
	Name  string          // short, stable, such as "download"
	About string          // what is wrong, in a few words
	Wire  sim.WireOptions // the line to it
	// Refuse is why the port does not open; nil: it does.
	Refuse *serial.OpenError

	device func() sim.Device
}

// Device makes the device anew, without power.
func (f *Fault) Device() sim.Device { return f.device() }

// NewWire makes the line to the device; its port opens unless that is the fault.
func (f *Fault) NewWire(info serial.Info) *sim.Wire {
	o := f.Wire
	o.Info = info
	w := sim.NewWire(o)
	w.RefuseOpen(f.Refuse)
	return w
}

// Find returns the fault with that name.
func Find(name string) (Fault, bool) {
	for _, f := range All() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// All returns all faults.
func All() []Fault {
	provisioned := ncpsim.Options{Provisioned: true, Initialized: true}
	ncp := func(o ncpsim.Options) func() sim.Device {
		return func() sim.Device { return ncpsim.New(o) }
	}
	with := func(change func(sim.UART) sim.UART) func() sim.Device {
		return func() sim.Device { return &changed{ncpsim.New(provisioned), change} }
	}
	run := func(f func(context.Context, sim.UART) error) func() sim.Device {
		return func() sim.Device { return device(f) }
	}
	list := []Fault{
		{Name: "none", About: "an NCP in order", device: ncp(provisioned)},
		{Name: "notemplate", About: "an NCP that was told no product", device: ncp(ncpsim.Options{})},
		{Name: "notprovisioned", About: "an NCP without network credentials", device: ncp(ncpsim.Options{Initialized: true})},
		{Name: "rate", About: "an NCP that runs at 2,000,000 baud", device: ncp(ncpsim.Options{Baud: 2_000_000, Provisioned: true, Initialized: true})},
		{Name: "oddrate", About: "an NCP that was left at 250,000 baud", device: with(func(u sim.UART) sim.UART { return &oddRate{UART: u, baud: 250_000} })},
		{Name: "swapped", About: "TX and RX swapped: nothing in, nothing out", device: run(silent)},
		{Name: "deaf", About: "the wire to the NCP's RX is broken", device: with(func(u sim.UART) sim.UART { return &deaf{u} })},
		{Name: "held", About: "RTS holds the board in reset", device: func() sim.Device { return held{ncpsim.New(provisioned)} }},
		{Name: "mcu", About: "a Primary MCU speaks on the same line", device: func() sim.Device { return shared{ncpsim.New(provisioned), false} }},
		{Name: "mcuport", About: "the port is that of the Primary MCU", device: func() sim.Device { return shared{ncpsim.New(provisioned), true} }},
		{Name: "download", About: "the ESP stays in download mode: BOOT is held", device: func() sim.Device { return &loader{} }},
		{Name: "loader", About: "the ESP was left in download mode", device: func() sim.Device { return &loader{next: ncpsim.New(provisioned)} }},
		{Name: "at", About: "an AT firmware instead of the NCP's", device: run(atFirmware)},
		{Name: "log", About: "a firmware that only prints a log", device: run(logOnly)},
		{Name: "noimage", About: "an empty flash", device: run(noImage)},
		{Name: "bootloop", About: "a firmware that crashes again and again", device: run(bootLoop)},
		{Name: "brownout", About: "a supply that breaks down", device: run(brownout)},
		{Name: "levels", About: "levels that do not match: ones arrive as zeros", device: with(func(u sim.UART) sim.UART { return newLossy(u, 0.012) })},
		{Name: "noground", About: "no common ground: noise", device: run(noise)},
		{Name: "echo", About: "TX and RX joined: all comes back", device: run(echo)},
		{Name: "unplugged", About: "a cable that comes loose", device: run(silent),
			Wire: sim.WireOptions{Faults: []sim.Fault{{Dir: sim.ToDevice, At: 40, Kind: sim.Unplug}}}},
		{Name: "busy", About: "another program holds the port", device: run(silent), Refuse: &serial.OpenError{Reason: serial.OpenBusy}},
		{Name: "denied", About: "no permission for the port", device: run(silent), Refuse: &serial.OpenError{Reason: serial.OpenDenied}},
		{Name: "driver", About: "the port does not open", device: run(silent), Refuse: &serial.OpenError{Reason: serial.OpenFailed}},
		{Name: "gone", About: "the adapter is no longer there", device: run(silent), Refuse: &serial.OpenError{Reason: serial.OpenLost}},
	}
	return list
}

// device is a function as a device.
type device func(context.Context, sim.UART) error

// Run is the device's life.
func (d device) Run(ctx context.Context, u sim.UART) error { return lived(ctx, u, d) }

// lived runs f until ctx ends; a Read that waits ends then.
func lived(ctx context.Context, u sim.UART, f func(context.Context, sim.UART) error) error {
	stop := context.AfterFunc(ctx, func() { _ = u.SetReadDeadline(time.Unix(1, 0)) })
	defer func() { stop(); _ = u.SetReadDeadline(time.Time{}) }()
	err := f(ctx, u)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// changed is a device on a UART that something is wrong with.
type changed struct {
	device sim.Device
	change func(sim.UART) sim.UART
}

// Run is the device's life.
func (c *changed) Run(ctx context.Context, u sim.UART) error {
	return c.device.Run(ctx, c.change(u))
}

// read reads until ctx ends, and no longer than until, if that is not zero. ok is false
// at that time.
func read(ctx context.Context, u sim.UART, b []byte, until time.Time) (n int, ok bool, err error) {
	if err := u.SetReadDeadline(until); err != nil {
		return 0, false, err
	}
	if ctx.Err() != nil { // behind SetReadDeadline: that of the end must not be undone
		return 0, false, ctx.Err()
	}
	n, err = u.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, false, ctx.Err()
	}
	return n, err == nil, err
}

// pause lets time pass; what arrives is lost.
func pause(ctx context.Context, u sim.UART, d time.Duration) error {
	b := make([]byte, 256)
	for until := time.Now().Add(d); ; {
		if _, ok, err := read(ctx, u, b, until); err != nil || !ok {
			return err
		}
	}
}

// silent takes what comes and says nothing.
func silent(ctx context.Context, u sim.UART) error {
	for {
		if err := pause(ctx, u, time.Hour); err != nil {
			return err
		}
	}
}

// echo sends back what comes.
func echo(ctx context.Context, u sim.UART) error {
	b := make([]byte, 256)
	if err := u.SetMode(serial.Mode{Baud: 38400}); err != nil {
		return err
	}
	for {
		n, _, err := read(ctx, u, b, time.Time{})
		if err != nil {
			return err
		}
		if _, err := u.Write(b[:n]); err != nil {
			return err
		}
	}
}
