//go:build js && wasm

package workui

// runView does the work: it takes the port, writes, and tells how that went.
type runView struct{ u *UI }

func newRunView(u *UI) *runView { return &runView{u: u} }

func (v *runView) render() {}
