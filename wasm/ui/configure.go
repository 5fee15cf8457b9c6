//go:build js && wasm

package ui

import (
	"context"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// configureView is the form of what an NCP is told after each start, and the steps
// of telling it.
type configureView struct {
	u       *UI
	inputs  map[string]*doc.Element // by field name
	errors  map[string]*doc.Element // where a field's fault is said; none for switches
	wrong   map[string]*session.FieldError
	order   []string
	level   *doc.Element // the slider beside the brightness
	note    *doc.Element
	faults  *doc.Element
	fault   doc.Pattern
	example *doc.Element
	badge   doc.Sign
	steps   *doc.Element
	step    doc.Pattern
	rows    []stepRow
	shown   []session.Step
	profile *profileView
	boards  *boardsView
}

type stepRow struct {
	doc.Sign
	method, fault *doc.Element
}

// settingPrefix marks what was typed among the stored settings.
const settingPrefix = "configure."

func newConfigureView(u *UI) *configureView {
	v := &configureView{
		u: u, inputs: make(map[string]*doc.Element), errors: make(map[string]*doc.Element), wrong: make(map[string]*session.FieldError),
		level: doc.ByID("brightness-range"), note: doc.ByID("apply-note"), faults: doc.ByID("form-errors"), fault: doc.NewPattern("t-form-error"),
		example: doc.ByID("configure-example"),
		badge:   doc.NewSign(doc.ByID("apply-badge"), doc.ByID("apply-badge-shape"), doc.ByID("apply-badge-word")),
		steps:   doc.ByID("steps"), step: doc.NewPattern("t-step"),
	}
	form := doc.ByID("configure")
	for _, f := range session.Fields() {
		v.order = append(v.order, f.Name)
		v.inputs[f.Name] = form.One(`[name="` + f.Name + `"]`)
		if f.Kind != session.FieldSwitch {
			v.errors[f.Name] = doc.ByID("e-" + f.Name)
		}
	}
	v.restore()
	u.OnTarget(form, "input", "[name]", func(e *doc.Element) { v.typed(e.Value.Get("name").String()) })
	u.OnTarget(form, "focusout", "[name]", func(e *doc.Element) { v.left(e.Value.Get("name").String()) })
	u.On(v.level, "input", func() {
		v.inputs["brightness"].SetInput(v.level.Input())
		v.typed("brightness")
	})
	u.OnTarget(v.faults, "click", "button", func(b *doc.Element) { v.focus(b.Data("field")) })
	u.On(v.example, "click", v.fillExample)
	u.OnSubmit(form, v.apply)
	v.profile = newProfileView(u, v)
	v.boards = newBoardsView(u, v)
	return v
}

// text returns what stands in a field; "on" or nothing for a switch.
func (v *configureView) text(name string) string {
	in := v.inputs[name]
	if in == nil {
		return ""
	}
	if v.errors[name] == nil {
		if in.Checked() {
			return "on"
		}
		return ""
	}
	return in.Input()
}

func (v *configureView) set(name, text string) {
	if v.errors[name] == nil {
		v.inputs[name].SetChecked(text == "on")
	} else {
		v.inputs[name].SetInput(text)
	}
	if name == "brightness" {
		v.level.SetInput(text)
	}
}

// restore fills the form with what was typed the last time, where nothing was typed
// before the program was there.
func (v *configureView) restore() {
	for _, name := range v.order {
		in := v.inputs[name]
		touched := in.Input() != in.Value.Get("defaultValue").String()
		if v.errors[name] == nil {
			touched = in.Checked() != in.Value.Get("defaultChecked").Bool()
		}
		stored, ok := page.Setting(settingPrefix + name)
		switch {
		case touched:
			page.Store(settingPrefix+name, v.text(name))
		case ok:
			v.set(name, stored)
		}
	}
}

// typed checks a field while the person types. That it is needed is said when the
// person leaves it empty, not before.
func (v *configureView) typed(name string) {
	if v.inputs[name] == nil {
		return
	}
	v.profile.edited = true
	page.Store(settingPrefix+name, v.text(name))
	if name == "brightness" {
		v.level.SetInput(v.text(name))
	}
	err := session.CheckField(name, v.text(name))
	if err != nil && err.Rule == session.RuleRequired {
		err = nil
	}
	v.say(name, err)
	v.faults.Show(false)
}

// left checks a field that the person leaves.
func (v *configureView) left(name string) {
	if v.inputs[name] != nil && v.text(name) != "" {
		v.say(name, session.CheckField(name, v.text(name)))
	}
}

// say shows what is wrong with a field, or that nothing is.
func (v *configureView) say(name string, err *session.FieldError) {
	e := v.errors[name]
	if e == nil {
		return
	}
	v.wrong[name] = err
	if err == nil {
		e.SetText("")
		v.inputs[name].SetFlag("aria-invalid", false)
		return
	}
	e.SetText(FieldWords(err))
	v.inputs[name].SetAttr("aria-invalid", "true")
}

func (v *configureView) focus(name string) {
	in := v.inputs[name]
	if in == nil {
		return
	}
	if fold := in.Value.Call("closest", "details"); !fold.IsNull() {
		fold.Set("open", true)
	}
	in.Focus()
	in.Value.Call("scrollIntoView", map[string]any{"block": "center"})
}

// check reads the whole form and shows what is wrong with it.
func (v *configureView) check() (cfg session.Configuration, ok bool) {
	cfg, errs := session.ParseForm(v.text)
	for _, name := range v.order {
		v.say(name, nil)
	}
	v.faults.Clear()
	v.faults.Show(len(errs) > 0)
	for i := range errs {
		v.say(errs[i].Field, &errs[i])
		row := v.fault.Copy()
		row.Child(0).SetText(faultLine(&errs[i]))
		row.Child(0).SetAttr("data-field", errs[i].Field)
		v.faults.Append(row)
	}
	if len(errs) > 0 {
		v.focus(errs[0].Field)
	}
	return cfg, len(errs) == 0
}

func faultLine(e *session.FieldError) string { return FieldName(e.Field) + ": " + FieldWords(e) }

// apply checks the whole form and sends it.
func (v *configureView) apply() {
	cfg, ok := v.check()
	if !ok || !v.u.ready() || v.u.running["apply"] > 0 {
		return
	}
	p := v.profile.made(cfg)
	v.u.do("apply", false, func(ctx context.Context) error {
		err := v.u.session.Apply(ctx, cfg)
		if err == nil {
			v.u.Post(func() { v.profile.applied(p) })
		}
		return err
	})
}

// fill replaces the whole form.
func (v *configureView) fill(form map[string]string) {
	for _, name := range v.order {
		text := form[name]
		if f, _ := session.FieldNamed(name); f.Group != "" && form[f.Group] != "on" {
			text = v.text(name) // of a light that is off: what stood there does no harm
		}
		v.set(name, text)
		v.typed(name)
		v.say(name, nil)
	}
}

// fillExample fills in a product that exists nowhere, for the first try.
func (v *configureView) fillExample() {
	for name, text := range map[string]string{
		"templateID": "TMPL4fGuide01", "templateName": "Quickstart", "firmwareType": "TMPL4fGuide01",
		"firmwareVersion": "1.0.0", "firmwareBuild": "Nov 22 2026 12:00:00", "blynkVersion": "1.3.2", "setTime": "on",
	} {
		v.set(name, text)
		v.typed(name)
	}
	v.inputs["templateID"].Focus()
}

func (v *configureView) render() {
	st := &v.u.state
	running := v.u.running["apply"] > 0
	v.note.SetText(ApplyNote(v.u.ready(), st, running))
	v.example.Show(!running && v.text("templateID") == "" && v.text("templateName") == "")
	v.renderSteps(st.Steps)
	v.profile.render()
}

func (v *configureView) renderSteps(steps []session.Step) {
	if len(steps) == len(v.shown) && (len(steps) == 0 || &steps[0] == &v.shown[0]) {
		return
	}
	v.shown = steps
	for len(v.rows) > len(steps) {
		last := len(v.rows) - 1
		v.rows[last].Box.Remove()
		v.rows = v.rows[:last]
	}
	sent, failed, waiting := 0, 0, 0
	for i, s := range steps {
		if i == len(v.rows) {
			row := v.step.Copy()
			v.steps.Append(row)
			v.rows = append(v.rows, stepRow{doc.NewSign(row, row.One("use"), row.Child(2)), row.Child(1), row.Child(3)})
		}
		r := v.rows[i]
		r.method.SetText(StepWords(s.Method))
		r.Box.SetAttr("data-step", s.Method)
		word, tone := StepStatusWords(s.Status)
		r.Set(word, tone)
		if s.Status == session.StepSkipped {
			r.Shape.SetAttr("href", "#i-skip")
		}
		r.fault.Show(s.Problem != nil)
		if s.Problem != nil {
			card := ProblemCard(s.Problem, false)
			detail, _ := show.Cut(show.Visible(s.Problem.Detail), 160)
			r.fault.SetText(join(card.Title, detail))
		}
		switch s.Status {
		case session.StepDone:
			sent++
		case session.StepFailed:
			failed++
		case session.StepWaiting, session.StepRunning:
			waiting++
		}
	}
	v.badge.Box.Show(len(steps) > 0)
	switch {
	case failed > 0:
		v.badge.Set(lang.N(failed, "{0} step failed", "{0} steps failed"), show.Fail)
	case waiting > 0:
		v.badge.Set(lang.T("Sending"), show.Busy)
	default:
		v.badge.Set(lang.T("Applied"), show.OK)
	}
}
