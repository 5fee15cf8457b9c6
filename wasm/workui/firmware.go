//go:build js && wasm

package workui

// firmwareView is where a person chooses what to flash, with which firmware, and how.
type firmwareView struct{ u *UI }

func newFirmwareView(u *UI) *firmwareView { return &firmwareView{u: u} }

func (v *firmwareView) render() {}
