// Package doctor finds out why a device on a serial line does not answer as a
// Blynk.NCP should. It opens the port, listens, asks at every rate, tries the
// languages of other firmware, restarts the board if that is allowed, and names the
// likely causes with what speaks for them.
//
// Everything that comes over the line is hostile: what is kept of it is bounded, and
// nothing of it is ever more than a text or a count.
package doctor

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
)

// Budget is how long a Run takes at most. One in which nothing answers takes about
// half of it; the rest is for adapters that change their rate slowly (Web Serial closes
// and opens the port for it).
const Budget = 25 * time.Second

// Options configure a Run. The zero value is usable.
type Options struct {
	Platform Platform
	// Known is a rate in bits per second at which it is no surprise to find the NCP:
	// the one that the page itself has set. 0: none.
	Known int
	// OpenedBefore tells that this computer has opened the port before: then the rights
	// to it are right.
	OpenedBefore bool
	// AllowReset permits a restart of the board by DTR and RTS when nothing else helps.
	AllowReset bool
	// OnStep is told of each step when it begins, when it has seen something and when
	// it ends. It must not block. It may be nil.
	OnStep func(Step)
}

// Platform is what is known of the computer and its browser.
type Platform struct {
	Linux bool
	// Chromium tells that the browser is plain Chromium, not Chrome or Edge. On Linux
	// that usually is a snap, which has no rights to serial ports of its own.
	Chromium bool
}

// Report is the outcome of a Run.
type Report struct {
	Began    time.Time
	Took     time.Duration
	Port     serial.Info
	Steps    []Step
	Rates    []Rate    // what was heard at each rate, in the order of the first visit
	Device   Device    // what the NCP told, if it answered
	Verdicts []Verdict // the best first, one to three
}

// Device is what an NCP told. Texts are hostile.
type Device struct {
	Answered   bool
	Baud       int
	Version    string
	State      ncp.State
	StateKnown bool
	Configured bool // has network and cloud credentials
	ConfKnown  bool
}

// Rate is what was heard and asked at one rate.
type Rate struct {
	Baud           int
	Listened       time.Duration
	Bytes          int // all of them
	Text           int // of Bytes, those that can be part of a text
	Run            int // the longest run of such bytes
	Good, Bad, Cut int // frames: right, with a wrong CRC, broken off
	Pings, Answers int
	Refused        bool // the adapter does not make this rate
}

// Readable tells whether a text was heard at this rate. Among random bytes a run of
// that length comes once in some ten thousand.
func (r *Rate) Readable() bool { return r.Run >= 12 && 2*r.Text > r.Bytes }

// StepKind is what a step does.
type StepKind uint8

// Steps, in their order.
const (
	StepOpen   StepKind = iota // open the port
	StepListen                 // hear what comes by itself
	StepAsk                    // ping at the rates at which NCPs start
	StepOthers                 // a ROM loader, an AT firmware
	StepRates                  // ping at all other rates
	StepReset                  // restart the board, read its boot log, ping again
	StepDevice                 // version, state, configured, template
	StepLine                   // count how many of a series of pings pass
	numSteps
)

// Status is how a step stands.
type Status uint8

// Statuses of a step.
const (
	Waiting Status = iota
	Running
	Passed
	Noted   // it ended, and what it saw is not as it should be
	Failed  // what it looked for is not there
	Skipped // not needed, or not allowed
)

// Bounds of what a step keeps.
const (
	MaxSample = 512 // bytes
	maxSeen   = 16
)

// Step is one step of a Run, at one moment. It shares no memory that changes.
type Step struct {
	Kind   StepKind
	Status Status
	Took   time.Duration
	Rate   int        // that it is at, or was at last; 0: none
	Seen   []Evidence // at most 16
	Sample []byte     // bytes that tell most, at most MaxSample; hostile
	At     int        // rate of Sample
}

// Run examines the device behind a. Without an adapter it only judges why there is
// none. It returns within Budget; when ctx ends before, the verdict is Canceled. The
// port is closed again.
func Run(ctx context.Context, a serial.Adapter, o Options) Report {
	x := newExam(a, o)
	inner, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	err := x.run(inner)
	x.endStep(Failed)
	x.skipRest()
	switch {
	case ctx.Err() != nil:
		x.found.canceled = true
	case errors.Is(err, serial.ErrLost):
		x.found.lost = true
	}
	x.report.Took = time.Since(x.report.Began)
	x.report.Verdicts = judge(&x.found, &x.report, o)
	return x.report
}
