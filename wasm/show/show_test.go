package show

import (
	"testing"
	"time"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain 23.5", "plain 23.5"},
		{"a\x00b", "a‹00›b"},
		{"a\tb\r\n", "a‹09›b‹0D›‹0A›"},
		{"\x1b[31m", "‹1B›[31m"},
		{"\x7f", "‹7F›"},
		{"a\u202eb", "a‹202E›b"},
		{"\u2066x\u2069", "‹2066›x‹2069›"},
		{"\u0085", "‹0085›"},
		{"\U000e0041", "‹E0041›"},
		{"bad\xff", "bad\ufffd"},
		{"\x00\x00\x00a\x00\x01\x01", "‹00›×3a‹00›‹01›×2"},
		{"grün 温度", "grün 温度"},
		{"<b>&amp;", "<b>&amp;"},
	} {
		if got := Visible(c.in); got != c.want {
			t.Errorf("Visible(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPlainLine(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\x1b[0;32mI (31) boot\x1b[0m\r\n", "I (31) boot"},
		{"\x1b]0;title\x07x", "x"},
		{"\x1b]0;title\x1b\\x", "x"},
		{"\x1bcx", "x"},
		{"a\tb", "a\tb"},
		{"\x1b[31", "‹1B›[31"},
		{"\x1b", "‹1B›"},
		{"\x1b[3\x01m", "‹1B›[3‹01›m"},
		{"50 %\r60 %", "50 %‹0D›60 %"},
	} {
		if got := PlainLine(c.in); got != c.want {
			t.Errorf("PlainLine(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	if got, cut := Cut("äöü", 3); got != "äöü" || cut {
		t.Errorf("Cut of three characters at three: %q %v", got, cut)
	}
	if got, cut := Cut("äöüß", 3); got != "äö…" || !cut {
		t.Errorf("Cut of four characters at three: %q %v", got, cut)
	}
}

func FuzzPlainLine(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m")
	f.Add("\x1b]8;;x\x1b\\")
	f.Fuzz(func(t *testing.T, s string) {
		got := PlainLine(s)
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for _, r := range got {
			if r < 0x20 && r != '\t' || r == 0x7F || hidden(r) {
				t.Fatalf("PlainLine(%q) = %q holds %U", s, got, r)
			}
		}
	})
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Grouped(0), "0"}, {Grouped(9600), "9600"}, {Grouped(115200), "115\u202f200"}, {Grouped(2000000), "2\u202f000\u202f000"},
		{Baud(0), "–"}, {Bytes(999), "999 B"}, {Bytes(1536), "1.5 kB"}, {Bytes(2_500_000), "2.5 MB"},
		{Quick(0), "–"}, {Quick(2400 * time.Microsecond), "2.4 ms"}, {Quick(12 * time.Millisecond), "12 ms"}, {Quick(1234 * time.Millisecond), "1.2 s"},
		{Age(300 * time.Millisecond), "now"}, {Age(5 * time.Second), "5 s"}, {Age(3 * time.Minute), "3 min"}, {Age(47 * time.Hour), "47 h"}, {Age(72 * time.Hour), "3 d"},
		{Span(-time.Second), "–"}, {Span(65 * time.Second), "1 min 5 s"}, {Span(3700 * time.Second), "1 h 1 min"}, {Span(50 * time.Hour), "2 d 2 h"},
		{Clock(time.Date(2026, 1, 2, 3, 4, 5, 67e6, time.UTC)), "03:04:05.067"},
		{Skew(0), "The same"}, {Skew(-5 * time.Second), "5 s behind"}, {Skew(61 * time.Second), "1 min 1 s ahead"},
		{Offset(2 * time.Hour), "UTC+02:00"}, {Offset(-(3*time.Hour + 30*time.Minute)), "UTC−03:30"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
