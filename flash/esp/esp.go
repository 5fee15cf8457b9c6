// Package esp writes firmware into the chips of Espressif through their serial boot
// loader: the one in mask ROM, and the faster stub that it loads into RAM.
//
// The source of numbers without another one is the vendor's serial protocol manual, as
// collected in the project's sheet esp-serial.
package esp

import (
	"context"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/serial"
)

// Options are how a Flasher works. The zero value connects to any chip by the usual
// lines, without a stub, and updates what differs.
type Options struct {
	Want  string // id of the chip that is expected, as in Chips; empty: any
	Reset Reset  // how the chip is brought into its loader
	// Start is the rate of the first words, in bits per second. 0: as fast as the
	// loader detects safely (see StartRate), then 115200.
	Start int
	// Baud is the rate of the transfer; 0: the fastest that this adapter is known or
	// assumed to do, stepping down until one works.
	Baud int
	// Known is the rate that worked with this adapter before; 0: none. It goes first
	// where Baud is 0.
	Known int
	// Fixed keeps the port at Start: it is not closed and opened again, which on some
	// adapters resets the chip.
	Fixed bool
	// Opened is the rate at which the port is open; 0: not known. Where it is the rate of
	// the first words, the port need not be opened again for them.
	Opened int
	// Size is the size of the flash memory in bytes, for chips that do not tell it
	// (secure download mode). 0: not known.
	Size int64
	// Done is a rate to which Run sets the port at the end, for passthrough sketches that
	// take it as the sign to restart the NCP: 2400. 0: none.
	Done int
	// Stub loads the stub of a chip, the JSON of package esptool-js. nil: work with the
	// ROM alone, which is slower.
	Stub func(ctx context.Context, chip string) ([]byte, error)
	// Packer compresses. nil: with the standard library, on the caller's thread.
	Packer Packer
	// Breathe lets others have the thread for a moment, in the middle of long sums; it may
	// be called by several goroutines. nil:
	// nobody needs it.
	Breathe func(ctx context.Context)
	// Event is told how far the work is, on the goroutine of the method that works. It
	// must not wait. nil: nobody listens.
	Event func(flash.Event)
	// Log gets what the chip prints outside of frames. It must not wait nor keep the
	// slice. nil: nobody listens.
	Log func([]byte)
	How How
}

// How is what a person chose about writing.
type How struct {
	EraseAll bool // erase the whole flash memory first; settings are lost
	// Settings writes also those stretches of a merged image that hold nothing but FF
	// where its partition table has settings, OTA data or a file system: they are then
	// erased. Otherwise they stay as they are.
	Settings bool
	All      bool // do not compare first: write everything
	// Encrypted insists on writing as it is into a chip whose flash encryption is on.
	Encrypted bool
}

// Packer compresses for the stub.
type Packer interface {
	// Pack returns data as a zlib stream with a window of at most 32 KiB, at least as
	// tight as zlib at level 9. It may be called by several goroutines.
	Pack(ctx context.Context, data []byte) ([]byte, error)
}

// Flasher is one chip on one port. It implements flash.Flasher.
type Flasher struct {
	o    Options
	load *loader
	connection
	work // plan and transfer
}

var _ flash.Flasher = (*Flasher)(nil)

// New makes a Flasher for an open port. The port stays the caller's: it is not closed.
func New(port serial.Port, o Options) *Flasher {
	return &Flasher{o: o, load: newLoader(port, o)}
}

// Connect brings the chip into its loader, identifies it, starts the stub where there
// is one, and settles on a rate. It may be called again after any error.
func (f *Flasher) Connect(ctx context.Context) (flash.Device, error) {
	defer f.load.rest()
	return f.connect(ctx)
}

// Flash writes an image as Options.How says and verifies all of it.
func (f *Flasher) Flash(ctx context.Context, image *firmware.Image) error {
	defer f.load.rest()
	return f.flash(ctx, image)
}

// Run resets the chip and lets its firmware start.
func (f *Flasher) Run(ctx context.Context) error {
	defer f.load.rest()
	return f.run(ctx)
}
