package ui

import (
	"strconv"
	"strings"

	"ncpweb/session"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// Card is a problem as a person reads it.
type Card struct {
	Title string
	What  string   // what happened
	Why   string   // why it usually happens
	Try   []Remedy // what to try, the best first
	Tone  show.Tone
	Retry bool // trying again can help
	Sim   bool // offer the simulated device
}

// Remedy is one thing to try, with a command line to copy where there is one.
type Remedy struct {
	Text string
	Line string
}

func try(texts ...string) []Remedy {
	list := make([]Remedy, len(texts))
	for i, t := range texts {
		list[i].Text = t
	}
	return list
}

// Rights on Linux: the groups that own serial ports, and the sandbox of the snap.
//
//lang:texts
var linuxRights = []Remedy{
	{"Debian, Ubuntu, Fedora: add yourself to the group that owns serial ports, then log out and in", "sudo usermod -aG dialout $USER"},
	{"Arch: the group is called uucp", "sudo usermod -aG uucp $USER"},
	{"Chromium as a snap: allow it to reach USB devices", "sudo snap connect chromium:raw-usb"},
}

// ProblemCard puts a problem into words. linux tells whether the computer runs it.
func ProblemCard(p *session.Problem, linux bool) Card {
	c := cards[p.Code]
	if c.Title == "" {
		c = cards[session.CodeCore]
	}
	remedies := c.Try
	if linux && (p.Code == session.CodeDenied || p.Code == session.CodeBusy || p.Code == session.CodeOpenFailed) {
		remedies = append(remedies[:len(remedies):len(remedies)], linuxRights...)
	}
	c.Try = make([]Remedy, len(remedies))
	for i, r := range remedies {
		c.Try[i] = Remedy{lang.T(r.Text), r.Line}
	}
	c.Title, c.Why = lang.T(c.Title), lang.T(c.Why)
	if c.Tone == "" {
		c.Tone = show.Fail
	}
	op := opWords[p.Op]
	if op == "" {
		op = lastStep
	}
	c.What = lang.F(c.What, lang.T(op))
	switch p.Code {
	case session.CodeSilent, session.CodeNoise, session.CodeNotAnswered:
		if rates := ratesTried(p.Detail); rates != "" {
			c.What += " " + lang.F("Tried: {0} baud.", rates)
		}
	case session.CodeInput:
		if field, _, _ := strings.Cut(p.Detail, ":"); field != "" {
			short, _ := show.Cut(FieldName(field), 80)
			c.What += " " + lang.F("See: {0}.", short)
		}
	}
	return c
}

// ratesTried takes the rates out of the detail of a search, "…; tried 38400 115200".
func ratesTried(detail string) string {
	_, list, _ := strings.Cut(detail, "; tried ")
	var rates []string
	for _, word := range strings.Fields(list) {
		n, err := strconv.Atoi(word)
		if err != nil || n <= 0 || len(rates) == 16 {
			break
		}
		rates = append(rates, show.Grouped(uint64(n)))
	}
	return strings.Join(rates, ", ")
}

//lang:texts
const lastStep = "The last step"

// opWords say what was being done, as the beginning of a sentence.
//
//lang:texts
var opWords = map[string]string{
	"connect": "Connecting", "disconnect": "Disconnecting", "open": "Opening the port", "search": "Looking for the NCP", "raise": "Changing the baud rate",
	"read": "Reading the NCP", "refresh": "Reading the NCP", "apply": "Applying the configuration", "initialize": "Initializing",
	"write": "Writing the pin", "group": "Writing the group", "sync": "Syncing", "syncAll": "Syncing all pins", "property": "Setting the property",
	"logEvent": "Logging the event", "resolve": "Resolving the event", "resolveAll": "Resolving the events", "event": "The event", "metadata": "Setting the metadata",
	"configStart": "Starting configuration mode", "configStop": "Stopping configuration mode", "configReset": "Resetting the configuration",
	"setTime": "Setting the time", "reboot": "Restarting", "factory": "The factory reset", "factoryReset": "The factory reset", "rate": "Changing the baud rate", "reset": "Resetting the device",
	"pin": "The change of the pin", "lend": "Lending the port", "copy": "Copying", "save": "Saving the file", "request": "Asking for a port", "terminal": "Opening the terminal", "send": "Sending", "lines": "Setting DTR or RTS", "break": "Sending a break", "bootMode": "Starting the boot loader", "forget": "Forgetting the device", "try": "Loading the simulated device",
}

// cards are what is said of each code.
//
//lang:texts
var cards = map[session.Code]Card{
	session.CodeNoSerial: {
		Title: "This browser has no Web Serial",
		What:  "Use Chrome, Edge or Opera on a computer, or Firefox 151 or newer; the simulated device works here as well.",
		Why:   "Reaching a USB serial port from a page needs an interface that this browser does not have, or has only on https and localhost addresses.",
		Try:   try("Open this page in Chrome, Edge or Opera, or in Firefox 151 or newer on a computer.", "See that the address begins with https or is localhost.", "Try without hardware, to see the page at work."),
		Tone:  show.Warn, Sim: true,
	},
	session.CodeBusy: {
		Title: "The port is in use",
		What:  "The port did not open: another program holds it.",
		Why:   "A serial port can be open in one place at a time. On Linux the same answer comes when you have no rights to the port.",
		Try:   try("Close serial monitors, IDEs and flash tools that use the board.", "Close other tabs that are connected to it, this page included.", "Unplug the board, plug it in again, wait 5 s, connect.", "On Linux, ModemManager may hold a new port for some seconds: wait and try again."),
		Retry: true,
	},
	session.CodeDenied: {
		Title: "No permission for the port",
		What:  "The browser or the system did not let the page open the port.",
		Why:   "The permission was not given, was taken back, or your user has no rights to serial ports.",
		Try:   try("Press Choose another port and pick it in the browser's list.", "Look at the site settings left of the address: serial ports must not be blocked.", "On a managed computer, ask who manages it: a policy can block serial ports."),
		Retry: true,
	},
	session.CodeOpenFailed: {
		Title: "The port did not open",
		What:  "The system refused to open the port.",
		Why:   "The adapter hangs, its driver is missing, or it cannot do the asked baud rate.",
		Try:   try("Unplug the board, plug it in again, connect.", "Use another cable: some carry power only.", "Use a port of the computer itself instead of a hub.", "Install the driver of the adapter (CP210x, CH34x, FTDI), then restart the browser."),
		Retry: true,
	},
	session.CodeUnplugged: {
		Title: "The device was unplugged",
		What:  "The connection ended because the adapter is gone. Plug it in again: the page goes on by itself.",
		Why:   "The cable came loose, the board lost power, or its USB part restarted.",
		Try:   try("Plug the board in again.", "If it went by itself, use a shorter cable or another port.", "If it does not come back, press Choose another port and pick it anew."),
		Tone:  show.Warn, Retry: true,
	},
	session.CodeSilent: {
		Title: "Nothing answers",
		What:  "The port is open, but not a byte was heard at any baud rate.",
		Why:   "The NCP has no power, is held in reset, has other firmware, or its UART is not wired to this adapter.",
		Try:   try("Check that this is the port of the NCP and not that of the Primary MCU.", "Check the wiring: TX to RX, RX to TX, ground to ground.", "Press the reset button of the board, then Try again.", "Check that the Blynk.NCP firmware is flashed.", "If a Primary MCU runs beside it, hold it in reset: two cannot talk on one line."),
		Retry: true,
	},
	session.CodeNoise: {
		Title: "Only noise was heard",
		What:  "Bytes arrive, but at no baud rate do they make sense.",
		Why:   "Another device speaks on this line, the rate is not one of the list, or the signal is poor.",
		Try:   try("Check that this is the port of the NCP.", "Press the reset button of the board, then Try again: an NCP starts at its initial rate.", "Check ground and levels: 3.3 V on both sides, short wires.", "Look at the Log for what was heard."),
		Retry: true,
	},
	session.CodeNotAnswered: {
		Title: "Heard, but no answer",
		What:  "The NCP was heard, but it answered no call.",
		Why:   "The line works in one direction only, or the NCP talks to another host.",
		Try:   try("Check the wire from the adapter's TX to the NCP's RX.", "Hold the Primary MCU in reset: it may drive the same line.", "Reset the NCP, then Try again.", "Look at the Log: a boot log that repeats tells of crashes or weak power."),
		Retry: true,
	},
	session.CodeTimeout: {
		Title: "No answer in time",
		What:  "{0}: the NCP did not answer in time. The connection is still there.",
		Why:   "The NCP was busy or restarted, a byte was lost, or its firmware does not know this call.",
		Try:   try("Try again.", "Look at Methods on the Device view: this NCP may not have the call.", "If it happens often, go to a slower baud rate."),
		Tone:  show.Warn, Retry: true,
	},
	session.CodeRefused: {
		Title: "The NCP said no",
		What:  "{0} was refused by the NCP.",
		Why:   "It is in a state that does not allow it, or a value does not suit it.",
		Try:   try("Check the state on the Device view: most calls need an applied configuration.", "Check the values.", "Look at Methods on the Device view: an older NCP lacks newer calls."),
		Tone:  show.Warn, Retry: true,
	},
	session.CodeStatus: {
		Title: "The NCP reported an error",
		What:  "{0} ended with an error status.",
		Why:   "The NCP could not read the call or ran out of memory; older firmware knows fewer calls.",
		Try:   try("Try again.", "Reboot the NCP.", "Copy the details for a report if it stays."),
		Retry: true,
	},
	session.CodeInput: {
		Title: "This cannot be sent",
		What:  "{0} did not start: a value is not allowed.",
		Why:   "It is empty, too long, out of range, or holds a character that the protocol cannot carry.",
		Try:   try("Correct the value, then send it again."),
		Tone:  show.Warn,
	},
	session.CodeNotReady: {
		Title: "No NCP to talk to",
		What:  "{0} did not start: no NCP answers at the moment.",
		Why:   "Nothing is connected, or the NCP is being brought up.",
		Try:   try("Connect a device.", "Wait until the chip at the top says Connected, then try again."),
		Tone:  show.Warn, Retry: true,
	},
	session.CodeCanceled: {
		Title: "Stopped",
		What:  "{0} was stopped before it ended.",
		Why:   "You or the page ended it.",
		Try:   try("Start it again when you want it."),
		Tone:  show.Warn, Retry: true,
	},
	session.CodeCore: {
		Title: "The page failed",
		What:  "{0} failed inside the page.",
		Why:   "This is a fault of the page, not of your device.",
		Try:   try("Try again.", "Load the page again: the device keeps its state.", "Copy the details for a report."),
		Retry: true,
	},
}
