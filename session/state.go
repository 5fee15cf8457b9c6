// Package session is one device's life as a page needs it: it owns the serial
// line, brings the NCP up and keeps it up, applies a configuration and applies it
// again after a crash, holds all that is known of the device as one plain State,
// and lends the line to whoever has to speak another protocol on it.
package session

import (
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
)

// Phase is where the connection stands.
type Phase uint8

// Phases, in the usual order.
const (
	PhaseIdle      Phase = iota // no port
	PhaseOpening                // the port is being opened
	PhaseSearching              // looking for the rate at which an NCP answers
	PhaseRaising                // changing to the faster rate and proving it
	PhaseReading                // reading version, state and abilities
	PhaseReady                  // the NCP answers
	PhaseRecover                // three heartbeats missed or a reboot: bringing it up again
	PhaseLent                   // the port is lent
	PhaseUnplugged              // the adapter is gone; a replug goes on by itself
	PhaseFailed                 // Problem says why; Retry is up to the person. An open port is still listened to: a boot log goes on by itself
	PhaseTerminal               // the port is a plain serial line
)

// Problem is what a person is told when something failed. Codes are stable; the
// page turns them into words with causes and remedies.
type Problem struct {
	Code   Code
	Op     string    // what was being done, a key such as "connect", "apply", "write"
	Detail string    // technical text for "copy details"; hostile, show as text
	Time   time.Time // when
}

// Code is the kind of a Problem.
type Code uint8

// Codes.
const (
	CodeNone        Code = iota
	CodeNoSerial         // the browser has no Web Serial
	CodeBusy             // another program holds the port
	CodeDenied           // no permission for the port
	CodeOpenFailed       // the port did not open for another reason
	CodeUnplugged        // the device was unplugged
	CodeSilent           // nothing answered and nothing was heard at any rate
	CodeNoise            // bytes were heard but none of them was a frame or a boot log
	CodeNotAnswered      // frames or a boot log were heard, but no call was answered
	CodeTimeout          // one call was not answered in time
	CodeRefused          // the NCP said no
	CodeStatus           // the NCP answered with an error status
	CodeInput            // what was given cannot be sent; Detail names the field
	CodeNotReady         // there is no NCP to talk to at the moment
	CodeCanceled         // the person or the page gave up
	CodeCore             // the page's own core failed
)

// State is all that the page shows, at one moment. It shares no memory that
// changes: slices are replaced, never written.
type State struct {
	Phase   Phase
	Port    serial.Info
	Baud    int      // of the line, now
	Problem *Problem // of the connection; nil while all is well
	// Terminal is the rate of the plain serial line that the port is, or will be once it
	// is plugged in again; 0: it is for the NCP.
	Terminal int
	Lines    serial.Signals // as set in the terminal
	Notice   string         // what the bring-up does now: a link.Kind and a rate, such as "searching 38400"

	Device  Device
	Applied *Configuration // what is applied, and will be again after a restart of the NCP
	Steps   []Step         // of the last or present apply
	Pins    []Pin          // by number
	// Generators that run, in the order in which they began.
	Generators []GeneratorState
	Events     []Event // the newest last, at most MaxEvents
	Link       LinkStats
	LogNext    uint64 // sequence number that the next log entry will have
}

// MaxEvents, MaxPins, MaxProperties and MaxValue bound what a device can make the page keep.
const (
	MaxEvents     = 200
	MaxPins       = 1024
	MaxProperties = 32   // per pin
	MaxValue      = 1536 // bytes of one pin value
)

// Device is what the NCP told about itself.
type Device struct {
	Version     string // of the NCP firmware
	Boot        string // the boot log's "Version: …, Build: …" line, if heard
	State       ncp.State
	StateKnown  bool
	WiFiMAC     string // empty: unknown or none
	EthernetMAC string
	Hotspot     string
	Configured  Tri
	Time        TimeInfo
	Location    Location
	Methods     []Ability // every method of the NCP's interfaces, in the catalogue's order
	Since       time.Time // when the NCP was first heard in this connection
}

// Tri is yes, no or not known.
type Tri uint8

// Values of Tri.
const (
	Unknown Tri = iota
	No
	Yes
)

// Ability tells whether this NCP has a method (asked by hasUID).
type Ability struct {
	UID uint16
	Has Tri
}

// TimeInfo is the NCP's clock as getTime tells it.
type TimeInfo struct {
	Known  bool
	ISO    string
	Time   time.Time     // as told
	Read   time.Time     // when it was read
	Offset time.Duration // east of UTC, DST included
	Abbrev string
	DST    ncp.DSTStatus
	Skew   time.Duration // NCP minus this computer, at Read
}

// Location is where the cloud thinks the device is.
type Location struct {
	Known                      bool
	Lat, Lon, OlsonID, PosixTZ string
}

// Direction tells who wrote a pin last.
type Direction uint8

// Directions of a pin value.
const (
	FromCloud Direction = iota + 1 // the NCP told us a change
	ToCloud                        // we wrote it
)

// Pin is one virtual pin.
type Pin struct {
	Number     uint16
	Name       string   // given by the person
	Unit       string   // given by the person, as the next three
	Min, Max   float64  // of its usual values; equal: not known
	Color      string   // "#rrggbb" or empty
	Values     []string // items of the last value; hostile, show as text
	Dir        Direction
	Time       time.Time  // of the last value
	Count      uint64     // values seen in both directions
	Properties []Property // set from here, the newest value of each
}

// Property is a property of a pin that was set from here.
type Property struct{ Name, Value string }

// EventKind is the kind of a timeline entry.
type EventKind uint8

// Kinds of timeline entries.
const (
	EventState    EventKind = iota + 1 // Value: ncp.State
	EventNCP                           // Value: ncp.EventCode
	EventLogged                        // Text: event code; we logged it, Detail: description
	EventResolved                      // Text: event code
	EventMetadata                      // Text: field, Detail: value
	EventLink                          // Text: one of the keys below
)

// The keys of EventLink are
//
//	up             Detail: the rate
//	down           Detail: a link.Cause
//	rate           Detail: "proven", "bad" or "refused" and the rate
//	reboot         the NCP said that it restarts
//	crash          it lost its configuration without a word
//	reapplied      the configuration was applied again
//	reapplyfailed  Detail: why
//	terminal       Detail: the rate
//	unplugged, plugged, lent

// Event is an entry of the timeline.
type Event struct {
	Time   time.Time
	Kind   EventKind
	Value  uint8
	Text   string
	Detail string
}

// LinkStats tell how good the line is.
type LinkStats struct {
	RTTLast, RTTMedian, RTTWorst time.Duration // of pings, the last 64
	Pings, Missed                uint64
	RxFrames, TxFrames           uint64
	RxBytes, TxBytes             uint64
	CRCErrors                    uint64 // wrong CRC, cut and oversized frames
	NoiseBytes                   uint64
	LateResults                  uint64
	Dropped                      uint64 // requests and notifications beyond what we keep
	BringUps                     uint64 // how often the NCP was brought up in this connection
}

// StepStatus is how a step of an apply ended.
type StepStatus uint8

// Statuses of a step.
const (
	StepWaiting StepStatus = iota
	StepRunning
	StepDone
	StepSkipped // not set in the configuration, or this NCP has no such method
	StepFailed
)

// Step is one call of an apply.
type Step struct {
	Method  string // name of the method, "setFirmwareInfo"
	Status  StepStatus
	Problem *Problem // of a failed one
}

// LogEntry is a line of raw text heard outside frames, or a remark of the session.
// Text is hostile: the bytes as they came, with control characters and what is no UTF-8.
type LogEntry struct {
	Seq  uint64
	Time time.Time
	Text string
	Note bool // a remark of ours, not from the device
	Sent bool // sent from here in the terminal, not from the device
	Open bool // the line has not ended yet; it comes again, longer, with the same Seq or behind remarks
}
