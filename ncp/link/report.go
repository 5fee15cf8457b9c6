package link

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/ncp/rpc"
)

// Kind is the kind of a Report.
type Kind uint8

// Kinds of reports. Rate is the rate that is spoken of where there is one.
const (
	Searching  Kind = iota + 1 // looking for the NCP at Rate
	Found                      // the NCP answers at Rate
	Booting                    // a boot log is heard: waiting for it to come up
	Raising                    // changing to Rate
	Proven                     // Rate carries long frames without an error
	Refused                    // the NCP does not take Rate
	Bad                        // Rate does not carry
	Noisy                      // the line has errors already: the rate is left as it is
	TalkDown                   // nothing passes at Rate: asking blindly for the old one
	Resetting                  // pulse on the reset line
	WaitReboot                 // waiting until the NCP restarts by itself
	Listening                  // nobody answered: listening at Rate for a boot log
)

func (k Kind) String() string {
	switch k {
	case Searching:
		return "searching"
	case Found:
		return "found"
	case Booting:
		return "booting"
	case Raising:
		return "raising"
	case Proven:
		return "proven"
	case Refused:
		return "refused"
	case Bad:
		return "bad"
	case Noisy:
		return "noisy"
	case TalkDown:
		return "talkdown"
	case Resetting:
		return "resetting"
	case WaitReboot:
		return "waitreboot"
	case Listening:
		return "listening"
	}
	return "unknown"
}

// Report tells what a Link does.
type Report struct {
	Kind Kind
	Rate int // the rate that is spoken of
	Baud int // the rate of the line now
}

// Cause tells why Keep returned.
type Cause uint8

// Causes.
const (
	CauseStart     Cause = iota // nothing yet: the first bring-up
	CauseSilent                 // MaxMisses heartbeats in a row were not answered
	CauseReboot                 // the NCP said that it reboots
	CauseRestarted              // the boot log of the NCP was heard
)

func (c Cause) String() string {
	switch c {
	case CauseStart:
		return "start"
	case CauseSilent:
		return "silent"
	case CauseReboot:
		return "reboot"
	case CauseRestarted:
		return "restarted"
	}
	return "unknown"
}

// Heard tells what was heard on a line on which nobody answered.
type Heard uint8

// What was heard.
const (
	HeardNothing Heard = iota
	HeardNoise         // bytes that are neither frames nor a boot log
	HeardPeer          // frames, or a boot log
)

// SearchError is returned by BringUp when no NCP answers.
type SearchError struct {
	Heard Heard
	Rates []int // that were tried
}

func (e *SearchError) Error() string {
	var b strings.Builder
	switch e.Heard {
	case HeardNothing:
		b.WriteString("link: nothing answered and nothing was heard")
	case HeardNoise:
		b.WriteString("link: only noise was heard")
	default:
		b.WriteString("link: a device was heard, but no call was answered")
	}
	b.WriteString("; tried")
	for _, r := range e.Rates {
		b.WriteString(" " + strconv.Itoa(r))
	}
	return b.String()
}

// Errors of SetRate.
var (
	ErrRefused = errors.New("link: the NCP does not take this rate")
	ErrBadRate = errors.New("link: this rate does not carry")
)

// answeredCall tells whether an error of a call still means that the peer answered.
func answeredCall(err error) bool {
	if err == nil {
		return true
	}
	var status rpc.Status
	return errors.As(err, &status)
}
