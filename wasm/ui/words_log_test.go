package ui

import (
	"testing"

	"ncpweb/ncp"
	"ncpweb/session"
)

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		e    session.Event
		want string
	}{
		{session.Event{Kind: session.EventState}, "1"},
		{session.Event{Kind: session.EventLink, Text: "up"}, "6"},
		{session.Event{Kind: session.EventNCP, Value: uint8(ncp.EventRebooting)}, "6"},
		{session.Event{Kind: session.EventNCP, Value: uint8(ncp.EventTimeSync)}, "time"},
		{session.Event{Kind: session.EventNCP, Value: uint8(ncp.EventTimeChanged)}, "time"},
		{session.Event{Kind: session.EventNCP, Value: uint8(ncp.EventProvisioned)}, "provision"},
		{session.Event{Kind: session.EventNCP, Value: uint8(ncp.EventClick)}, "button"},
		{session.Event{Kind: session.EventLogged}, "sent"},
		{session.Event{Kind: session.EventMetadata}, "sent"},
	} {
		if got := kindOf(c.e); got != c.want {
			t.Errorf("%+v is of kind %q, want %q", c.e, got, c.want)
		}
	}
}

// What cannot be taken back says so, with a button that says what happens.
func TestConfirmations(t *testing.T) {
	for _, c := range []Confirmation{confirmReboot, confirmConfigReset, confirmFactory, confirmForget} {
		if c.Title == "" || c.Text == "" || c.Button == "" || c.Button == "OK" {
			t.Errorf("%+v", c)
		}
	}
}
