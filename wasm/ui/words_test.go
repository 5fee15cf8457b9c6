package ui

import (
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/session"
	"ncpweb/wasm/show"
)

// What the page says is short and calm: no exclamation marks, no empty words.
func TestWordsTone(t *testing.T) {
	words := []string{needPin, needCode, tooLong, groupEmpty, pinsFullWord}
	for _, c := range []Confirmation{confirmReboot, confirmConfigReset, confirmFactory} {
		words = append(words, c.Title, c.Text, c.Button)
	}
	for _, w := range doneWords {
		words = append(words, w)
	}
	for p := session.PhaseIdle; p <= session.PhaseFailed; p++ {
		w, tone := PhaseWords(p)
		words = append(words, w, string(tone))
	}
	for s := range 256 {
		w, tone := StateWords(ncp.State(s), true)
		words = append(words, w, string(tone))
		w, tone = CodeWords(ncp.EventCode(s))
		words = append(words, w, string(tone))
	}
	for _, f := range session.Fields() {
		if f.Kind != session.FieldSwitch {
			words = append(words, fieldNames[f.Name])
		}
	}
	for _, w := range words {
		if w == "" || strings.ContainsAny(w, "!{}") {
			t.Errorf("not words for people: %q", w)
		}
	}
	if !confirmFactory.Danger || confirmFactory.Typed == "" {
		t.Error("a factory reset has to be typed")
	}
}

// Every rule has words of its own, with its limits.
func TestFieldWords(t *testing.T) {
	zero := 0
	for _, c := range []struct {
		e    session.FieldError
		want string
	}{
		{session.FieldError{Rule: session.RuleRequired}, "Needed."},
		{session.FieldError{Rule: session.RulePrefix, Prefix: "TMPL"}, "Must begin with TMPL."},
		{session.FieldError{Rule: session.RuleNumber}, "A whole number, digits only."},
		{session.FieldError{Rule: session.RuleRange, Min: 60, Max: 3600}, "From 60 to 3600."},
		{session.FieldError{Rule: session.RuleRange, Min: 5, Max: 50, Also: &zero}, "0, or 5 to 50."},
		{session.FieldError{Rule: session.RuleLong, Max: 64}, "Too long: at most 64 bytes."},
		{session.FieldError{Rule: session.RuleNUL}, "Must not hold a NUL character."},
	} {
		if got := FieldWords(&c.e); got != c.want {
			t.Errorf("rule %s: %q, want %q", c.e.Rule, got, c.want)
		}
	}
}

// Every method that an apply may send is named.
func TestStepWords(t *testing.T) {
	for _, m := range []string{"setFirmwareInfo", "initLED", "initRGB", "initARGB", "setLedBrightness", "initUserButton",
		"setVendorPrefix", "setVendorServer", "setConfigTimeout", "setConfigSkipLimit", "initialize", "setTime"} {
		if StepWords(m) == m {
			t.Errorf("step %s has no words", m)
		}
	}
	if got := StepWords("later\x00"); got != "later‹00›" {
		t.Errorf("unknown step: %q", got)
	}
}

func TestPlaceTime(t *testing.T) {
	read := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	info := session.TimeInfo{Known: true, Time: read, Read: read, Offset: 3 * time.Hour}
	if got := placeTime(info, read.Add(90*time.Second)); got != "2026-07-01 15:01:30" {
		t.Errorf("clock of the place: %q", got)
	}
}

func TestLogText(t *testing.T) {
	e := session.LogEntry{Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Text: "\x1b[31mhot\x1b[0m\x00", Note: true}
	if got := logText(e); got != "2026-01-02T03:04:05.006Z # hot‹00›\n" {
		t.Errorf("line of the file: %q", got)
	}
}

func TestQualityWords(t *testing.T) {
	for _, c := range []struct {
		l    session.LinkStats
		want show.Tone
	}{
		{session.LinkStats{}, show.Idle},
		{session.LinkStats{RxFrames: 10}, show.OK},
		{session.LinkStats{RxFrames: 1000, CRCErrors: 2}, show.Warn},
		{session.LinkStats{RxFrames: 10, CRCErrors: 2}, show.Fail},
	} {
		if w, tone := QualityWords(c.l); tone != c.want {
			t.Errorf("%+v: %s (%s), want %s", c.l, tone, w, c.want)
		}
	}
}
