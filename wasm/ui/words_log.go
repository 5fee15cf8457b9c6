package ui

import (
	"strings"
	"unicode/utf8"

	"ncpweb/ncp"
	"ncpweb/session"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// logText is an entry of the log as a line of a file. Escape sequences are left out;
// bytes that are no UTF-8 are written as \xNN.
func logText(e session.LogEntry) string {
	mark := "  "
	switch {
	case e.Note:
		mark = "# "
	case e.Sent:
		mark = "> "
	}
	return e.Time.Format("2006-01-02T15:04:05.000Z07:00") + " " + mark + show.PlainLine(hexBytes(e.Text)) + "\n"
}

// hexBytes writes what is no UTF-8 as \xNN.
func hexBytes(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if _, n := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
			b.WriteString(`\x` + show.Hex(uint32(s[i]))[2:])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// RawNote says below the terminal's line what the port is used for.
func RawNote(st *session.State) string {
	switch {
	case st.Phase == session.PhaseTerminal:
		return ""
	case st.Terminal > 0:
		return lang.T("The terminal goes on when the device is plugged in again.")
	case st.Phase == session.PhaseIdle:
		return lang.T("A terminal for any serial device: choose the rate it talks at.")
	}
	return lang.T("Lines can be sent when the port is open as a terminal. The NCP is let go meanwhile.")
}

// Remarks that package session writes into the log, as web/terminal.js asks for them.
//
//lang:texts
var _ = [...]string{
	"found at {0} baud", "boot log heard, waiting for the NCP", "changing to {0} baud", "{0} baud proven", "the NCP does not take {0} baud",
	"{0} baud does not carry", "the line has errors at {0} baud, the rate stays", "nothing comes back at {0} baud, asking for the old rate",
	"reset pulse", "waiting until the NCP restarts by itself, up to a minute", "NCP {0} answers at {1} baud", "the NCP restarts",
	"the NCP has restarted", "the NCP no longer answers", "this is another device", "the NCP asked for the time and got this computer's",
	"the NCP has lost its configuration: applying it again", "the port is lent", "unplugged", "disconnected", "{0} baud",
	"terminal at {0} baud", "reset pulse on DTR and RTS",
}

//lang:texts
var confirmForget = Confirmation{
	Title:  "Forget this device",
	Text:   "The connection ends, and the browser takes back the permission for this port. To use the device again, press Connect and choose it again.",
	Button: "Forget device", Danger: true,
}

// kindOf sorts an entry of the timeline: the value of the filter that shows it.
func kindOf(e session.Event) string {
	switch e.Kind {
	case session.EventState:
		return "1"
	case session.EventLink:
		return "6"
	case session.EventNCP:
		switch c := ncp.EventCode(e.Value); c {
		case ncp.EventTimeSync, ncp.EventTimeChanged:
			return "time"
		case ncp.EventProvisioned:
			return "provision"
		case ncp.EventRebooting:
			return "6"
		}
		return "button"
	}
	return "sent"
}
