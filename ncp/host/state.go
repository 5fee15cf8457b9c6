package host

import (
	"bytes"
	"slices"
	"time"

	"ncpweb/ncp"
)

// Bounds of what is kept of an MCU.
const (
	maxPins     = 1024
	maxNotes    = 200 // events, properties and metadata
	maxSettings = 32
	maxValue    = 1536 // bytes of a value: no message is longer
	maxText     = 256  // bytes of other texts
)

// State is what is known of the MCU and of the NCP that is played. Its texts are the
// MCU's: hostile.
type State struct {
	NCP         ncp.State
	Baud        int
	Boots       int       // how often the NCP started again
	Calls       uint64    // calls and notifications of the MCU
	Heard       time.Time // the last of them; zero: none yet
	Initialized bool
	Template    string
	TemplateOf  string   // name of the template
	Firmware    Firmware // what it reported
	Settings    []Setting
	Pins        []Pin  // in the order of their numbers
	Notes       []Note // the newest last
	Groups      int    // how many groups of values it sent
}

// Firmware is what an MCU says of its firmware in setFirmwareInfo.
type Firmware struct {
	Type, Version, Build, Blynk string
	At                          time.Time // zero: it has not said anything
}

// Setting is something that the MCU set, such as where a LED is.
type Setting struct{ Method, Text string }

// Pin is a virtual pin.
type Pin struct {
	Pin       uint16
	Value     []byte // text, several items with a NUL between two of them
	At        time.Time
	FromCloud bool // the cloud changed it last
	Writes    uint64
}

// Note is something that the MCU told beside values.
type Note struct {
	At   time.Time
	What string // name of the method
	Text string
}

// State returns a copy of what is known now.
func (h *Host) State() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.st
	st.Settings, st.Notes = slices.Clone(st.Settings), slices.Clone(st.Notes)
	st.Pins = slices.Clone(st.Pins) // values are never changed in place
	return st
}

// put keeps a value of a pin. It must be called with the lock held.
func (h *Host) put(pin uint16, value []byte, fromCloud bool) {
	if len(value) > maxValue {
		value = value[:maxValue]
	}
	i, found := slices.BinarySearchFunc(h.st.Pins, pin, func(p Pin, pin uint16) int { return int(p.Pin) - int(pin) })
	if !found {
		if len(h.st.Pins) >= maxPins {
			return
		}
		h.st.Pins = slices.Insert(h.st.Pins, i, Pin{Pin: pin})
	}
	p := &h.st.Pins[i]
	p.Value, p.At, p.FromCloud = bytes.Clone(value), time.Now(), fromCloud
	p.Writes++
}

// note keeps a remark. It must be called with the lock held.
func (h *Host) note(what, text string) {
	if len(h.st.Notes) >= maxNotes {
		h.st.Notes = slices.Delete(h.st.Notes, 0, 1)
	}
	h.st.Notes = append(h.st.Notes, Note{At: time.Now(), What: what, Text: short(text)})
}

// set keeps a setting, the newest of each method.
func (h *Host) set(method, text string) {
	h.change(func() {
		i := slices.IndexFunc(h.st.Settings, func(s Setting) bool { return s.Method == method })
		switch {
		case i >= 0:
			h.st.Settings[i].Text = short(text)
		case len(h.st.Settings) < maxSettings:
			h.st.Settings = append(h.st.Settings, Setting{method, short(text)})
		}
	})
}

func short(s string) string {
	if len(s) > maxText {
		return s[:maxText]
	}
	return s
}
