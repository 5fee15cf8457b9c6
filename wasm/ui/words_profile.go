package ui

import (
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
	case profile.RuleField:
		return FieldWords(e.Field)
	case profile.RuleKind:
		return lang.F(profileRules[e.Rule], lang.T(kindNames[e.Text]))
	}
	return lang.F(profileRules[e.Rule], show.Visible(e.Text))
}

// profileRules say why a profile is refused; {0} is what Error.Text tells.
//
//lang:texts
var profileRules = map[profile.Rule]string{
	profile.RuleSize:    "Too long for a profile.",
	profile.RuleSyntax:  "Not valid JSON: {0}.",
	profile.RuleFormat:  "This is not a profile of an NCP.",
	profile.RuleVersion: "Made by a newer console, in version {0} of the format.",
	profile.RuleKind:    "Must be {0}.",
	profile.RuleLong:    "Too long: at most {0} bytes.",
	profile.RuleRange:   "Must be {0}.",
	profile.RuleID:      "Not the id of a board.",
	profile.RuleTwice:   "The same pin twice.",
	profile.RuleMany:    "Too many: at most {0}.",
	profile.RuleLink:    "The link is cut or changed.",
}

//lang:texts
var kindNames = map[string]string{
	"text": "a text", "number": "a whole number", "switch": "true or false", "object": "an object", "list": "a list",
}

// WarningWords says what of a profile was ignored.
func WarningWords(warnings []profile.Warning) string {
	names, secret := "", false
	for _, w := range warnings {
		names = list(names, show.Visible(w.Member))
		secret = secret || w.Secret
	}
	text := lang.F("Not known here and ignored: {0}.", names)
	if secret {
		text += " " + lang.T("Passwords and tokens have no place in a profile.")
	}
	return text
}

// list adds an entry to a list of words.
func list(words, word string) string {
	if words == "" {
		return word
	}
	return words + ", " + word
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
