package doctor

// Code is a cause.
type Code uint8

// Causes.
const (
	OK             Code = iota + 1 // the NCP answers and is set up
	NoTemplate                     // it answers, but no product was set since its start
	NotProvisioned                 // it has a product, but no network and cloud credentials
	WrongRate                      // it answers, but not at a rate at which NCPs start
	HeldInReset                    // it runs only while RTS is not asserted
	Silent                         // nothing was heard at all: wires swapped or loose, no power, no firmware
	OneWay                         // it is heard, but does not hear us
	OtherTalker                    // a Primary MCU speaks on the same line
	DownloadMode                   // the chip is in its ROM loader
	ATFirmware                     // it runs an AT command firmware
	OtherFirmware                  // it prints text, but never a frame
	NoFirmware                     // its flash holds nothing that it can run
	BootLoop                       // it restarts again and again
	Brownout                       // it restarts because its supply breaks down
	Levels                         // bits arrive wrong: levels, long wires, a weak supply
	NoGround                       // noise at every rate
	Echo                           // what we send comes back: TX and RX are joined
	Unreadable                     // bytes come, but not in any form that is known
	NoPort                         // no port was offered: charge-only cable, no driver
	Busy                           // another program holds the port
	Dialout                        // no rights to serial ports (Linux)
	Snap                           // the browser's sandbox keeps it off the ports (Linux)
	Denied                         // no permission for the port
	NotOpened                      // the port did not open for another reason
	Unplugged                      // the adapter went away
	Canceled                       // the examination was ended
	numCodes
)

// Certainty is how sure a verdict is.
type Certainty uint8

// Certainties.
const (
	Possible Certainty = iota + 1
	Likely
	Sure
)

// Verdict is a cause and what speaks for it.
type Verdict struct {
	Code      Code
	Certainty Certainty
	Evidence  []Evidence
	// Freed tells that the restart of the examination has ended the trouble.
	Freed bool
}

// maxVerdicts is how many causes are named at most: more would be no help.
const maxVerdicts = 3

// EvidenceKind is a kind of evidence.
type EvidenceKind uint8

// Kinds of evidence, with the meaning of their numbers.
const (
	EvOpened    EvidenceKind = iota + 1 // the port opened at Rate
	EvRefused                           // it did not; Text: what the system said
	EvHeard                             // N bytes at Rate
	EvNothing                           // not a byte in N milliseconds at M rates
	EvText                              // N of M bytes at Rate are text; Text: a line of it
	EvNoise                             // N bytes at M rates, none of them readable
	EvFrames                            // N good frames and M broken ones at Rate
	EvAnswered                          // N of M pings at Rate were answered
	EvUnasked                           // N answers at Rate to questions that we did not ask
	EvForeign                           // N calls at Rate that are meant for an NCP
	EvAsksUs                            // N calls at Rate that an NCP makes to its MCU
	EvEcho                              // N of our own frames came back at Rate
	EvBoots                             // N boot logs at Rate in M milliseconds, not asked for
	EvBootLog                           // a boot log at Rate; Text: a line of it
	EvNCPBoot                           // the boot log of an NCP at Rate
	EvDownload                          // the boot log at Rate says that it waits for download
	EvSync                              // the ROM loader answered at Rate
	EvAT                                // an answer to AT at Rate; Text: the answer
	EvBrownout                          // the boot log tells of a breakdown of the supply, N times
	EvNoImage                           // the boot log tells that the flash holds no firmware, N times
	EvBits                              // N bits arrived as 0 that were sent as 1, M the other way round
	EvVersion                           // Text: the NCP's version
	EvState                             // N: the NCP's state
	EvConfig                            // N: 1 if it has credentials, 0 if not
	EvLinesOff                          // it answers at Rate once DTR and RTS are let go
	EvRestarted                         // it answered only after a restart
	EvNoReset                           // a restart was not allowed, or not possible
)

// Evidence is something that was seen. Text is hostile and at most 120 bytes.
type Evidence struct {
	Kind EvidenceKind
	Rate int
	N, M int
	Text string
}
