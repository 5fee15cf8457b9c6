//go:build js && wasm

package workui

import (
	"strconv"
	"strings"

	"ncpweb/board"
	"ncpweb/flash/esp"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// rates are those that a person can choose, in bits per second: the ones that adapters
// and chips are known to do.
var rates = [...]int{115200, 230400, 460800, 921600, 1500000, 2000000}

// howView is the last step before the work: how it is done. Its defaults suit nearly
// everybody, so it is folded.
type howView struct {
	word                     *doc.Element
	changedOnly, all         *doc.Element
	rate, reset              *doc.Element
	settings, erase, withROM *doc.Element
	keep, eraseNote          *doc.Element
}

func newHowView(u *UI, changed func()) *howView {
	radio := func(value string) *doc.Element { return doc.Root().One(`[name="fw-write"][value="` + value + `"]`) }
	v := &howView{
		word: doc.ByID("fw-how-word"), changedOnly: radio("changed"), all: radio("all"), rate: doc.ByID("fw-rate"), reset: doc.ByID("fw-reset"),
		settings: doc.ByID("fw-settings"), erase: doc.ByID("fw-erase"), withROM: doc.ByID("fw-rom"), eraseNote: doc.ByID("fw-erase-note"), keep: doc.ByID("fw-keep"),
	}
	for _, r := range rates {
		o := doc.Wrap(doc.Document().Call("createElement", "option"))
		o.SetAttr("value", strconv.Itoa(r))
		o.SetAttr("translate", "no")
		o.SetText(show.Grouped(uint64(r)))
		v.rate.Append(o)
	}
	for _, e := range []*doc.Element{v.changedOnly, v.all, v.rate, v.reset, v.settings, v.erase, v.withROM} {
		u.On(e, "change", changed)
	}
	return v
}

// how is what was chosen about writing.
func (v *howView) how() esp.How {
	return esp.How{EraseAll: v.erase.Checked(), Settings: !v.settings.Checked(), All: v.all.Checked()}
}

// options are the parts of a Selection that are chosen here, or that a board asks for.
func (v *howView) options(b *board.Board) Selection {
	s := Selection{How: v.how(), ROM: v.withROM.Checked()}
	s.Baud, _ = strconv.Atoi(v.rate.Input())
	kind := v.reset.Input()
	if kind == "" && b != nil {
		kind = b.NCP.Reset
	}
	// "lines" of the catalogue, like an empty name, leaves it to the USB id of the port.
	s.Reset = esp.ResetOf(kind)
	if b != nil && b.NCP.Fixed {
		s.Fixed, s.Start = true, b.NCP.Rate
		if s.Baud != 0 {
			s.Start = s.Baud
		}
	}
	return s
}

func (v *howView) render() {
	h := v.how()
	v.keep.Show(!h.EraseAll)
	v.eraseNote.Show(h.EraseAll)
	v.word.SetText(howWords(h, v.rate.Input(), v.withROM.Checked()))
}

// howWords sums up what was chosen, for the folded step.
func howWords(h esp.How, rate string, withROM bool) string {
	var words []string
	switch {
	case h.EraseAll:
		words = append(words, lang.T("erases everything first"))
	case h.All:
		words = append(words, lang.T("writes everything"))
	default:
		words = append(words, lang.T("writes only what changed"))
	}
	if !h.EraseAll {
		if h.Settings {
			words = append(words, lang.T("settings go"))
		} else {
			words = append(words, lang.T("settings stay"))
		}
	}
	if n, _ := strconv.Atoi(rate); n > 0 {
		words = append(words, show.Baud(n))
	} else {
		words = append(words, lang.T("rate automatic"))
	}
	if withROM {
		words = append(words, lang.T("without the stub"))
	}
	return strings.Join(words, ", ")
}
