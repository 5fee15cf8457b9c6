// Package mcusim is a simulated Primary MCU with two firmware slots. On the UART it
// behaves like a product that is built on the deployed Blynk.NCP driver, weaknesses
// included: it brings its NCP up, writes values to pins, takes firmware updates, and
// does one thing at a time. It shares no code with the product's own side of the
// protocol but the framing, which golden vectors pin.
package mcusim

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"ncpweb/sim"
)

var _ sim.Device = (*MCU)(nil)

// Strictness is how a receiver takes chunks.
type Strictness uint8

// Kinds of receivers.
const (
	// Deployed wants the offset that it has come to, and refuses a chunk that it has.
	Deployed Strictness = iota
	// Lenient says yes to a chunk that it has already.
	Lenient
	// Strict gives the whole update up when a chunk comes at a wrong offset.
	Strict
)

// Broken is what an MCU does wrong in an update.
type Broken uint8

// Faults of an MCU.
const (
	Sound       Broken = iota
	Refuses            // it does not want the file
	NeverStarts        // it accepts and never asks for the first chunk
	Deaf               // it stops answering in the middle
	Restarts           // it restarts in the middle
	WrongSum           // it finds its digests wrong
	OwnSum             // it does not ask for digests and says yes
	SilentEnd          // it does not answer otaUpdateFinish, and applies the update
	NeverBack          // it does not come back after the restart
	KeepsOld           // it applies nothing and comes back with what it had
	Reverts            // the new firmware does not start: it falls back to the old one
	AsksForEver        // it asks for digests without end
	LosesPower         // its power fails while it applies the update: the boot loader goes on with it
)

// Options describe a simulated MCU. The zero value is one that starts at 38400 baud,
// raises the rate to 115200 and asks for chunks of 1024 bytes.
type Options struct {
	Baud     int    // first rate; 0: 38400
	Target   int    // rate that it raises the line to; 0: 115200; below 0: it does not
	Template string // id; empty: TMPL0demo0001
	Name     string // of the template; empty: Demo
	Firmware []byte // in its slot; nil: an image of version 1.0.0
	Slot     int    // bytes of a slot; 0: 512 KiB

	Chunk       uint16        // to ask for; 0: 1024
	Zero        bool          // ask for chunks of 0 bytes
	Prefetch    bool          // ask the NCP to fetch the file first
	Erase       time.Duration // time it takes to erase the slot, before it asks for the first chunk
	Write       time.Duration // time that each chunk takes
	Boot        time.Duration // from reset to the first call; 0: 300 ms
	Buffer      int           // of received messages, in bytes; 0: 2048
	Strict      Strictness
	Broken      Broken
	At          float64       // share of the file at which what is Broken happens; 0: 0.5
	SuspendFor  time.Duration // it suspends the update for that long, once
	SuspendAt   float64       // share of the file at which it does
	Values      time.Duration // pace at which it writes a value to V0; 0: never
	PingEvery   time.Duration // 0: 10 s
	NoInitially bool          // it does not initialize the NCP, as one without a product
	Seed        uint64
}

// Stats count what happened since New.
type Stats struct {
	Boots, BringUps             int
	Frames, BadFrames, Calls    uint64
	Chunks, Refused, Duplicates uint64
	Digests                     uint64
	Updates                     int // applied
}

// MCU is a simulated MCU. Its methods are safe for concurrent use.
type MCU struct {
	o    Options
	rand *rand.Rand
	wake chan struct{} // capacity one

	mu      sync.Mutex
	running bool
	reset   bool
	slots   [2][]byte // content; nil: erased
	active  int
	pending bool // the other slot is to be started next, once
	tested  bool // it was started, and not confirmed
	update  *update
	stats   Stats
	pins    map[uint16]string
	state   uint8
	up      bool
}

// New makes an MCU without power. Run is its life.
func New(o Options) *MCU {
	setDefault(&o.Baud, 38400)
	setDefault(&o.Target, 115200)
	setDefault(&o.Template, "TMPL0demo0001")
	setDefault(&o.Name, "Demo")
	setDefault(&o.Slot, 512<<10)
	setDefault(&o.Chunk, 1024)
	setDefault(&o.Boot, 300*time.Millisecond)
	setDefault(&o.Buffer, 2048)
	setDefault(&o.At, 0.5)
	setDefault(&o.PingEvery, 10*time.Second)
	if o.Zero {
		o.Chunk = 0
	}
	if o.Firmware == nil {
		o.Firmware = Image(o.Template, "1.0.0", 20<<10, 1)
	}
	return &MCU{o: o, rand: rand.New(rand.NewPCG(o.Seed, 3)), wake: make(chan struct{}, 1), slots: [2][]byte{o.Firmware, nil}, pins: make(map[uint16]string)}
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Image makes a firmware of n bytes, at least 512, with the tag of a type and a version.
func Image(fwType, version string, n int, seed uint64) []byte {
	b := make([]byte, max(n, 512))
	r := rand.New(rand.NewPCG(seed, 4))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	tag := "blnkinf\x00mcu\x00" + version + "\x00fw-type\x00" + fwType + "\x00build\x00Nov 22 2026 12:00:00\x00blynk\x001.3.2\x00\x00"
	copy(b[256:], tag)
	return b
}

// tagOf reads the values of a firmware's tag as that firmware would report them.
func tagOf(fw []byte) (fwType, version, build, blynk string) {
	_, rest, ok := bytes.Cut(fw, []byte("blnkinf\x00"))
	if !ok {
		return "", "", "", ""
	}
	rest, _, _ = bytes.Cut(rest, []byte{0, 0})
	items := strings.Split(string(rest), "\x00")
	for i := 0; i+1 < len(items); i += 2 {
		switch items[i] {
		case "fw-type":
			fwType = items[i+1]
		case "mcu":
			version = items[i+1]
		case "build":
			build = items[i+1]
		case "blynk":
			blynk = items[i+1]
		}
	}
	return fwType, version, build, blynk
}

// errBusy tells that the MCU runs already.
var errBusy = errors.New("mcusim: this MCU runs already")

// Run is the MCU's life from power-on until ctx ends; it returns nil then. The slots
// keep their content.
func (m *MCU) Run(ctx context.Context, u sim.UART) error {
	m.mu.Lock()
	busy := m.running
	m.running = true
	m.mu.Unlock()
	if busy {
		return errBusy
	}
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.running, m.up, m.update = false, false, nil
	}()
	return newLife(m, u).run(ctx)
}

// Reset presses the reset button.
func (m *MCU) Reset() {
	m.mu.Lock()
	m.reset = true
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Running returns the firmware that runs.
func (m *MCU) Running() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.slots[m.active])
}

// Version returns the version of the firmware that runs.
func (m *MCU) Version() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, v, _, _ := tagOf(m.slots[m.active])
	return v
}

// Up tells whether it has brought its NCP up.
func (m *MCU) Up() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.up
}

// Pin returns what the cloud told about a pin last.
func (m *MCU) Pin(pin uint16) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.pins[pin]
	return v, ok
}

// Stats returns the counters as they are now.
func (m *MCU) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}
