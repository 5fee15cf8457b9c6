package workui

import (
	"strconv"
	"strings"

	"ncpweb/ncp/ota"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// pinNumber reads the number of a virtual pin, "7" or "V7".
func pinNumber(s string) (uint16, bool) {
	s = strings.TrimLeft(strings.TrimSpace(s), "vV")
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil
}

// updateFault is how an update failed, in words.
type updateFault struct {
	Title, Why string
	Try        []string
}

// updateFaults are the words for each kind of failure.
//
//lang:texts
var updateFaults = map[ota.Code]updateFault{
	ota.CodeRefused: {"The MCU does not want this firmware", "It answered the offer with no. Its code decides: by version, type, size, or by what it does right now.",
		[]string{"Compare type and version with what the MCU runs.", "Look into the MCU's handler of otaUpdateAvailable."}},
	ota.CodeSilent: {"The MCU does not answer", "It took too long, or did not ask for the first chunk.",
		[]string{"Look at the cable and the power of the MCU.", "Restart the MCU, then send again.", "See under Traffic what came last, once connected."}},
	ota.CodeChunk: {"The MCU asks for impossible chunks", "A chunk has 1 to 1520 bytes, and an MCU asks for one such size.",
		[]string{"Look at what the MCU passes to otaUpdateStart: 1024 is usual."}},
	ota.CodeWrite: {"The MCU does not take a chunk", "It was sent several times and refused each time.",
		[]string{"Look at how the MCU writes its flash memory: is the file larger than its slot?", "Try a lower rate, or a shorter cable."}},
	ota.CodeRestarted: {"The MCU restarted in the middle", "It came up again before the whole file was there.",
		[]string{"Look at its power supply and its watchdog.", "Send again: it begins anew."}},
	ota.CodeDigest: {"The MCU found that the file is not right", "It compared the digests and said no.",
		[]string{"Send again.", "If it fails again: look at how the MCU sums up what it stored."}},
	ota.CodeOld: {"The MCU came back with its old firmware", "It took the file whole, but the new firmware did not start, or was not applied.",
		[]string{"Is the file made for this MCU, and for the slot that it goes to?", "Look at the boot loader: it may have fallen back."}},
	ota.CodeVersion: {"The MCU came back as something else", "It reports neither the version of before nor that of the file.",
		[]string{"Compare the tag in the file with what the firmware passes to setFirmwareInfo: they must be equal."}},
	ota.CodeGone: {"The MCU did not come back", "It said that it applies the file, and was not heard since.",
		[]string{"Restart it. The page goes on listening, and shows what it reports.", "If it stays silent it needs its programmer."}},
	ota.CodeCanceled: {"The update was cancelled", "The MCU was told so.", []string{"Send again when you like."}},
	ota.CodeFile:     {"This file cannot be sent", "It is empty or too large, its tag is too long, or another update is under way.", []string{"Choose another file."}},
	ota.CodeLink:     {"The port went away", "The line to the MCU broke.", []string{"Plug the adapter in, press Wait for the MCU, then send again."}},
}

// runsWords say which firmware runs after a failure.
//
//lang:texts
var runsWords = [...]string{
	ota.FirmwareUnknown: "It is not known which firmware runs now: wait until the MCU reports.",
	ota.FirmwareOld:     "The MCU keeps the firmware that it had.",
	ota.FirmwareNew:     "The new firmware runs.",
}

// runsWord is which firmware runs after a failure.
func runsWord(f ota.Firmware) string {
	if int(f) >= len(runsWords) {
		f = ota.FirmwareUnknown
	}
	return lang.T(runsWords[f])
}

// doneWords tell of an update that was applied, and whether that is proven.
func doneWords(r ota.Result, before string) (string, show.Tone) {
	version := show.Visible(r.Version)
	switch {
	case version == "":
		return lang.T("The MCU came back, and tells no version"), show.Warn
	case !r.Proven:
		return lang.F("The MCU came back with version {0}. Whether that is the file is not proven", version), show.Warn
	case before == "":
		return lang.F("Version {0} runs", version), show.OK
	}
	return lang.F("Version {0} runs (was {1})", version, show.Visible(before)), show.OK
}

// matching is what is known of a file and of the MCU that it is for.
type matching struct {
	Name                 string
	Size                 int
	Type, Version, Build string // of the tag
	Tagged               bool
	Up                   bool // the MCU has reported
	Runs, RunsType       string
	RunsBuild            string
}

// warningsOf tells what does not fit, before anything is sent.
func warningsOf(a matching) []string {
	var list []string
	if !a.Tagged {
		list = append(list, lang.T("No firmware tag: it can be sent, but nothing proves afterwards that it runs, and the cloud would not take it."))
	}
	if v := versionIn(a.Name); a.Tagged && v != "" && a.Version != "" && v != a.Version {
		list = append(list, lang.F("The name of the file says {0}, its tag says {1}.", show.Visible(v), show.Visible(a.Version)))
	}
	if a.Up && a.Tagged {
		switch {
		case a.Type != "" && a.RunsType != "" && a.Type != a.RunsType:
			list = append(list, lang.F("The file is for {0}, the MCU is {1}.", show.Visible(a.Type), show.Visible(a.RunsType)))
		case a.Version != "" && a.Version == a.Runs && (a.Build == a.RunsBuild || a.Build == ""):
			list = append(list, lang.F("The MCU runs {0} already: nothing will prove the update.", show.Visible(a.Version)))
		}
	}
	if a.Size < smallFirmware {
		list = append(list, lang.F("Only {0}: rather little for a firmware.", show.Bytes(uint64(a.Size))))
	}
	return list
}

// smallFirmware is below what any firmware with this protocol can be, in bytes.
const smallFirmware = 4 << 10

// versionIn finds a version in the name of a file: the last run of digits with at least
// one dot between them. Empty: there is none.
func versionIn(name string) string {
	best, from := "", -1
	for i := 0; i <= len(name); i++ {
		if i < len(name) && (name[i] >= '0' && name[i] <= '9' || name[i] == '.') {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			if s := strings.Trim(name[from:i], "."); strings.Contains(s, ".") {
				best = s
			}
			from = -1
		}
	}
	return best
}

// faultOf puts an error of an update into words.
func faultOf(e *ota.Error) updateFault {
	w, ok := updateFaults[e.Code]
	if !ok {
		w = updateFaults[ota.CodeSilent]
	}
	return updateFault{lang.T(w.Title), lang.T(w.Why), translated(w.Try)}
}
