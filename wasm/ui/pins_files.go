//go:build js && wasm

package ui

import (
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// pinFiles are the values that were seen as a table, and pin lists: names and units
// of pins from a file and into one.
type pinFiles struct {
	u          *UI
	box        *doc.Element
	what, note *doc.Element // of the export
	listNote   spoken
	exporting  bool
	told       time.Time // when the note was last written
}

const (
	listKey = "pins.list"
	// exportStep is how many values are written before the page gets its turn.
	exportStep = 4000
	historyLen = 200 // values of one pin that are shown
)

func newPinFiles(u *UI) *pinFiles {
	f := &pinFiles{u: u, box: doc.ByID("pin-files"), what: doc.ByID("export-what"), note: doc.ByID("export-note"), listNote: spoken{e: doc.ByID("pin-list-note")}}
	if stored, ok := page.Setting(listKey); ok {
		if list, err := session.ParsePinList([]byte(stored)); err == nil {
			_ = u.session.SetPinInfo(list...) // what does not fit is of another page
		}
	}
	u.On(doc.ByID("export"), "click", f.export)
	u.On(doc.ByID("pin-list-save"), "click", func() {
		f.saved(page.Download("pin-list.csv", "text/csv", session.AppendPinList(nil, f.infos(false))))
	})
	for _, e := range []*doc.Element{doc.ByID("pin-list"), doc.ByID("view-pins")} {
		page.OnFile(e.Value, session.MaxPinList, f.opened)
	}
	return f
}

// infoOf is what the person told of a pin; nothing of no pin.
func infoOf(p *session.Pin) session.PinInfo {
	if p == nil {
		return session.PinInfo{}
	}
	return session.PinInfo{Number: p.Number, Name: p.Name, Unit: p.Unit, Min: p.Min, Max: p.Max, Color: p.Color}
}

// infos lists the pins; told: only those of which the person told something.
func (f *pinFiles) infos(told bool) []session.PinInfo {
	var list []session.PinInfo
	for _, p := range f.u.session.State().Pins {
		if i := infoOf(&p); !told || i != (session.PinInfo{Number: p.Number}) {
			list = append(list, i)
		}
	}
	return list
}

// remember keeps names and units for the next time.
func (f *pinFiles) remember() {
	page.Store(listKey, string(session.AppendPinList(nil, f.infos(true))))
}

// opened takes a pin list. It runs on a goroutine of its own.
func (f *pinFiles) opened(file page.File, err error) {
	var list []session.PinInfo
	if err == nil {
		list, err = session.ParsePinList(file.Data)
	}
	if err == nil {
		err = f.u.session.SetPinInfo(list...)
	}
	f.u.Post(func() {
		f.box.SetAttribute("open", "")
		name, _ := show.Cut(show.Visible(file.Name), 60)
		if err != nil {
			f.listNote.e.SetAttr("data-tone", "fail")
			f.listNote.say(func() string { return lang.F("{0} was not taken: {1}", name, fileFault(err)) })
			return
		}
		f.remember()
		f.listNote.e.SetAttr("data-tone", "ok")
		f.listNote.say(func() string {
			return lang.N(len(list), "{0} pin of {1} taken over.", "{0} pins of {1} taken over.", name)
		})
	})
}

// export saves values as CSV. It gives the page its turn again and again: there may
// be half a million.
func (f *pinFiles) export() {
	if f.exporting {
		return
	}
	var pins []uint16
	switch f.what.Input() {
	case "chart":
		pins = append([]uint16{}, f.u.pins.chart.chosen...)
	case "one":
		n, ok := f.u.write.thePin()
		if !ok {
			return
		}
		pins = []uint16{n}
	}
	known := f.u.state.Pins
	names := func(n uint16) (name, unit string) {
		i := infoOf(findPin(known, n))
		return i.Name, i.Unit
	}
	f.exporting = true
	go func() {
		e := f.u.session.History().Export(pins, time.Time{}, time.Time{}, names)
		var parts page.Parts
		var lines []byte
		for done := false; !done; {
			lines, done = e.Step(lines[:0], exportStep)
			parts.Add(lines)
			percent := int(100 * e.Progress())
			f.u.Post(func() { f.note.SetText(lang.F("{0} %", show.Grouped(uint64(percent)))) })
			time.Sleep(time.Millisecond)
		}
		name := "pins-" + time.Now().Format("2006-01-02-150405") + ".csv"
		f.u.Post(func() {
			f.exporting = false
			f.told = time.Time{}
			f.saved(parts.Download(name, "text/csv"))
		})
	}()
}

func (f *pinFiles) saved(err error) {
	if err != nil {
		f.u.toasts.add(lang.T("The file could not be saved"), show.Fail)
		return
	}
	f.u.toasts.add(lang.T("Saved"), show.OK)
}

// render says how much can be saved, and how far back that goes.
func (f *pinFiles) render() {
	if f.exporting || f.u.now.Sub(f.told) < time.Second || !f.box.HasAttribute("open") {
		return
	}
	f.told = f.u.now
	s := f.u.session.History().Stats()
	words := lang.T("No values yet.")
	if s.Values > 0 {
		words = lang.F("{0} values since {1}.", show.Grouped(uint64(s.Values)), show.Clock(f.u.session.History().Oldest())[:8])
	}
	if s.Dropped > 0 {
		words += " " + lang.F("{0} older ones are no longer kept.", show.Grouped(s.Dropped))
	}
	f.note.SetText(words)
}

// showHistory shows the newest values of the pin in the form.
func (v *writeView) showHistory() {
	n, ok := v.thePin()
	if !ok {
		return
	}
	text := ""
	list := v.u.session.History().Last(n, historyLen)
	for _, value := range list {
		text += historyLine(value) + "\n"
	}
	if text == "" {
		text = lang.T("No values yet.")
	}
	v.u.full.show(lang.N(len(list), "{1}, the newest value", "{1}, the newest {0} values", pinName(n)), text)
}
