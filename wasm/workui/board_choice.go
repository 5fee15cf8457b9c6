//go:build js && wasm

package workui

import (
	"syscall/js"

	"ncpweb/board"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// boardKey remembers the board that was chosen last; empty: detection was.
const boardKey = "flash-board"

// boardView is the first step: which board or module it is.
type boardView struct {
	u       *UI
	changed func()

	detect, byHand    *doc.Element // the two ways, radio buttons
	note              *doc.Element
	seen              doc.Sign
	suggest           *doc.Element
	form, search      *doc.Element
	list, nothing     *doc.Element
	row               doc.Pattern
	card, name, facts *doc.Element
	notes, another    *doc.Element

	catalogue *board.Catalogue // nil: not loaded
	asked     bool             // it is being loaded, or was
	failed    bool             // it could not be loaded
	boards    []*board.Board   // those that can be flashed here, in the order of rows
	rows      []*doc.Element
	chosen    *board.Board
	choosing  bool // another one is being chosen
	shown     usb  // whose suggestions are shown
	stale     bool
	focus     *doc.Element // gets the focus once it is shown; nil: none
}

type usb struct{ vendor, product uint16 }

func newBoardView(u *UI, changed func()) *boardView {
	radio := func(value string) *doc.Element { return doc.Root().One(`[name="fw-what"][value="` + value + `"]`) }
	seen := doc.ByID("fw-seen")
	v := &boardView{
		u: u, changed: changed, detect: radio("detect"), byHand: radio("board"), note: doc.ByID("fw-what-note"),
		seen: doc.NewSign(seen, seen.One("use"), seen.One("span")), suggest: doc.ByID("fw-suggest"),
		form: doc.ByID("fw-search-form"), search: doc.ByID("fw-search"), list: doc.ByID("fw-boards"), nothing: doc.ByID("fw-none"),
		row: doc.NewPattern("t-fw-board"), card: doc.ByID("fw-board"), name: doc.ByID("fw-board-name"), facts: doc.ByID("fw-board-facts"),
		notes: doc.ByID("fw-board-notes"), another: doc.ByID("fw-another"), stale: true,
	}
	u.On(v.detect, "change", func() { v.choose(nil) })
	u.On(v.byHand, "change", func() { v.open() })
	u.On(v.search, "input", v.filter)
	u.OnSubmit(v.form, v.takeBest)
	u.On(v.another, "click", func() { v.open(); v.focus = v.search })
	pick := func(b *doc.Element) {
		if found := v.byID(b.Data("id")); found != nil {
			v.choose(found)
			v.focus = v.name
		}
	}
	u.OnTarget(v.list, "click", "button", pick)
	u.OnTarget(v.suggest, "click", "button", pick)
	return v
}

// load asks for the catalogue, once.
func (v *boardView) load() {
	if v.asked {
		return
	}
	v.asked = true
	page.Part("boards", func(module js.Value, err error) {
		var c *board.Catalogue
		if err == nil {
			c, err = board.Parse([]byte(module.Call("catalogue").String()))
		}
		v.u.Post(func() { v.loaded(c, err) })
	})
}

func (v *boardView) loaded(c *board.Catalogue, err error) {
	v.stale = true
	if err != nil {
		v.failed = true
		v.asked = false // the next one who wants to choose asks again
		return
	}
	v.catalogue, v.failed = c, false
	for i := range c.Boards {
		if b := &c.Boards[i]; flashable(b) {
			v.boards = append(v.boards, b)
		}
	}
	if id, ok := page.Setting(boardKey); ok && id != "" && v.chosen == nil {
		if b := v.byID(id); b != nil {
			v.byHand.SetChecked(true)
			v.choose(b)
			return
		}
	}
	v.changed()
}

func (v *boardView) byID(id string) *board.Board {
	for _, b := range v.boards {
		if b.ID == id {
			return b
		}
	}
	return nil
}

// choose makes b the board; nil: it is to be detected.
func (v *boardView) choose(b *board.Board) {
	v.chosen, v.choosing, v.stale = b, false, true
	v.detect.SetChecked(b == nil)
	v.byHand.SetChecked(b != nil)
	id := ""
	if b != nil {
		id = b.ID
	}
	page.Store(boardKey, id)
	v.changed()
}

// open shows the list.
func (v *boardView) open() {
	v.failed = false
	v.load()
	v.choosing, v.stale = true, true
}

// takeBest takes the board that the search means: Enter was pressed.
func (v *boardView) takeBest() {
	if i := bestBoard(v.boards, v.catalogue, v.search.Input()); i >= 0 {
		v.choose(v.boards[i])
		v.focus = v.name
	}
}

// filter shows the boards that the search finds.
func (v *boardView) filter() {
	any := false
	for i, row := range v.rows {
		found := boardFound(v.boards[i], v.catalogue, v.search.Input())
		row.Show(found)
		any = any || found
	}
	v.nothing.Show(v.catalogue != nil && !any)
}

// plugged is the USB id of the port; zero: none, or none that tells.
func (v *boardView) plugged() usb { return usb{v.u.status.VendorID, v.u.status.ProductID} }

func (v *boardView) relabel() { v.rows, v.stale = nil, true }

func (v *boardView) render() {
	v.load()
	if p := v.plugged(); p != v.shown {
		v.shown, v.stale = p, true
	}
	if !v.stale {
		return
	}
	v.stale = false
	byHand := v.byHand.Checked()
	open := byHand && (v.chosen == nil || v.choosing)
	v.form.Show(open && v.catalogue != nil)
	v.card.Show(byHand && !open)
	switch {
	case v.failed:
		v.note.SetText(lang.T("The catalogue of boards did not load. Try again, or leave it to detection."))
	case open && v.catalogue == nil:
		v.note.SetText(lang.T("Loading the catalogue of boards"))
	case byHand:
		v.note.SetText("")
	default:
		v.note.SetText(lang.T("The chip tells what it is when it is connected."))
	}
	if open && v.catalogue != nil {
		v.renderList()
	}
	if !open && v.chosen != nil {
		v.renderCard(v.chosen)
	}
	v.renderSuggestions(!byHand || open)
	if v.focus != nil {
		v.focus.Focus()
		v.focus = nil
	}
}

func (v *boardView) renderList() {
	if v.rows == nil {
		v.list.Clear()
		for _, b := range v.boards {
			row := v.row.Copy()
			button := row.Child(0)
			button.SetAttr("data-id", b.ID)
			button.Child(0).SetText(b.Title())
			button.Child(1).SetText(b.NCP.Chip)
			button.Child(2).SetText(boardFacts(b))
			v.list.Append(row)
			v.rows = append(v.rows, row)
		}
	}
	v.filter()
}

func (v *boardView) renderCard(b *board.Board) {
	v.name.SetText(b.Title())
	v.facts.SetText(b.NCP.Chip + " · " + boardFacts(b))
	v.notes.Clear()
	for _, n := range b.Notes {
		li := doc.Wrap(doc.Document().Call("createElement", "li"))
		li.SetText(lang.T(n))
		v.notes.Append(li)
	}
}

// renderSuggestions offers the boards that show the USB id of the port.
func (v *boardView) renderSuggestions(wanted bool) {
	for v.suggest.Value.Get("children").Length() > 1 {
		v.suggest.Value.Get("lastElementChild").Call("remove")
	}
	var found []*board.Board
	if v.catalogue != nil && v.shown.vendor != 0 {
		for _, b := range v.catalogue.ByUSB(v.shown.vendor, v.shown.product) {
			if flashable(b) && b != v.chosen {
				found = append(found, b)
			}
		}
	}
	// An id that many boards have tells nothing.
	wanted = wanted && len(found) > 0 && len(found) <= 4
	v.suggest.Show(wanted)
	if !wanted {
		return
	}
	for _, b := range found {
		button := doc.Wrap(doc.Document().Call("createElement", "button"))
		button.SetAttr("type", "button")
		button.SetAttr("class", "btn small")
		button.SetAttr("data-id", b.ID)
		button.SetText(b.Title())
		v.suggest.Append(button)
	}
}

// renderSeen shows what was detected beside the title.
func (v *boardView) renderSeen(d detection, fits bool) {
	v.seen.Box.Show(d.id != "")
	if d.id == "" {
		return
	}
	tone := show.OK
	if !fits {
		tone = show.Fail
	}
	v.seen.Set(lang.F("{0} detected", familyName(d.id)), tone)
}
