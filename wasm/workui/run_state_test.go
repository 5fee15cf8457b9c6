package workui

import (
	"testing"

	"ncpweb/flash"
	"ncpweb/flash/esp"
)

func TestAfter(t *testing.T) {
	for _, c := range []struct {
		name string
		a    attempt
		code flash.Code
		want move
	}{
		{"strap not low", attempt{}, flash.CodeBooted, moveByHand},
		{"silent", attempt{}, flash.CodeSilent, moveByHand},
		{"firmware goes on", attempt{}, flash.CodeGarbled, moveByHand},
		{"noise though a person helped", attempt{byHand: true}, flash.CodeGarbled, moveFail},
		{"silent though a person helped", attempt{byHand: true}, flash.CodeSilent, moveFail},
		{"silent passthrough: its sketch does not run", attempt{passthrough: true}, flash.CodeSilent, moveFail},
		{"passthrough without lines", attempt{passthrough: true, hand: true}, flash.CodeSilent, moveByHand},
		{"native USB went away", attempt{native: true}, flash.CodeLost, moveReplug},
		{"and went away again", attempt{native: true, replugged: true}, flash.CodeLost, moveFail},
		{"an adapter was unplugged", attempt{}, flash.CodeLost, moveFail},
		{"wrong chip", attempt{}, flash.CodeChip, moveFail},
		{"locked", attempt{}, flash.CodeSecure, moveFail},
		{"one way", attempt{}, flash.CodeOneWay, moveFail},
		{"stopped by hand", attempt{}, flash.CodeCanceled, moveFail},
	} {
		if got := c.a.after(c.code); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		f    finish
		want ending
	}{
		{finish{answers: true, version: "0.7.1", expected: "0.7.1"}, endAnswers},
		{finish{answers: true, version: "v0.7.1+3", expected: "0.7.1"}, endAnswers},
		{finish{answers: true, version: "0.7.1"}, endAnswers},
		{finish{answers: true, expected: "0.7.1"}, endAnswers},
		{finish{answers: true, version: "0.7.0", expected: "0.7.1"}, endOther},
		{finish{answers: true, version: "0.7.1", expected: "0.7.1", crashed: true}, endAnswers},
		{finish{boot: esp.BootLoader}, endDownload},
		{finish{boot: esp.BootInvalid}, endInvalid},
		{finish{boot: esp.BootApp, crashed: true}, endCrash},
		{finish{boot: esp.BootApp}, endMute},
		{finish{boot: esp.BootApp, sketch: true}, endSketch},
		{finish{boot: esp.BootApp, sketch: true, crashed: true}, endCrash},
		{finish{sketch: true}, endSilent},
		{finish{}, endSilent},
		{finish{boot: esp.BootGarbled}, endSilent},
		{finish{lost: true, boot: esp.BootApp}, endTorn},
	} {
		if got := c.f.end(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.f, endingNames[got], endingNames[c.want])
		}
	}
}

// TestOnlyAnswersIsSuccess: nothing but an NCP that answers with the right version is
// told without a reserve.
func TestOnlyAnswersIsSuccess(t *testing.T) {
	for e := range endings {
		words := endingWords(ending(e), finish{version: "1", expected: "2"})
		if words.Title == "" || words.What == "" {
			t.Errorf("%s has no words", endingNames[e])
		}
		if ok := words.Tone == "ok"; ok != (ending(e) == endAnswers) {
			t.Errorf("%s has the tone %q", endingNames[e], words.Tone)
		}
		if len(words.Try) == 0 && ending(e) != endAnswers {
			t.Errorf("%s says nothing to do", endingNames[e])
		}
	}
}

func TestStages(t *testing.T) {
	for s := stageIdle; s <= stageFailed; s++ {
		if stageWords[s] == "" || stageTones[s] == "" {
			t.Errorf("stage %d has no words", s)
		}
		if s.busy() != (s > stageIdle && s < stageDone) {
			t.Errorf("stage %d: busy is %v", s, s.busy())
		}
	}
}

func TestPhasesOf(t *testing.T) {
	for j := jobDetect; j <= jobErase; j++ {
		for _, all := range []bool{false, true} {
			list := phasesOf(j, all, !all)
			if len(list) == 0 || list[0] != flash.PhaseConnect {
				t.Errorf("job %d does not begin with the connection", j)
			}
			for i := range list[1:] {
				if j != jobBackup && list[i] >= list[i+1] {
					t.Errorf("job %d: phase %d after %d", j, list[i+1], list[i])
				}
			}
		}
	}
}

func TestCrash(t *testing.T) {
	if tellsCrash("rst:0x1 (POWERON),boot:0x13\nBlynk.NCP 0.7.1") || !tellsCrash("x\nGuru Meditation Error: Core 0 panic'ed") {
		t.Error("a crash is not told from a start")
	}
	for kind, want := range map[esp.BootKind]bool{esp.BootApp: true, esp.BootSilent: true, esp.BootGarbled: true, esp.BootLoader: false, esp.BootInvalid: false} {
		if (finish{boot: kind}).waitsForNCP() != want {
			t.Errorf("kind %d", kind)
		}
	}
}
