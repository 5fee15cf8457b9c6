//go:build js && wasm

package ui

import (
	"syscall/js"

	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// boardsView fills in the lights and the button of a board that the person picks from
// the catalogue. The catalogue and its dialog are a part of the page that is loaded
// when it is first needed: web/boards.js.
type boardsView struct {
	u    *UI
	form *configureView
	note spoken // what was filled in
}

func newBoardsView(u *UI, form *configureView) *boardsView {
	v := &boardsView{u: u, form: form, note: spoken{e: doc.ByID("preset-note")}}
	chosen := js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, title, fields := args[0].String(), args[1].String(), args[2]
		u.Post(func() { v.chosen(id, title, fields) })
		return nil
	})
	u.On(doc.ByID("preset"), "click", func() {
		port := u.state.Port
		page.Part("boards", func(module js.Value, err error) {
			if err != nil {
				u.Post(func() { u.toasts.add(lang.T("The list of boards could not be loaded"), show.Fail) })
				return
			}
			module.Call("choose", int(port.VendorID), int(port.ProductID), chosen)
		})
	})
	return v
}

// chosen fills in what hangs at the GPIOs of a board and says what that changed. fields
// are texts of the form by name; null: the catalogue knows none.
func (v *boardsView) chosen(id, title string, fields js.Value) {
	v.form.profile.present.Board = id
	if fields.IsNull() {
		v.note.say(func() string { return lang.F("No light or button of {0} is known. Nothing was changed.", title) })
		return
	}
	var changed []string // names of fields, each with its text
	for _, name := range v.form.order {
		text := fields.Get(name)
		if text.Type() != js.TypeString || text.String() == v.form.text(name) {
			continue
		}
		v.form.set(name, text.String())
		v.form.typed(name)
		changed = append(changed, name, text.String())
	}
	v.note.say(func() string {
		if len(changed) == 0 {
			return lang.F("The form holds the pins of {0} already.", title)
		}
		words := ""
		for i := 0; i < len(changed); i += 2 {
			words = list(words, SettingName(changed[i])+" "+SettingValue(changed[i], changed[i+1]))
		}
		return lang.F("From {0}: {1}.", title, words)
	})
}
