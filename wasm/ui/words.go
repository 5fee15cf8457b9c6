// Package ui is the page: it renders the newest session.State into the document and
// turns what a person does into commands of the session. It knows no protocol and
// owns no port.
//
// All that the page says stands in this file and words_problem.go; all that comes
// from a device goes through Visible or PlainLine and reaches the document as text.
package ui

import (
	"strconv"
	"strings"
	"time"

	"ncpweb/ncp"
	"ncpweb/session"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// PhaseWords says in the connection chip what goes on.
func PhaseWords(p session.Phase) (string, show.Tone) {
	switch p {
	case session.PhaseOpening:
		return lang.T("Opening the port"), show.Busy
	case session.PhaseSearching:
		return lang.T("Looking for the NCP"), show.Busy
	case session.PhaseRaising:
		return lang.T("Settling on a rate"), show.Busy
	case session.PhaseReading:
		return lang.T("Reading the NCP"), show.Busy
	case session.PhaseReady:
		return lang.T("Connected"), show.OK
	case session.PhaseRecover:
		return lang.T("Bringing the NCP up again"), show.Busy
	case session.PhaseLent:
		return lang.T("Port in use"), show.Busy
	case session.PhaseTerminal:
		return lang.T("Terminal"), show.OK
	case session.PhaseUnplugged:
		return lang.T("Unplugged"), show.Warn
	case session.PhaseFailed:
		return lang.T("Not connected"), show.Fail
	}
	return lang.T("No device"), show.Idle
}

// PortName is the name of a port as it is shown.
func PortName(name string) string {
	if name == "Simulated NCP" { // the page's own, from wasm/simworker
		return lang.T("Simulated NCP")
	}
	name, _ = show.Cut(show.Visible(name), 60)
	return name
}

// StateWords says an NCP's state.
func StateWords(s ncp.State, known bool) (string, show.Tone) {
	if !known {
		return lang.T("Not known yet"), show.Idle
	}
	switch s {
	case ncp.StateUnknown:
		return lang.T("Unknown"), show.Idle
	case ncp.StateIdle:
		return lang.T("Idle"), show.Idle
	case ncp.StateConfiguration:
		return lang.T("Configuration mode"), show.Busy
	case ncp.StateConnectingNetwork:
		return lang.T("Connecting to the network"), show.Busy
	case ncp.StateConnectingCloud:
		return lang.T("Connecting to the cloud"), show.Busy
	case ncp.StateConnected:
		return lang.T("Online"), show.OK
	case ncp.StateNotInitialized:
		return lang.T("Not initialized"), show.Warn
	case ncp.StateOTAUpgrade:
		return lang.T("Updating its firmware"), show.Busy
	case ncp.StateError:
		return lang.T("Error"), show.Fail
	}
	return lang.F("State {0}", strconv.Itoa(int(s))), show.Warn
}

// CodeWords says an event that the NCP told.
func CodeWords(c ncp.EventCode) (string, show.Tone) {
	switch c {
	case ncp.EventRebooting:
		return lang.T("NCP restarts"), show.Busy
	case ncp.EventClick:
		return lang.T("Button: click"), show.Idle
	case ncp.EventDoubleClick:
		return lang.T("Button: double click"), show.Idle
	case ncp.EventLongPress:
		return lang.T("Button: held"), show.Idle
	case ncp.EventLongRelease:
		return lang.T("Button: let go after a hold"), show.Idle
	case ncp.EventResetStart:
		return lang.T("Button held 10 s: letting go clears the configuration"), show.Warn
	case ncp.EventResetCancel:
		return lang.T("Button held 15 s: reset called off"), show.Idle
	case ncp.EventResetDone:
		return lang.T("Configuration cleared by the button"), show.Warn
	case ncp.EventProvisioned:
		return lang.T("Provisioned"), show.OK
	case ncp.EventTimeSync:
		return lang.T("Asked for the time"), show.Idle
	case ncp.EventTimeChanged:
		return lang.T("Time or place changed"), show.Idle
	}
	return lang.F("Event {0}", strconv.Itoa(int(c))), show.Idle
}

// EventWords says an entry of the timeline. Text of devices in it is made visible.
func EventWords(e session.Event) (string, show.Tone) {
	text, detail := show.Visible(e.Text), show.Visible(e.Detail)
	switch e.Kind {
	case session.EventState:
		w, tone := StateWords(ncp.State(e.Value), true)
		return w, tone
	case session.EventNCP:
		return CodeWords(ncp.EventCode(e.Value))
	case session.EventLogged:
		return join(lang.F("Event {0} logged", text), detail), show.OK
	case session.EventResolved:
		return join(lang.F("Event {0} resolved", text), detail), show.OK
	case session.EventMetadata:
		return join(lang.F("Metadata {0} set", text), detail), show.OK
	case session.EventLink:
		return linkWords(e.Text, detail)
	}
	return join(text, detail), show.Idle
}

func linkWords(key, detail string) (string, show.Tone) {
	switch key {
	case "up":
		return join(lang.T("NCP answers"), rateWord(detail)), show.OK
	case "down":
		return downWords(detail)
	case "rate":
		return rateWords(detail)
	case "reboot":
		return join(lang.T("NCP restarts"), detail), show.Warn
	case "crash":
		return join(lang.T("NCP crashed"), detail), show.Fail
	case "reapplied":
		return join(lang.T("Configuration applied again"), detail), show.OK
	case "reapplyfailed":
		return join(lang.T("Configuration could not be applied again"), detail), show.Fail
	case "unplugged":
		return join(lang.T("Unplugged"), detail), show.Warn
	case "plugged":
		return join(lang.T("Plugged in again"), detail), show.OK
	case "terminal":
		return join(lang.T("Terminal opened"), rateWord(detail)), show.Idle
	case "lent":
		return join(lang.T("Port lent"), detail), show.Idle
	}
	return join(show.Visible(key), detail), show.Idle
}

// downWords says why the NCP is brought up again.
func downWords(cause string) (string, show.Tone) {
	switch cause {
	case "silent":
		return lang.T("NCP stopped answering"), show.Warn
	case "reboot":
		return lang.T("NCP went down to restart"), show.Idle
	case "restarted":
		return lang.T("NCP restarted by itself"), show.Warn
	}
	return lang.T("Connection to the NCP ended"), show.Idle
}

// rateWords says what became of a rate, such as "proven 460800".
func rateWords(detail string) (string, show.Tone) {
	key, rate, _ := strings.Cut(detail, " ")
	switch key {
	case "proven":
		return lang.F("{0} proven", rateWord(rate)), show.OK
	case "bad":
		return lang.F("{0} does not carry", rateWord(rate)), show.Warn
	case "refused":
		return lang.F("{0} refused by the NCP", rateWord(rate)), show.Warn
	}
	return join(lang.T("Baud rate"), rateWord(detail)), show.Idle
}

// rateWord adds the unit to a detail that is only a number.
func rateWord(detail string) string {
	if n, err := strconv.Atoi(detail); err == nil && n > 0 {
		return show.Baud(n)
	}
	return detail
}

func join(head, tail string) string {
	if tail == "" {
		return head
	}
	return head + ": " + tail
}

// NoticeWords says what the bring-up does now. A notice is a key and a rate.
func NoticeWords(notice string) string {
	key, rest, _ := strings.Cut(notice, " ")
	rate := rateWord(show.Visible(rest))
	switch key {
	case "":
		return ""
	case "searching":
		return lang.F("Asking at {0}.", rate)
	case "found":
		return lang.F("The NCP answers at {0}.", rate)
	case "booting":
		return lang.T("Boot log heard. Waiting for the NCP to come up.")
	case "raising":
		return lang.F("Changing to {0}.", rate)
	case "proven":
		return lang.F("{0} carries long frames without an error.", rate)
	case "refused":
		return lang.F("The NCP does not take {0}.", rate)
	case "bad":
		return lang.F("{0} is not reliable here. Going down.", rate)
	case "noisy":
		return lang.F("The line has errors: staying at {0}.", rate)
	case "talkdown":
		return lang.F("Nothing passes at {0}. Asking for a slower rate.", rate)
	case "resetting":
		return lang.T("Resetting the module by DTR and RTS.")
	case "waitreboot":
		return lang.T("Waiting for the NCP to restart by itself. This takes up to a minute.")
	case "listening":
		return lang.F("Nobody answered. Listening for a boot log at {0}.", rate)
	}
	return show.Visible(notice)
}

// DirectionWords says who wrote a pin last.
func DirectionWords(d session.Direction) string {
	switch d {
	case session.FromCloud:
		return lang.T("cloud")
	case session.ToCloud:
		return lang.T("this page")
	}
	return ""
}

// TriWords says yes, no or not known.
func TriWords(t session.Tri) string {
	switch t {
	case session.Yes:
		return lang.T("Yes")
	case session.No:
		return lang.T("No")
	}
	return "–"
}

// DSTWords says whether summer time is on.
func DSTWords(d ncp.DSTStatus) string {
	switch d {
	case ncp.DSTNotApplicable:
		return lang.T("This place has none")
	case ncp.DSTActive:
		return lang.T("On now")
	case ncp.DSTInactive:
		return lang.T("Off now")
	}
	return lang.T("No information")
}

// StepWords names a step of an apply by what it does; unknown ones by their method.
func StepWords(method string) string {
	if w := stepNames[method]; w != "" {
		return lang.T(w)
	}
	return show.Visible(method)
}

//lang:texts
var stepNames = map[string]string{
	"setFirmwareInfo":    "Firmware info",
	"initLED":            "Status LED",
	"initRGB":            "Three-colour LED",
	"initARGB":           "Addressable LEDs",
	"setLedBrightness":   "Brightness",
	"initUserButton":     "User button",
	"setVendorPrefix":    "Vendor prefix",
	"setVendorServer":    "Server",
	"setConfigTimeout":   "Configuration timeout",
	"setConfigSkipLimit": "Skip limit",
	"initialize":         "Initialize with the template",
	"setTime":            "Time",
}

// StepStatusWords says how far a step is.
func StepStatusWords(s session.StepStatus) (string, show.Tone) {
	switch s {
	case session.StepRunning:
		return lang.T("sending"), show.Busy
	case session.StepDone:
		return lang.T("done"), show.OK
	case session.StepSkipped:
		return lang.T("not sent"), show.Idle
	case session.StepFailed:
		return lang.T("failed"), show.Fail
	}
	return lang.T("waiting"), show.Idle
}

// QualityWords judges a link by what was counted on it.
func QualityWords(l session.LinkStats) (string, show.Tone) {
	bad := l.CRCErrors + l.Missed
	switch {
	case l.RxFrames == 0:
		return lang.T("No frames yet"), show.Idle
	case bad == 0:
		return lang.T("Clean"), show.OK
	case bad*100 < l.RxFrames:
		return lang.T("Some errors"), show.Warn
	}
	return lang.T("Noisy"), show.Fail
}

// PinsEmpty says why the table of pins is empty and what fills it.
func PinsEmpty(ready bool, d session.Device) string {
	switch {
	case !ready:
		return lang.T("Pins appear when a value passes. Connect a device, or try without hardware.")
	case d.StateKnown && d.State == ncp.StateNotInitialized:
		return lang.T("The NCP waits for a template: apply one under Configure. Values pass when it is online.")
	case d.StateKnown && d.State != ncp.StateConnected:
		return lang.T("The NCP is not online yet. Values pass when it is.")
	}
	return lang.T("Pins appear when a value passes. Add one by its number, or write a value.")
}

// Done says in a toast what passed. Keys are the page's own commands.
func Done(command string) string { return lang.T(doneWords[command]) }

//lang:texts
var doneWords = map[string]string{
	"refresh":     "Read again",
	"apply":       "Configuration applied",
	"write":       "Value written",
	"group":       "Group written",
	"sync":        "Asked for the value",
	"syncAll":     "Asked for all values",
	"property":    "Property set",
	"logEvent":    "Event logged",
	"resolve":     "Event resolved",
	"resolveAll":  "Events resolved",
	"metadata":    "Metadata set",
	"configStart": "Configuration mode started",
	"configStop":  "Configuration mode stopped",
	"configReset": "Configuration cleared",
	"setTime":     "Time set",
	"reboot":      "NCP restarts",
	"factory":     "Everything erased. The NCP restarts",
	"rate":        "Baud rate changed",
	"reset":       "Device reset",
	"disconnect":  "Disconnected",
	"copied":      "Copied",
	"saved":       "Log saved",
	"forget":      "The device is forgotten. To use it again it has to be chosen again",
}

// Confirmation is what a dialog asks before a step that cannot be taken back.
type Confirmation struct {
	Title, Text, Button string
	Typed               string // what has to be typed; empty: nothing
	Danger              bool
}

// Confirmations of the device view.
//
//lang:texts
var (
	confirmReboot = Confirmation{
		Title:  "Restart the NCP",
		Text:   "The device is offline for some seconds. What was applied is applied again after it.",
		Button: "Reboot",
	}
	confirmConfigReset = Confirmation{
		Title:  "Reset the configuration",
		Text:   "The NCP forgets its network and its cloud token. It has to be provisioned again.",
		Button: "Reset configuration", Danger: true,
	}
	confirmFactory = Confirmation{
		Title:  "Erase everything",
		Text:   "A factory reset erases all that the NCP stores and restarts it. This cannot be taken back.",
		Button: "Erase everything", Typed: "erase", Danger: true,
	}
)

// FieldWords says what is wrong with a field of a form.
func FieldWords(e *session.FieldError) string {
	switch e.Rule {
	case session.RuleRequired:
		return lang.T("Needed.")
	case session.RulePrefix:
		return lang.F("Must begin with {0}.", e.Prefix)
	case session.RuleNumber:
		return lang.T("A whole number, digits only.")
	case session.RuleRange:
		from, to := strconv.Itoa(e.Min), strconv.Itoa(e.Max)
		if e.Also != nil {
			return lang.F("{0}, or {1} to {2}.", strconv.Itoa(*e.Also), from, to)
		}
		return lang.F("From {0} to {1}.", from, to)
	case session.RuleNUL:
		return lang.T("Must not hold a NUL character.")
	case session.RuleLong:
		return lang.F("Too long: at most {0} bytes.", strconv.Itoa(e.Max))
	}
	return lang.T("Cannot be sent like this.")
}

// Words of the pin forms.
//
//lang:texts
const (
	needPin      = "A number from 0 to 65535."
	needCode     = "Needed."
	tooLong      = "Too long: 1528 bytes at most, all items together."
	groupEmpty   = "Give at least one pin and its value."
	pinsFullWord = "The table is full: 1024 pins."
)

// FieldName names a field of the forms in a list of what is wrong.
func FieldName(field string) string {
	if w := fieldNames[field]; w != "" {
		return lang.T(w)
	}
	return show.Visible(field)
}

//lang:texts
var fieldNames = map[string]string{
	"templateID": "Template ID", "templateName": "Template name",
	"firmwareType": "Firmware type", "firmwareVersion": "Firmware version", "firmwareBuild": "Firmware build", "blynkVersion": "Blynk library",
	"vendorPrefix": "Vendor prefix", "vendorServer": "Server",
	"led.gpio": "Status LED, GPIO", "rgb.r": "Red GPIO", "rgb.g": "Green GPIO", "rgb.b": "Blue GPIO",
	"argb.gpio": "Addressable LEDs, GPIO", "argb.count": "Number of LEDs", "brightness": "Brightness", "button.gpio": "Button GPIO",
	"configTimeout": "Configuration timeout", "configSkipLimit": "Skip limit",
	"pin": "Pin", "value": "Value", "property": "Property", "code": "Event code", "field": "Metadata field", "baud": "Baud rate",
	"description": "Description", "name": "Name", "time": "Time",
}

// ApplyNote says above the Apply button where the configuration stands.
func ApplyNote(ready bool, st *session.State, running bool) string {
	applied := st.Applied
	switch {
	case running:
		return lang.T("Sending, step by step.")
	case !ready && applied != nil:
		return lang.T("Applied before. It is applied again when the NCP answers.")
	case !ready:
		return lang.T("Connect a device first.")
	case applied != nil && applied.TemplateID != "":
		return lang.F("Applied: {0} ({1}). Applied again after each restart.", show.Visible(applied.TemplateName), show.Visible(applied.TemplateID))
	}
	if st.Device.StateKnown && st.Device.State != ncp.StateNotInitialized {
		return lang.T("The NCP runs with what it was told before. Apply replaces it.")
	}
	return lang.T("Nothing is applied yet. The NCP waits for a template.")
}

// ThemeWords names the setting of the colours.
func ThemeWords(theme string) string {
	switch theme {
	case "light":
		return lang.T("Colours: light")
	case "dark":
		return lang.T("Colours: dark")
	}
	return lang.T("Colours: as the system")
}

// placeTime writes a device's clock, now, in its own zone.
func placeTime(t session.TimeInfo, now time.Time) string {
	at := t.Time.Add(now.Sub(t.Read)).UTC().Add(t.Offset)
	return at.Format("2006-01-02 15:04:05")
}
