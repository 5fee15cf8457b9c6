//go:build js && wasm

package workui

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// explainView says what a firmware is and what it would do, before anything is written.
type explainView struct {
	v            *firmwareView
	box          *doc.Element
	sum          doc.Sign
	title        *doc.Element
	findings     *doc.Element
	finding      doc.Pattern
	facts        *doc.Element
	fact         doc.Pattern
	mapBox, bar  *doc.Element
	legend       *doc.Element
	table, count *doc.Element
	rows         *doc.Element
	row          doc.Pattern
	drawn        string // what the map and the table were made of
}

func newExplainView(v *firmwareView) *explainView {
	return &explainView{
		v: v, box: doc.ByID("fw-about"), sum: doc.NewSign(doc.ByID("fw-sum"), doc.ByID("fw-sum-shape"), doc.ByID("fw-about-word")),
		title: doc.ByID("fw-about-title"), findings: doc.ByID("fw-findings"), finding: doc.NewPattern("t-fw-finding"),
		facts: doc.ByID("fw-facts"), fact: doc.NewPattern("t-fw-fact"),
		mapBox: doc.ByID("fw-map-box"), bar: doc.ByID("fw-map"), legend: doc.ByID("fw-legend"),
		table: doc.ByID("fw-table"), count: doc.ByID("fw-table-count"), rows: doc.ByID("fw-rows"), row: doc.NewPattern("t-fw-row"),
	}
}

// remark is one thing to say about the firmware.
type remark struct {
	text string
	tone show.Tone
}

func (e *explainView) render() {
	v := e.v
	info := v.info
	waits := len(v.pieces) == 0 && v.bundle != nil && v.bundle.said.text != ""
	e.box.Show(len(v.pieces) > 0 || waits)
	if len(v.pieces) == 0 && !waits {
		return
	}
	known := info != nil && v.fault == nil && v.bad < 0
	e.facts.Show(known)
	e.mapBox.Show(known)
	e.table.Show(known && len(info.Table) > 0)
	if waits {
		e.findings.Show(false)
		name := v.bundle.title()
		if name == "" {
			name = v.bundle.name
		}
		e.title.SetText(shortName(name))
		e.sum.Set(v.bundle.said.text, v.bundle.said.tone)
		return
	}
	if !known {
		e.findings.Show(false)
		e.title.SetText(lang.N(len(v.pieces), "{0} file", "{0} files"))
		e.renderUnknown()
		return
	}
	name := ""
	if v.image != nil {
		name = v.image.Name
	} else {
		name = v.pieces[0].file.Name
	}
	title, _ := show.Cut(show.Visible(titleOf(info, name)), 120)
	e.title.SetText(title)
	remarks := e.remarks()
	e.renderSum(remarks)
	e.renderRemarks(remarks)
	e.renderFacts(info)
	e.renderMemory(info)
}

// renderUnknown says why nothing can be said yet.
func (e *explainView) renderUnknown() {
	var f *firmware.Error
	switch {
	case e.v.bad >= 0:
		e.sum.Set(lang.T("Say where each file goes: the offset of one is missing or none."), show.Warn)
	case errors.As(e.v.fault, &f) && len(e.v.pieces) > 1 && f.Code == firmware.ErrOverlap:
		e.sum.Set(lang.T("Not flashed like this: files overlap."), show.Fail)
	case e.v.fault != nil:
		e.sum.Set(lang.T("Not flashed like this.")+" "+refusal(e.v.fault), show.Fail)
	default:
		e.sum.Set(lang.T("Reading"), show.Busy)
	}
}

// remarks are all there is to say, what refuses first.
func (e *explainView) remarks() []remark {
	v := e.v
	var list []remark
	if v.wrongBoard() {
		list = append(list, remark{lang.F("The chosen board has an {0}, but the chip that answered is an {1}. Is it the right port? Or leave the board to detection.",
			v.board.chosen.NCP.Chip, familyName(v.chip.id)), show.Fail})
	}
	if v.bundle.forAnother(v.board.chosen) {
		list = append(list, remark{lang.F("This manifest is for another board: {0}.", shortName(v.bundle.target())), show.Fail})
	}
	for _, f := range v.findings() {
		r := remark{findingWords(f), show.Warn}
		if f.Severity == espimage.Refuse {
			r.tone = show.Fail
		}
		if f.Code == espimage.FoundChip && v.chip.id == "" {
			r.text = lang.F("This firmware is for {0}, but the chosen board has an {1}.", familyName(f.Name), familyName(f.Other))
		}
		if len(list) > 0 && list[len(list)-1].text == r.text {
			continue // the same of each application in it
		}
		list = append(list, r)
	}
	if want := v.otherFile(); want != "" {
		list = append(list, remark{lang.F("For this board it is usually {0}.", want), show.Warn})
	}
	if v.bundle != nil && v.bundle.manifest.Prompt && !v.how.how().EraseAll {
		list = append(list, remark{lang.T("Its maker suggests to erase everything first on a device that ran something else."), show.Idle})
	}
	return list
}

// otherFile is the file of the releases that the chosen board usually gets, where another
// one of them was taken; empty: all is well.
func (v *firmwareView) otherFile() string {
	b := v.board.chosen
	if b == nil || len(v.pieces) != 1 || !isRelease(v.pieces[0].file.Name) || !isRelease(b.NCP.Firmware) {
		return ""
	}
	// Browsers number what is downloaded twice: "BlynkNCP_x.flash (1).bin".
	if have, want := v.pieces[0].file.Name, strings.TrimSuffix(b.NCP.Firmware, ".bin"); strings.HasPrefix(have, want) {
		return ""
	}
	return b.NCP.Firmware
}

// renderSum says in one line whether it can be flashed.
func (e *explainView) renderSum(remarks []remark) {
	refused, warned := 0, 0
	for _, r := range remarks {
		switch r.tone {
		case show.Fail:
			refused++
		case show.Warn:
			warned++
		}
	}
	chip := e.v.chipID()
	switch {
	case refused > 0:
		e.sum.Set(lang.T("It is not flashed, because:"), show.Fail)
	case e.v.reading:
		e.sum.Set(lang.T("Reading"), show.Busy)
	case warned > 0:
		e.sum.Set(lang.T("It can be flashed, but look at this:"), show.Warn)
	case chip != "":
		e.sum.Set(lang.F("It fits {0}. Nothing is written before you press Flash.", familyName(chip)), show.OK)
	default:
		e.sum.Set(lang.T("It is sound. Whether it fits the chip is seen before anything is written."), show.OK)
	}
}

func (e *explainView) renderRemarks(remarks []remark) {
	e.findings.Show(len(remarks) > 0)
	e.findings.Clear()
	for _, r := range remarks {
		li := e.finding.Copy()
		sign := doc.NewSign(li, li.One("use"), li.One("span"))
		sign.Set(r.text, r.tone)
		e.findings.Append(li)
	}
}

// renderFacts lists what the firmware says of itself.
func (e *explainView) renderFacts(info *espimage.Info) {
	e.facts.Clear()
	put := func(name, value string, classes ...string) {
		if value == "" {
			return
		}
		row := e.fact.Copy()
		row.Child(0).SetText(name)
		row.Child(1).SetCut(value, doc.MaxField)
		for _, c := range classes {
			row.Child(1).SetAttr("class", c)
		}
		e.facts.Append(row)
	}
	put(lang.T("Kind"), e.kind(info))
	if len(info.Chips) > 0 {
		put(lang.T("For"), chipNames(info.Chips))
	} else {
		put(lang.T("For"), lang.T("not told"))
	}
	put(lang.T("Size"), e.size(info))
	if t := info.Tag; t != nil {
		put(lang.T("Version"), show.Visible(t.Version()))
		put(lang.T("Type"), show.Visible(t.Get("fw-type")))
		put(lang.T("Built"), show.Visible(t.Get("build")))
		put(lang.T("Blynk library"), show.Visible(t.Get("blynk")))
	}
	if h := appOf(info); h != nil {
		put(lang.T("Application"), show.Visible(strings.TrimSpace(h.App.Project+" "+h.App.Version)))
		if info.Tag == nil || info.Tag.Get("build") == "" {
			put(lang.T("Built"), show.Visible(strings.TrimSpace(h.App.Date+" "+h.App.Time)))
		}
		put(lang.T("ESP-IDF"), show.Visible(h.App.IDF))
	}
	put(lang.T("Flash memory"), flashWords(info))
	if len(e.v.pieces) == 1 {
		sum := e.v.pieces[0].sum
		if sum == "" && !e.v.pieces[0].file.Placed {
			sum = "…"
		}
		put("SHA-256", sum, "data break fw-sha")
	}
}

// kind is what the image is.
func (e *explainView) kind(info *espimage.Info) string {
	switch {
	case info.Merged && len(e.v.pieces) > 1:
		return lang.T("Boot loader and firmware, in parts")
	case info.Merged:
		return lang.T("Merged: boot loader and firmware in one")
	case len(info.Apps) > 0 && info.Boot == nil:
		return lang.T("Application without boot loader")
	case len(e.v.pieces) == 1:
		return pieceKind(e.v.pieces[0])
	}
	return lang.N(len(e.v.pieces), "{0} file", "{0} files")
}

func (e *explainView) size(info *espimage.Info) string {
	s := show.Bytes(uint64(info.Size))
	if info.Size >= 1000 {
		s = lang.F("{0} ({1} bytes)", s, show.Grouped(uint64(info.Size)))
	}
	if info.Blank >= 4096 {
		return lang.F("{0}, of it {1} blank, which is not sent", s, show.Bytes(uint64(info.Blank)))
	}
	return s
}

// appOf is the first application that describes itself; nil: none does.
func appOf(info *espimage.Info) *espimage.Header {
	for i := range info.Apps {
		if info.Apps[i].App != nil {
			return &info.Apps[i]
		}
	}
	return nil
}

// flashWords say for which flash memory the image was made.
func flashWords(info *espimage.Info) string {
	h := info.Boot
	if h == nil {
		return ""
	}
	var words []string
	if h.FlashSize > 0 {
		words = append(words, memory(h.FlashSize))
	}
	if modes := [...]string{"QIO", "QOUT", "DIO", "DOUT"}; int(h.Mode) < len(modes) {
		words = append(words, modes[h.Mode])
	}
	if h.Freq > 0 {
		words = append(words, lang.F("{0} MHz", strconv.Itoa(h.Freq)))
	}
	return strings.Join(words, ", ")
}
