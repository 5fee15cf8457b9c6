//go:build js && wasm

package main

import (
	"context"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
)

// brokenName is the name of a Worker that offers the devices with a fault.
const brokenName = "broken"

// startBroken plugs in every device with a fault. Its name is that of the fault.
func (w *worker) startBroken() {
	for _, f := range faultsim.All() {
		wire := f.NewWire(serial.Info{Name: f.Name})
		w.start(device{name: f.Name, wire: wire, device: whenOpen{f.Device}})
	}
}

// whenOpen gives a device power while its port is open: they are many, and some never
// rest.
//
// It is called for a device each time.
type whenOpen struct{ device func() sim.Device }

// closedFor is how long a port may be closed without being left: a change of rate
// closes it as well.
const closedFor = 3 * time.Second

// Run powers a new device at each opening until the port is left.
func (d whenOpen) Run(ctx context.Context, u sim.UART) error {
	for ctx.Err() == nil {
		changed := u.LinesChanged()
		if u.Lines().Open {
			if err := d.power(ctx, u); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

func (d whenOpen) power(ctx context.Context, u sim.UART) error {
	on, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		for on.Err() == nil {
			changed := u.LinesChanged()
			var left <-chan time.Time
			if !u.Lines().Open {
				left = time.After(closedFor)
			}
			select {
			case <-changed:
			case <-left:
				return
			case <-on.Done():
			}
		}
	}()
	err := d.device().Run(on, u)
	<-on.Done() // one that has ended by itself stays off until the port is left
	return err
}
