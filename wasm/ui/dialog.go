//go:build js && wasm

package ui

import (
	"time"

	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// toasts are short words on what passed.
type toasts struct {
	u    *UI
	box  *doc.Element
	row  doc.Pattern
	list []*doc.Element
}

// How many toasts are there at a time, and for how long.
const (
	maxToasts = 3
	toastTime = 4 * time.Second
)

func newToasts(u *UI) *toasts {
	return &toasts{u: u, box: doc.ByID("toasts"), row: doc.NewPattern("t-toast")}
}

func (t *toasts) add(text string, tone show.Tone) {
	row := t.row.Copy()
	doc.NewSign(row, row.One("use"), row.Child(1)).Set(text, tone)
	t.box.Append(row)
	t.list = append(t.list, row)
	if len(t.list) > maxToasts {
		t.remove(t.list[0])
	}
	time.AfterFunc(toastTime, func() { t.u.Post(func() { t.remove(row) }) })
}

func (t *toasts) remove(row *doc.Element) {
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
	dialog, title, text, typed, label, input, cancel, ok *doc.Element
	present                                              Confirmation
	then                                                 func()
}

func newConfirms(u *UI) *confirms {
	c := &confirms{
		dialog: doc.ByID("confirm"), title: doc.ByID("confirm-title"), text: doc.ByID("confirm-text"), typed: doc.ByID("confirm-typed"),
		label: doc.ByID("confirm-label"), input: doc.ByID("confirm-input"), cancel: doc.ByID("confirm-cancel"), ok: doc.ByID("confirm-ok"),
	}
	u.On(c.cancel, "click", c.close)
	u.On(c.input, "input", c.check)
	u.On(c.dialog, "close", func() { c.then = nil })
	u.OnSubmit(doc.ByID("confirm-form"), c.confirmed)
	return c
}

// ask opens the dialog; then runs when the person confirms.
func (c *confirms) ask(what Confirmation, then func()) {
	c.present, c.then = what, then
	c.title.SetText(lang.T(what.Title))
	c.text.SetText(lang.T(what.Text))
	c.ok.SetText(lang.T(what.Button))
	class := "btn primary"
	if what.Danger {
		class += " danger"
	}
	c.ok.SetAttr("class", class)
	c.typed.Show(what.Typed != "")
	c.label.SetText(lang.F("Type {0} to go on", what.Typed))
	c.input.SetInput("")
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
	c.ok.Enable(c.present.Typed == "" || c.input.Input() == c.present.Typed)
}

func (c *confirms) confirmed() {
	then := c.then
	if then == nil || c.present.Typed != "" && c.input.Input() != c.present.Typed {
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
type fullText struct{ dialog, title, text *doc.Element }

func newFullText(u *UI) *fullText {
	f := &fullText{doc.ByID("full"), doc.ByID("full-title"), doc.ByID("full-text")}
	u.On(doc.ByID("full-close"), "click", func() { f.dialog.Value.Call("close") })
	u.On(doc.ByID("full-copy"), "click", func() { u.copy(f.text.TextContent()) })
	main := doc.ByID("main")
	u.OnTarget(main, "click", "[data-cut]", f.showCut)
	main.Listen("keydown", func(ev doc.Event) {
		if e := ev.Target("[data-cut]"); e != nil && ev.Get("key").String() == "Enter" {
			u.Post(func() { f.showCut(e) })
		}
	})
	f.dialog.Listen("click", func(ev doc.Event) {
		if ev.Get("target").Equal(f.dialog.Value) {
			f.dialog.Value.Call("close") // a click on what is behind the dialog
		}
	})
	return f
}

// showCut shows whole what setCut has cut.
func (f *fullText) showCut(e *doc.Element) { f.show(lang.T("Full text"), e.GetAttribute("title")) }

func (f *fullText) show(title, text string) {
	f.title.SetText(title)
	f.text.SetText(text)
	f.dialog.Value.Call("showModal")
}
