//go:build js && wasm

package workui

import (
	"strconv"

	"ncpweb/wasm/doc"
)

// field is a labelled input with a hint and an error below it.
type field struct {
	label, control, hint, fault *doc.Element
}

// newField puts a field of a pattern (t-explorer-input, t-explorer-select) into a box.
func newField(box *doc.Element, pattern, id string) *field {
	row := doc.NewPattern(pattern).Copy()
	f := &field{row.Child(0), row.Child(1), row.Child(2), row.Child(3)}
	f.label.SetAttr("for", id)
	f.control.SetAttr("id", id)
	f.control.Value.Call("removeAttribute", "lang")
	f.hint.SetAttr("id", id+"-hint")
	f.fault.SetAttr("id", id+"-fault")
	f.control.SetAttr("aria-describedby", id+"-hint "+id+"-fault")
	box.Append(row)
	return f
}

// words writes the texts of a field.
func (f *field) words(label, hint string) {
	f.label.SetText(label)
	f.hint.SetText(hint)
	f.hint.Show(hint != "")
}

// tell shows what is wrong with a field; empty: nothing is.
func (f *field) tell(fault string) {
	f.fault.SetText(fault)
	f.control.SetAttr("aria-invalid", strconv.FormatBool(fault != ""))
}

// choices fills the list of a field, and keeps what was chosen.
func (f *field) choices(list []string) {
	chosen := f.control.Input()
	f.control.Clear()
	for i, text := range list {
		option := doc.NewPattern("t-doctor-option").Copy()
		option.SetAttr("value", strconv.Itoa(i))
		option.SetText(text)
		f.control.Append(option)
	}
	if chosen == "" {
		chosen = "0"
	}
	f.control.SetInput(chosen)
}

// number returns what was typed, between low and high; empty stands for usual.
func (f *field) number(low, high, usual int) (n int, ok bool) {
	text := f.control.Input()
	if text == "" {
		return usual, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= low && n <= high
}

// factList is a list of names and values.
type factList struct {
	list *doc.Element
	row  doc.Pattern
}

func newFactList(id string) *factList {
	return &factList{doc.ByID(id), doc.NewPattern("t-run-fact")}
}

// fill shows pairs of a name and a value; those without a value are left out.
func (l *factList) fill(pairs ...string) {
	l.list.Clear()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		row := l.row.Copy()
		row.Child(0).SetText(pairs[i])
		row.Child(1).SetCut(pairs[i+1], 200)
		l.list.Append(row)
	}
}
