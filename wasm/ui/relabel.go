//go:build js && wasm

package ui

import (
	"time"

	"ncpweb/wasm/doc"
)

// spoken is a text that stands until something else is said. It knows how it was put
// together, so that it can be said again in another language.
type spoken struct {
	e     *doc.Element
	words func() string // nil: nothing was said
}

func (s *spoken) say(words func() string) {
	s.words = words
	s.relabel()
}

func (s *spoken) relabel() {
	if s.words != nil {
		s.e.SetText(s.words())
	}
}

// relabeler is a part that keeps texts which render does not write anew each time. It
// drops them, because the page speaks another language now.
type relabeler interface{ relabel() }

// relabel shows everything in the language of the page. Texts that stand alone were
// translated by the page's script before; here are those that are put together.
func (u *UI) relabel() {
	u.frame.relabel()
	u.problem.relabel()
	u.offer.relabel()
	for _, parts := range u.parts {
		for _, p := range parts {
			if r, ok := p.(relabeler); ok {
				r.relabel()
			}
		}
	}
}

func (v *deviceView) relabel() { v.methods.shown = nil }

// relabel says again what is wrong with the fields, and shows the steps anew.
func (v *configureView) relabel() {
	v.shown = nil
	for name, e := range v.wrong {
		v.say(name, e)
	}
	for _, b := range v.faults.All("button") {
		if e := v.wrong[b.Data("field")]; e != nil {
			b.SetText(faultLine(e))
		}
	}
	v.boards.note.relabel()
	v.profile.relabel()
}

func (v *profileView) relabel() {
	v.edited, v.recent.stale = true, true
	v.said.relabel()
}

func (v *pinsView) relabel() {
	for _, r := range v.rows {
		r.relabel()
	}
	v.aged = time.Time{}
	if v.search != "" {
		v.applyFilter()
	}
}

func (v *writeView) relabel() {
	v.numberItems()
	for i, row := range v.groupRows.All(".group-row") {
		labelGroupRow(row, i)
	}
}

func (v *timelineView) relabel() { v.day = "" }

func (f *pinFiles) relabel() {
	f.told = time.Time{}
	f.listNote.relabel()
}

// relabel makes the rows anew, in the language of the page.
func (v *generatorView) relabel() {
	for _, row := range v.rows {
		row.Remove()
	}
	clear(v.rows)
	v.told = time.Time{}
	v.file.relabel()
}

func (v *logView) relabel() { v.pause(v.paused, false) }
