package workui

import (
	"errors"
	"strings"
	"testing"

	"ncpweb/flash"
	"ncpweb/serial"
)

// TestEveryCodeHasWords: each code of the flasher, in each job, is told in words: what
// happened, why, what to try.
func TestEveryCodeHasWords(t *testing.T) {
	for code := flash.CodePort; code <= flash.CodeUnsupport; code++ {
		if _, ok := problemCards[code]; !ok {
			t.Errorf("code %d has no card", code)
		}
		for j := jobDetect; j <= jobErase; j++ {
			for _, tr := range []trouble{{}, {passthrough: true}, {native: true}, {linux: true, chip: "ESP32-C3"}, {torn: true}} {
				tr.job, tr.err = j, &flash.Error{Code: code, Op: "secret op", Detail: "secret detail", Addr: 0x12000}
				c := problemOf(tr)
				if c.Title == "" || c.What == "" || c.Why == "" || len(c.Try) == 0 || c.Tone == "" {
					t.Errorf("code %d, job %d: %+v", code, j, c)
				}
				all := c.Title + c.What + c.Why + strings.Join(c.Try, "")
				if strings.ContainsAny(all, "{}") || strings.Contains(all, "secret") {
					t.Errorf("code %d, job %d: a raw error or a hole: %s", code, j, all)
				}
			}
		}
	}
	if c := problemOf(trouble{err: &flash.Error{Code: 200}, job: 99}); c.Title != otherCard.Title {
		t.Errorf("an unknown code: %+v", c)
	}
}

// TestTornIsSaid: a person is told whether the device still starts.
func TestTornIsSaid(t *testing.T) {
	for _, code := range []flash.Code{flash.CodeCanceled, flash.CodeLost, flash.CodeTimeout, flash.CodeVerify} {
		e := &flash.Error{Code: code}
		if c := problemOf(trouble{err: e, job: jobFlash, torn: true}); !strings.Contains(c.What, tornWords) || strings.Contains(c.What, wholeWords) {
			t.Errorf("torn, code %d: %s", code, c.What)
		}
		if c := problemOf(trouble{err: e, job: jobFlash}); strings.Contains(c.What, tornWords) || !strings.Contains(c.What, wholeWords) {
			t.Errorf("whole, code %d: %s", code, c.What)
		}
		if c := problemOf(trouble{err: e, job: jobDetect}); strings.Contains(c.What, tornWords) {
			t.Errorf("detecting, code %d: %s", code, c.What)
		}
	}
}

func TestFinerWords(t *testing.T) {
	busy := &flash.Error{Code: flash.CodePort, Err: &serial.OpenError{Reason: serial.OpenBusy}}
	if c := problemOf(trouble{err: busy, job: jobFlash, linux: true}); c.Title != "The port is in use" || c.Try[len(c.Try)-1] != linuxTry {
		t.Errorf("busy: %+v", c)
	}
	if c := problemOf(trouble{err: busy, job: jobFlash}); c.Try[len(c.Try)-1] == linuxTry {
		t.Error("Linux is told of where it does not run")
	}
	silent := &flash.Error{Code: flash.CodeSilent}
	if c := problemOf(trouble{err: silent, job: jobFlash, passthrough: true}); c.Title != passthroughCard.Title {
		t.Errorf("passthrough: %+v", c)
	}
	if c := problemOf(trouble{err: silent, job: jobFlash, native: true}); c.Title != nativeCard.Title {
		t.Errorf("native USB: %+v", c)
	}
	if len(linuxTry) == 0 || len(openCards[serial.OpenBusy].Try) != 3 {
		t.Error("the table of words was changed by using it")
	}
}

// TestDetailIsHarmless: what a device printed can neither hide nor reorder anything.
func TestDetailIsHarmless(t *testing.T) {
	e := &flash.Error{Code: flash.CodeBooted, Op: "sync", Detail: "rst:0x1\x1b[2J\n\u202eevil\x00" + strings.Repeat("x", 10000), Addr: 0x1000, Err: errors.New("a\x07b")}
	text := detailOf(e)
	for _, bad := range []string{"\x1b", "\u202e", "\x00", "\x07"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in %q", bad, text[:80])
		}
	}
	if len(text) > 6000 || !strings.Contains(text, "0x1000") || !strings.Contains(text, "sync") {
		t.Errorf("%d bytes: %s", len(text), text[:80])
	}
}
