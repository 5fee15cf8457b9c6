//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// generatorView starts generators and shows those that run.
type generatorView struct {
	u                 *UI
	fields            map[string]*doc.Element
	fault, count      *doc.Element
	file              spoken // what was read of it
	list              *doc.Element
	row               doc.Pattern
	rows              map[uint64]*doc.Element
	replay            session.Replay
	shaped, forReplay []*doc.Element
	told              time.Time
}

func newGeneratorView(u *UI) *generatorView {
	form := doc.ByID("generator-form")
	v := &generatorView{
		u: u, fields: make(map[string]*doc.Element), fault: doc.ByID("e-generator"), count: doc.ByID("generator-count"), file: spoken{e: doc.ByID("generator-file-note")},
		list: doc.ByID("generators"), row: doc.NewPattern("t-generator"), rows: make(map[uint64]*doc.Element),
		shaped: form.All("[data-shape]"), forReplay: form.All("[data-replay]"),
	}
	for _, in := range form.All("[name]") {
		v.fields[in.GetAttribute("name")] = in
	}
	u.OnSubmit(form, v.start)
	u.On(v.fields["kind"], "change", v.shape)
	page.OnFile(doc.ByID("generator-file").Value, session.MaxPinList, v.opened)
	u.OnTarget(v.list, "click", "button", func(b *doc.Element) {
		if id, err := strconv.ParseUint(b.Data("id"), 10, 64); err == nil {
			u.session.StopGenerator(id)
		}
	})
	return v
}

// shape shows the fields of the chosen shape.
func (v *generatorView) shape() {
	replay := v.fields["kind"].Input() == "replay"
	for _, e := range v.shaped {
		e.Show(!replay)
	}
	for _, e := range v.forReplay {
		e.Show(replay)
	}
}

// opened takes a file of values. It runs on a goroutine of its own.
func (v *generatorView) opened(file page.File, err error) {
	var replay session.Replay
	if err == nil {
		replay, err = session.ParseReplay(file.Data)
	}
	v.u.Post(func() {
		v.replay = replay
		name, _ := show.Cut(show.Visible(file.Name), 60)
		if err != nil {
			v.file.say(func() string { return lang.F("{0} was not taken: {1}", name, fileFault(err)) })
			return
		}
		v.file.say(func() string { return lang.N(len(replay.Values), "{1}: {0} value", "{1}: {0} values", name) })
	})
}

func (v *generatorView) start() {
	g, wrong := generatorOf(func(name string) string { return v.fields[name].Input() })
	if g.Shape == session.ShapeReplay && wrong == "" {
		g.Replay, g.Loop = v.replay, v.fields["loop"].Checked()
		if len(g.Replay.Values) == 0 {
			v.fault.SetText(lang.T(needFile))
			return
		}
	}
	for name, in := range v.fields {
		in.SetFlag("aria-invalid", false)
		if name == wrong {
			in.SetAttr("aria-invalid", "true")
			in.Focus()
		}
	}
	v.fault.SetText(generatorFault(wrong))
	if wrong != "" {
		return
	}
	u := v.u
	go func() {
		err := u.session.Generate(context.Background(), g)
		u.Post(func() {
			switch p := session.ProblemOf(err); {
			case p == nil:
			case p.Code == session.CodeInput:
				v.fault.SetText(show.Visible(p.Detail))
			case u.ready():
				u.problem.failed("write", p, nil)
			}
		})
	}()
}

func (v *generatorView) render() {
	list := v.u.state.Generators
	if len(list) == len(v.rows) && v.u.now.Sub(v.told) < 250*time.Millisecond {
		return
	}
	v.told = v.u.now
	words := ""
	if len(list) > 0 {
		words = lang.N(len(list), "{0} is running", "{0} are running")
	}
	v.count.SetText(words)
	gone := v.rows
	v.rows = make(map[uint64]*doc.Element, len(list))
	for _, g := range list {
		row := gone[g.ID]
		delete(gone, g.ID)
		if row == nil {
			row = v.row.Copy()
			row.Child(0).Child(0).SetText(pinName(g.Pin))
			row.Child(0).Child(1).SetText(shapeWords(g))
			row.Child(2).SetAttr("data-id", strconv.FormatUint(g.ID, 10))
			row.Child(2).SetAttr("aria-label", lang.F("Stop the generator of {0}", pinName(g.Pin)))
			v.list.Append(row)
		}
		v.rows[g.ID] = row
		row.Child(1).SetText(lang.F("{0} sent, {1} skipped", show.Grouped(g.Sent), show.Grouped(g.Skipped)))
	}
	for _, row := range gone {
		row.Remove()
	}
}
