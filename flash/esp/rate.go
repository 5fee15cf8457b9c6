package esp

import (
	"context"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
)

const (
	// StartRate is the fastest rate of the first words, in bits per second. The ROM of
	// every chip measures the rate of SYNC; above this the measuring is not exact enough.
	StartRate = 921600
	// safeRate is one that every adapter and every chip can do.
	safeRate = 115200
	// nominal stands for the rate where it means nothing, over the chip's own USB.
	nominal = 2000000

	// settle is how long a chip may take to be at its new rate (section 6.4). What comes
	// meanwhile means nothing.
	settle = 50 * time.Millisecond
	// proof is the limit for an answer at a rate that may not work.
	proof = 150 * time.Millisecond
)

// ladder are the rates of the transfer, which are tried from the top.
var ladder = []int{2000000, 1500000, 921600, 460800, 230400, safeRate}

// adapters are the fastest rates that are taken for good by the USB ids of an adapter:
// what its data sheet says, but not more than 2 Mbit/s, and what all chips with the
// same ids can do. Product 0 is any.
var adapters = []struct {
	vendor, product uint16
	baud            int
}{
	{0x0403, 0, 2000000},      // FTDI FT232R and later: 3 Mbit/s
	{0x10C4, 0xEA60, 921600},  // CP2102: 1 Mbit/s; CP2102N does more under the same ids
	{0x1A86, 0x55D3, 2000000}, // CH343: 6 Mbit/s
	{0x1A86, 0x55D4, 2000000}, // CH9102: 4 Mbit/s
	{0x1A86, 0, 921600},       // CH340: 2 Mbit/s, not reliable on all boards
}

// AdapterRate returns the rate that is tried first with an adapter.
func AdapterRate(info serial.Info) int {
	for _, a := range adapters {
		if a.vendor == info.VendorID && (a.product == 0 || a.product == info.ProductID) {
			return a.baud
		}
	}
	return StartRate
}

// Rate returns the rate that the last Connect settled on, to be remembered for the
// adapter as Options.Known. It is 0 where rates mean nothing.
func (f *Flasher) Rate() int {
	if f.reset.usb {
		return 0
	}
	return f.details.Rate
}

// targets returns the rates for the transfer that are to be tried, fastest first.
func (f *Flasher) targets() []int {
	top := f.o.Baud
	if top <= 0 {
		top = f.o.Known
	}
	if top <= 0 {
		top = AdapterRate(f.load.port.Info())
	}
	if f.ceiling > 0 {
		top = min(top, f.ceiling)
	}
	list := []int{top}
	for _, r := range ladder {
		if r < top {
			list = append(list, r)
		}
	}
	return list
}

// fixed tells that the rate cannot change while the loader runs: a passthrough sketch
// has lines of which one resets the chip whenever the port is opened.
func (f *Flasher) fixed() bool {
	return f.o.Fixed || f.reset.usb || f.reset.Name == ByDirect || f.reset.Name == ByInverted
}

// setRate sets the rate of the port. Live tells that a loader runs, which must not be
// reset by it.
func (f *Flasher) setRate(ctx context.Context, baud int, live bool) error {
	l := f.load
	if l.baud == baud || f.reset.usb {
		return nil
	}
	hold := live && f.reset.hold
	if hold {
		if err := l.signals(ctx, serial.Signals{DTR: on, RTS: on}); err != nil {
			return l.fail("set rate", flash.PhaseConnect, err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, modeLimit)
	defer cancel()
	if err := l.port.SetMode(limited, serial.Mode{Baud: baud}); err != nil {
		l.baud = 0
		err = l.fail("set rate", flash.PhaseConnect, err)
		if c := code(err); c == flash.CodePort || c == flash.CodeCanceled && ctx.Err() == nil {
			return &flash.Error{Code: flash.CodeRate, Op: "set rate", Err: err}
		}
		return err
	}
	l.baud = baud
	if !hold {
		return nil
	}
	if err := f.release(ctx); err != nil {
		return l.fail("set rate", flash.PhaseConnect, err)
	}
	return nil
}

// release lets both lines go, such as a chip on the usual circuit goes on: RTS first,
// for with DTR alone only its strap is low, with RTS alone it is in reset.
func (f *Flasher) release(ctx context.Context) error {
	for _, s := range []serial.Signals{{RTS: off}, {DTR: off}} {
		if err := f.load.signals(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// raise brings the stub and the port to another rate and proves that it works.
func (f *Flasher) raise(ctx context.Context, baud int) error {
	l := f.load
	if _, err := l.command(ctx, command{op: opChangeRate,
		data: [][]byte{words(uint32(baud), uint32(l.baud))}}); err != nil {
		return err
	}
	changed := time.Now()
	if err := f.setRate(ctx, baud, true); err != nil {
		return err
	}
	if err := l.pause(ctx, settle-time.Since(changed)); err != nil {
		return l.fail("set rate", flash.PhaseConnect, err)
	}
	l.decoder.Reset()
	if err := f.prove(ctx); err != nil {
		if c := code(err); c == flash.CodeTimeout || c == flash.CodeGarbled || c == flash.CodeRefused {
			return &flash.Error{Code: flash.CodeRate, Op: "prove rate", Err: err}
		}
		return err
	}
	return nil
}

// prove exchanges some packets at a new rate, such as damage does nothing. The stub may
// have taken noise for the begin of a frame: SYNC tells, and repairs that.
func (f *Flasher) prove(ctx context.Context) error {
	l := f.load
	if err := l.sync(ctx, 3, proof, true); err != nil {
		return err
	}
	if !l.stub {
		return &flash.Error{Code: flash.CodeTimeout, Op: "prove rate", Detail: "the stub is gone"}
	}
	for range 2 {
		r, err := l.command(ctx, command{op: opReadReg, data: [][]byte{words(magicAddr)}, limit: proof})
		if err != nil {
			return err
		}
		if r.value != f.word {
			return &flash.Error{Code: flash.CodeTimeout, Op: "prove rate", Detail: "wrong answer"}
		}
	}
	return nil
}
