//go:build js && wasm

package ui

import (
	"ncpweb/session"
	"ncpweb/session/profile"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// compareView is the form beside what is known of the device, setting by setting.
type compareView struct {
	u       *UI
	profile *profileView
	box     *doc.Element
	word    *doc.Element
	note    *doc.Element
	scroll  *doc.Element
	list    *doc.Element
	row     doc.Pattern
	rows    []compareRow
}

type compareRow struct {
	box, name, want, has, source *doc.Element
	result                       doc.Sign
}

func newCompareView(u *UI, p *profileView) *compareView {
	v := &compareView{
		u: u, profile: p, box: doc.ByID("compare"), word: doc.ByID("compare-word"), note: doc.ByID("compare-note"),
		scroll: doc.ByID("compare-scroll"), list: doc.ByID("compare-rows"), row: doc.NewPattern("t-compare"),
	}
	u.On(v.box, "toggle", func() {}) // the rows are made when they are to be seen
	return v
}

func (v *compareView) render() {
	if !v.box.Value.Get("open").Bool() {
		return
	}
	st := &v.u.state
	ready := v.u.ready()
	v.scroll.Show(ready)
	if !ready {
		v.word.SetText("")
		v.note.SetText(lang.T("Connect a device first."))
		return
	}
	cfg, _ := session.ParseForm(v.profile.form.text)
	list := profile.Compare(profile.Profile{Config: cfg}, st)
	count := map[profile.Status]int{}
	for _, d := range list {
		count[d.Status]++
	}
	switch {
	case count[profile.Differs]+count[profile.NotTaken] > 0:
		v.word.SetText(lang.N(count[profile.Differs]+count[profile.NotTaken], "{0} setting differs", "{0} settings differ"))
	case count[profile.Unreadable] > 0:
		v.word.SetText(lang.N(count[profile.Unreadable], "{0} setting cannot be read back", "{0} settings cannot be read back"))
	default:
		v.word.SetText(lang.T("all the same"))
	}
	note := lang.T("An NCP tells little of what it was told. All else is compared with what this page has applied.")
	if st.Applied == nil {
		note = lang.T("An NCP tells little of what it was told, and this page has applied nothing to it yet.")
	}
	v.note.SetText(note)
	v.renderRows(list)
}

func (v *compareView) renderRows(list []profile.Difference) {
	for len(v.rows) < len(list) {
		row := v.row.Copy()
		has, result := row.Child(2), row.Child(3)
		v.rows = append(v.rows, compareRow{row, row.Child(0), row.Child(1), has.Child(0), has.Child(1), doc.NewSign(result, result.One("use"), result.Child(1))})
		v.list.Append(row)
	}
	for i, r := range v.rows {
		r.box.Show(i < len(list))
		if i >= len(list) {
			continue
		}
		d := list[i]
		r.box.SetAttr("data-member", d.Member)
		r.name.SetText(SettingName(d.Field))
		r.want.SetText(SettingValue(d.Field, d.Want))
		has := "–"
		switch d.Source {
		case profile.FromNCP:
			has = show.Visible(d.Has)
		case profile.FromPage:
			has = SettingValue(d.Field, d.Has)
		}
		r.has.SetCut(has, doc.MaxField)
		r.source.Show(d.Source == profile.FromNCP)
		word, tone := CompareWords(d.Status)
		r.result.Set(word, tone)
	}
}
