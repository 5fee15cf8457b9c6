package lab

import (
	"fmt"
	"strings"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
	"ncpweb/sim/ncpsim"
)

// Specs collects devices as a command line names them; the methods are for
// flag.Func. The same name in -sim and -expose is the same device.
type Specs struct{ list []Spec }

// All returns the devices, in the order of their first naming.
func (s *Specs) All() []Spec { return s.list }

// Sim adds a simulated NCP: NAME or NAME=OPTIONS, with the options of the
// simulator, or NAME=fault=FAULT with one of those of faultsim, or NAME=esp=CHIP with
// further options (BoardHelp) for a board that can be flashed, or NAME=mcu with further
// options (MCUHelp) for a Primary MCU.
func (s *Specs) Sim(arg string) error {
	name, options, _ := strings.Cut(arg, "=")
	spec, err := s.simulated(name, options)
	if err != nil {
		return err
	}
	return s.add(spec)
}

// Attach adds a foreign device: NAME=tcp:HOST:PORT, NAME=listen:PORT or NAME=pty:PATH.
func (s *Specs) Attach(arg string) error {
	name, target, ok := strings.Cut(arg, "=")
	if !ok {
		return fmt.Errorf("want NAME=tcp:HOST:PORT, NAME=listen:PORT or NAME=pty:PATH")
	}
	return s.add(Spec{Name: name, Attach: target})
}

// Expose gives a simulated device to a foreign program: NAME=tcp:PORT, NAME=pty:LINK
// or NAME=connect:HOST:PORT. A NAME that no -sim named before is an NCP as it comes.
func (s *Specs) Expose(arg string) error {
	name, target, ok := strings.Cut(arg, "=")
	if !ok {
		return fmt.Errorf("want NAME=tcp:PORT, NAME=pty:LINK or NAME=connect:HOST:PORT")
	}
	for i := range s.list {
		if s.list[i].Name != name {
			continue
		}
		if s.list[i].Expose != "" {
			return fmt.Errorf("device %q is exposed twice", name)
		}
		s.list[i].Expose = target
		return s.list[i].check()
	}
	spec, err := s.simulated(name, "")
	if err != nil {
		return err
	}
	spec.Expose = target
	return s.add(spec)
}

func (s *Specs) simulated(name, options string) (Spec, error) {
	if fault, ok := strings.CutPrefix(options, "fault="); ok {
		return broken(name, fault)
	}
	if board, ok := strings.CutPrefix(options, "esp="); ok {
		return boardSpec(name, board)
	}
	if rest, ok := strings.CutPrefix(options, "mcu"); ok && (rest == "" || rest[0] == ',') {
		return mcuSpec(name, rest)
	}
	o, err := ncpsim.ParseOptions(options)
	if err != nil {
		return Spec{}, fmt.Errorf("device %q: %w", name, err)
	}
	return Spec{
		Name: name,
		Sim:  ncpsim.New(o),
		Wire: sim.WireOptions{Info: serial.Info{Name: name}},
	}, nil
}

// broken is a device with a fault.
func broken(name, fault string) (Spec, error) {
	f, ok := faultsim.Find(fault)
	switch {
	case !ok:
		return Spec{}, fmt.Errorf("device %q: no fault is called %q", name, fault)
	case f.Refuse != nil:
		return Spec{}, fmt.Errorf("device %q: a port that does not open is for the page's own simulator", name)
	}
	wire := f.Wire
	wire.Info.Name = name
	return Spec{Name: name, Sim: f.Device(), Wire: wire}, nil
}

func (s *Specs) add(spec Spec) error {
	for _, other := range s.list {
		if other.Name == spec.Name {
			return fmt.Errorf("two devices are called %q", spec.Name)
		}
	}
	if err := spec.check(); err != nil {
		return err
	}
	s.list = append(s.list, spec)
	return nil
}
