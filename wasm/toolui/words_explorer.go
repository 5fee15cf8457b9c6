//go:build js && wasm

package toolui

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/schema"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// aboutMethod says what a method is to the protocol.
func aboutMethod(m *ncp.Method) string {
	parts := []string{"0x" + hex4(m.UID), m.Host.String()}
	if m.Oneway {
		parts = append(parts, lang.T("one-way, without an answer"))
	} else {
		parts = append(parts, lang.F("answer within {0}", show.Quick(m.Timeout)))
	}
	return strings.Join(parts, " · ")
}

// callNote says why a call cannot be made now.
func callNote(ready, ours, running bool) string {
	switch {
	case ours:
		return lang.T("The NCP calls this one, and this page answers it.")
	case !ready:
		return lang.T("Connect a device first.")
	case running:
		return lang.T("Calls are being made.")
	}
	return ""
}

// hintWords says what an argument takes.
func hintWords(p *ncp.Param) string {
	var parts []string
	switch {
	case p.Format == ncp.FormatPins:
		parts = append(parts, lang.T("pin numbers, such as 1 2 30"))
	case p.Format == ncp.FormatValues:
		parts = append(parts, lang.T("one item per line"))
	case p.Type == ncp.TypeBinary:
		parts = append(parts, lang.T("text, or bytes as 0x A5 12"))
	default:
		parts = append(parts, p.Type.String())
	}
	if p.Ranged {
		parts = append(parts, lang.F("{0} to {1}", strconv.FormatInt(p.Min, 10), strconv.FormatInt(p.Max, 10)))
		for _, v := range p.Also {
			parts = append(parts, lang.F("or {0}", strconv.FormatInt(v, 10)))
		}
	}
	if p.MaxLen > 0 {
		parts = append(parts, lang.F("at most {0} bytes", strconv.Itoa(p.MaxLen)))
	}
	if p.Unit != "" {
		parts = append(parts, p.Unit)
	}
	if p.Secret {
		parts = append(parts, lang.T("never kept or shown"))
	}
	if p.Doc != "" {
		parts = append(parts, p.Doc)
	}
	return strings.Join(parts, ", ")
}

// faultWords says why a text is no argument; empty for no fault.
func faultWords(f schema.Fault, p *ncp.Param) string {
	switch f {
	case 0:
		return ""
	case schema.FaultNumber:
		return lang.T("A whole number is needed, decimal or 0x hex.")
	case schema.FaultRange:
		if p.Ranged {
			return lang.F("From {0} to {1}.", strconv.FormatInt(p.Min, 10), strconv.FormatInt(p.Max, 10))
		}
		return lang.F("Does not fit into {0}.", p.Type.String())
	case schema.FaultBool:
		return lang.T("Yes or no.")
	case schema.FaultFloat:
		return lang.T("A number is needed.")
	case schema.FaultShort:
		return lang.F("Too short: at least {0} bytes.", strconv.Itoa(p.MinLen))
	case schema.FaultLong:
		if p.MaxLen > 0 {
			return lang.F("Too long: at most {0} bytes.", strconv.Itoa(p.MaxLen))
		}
		return lang.T("Too long for one message.")
	case schema.FaultPrefix:
		return lang.F("Must begin with {0}.", p.Prefix)
	case schema.FaultNUL:
		return lang.T("Must not hold a NUL character.")
	case schema.FaultHex:
		return lang.T("Pairs of hex digits are needed.")
	case schema.FaultEscape:
		return lang.T("A backslash stands before n, r, t, 0, x and two hex digits, or another backslash.")
	case schema.FaultPin:
		return lang.T("Pin numbers from 0 to 65535 are needed.")
	}
	return lang.T("Cannot be sent like this.")
}

func rawUIDWords(bad bool) string {
	if bad {
		return lang.T("Four hex digits are needed.")
	}
	return ""
}

// dangerWords says what a call does that cannot be taken back; empty where nothing.
func dangerWords(uid uint16) string {
	switch uid {
	case ncp.UIDNcpReboot:
		return lang.T("The NCP restarts. What was applied is applied again after it.")
	case ncp.UIDBlynkFactoryReset:
		return lang.T("The NCP erases all that it stores and restarts. This cannot be taken back.")
	case ncp.UIDBlynkConfigReset:
		return lang.T("The NCP forgets its network and its cloud token. It has to be provisioned again.")
	case ncp.UIDHwSetUartBaudRate:
		return lang.T("The NCP changes its rate behind the page's back: the page has to find it again. The Device view changes the rate safely.")
	}
	return ""
}

// outcomeWords says how a call ended.
func outcomeWords(o *outcome) (string, show.Tone) {
	if o.err == nil {
		if o.method.Oneway {
			return lang.T("Sent"), show.OK
		}
		return show.Quick(o.took), show.OK
	}
	var status rpc.Status
	if errors.As(o.err, &status) {
		return statusWords(status), show.Fail
	}
	p := bridge.ProblemOf(o.err)
	switch {
	case errors.Is(o.err, rpc.ErrTimeout) || p != nil && p.Code == bridge.CodeTimeout:
		return lang.T("No answer"), show.Warn
	case p != nil && p.Code == bridge.CodeNotReady:
		return lang.T("No NCP answers"), show.Warn
	case p != nil && p.Code == bridge.CodeCanceled:
		return lang.T("Stopped"), show.Idle
	}
	return lang.T("Failed"), show.Fail
}

// saidWords says it in a sentence, for a screen reader as well.
func saidWords(o *outcome) string {
	word, _ := outcomeWords(o)
	text := lang.F("{0}: {1}.", o.method.Name, word)
	if o.of > 1 {
		text += " " + lang.F("Call {0} of {1}, {2} failed.", strconv.Itoa(o.number), strconv.Itoa(o.of), strconv.Itoa(o.failed))
	}
	return text
}

// mergedWords says what came of a description.
func mergedWords(name string, m schema.Merged) string {
	parts := []string{lang.F("{0}: {1} methods added, {2} known already.", name, strconv.Itoa(len(m.Added)), strconv.Itoa(m.Same))}
	if len(m.Changed) > 0 {
		parts = append(parts, lang.F("{0} replaced.", strconv.Itoa(len(m.Changed))))
	}
	if len(m.Differ) > 0 {
		parts = append(parts, lang.F("{0} differ from what is built in and were left out.", strconv.Itoa(len(m.Differ))))
	}
	return strings.Join(parts, " ")
}
