package workui

import (
	"strings"
	"testing"
	"time"

	"ncpweb/flash"
)

func TestJournal(t *testing.T) {
	var j journal
	at := time.Unix(1000, 0)
	tick := func(d time.Duration) time.Time { at = at.Add(d); return at }
	j.add(at, "port open")
	j.event(tick(time.Second), flash.Event{Phase: flash.PhaseConnect, Note: "stub runs"})
	j.printed(tick(0), []byte("rst:0x1 (POWERON\x1b[31m)\r\nwait"))
	j.printed(tick(0), []byte("ing\n"))
	j.event(tick(time.Second), flash.Event{Phase: flash.PhaseWrite, Total: 2000})
	j.event(tick(time.Second), flash.Event{Phase: flash.PhaseWrite, Done: 2000, Total: 2000})
	j.failed(tick(0), &flash.Error{Code: flash.CodeVerify, Op: "digest", Phase: flash.PhaseVerify, Addr: 0x8000, Torn: true, Detail: "one\ntwo"})
	j.endPhase(tick(0))
	text := j.String()
	for _, want := range []string{"   0.000  port open", "   1.000  connect", "stub runs", "device: rst:0x1", "device: waiting", "write: 2000 bytes", "connect took 1.000 s", "at 0x8000, torn", "two", "write took 1.000 s, 2000 bytes, 2.0 kB/s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("an escape sequence of the device is in the log")
	}
}

// TestJournalIsBounded: a device that prints for ever fills nothing.
func TestJournalIsBounded(t *testing.T) {
	var j journal
	at := time.Unix(0, 0)
	line := []byte(strings.Repeat("y", 5000) + "\n")
	for range 3 * maxLogLines {
		j.printed(at, line)
		j.event(at, flash.Event{Phase: flash.PhaseConnect, Note: string(line)})
	}
	for range 100000 {
		j.printed(at, line[:100])
	}
	if len(j.lines) != maxLogLines || j.left == 0 || len(j.String()) > maxLogLines*(maxLogLine+20)+100 || len(j.text) > maxLogLine {
		t.Errorf("%d lines, %d left out, %d bytes", len(j.lines), j.left, len(j.String()))
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ written, same, kept int64 }{{0, 10, 0}, {10, 10, 5}, {10, 0, 0}} {
		if s := savedWords(c.written, c.same, c.kept, 12*time.Second); !strings.Contains(s, "12 s") || strings.Contains(s, "{") {
			t.Error(s)
		}
	}
	for _, native := range []bool{false, true} {
		for _, chip := range []string{"", "esp32", "esp32c3"} {
			if len(handSteps(nil, native)) != 3 || handHint(chip, native) == "" {
				t.Errorf("%s: no steps", chip)
			}
		}
	}
	if !strings.Contains(handHint("esp32c3", false), "(GPIO9)") || !strings.Contains(handHint("esp32", false), "(GPIO0)") {
		t.Error("the boot pin is wrong")
	}
	if log := bootText("rst:0x1\r\n\x00\xff\x1c\x80\x1c\x80\x1c\n\x1b[32mI (9) boot\x1b[0m"); log != "rst:0x1\nI (9) boot\n… 7 bytes at another rate" {
		t.Errorf("%q", log)
	}
	if flashSize(4<<20) != "4 MB" || flashSize(512<<10) != "512 kB" {
		t.Error(flashSize(4 << 20))
	}
}
