//go:build js && wasm

package workui

import (
	"strings"
	"time"

	"ncpweb/flash/esp"
	"ncpweb/wasm/lang"
)

// heldWords are what the chip of the connection says while a job has the port.
//
//lang:texts
var heldWords = [...]string{
	jobNone: "At work", jobDetect: "Detecting", jobFlash: "Flashing", jobBackup: "Reading", jobErase: "Erasing",
}

// taskTitle names a job in the task panel.
func taskTitle(j job, chip string) string {
	switch j {
	case jobDetect:
		return lang.T("Detecting the chip")
	case jobBackup:
		return lang.F("Backup of {0}", chipName(chip))
	case jobErase:
		return lang.F("Erasing {0}", chipName(chip))
	}
	return lang.F("Flashing {0}", chipName(chip))
}

func chipName(chip string) string {
	if chip == "" {
		return lang.T("the NCP")
	}
	return chip
}

// tapSteps start the firmware where the page cannot.
//
//lang:texts
var tapSteps = [...]string{"Take off what holds the boot pin at GND, and let go of BOOT.", "Tap RESET, or power the board off and on."}

// securityWords tell what the fuses of a chip forbid.
func securityWords(s esp.Security) string {
	if !s.Known {
		return ""
	}
	var list []string
	if s.Boot {
		list = append(list, lang.T("secure boot"))
	}
	if s.Encrypted {
		list = append(list, lang.T("flash encryption"))
	}
	if s.Download {
		list = append(list, lang.T("secure download mode"))
	}
	if len(list) == 0 {
		return lang.T("none")
	}
	return strings.Join(list, ", ")
}

// reportWords tell what was done to the chip, from the report.
func reportWords(r *esp.Report, took time.Duration) string {
	var written, same, kept int64
	for _, g := range r.Regions {
		switch g.Action {
		case esp.ActionWritten:
			written += g.Size
		case esp.ActionSame:
			same += g.Size
		case esp.ActionKept:
			kept += g.Size
		}
	}
	return savedWords(written, same, kept, took)
}
