package session

import (
	"slices"
	"time"

	"ncpweb/ncp"
)

// pinTable holds the pins. A change is cheap: the sorted list that State shows is made
// when it is asked for, and shared by all states until the next change.
type pinTable struct {
	byNumber map[uint16]*pinRecord
	sorted   []*pinRecord
	shown    []Pin // made from sorted; nil after a change
}

type pinRecord struct {
	pin   Pin
	raw   []byte // the last value; nil once it is split into pin.Values
	split bool
}

// record returns the record of a pin, a new one if need be, or nil when the table is
// full.
func (t *pinTable) record(number uint16) *pinRecord {
	if r := t.byNumber[number]; r != nil {
		return r
	}
	if len(t.byNumber) >= MaxPins {
		return nil
	}
	if t.byNumber == nil {
		t.byNumber = make(map[uint16]*pinRecord)
	}
	r := &pinRecord{pin: Pin{Number: number}, split: true}
	t.byNumber[number] = r
	i, _ := t.find(number)
	t.sorted = slices.Insert(t.sorted, i, r)
	t.shown = nil
	return r
}

func (t *pinTable) find(number uint16) (int, bool) {
	return slices.BinarySearchFunc(t.sorted, number, func(r *pinRecord, n uint16) int {
		return int(r.pin.Number) - int(n)
	})
}

// set notes a value, of a longer one the first MaxValue bytes. It is false when there
// is no room for another pin.
func (t *pinTable) set(number uint16, value []byte, dir Direction, at time.Time) bool {
	r := t.record(number)
	if r == nil {
		return false
	}
	r.raw = append(r.raw[:0], value[:min(len(value), MaxValue)]...)
	r.split = false
	r.pin.Dir, r.pin.Time = dir, at
	r.pin.Count++
	t.shown = nil
	return true
}

// setProperty notes a property.
func (t *pinTable) setProperty(number uint16, name, value string) {
	r := t.record(number)
	if r == nil {
		return
	}
	// Shown lists share the slice: a change makes a new one.
	props := slices.Clone(r.pin.Properties)
	i := slices.IndexFunc(props, func(p Property) bool { return p.Name == name })
	switch {
	case i >= 0:
		props[i].Value = value
	case len(props) < MaxProperties:
		props = append(props, Property{name, value})
	default:
		return
	}
	r.pin.Properties = props
	t.shown = nil
}

func (t *pinTable) name(number uint16, name string) bool {
	r := t.record(number)
	if r == nil {
		return false
	}
	r.pin.Name = name
	t.shown = nil
	return true
}

// describe sets what the person knows of a pin.
func (t *pinTable) describe(i PinInfo) bool {
	r := t.record(i.Number)
	if r == nil {
		return false
	}
	p := &r.pin
	p.Name, p.Unit, p.Min, p.Max, p.Color = i.Name, i.Unit, i.Min, i.Max, i.Color
	t.shown = nil
	return true
}

func (t *pinTable) remove(number uint16) {
	i, ok := t.find(number)
	if !ok {
		return
	}
	t.sorted = slices.Delete(t.sorted, i, i+1)
	delete(t.byNumber, number)
	t.shown = nil
}

// forget removes the values of another device and keeps the pins with what the person
// knows of them.
func (t *pinTable) forget() {
	for _, r := range t.sorted {
		p := r.pin
		*r = pinRecord{pin: Pin{Number: p.Number, Name: p.Name, Unit: p.Unit, Min: p.Min, Max: p.Max, Color: p.Color}, split: true}
	}
	t.shown = nil
}

// list returns the pins by number. It must not be written.
func (t *pinTable) list() []Pin {
	if t.shown == nil && len(t.sorted) > 0 {
		t.shown = make([]Pin, len(t.sorted))
		for i, r := range t.sorted {
			if !r.split {
				r.pin.Values = ncp.SplitValues(r.raw)
				r.split = true
			}
			t.shown[i] = r.pin
		}
	}
	return t.shown
}
