//go:build js && wasm

package toolui

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/ncp"
	"ncpweb/ncp/schema"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/show"
)

// argForm is the fields of a call's arguments.
type argForm struct {
	box                       *doc.Element
	input, area, choice, flip doc.Pattern
	params                    []ncp.Param
	fields                    []argField
}

// argField is the field of one argument.
type argField struct {
	control, hint, fault *doc.Element
	secret, flag         bool
}

func newArgForm() *argForm {
	return &argForm{
		box: doc.ByID("explorer-fields"), input: doc.NewPattern("t-explorer-input"), area: doc.NewPattern("t-explorer-area"),
		choice: doc.NewPattern("t-explorer-select"), flip: doc.NewPattern("t-explorer-switch"),
	}
}

// argID is what the id of an argument's control begins with.
const argID = "explorer-arg-"

// build makes the fields of a method.
func (f *argForm) build(m *ncp.Method) {
	f.box.Clear()
	f.params, f.fields = m.In, nil
	for i := range m.In {
		f.add(&m.In[i], argID+strconv.Itoa(i))
	}
	f.box.Show(len(m.In) > 0)
}

func (f *argForm) add(p *ncp.Param, id string) {
	pattern := f.input
	switch {
	case p.Type == ncp.TypeBool:
		pattern = f.flip
	case len(p.Values) > 0:
		pattern = f.choice
	case p.Type == ncp.TypeBinary:
		pattern = f.area
	}
	box := pattern.Copy()
	hint, fault := box.Child(2), box.Child(3)
	var control *doc.Element
	if p.Type == ncp.TypeBool {
		control, hint, fault = box.One("input"), box.Child(1), box.Child(2)
		box.Child(0).Child(2).SetText(p.Name)
	} else {
		control = box.Child(1)
		box.Child(0).SetText(p.Name)
		box.Child(0).SetAttr("for", id)
	}
	control.SetAttr("id", id)
	control.SetAttr("name", p.Name)
	hint.SetAttr("id", id+"-hint")
	hint.SetText(hintWords(p))
	fault.SetAttr("id", id+"-fault")
	control.SetAttr("aria-describedby", id+"-hint "+id+"-fault")
	switch {
	case p.Secret:
		control.SetAttr("type", "password")
		control.SetAttr("autocomplete", "new-password")
	case len(p.Values) > 0:
		for _, n := range p.Values {
			option := doc.Wrap(doc.Document().Call("createElement", "option"))
			option.SetAttr("value", strconv.FormatInt(n.Value, 10))
			option.SetText(n.Name + " (" + strconv.FormatInt(n.Value, 10) + ")")
			control.Append(option)
		}
	case p.Type != ncp.TypeBinary && p.Type != ncp.TypeString && p.Type != ncp.TypeBool:
		control.SetAttr("inputmode", "decimal")
		if p.Ranged {
			control.SetInput(strconv.FormatInt(p.Min, 10))
		} else {
			control.SetInput("0")
		}
	case p.Type == ncp.TypeString:
		control.SetInput(p.Prefix)
	}
	f.box.Append(box)
	f.fields = append(f.fields, argField{control: control, hint: hint, fault: fault, secret: p.Secret, flag: p.Type == ncp.TypeBool})
}

// typed tells what is wrong with the field that is being typed in, and how long it is.
func (f *argForm) typed(id string) {
	i, err := strconv.Atoi(strings.TrimPrefix(id, argID))
	if err != nil || i < 0 || i >= len(f.fields) || f.fields[i].flag {
		return
	}
	p, field := &f.params[i], f.fields[i]
	text := field.control.Input()
	f.tell(i, schema.Check(p, text), false)
	hint := hintWords(p)
	if n, ok := schema.Length(p, text); ok {
		hint += " · " + strconv.Itoa(n)
		if p.MaxLen > 0 {
			hint += " / " + strconv.Itoa(p.MaxLen)
		}
	}
	field.hint.SetText(hint)
}

// read returns what is typed; tell shows what is wrong and puts the focus there.
func (f *argForm) read(tell bool) (texts []string, bad bool) {
	for i, field := range f.fields {
		text := ""
		if field.flag {
			text = strconv.FormatBool(field.control.Checked())
		} else {
			text = field.control.Input()
		}
		texts = append(texts, text)
		if !tell {
			continue
		}
		fault := schema.Check(&f.params[i], text)
		f.tell(i, fault, !bad)
		bad = bad || fault != 0
	}
	return texts, bad
}

func (f *argForm) tell(i int, fault schema.Fault, focus bool) {
	field := f.fields[i]
	field.fault.SetText(faultWords(fault, &f.params[i]))
	if fault == 0 {
		field.control.SetFlag("aria-invalid", false)
		return
	}
	field.control.SetAttr("aria-invalid", "true")
	if focus {
		field.control.Focus()
	}
}

// fault shows what Encode refused.
func (f *argForm) fault(err error) {
	var input *schema.InputError
	if errors.As(err, &input) && input.Param < len(f.fields) {
		f.tell(input.Param, input.Fault, true)
	}
}

// fill puts texts into the fields. Secrets are never filled in.
func (f *argForm) fill(texts []string) {
	for i, field := range f.fields {
		switch {
		case i >= len(texts) || field.secret:
		case field.flag:
			field.control.SetChecked(texts[i] == "true")
		default:
			field.control.SetInput(texts[i])
		}
	}
}

// line writes the arguments of a call on one line; secrets are masked.
func (f *argForm) line(m *ncp.Method, texts []string) string {
	parts := make([]string, len(m.In))
	for i := range m.In {
		text := maskedText
		if !m.In[i].Secret && i < len(texts) {
			text, _ = show.Cut(show.Visible(strings.ReplaceAll(texts[i], "\n", ", ")), 60)
		}
		parts[i] = m.In[i].Name + "=" + text
	}
	return m.Name + "(" + strings.Join(parts, ", ") + ")"
}

// rawForm sends any id and any bytes.
type rawForm struct {
	v                             *explorerView
	box, uid, bytes, oneway, send *doc.Element
	uidFault, bytesFault          *doc.Element
}

func newRawForm(v *explorerView) *rawForm {
	r := &rawForm{
		v: v, box: doc.ByID("explorer-raw"), uid: doc.ByID("raw-uid"), bytes: doc.ByID("raw-bytes"), oneway: doc.ByID("raw-oneway"), send: doc.ByID("raw-call"),
		uidFault: doc.ByID("e-raw-uid"), bytesFault: doc.ByID("e-raw-bytes"),
	}
	v.u.OnSubmit(doc.ByID("explorer-raw-form"), r.submit)
	return r
}

func (r *rawForm) fill(uid uint16, args []byte, oneway bool) {
	r.box.SetFlag("open", true)
	r.box.Value.Set("open", true)
	r.uid.SetInput(hex4(uid))
	r.bytes.SetInput(hexText(args))
	r.oneway.SetChecked(oneway)
	r.uid.Focus()
}

func (r *rawForm) submit() {
	uid, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(r.uid.Input()), "0x"), 16, 16)
	args, fault := schema.Hex(r.bytes.Input())
	oneway := r.oneway.Checked()
	if fault == 0 && len(args) > schema.Room(oneway) {
		fault = schema.FaultLong
	}
	r.tell(r.uid, r.uidFault, rawUIDWords(err != nil))
	r.tell(r.bytes, r.bytesFault, faultWords(fault, &ncp.Param{Type: ncp.TypeBinary}))
	if err != nil || fault != 0 || !r.v.u.status.Ready() || r.v.calls.running {
		return
	}
	m := &ncp.Method{Host: ncp.SideNCP, Name: "0x" + hex4(uint16(uid)), UID: uint16(uid), Oneway: oneway}
	run := func() { r.v.calls.start(m, nil, args, plan{times: 1}) }
	if word := dangerWords(m.UID); word != "" {
		r.v.confirm(word, run)
		return
	}
	run()
}

func (r *rawForm) tell(in, where *doc.Element, words string) {
	where.SetText(words)
	if words == "" {
		in.SetFlag("aria-invalid", false)
		return
	}
	in.SetAttr("aria-invalid", "true")
	in.Focus()
}
