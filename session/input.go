package session

import (
	"strconv"
	"strings"

	"ncpweb/ncp"
)

// Limits of what can be sent (protocol sheet: messages of at most 1536 bytes, of which
// the header and the pin take 8).
const (
	MaxValueSend = MaxValue - 8
	// MaxSyncPins bounds the list of one Sync.
	MaxSyncPins = 200
	// MaxGroup bounds the values of one group.
	MaxGroup = 500
	maxName  = 64
)

// checkText refuses what cannot be a String of the protocol: one with a NUL, or one
// that does not fit a message.
func checkText(op, field, text string, most int) error {
	switch {
	case strings.IndexByte(text, 0) >= 0:
		return badInput(op, field, "holds a NUL")
	case len(text) > most:
		return badInput(op, field, "longer than "+strconv.Itoa(most)+" bytes")
	}
	return nil
}

// needText is checkText for what must not be empty.
func needText(op, field, text string, most int) error {
	if text == "" {
		return badInput(op, field, "empty")
	}
	return checkText(op, field, text, most)
}

// pinValue joins the items of a pin value.
func pinValue(op string, items []string, most int) ([]byte, error) {
	value, err := ncp.JoinValues(items...)
	switch {
	case err != nil:
		return nil, badInput(op, "value", "holds a NUL")
	case len(value) > most:
		return nil, badInput(op, "value", "longer than "+strconv.Itoa(most)+" bytes")
	}
	return value, nil
}
