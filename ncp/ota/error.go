package ota

// Code is what kind of thing went wrong in an update. The page has words for each.
type Code uint8

// Codes.
const (
	CodeRefused   Code = iota + 1 // the MCU does not want the file
	CodeSilent                    // the MCU does not answer (any more)
	CodeChunk                     // the MCU asks for chunks of a size that cannot be
	CodeWrite                     // the MCU does not take a chunk, however often it is sent
	CodeRestarted                 // the MCU restarted in the middle
	CodeDigest                    // the MCU found that what it has is not the file
	CodeOld                       // the MCU came back with the firmware that it had before
	CodeVersion                   // the MCU came back with a firmware that is neither the old one nor the new one
	CodeGone                      // the MCU did not come back
	CodeCanceled                  // a person or the other side gave the update up
	CodeFile                      // the file cannot be sent
	CodeLink                      // the line is gone
)

// Firmware is which firmware runs in the MCU after an update that failed.
type Firmware uint8

// What is known of it.
const (
	FirmwareUnknown Firmware = iota
	FirmwareOld              // the one that it had: nothing was applied
	FirmwareNew
)

// Error is how an update ends when it fails.
type Error struct {
	Code   Code
	Phase  Phase
	Offset int64 // in the file, where that matters
	Runs   Firmware
	Detail string // for the log; may hold text of the MCU: hostile
	Err    error  // may be nil
}

// Error implements error, for logs.
func (e *Error) Error() string {
	s := "ota: " + e.Phase.String()
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

// Phase is a part of an update.
type Phase uint8

// Phases, in their order.
const (
	PhaseOffer   Phase = iota // the MCU is asked whether it wants the file
	PhasePrepare              // the MCU gets ready: prefetch, erase, its boot loader
	PhaseSend
	PhaseFinish  // the MCU compares the digests
	PhaseRestart // the MCU applies the file and comes back
)

// String returns the name of a phase, for logs.
func (p Phase) String() string {
	return [...]string{"offer", "prepare", "send", "finish", "restart"}[min(int(p), int(PhaseRestart))]
}
