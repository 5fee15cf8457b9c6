//go:build js && wasm

package ui

import (
	"time"
)

// toasts are short words on what passed.
type toasts struct {
	u    *UI
	box  *element
	row  pattern
	list []*element
}

// How many toasts are there at a time, and for how long.
const (
	maxToasts = 3
	toastTime = 4 * time.Second
)

func newToasts(u *UI) *toasts {
	return &toasts{u: u, box: byID("toasts"), row: newPattern("t-toast")}
}

func (t *toasts) add(text string, tone Tone) {
	row := t.row.copy()
	sign{row, row.one("use"), row.child(1)}.set(text, tone)
	t.box.append(row)
	t.list = append(t.list, row)
	if len(t.list) > maxToasts {
		t.remove(t.list[0])
	}
	time.AfterFunc(toastTime, func() { t.u.post(func() { t.remove(row) }) })
}

func (t *toasts) remove(row *element) {
	for i, e := range t.list {
		if e == row {
			row.Remove()
			t.list = append(t.list[:i], t.list[i+1:]...)
			return
		}
	}
}

// confirms asks before what cannot be taken back.
type confirms struct {
	dialog, title, text, typed, label, input, cancel, ok *element
	present                                              Confirmation
	then                                                 func()
}

func newConfirms(u *UI) *confirms {
	c := &confirms{
		dialog: byID("confirm"), title: byID("confirm-title"), text: byID("confirm-text"), typed: byID("confirm-typed"),
		label: byID("confirm-label"), input: byID("confirm-input"), cancel: byID("confirm-cancel"), ok: byID("confirm-ok"),
	}
	u.on(c.cancel, "click", c.close)
	u.on(c.input, "input", c.check)
	u.on(c.dialog, "close", func() { c.then = nil })
	u.onSubmit(byID("confirm-form"), c.confirmed)
	return c
}

// ask opens the dialog; then runs when the person confirms.
func (c *confirms) ask(what Confirmation, then func()) {
	c.present, c.then = what, then
	c.title.setText(what.Title)
	c.text.setText(what.Text)
	c.ok.setText(what.Button)
	class := "btn primary"
	if what.Danger {
		class += " danger"
	}
	c.ok.setAttr("class", class)
	c.typed.show(what.Typed != "")
	c.label.setText("Type " + what.Typed + " to go on")
	c.input.setValue("")
	c.check()
	c.dialog.Value.Call("showModal")
	switch {
	case what.Typed != "":
		c.input.Focus()
	case what.Danger:
		c.cancel.Focus()
	default:
		c.ok.Focus()
	}
}

func (c *confirms) check() {
	c.ok.enable(c.present.Typed == "" || c.input.value() == c.present.Typed)
}

func (c *confirms) confirmed() {
	then := c.then
	if then == nil || c.present.Typed != "" && c.input.value() != c.present.Typed {
		return
	}
	c.close()
	then()
}

func (c *confirms) close() {
	c.then = nil
	c.dialog.Value.Call("close")
}

// fullText shows a long value whole.
type fullText struct{ dialog, title, text *element }

func newFullText(u *UI) *fullText {
	f := &fullText{byID("full"), byID("full-title"), byID("full-text")}
	u.on(byID("full-close"), "click", func() { f.dialog.Value.Call("close") })
	u.on(byID("full-copy"), "click", func() { u.copy(f.text.TextContent()) })
	main := byID("main")
	u.onTarget(main, "click", "[data-cut]", f.showCut)
	main.listen("keydown", func(ev event) {
		if e := ev.target("[data-cut]"); e != nil && ev.Get("key").String() == "Enter" {
			u.post(func() { f.showCut(e) })
		}
	})
	f.dialog.listen("click", func(ev event) {
		if ev.Get("target").Equal(f.dialog.Value) {
			f.dialog.Value.Call("close") // a click on what is behind the dialog
		}
	})
	return f
}

// showCut shows whole what setCut has cut.
func (f *fullText) showCut(e *element) { f.show("Full text", e.GetAttribute("title")) }

func (f *fullText) show(title, text string) {
	f.title.setText(title)
	f.text.setText(text)
	f.dialog.Value.Call("showModal")
}
