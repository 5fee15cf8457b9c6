// Package flash is the contract between a program that writes firmware into a chip and
// whoever watches it: what it is told, and what can go wrong.
package flash

import (
	"context"

	"ncpweb/firmware"
)

// Flasher writes firmware through one boot loader on one port. Its methods are called
// one at a time. They return when ctx ends, with the chip in a state from which the
// next Connect works; they never close the port.
type Flasher interface {
	// Connect brings the chip into its boot loader and identifies it.
	Connect(ctx context.Context) (Device, error)
	// Flash erases, writes and verifies. It returns nil only when everything that was
	// to be written has been verified. It is safe to run again after an error.
	Flash(ctx context.Context, image *firmware.Image) error
	// Run leaves the boot loader and starts the firmware.
	Run(ctx context.Context) error
}

// Device is what a boot loader tells of its chip. All texts are for people.
type Device struct {
	Chip     string // "ESP32-C3"
	Revision string // "v0.4"; empty: not known
	Features []string
	MAC      string // "aa:bb:cc:dd:ee:ff"; empty: not known
	Flash    int64  // bytes; 0: not known
}

// Phase is a part of the work, as a person sees it.
type Phase uint8

// Phases, in the order in which they usually come.
const (
	PhaseConnect Phase = iota // reset, sync, identify, stub, rate
	PhaseCompare              // what is in the chip already
	PhaseErase                // what a person asked to erase
	PhaseWrite
	PhaseVerify
	PhaseRead // a backup
	PhaseRestart
	Phases = int(PhaseRestart) + 1
)

// Event tells how far the work is.
type Event struct {
	Phase Phase
	// Done and Total count bytes of the image: those that the device has acknowledged
	// (or that need not be sent), of all. Total 0: not known.
	Done, Total int64
	Addr        uint32 // where the work is
	Skipped     bool   // this phase has nothing to do
	Note        string // one short remark for the log of the work, in English; may be empty
}

// Code is what kind of thing went wrong. The page has words for each.
type Code uint8

// Codes.
const (
	CodePort      Code = iota + 1 // the port refused something
	CodeLost                      // unplugged
	CodeCanceled                  // the caller ended it
	CodeSilent                    // nothing answers; nothing was printed either
	CodeBooted                    // the chip's own log says that it booted normally: the boot strap was not low
	CodeOneWay                    // the chip says that it waits for a download but answers nothing: TX line
	CodeGarbled                   // something comes, but nothing that means anything
	CodeStub                      // the stub did not start
	CodeRate                      // no rate works
	CodeNoFlash                   // no contact with the flash memory
	CodeSecure                    // secure boot, encryption or secure download mode forbid it
	CodeChip                      // the image is for another chip, or a newer revision of it
	CodeTooLarge                  // the image does not fit into the flash memory
	CodeImage                     // the image is truncated, corrupt or makes no sense
	CodeRefused                   // the loader refused a command
	CodeTimeout                   // the loader stopped answering in the middle
	CodeWrite                     // the flash memory does not take what is written
	CodeVerify                    // what is in the chip is not what was sent
	CodeUnsupport                 // this loader or chip cannot do that
)

// Error is how the work of a Flasher ends when it fails.
type Error struct {
	Code  Code
	Op    string // what was tried, for the log: "sync", "write block"
	Phase Phase
	Addr  uint32 // in the flash memory, where that matters
	// Detail is for the log and "copy details": numbers, status bytes, boot log lines.
	// It may hold text of the device: hostile.
	Detail string
	// Torn tells that the flash memory may hold a part of the new firmware: the device
	// does not start until it is flashed again.
	Torn bool
	Err  error // may be nil
}

// Error implements error, for logs; people are told by the page, from the fields.
func (e *Error) Error() string {
	s := "flash: " + e.Op
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
