package main

import (
	"encoding/base64"
	"strings"
	"testing"
)

// goodStub is a stub that passes.
func goodStub() string {
	text := base64.StdEncoding.EncodeToString(make([]byte, 2000))
	return `{"entry": 1074521100, "text": "` + text + `", "text_start": 1074520064, "data": "AAAA", "data_start": 1073605544, "bss_start": 1073528832}`
}

func TestCheckStub(t *testing.T) {
	if err := checkStub([]byte(goodStub())); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"no entry":        func(s string) string { return strings.Replace(s, "entry", "entries", 1) },
		"no bss":          func(s string) string { return strings.Replace(s, "bss_start", "bss", 1) },
		"entry outside":   func(s string) string { return strings.Replace(s, "1074521100", "1074522064", 1) },
		"entry before":    func(s string) string { return strings.Replace(s, "1074521100", "1074520063", 1) },
		"no text":         func(s string) string { return strings.Replace(s, `"text"`, `"words"`, 1) },
		"bad data":        func(s string) string { return strings.Replace(s, "AAAA\"", "!AAA\"", 1) },
		"too long":        func(s string) string { return s + strings.Repeat(" ", maxStubFile) },
		"no JSON":         func(s string) string { return s[1:] },
		"address too big": func(s string) string { return strings.Replace(s, "1073528832", "4294967296", 1) },
	} {
		if checkStub([]byte(change(goodStub()))) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLeadingComment(t *testing.T) {
	got, err := leadingComment([]byte("'use strict';\n\n// (C) Someone\n//\n// As it is.\n\n// not this\ncode()\n"))
	if want := "(C) Someone\n\nAs it is.\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := leadingComment([]byte("code()\n")); err == nil {
		t.Error("a script without a comment has a licence")
	}
}
