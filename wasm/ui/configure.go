//go:build js && wasm

package ui

import (
	"context"

	"ncpweb/session"
	"ncpweb/wasm/page"
)

// configureView is the form of what an NCP is told after each start, and the steps
// of telling it.
type configureView struct {
	u       *UI
	inputs  map[string]*element // by field name
	errors  map[string]*element // where a field's fault is said; none for switches
	order   []string
	level   *element // the slider beside the brightness
	note    *element
	faults  *element
	fault   pattern
	example *element
	badge   sign
	steps   *element
	step    pattern
	rows    []stepRow
	shown   []session.Step
}

type stepRow struct {
	sign
	method, fault *element
}

// settingPrefix marks what was typed among the stored settings.
const settingPrefix = "configure."

func newConfigureView(u *UI) *configureView {
	v := &configureView{
		u: u, inputs: make(map[string]*element), errors: make(map[string]*element),
		level: byID("brightness-range"), note: byID("apply-note"), faults: byID("form-errors"), fault: newPattern("t-form-error"),
		example: byID("configure-example"),
		badge:   sign{byID("apply-badge"), byID("apply-badge-shape"), byID("apply-badge-word")},
		steps:   byID("steps"), step: newPattern("t-step"),
	}
	form := byID("configure")
	for _, f := range session.Fields() {
		v.order = append(v.order, f.Name)
		v.inputs[f.Name] = form.one(`[name="` + f.Name + `"]`)
		if f.Kind != session.FieldSwitch {
			v.errors[f.Name] = byID("e-" + f.Name)
		}
	}
	v.restore()
	u.onTarget(form, "input", "[name]", func(e *element) { v.typed(e.Value.Get("name").String()) })
	u.onTarget(form, "focusout", "[name]", func(e *element) { v.left(e.Value.Get("name").String()) })
	u.on(v.level, "input", func() {
		v.inputs["brightness"].setValue(v.level.value())
		v.typed("brightness")
	})
	u.onTarget(v.faults, "click", "button", func(b *element) { v.focus(b.data("field")) })
	u.on(v.example, "click", v.fillExample)
	u.onSubmit(form, v.apply)
	return v
}

// text returns what stands in a field; "on" or nothing for a switch.
func (v *configureView) text(name string) string {
	in := v.inputs[name]
	if in == nil {
		return ""
	}
	if v.errors[name] == nil {
		if in.checked() {
			return "on"
		}
		return ""
	}
	return in.value()
}

func (v *configureView) set(name, text string) {
	if v.errors[name] == nil {
		v.inputs[name].setChecked(text == "on")
	} else {
		v.inputs[name].setValue(text)
	}
	if name == "brightness" {
		v.level.setValue(text)
	}
}

// restore fills the form with what was typed the last time, where nothing was typed
// before the program was there.
func (v *configureView) restore() {
	for _, name := range v.order {
		in := v.inputs[name]
		touched := in.value() != in.Value.Get("defaultValue").String()
		if v.errors[name] == nil {
			touched = in.checked() != in.Value.Get("defaultChecked").Bool()
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
	page.Store(settingPrefix+name, v.text(name))
	if name == "brightness" {
		v.level.setValue(v.text(name))
	}
	err := session.CheckField(name, v.text(name))
	if err != nil && err.Rule == session.RuleRequired {
		err = nil
	}
	v.say(name, err)
	v.faults.show(false)
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
	if err == nil {
		e.setText("")
		v.inputs[name].setFlag("aria-invalid", false)
		return
	}
	e.setText(FieldWords(err))
	v.inputs[name].setAttr("aria-invalid", "true")
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

// apply checks the whole form and sends it.
func (v *configureView) apply() {
	cfg, errs := session.ParseForm(v.text)
	for _, name := range v.order {
		v.say(name, nil)
	}
	v.faults.clear()
	v.faults.show(len(errs) > 0)
	for i := range errs {
		v.say(errs[i].Field, &errs[i])
		row := v.fault.copy()
		row.child(0).setText(FieldName(errs[i].Field) + ": " + FieldWords(&errs[i]))
		row.child(0).setAttr("data-field", errs[i].Field)
		v.faults.append(row)
	}
	if len(errs) > 0 {
		v.focus(errs[0].Field)
		return
	}
	if !v.u.ready() || v.u.running["apply"] > 0 {
		return
	}
	v.u.do("apply", false, func(ctx context.Context) error { return v.u.session.Apply(ctx, cfg) })
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
	v.note.setText(ApplyNote(v.u.ready(), st, running))
	v.example.show(!running && v.text("templateID") == "" && v.text("templateName") == "")
	v.renderSteps(st.Steps)
}

func (v *configureView) renderSteps(steps []session.Step) {
	if len(steps) == len(v.shown) && (len(steps) == 0 || &steps[0] == &v.shown[0]) {
		return
	}
	v.shown = steps
	for len(v.rows) > len(steps) {
		last := len(v.rows) - 1
		v.rows[last].box.Remove()
		v.rows = v.rows[:last]
	}
	sent, failed, waiting := 0, 0, 0
	for i, s := range steps {
		if i == len(v.rows) {
			row := v.step.copy()
			v.steps.append(row)
			v.rows = append(v.rows, stepRow{sign{row, row.one("use"), row.child(2)}, row.child(1), row.child(3)})
		}
		r := v.rows[i]
		r.method.setText(StepWords(s.Method))
		r.box.setAttr("data-step", s.Method)
		word, tone := StepStatusWords(s.Status)
		r.set(word, tone)
		if s.Status == session.StepSkipped {
			r.shape.setAttr("href", "#i-skip")
		}
		r.fault.show(s.Problem != nil)
		if s.Problem != nil {
			card := ProblemCard(s.Problem, false)
			detail, _ := Cut(Visible(s.Problem.Detail), 160)
			r.fault.setText(join(card.Title, detail))
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
	v.badge.box.show(len(steps) > 0)
	switch {
	case failed > 0:
		v.badge.set(CountWords(failed, "step failed", "steps failed"), Fail)
	case waiting > 0:
		v.badge.set("Sending", Busy)
	default:
		v.badge.set("Applied", OK)
	}
}
