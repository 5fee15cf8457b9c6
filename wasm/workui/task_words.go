//go:build js && wasm

package workui

import (
	"ncpweb/flash"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

//lang:texts
var phaseNames = [flash.Phases]string{
	flash.PhaseConnect: "Connect", flash.PhaseCompare: "Compare", flash.PhaseErase: "Erase", flash.PhaseWrite: "Write",
	flash.PhaseVerify: "Verify", flash.PhaseRead: "Read", flash.PhaseRestart: "Restart",
}

// phaseName is the word for a phase, in the language of the page.
func phaseName(p flash.Phase) string {
	if int(p) >= len(phaseNames) {
		return ""
	}
	return lang.T(phaseNames[p])
}

// phaseMark is how far a phase is.
type phaseMark uint8

const (
	phaseOpen phaseMark = iota
	phaseNow
	phaseDone
	phaseSkipped
	phaseFailed
)

//lang:texts
var markWords = [...]string{phaseOpen: "to come", phaseNow: "now", phaseDone: "done", phaseSkipped: "not needed", phaseFailed: "not finished"}

func (m phaseMark) tone() show.Tone {
	return [...]show.Tone{show.Idle, show.Busy, show.OK, show.Idle, show.Fail}[m]
}

// shape is the form that stands for it, beside its colour.
func (m phaseMark) shape() string {
	if m == phaseSkipped {
		return "skip"
	}
	return string(m.tone())
}

// viewLinks are the words of the link to the view that tells of a task.
//
//lang:texts
var viewLinks = map[string]string{"flash": "Open Flash", "update": "Open Update"}
