//go:build js && wasm

package ui

import (
	"syscall/js"

	"honnef.co/go/js/dom/v2"
)

// element is an element of the page that remembers what was last written to it, so
// that writing the same again does not touch the document. All that is written to
// an element after the start goes through it.
type element struct {
	*dom.BasicHTMLElement
	text    string
	hasText bool
	attrs   map[string]string // written attributes; "\x00" stands for an absent one
}

const absent = "\x00"

// wrap makes an element of a JS object. It goes around dom.WrapElement, which looks
// for the one of some seventy constructors that fits: too slow for table rows.
func wrap(v js.Value) *element {
	return &element{BasicHTMLElement: &dom.BasicHTMLElement{BasicElement: &dom.BasicElement{BasicNode: &dom.BasicNode{Value: v}}}}
}

// byID finds an element of the static page. A missing one is a fault of the build:
// page and program are not of the same version.
func byID(id string) *element {
	v := document().Call("getElementById", id)
	if v.IsNull() {
		panic("ui: the page has no element " + id)
	}
	return wrap(v)
}

func document() js.Value { return js.Global().Get("document") }

// root is the html element.
func root() *element { return wrap(document().Get("documentElement")) }

// all finds the elements below e that match a selector.
func (e *element) all(selector string) []*element {
	list := e.Value.Call("querySelectorAll", selector)
	elements := make([]*element, list.Length())
	for i := range elements {
		elements[i] = wrap(list.Index(i))
	}
	return elements
}

// one finds the first element below e that matches a selector.
func (e *element) one(selector string) *element {
	v := e.Value.Call("querySelector", selector)
	if v.IsNull() {
		panic("ui: the page has nothing like " + selector)
	}
	return wrap(v)
}

// child returns the n-th child element.
func (e *element) child(n int) *element { return wrap(e.Value.Get("children").Index(n)) }

// setText shows s as text, never as markup.
func (e *element) setText(s string) {
	if e.hasText && e.text == s {
		return
	}
	e.text, e.hasText = s, true
	e.SetTextContent(s)
}

// setCut shows at most n characters of s. What was cut can be read whole: by a click,
// by Enter, and in the hint beside the mouse.
func (e *element) setCut(s string, n int) {
	short, cut := Cut(s, n)
	e.setText(short)
	e.setFlag("data-cut", cut)
	if !cut {
		e.setFlag("title", false)
		e.setFlag("tabindex", false)
		return
	}
	whole, _ := Cut(s, maxWhole)
	e.setAttr("title", whole)
	e.setAttr("tabindex", "0")
}

// maxWhole is how many characters of a text are ever shown.
const maxWhole = 8000

// setAttr writes an attribute.
func (e *element) setAttr(name, value string) {
	if old, ok := e.attrs[name]; ok && old == value {
		return
	}
	e.remember(name, value)
	e.SetAttribute(name, value)
}

// setFlag sets or removes an attribute that stands for itself, such as hidden.
func (e *element) setFlag(name string, on bool) {
	value := ""
	if !on {
		value = absent
	}
	if old, ok := e.attrs[name]; ok && old == value {
		return
	}
	e.remember(name, value)
	if on {
		e.SetAttribute(name, "")
	} else {
		e.RemoveAttribute(name)
	}
}

func (e *element) remember(name, value string) {
	if e.attrs == nil {
		e.attrs = make(map[string]string, 2)
	}
	e.attrs[name] = value
}

func (e *element) show(on bool)   { e.setFlag("hidden", !on) }
func (e *element) enable(on bool) { e.setFlag("disabled", !on) }

// value and setValue are those of an input; setValue is not remembered: persons
// change inputs as well.
func (e *element) value() string     { return e.Value.Get("value").String() }
func (e *element) setValue(s string) { e.Value.Set("value", s) }

func (e *element) checked() bool      { return e.Value.Get("checked").Bool() }
func (e *element) setChecked(on bool) { e.Value.Set("checked", on) }

// data returns a data-… attribute; empty if there is none.
func (e *element) data(name string) string { return e.GetAttribute("data-" + name) }

// clear removes all children.
func (e *element) clear() {
	e.Value.Call("replaceChildren")
	e.hasText = false
}

func (e *element) append(children ...*element) {
	for _, c := range children {
		e.Value.Call("append", c.Value)
	}
}

func (e *element) prepend(c *element) { e.Value.Call("prepend", c.Value) }

// pattern is a template element of the page; copies of its only child make rows.
type pattern struct{ row js.Value }

func newPattern(id string) pattern {
	return pattern{byID(id).Value.Get("content").Get("firstElementChild")}
}

func (p pattern) copy() *element { return wrap(p.row.Call("cloneNode", true)) }

// sign is an element with a tone, its shape, and the word beside the shape.
type sign struct {
	box   *element // carries data-tone
	shape *element // the use element
	word  *element
}

func (s sign) set(word string, tone Tone) {
	s.word.setText(word)
	s.tone(tone)
}

func (s sign) tone(tone Tone) {
	s.box.setAttr("data-tone", string(tone))
	s.shape.setAttr("href", "#i-"+string(tone))
}

// listen calls f for each event of a kind, in the browser's handler: f must not wait.
// The parts of the page live as long as the page does, so it is never removed. It
// goes around dom's own listeners: they bring types for every kind of event there is
// into the program.
func (e *element) listen(kind string, f func(event)) {
	e.Value.Call("addEventListener", kind, js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(event{args[0]})
		return nil
	}))
}

// event is an event of the document.
type event struct{ js.Value }

func (ev event) preventDefault() { ev.Call("preventDefault") }

// target returns the element that the event happened on, or the nearest one around
// it that matches the selector; nil if there is none.
func (ev event) target(selector string) *element {
	t := ev.Get("target")
	if t.Type() != js.TypeObject || t.Get("closest").Type() != js.TypeFunction {
		return nil
	}
	v := t.Call("closest", selector)
	if v.IsNull() {
		return nil
	}
	return wrap(v)
}
