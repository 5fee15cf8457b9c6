package profile

import (
	"slices"

	"ncpweb/session"
)

// MergePins returns names and units of the pins that a page shows, and those of a
// profile for the pins that the page has no name or unit for, by number.
func MergePins(pins []Pin, shown []session.Pin) []Pin {
	merged := make(map[uint16]Pin, len(pins))
	for _, p := range pins {
		merged[p.Number] = p
	}
	for _, s := range shown {
		if s.Name != "" && len(s.Name) <= MaxName || s.Unit != "" && len(s.Unit) <= MaxUnit {
			merged[s.Number] = Pin{s.Number, s.Name, s.Unit}
		}
	}
	list := make([]Pin, 0, len(merged))
	for _, p := range merged {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Pin) int { return int(a.Number) - int(b.Number) })
	return list[:min(len(list), MaxPins)]
}

// PinInfo returns what a page is told of the pins of a profile; ranges and colours that
// it has stay.
func PinInfo(pins []Pin, shown []session.Pin) []session.PinInfo {
	known := make(map[uint16]session.Pin, len(shown))
	for _, s := range shown {
		known[s.Number] = s
	}
	list := make([]session.PinInfo, len(pins))
	for i, p := range pins {
		k := known[p.Number]
		list[i] = session.PinInfo{Number: p.Number, Name: p.Name, Unit: p.Unit, Min: k.Min, Max: k.Max, Color: k.Color}
	}
	return list
}
