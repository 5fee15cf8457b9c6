package ui

import (
	"strconv"
	"strings"

	"ncpweb/board"
	"ncpweb/session"
	"ncpweb/session/profile"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// ProfileFault says why a profile is refused. Names of its members come from the file.
func ProfileFault(e *profile.Error) string {
	why := profileRule(e)
	if e.Member == "" {
		return why
	}
	return join(show.Visible(e.Member), why)
}

func profileRule(e *profile.Error) string {
	switch e.Rule {
	case profile.RuleSize:
		return lang.T("Too long for a profile.")
	case profile.RuleSyntax:
		return lang.F("Not valid JSON: {0}.", show.Visible(e.Text))
	case profile.RuleFormat:
		return lang.T("This is not a profile of an NCP.")
	case profile.RuleVersion:
		return lang.F("Made by a newer console: version {0}. This page reads version {1}.", show.Visible(e.Text), strconv.Itoa(profile.Version))
	case profile.RuleKind:
		return lang.F("Must be {0}.", lang.T(kindNames[e.Text]))
	case profile.RuleField:
		return FieldWords(e.Field)
	case profile.RuleLong:
		return lang.F("Too long: at most {0} bytes.", e.Text)
	case profile.RuleRange:
		return lang.F("Must be {0}.", e.Text)
	case profile.RuleID:
		return lang.T("Not the id of a board.")
	case profile.RuleTime:
		return lang.T("Not a time.")
	case profile.RuleTwice:
		return lang.T("The same pin twice.")
	case profile.RuleMany:
		return lang.F("Too many: at most {0}.", e.Text)
	case profile.RuleLink:
		return lang.T("The link is cut or changed.")
	}
	return lang.T("Cannot be sent like this.")
}

//lang:texts
var kindNames = map[string]string{
	"text": "a text", "number": "a whole number", "switch": "true or false", "object": "an object", "list": "a list",
}

// WarningWords says what of a profile was ignored.
func WarningWords(warnings []profile.Warning) string {
	var unknown, secret []string
	for _, w := range warnings {
		if w.Secret {
			secret = append(secret, show.Visible(w.Member))
		} else {
			unknown = append(unknown, show.Visible(w.Member))
		}
	}
	var parts []string
	if len(unknown) > 0 {
		parts = append(parts, lang.F("Not known here and ignored: {0}.", strings.Join(unknown, ", ")))
	}
	if len(secret) > 0 {
		parts = append(parts, lang.F("Looks like a secret and was dropped: {0}. A profile holds none.", strings.Join(secret, ", ")))
	}
	return strings.Join(parts, " ")
}

// SettingName names a setting where the form's labels alone would not do.
func SettingName(field string) string {
	if w := settingNames[field]; w != "" {
		return lang.T(w)
	}
	return FieldName(field)
}

//lang:texts
var settingNames = map[string]string{
	"led.activeLow": "Status LED lit when low", "rgb.commonAnode": "Common anode", "button.activeLow": "Button pressed when low",
	"setTime": "Time", "led.on": "Status LED", "rgb.on": "Three-colour LED", "button.on": "User button",
}

// SettingValue says the text of a field as the form holds it.
func SettingValue(field, text string) string {
	f, _ := session.FieldNamed(field)
	switch {
	case f.Kind == session.FieldSwitch && text == "on":
		return lang.T("on")
	case f.Kind == session.FieldSwitch:
		return lang.T("off")
	case text == "":
		return lang.T("not set")
	}
	return show.Visible(text)
}

// CompareWords says how a setting compares with the device.
func CompareWords(s profile.Status) (string, show.Tone) {
	switch s {
	case profile.Same:
		return lang.T("the same"), show.OK
	case profile.Differs:
		return lang.T("differs"), show.Warn
	case profile.NotTaken:
		return lang.T("not taken by this NCP"), show.Fail
	}
	return lang.T("cannot be read back"), show.Idle
}

// BoardCaption says in one line what the catalogue knows of a board's chip and lights.
func BoardCaption(chip string, p board.Preset) string {
	number := func(n uint16) string { return strconv.Itoa(int(n)) }
	parts := make([]string, 0, 4)
	if chip != "" {
		parts = append(parts, chip)
	}
	if p.LED != nil {
		parts = append(parts, lang.F("LED {0}", number(p.LED.GPIO)))
	}
	if p.RGB != nil {
		parts = append(parts, lang.F("RGB {0}, {1}, {2}", number(p.RGB.R), number(p.RGB.G), number(p.RGB.B)))
	}
	if p.Button != nil {
		parts = append(parts, lang.F("button {0}", number(p.Button.GPIO)))
	}
	if p.Empty() {
		parts = append(parts, lang.T("no lights known"))
	}
	return strings.Join(parts, " · ")
}

//lang:texts
var confirmReplace = Confirmation{
	Title:  "Replace what stands in the form",
	Text:   "It was changed and is not saved as a profile.",
	Button: "Replace",
}
