package ui

import (
	"strings"
	"testing"

	"ncpweb/session"
	"ncpweb/session/profile"
)

// Every way to refuse a profile has words, in the page's tone.
func TestProfileFaults(t *testing.T) {
	rules := []profile.Rule{profile.RuleSize, profile.RuleSyntax, profile.RuleFormat, profile.RuleVersion, profile.RuleKind, profile.RuleLong,
		profile.RuleRange, profile.RuleID, profile.RuleTwice, profile.RuleMany, profile.RuleLink}
	seen := map[string]profile.Rule{}
	for _, r := range rules {
		text := ProfileFault(&profile.Error{Rule: r, Text: "number"})
		if text == "" || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "!{}") {
			t.Errorf("%s: %q", r, text)
		}
		if old, ok := seen[text]; ok && r != profile.RuleRange && r != profile.RuleKind {
			t.Errorf("%s and %s are both %q", r, old, text)
		}
		seen[text] = r
	}
	if len(profileRules) != len(rules) {
		t.Errorf("%d rules have words, %d are known here", len(profileRules), len(rules))
	}
	_, _, err := profile.Parse([]byte(`{"format":"blynk-ncp-profile","version":1,"template":{"id":"TMPLx","name":"x"},"led":{"gpio":70000}}`))
	if got := ProfileFault(err.(*profile.Error)); got != "led.gpio: From 0 to 65535." {
		t.Error(got)
	}
	hidden := ProfileFault(&profile.Error{Member: "a\u202eb\x1b", Rule: profile.RuleKind, Text: "text"})
	if strings.ContainsAny(hidden, "\u202e\x1b") || !strings.HasSuffix(hidden, ": Must be a text.") {
		t.Errorf("%q", hidden)
	}
}

func TestWarningWords(t *testing.T) {
	one := WarningWords([]profile.Warning{{Member: "a"}, {Member: "b.c"}})
	if one != "Not known here and ignored: a, b.c." {
		t.Error(one)
	}
	if two := WarningWords([]profile.Warning{{Member: "psk", Secret: true}}); !strings.Contains(two, "psk") || !strings.Contains(two, "no place") {
		t.Error(two)
	}
}

// Every field of the form has a name that tells it from the others, and words for its value.
func TestSettingNames(t *testing.T) {
	seen := map[string]string{}
	for _, f := range session.Fields() {
		if f.Name == "argb.on" || f.Name == "brightness.on" {
			continue // never shown: a board's preset knows neither
		}
		name := SettingName(f.Name)
		if name == f.Name || seen[name] != "" {
			t.Errorf("%s is called %q, as %q is", f.Name, name, seen[name])
		}
		seen[name] = f.Name
		if SettingValue(f.Name, "") == "" {
			t.Errorf("%s: no word for nothing", f.Name)
		}
	}
	for text, want := range map[string]string{"on": "on", "": "off"} {
		if got := SettingValue("led.activeLow", text); got != want {
			t.Errorf("a switch that is %q is %q", text, got)
		}
	}
	if got := SettingValue("templateName", "a\x00\u202eb"); strings.ContainsAny(got, "\x00\u202e") {
		t.Errorf("%q", got)
	}
}
