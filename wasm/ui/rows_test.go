package ui

import (
	"testing"
	"time"

	"ncpweb/session"
)

func TestParsePin(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uint16
		ok   bool
	}{
		{"0", 0, true}, {" V12 ", 12, true}, {"v65535", 65535, true},
		{"65536", 0, false}, {"-1", 0, false}, {"", 0, false}, {"V", 0, false}, {"1.5", 0, false}, {"VV1", 0, false},
	} {
		n, ok := parsePin(c.in)
		if ok != c.ok || ok && n != c.want {
			t.Errorf("parsePin(%q) = %d, %v; want %d, %v", c.in, n, ok, c.want, c.ok)
		}
	}
}

func TestOverlap(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ev := func(n int) session.Event {
		return session.Event{Time: at.Add(time.Duration(n) * time.Second), Kind: session.EventLink, Text: "up"}
	}
	list := func(from, to int) (l []session.Event) {
		for n := from; n < to; n++ {
			l = append(l, ev(n))
		}
		return l
	}
	for _, c := range []struct {
		old, new []session.Event
		want     int
	}{
		{nil, list(0, 3), 0},
		{list(0, 3), list(0, 3), 3},
		{list(0, 3), list(0, 5), 3},
		{list(0, 5), list(2, 7), 3},
		{list(0, 3), list(10, 13), 0},
		{list(0, 3), nil, 0},
	} {
		if got := overlap(c.old, c.new); got != c.want {
			t.Errorf("overlap of %d old and %d new events = %d, want %d", len(c.old), len(c.new), got, c.want)
		}
	}
}
