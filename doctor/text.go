package doctor

import (
	"strconv"
	"strings"
	"time"
)

// Texts of a report are for those who get it: they are technical, in English, and the
// same in every language of the page.

var codeNames = [numCodes]string{
	OK: "ok", NoTemplate: "no template", NotProvisioned: "not provisioned", WrongRate: "wrong rate", HeldInReset: "held in reset",
	Silent: "silent", OneWay: "one way", OtherTalker: "other talker", DownloadMode: "download mode", ATFirmware: "AT firmware",
	OtherFirmware: "other firmware", NoFirmware: "no firmware", BootLoop: "boot loop", Brownout: "brownout", Levels: "levels",
	NoGround: "no ground", Echo: "echo", Unreadable: "unreadable", NoPort: "no port", Busy: "busy", Dialout: "dialout", Snap: "snap",
	Denied: "denied", NotOpened: "not opened", Unplugged: "unplugged", Canceled: "canceled",
}

func (c Code) String() string { return nameOf(codeNames[:], int(c)) }

func (c Certainty) String() string {
	return nameOf([]string{Possible: "possible", Likely: "likely", Sure: "sure"}, int(c))
}

func (k StepKind) String() string {
	return nameOf([]string{"open", "listen", "ask", "other firmware", "all rates", "restart", "device", "line"}, int(k))
}

func (s Status) String() string {
	return nameOf([]string{"waiting", "running", "passed", "noted", "failed", "skipped"}, int(s))
}

func nameOf(names []string, i int) string {
	if i < len(names) && names[i] != "" {
		return names[i]
	}
	return "unknown"
}

// String tells the evidence in a technical line.
func (e Evidence) String() string {
	n, m := strconv.Itoa(e.N), strconv.Itoa(e.M)
	text := ""
	switch e.Kind {
	case EvOpened:
		text = "opened"
	case EvRefused:
		text = "refused"
	case EvHeard:
		text = n + " bytes"
	case EvNothing:
		text = "nothing heard in " + n + " ms at " + m + " rates"
	case EvText:
		text = "text, " + n + " of " + m + " bytes"
	case EvNoise:
		text = n + " unreadable bytes at " + m + " rates"
	case EvFrames:
		text = n + " good and " + m + " broken frames"
	case EvAnswered:
		text = n + " of " + m + " pings answered"
	case EvUnasked:
		text = n + " answers to calls of somebody else"
	case EvForeign:
		text = n + " calls to an NCP by somebody else"
	case EvAsksUs:
		text = n + " calls of an NCP to its MCU"
	case EvEcho:
		text = n + " frames of ours came back"
	case EvBoots:
		text = n + " boot logs in " + m + " ms of listening"
	case EvBootLog:
		text = "boot log"
	case EvNCPBoot:
		text = "boot log of an NCP"
	case EvDownload:
		text = "boot log says download mode"
	case EvSync:
		text = "ROM loader answers SYNC"
	case EvAT:
		text = "AT command answered"
	case EvBrownout:
		text = "brownout in the boot log, " + n + " times"
	case EvNoImage:
		text = "no valid image in the boot log, " + n + " times"
	case EvBits:
		text = n + " ones arrived as zero, " + m + " zeros as one"
	case EvVersion:
		text = "NCP version"
	case EvState:
		text = "state " + n
	case EvConfig:
		text = "configured " + n
	case EvLinesOff:
		text = "answers once DTR and RTS are off"
	case EvRestarted:
		text = "answers since a restart"
	case EvNoReset:
		text = "no restart: not allowed"
	default:
		text = "evidence " + strconv.Itoa(int(e.Kind))
	}
	if e.Rate > 0 {
		text += " at " + strconv.Itoa(e.Rate) + " baud"
	}
	if e.Text != "" {
		text += ": " + Visible([]byte(e.Text))
	}
	return text
}

// Text is the report as technical text, for "Copy report". What the device said is in
// it with its control characters escaped.
func (r *Report) Text() string {
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteByte('\n')
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + " ms" }
	line("doctor report, ", r.Began.UTC().Format(time.RFC3339), ", ", ms(r.Took))
	line("port: ", Visible([]byte(r.Port.Name)), " ", hex(r.Port.VendorID), ":", hex(r.Port.ProductID))
	for _, v := range r.Verdicts {
		line("verdict: ", v.Code.String(), " (", v.Certainty.String(), ")")
		if v.Freed {
			line("  a restart ended it")
		}
		for _, e := range v.Evidence {
			line("  ", e.String())
		}
	}
	for _, s := range r.Steps {
		line("step ", s.Kind.String(), ": ", s.Status.String(), ", ", ms(s.Took))
		for _, e := range s.Seen {
			line("  ", e.String())
		}
		if len(s.Sample) > 0 {
			line("  bytes at ", strconv.Itoa(s.At), " baud: ", Visible(s.Sample))
		}
	}
	for _, e := range r.Rates {
		if e.Refused {
			line("rate ", strconv.Itoa(e.Baud), ": the adapter does not make it")
			continue
		}
		line("rate ", strconv.Itoa(e.Baud), ": ", ms(e.Listened), ", ", strconv.Itoa(e.Bytes), " bytes, ", strconv.Itoa(e.Text), " of them text, frames ",
			strconv.Itoa(e.Good), " good ", strconv.Itoa(e.Bad), " bad ", strconv.Itoa(e.Cut), " cut, pings ", strconv.Itoa(e.Answers), " of ", strconv.Itoa(e.Pings))
	}
	return b.String()
}

// hex writes a USB id.
func hex(v uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15]})
}

// Visible is bytes of a line as text in which nothing acts: all but printable ASCII is
// escaped.
func Visible(p []byte) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range p {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\\':
			b.WriteString(`\\`)
		case c < 0x20 || c >= 0x7F:
			b.WriteString(`\x`)
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
