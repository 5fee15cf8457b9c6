package workui

import (
	"ncpweb/board"
	"ncpweb/firmware"
	"ncpweb/firmware/manifest"
	"ncpweb/flash/esp"
)

// Selection is what a person chose to have done: what stands in the first three steps of
// the Flash view.
type Selection struct {
	Image   *firmware.Image
	Title   string       // of the firmware, one line for people: "Blynk.NCP 0.7.1"; hostile
	Version string       // that the NCP is expected to tell; empty: the file does not say; hostile
	SHA256  string       // of the image as it was read, lower-case hex; empty: not summed up yet
	Board   *board.Board // nil: to be detected

	Want  string    // id of the chip as in esp.Options; empty: any
	Reset esp.Reset // as esp.Options
	Start int       // as esp.Options
	Baud  int       // as esp.Options; 0: automatic
	Fixed bool      // as esp.Options
	ROM   bool      // work without the stub
	How   esp.How
}

// Options are the parts of esp.Options that the person chose.
func (s *Selection) Options() esp.Options {
	return esp.Options{Want: s.Want, Reset: s.Reset, Start: s.Start, Baud: s.Baud, Fixed: s.Fixed, How: s.How}
}

// judged is the chip that firmware is judged for, as Info.Check takes it: the one that
// was detected, else that of the chosen board.
func judged(d detection, b *board.Board) (chip string, revision int, flash int64) {
	switch {
	case d.id != "":
		return d.id, d.revision, d.flash
	case b != nil:
		return manifest.ChipOf(b.NCP.Chip), -1, 0
	}
	return "", -1, 0
}

// detection is what the loader told of the chip; zero: nothing.
type detection struct {
	id       string // as in esp.Chips
	revision int    // major × 100 + minor
	flash    int64  // bytes; 0: not known
}
