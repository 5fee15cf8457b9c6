package workui

import (
	"strings"

	"ncpweb/flash"
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

// held tells whether the port is open and belongs to the job.
func (s stage) held() bool { return s > stageTake && s < stageAfter }

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
	case flash.CodeBooted, flash.CodeSilent:
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
)

// booted is what the boot log tells.
type booted uint8

// Kinds of boot log.
const (
	bootNone     booted = iota // nothing was printed, or it was not listened
	bootApp                    // the firmware started
	bootDownload               // the loader waits for a download
	bootInvalid                // no valid image
	bootCrash                  // it restarts by itself
)

// finish is what was seen after the chip was told to start.
type finish struct {
	boot     booted
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
	case f.boot == bootDownload:
		return endDownload
	case f.boot == bootInvalid:
		return endInvalid
	case f.boot == bootCrash:
		return endCrash
	case f.boot == bootApp:
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

// waitsForNCP tells whether the first program should look for an NCP after that boot
// log: not where the chip has said that it runs none.
func (b booted) waitsForNCP() bool { return b != bootDownload && b != bootInvalid }

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
