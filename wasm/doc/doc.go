//go:build js && wasm

// Package doc writes to the document of the page: elements that know what they show,
// copies of the page's row templates, signs, and the events of the document. It never
// makes markup.
package doc

import (
	"syscall/js"

	"honnef.co/go/js/dom/v2"

	"ncpweb/wasm/show"
)

// Element is an element of the page that remembers what was last written to it, so
// that writing the same again does not touch the document. All that is written to
// an element after the start goes through it.
type Element struct {
	*dom.BasicHTMLElement
	text    string
	hasText bool
	attrs   map[string]string // written attributes; "\x00" stands for an absent one
}

const absent = "\x00"

// Wrap makes an element of a JS object. It goes around dom.WrapElement, which looks
// for the one of some seventy constructors that fits: too slow for table rows.
func Wrap(v js.Value) *Element {
	return &Element{BasicHTMLElement: &dom.BasicHTMLElement{BasicElement: &dom.BasicElement{BasicNode: &dom.BasicNode{Value: v}}}}
}

// ByID finds an element of the static page. A missing one is a fault of the build:
// page and program are not of the same version.
func ByID(id string) *Element {
	v := Document().Call("getElementById", id)
	if v.IsNull() {
		panic("ui: the page has no element " + id)
	}
	return Wrap(v)
}

// Document is the document of the page.
func Document() js.Value { return js.Global().Get("document") }

// Root is the html element.
func Root() *Element { return Wrap(Document().Get("documentElement")) }

// All finds the elements below e that match a selector.
func (e *Element) All(selector string) []*Element {
	list := e.Value.Call("querySelectorAll", selector)
	elements := make([]*Element, list.Length())
	for i := range elements {
		elements[i] = Wrap(list.Index(i))
	}
	return elements
}

// One finds the first element below e that matches a selector.
func (e *Element) One(selector string) *Element {
	v := e.Value.Call("querySelector", selector)
	if v.IsNull() {
		panic("ui: the page has nothing like " + selector)
	}
	return Wrap(v)
}

// Child returns the n-th child element.
func (e *Element) Child(n int) *Element { return Wrap(e.Value.Get("children").Index(n)) }

// SetText shows s as text, never as markup.
func (e *Element) SetText(s string) {
	if e.hasText && e.text == s {
		return
	}
	e.text, e.hasText = s, true
	e.SetTextContent(s)
}

// MaxField is how many characters of a text of the device a card shows.
const MaxField = 120

// OrDash shows text of a device, or a dash for none.
func (e *Element) OrDash(s string) {
	if s == "" {
		s = "–"
	}
	e.SetCut(show.Visible(s), MaxField)
}

// SetCut shows at most n characters of s. What was cut can be read whole: by a click,
// by Enter, and in the hint beside the mouse.
func (e *Element) SetCut(s string, n int) {
	short, cut := show.Cut(s, n)
	e.SetText(short)
	e.SetFlag("data-cut", cut)
	if !cut {
		e.SetFlag("title", false)
		e.SetFlag("tabindex", false)
		return
	}
	whole, _ := show.Cut(s, maxWhole)
	e.SetAttr("title", whole)
	e.SetAttr("tabindex", "0")
}

// maxWhole is how many characters of a text are ever shown.
const maxWhole = 8000

// SetAttr writes an attribute.
func (e *Element) SetAttr(name, value string) {
	if old, ok := e.attrs[name]; ok && old == value {
		return
	}
	e.remember(name, value)
	e.SetAttribute(name, value)
}

// SetFlag sets or removes an attribute that stands for itself, such as hidden.
func (e *Element) SetFlag(name string, on bool) {
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

// Written tells whether an attribute was ever written to through e.
func (e *Element) Written(name string) bool {
	_, ok := e.attrs[name]
	return ok
}

func (e *Element) remember(name, value string) {
	if e.attrs == nil {
		e.attrs = make(map[string]string, 2)
	}
	e.attrs[name] = value
}

// Show and Enable show and hide an element, and let it be used or not.
func (e *Element) Show(on bool)   { e.SetFlag("hidden", !on) }
func (e *Element) Enable(on bool) { e.SetFlag("disabled", !on) }

// Input and SetInput are those of an input; SetInput is not remembered: persons
// change inputs as well.
func (e *Element) Input() string     { return e.Value.Get("value").String() }
func (e *Element) SetInput(s string) { e.Value.Set("value", s) }

// Checked and SetChecked are those of a check box.
func (e *Element) Checked() bool      { return e.Value.Get("checked").Bool() }
func (e *Element) SetChecked(on bool) { e.Value.Set("checked", on) }

// Data returns a data-… attribute; empty if there is none.
func (e *Element) Data(name string) string { return e.GetAttribute("data-" + name) }

// Clear removes all children.
func (e *Element) Clear() {
	e.Value.Call("replaceChildren")
	e.hasText = false
}

func (e *Element) Append(children ...*Element) {
	for _, c := range children {
		e.Value.Call("append", c.Value)
	}
}

func (e *Element) Prepend(c *Element) { e.Value.Call("prepend", c.Value) }

// Pattern is a template element of the page; copies of its only child make rows.
type Pattern struct{ row js.Value }

// NewPattern finds a template of the page.
func NewPattern(id string) Pattern {
	return Pattern{ByID(id).Value.Get("content").Get("firstElementChild")}
}

// Copy makes a new row.
func (p Pattern) Copy() *Element { return Wrap(p.row.Call("cloneNode", true)) }

// Sign is an element with a tone, its shape, and the word beside the shape.
type Sign struct {
	Box   *Element // carries data-tone
	Shape *Element // the use element
	Word  *Element
}

// NewSign returns the sign of these elements: the one that carries data-tone, the use
// element of its shape, and the one with the word.
func NewSign(box, shape, word *Element) Sign { return Sign{box, shape, word} }

// Set shows a word and a tone.
func (s Sign) Set(word string, tone show.Tone) {
	s.Word.SetText(word)
	s.SetTone(tone)
}

// SetTone shows a tone.
func (s Sign) SetTone(tone show.Tone) {
	s.Box.SetAttr("data-tone", string(tone))
	s.Shape.SetAttr("href", "#i-"+string(tone))
}

// Listen calls f for each event of a kind, in the browser's handler: f must not wait.
// The parts of the page live as long as the page does, so it is never removed. It
// goes around dom's own listeners: they bring types for every kind of event there is
// into the program.
func (e *Element) Listen(kind string, f func(Event)) {
	e.Value.Call("addEventListener", kind, js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(Event{args[0]})
		return nil
	}))
}

// Event is an event of the document.
type Event struct{ js.Value }

// PreventDefault keeps the browser from what it does by itself.
func (ev Event) PreventDefault() { ev.Call("preventDefault") }

// Target returns the element that the event happened on, or the nearest one around
// it that matches the selector; nil if there is none.
func (ev Event) Target(selector string) *Element {
	t := ev.Get("target")
	if t.Type() != js.TypeObject || t.Get("closest").Type() != js.TypeFunction {
		return nil
	}
	v := t.Call("closest", selector)
	if v.IsNull() {
		return nil
	}
	return Wrap(v)
}
