package workui

import (
	"strings"

	"ncpweb/flash"
	"ncpweb/flash/esp"
)

// job is what a person asked for.
type job uint8

// Jobs.
const (
	jobNone job = iota
	jobDetect
	jobFlash
	jobBackup
	jobErase
)

// stage is where a job is.
type stage uint8

// Stages, in the order in which they usually come.
const (
	stageIdle    stage = iota // nothing is under way, and nothing to tell
	stageTake                 // the port comes from the first program, and opens
	stageConnect              // reset, sync, identify
	stageByHand               // a person brings the chip into its loader
	stageReplug               // the port has gone and is awaited
	stageWork                 // compare, erase, write, verify; or read
	stageStart                // reset, boot log
	stageAfter                // a person does what the board needs before it starts
	stageAnswer               // the first program looks for the NCP
	stageDone                 // the end, with a result to tell
	stageFailed               // the end, with a problem to tell
)

// busy tells whether a job is under way.
func (s stage) busy() bool { return s != stageIdle && s != stageDone && s != stageFailed }

// move is what follows when connecting fails.
type move uint8

// Moves.
const (
	moveFail   move = iota // tell the person
	moveByHand             // ask the person to bring the chip into its loader, and keep trying
	moveReplug             // wait for the port to come back, then connect again
)

// attempt is what an attempt to connect was.
type attempt struct {
	byHand      bool // a person was to bring the chip into its loader
	passthrough bool // the chip is behind the board's own controller
	hand        bool // the board is one that only hands can reset
	native      bool // the port belongs to the chip itself
	replugged   bool // the port has gone and come back once in this job
}

// after tells what follows an error of connecting.
func (a attempt) after(code flash.Code) move {
	switch code {
	case flash.CodeBooted, flash.CodeSilent, flash.CodeGarbled:
		// Garbled: firmware that was not reset goes on at a rate of its own.
		if !a.byHand && (!a.passthrough || a.hand) {
			return moveByHand
		}
	case flash.CodeLost:
		// Native USB goes away when the chip is reset into its loader.
		if a.native && !a.replugged {
			return moveReplug
		}
	}
	return moveFail
}

// ending is what became of a chip that was flashed.
type ending uint8

// Endings. Only the first is success without a reserve.
const (
	endAnswers  ending = iota // an NCP answers, and its version is that of the file
	endOther                  // an NCP answers, with another version than that of the file
	endDownload               // the chip waits for a download again
	endInvalid                // the chip finds no firmware that it can start
	endCrash                  // the chip starts again and again
	endMute                   // the firmware started, but no NCP answers
	endSilent                 // nothing was printed, and no NCP answers
	endTorn                   // the port went while the chip started
	endSketch                 // the firmware started, behind a sketch that resets it with the port's lines
)

// finish is what was seen after the chip was told to start.
type finish struct {
	boot     esp.BootKind
	crashed  bool   // the boot log tells of a crash
	sketch   bool   // the chip is behind a sketch that holds it in reset while a port is merely open
	lost     bool   // the port went away and did not come back
	answers  bool   // the first program has found an NCP
	version  string // of the NCP; hostile
	expected string // of the file; empty: it tells none
}

// end tells what became of the chip.
func (f finish) end() ending {
	switch {
	case f.answers && (f.expected == "" || f.version == "" || sameVersion(f.version, f.expected)):
		return endAnswers
	case f.answers:
		return endOther
	case f.lost:
		return endTorn
	case f.crashed:
		return endCrash
	case f.boot == esp.BootLoader:
		return endDownload
	case f.boot == esp.BootInvalid:
		return endInvalid
	case f.boot == esp.BootApp && f.sketch:
		return endSketch
	case f.boot == esp.BootApp:
		return endMute
	}
	return endSilent
}

// sameVersion compares the version that an NCP tells with that of the file: "v1.2.0",
// "1.2.0" and "1.2.0+build" are one.
func sameVersion(a, b string) bool {
	return plainVersion(a) == plainVersion(b)
}

func plainVersion(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "v"), "V")
	s, _, _ = strings.Cut(s, "+")
	return s
}

// waitsForNCP tells whether the first program should look for an NCP: not where the boot
// log has said that none runs.
func (f finish) waitsForNCP() bool {
	return !f.sketch && f.boot != esp.BootLoader && f.boot != esp.BootInvalid
}

// marksOfCrash are what the frameworks of the chips print when firmware ends by a fault.
var marksOfCrash = []string{"Guru Meditation", "abort() was called", "Backtrace:", "Stack smashing", "Brownout detector", "Fatal exception", "Soft WDT reset"}

// tellsCrash tells whether a boot log tells of a crash.
func tellsCrash(text string) bool {
	for _, m := range marksOfCrash {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// phasesOf are the phases that the task panel shows for a job.
func phasesOf(j job, eraseAll, compare bool) []flash.Phase {
	list := []flash.Phase{flash.PhaseConnect}
	switch j {
	case jobBackup:
		return append(list, flash.PhaseRead, flash.PhaseRestart)
	case jobErase:
		return append(list, flash.PhaseErase, flash.PhaseRestart)
	case jobFlash:
		switch {
		case eraseAll:
			list = append(list, flash.PhaseErase)
		case compare:
			list = append(list, flash.PhaseCompare)
		}
		return append(list, flash.PhaseWrite, flash.PhaseVerify, flash.PhaseRestart)
	}
	return list
}
