//go:build js && wasm

package toolui

import (
	"strconv"

	"ncpweb/doctor"
	"ncpweb/ncp"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// stepNames name the steps, in their order.
//
//lang:texts
var stepNames = [...]string{
	doctor.StepOpen:   "Open the port",
	doctor.StepListen: "Listen to what comes by itself",
	doctor.StepAsk:    "Ask at the rates at which an NCP starts",
	doctor.StepOthers: "Try a chip's loader and AT commands",
	doctor.StepRates:  "Ask at all other rates",
	doctor.StepReset:  "Restart the board and read its boot log",
	doctor.StepDevice: "Read version, state and configuration",
	doctor.StepLine:   "Count how many pings pass",
}

//lang:texts
var stepWords = [...]string{
	doctor.Waiting: "waiting",
	doctor.Running: "under way",
	doctor.Passed:  "in order",
	doctor.Noted:   "noteworthy",
	doctor.Failed:  "nothing found",
	doctor.Skipped: "not needed",
}

var stepTones = [...]show.Tone{
	doctor.Waiting: show.Idle, doctor.Running: show.Busy, doctor.Passed: show.OK,
	doctor.Noted: show.Warn, doctor.Failed: show.Warn, doctor.Skipped: "skip",
}

//lang:texts
var certainties = [...]string{
	doctor.Possible: "Possible: it fits what was seen, as other causes do",
	doctor.Likely:   "Likely: what was seen speaks for it",
	doctor.Sure:     "Certain: it was seen",
}

// evidenceWords puts evidence into words. Texts of the device are shown as text.
func evidenceWords(e doctor.Evidence) string {
	text := evidenceText(e)
	if e.Text != "" && e.Kind != doctor.EvVersion && e.Kind != doctor.EvAT {
		quote, _ := show.Cut(show.VisibleLine(e.Text), 120)
		text += ": " + quote
	}
	return text
}

func evidenceText(e doctor.Evidence) string {
	n, m, rate := show.Grouped(uint64(max(e.N, 0))), show.Grouped(uint64(max(e.M, 0))), show.Grouped(uint64(max(e.Rate, 0)))
	switch e.Kind {
	case doctor.EvOpened:
		return lang.T("The port opens")
	case doctor.EvRefused:
		return lang.T("The port does not open")
	case doctor.EvHeard:
		return lang.F("{0} bytes at {1} baud", n, rate)
	case doctor.EvNothing:
		return lang.F("Not one byte in {0} s of listening, at {1} baud rates", seconds(e.N), m)
	case doctor.EvText:
		return lang.F("Readable text at {0} baud", rate)
	case doctor.EvNoise:
		return lang.F("{0} unreadable bytes, at {1} baud rates", n, m)
	case doctor.EvFrames:
		return lang.F("{0} good and {1} broken frames at {2} baud", n, m, rate)
	case doctor.EvAnswered:
		return lang.F("{0} of {1} pings answered at {2} baud", n, m, rate)
	case doctor.EvUnasked:
		return lang.F("{0} answers of an NCP to questions of somebody else, at {1} baud", n, rate)
	case doctor.EvForeign:
		return lang.F("{0} calls of somebody else to an NCP, at {1} baud", n, rate)
	case doctor.EvAsksUs:
		return lang.F("{0} calls of an NCP to its MCU, at {1} baud", n, rate)
	case doctor.EvEcho:
		return lang.F("{0} frames of this page came back, at {1} baud", n, rate)
	case doctor.EvBoots:
		return lang.F("{0} boot logs in {1} s of listening, at {2} baud", n, seconds(e.M), rate)
	case doctor.EvBootLog:
		return lang.F("A boot log at {0} baud", rate)
	case doctor.EvNCPBoot:
		return lang.F("The boot log of an NCP at {0} baud", rate)
	case doctor.EvDownload:
		return lang.F("The boot log at {0} baud says that the chip waits for a download", rate)
	case doctor.EvSync:
		return lang.F("The chip's loader answers at {0} baud", rate)
	case doctor.EvAT:
		answer, _ := show.Cut(show.VisibleLine(e.Text), 40)
		return lang.F("“AT” was answered with “{0}”, at {1} baud", answer, rate)
	case doctor.EvBrownout:
		return lang.F("The boot log tells of a supply that breaks down, {0} times", n)
	case doctor.EvNoImage:
		return lang.F("The boot log says that the flash holds no firmware, {0} times", n)
	case doctor.EvBits:
		return lang.F("{0} ones arrived as zeros and {1} zeros as ones", n, m)
	case doctor.EvVersion:
		version, _ := show.Cut(show.VisibleLine(e.Text), 60)
		return lang.F("Blynk.NCP {0}", version)
	case doctor.EvState:
		if ncp.State(e.N) == ncp.StateNotInitialized {
			return lang.T("No template is set")
		}
		return lang.T("A template is set")
	case doctor.EvConfig:
		if e.N == 0 {
			return lang.T("It has no network and cloud credentials")
		}
		return lang.T("It has network and cloud credentials")
	case doctor.EvLinesOff:
		return lang.F("It answers at {0} baud once DTR and RTS are let go", rate)
	case doctor.EvRestarted:
		return lang.T("It answers since the restart")
	case doctor.EvNoReset:
		return lang.T("A restart was not allowed")
	}
	return e.String()
}

// seconds is a number of milliseconds as seconds.
func seconds(ms int) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) }

// doctorRemedy is one thing to do, with a line for a shell where there is one.
type doctorRemedy struct{ Text, line string }

func do(texts ...string) []doctorRemedy {
	list := make([]doctorRemedy, len(texts))
	for i, t := range texts {
		list[i].Text = t
	}
	return list
}

// doctorWords are what is said of a cause.
type doctorWords struct {
	Title string
	Why   string
	Do    []doctorRemedy
	Tone  show.Tone
}

// verdicts are the words of each cause.
//
//lang:texts
var verdicts = map[doctor.Code]doctorWords{
	doctor.OK: {
		Title: "Nothing is wrong here", Tone: show.OK,
		Why: "The NCP answers, its product is set, and every ping passed.",
		Do:  do("Press Connect again.", "If it was silent before, something else held the port or the board had just started."),
	},
	doctor.NoTemplate: {
		Title: "The NCP works, but it has no product yet", Tone: show.Warn,
		Why: "It answers, but no template was set since it started. Without one it does not go to the cloud.",
		Do:  do("Connect again and open Configure.", "Type the template id and name and apply them.", "The NCP forgets them at each start: your Primary MCU has to send them every time."),
	},
	doctor.NotProvisioned: {
		Title: "The NCP works, but it is not provisioned", Tone: show.Warn,
		Why: "It answers and has a product, but no network and cloud credentials.",
		Do:  do("Connect again and start the configuration mode on the Configure view.", "Add the device with the Blynk app on a phone.", "Watch its state go to Connected on the Device view."),
	},
	doctor.WrongRate: {
		Title: "It runs at another baud rate", Tone: show.Warn,
		Why: "The NCP works, but it was not at a rate at which NCPs start. A program that ran before has changed it, and it stays so until the NCP restarts.",
		Do:  do("Restart the NCP: it starts at its own rate again.", "Let your firmware try more than one rate, beginning with 38400 and 115200.", "This page finds the rate by itself: press Connect again."),
	},
	doctor.HeldInReset: {
		Title: "The port itself holds the board in reset", Tone: show.Warn,
		Why: "The board runs only while RTS is let go: its reset is wired to RTS alone. Serial monitors that raise RTS keep it off.",
		Do:  do("Press Connect again: this page lets the lines go.", "Switch RTS and DTR off in other programs.", "Take the wire off RTS, or use a circuit that needs DTR and RTS for a reset."),
	},
	doctor.Silent: {
		Title: "Not a sign of life", Tone: show.Fail,
		Why: "Not one byte came, at no baud rate, also after a restart. From here, these causes look the same: TX and RX swapped, a loose wire, no power, no firmware, or the port of another device. The steps tell them apart.",
		Do: do("Does the board have power? Look at its LED, or measure 3.3 V between 3V3 and GND.",
			"Is this its port? Unplug the board: the port must go from the browser's list.",
			"Swap the two data wires: TX of the adapter goes to RX of the NCP, and RX to TX. Examine again.",
			"Check that GND of both sides is joined.",
			"Press the board's reset button while the doctor listens: a chip that lives prints a boot log.",
			"Flash the Blynk.NCP firmware, then examine again."),
	},
	doctor.OneWay: {
		Title: "It is heard, but it does not hear", Tone: show.Fail,
		Why: "Text or calls of the NCP arrive, but nothing that is sent reaches it: the wire from the adapter's TX to the NCP's RX is open, on a wrong pin, or held by something else.",
		Do:  do("Check the wire from TX of the adapter to RX of the NCP.", "If a Primary MCU is on the same line, hold it in reset or take its TX off.", "Measure that wire: at rest it is at 3.3 V."),
	},
	doctor.OtherTalker: {
		Title: "A Primary MCU speaks on the same line", Tone: show.Fail,
		Why: "Calls or answers were heard that this page did not ask for. Two talkers on one line destroy each other's bytes.",
		Do:  do("Hold the Primary MCU in reset, or erase its sketch, while you work from here.", "Or take its TX off the NCP's RX.", "If this is the port of the Primary MCU, use that of the NCP."),
	},
	doctor.DownloadMode: {
		Title: "The chip is in download mode", Tone: show.Fail,
		Why: "The loader in the chip's ROM runs instead of the firmware: the boot pin was low at its start.",
		Do:  do("Let go of BOOT and take jumpers off the boot pin (GPIO0, or GPIO9 on C3 and C6).", "Press RESET, or unplug the board and plug it in again.", "Examine again. If it comes back, a circuit or wire pulls the boot pin low."),
	},
	doctor.ATFirmware: {
		Title: "An AT firmware is on it, not Blynk.NCP", Tone: show.Fail,
		Why: "The module answers AT commands, as the firmware does that it was sold with.",
		Do:  do("Flash the Blynk.NCP firmware for this module.", "Examine again."),
	},
	doctor.OtherFirmware: {
		Title: "Other firmware is on it", Tone: show.Fail,
		Why: "It prints readable text, but never a frame of the NCP protocol. This is another firmware, or the log port of a board.",
		Do:  do("Read the text below: it often names the firmware.", "Check that this is the port of the NCP, not that of the Primary MCU.", "Flash the Blynk.NCP firmware for this module."),
	},
	doctor.NoFirmware: {
		Title: "There is no firmware on it", Tone: show.Fail,
		Why: "The chip starts, but finds nothing in its flash that it can run.",
		Do:  do("Flash the Blynk.NCP firmware for this module.", "If it was flashed already: it may be for another chip or at a wrong address. Erase the flash and flash it again."),
	},
	doctor.BootLoop: {
		Title: "It restarts again and again", Tone: show.Fail,
		Why: "Boot logs come one after the other, though nobody restarted it: the firmware crashes.",
		Do:  do("Use a strong supply and a short cable, and examine again.", "Take everything else off the board's pins.", "Erase the flash and flash the Blynk.NCP firmware again."),
	},
	doctor.Brownout: {
		Title: "Its supply breaks down", Tone: show.Fail,
		Why: "The chip itself says so: its voltage falls when the radio starts, and it restarts.",
		Do:  do("Feed the board from a supply for 500 mA or more, not from the adapter's 3.3 V pin.", "Use a short, thick USB cable, in a port of the computer itself.", "Put 100 µF or more between 3.3 V and GND beside the module."),
	},
	doctor.Levels: {
		Title: "Bits arrive wrong", Tone: show.Fail,
		Why: "Answers are nearly right, with single bits wrong. Levels that do not match do this (5 V against 3.3 V), and so do long wires, a bad ground or a weak supply.",
		Do:  do("Set the adapter to 3.3 V. Never put 5 V on an ESP's pin: it can destroy it.", "Use a level shifter made for UARTs where the other side has 5 V.", "Shorten the wires and join GND of both sides well.", "Feed the board from a stronger supply."),
	},
	doctor.NoGround: {
		Title: "Noise at every baud rate", Tone: show.Fail,
		Why: "Random bytes come whatever is sent, and no rate makes them readable. An open RX wire or a missing common ground picks them up.",
		Do:  do("Join GND of the adapter and GND of the board.", "Check that the adapter's RX is wired to the NCP's TX and sits tight.", "Take the NCP's TX off: if the noise stays, it comes from the wiring, not from the board."),
	},
	doctor.Echo: {
		Title: "Everything that is sent comes back", Tone: show.Fail,
		Why: "TX and RX of the adapter are joined: by a wire, a solder bridge, or a half-duplex circuit.",
		Do:  do("Take the bridge between TX and RX off.", "Wire TX to the NCP's RX and RX to its TX.", "An NCP needs both directions at once: RS-485 and one-wire adapters do not do."),
	},
	doctor.Unreadable: {
		Title: "Something speaks, but not as an NCP", Tone: show.Fail,
		Why: "Bytes arrive that make no sense at any of the rates: another protocol, or a rate that is not in the list.",
		Do:  do("Check that this is the port of the NCP.", "Press the board's reset button while the doctor listens.", "Look at the bytes below: they may remind you of something."),
	},
	doctor.NoPort: {
		Title: "The browser has no port to offer", Tone: show.Fail,
		Why: "No port was chosen. If the list was empty, the computer does not see the adapter: the cable carries power only, or the driver is missing.",
		Do:  do("Use another cable: many carry power only. One that has moved files to a phone is good.", "Use another port of the computer, without a hub.", "Install the driver of the adapter (CP210x, CH34x, FTDI), then restart the browser.", "If the port was in the list, press Find the fault again and pick it."),
	},
	doctor.Busy: {
		Title: "Another program holds the port", Tone: show.Fail,
		Why: "A serial port can be open in one place at a time.",
		Do:  do("Close serial monitors, IDEs and flash tools.", "Close other tabs that are connected to it.", "Unplug the board, plug it in again, wait 5 s, examine again."),
	},
	doctor.Dialout: {
		Title: "You may have no rights to serial ports", Tone: show.Fail,
		Why: "On Linux a port does not open for a user outside the group that owns it. The browser says the same as for a busy port.",
		Do: []doctorRemedy{
			{"Debian, Ubuntu, Fedora: add yourself to the group, then log out and in.", "sudo usermod -aG dialout $USER"},
			{"Arch: the group is called uucp.", "sudo usermod -aG uucp $USER"},
			{"If you are in the group already, close other programs that use the port.", ""},
		},
	},
	doctor.Snap: {
		Title: "The browser's sandbox may keep it off the port", Tone: show.Fail,
		Why: "Chromium on Ubuntu is a snap, which has no rights to USB serial ports of its own.",
		Do: []doctorRemedy{
			{"Give the snap the right, then restart the browser.", "sudo snap connect chromium:raw-usb"},
			{"Or use Chrome or Edge from their own packages.", ""},
		},
	},
	doctor.Denied: {
		Title: "The browser may not open the port", Tone: show.Fail,
		Why: "The permission for the port was not given or was taken back, or a policy of this computer blocks serial ports.",
		Do:  do("Press Choose another port and pick it in the browser's list.", "Look at the site settings left of the address: serial ports must not be blocked.", "On a managed computer, ask who manages it."),
	},
	doctor.NotOpened: {
		Title: "The port does not open", Tone: show.Fail,
		Why: "The system refuses it: the adapter hangs, or its driver is missing or damaged.",
		Do:  do("Unplug the adapter, wait 5 s, plug it in again.", "Use another cable and another port of the computer.", "Install the driver of the adapter (CP210x, CH34x, FTDI), then restart the browser."),
	},
	doctor.Unplugged: {
		Title: "The adapter went away", Tone: show.Fail,
		Why: "It was unplugged, its cable is loose, or its USB part restarted in the middle of the examination.",
		Do:  do("Plug it in and examine again.", "If nobody touched it: use a shorter cable and a port without a hub.", "A board that draws too much makes the USB port switch off: feed it otherwise."),
	},
	doctor.Canceled: {
		Title: "The examination was ended", Tone: show.Warn,
		Why: "It was ended before it came to a result.",
		Do:  do("Press Find the fault to begin anew."),
	},
}

// freed is what to do where the restart has ended the trouble.
//
//lang:texts
var freed = do("Press Connect again: the NCP answers now.", "If it comes back, examine the board again before you restart it.")

// brokenNames are the devices with a fault that can be tried, as the simulator names
// them; brokenWords say what is wrong with each.
var brokenNames = []string{
	"download", "loader", "at", "log", "noimage", "bootloop", "brownout", "swapped", "deaf", "mcu", "mcuport", "levels", "noground", "echo",
	"rate", "oddrate", "held", "unplugged", "busy", "denied", "driver", "gone", "notemplate", "notprovisioned", "none",
}

//lang:texts
var brokenWords = map[string]string{
	"none":           "Nothing: an NCP in order",
	"notemplate":     "No template was set",
	"notprovisioned": "No network credentials",
	"rate":           "It runs at 2,000,000 baud",
	"oddrate":        "It was left at 250,000 baud",
	"swapped":        "TX and RX swapped",
	"deaf":           "The wire to its RX is broken",
	"held":           "RTS holds it in reset",
	"mcu":            "A Primary MCU on the same line",
	"mcuport":        "The port is that of the Primary MCU",
	"download":       "It stays in download mode",
	"loader":         "It was left in download mode",
	"at":             "AT firmware",
	"log":            "A firmware that only logs",
	"noimage":        "An empty flash",
	"bootloop":       "A firmware that crashes",
	"brownout":       "A weak supply",
	"levels":         "Levels that do not match",
	"noground":       "No common ground",
	"echo":           "TX and RX joined",
	"unplugged":      "A loose USB cable",
	"busy":           "Another program holds the port",
	"denied":         "No permission for the port",
	"driver":         "The port does not open",
	"gone":           "The adapter is gone",
}
