//go:build js && wasm

package ui

import (
	"context"
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/page"
)

// widget is the control with which the value of the pin in the form is given: text in
// one item or several, a number, a slider, a switch, a colour. Each pin has its own,
// and the page remembers which.
type widget struct {
	v                        *writeView
	kind, options, add       *doc.Element
	fields                   map[string]*doc.Element // of the options
	number, slider, toggle   *doc.Element
	color, nowSlid, nowColor *doc.Element
	unit                     *doc.Element
	unitText                 string
	settings                 pinSettings
	pin                      uint16
	followed                 uint64    // Count of the value that the control shows
	moved                    time.Time // when the person last moved the control
	live                     map[uint16]*liveWrite
}

// liveWrite is a value under way of a control that sends while it moves.
type liveWrite struct{ next []string }

const (
	settingsKey = "pins.controls"
	// livePause is the time between two values of a control that moves: 20 a second.
	livePause = 50 * time.Millisecond
	// quietTime is how long a control that the person has moved does not follow the pin.
	quietTime = time.Second
)

func newWidget(v *writeView) *widget {
	stored, _ := page.Setting(settingsKey)
	w := &widget{
		v: v, kind: doc.ByID("widget"), options: doc.ByID("widget-options"), add: doc.ByID("item-add"), fields: make(map[string]*doc.Element),
		number: doc.ByID("value-number"), slider: doc.ByID("value-slider"), toggle: doc.ByID("value-switch"), color: doc.ByID("value-color"),
		nowSlid: doc.ByID("value-slider-now"), nowColor: doc.ByID("value-color-now"), unit: doc.Root().One(`[data-widget="number"] .unit`),
		settings: parsePinSettings(stored), live: make(map[uint16]*liveWrite),
	}
	for _, in := range w.options.All("[name]") {
		w.fields[in.GetAttribute("name")] = in
	}
	u := v.u
	u.On(w.kind, "change", func() { w.changed(); w.show() })
	u.On(w.options, "change", func() { w.changed(); w.bounds() })
	for _, in := range []*doc.Element{w.slider, w.toggle, w.color} {
		// What the person did is read at once: until the loop has its turn, the control may
		// have followed the pin.
		in.Listen("input", func(doc.Event) {
			value, checked := in.Input(), in.Checked()
			u.Post(func() {
				in.SetInput(value)
				in.SetChecked(checked)
				w.send()
			})
		})
	}
	w.show()
	return w
}

// choose shows the control of a pin.
func (w *widget) choose(n uint16) {
	if n == w.pin && w.followed > 0 {
		return
	}
	w.pin, w.followed, w.moved = n, 0, time.Time{}
	w.show()
}

func (w *widget) show() {
	s := w.settings[w.pin]
	w.kind.SetInput(s.Widget)
	for name, value := range map[string]string{"min": s.Low, "max": s.High, "step": s.Step, "off": s.Off, "on": s.On, "form": s.Form} {
		w.fields[name].SetInput(value)
	}
	for _, e := range doc.Root().All("[data-widget]") {
		e.Show(e.Data("widget") == s.Widget)
	}
	for _, e := range w.options.All("[data-for]") {
		e.Show(s.Widget != "" && strings.Contains(e.Data("for"), s.Widget))
	}
	w.options.Show(s.Widget != widgetText)
	w.add.Show(s.Widget == widgetText)
	w.bounds()
}

// bounds tells the controls their limits.
func (w *widget) bounds() {
	s, p := w.settings[w.pin], w.v.formPin()
	low, high, step := s.bounds(p)
	for _, e := range []*doc.Element{w.slider, w.number} {
		e.SetAttribute("min", low)
		e.SetAttribute("max", high)
		e.SetAttribute("step", step)
	}
	for name, value := range map[string]string{"min": low, "max": high, "step": step} {
		w.fields[name].SetAttr("placeholder", value)
	}
	w.unitText = ""
	if p != nil {
		w.unitText = p.Unit
	}
	w.unit.SetText(w.unitText)
	w.followed = 0
}

// changed remembers the control and its options.
func (w *widget) changed() {
	w.change(w.pin, func(s *pinSetting) {
		s.Widget = w.kind.Input()
		s.Low, s.High, s.Step = w.fields["min"].Input(), w.fields["max"].Input(), w.fields["step"].Input()
		s.Off, s.On, s.Form = w.fields["off"].Input(), w.fields["on"].Input(), w.fields["form"].Input()
	})
}

// change changes what the page remembers of a pin.
func (w *widget) change(n uint16, f func(*pinSetting)) {
	s := w.settings[n]
	f(&s)
	if s == w.settings[n] {
		return
	}
	w.settings[n] = s
	page.Store(settingsKey, w.settings.pack())
}

// values are the items that the control gives; nil: those of the text inputs.
func (w *widget) values() []string {
	s := w.settings[w.pin]
	switch s.Widget {
	case widgetNumber:
		return []string{w.number.Input()}
	case widgetSlider:
		return []string{w.slider.Input()}
	case widgetSwitch:
		off, on := s.switched()
		if w.toggle.Checked() {
			return []string{on}
		}
		return []string{off}
	case widgetColor:
		return s.colorItems(w.color.Input())
	}
	return nil
}

func (w *widget) focus() {
	switch w.settings[w.pin].Widget {
	case widgetNumber:
		w.number.Focus()
	case widgetSlider:
		w.slider.Focus()
	case widgetSwitch:
		w.toggle.Focus()
	case widgetColor:
		w.color.Focus()
	default:
		w.v.items.One("input").Focus()
	}
}

// send sends what the control shows, while it moves: at most one value on its way, the
// last one always.
func (w *widget) send() {
	n, ok := w.v.thePin()
	if !ok {
		return
	}
	w.moved = time.Now()
	w.tell()
	values := w.values()
	if l := w.live[n]; l != nil {
		l.next = values
		return
	}
	w.live[n] = new(liveWrite)
	w.sendNow(n, values)
}

func (w *widget) sendNow(n uint16, values []string) {
	u := w.v.u
	go func() {
		err := u.session.VirtualWrite(context.Background(), n, values...)
		time.Sleep(livePause)
		u.Post(func() {
			l := w.live[n]
			if next := l.next; next != nil && err == nil {
				l.next = nil
				w.sendNow(n, next)
				return
			}
			delete(w.live, n)
			if p := session.ProblemOf(err); p != nil {
				u.problem.failed("write", p, func() { w.sendNow(n, values) })
			}
		})
	}()
}

// follow brings the control to the pin's last value, unless the person has just moved
// it.
func (w *widget) follow(p *session.Pin) {
	if p.Number != w.pin || p.Count == w.followed || len(p.Values) == 0 || w.v.u.now.Sub(w.moved) < quietTime {
		return
	}
	w.followed = p.Count
	s := w.settings[w.pin]
	switch s.Widget {
	case widgetSlider:
		w.slider.SetInput(p.Values[0])
	case widgetSwitch:
		_, on := s.switched()
		w.toggle.SetChecked(p.Values[0] == on)
	case widgetColor:
		if color, ok := s.colorOf(p.Values); ok {
			w.color.SetInput(color)
		}
	}
	w.tell()
}

// tell writes the value beside the control.
func (w *widget) tell() {
	s := w.settings[w.pin]
	w.nowSlid.SetText(strings.TrimSpace(w.slider.Input() + " " + w.unitText))
	w.nowColor.SetText(strings.Join(s.colorItems(w.color.Input()), ", "))
}
