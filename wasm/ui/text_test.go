package ui

import (
	"strings"
	"testing"

	"ncpweb/ncp"
	"ncpweb/session"
)

// Every code has a card that says all that a card has to say, in the page's tone.
func TestProblemCards(t *testing.T) {
	for code := session.CodeNoSerial; code <= session.CodeCore; code++ {
		for _, op := range []string{"connect", "no such op", ""} {
			c := ProblemCard(&session.Problem{Code: code, Op: op, Detail: "x"}, true)
			all := c.Title + c.What + c.Why
			for _, r := range c.Try {
				all += r.Text
			}
			switch {
			case c.Title == "" || c.What == "" || c.Why == "" || len(c.Try) == 0 || c.Tone == "":
				t.Errorf("code %d: card is not complete: %+v", code, c)
			case strings.ContainsAny(all, "!{}"):
				t.Errorf("code %d: card holds a mark that does not belong there: %q", code, all)
			}
		}
		if _, ok := cards[code]; !ok {
			t.Errorf("code %d has no card of its own", code)
		}
	}
	denied := ProblemCard(&session.Problem{Code: session.CodeDenied}, true)
	if !strings.Contains(denied.Try[len(denied.Try)-1].Line, "raw-usb") {
		t.Error("the card for missing rights lacks the snap's line on Linux")
	}
	if n := len(ProblemCard(&session.Problem{Code: session.CodeDenied}, false).Try); n != len(denied.Try)-len(linuxRights) {
		t.Error("the Linux lines show elsewhere as well")
	}
}

func TestEventWords(t *testing.T) {
	for _, c := range []struct {
		e    session.Event
		want string
	}{
		{session.Event{Kind: session.EventState, Value: uint8(ncp.StateConnected)}, "Online"},
		{session.Event{Kind: session.EventState, Value: 200}, "State 200"},
		{session.Event{Kind: session.EventNCP, Value: 99}, "Event 99"},
		{session.Event{Kind: session.EventLogged, Text: "hot\x00", Detail: "85 °C"}, "Event hot‹00› logged: 85 °C"},
		{session.Event{Kind: session.EventLink, Text: "rate", Detail: "bad 115200"}, "115\u202f200 baud does not carry"},
		{session.Event{Kind: session.EventLink, Text: "down", Detail: "silent"}, "NCP stopped answering"},
		{session.Event{Kind: session.EventLink, Text: "new key", Detail: ""}, "new key"},
	} {
		if got, _ := EventWords(c.e); got != c.want {
			t.Errorf("EventWords(%+v) = %q, want %q", c.e, got, c.want)
		}
	}
}

func TestRatesTried(t *testing.T) {
	p := &session.Problem{Code: session.CodeSilent, Op: "connect", Detail: "link: nothing answered and nothing was heard; tried 38400 115200"}
	if c := ProblemCard(p, false); !strings.Contains(c.What, "Tried: 38\u202f400, 115\u202f200 baud.") {
		t.Errorf("the rates are missing: %q", c.What)
	}
	p.Detail = "something; tried <b> 1"
	if c := ProblemCard(p, false); strings.Contains(c.What, "Tried") {
		t.Errorf("made rates of words: %q", c.What)
	}
}

func TestNoticeWords(t *testing.T) {
	for in, want := range map[string]string{"": "", "searching 38400": "Asking at 38\u202f400 baud.", "new\x00 7": "new‹00› 7"} {
		if got := NoticeWords(in); got != want {
			t.Errorf("NoticeWords(%q) = %q, want %q", in, got, want)
		}
	}
}
