package ui

import (
	"strconv"
	"strings"

	"ncpweb/session"
)

// parsePin reads a pin number; a leading V is fine.
func parsePin(text string) (uint16, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 0 && (text[0] == 'V' || text[0] == 'v') {
		text = text[1:]
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil
}

// overlap returns how many of the new events are shown already: the end of the old
// list is the beginning of the new one. The last event shown tells where.
func overlap(old, new []session.Event) int {
	if len(old) == 0 {
		return 0
	}
	last := old[len(old)-1]
	for i := len(new) - 1; i >= 0; i-- {
		if new[i].Time.Equal(last.Time) && new[i] == last {
			return i + 1
		}
	}
	return 0
}
