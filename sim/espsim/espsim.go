// Package espsim is a simulated board with a chip of Espressif: mask ROM with its
// serial loader, the RAM stub that a host uploads, NOR flash with realistic busy
// times, reset and boot strap by DTR and RTS, boot logs, and, once a valid image is in
// flash, a simulated NCP on the same UART. It shares no code with the product's own
// flasher: it is written from the sheet esp-serial alone, so that a mistake on one
// side does not meet the same mistake on the other.
//
// The stub is not executed: an upload that a chip would accept starts a model of stub
// 1.2.2.
package espsim

import (
	"context"
	"sync"
	"time"

	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

var _ sim.Device = (*Board)(nil)

// Chip is a kind of chip.
type Chip string

// Chips.
const (
	ESP8266 Chip = "esp8266"
	ESP32   Chip = "esp32"
	ESP32C3 Chip = "esp32c3"
	ESP32S3 Chip = "esp32s3"
)

// Lines tells what DTR and RTS of the host are wired to.
type Lines uint8

// Wirings.
const (
	// Transistors is the circuit of usual boards: in reset with RTS alone, strap low with
	// DTR alone.
	Transistors Lines = iota
	// Direct is a passthrough sketch: RTS asserted is reset, DTR asserted is strap low.
	Direct
	// Inverted is the passthrough of the Nano RP2040 Connect: RTS asserted is run, not
	// asserted is reset; DTR asserted is strap low.
	Inverted
	// Manual has no lines. Press and Tap are the buttons.
	Manual
	// USB is the chip's own USB-Serial/JTAG. Its reset follows the sequence of DTR and RTS,
	// leaves the strap as it was sampled last, and watchdogs run on in the ROM loader
	// unless the host stops them. The rate means nothing: whatever the host sets, works.
	USB
)

// State is what a chip does.
type State uint8

// States.
const (
	Off      State = iota // no power
	Reset                 // held in reset
	Booting               // between the end of a reset and what follows
	Download              // the ROM's loader
	Stub                  // the stub
	Running               // the NCP firmware
	Stuck                 // no valid image; the ROM complains again and again
	Crashed               // ran code that is none
)

func (s State) String() string {
	return [...]string{"off", "reset", "booting", "download", "stub", "running", "stuck", "crashed"}[s]
}

// Security is what the eFuses of a chip say.
type Security struct {
	Boot      bool // secure boot
	Encrypted bool // flash encryption is on
	Download  bool // secure download mode: no registers, no stub, no digests
}

// Range is a stretch of flash.
type Range struct{ From, To uint32 } // bytes, To excluded

// Options describe a board. The zero value is an ESP32-C3 with 4 MiB of blank flash on
// a usual board.
type Options struct {
	Chip    Chip           // empty: esp32c3
	Size    int            // flash, bytes, a power of two from 256 KiB to 128 MiB; 0: 4 MiB
	Content []byte         // of the flash at the beginning; the rest is FF. It is copied.
	NCP     ncpsim.Options // how the NCP behaves once its firmware runs; its version comes from the image
	Lines   Lines
	Crystal int // MHz; 0: 40, esp8266 26
	Secure  Security
	Strap   bool // the boot strap is low all the time: BOOT is held
	MAC     [6]byte
	// Major and Minor are the revision of the chip; both 0: that of recent ones.
	Major, Minor int

	// NoFlash is a chip without contact to its flash: its id reads FFFFFF.
	NoFlash bool
	// Remapped is a module whose flash is not at the usual pins: the stub has no contact
	// before SPI_ATTACH.
	Remapped bool
	// Bad are stretches whose cells do not program.
	Bad []Range
	// Slow multiplies the busy times of the flash; 0: 1.
	Slow float64
	// StubFails: what is uploaded never starts.
	StubFails bool
	// SyncsLost is how many SYNCs after each reset the ROM does not understand, while it
	// still measures the rate.
	SyncsLost int
	// MaxRate is the fastest rate at which the line works, 0: any. Above it the chip hears
	// and says garbage.
	MaxRate int
	// Quiet leaves the boot log of the ROM out.
	Quiet bool
	// Watchdog is how long the watchdogs of a USB chip wait; 0: 4 s.
	Watchdog time.Duration
}

// Stats count what happened since New.
type Stats struct {
	Commands   map[byte]int // by opcode, those of ROM and stub together; also refused ones
	Refused    int          // answered with an error
	Ignored    int          // frames without an answer: bad escape, too long, no request
	Resets     int          // starts of the ROM, the first one included
	Stubs      int          // starts of the stub
	Programmed int64        // bytes that the flash was told to program
	Erased     int64        // bytes that the flash erased
	Busy       time.Duration
}

// Board is a simulated board. Its methods are safe for concurrent use.
type Board struct {
	o    Options
	chip *chip

	buttons chan button

	mu         sync.Mutex // guards what follows; never held across a wait
	state      State
	watch      chan struct{} // closed at the next change of state
	ncp        *ncpsim.NCP
	violations []string
	stats      Stats
}

// New makes a board without power. Run is its life. Its flash keeps its content from
// one Run to the next.
func New(o Options) *Board {
	o = o.withDefaults()
	return &Board{o: o, chip: chips[o.Chip], buttons: make(chan button)}
}

// Run is the board's life from power-on until ctx ends; it returns nil then.
func (b *Board) Run(ctx context.Context, u sim.UART) error {
	<-ctx.Done()
	return nil
}

// Flash returns a copy of the content of the flash.
func (b *Board) Flash() []byte { return nil }

// State returns what the chip does now.
func (b *Board) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// WaitState returns when the chip is in state s, or with ctx's error.
func (b *Board) WaitState(ctx context.Context, s State) error { return nil }

// Press is the way into the loader by hand: hold BOOT, tap RESET, let go of BOOT. It
// returns when that is done, or with ctx's error; the board must have power.
func (b *Board) Press(ctx context.Context) error { return nil }

// Tap taps RESET.
func (b *Board) Tap(ctx context.Context) error { return nil }

// NCP returns the NCP that the firmware in flash is, nil before it ran. Another
// firmware is another NCP.
func (b *Board) NCP() *ncpsim.NCP {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ncp
}

// Violations returns what a host did that a real chip would not have survived, or that
// does damage on one, in order.
func (b *Board) Violations() []string { return nil }

// Stats returns the counters as they are now.
func (b *Board) Stats() Stats { return Stats{} }

// ImageOptions describe an image.
type ImageOptions struct {
	Chip      Chip
	Size      int     // bytes of the whole file; 0: 1338368, esp8266 515296
	App       int     // bytes of the app; 0: the rest of the file, as far as its partition goes
	FlashSize int     // as the header says; 0: 4 MiB
	Version   string  // empty: 0.7.0
	Seed      uint64  // other content
	Ratio     float64 // share that zlib at level 9 leaves of the file; 0: 0.62
}

// Image returns a merged image as those of the NCP.
func Image(o ImageOptions) []byte { return nil }

type button struct{}
type chip struct{}

var chips = map[Chip]*chip{}

func (o Options) withDefaults() Options { return o }
