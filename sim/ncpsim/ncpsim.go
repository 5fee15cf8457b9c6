// Package ncpsim is a simulated Network Co-Processor with a small cloud behind it. It
// behaves like deployed Blynk.NCP firmware on the UART, weaknesses included, so that
// the program under test meets here what it will meet in the field. It shares no code
// with the product's own side of the protocol.
package ncpsim

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"ncpweb/sim"
)

var _ sim.Device = (*NCP)(nil)

// State is the state that getState and blynkStateChange tell.
type State uint8

// States (protocol sheet, "Bringing an NCP up").
const (
	StateIdle              State = 1
	StateConfiguration     State = 2
	StateConnectingNetwork State = 3
	StateConnectingCloud   State = 4
	StateConnected         State = 5
	StateNotInitialized    State = 10
	StateUpgrade           State = 11
	StateError             State = 12
)

// Codes of processEvent (protocol sheet, "Bringing an NCP up").
const (
	EventRebooting   uint8 = 1
	EventClick       uint8 = 10
	EventDoubleClick uint8 = 11
	EventLongPress   uint8 = 12
	EventLongRelease uint8 = 13
	EventResetStart  uint8 = 16
	EventResetCancel uint8 = 17
	EventResetDone   uint8 = 18
	EventProvisioned uint8 = 20
	EventTimeWanted  uint8 = 21
	EventPlaceOrTime uint8 = 22
)

// Limits and times of the firmware (protocol sheet, "Staying alive" and "Methods that
// need a word").
const (
	livenessSilence  = 25 * time.Second // until it pings the MCU
	livenessPause    = 5 * time.Second  // between two pings
	livenessPings    = 5                // unanswered ones until it reboots
	minConfig        = 60               // seconds of configuration mode
	maxConfig        = 3600
	defaultConfig    = 180
	minConfigSkips   = 5
	maxConfigSkips   = 50
	defaultConfSkips = 10
	maxGPIO          = 48 // of the largest ESP chip
)

// NCP is a simulated NCP. Its methods are safe for concurrent use; they may be called
// whether it runs or not.
type NCP struct {
	o       Options
	methods map[uint16]*method
	calls   map[uint16]*outgoing
	cloud   *Cloud

	wake chan struct{} // capacity one: something is to do for the one that runs

	mu      sync.Mutex // guards what follows; never held across a wait
	running bool
	rand    *rand.Rand

	// What outlives a restart.
	provisioned bool
	online      bool
	taken       bool                        // the MCU has taken what Options.Offer offers
	offered     func(Outcome)               // nil: nobody is told
	spawn       func(func(context.Context)) // starts what ends with Run; nil without power

	// What a restart clears.
	state     State
	watch     chan struct{} // closed at the next change of state
	set       Settings
	clock     clock
	place     bool // the cloud has told where it is
	wifiOK    bool // factoryTestWiFi passed
	timers    []timer
	out       queue
	requests  []*request
	delivery  *delivery // an update of the MCU; nil: none
	restart   bool
	lastHeard time.Time
	misses    int

	stats Stats
	log   history
}

// Settings are what an MCU has told the NCP since its start. Pointers are nil for what
// it has not told.
type Settings struct {
	Baud                       int // the rate of the line
	TemplateID, TemplateName   string
	VendorPrefix, VendorServer string
	Firmware                   Firmware
	LED                        *LED
	RGB                        *RGB
	ARGB                       *ARGB
	Brightness                 *uint8
	Button                     *Button
	ConfigTimeout              uint16 // seconds
	ConfigSkipLimit            uint8
}

// Firmware is what setFirmwareInfo told.
type Firmware struct{ Type, Version, Build, Blynk string }

// LED is what initLED told.
type LED struct {
	GPIO      uint16
	ActiveLow bool
}

// RGB is what initRGB told.
type RGB struct {
	R, G, B     uint16
	CommonAnode bool
}

// ARGB is what initARGB told.
type ARGB struct {
	GPIO        uint16
	Mode, Count uint8
}

// Button is what initUserButton told.
type Button struct {
	GPIO      uint16
	ActiveLow bool
}

// Stats count what happened since New.
type Stats struct {
	Boots       uint64 // starts, the first one included
	Frames      uint64 // good ones received
	BadFrames   uint64 // with a wrong CRC or too long
	Calls       uint64 // answered
	Ignored     uint64 // unknown opcodes and uids, bad ONEWAYs, RESULTs nobody waited for
	Pings       uint64 // of the MCU after silence
	Unanswered  uint64 // of those
	Sent        uint64 // messages
	Dropped     uint64 // messages that were not sent because too many waited
	PinChanges  uint64 // blynkVPinChange messages queued
	CloudWrites uint64 // virtualWrite messages that reached the cloud
}

// Errors of Call.
var (
	ErrTimeout = errors.New("ncpsim: no answer in time")
	ErrStopped = errors.New("ncpsim: the NCP restarted or stopped meanwhile")
	errRestart = errors.New("ncpsim: restart")
)

// New makes an NCP without power. Run is its life.
func New(o Options) *NCP {
	o = o.withDefaults()
	n := &NCP{
		o:           o,
		methods:     methods(),
		calls:       calls(),
		wake:        make(chan struct{}, 1),
		watch:       make(chan struct{}),
		rand:        rand.New(rand.NewPCG(o.Seed, 0x6E6370)),
		provisioned: o.Provisioned,
		online:      !o.Offline,
	}
	n.cloud = newCloud(n)
	n.clearVolatile()
	return n
}

// Cloud returns the cloud behind the NCP.
func (n *NCP) Cloud() *Cloud { return n.cloud }

// Run is the NCP's life from power-on until ctx ends; it returns nil then. One NCP
// runs once at a time.
func (n *NCP) Run(ctx context.Context, u sim.UART) error {
	n.mu.Lock()
	busy := n.running
	n.running = true
	n.mu.Unlock()
	if busy {
		return errors.New("ncpsim: this NCP runs already")
	}
	ctx, cancel := context.WithCancel(ctx)
	var spawned sync.WaitGroup
	n.mu.Lock()
	n.spawn = func(f func(context.Context)) { spawned.Go(func() { f(ctx) }) }
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.running, n.spawn = false, nil
		n.clearVolatile()
		n.mu.Unlock()
		cancel()
		spawned.Wait()
	}()
	return newLife(n, u).run(ctx)
}

// State returns the present state. Without power it is StateNotInitialized.
func (n *NCP) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

// WaitState returns when the NCP is in state s, or with ctx's error.
func (n *NCP) WaitState(ctx context.Context, s State) error {
	for {
		n.mu.Lock()
		now, watch := n.state, n.watch
		n.mu.Unlock()
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

// Provisioned tells whether it has network and cloud credentials.
func (n *NCP) Provisioned() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.provisioned
}

// Settings returns what the MCU has told since the last start.
func (n *NCP) Settings() Settings {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.set
}

// Stats returns the counters as they are now.
func (n *NCP) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// SetOverride replaces Options.Override from the next call on.
func (n *NCP) SetOverride(f func(uid uint16, args []any) (rets []any, ok bool)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.o.Override = f
}

// SetHostile replaces Options.Hostile.
func (n *NCP) SetHostile(h Hostile) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.o.Hostile = h
	n.startHostile()
	n.poke()
}

// SetFactory replaces Options.Factory.
func (n *NCP) SetFactory(f Factory) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.o.Factory = f
}

// poke wakes the one that runs.
func (n *NCP) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// clearVolatile forgets what a restart clears. Those who wait for a Call hear of it.
func (n *NCP) clearVolatile() {
	for _, r := range n.requests {
		r.end(reply{err: ErrStopped})
	}
	n.requests = nil
	n.dropDelivery()
	n.set = Settings{Baud: n.o.Baud, ConfigTimeout: defaultConfig, ConfigSkipLimit: defaultConfSkips}
	n.clock = clock{}
	n.place, n.wifiOK, n.restart = false, false, false
	n.timers = nil
	n.out = queue{}
	n.misses = 0
	n.changeState(StateNotInitialized)
	n.cloud.hangUp()
}
