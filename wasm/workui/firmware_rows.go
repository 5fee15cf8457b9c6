//go:build js && wasm

package workui

import (
	"errors"
	"time"

	"ncpweb/firmware"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// rowsView lists the files that are to be written, with their offsets.
type rowsView struct {
	v     *firmwareView
	list  *doc.Element
	row   doc.Pattern
	rows  []fileRow
	stale bool // the rows are not those of the pieces
}

type fileRow struct{ at, kind, error *doc.Element }

func newRowsView(v *firmwareView) *rowsView {
	r := &rowsView{v: v, list: doc.ByID("fw-parts"), row: doc.NewPattern("t-fw-part"), stale: true}
	v.u.OnTarget(r.list, "input", "input", func(e *doc.Element) { r.typed(e) })
	v.u.OnTarget(r.list, "click", "button", func(e *doc.Element) { r.remove(e) })
	return r
}

// index is which row an element belongs to; −1: none that is there.
func (r *rowsView) index(e *doc.Element) int {
	n := 0
	for p := e.Value.Call("closest", "li").Get("previousElementSibling"); !p.IsNull(); p = p.Get("previousElementSibling") {
		n++
	}
	if n >= len(r.v.pieces) || n >= len(r.rows) {
		return -1
	}
	return n
}

func (r *rowsView) typed(e *doc.Element) {
	if i := r.index(e); i >= 0 && !r.stale {
		r.v.pieces[i].at, r.v.pieces[i].own = e.Input(), true
		r.v.rebuild()
		r.stale = false // the rows are right: nothing must be taken from under the fingers
	}
}

func (r *rowsView) remove(e *doc.Element) {
	i := r.index(e)
	if i < 0 || r.stale {
		return
	}
	r.v.pieces.remove(i)
	if len(r.v.pieces) == 0 {
		r.v.removeAll()
	}
	r.v.rebuild()
	r.render()
	if len(r.rows) == 0 {
		doc.ByID("fw-open").Focus()
		return
	}
	r.list.Child(min(i, len(r.rows)-1)).One("button").Focus()
}

func (r *rowsView) render() {
	if r.stale {
		r.stale = false
		r.list.Clear()
		r.rows = r.rows[:0]
		for _, p := range r.v.pieces {
			r.add(p)
		}
		r.list.Show(len(r.rows) > 0)
	}
	for i, p := range r.v.pieces {
		r.rows[i].kind.SetText(pieceFacts(p, len(r.v.pieces) == 1))
		fault := r.faultOf(i)
		r.rows[i].error.SetText(fault)
		r.rows[i].error.Show(fault != "")
		if fault != "" {
			r.rows[i].at.SetAttr("aria-invalid", "true")
		} else {
			r.rows[i].at.SetAttr("aria-invalid", "false")
		}
	}
}

func (r *rowsView) add(p *piece) {
	row := r.row.Copy()
	name := show.Visible(p.file.Name)
	row.One("bdi").SetCut(name, 60)
	at := row.One("input")
	at.SetInput(p.at)
	at.SetAttr("aria-label", lang.F("Offset of {0}", name))
	row.One(".fw-at > span").SetText(lang.T("at"))
	row.One(".fw-at").Show(!p.file.Placed)
	row.One(".fw-size").SetText(show.Bytes(uint64(p.file.Size)))
	remove := row.One("button")
	remove.SetAttr("aria-label", lang.F("Remove {0}", name))
	remove.SetAttr("title", lang.T("Remove"))
	r.list.Append(row)
	r.rows = append(r.rows, fileRow{at, row.One(".caption"), row.One(".error")})
}

// faultOf is what is wrong with the offset of a file.
func (r *rowsView) faultOf(i int) string {
	p := r.v.pieces[i]
	if _, ok := parseOffset(p.at); !ok {
		if p.at == "" {
			return lang.T("Where in the flash memory does it go? Such as 0x10000.")
		}
		return lang.T("An offset up to 4 GiB, such as 0x10000.")
	}
	var e *firmware.Error
	if errors.As(r.v.fault, &e) && (e.Name == p.file.Name || e.Other == p.file.Name) {
		if e.Other == p.file.Name {
			e = &firmware.Error{Code: e.Code, Name: e.Other, Other: e.Name, Addr: e.Addr}
		}
		return fileRefusal(e)
	}
	return ""
}

// noticeView tells why something was not taken.
type noticeView struct {
	sign      doc.Sign
	name      *doc.Element
	subject   string
	text      string
	since     time.Time
	closeSign *doc.Element
}

func newNoticeView(u *UI) *noticeView {
	box := doc.ByID("fw-refused")
	n := &noticeView{sign: doc.NewSign(box, box.One("use"), doc.ByID("fw-refused-why")), name: doc.ByID("fw-refused-name"), closeSign: doc.ByID("fw-refused-close")}
	u.On(n.closeSign, "click", func() {
		n.text = ""
		n.render()
		doc.ByID("fw-open").Focus()
	})
	return n
}

// refuse tells why something was not taken.
func (n *noticeView) refuse(subject, why string) {
	n.subject, n.text, n.since = shortName(subject), why, time.Now()
}

// close takes the notice away, unless it has just come: of several files that were
// dropped at once, the good ones must not hide what is said of the bad one.
func (n *noticeView) close() {
	if time.Since(n.since) > together {
		n.text = ""
	}
}

// together is how far apart files may come that were dropped at once.
const together = time.Second

func (n *noticeView) render() {
	n.sign.Box.Show(n.text != "")
	if n.text == "" {
		return
	}
	n.name.SetText(n.subject)
	n.sign.Set(n.text, show.Fail)
}
