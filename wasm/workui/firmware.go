//go:build js && wasm

package workui

// firmwareView is where a person chooses what to flash, with which firmware, and how.
type firmwareView struct {
	u        *UI
	onChange func() // called on the loop after anything was chosen; nil: nobody listens
}

func newFirmwareView(u *UI) *firmwareView { return &firmwareView{u: u} }

func (v *firmwareView) render() {}

// selection returns what is chosen. ok is false while it cannot be flashed: nothing is
// chosen, it is still read, or something of it is refused. Board, Want, Reset, Start,
// Baud and Fixed are set in either case: they are what "Detect" needs.
func (v *firmwareView) selection() (s Selection, ok bool) { return Selection{}, false }

// detected tells which chip the loader identified, so that what does not fit it shows.
// id is as in esp.Chips, revision is major × 100 + minor, flash is in bytes (0: not known).
func (v *firmwareView) detected(id string, revision int, flash int64) {}

// forget drops what detected told: another device may come.
func (v *firmwareView) forget() {}

// offer takes firmware that is at hand already, such as that for a simulated board, as
// if the person had chosen a file.
func (v *firmwareView) offer(name string, data []byte) {}
