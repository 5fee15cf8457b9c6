package esp

import (
	"context"
	"time"

	"ncpweb/serial"
)

// Reset is how a chip is brought into its loader and out of it. The zero value is the
// one that ResetFor finds for the adapter.
type Reset struct {
	// Name is a short word for logs and settings; see Resets.
	Name string
	// Hand: a person does it, with buttons. Connect then tries for as long as its context
	// lives.
	Hand bool

	tries [][]step // into the loader; attempt n takes number n modulo their count
	run   []step   // start the firmware; nil: the lines cannot do it
	// hold: DTR and RTS raised together change nothing. They are held so while a port is
	// closed and opened, which raises both and, one after the other, drops them: between
	// the two the chip would be reset.
	hold bool
	usb  bool // USB-Serial/JTAG: the rate means nothing, and watchdogs run
	otg  bool // USB-OTG: small blocks
}

// step sets lines, and waits for a reason.
type step struct {
	dtr, rts serial.Level
	wait     time.Duration
	why      string
	fresh    bool // what came until the end of the wait is of the life before
}

const (
	on   = serial.On
	off  = serial.Off
	keep = serial.Keep
)

// Waits of the sequences, of section 3 of the sheet.
const (
	inReset = 100 * time.Millisecond // EN is low for so long that every capacitor at it is empty
	strap   = 50 * time.Millisecond  // ROM has read the strap and prints its log
	strapUp = 550 * time.Millisecond // the same with a large capacitor at EN, which rises slowly
)

// Sequences. A chip on the usual circuit of two transistors is in reset with RTS
// alone, and its strap is low with DTR alone.
func classic(strap time.Duration) []step {
	return []step{
		{off, on, inReset, "in reset", true},
		{on, off, strap, "strap low, out of reset", false},
		{off, keep, 0, "strap free", false},
	}
}

// tight goes through the states that do nothing first, for adapters whose lines stand
// in a way that the first step of classic does not reach at once.
func tight(strap time.Duration) []step {
	return append([]step{
		{off, off, 0, "lines free", false},
		{on, on, 0, "both, which is neither", false},
	}, classic(strap)...)
}

// The reset of USB-Serial/JTAG goes from (1, 0) to (0, 1) by way of (1, 1): the lines
// are written one by one. RTS is written again because a Windows driver sends DTR only
// together with RTS.
var usbSteps = []step{
	{keep, off, 0, "lines free", false},
	{off, keep, inReset, "idle is seen", false},
	{on, keep, 0, "strap low", false},
	{keep, off, inReset, "strap is seen", false},
	{keep, on, 0, "into reset, by way of both", false},
	{off, keep, 0, "in reset alone", false},
	{keep, on, inReset, "reset is seen", false},
	{off, off, 0, "out of reset", false},
}

// hardReset starts the firmware. DTR goes first: a strap that is left low would lead
// back into the loader.
var hardReset = []step{
	{off, keep, 0, "strap free", false},
	{keep, on, inReset, "in reset", true},
	{keep, off, 0, "out of reset", false},
}

// Names of the ways to reset.
const (
	ByLines    = "classic"  // the usual circuit
	ByUSB      = "usb"      // USB-Serial/JTAG
	ByOTG      = "otg"      // the loader on USB-OTG of ESP32-S2 and S3
	ByDirect   = "direct"   // a passthrough sketch: RTS is reset, DTR the strap
	ByInverted = "inverted" // the passthrough of the Nano RP2040 Connect: RTS is run
	ByHand     = "hand"     // buttons
)

// resets are the ways to reset.
var resets = []Reset{
	{
		Name:  ByLines,
		tries: [][]step{classic(strap), classic(strapUp), tight(strap), tight(strapUp)},
		run:   hardReset, hold: true,
	},
	{
		Name: ByUSB,
		// A board with both connectors may be wired for the other way.
		tries: [][]step{usbSteps, usbSteps, classic(strap)},
		run: []step{
			{off, keep, 0, "strap free", false},
			{keep, on, 2 * inReset, "reset, which may be over at once", false},
			{keep, off, 2 * inReset, "the peripheral starts again", false},
		},
		usb: true,
	},
	{
		Name:  ByOTG,
		tries: [][]step{nil, usbSteps, classic(strap)}, // ROM shows this device only in the loader
		run:   hardReset, usb: true, otg: true,
	},
	{
		Name: ByDirect,
		tries: [][]step{
			append([]step{{off, off, 0, "opening held the chip in reset", false}}, classic(strap)...),
			append([]step{{off, off, 0, "opening held the chip in reset", false}}, classic(strapUp)...),
		},
		run: hardReset,
	},
	{
		Name: ByInverted,
		tries: [][]step{{
			{on, off, inReset, "in reset, strap low", true},
			{keep, on, inReset, "runs, strap low", false},
			{off, keep, 0, "strap free", false},
		}},
		run: []step{
			{off, keep, 0, "strap free", false},
			{keep, off, inReset, "in reset", true},
			{keep, on, 0, "runs", false},
		},
	},
	{Name: ByHand, Hand: true, tries: [][]step{nil}, hold: true},
}

// Resets returns the ways to reset a chip that there are.
func Resets() []Reset { return append([]Reset(nil), resets...) }

// ResetOf returns the way to reset with a name; the zero value for an unknown one.
func ResetOf(name string) Reset {
	for _, r := range resets {
		if r.Name == name {
			return r
		}
	}
	return Reset{}
}

// USB ids of chips that are their own adapter.
const (
	vendorEspressif = 0x303A
	productJTAG     = 0x1001
	productS2       = 0x0002
	productS3       = 0x0009
)

// ResetFor returns the way to reset a chip behind an adapter, as far as its USB ids
// tell: the chip's own USB, or else the usual circuit.
func ResetFor(info serial.Info) Reset {
	if info.VendorID == vendorEspressif {
		switch info.ProductID {
		case productJTAG:
			return ResetOf(ByUSB)
		case productS2, productS3:
			return ResetOf(ByOTG)
		}
	}
	return ResetOf(ByLines)
}

// steps goes through a sequence.
func (l *loader) steps(ctx context.Context, list []step) error {
	for _, s := range list {
		if err := l.signals(ctx, serial.Signals{DTR: s.dtr, RTS: s.rts}); err != nil {
			return err
		}
		if s.wait > 0 {
			if err := l.pause(ctx, s.wait); err != nil {
				return err
			}
		}
		if s.fresh {
			l.forget()
		}
	}
	return nil
}
