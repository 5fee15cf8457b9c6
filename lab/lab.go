// Package lab serves the built page together with devices that appear on it as
// ports: simulated ones in real time, and foreign ones behind a TCP port or a PTY.
// Everything stays on loopback.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// Options describe a lab.
type Options struct {
	Dist    fs.FS  // the built page; nil: only the lab's own addresses are served
	Devices []Spec // in the order in which the page lists them
	// Log gets remarks on what devices do; nil: nobody does.
	Log func(format string, args ...any)
}

// Spec describes one device: a simulated one by Sim, or a foreign one by Attach.
type Spec struct {
	Name string // for people, and for Lab.Device; unique and not empty

	Sim  sim.Device      // the simulated device
	Wire sim.WireOptions // the line to it; Info without a name gets Name
	// USBPower makes it lose its power with the adapter, and start anew with it.
	USBPower bool

	// Attach is the address of a foreign device that speaks raw bytes:
	// "tcp:HOST:PORT" dials, "listen:PORT" lets it dial, "pty:PATH" opens a terminal.
	Attach string

	// Expose gives a simulated device to a foreign program instead of to the page:
	// "tcp:PORT" listens, "connect:HOST:PORT" dials, "pty:LINK" makes a PTY and a
	// symbolic link to it.
	Expose string
}

// Lab is a set of devices and the server of the page for them.
type Lab struct {
	dist    fs.FS
	log     func(format string, args ...any)
	devices []*Device
	ports   *ports
	running sync.WaitGroup
}

// Device is one device of a lab.
type Device struct {
	spec  Spec
	order int
	wire  *sim.Wire // of a simulated one

	mu      sync.Mutex
	address net.Addr
}

// New makes a lab; nothing runs yet. It fails where a Spec makes no sense, and where
// an address is not on loopback.
func New(o Options) (*Lab, error) {
	l := &Lab{dist: o.Dist, log: o.Log, ports: newPorts()}
	if l.log == nil {
		l.log = func(string, ...any) {}
	}
	for _, s := range o.Devices {
		if err := s.check(); err != nil {
			return nil, err
		}
		if l.Device(s.Name) != nil {
			return nil, fmt.Errorf("lab: two devices are called %q", s.Name)
		}
		d := &Device{spec: s, order: len(l.devices)}
		if s.Sim != nil {
			if s.Wire.Info.Name == "" {
				s.Wire.Info.Name = s.Name
			}
			d.wire = sim.NewWire(s.Wire)
		}
		l.devices = append(l.devices, d)
	}
	return l, nil
}

func (s *Spec) check() error {
	switch {
	case s.Name == "":
		return errors.New("lab: a device needs a name")
	case (s.Sim == nil) == (s.Attach == ""):
		return fmt.Errorf("lab: device %q has to be either simulated or attached", s.Name)
	case s.Expose != "" && s.Sim == nil:
		return fmt.Errorf("lab: device %q cannot be exposed: it is not simulated", s.Name)
	}
	if s.Attach != "" {
		if err := checkAttach(s.Attach); err != nil {
			return fmt.Errorf("lab: device %q: %w", s.Name, err)
		}
	}
	if s.Expose != "" {
		if err := checkExpose(s.Expose); err != nil {
			return fmt.Errorf("lab: device %q: %w", s.Name, err)
		}
	}
	return nil
}

// Device returns a device by its name, or nil.
func (l *Lab) Device(name string) *Device {
	for _, d := range l.devices {
		if d.spec.Name == name {
			return d
		}
	}
	return nil
}

// Start serves the lab on addr, such as "127.0.0.1:0", and runs its devices until
// ctx ends. It returns the address of the page.
func (l *Lab) Start(ctx context.Context, addr string) (url string, err error) {
	if err := checkLoopback(addr); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	listener, err := listenLoopback(ctx, addr)
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	server := &http.Server{
		Handler:           l.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute, // these three end with the request: not for WebSockets
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go server.Serve(listener)
	context.AfterFunc(ctx, func() { server.Close() })
	l.running.Go(func() { l.Run(ctx) })
	return "http://" + listener.Addr().String() + "/?lab", nil
}

// Wait waits for the end of what Start started, after its context ended.
func (l *Lab) Wait() { l.running.Wait() }

// Run runs the devices until ctx ends. Start does so by itself.
func (l *Lab) Run(ctx context.Context) {
	var work sync.WaitGroup
	for _, d := range l.devices {
		work.Go(func() { l.run(ctx, d) })
	}
	work.Wait()
}

func (l *Lab) run(ctx context.Context, d *Device) {
	switch {
	case d.spec.Attach != "":
		l.attach(ctx, d)
	case d.spec.Expose != "":
		l.expose(ctx, d)
	default:
		l.simulate(ctx, d)
	}
}

// simulate runs a simulated device and lists its adapter whenever it is plugged in.
func (l *Lab) simulate(ctx context.Context, d *Device) {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { l.power(ctx, d, d.spec.Sim) })
	for ctx.Err() == nil {
		changed := d.wire.PlugChanged()
		if d.wire.Plugged() {
			unplug := l.ports.plug(d.entry(), d.order, d.wire.Adapter())
			select {
			case <-changed:
			case <-ctx.Done():
			}
			unplug()
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// power runs a simulated device for as long as it has power.
func (l *Lab) power(ctx context.Context, d *Device, device sim.Device) {
	if n := d.NCP(); n != nil {
		n.SetOffered(func(o ncpsim.Outcome) { l.log("%s: update of the MCU: %v", d.spec.Name, o) })
	}
	run := sim.Run
	if d.spec.USBPower {
		run = sim.Power
	}
	if err := run(ctx, d.wire, device); err != nil && ctx.Err() == nil {
		l.log("%s stopped: %v", d.spec.Name, err)
	}
}

// entry is how the page is told of the device.
func (d *Device) entry() entry {
	e := entry{Name: d.spec.Name, Detail: d.spec.Attach}
	if d.wire != nil {
		e.Detail = "simulated"
		info := d.wire.Adapter().Info()
		e.VID, e.PID = info.VendorID, info.ProductID
	}
	return e
}

// Name returns the device's name.
func (d *Device) Name() string { return d.spec.Name }

// Wire returns the line to a simulated device, nil for a foreign one.
func (d *Device) Wire() *sim.Wire { return d.wire }

// NCP returns the simulated NCP, nil where the device is something else.
func (d *Device) NCP() *ncpsim.NCP {
	n, _ := d.spec.Sim.(*ncpsim.NCP)
	return n
}

// Unplug unplugs a simulated device.
func (d *Device) Unplug() {
	if d.wire != nil {
		d.wire.Unplug()
	}
}

// Plug plugs a simulated device in again.
func (d *Device) Plug() {
	if d.wire != nil {
		d.wire.Plug()
	}
}

// Refuse makes every opening of a simulated device fail for a reason, until Accept.
func (d *Device) Refuse(reason serial.OpenReason) {
	if d.wire != nil {
		d.wire.RefuseOpen(&serial.OpenError{Reason: reason})
	}
}

// Accept ends Refuse.
func (d *Device) Accept() {
	if d.wire != nil {
		d.wire.RefuseOpen(nil)
	}
}

// Address returns where an exposed device listens, or where a foreign one is awaited, nil
// before that and for others: for "tcp:0" and "listen:0" this tells the port.
func (d *Device) Address() net.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.address
}

func (d *Device) setAddress(a net.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.address = a
}
