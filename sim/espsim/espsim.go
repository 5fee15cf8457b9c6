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
	"errors"
	"maps"
	"math/bits"
	"slices"
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
	Commands   map[byte]int  // by opcode, those of ROM and stub together; also refused ones
	Refused    int           // answered with an error
	Ignored    int           // frames without an answer: bad escape, too long, no request
	Resets     int           // starts of the ROM, the first one included
	Stubs      int           // starts of the stub
	Programmed int64         // bytes that the flash was told to program
	Erased     int64         // bytes that the flash erased
	Busy       time.Duration // how long the flash was busy erasing and programming
}

// Board is a simulated board. Its methods are safe for concurrent use.
type Board struct {
	o     Options
	chip  *chip
	flash *nor

	buttons chan press

	mu         sync.Mutex // guards what follows; never held across a wait
	running    bool
	state      State
	watch      chan struct{} // closed at the next change of state
	ncp        *ncpsim.NCP
	version    string // of the firmware that ncp is
	violations []string
	stats      Stats
}

// New makes a board without power. Run is its life. Its flash keeps its content from
// one Run to the next. An unknown chip is an ESP32-C3.
func New(o Options) *Board {
	o = o.withDefaults()
	b := &Board{
		o: o, chip: chips[o.Chip], flash: newNOR(&o),
		buttons: make(chan press), watch: make(chan struct{}),
	}
	b.stats.Commands = make(map[byte]int)
	b.keepSettings()
	return b
}

// Run is the board's life from power-on until ctx ends; it returns nil then. A board runs
// once at a time.
func (b *Board) Run(ctx context.Context, u sim.UART) error {
	b.mu.Lock()
	busy := b.running
	b.running = true
	b.mu.Unlock()
	if busy {
		return errors.New("espsim: this board runs already")
	}
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running = false
	}()
	_ = u.SetReadDeadline(time.Time{})
	return newLife(b, u).run(ctx)
}

// Flash returns a copy of the content of the flash.
func (b *Board) Flash() []byte { return b.flash.copy() }

// State returns what the chip does now.
func (b *Board) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// WaitState returns when the chip is in state s, or with ctx's error.
func (b *Board) WaitState(ctx context.Context, s State) error {
	for {
		b.mu.Lock()
		now, watch := b.state, b.watch
		b.mu.Unlock()
		if now == s {
			return nil
		}
		select {
		case <-watch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *Board) setState(s State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s == b.state {
		return
	}
	b.state = s
	close(b.watch)
	b.watch = make(chan struct{})
}

// NCP returns the NCP that the firmware in flash is, nil before it ran. Another
// firmware, or the same one without its settings, is another NCP.
func (b *Board) NCP() *ncpsim.NCP {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ncp
}

// Violations returns what a host did that a real chip would not have survived, or that
// does damage on one, in order.
func (b *Board) Violations() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.violations)
}

// maxViolations bounds the list: a hostile host gets no memory.
const maxViolations = 100

func (b *Board) violation(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.violations) < maxViolations {
		b.violations = append(b.violations, s)
	}
}

// Stats returns the counters as they are now.
func (b *Board) Stats() Stats {
	b.mu.Lock()
	s := b.stats
	s.Commands = maps.Clone(s.Commands)
	b.mu.Unlock()
	b.flash.mu.Lock()
	defer b.flash.mu.Unlock()
	s.Programmed, s.Erased, s.Busy = b.flash.programmed, b.flash.erased, b.flash.busy
	return s
}

func (b *Board) count(f func(*Stats)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.stats)
}

// Bounds of a flash.
const (
	minFlash     = 256 << 10
	maxFlash     = 128 << 20
	defaultFlash = 4 << 20
)

func (o Options) withDefaults() Options {
	c := chips[o.Chip]
	if c == nil {
		o.Chip, c = ESP32C3, chips[ESP32C3]
	}
	if o.Size <= 0 {
		o.Size = defaultFlash
	}
	o.Size = min(max(o.Size, minFlash), maxFlash)
	o.Size = 1 << (bits.Len(uint(o.Size)) - 1)
	if o.Crystal == 0 {
		o.Crystal = c.crystal
	}
	if o.MAC == ([6]byte{}) {
		o.MAC = [6]byte{0x34, 0x85, 0x18, 0x0C, 0x2A, 0x4F}
	}
	if o.Major == 0 && o.Minor == 0 {
		o.Major, o.Minor = c.major, c.minor
	}
	if o.Slow <= 0 {
		o.Slow = 1
	}
	if o.Watchdog <= 0 {
		o.Watchdog = 4 * time.Second
	}
	return o
}
