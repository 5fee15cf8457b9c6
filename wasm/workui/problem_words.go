package workui

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/flash"
	"ncpweb/serial"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// trouble is a piece of work that failed, with what is needed to tell why.
type trouble struct {
	err         *flash.Error
	job         job
	chip        string // "ESP32-C3"; empty: not known
	passthrough bool   // the chip is behind the board's own controller
	native      bool   // the port is the USB of the chip itself
	linux       bool   // the computer runs it
	torn        bool   // the memory may hold a part of the new firmware
}

// problemCard is a trouble as a person reads it.
type problemCard struct {
	Title string
	What  string   // what happened
	Why   string   // why it usually happens
	Try   []string // what to try, the best first
	Tone  show.Tone
	Free  bool // the port can be connected again at once: nothing was changed in the chip
}

// tornWords is said of a chip that was stopped in the middle of writing.
//
//lang:texts
const tornWords = "The device does not start until it is flashed again. Flash it again: what is in it already is kept, so that it goes on where it stopped."

// wholeWords is said where nothing was changed.
//
//lang:texts
const wholeWords = "Nothing in the device was changed."

// problemOf puts a trouble into words.
func problemOf(t trouble) problemCard {
	c := problemText(t)
	c.Title, c.Why = lang.T(c.Title), lang.T(c.Why)
	c.What = lang.F(c.What, jobWord(t.job), address(t.err), chipWord(t.chip))
	switch {
	case t.torn:
		c.What += " " + lang.T(tornWords)
	case t.job == jobFlash || t.job == jobErase:
		c.What += " " + lang.T(wholeWords)
	}
	list := c.Try
	if t.linux && (t.err.Code == flash.CodePort) {
		list = append(list[:len(list):len(list)], linuxTry)
	}
	c.Try = make([]string, len(list))
	for i, s := range list {
		c.Try[i] = lang.T(s)
	}
	if c.Tone == "" {
		c.Tone = show.Fail
	}
	return c
}

// problemText picks the words of a code, and the finer ones where more is known.
func problemText(t trouble) problemCard {
	switch code := t.err.Code; {
	case code == flash.CodePort:
		var open *serial.OpenError
		if errors.As(t.err, &open) {
			if c, ok := openCards[open.Reason]; ok {
				return c
			}
		}
	case t.passthrough && (code == flash.CodeSilent || code == flash.CodeGarbled || code == flash.CodeBooted):
		return passthroughCard
	case t.native && code == flash.CodeSilent:
		return nativeCard
	case code == flash.CodeCanceled && t.job == jobBackup:
		return stoppedBackupCard
	}
	if c, ok := problemCards[t.err.Code]; ok {
		return c
	}
	return otherCard
}

//lang:texts
const linuxTry = "On Linux, your user needs the right to serial ports: add it to the group dialout (uucp on Arch), then log out and in."

// jobWords say what was being done, as the beginning of a sentence.
//
//lang:texts
var jobWords = [...]string{
	jobNone:   "The work",
	jobDetect: "Detecting the chip",
	jobFlash:  "Flashing",
	jobBackup: "Reading the flash memory",
	jobErase:  "Erasing",
}

func jobWord(j job) string {
	if int(j) >= len(jobWords) {
		j = jobNone
	}
	return lang.T(jobWords[j])
}

func address(e *flash.Error) string {
	return "0x" + strconv.FormatUint(uint64(e.Addr), 16)
}

func chipWord(name string) string {
	if name == "" {
		return lang.T("the chip")
	}
	return name
}

// openCards are what is said of a port that does not open.
//
//lang:texts
var openCards = map[serial.OpenReason]problemCard{
	serial.OpenBusy: {
		Title: "The port is in use",
		What:  "The port did not open: another program holds it.",
		Why:   "A serial port can be open in one place at a time.",
		Try:   []string{"Close serial monitors, IDEs and flash tools that use the board.", "Close other tabs that are connected to it, this page included.", "Unplug the board, plug it in again, wait 5 s, try again."},
	},
	serial.OpenDenied: {
		Title: "No permission for the port",
		What:  "The browser or the system did not let the page open the port.",
		Why:   "The permission was not given, was taken back, or your user has no rights to serial ports.",
		Try:   []string{"Press Choose another port and pick it in the browser's list.", "Look at the site settings left of the address: serial ports must not be blocked."},
	},
	serial.OpenLost: lostCard,
	serial.OpenMode: {
		Title: "The adapter cannot do this baud rate",
		What:  "The port did not open at the chosen rate.",
		Why:   "Some adapters know the common rates only.",
		Try:   []string{"Set the rate to Automatic, or to 115200.", "Use another adapter."},
	},
}

//lang:texts
var lostCard = problemCard{
	Title: "The device was unplugged",
	What:  "{0} ended because the port is gone.",
	Why:   "The cable came loose, the board lost power, or its USB part restarted.",
	Try:   []string{"Plug the board in again, then press Try again.", "Use a short cable, straight to the computer and not through a hub.", "If it happens at the same place each time, the board draws more power than the port gives: feed it from a powered hub."},
}

//lang:texts
var passthroughCard = problemCard{
	Title: "The passthrough does not answer",
	What:  "The port is open, but behind it no {2} loader was heard.",
	Why:   "The board's own controller has to forward to the NCP, and it does that only while it runs the passthrough sketch.",
	Try:   []string{"Flash the passthrough sketch to the board's controller, then try again.", "Press the reset button of the board once, wait until its port is back, then try again.", "See that the right board is chosen: some passthroughs use the reset line the other way round."},
}

//lang:texts
var nativeCard = problemCard{
	Title: "The chip's own USB port does not answer",
	What:  "The port is open, but the loader of {2} did not answer on it.",
	Why:   "The firmware that runs uses the USB port for itself, so the page cannot bring the chip into its loader.",
	Try:   []string{"Hold BOOT, unplug the cable, plug it in again, let go of BOOT. Then choose the port anew: it may have another name.", "If the board has a second USB socket marked UART or COM, use that one."},
}

//lang:texts
var stoppedBackupCard = problemCard{
	Title: "Backup stopped",
	What:  "You stopped it. No file was saved, and the port is free.",
	Why:   "Reading changes nothing in the device.",
	Try:   []string{"Start it again when you want it."},
	Tone:  show.Warn,
}

//lang:texts
var otherCard = problemCard{
	Title: "This did not work",
	What:  "{0} ended for a reason that this page has no words for.",
	Why:   "The technical detail below tells what was seen.",
	Try:   []string{"Try again.", "Copy the details for a report."},
}

// problemCards are what is said of each code. {0} is the work, {1} an address in the
// flash memory, {2} the chip.
//
//lang:texts
var problemCards = map[flash.Code]problemCard{
	flash.CodePort: {
		Title: "The port refused",
		What:  "{0} ended because the port or its driver refused something.",
		Why:   "The adapter hangs, its driver is missing, or the system took the port away.",
		Try:   []string{"Unplug the board, plug it in again, try again.", "Use another cable: some carry power only.", "Install the driver of the adapter (CP210x, CH34x, FTDI), then restart the browser."},
	},
	flash.CodeLost: lostCard,
	flash.CodeCanceled: {
		Title: "Stopped",
		What:  "You stopped it. The port is free.",
		Why:   "Stopping is safe at any time: the loader of the chip is in ROM and cannot be overwritten.",
		Try:   []string{"Start it again when you want it."},
		Tone:  show.Warn,
	},
	flash.CodeSilent: {
		Title: "Nothing answers",
		What:  "The port is open, but the chip said nothing after the reset.",
		Why:   "It is not the port of the NCP, the chip has no power, or TX and RX are not wired to this adapter.",
		Try:   []string{"Check that this is the port of the NCP and not that of the Primary MCU.", "Check the wiring: TX to RX, RX to TX, ground to ground, 3.3 V.", "Hold BOOT, tap RESET, let go of BOOT, then try again with Into the loader set to By hand.", "Use another cable: some carry power only.", "If a Primary MCU is on the same line, hold it in reset."},
	},
	flash.CodeBooted: {
		Title: "The chip started its firmware instead of its loader",
		What:  "The chip was reset and printed its usual boot log: the boot pin was not low.",
		Why:   "The adapter's DTR or RTS is not wired to the boot pin, or the reset is too quick for the board.",
		Try:   []string{"Hold BOOT, tap RESET, let go of BOOT, then try again.", "Without a button: join the boot pin and GND (GPIO0; GPIO9 on C2, C3, C6, H2), and power the board off and on.", "If it works only sometimes, a capacitor of 1 µF from EN to GND helps."},
	},
	flash.CodeOneWay: {
		Title: "The chip waits, but does not hear the page",
		What:  "The boot log says that the loader waits for a download, but it answers nothing.",
		Why:   "The line from the computer to the chip does not work: the adapter's TX does not reach the chip's RX.",
		Try:   []string{"Check the wire from the adapter's TX to the chip's RX.", "Take away whatever else drives the RX pin of the chip: a Primary MCU, a GPS, a jumper.", "With a passthrough: see that its sketch runs and forwards both ways."},
	},
	flash.CodeGarbled: {
		Title: "Only noise was heard",
		What:  "Bytes arrive, but they are not those of a loader.",
		Why:   "Another device speaks on this line, or the signal is poor.",
		Try:   []string{"Check ground and levels: 3.3 V on both sides, short wires.", "Set the rate to 115200 and try again.", "Check that this is the port of the NCP.", "If a Primary MCU is on the same line, hold it in reset."},
	},
	flash.CodeStub: {
		Title: "The fast loader did not start",
		What:  "The loader in ROM answers, but the small program that makes it fast did not start on {2}.",
		Why:   "A byte was lost on the way, or the chip is locked.",
		Try:   []string{"Try again.", "Under How, switch on Without stub: slower, but it needs less of the chip.", "Use a shorter cable."},
	},
	flash.CodeRate: {
		Title: "No baud rate works reliably",
		What:  "The loader answers, but after every change of the rate the line was lost.",
		Why:   "The adapter or the wiring does not carry the rate, or opening the port again resets the chip.",
		Try:   []string{"Set the rate to 115200 and try again.", "Use a shorter cable and shorter wires.", "Use another adapter."},
	},
	flash.CodeNoFlash: {
		Title: "No flash memory was found",
		What:  "{2} answers, but its flash memory does not.",
		Why:   "The memory has no power, its pins are used by something else, or a boot pin sets the wrong voltage for it.",
		Try:   []string{"Power the board off and on, then try again.", "On ESP32: take away what pulls GPIO12 high.", "Take away what is wired to GPIO6 to GPIO11 of an ESP8266 or ESP32."},
	},
	flash.CodeSecure: {
		Title: "The chip is locked",
		What:  "Secure boot, flash encryption or the secure download mode of {2} forbid this. The page does not go on, as it could make the device useless.",
		Why:   "Its maker has burnt that into the chip, for good.",
		Try:   []string{"Use a module that is not locked.", "Ask the maker of the device for firmware that is signed for it."},
	},
	flash.CodeChip: {
		Title: "The firmware is for another chip",
		What:  "The file does not fit {2}. Nothing was written.",
		Why:   "The wrong file or the wrong board is chosen, or the chip is older than the firmware needs.",
		Try:   []string{"Look at the firmware's card: it names the chip that it is for.", "Choose the file of your module: its name ends in the chip's name.", "Check that the port is that of the right board."},
	},
	flash.CodeTooLarge: {
		Title: "The firmware does not fit",
		What:  "The file is larger than the flash memory of {2}, or says that it needs a larger one. Nothing was written.",
		Why:   "The module has less memory than the firmware was built for.",
		Try:   []string{"Choose the file for this memory size (1M, 4M or 8M in its name).", "Use a module with more flash memory."},
	},
	flash.CodeImage: {
		Title: "The file is damaged",
		What:  "The firmware file is cut off, damaged or makes no sense. Nothing was written.",
		Why:   "The download was not complete, or the offset is not the one that the file is for.",
		Try:   []string{"Download the file again.", "Check the offset: a file that ends in .flash.bin goes to 0x0.", "Look at the firmware's card: it tells what is wrong."},
	},
	flash.CodeRefused: {
		Title: "The loader said no",
		What:  "{0}: the loader of {2} refused a command at {1}.",
		Why:   "A byte was lost on the way, or this chip's loader does not know the command.",
		Try:   []string{"Try again.", "Set the rate to 115200 and try again.", "Copy the details for a report if it stays."},
	},
	flash.CodeTimeout: {
		Title: "The loader stopped answering",
		What:  "{0}: no more answers came, at {1}.",
		Why:   "A byte was lost, the chip was reset, or it lost power.",
		Try:   []string{"Try again.", "Set a slower rate and try again.", "Use a shorter cable, straight to the computer.", "Feed the board from a stronger supply: writing needs more current."},
	},
	flash.CodeWrite: {
		Title: "The flash memory does not take what is written",
		What:  "{0}: writing at {1} did not work, after several attempts.",
		Why:   "The flash memory is worn out or write-protected, or the supply is too weak.",
		Try:   []string{"Feed the board from a stronger supply, then try again.", "Erase everything, then flash again.", "If it stays at the same address, the memory is defective: use another module."},
	},
	flash.CodeVerify: {
		Title: "What is in the chip is not what was sent",
		What:  "{0}: the check after writing found a difference at {1}.",
		Why:   "The flash memory is worn out, or the supply is too weak while it is written.",
		Try:   []string{"Try again: only what differs is written.", "Feed the board from a stronger supply.", "If it stays at the same address, the memory is defective: use another module."},
	},
	flash.CodeUnsupport: {
		Title: "This chip cannot do that",
		What:  "{0} is not possible with the loader of {2}.",
		Why:   "The loader in ROM knows less than the fast one, and some chips are locked.",
		Try:   []string{"Under How, switch off Without stub, then try again."},
	},
}

// detailOf is the technical detail of an error, with texts of the device made visible.
func detailOf(e *flash.Error) string {
	text := logPhase(e.Phase) + ": " + e.Op
	if e.Addr != 0 {
		text += " at " + address(e)
	}
	text += " (code " + strconv.Itoa(int(e.Code)) + ")"
	if e.Detail != "" {
		short, _ := show.Cut(e.Detail, 4000)
		for _, line := range strings.Split(short, "\n") {
			text += "\n" + show.VisibleLine(line)
		}
	}
	if e.Err != nil {
		text += "\n" + show.Visible(e.Err.Error())
	}
	return text
}
