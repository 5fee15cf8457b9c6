package workui

import (
	"errors"
	"strings"
	"testing"

	"ncpweb/firmware"
	"ncpweb/ncp/ota"
	"ncpweb/wasm/show"
)

func TestSaveName(t *testing.T) {
	for in, want := range map[string]string{
		"app-1.1.0.bin": "app-1.1.0.bin", "": "firmware.bin", "../../etc/passwd": "etc_passwd", "..": "firmware.bin",
		"a b<c>.bin": "a_b_c_.bin", "файл": "firmware.bin", "x\x00y": "x_y", ".hidden": "hidden",
	} {
		if got := saveName(in); got != want {
			t.Errorf("%q is saved as %q, want %q", in, got, want)
		}
	}
	if n := len(saveName(strings.Repeat("x", 500))); n != 80 {
		t.Errorf("a long name has %d characters", n)
	}
}

// TestEveryEnding: each has words, and only one of them is a success.
func TestEveryEnding(t *testing.T) {
	for end := ota.EndWhole; end <= ota.EndQuiet; end++ {
		v := verdictOf(ota.Received{End: end})
		if v.Title == "" || v.Text == "" || (v.Tone == show.OK) != (end == ota.EndWhole) {
			t.Errorf("ending %d: %+v", end, v)
		}
	}
	for p := ota.PhaseOffer; p <= ota.PhaseFinish; p++ {
		if v := verdictOf(ota.Received{Phase: p}); v.Title == "" || v.Tone != show.Busy {
			t.Errorf("phase %v: %+v", p, v)
		}
	}
	if v := verdictOf(ota.Received{End: ota.EndWhole, Done: 300_000, Checks: []ota.Check{{Same: true}, {}, {Same: true}}}); v.Tone != show.Warn {
		t.Errorf("a digest that could not be compared: %+v", v)
	}
	if v := verdictOf(ota.Received{End: ota.EndWhole, Done: 300_000}); v.Title != "300.0 kB, all digests equal" {
		t.Errorf("%+v", v)
	}
	for f, w := range faultWords {
		if w == "" {
			t.Errorf("failure on purpose %d has no words", f)
		}
	}
}

func TestTagWords(t *testing.T) {
	tag := firmware.FoundTag{Tag: firmware.Tag{Pairs: []firmware.Pair{{Key: "mcu", Value: "1.1.0"}, {Key: "fw-type", Value: "T"}}}}
	for _, c := range []struct {
		offer ota.Offer
		ok    bool
		want  string
	}{
		{ota.Offer{Version: "1.1.0", Type: "T"}, true, ""},
		{ota.Offer{}, true, ""},
		{ota.Offer{Version: "1.2.0"}, true, "The offer says 1.2.0, the tag in the file says 1.1.0."},
		{ota.Offer{Build: "today"}, true, "The offer says today; the tag in the file says nothing of it."},
		{ota.Offer{Version: "1.1.0"}, false, "The file carries no firmware tag: the cloud could not have read its version from it."},
	} {
		if got := tagMismatch(c.offer, tag, c.ok); got != c.want {
			t.Errorf("%+v: %q", c.offer, got)
		}
	}
	for f := firmware.TagEmpty; f <= firmware.TagOther; f++ {
		if tagFault(&firmware.TagError{Fault: f, Char: '+'}) == "" {
			t.Errorf("fault %d has no words", f)
		}
	}
	_, err := firmware.NewTag("1+2", "T", "", "")
	var e *firmware.TagError
	if !errors.As(err, &e) || !strings.HasPrefix(tagFault(e), "+ cannot be in a tag") {
		t.Errorf("%v", err)
	}
}
