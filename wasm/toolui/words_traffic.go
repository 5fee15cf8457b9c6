//go:build js && wasm

package toolui

import (
	"strconv"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// kindWords says what kind of row it is.
func kindWords(k traffic.Kind) string {
	switch k {
	case traffic.Invoke:
		return lang.T("Call")
	case traffic.Result:
		return lang.T("Result")
	case traffic.Oneway:
		return lang.T("Notification")
	case traffic.Noise:
		return lang.T("Noise")
	case traffic.CRC:
		return lang.T("CRC error")
	case traffic.Cut:
		return lang.T("Cut frame")
	case traffic.Oversize:
		return lang.T("Too long")
	case traffic.Mark:
		return lang.T("Line")
	case traffic.Gap:
		return lang.T("Gap")
	}
	return lang.T("Unknown")
}

// kindLook is the look of a kind in the style sheet.
func kindLook(k traffic.Kind) string {
	switch {
	case k == traffic.Noise:
		return "noise"
	case k == traffic.Mark || k == traffic.Gap:
		return "mark"
	case k.Broken() || k == traffic.Unknown:
		return "bad"
	case k == traffic.Result:
		return "result"
	}
	return "call"
}

// dirWords says who sent something.
func dirWords(d rpc.Dir) string {
	if d == rpc.Out {
		return lang.T("To NCP")
	}
	return lang.T("From NCP")
}

// rowStatus says how a call ended, and how good that is.
func rowStatus(r *traffic.Row) (string, show.Tone) {
	switch {
	case r.Kind.Broken():
		return lang.T("Dropped"), show.Fail
	case r.Late:
		return lang.T("Too late"), show.Warn
	case r.HasStatus && r.Status != rpc.StatusOK:
		return statusWords(r.Status), show.Fail
	}
	switch r.Outcome {
	case traffic.OK:
		return lang.T("OK"), show.OK
	case traffic.Failed:
		return lang.T("Cannot be read"), show.Fail
	case traffic.Open:
		return "…", show.Idle
	case traffic.Unanswered:
		return lang.T("No answer"), show.Warn
	}
	return "", show.Idle
}

// statusWords says what a status of a RESULT means.
func statusWords(s rpc.Status) string {
	switch s {
	case rpc.StatusOK:
		return lang.T("OK")
	case rpc.StatusError:
		return lang.T("Error")
	case rpc.StatusTimeout:
		return lang.T("Time-out")
	case rpc.StatusMemory:
		return lang.T("Out of memory")
	case rpc.StatusUnknownUID:
		return lang.T("Unknown method")
	case rpc.StatusArgsWrite:
		return lang.T("Arguments lost")
	case rpc.StatusArgsRead:
		return lang.T("Bad arguments")
	case rpc.StatusRetsWrite:
		return lang.T("Results lost")
	case rpc.StatusRetsRead:
		return lang.T("Bad results")
	}
	return lang.F("Status {0}", show.Hex(uint32(s)))
}

// rowText says what stands in the column of arguments.
func rowText(r *traffic.Row) string {
	switch r.Kind {
	case traffic.Mark:
		return markWords(r.Mark, r.Baud)
	case traffic.Gap:
		return lang.N(r.Missed, "{0} frame is missing here", "{0} frames are missing here")
	}
	if r.Flags&trace.Withheld != 0 {
		return lang.T("Not kept: a password may be in it")
	}
	return r.Args
}

func markWords(m trace.MarkKind, baud int) string {
	rate := show.Baud(baud)
	switch m {
	case trace.Connected:
		return lang.F("Connected at {0}", rate)
	case trace.Rate:
		return lang.F("The line is at {0} from here on", rate)
	}
	return lang.T("Disconnected")
}

// methodOf names the method of a row.
func methodOf(r *traffic.Row) string {
	switch {
	case r.Method != "":
		return r.Method
	case r.HasUID:
		return "0x" + hex4(r.UID)
	}
	return ""
}

func hex4(v uint16) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15]})
}

// deltaWords writes a time since the row before: three or four digits and a unit.
func deltaWords(us int64) string {
	switch {
	case us <= 0:
		return ""
	case us < 100_000:
		return lang.F("+{0} ms", strconv.FormatFloat(float64(us)/1e3, 'f', 1, 64))
	case us < 10_000_000:
		return lang.F("+{0} s", strconv.FormatFloat(float64(us)/1e6, 'f', 2, 64))
	case us < 3600_000_000:
		return lang.F("+{0} s", strconv.Itoa(int(us/1_000_000)))
	}
	return lang.F("+{0} h", strconv.Itoa(int(us/3600_000_000)))
}

// roundWords writes a round trip; nothing where there is none.
func roundWords(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return lang.F("{0} ms", strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64))
}

// countWords says how many of all rows the filter lets through.
func countWords(shown, all int) string {
	if shown == all {
		return lang.N(all, "{0} frame", "{1} frames", show.Grouped(uint64(all)))
	}
	return lang.F("{0} of {1}", show.Grouped(uint64(shown)), show.Grouped(uint64(all)))
}

// dirShort says the same in little room.
func dirShort(d rpc.Dir) string {
	if d == rpc.Out {
		return lang.T("Out")
	}
	return lang.T("In")
}

// dirName is the name of a direction in the page.
func dirName(d rpc.Dir) string {
	if d == rpc.Out {
		return "out"
	}
	return "in"
}

// fieldWords are the name, the type and the value of a field.
func fieldWords(f *traffic.Field) (name, kind, value string) {
	name, kind, value = f.Name, f.Type.String(), f.Text
	if f.Unit != "" {
		value += " " + f.Unit
	}
	switch f.Kind {
	case traffic.FieldOpcode:
		name = lang.T("Opcode")
	case traffic.FieldUID:
		name = lang.T("Method")
	case traffic.FieldMsgID:
		name = lang.T("Message id")
	case traffic.FieldStatus:
		name = lang.T("Status")
	case traffic.FieldBytes:
		name, kind = lang.T("Bytes"), lang.N(f.To-f.From, "{0} byte", "{0} bytes")
	}
	if why := fieldProblem(f.Problem); why != "" {
		if value != "" {
			why += ": " + value
		}
		value = why
	}
	return name, kind, value
}

// fieldProblem says what is wrong with a field; nothing where that is nothing.
func fieldProblem(p traffic.Problem) string {
	switch p {
	case traffic.Missing:
		return lang.T("missing or not whole")
	case traffic.Leftover:
		return lang.T("left over")
	case traffic.UnknownOpcode:
		return lang.T("unknown opcode")
	case traffic.TooShort:
		return lang.T("too short to be a message")
	case traffic.UnknownMethod:
		return lang.T("this page does not know the method")
	case traffic.UnknownCall:
		return lang.T("the call it answers is not known")
	case traffic.ErrorStatus:
		return lang.T("behind an error status, no results")
	case traffic.Hidden:
		return lang.T("not kept: a password may be in it")
	}
	return ""
}
