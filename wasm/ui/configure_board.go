//go:build js && wasm

package ui

import (
	"strconv"
	"strings"
	"syscall/js"

	"ncpweb/board"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// boardsView fills in the lights and the button of a board that the person picks from
// the catalogue.
type boardsView struct {
	u      *UI
	form   *configureView
	note   *doc.Element // beside the button: what was filled in
	dialog *doc.Element
	search *doc.Element
	found  *doc.Element
	list   *doc.Element
	row    doc.Pattern

	catalogue *board.Catalogue
	rows      []boardRow
}

type boardRow struct {
	box    *doc.Element
	button *doc.Element
	board  *board.Board
	text   string // what the search looks through, in lower case
}

func newBoardsView(u *UI, form *configureView) *boardsView {
	v := &boardsView{
		u: u, form: form, note: doc.ByID("preset-note"), dialog: doc.ByID("boards"), search: doc.ByID("boards-search"),
		found: doc.ByID("boards-note"), list: doc.ByID("boards-list"), row: doc.NewPattern("t-board"),
	}
	u.On(doc.ByID("preset"), "click", v.open)
	u.On(doc.ByID("boards-close"), "click", v.close)
	u.On(v.search, "input", v.filter)
	v.search.Listen("keydown", func(ev doc.Event) {
		if ev.Get("key").String() == "Enter" {
			u.Post(v.first)
		}
	})
	u.OnTarget(v.list, "click", "button", func(b *doc.Element) { v.choose(b.Data("board")) })
	return v
}

func (v *boardsView) close() { v.dialog.Value.Call("close") }

// open loads the catalogue, the first time, and shows it.
func (v *boardsView) open() {
	if v.catalogue != nil {
		v.show()
		return
	}
	page.Part("boards", func(module js.Value, err error) {
		var data []byte
		if err == nil {
			array := module.Get("data")
			data = make([]byte, array.Length())
			js.CopyBytesToGo(data, array)
		}
		v.u.Post(func() { v.loaded(data, err) })
	})
}

func (v *boardsView) loaded(data []byte, err error) {
	if err == nil {
		v.catalogue, err = board.Parse(data)
	}
	if err != nil {
		v.u.toasts.add(lang.T("The list of boards could not be loaded"), show.Fail)
		return
	}
	v.show()
}

// show lists the boards, those with the connected USB id first.
func (v *boardsView) show() {
	v.list.Clear()
	v.rows = v.rows[:0]
	port := v.u.state.Port
	connected := map[string]bool{}
	if port.VendorID != 0 {
		for _, b := range v.catalogue.ByUSB(port.VendorID, port.ProductID) {
			connected[b.ID] = true
			v.add(b, true)
		}
	}
	for i := range v.catalogue.Boards {
		if b := &v.catalogue.Boards[i]; !connected[b.ID] {
			v.add(b, false)
		}
	}
	v.search.SetInput("")
	v.filter()
	v.dialog.Value.Call("showModal")
	v.search.Focus()
}

func (v *boardsView) add(b *board.Board, connected bool) {
	chip := b.NCP.Chip
	if m := v.catalogue.ByID(b.NCP.Module); m != nil {
		chip = m.NCP.Chip
	}
	row := boardRow{box: v.row.Copy(), board: b, text: strings.ToLower(b.Title() + " " + chip + " " + b.MCU.Chip)}
	row.button = row.box.Child(0)
	row.button.SetAttr("data-board", b.ID)
	row.button.Child(0).SetText(b.Title())
	row.button.Child(1).SetText(BoardCaption(chip, v.catalogue.Preset(b)))
	badge := row.button.Child(2)
	badge.Show(connected)
	badge.SetText(lang.T("same USB id"))
	v.list.Append(row.box)
	v.rows = append(v.rows, row)
}

// filter shows the boards that hold every word of the search.
func (v *boardsView) filter() {
	words := strings.Fields(strings.ToLower(v.search.Input()))
	n := 0
	for _, r := range v.rows {
		ok := true
		for _, w := range words {
			ok = ok && strings.Contains(r.text, w)
		}
		r.box.Show(ok)
		if ok {
			n++
		}
	}
	v.found.SetText(lang.N(n, "{0} board", "{0} boards"))
}

// first chooses the first board that is shown, if anything was typed.
func (v *boardsView) first() {
	if v.search.Input() == "" {
		return
	}
	for _, r := range v.rows {
		if !r.box.Value.Get("hidden").Bool() {
			v.choose(r.board.ID)
			return
		}
	}
}

// choose fills in what hangs at the GPIOs of a board and says what that changed.
func (v *boardsView) choose(id string) {
	b := v.catalogue.ByID(id)
	if b == nil {
		return
	}
	v.close()
	v.form.profile.present.Board = b.ID
	p := v.catalogue.Preset(b)
	if p.Empty() {
		v.note.SetText(lang.F("No light or button of {0} is known. Nothing was changed.", b.Title()))
		return
	}
	changes := v.form.fillSome(presetForm(p))
	switch {
	case len(changes) == 0:
		v.note.SetText(lang.F("The form holds the pins of {0} already.", b.Title()))
	default:
		v.note.SetText(lang.F("From {0}: {1}.", b.Title(), strings.Join(changes, ", ")))
	}
}

// presetForm returns the texts of the form for a preset. What the board does not have
// is switched off; what a preset cannot know, such as a chain of LEDs, stays.
func presetForm(p board.Preset) map[string]string {
	number := func(n uint16) string { return strconv.Itoa(int(n)) }
	on := func(b bool) string {
		if b {
			return "on"
		}
		return ""
	}
	form := map[string]string{"led.on": on(p.LED != nil), "rgb.on": on(p.RGB != nil), "button.on": on(p.Button != nil)}
	if p.LED != nil {
		form["led.gpio"], form["led.activeLow"] = number(p.LED.GPIO), on(p.LED.ActiveLow)
	}
	if p.RGB != nil {
		form["rgb.r"], form["rgb.g"], form["rgb.b"] = number(p.RGB.R), number(p.RGB.G), number(p.RGB.B)
		form["rgb.commonAnode"] = on(p.RGB.CommonAnode)
	}
	if p.Button != nil {
		form["button.gpio"], form["button.activeLow"] = number(p.Button.GPIO), on(p.Button.ActiveLow)
	}
	return form
}
