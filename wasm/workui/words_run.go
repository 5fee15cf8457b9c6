package workui

import (
	"strconv"
	"strings"
	"time"

	"ncpweb/board"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// stageWords say what is under way.
//
//lang:texts
var stageWords = [...]string{
	stageIdle:    "Ready",
	stageTake:    "Opening the port",
	stageConnect: "Connecting to the chip",
	stageByHand:  "Waiting for you",
	stageReplug:  "Waiting for the port",
	stageWork:    "At work",
	stageStart:   "Restarting the chip",
	stageAfter:   "Waiting for you",
	stageAnswer:  "Looking for the NCP",
	stageDone:    "Done",
	stageFailed:  "Failed",
}

var stageTones = [...]show.Tone{
	stageIdle: show.Idle, stageTake: show.Busy, stageConnect: show.Busy, stageByHand: show.Warn, stageReplug: show.Warn,
	stageWork: show.Busy, stageStart: show.Busy, stageAfter: show.Warn, stageAnswer: show.Busy, stageDone: show.OK, stageFailed: show.Fail,
}

// handSteps are what a person does to bring a chip into its loader: those of the board,
// else those of any board with the usual buttons.
func handSteps(b *board.Board, native bool) []string {
	if b != nil && len(b.ByHand) > 0 {
		return translated(b.ByHand)
	}
	if native {
		return translated(nativeSteps[:])
	}
	return []string{
		lang.T("Hold BOOT (also marked IO0, IO9 or FLASH)."),
		lang.T("Tap RESET (also marked EN or RST)."),
		lang.T("Let go of BOOT."),
	}
}

//lang:texts
var nativeSteps = [...]string{"Unplug the cable.", "Hold BOOT, plug the cable in again, let go of BOOT.", "If the page does not go on by itself, press Choose the port: it may have another name now."}

// bootText is a boot log as it can be shown, at most its last part.
func bootText(text string) string {
	const most = 6000
	if len(text) > most {
		text = text[len(text)-most:]
	}
	var lines []string
	noise := 0
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if noisy(line) {
			noise += len(line)
			continue
		}
		lines = append(lines, show.PlainLine(line))
	}
	if noise > 0 { // the firmware speaks at a rate of its own
		lines = append(lines, "… "+unread(noise))
	}
	return strings.Join(lines, "\n")
}

// unread stands for bytes of another rate in logs.
func unread(n int) string { return strconv.Itoa(n) + " bytes at another rate" }

// noisy tells whether much of a line cannot be read, because it came at another rate.
func noisy(line string) bool {
	n := 0
	for _, c := range []byte(line) {
		if c < ' ' && c != '\t' && c != '\r' && c != 0x1B || c > '~' {
			n++
		}
	}
	return n*4 > len(line)
}

// translated are texts of the catalogue in the language of the page.
func translated(texts []string) []string {
	list := make([]string, len(texts))
	for i, s := range texts {
		list[i] = lang.T(s)
	}
	return list
}

// bootPin is the pin that starts the loader.
func bootPin(chip string) string {
	switch chip {
	case "esp32c2", "esp32c3", "esp32c6", "esp32h2", "ESP32-C2", "ESP32-C3", "ESP32-C6", "ESP32-H2":
		return "GPIO9"
	case "":
		return lang.T("GPIO0; GPIO9 on C2, C3, C6, H2")
	}
	return "GPIO0"
}

// handHint helps where there are no buttons.
func handHint(chip string, native bool) string {
	if native {
		return lang.T("The firmware that runs uses the USB port for itself; the loader in the chip shows another one.")
	}
	return lang.F("No buttons? Join the boot pin ({0}) and GND, power the board off and on, and take the wire off when the page goes on.", bootPin(chip))
}

// endingText is what is said of an ending. {0} is the version of the NCP, {1} that of
// the file.
type endingText struct {
	Title string
	What  string
	Try   []string
	Tone  show.Tone
}

// endings are what is said of each.
//
//lang:texts
var endings = [...]endingText{
	endAnswers: {Title: "NCP {0} answers", What: "The firmware is written, verified and runs.", Tone: show.OK},
	endOther: {
		Title: "NCP {0} answers, not {1}",
		What:  "The file is written and verified, but the NCP that runs tells another version than the file.",
		Try:   []string{"The module may hold two firmwares and start the other one: under How, let settings be written too, or erase everything first, and flash again.", "If a board has two chips, check that this is the port of the NCP."},
		Tone:  show.Warn,
	},
	endDownload: {
		Title: "Written and verified, but the chip waits in its loader",
		What:  "After the restart the chip started its loader again: the boot pin is still low.",
		Try:   []string{"Take off the jumper or wire between the boot pin and GND, and let go of BOOT.", "Tap RESET, or power the board off and on.", "Then press Connect to the NCP now."},
		Tone:  show.Warn,
	},
	endInvalid: {
		Title: "Written and verified, but the chip cannot start it",
		What:  "The file is in the chip as it should be, but the chip's boot log says that it finds no valid firmware.",
		Try:   []string{"Check the offset: a merged file (….flash.bin) goes to 0x0; a bootloader of an ESP32 goes to 0x1000.", "Check that the file is for this chip, and whole: an application alone needs a bootloader and a partition table.", "Erase everything, then flash again."},
		Tone:  show.Fail,
	},
	endCrash: {
		Title: "Written and verified, but the chip starts again and again",
		What:  "The boot log repeats itself: the firmware starts and ends at once.",
		Try:   []string{"Feed the board from a stronger supply: Wi-Fi needs much current when it starts.", "Check that the file is for this module, with its memory size.", "Old settings may not suit the new firmware: erase everything first, then flash again."},
		Tone:  show.Fail,
	},
	endMute: {
		Title: "Written and verified, but no NCP answers",
		What:  "The boot log shows that the firmware started, but nothing answers as an NCP on this port.",
		Try:   []string{"Power the board off and on, then press Connect to the NCP now.", "Check that the file is a Blynk.NCP firmware.", "The NCP may talk on other pins than those of this port: that is so on boards with a Primary MCU.", "Find the fault with the Doctor."},
		Tone:  show.Warn,
	},
	endSilent: {
		Title: "Written and verified, but nothing is heard",
		What:  "After the restart the chip printed nothing, and nothing answers as an NCP.",
		Try:   []string{"Power the board off and on, then press Connect to the NCP now.", "Take off the jumper that was put on for flashing.", "Check RX and TX: what flashes by a separate adapter may need other wires to run.", "Find the fault with the Doctor."},
		Tone:  show.Warn,
	},
	endSketch: {
		Title: "Written, verified and started",
		What:  "The boot log shows that the new firmware starts. It cannot be asked for its version here: the passthrough resets the NCP with the lines of this port.",
		Try:   []string{"Put the board's own program back into its controller: the passthrough has replaced it.", "Then connect to the NCP through it, or wire a serial adapter to the NCP."},
		Tone:  show.Warn,
	},
	endTorn: {
		Title: "Written and verified, but the port went away",
		What:  "The chip restarted and took its port with it.",
		Try:   []string{"Plug the board in again.", "Press Connect to the NCP now and choose its port: it may have another name."},
		Tone:  show.Warn,
	},
}

// endingWords puts an ending into words.
func endingWords(end ending, f finish) endingText {
	t := endings[end]
	version, _ := show.Cut(show.Visible(f.version), 40)
	expected, _ := show.Cut(show.Visible(f.expected), 40)
	t.Title = lang.F(t.Title, version, expected)
	if end == endAnswers && version == "" {
		t.Title = lang.T("The NCP answers")
	}
	t.What = lang.T(t.What)
	t.Try = translated(t.Try)
	return t
}

// spent writes how long something took.
func spent(d time.Duration) string {
	if d < 10*time.Second {
		return lang.F("{0} s", strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
	}
	return show.Span(d)
}

// savedWords tell what was done to the chip, in one line.
func savedWords(written, same, kept int64, took time.Duration) string {
	var text string
	switch {
	case written == 0:
		text = lang.F("All of it was in the chip already; verified in {0}.", spent(took))
	case same > 0:
		text = lang.F("{0} written, {1} were there already; verified, in {2}.", show.Bytes(uint64(written)), show.Bytes(uint64(same)), spent(took))
	default:
		text = lang.F("{0} written and verified in {1}.", show.Bytes(uint64(written)), spent(took))
	}
	if kept > 0 {
		text += " " + lang.T("The settings of the device are kept.")
	}
	return text
}

// flashSize writes the size of a flash memory as people say it: 4 MB are 4 × 1024 × 1024.
func flashSize(n int64) string {
	if n >= 1<<20 {
		return lang.F("{0} MB", strconv.FormatInt(n>>20, 10))
	}
	return lang.F("{0} kB", strconv.FormatInt(n>>10, 10))
}
