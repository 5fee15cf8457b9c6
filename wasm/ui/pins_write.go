//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"syscall/js"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
)

// writeView writes pins: values, properties and groups. It stands beside the table.
type writeView struct {
	u *UI

	pin, pinFault         *doc.Element
	name, unit            *doc.Element
	widget                *widget
	last, lastValue       *doc.Element
	items, valueFault     *doc.Element
	item                  doc.Pattern
	property, propValue   *doc.Element
	propFault, properties *doc.Element
	propertyRow           doc.Pattern
	groupRows, groupFault *doc.Element
	groupTime             *doc.Element
	groupRow              doc.Pattern
	props                 []session.Property
}

func newWriteView(u *UI) *writeView {
	v := &writeView{
		u: u, pin: doc.ByID("write-pin"), pinFault: doc.ByID("e-pin"), name: doc.ByID("pin-name"), unit: doc.ByID("pin-unit"),
		last: doc.ByID("pin-last"), lastValue: doc.ByID("pin-last-value"),
		items: doc.ByID("items"), valueFault: doc.ByID("e-value"), item: doc.NewPattern("t-item"),
		property: doc.ByID("property-name"), propValue: doc.ByID("property-value"), propFault: doc.ByID("e-property"), properties: doc.ByID("properties"), propertyRow: doc.NewPattern("t-property"),
		groupRows: doc.ByID("group-rows"), groupFault: doc.ByID("e-group"), groupTime: doc.ByID("group-time"), groupRow: doc.NewPattern("t-group-row"),
	}
	v.widget = newWidget(v)
	v.addGroupRow()
	v.addGroupRow()
	v.listen()
	return v
}

func (v *writeView) listen() {
	u := v.u
	u.OnSubmit(doc.ByID("pin-write"), v.write)
	u.On(doc.ByID("sync-pin"), "click", v.sync)
	u.On(doc.ByID("item-add"), "click", func() { v.addItem(); v.focusLast() })
	u.OnTarget(v.items, "click", "button", func(b *doc.Element) {
		doc.Wrap(b.Value.Call("closest", "li")).Remove()
		v.numberItems()
	})
	u.On(v.pin, "input", func() {
		if _, ok := parsePin(v.pin.Input()); ok {
			v.showName()
			fault(v.pin, v.pinFault, "")
		}
	})
	u.On(v.name, "change", v.rename)
	u.On(v.unit, "change", v.rename)
	u.On(doc.ByID("pin-history"), "click", v.showHistory)
	u.OnSubmit(doc.ByID("pin-property"), v.setProperty)
	u.On(doc.ByID("group-add"), "click", func() { v.addGroupRow().One("input").Focus() })
	u.OnSubmit(doc.ByID("pin-group"), v.writeGroup)
}

// thePin reads the pin number of the form.
func (v *writeView) thePin() (uint16, bool) {
	n, ok := parsePin(v.pin.Input())
	words := ""
	if !ok {
		words = needPin
	}
	fault(v.pin, v.pinFault, words)
	return n, ok
}

// choose puts a pin of the table into the form.
func (v *writeView) choose(n uint16) {
	v.pin.SetInput(strconv.Itoa(int(n)))
	fault(v.pin, v.pinFault, "")
	v.showName()
}

// showName puts what is known of the pin in the form beside its number.
func (v *writeView) showName() {
	p := v.formPin()
	if p == nil {
		p = new(session.Pin)
	}
	v.name.SetInput(p.Name)
	v.unit.SetInput(p.Unit)
	if n, ok := parsePin(v.pin.Input()); ok {
		v.widget.choose(n)
	}
}

func (v *writeView) rename() {
	n, ok := parsePin(v.pin.Input())
	if !ok {
		return // the name is given with the value
	}
	info := infoOf(findPin(v.u.state.Pins, n))
	info.Number, info.Name, info.Unit = n, v.name.Input(), v.unit.Input()
	if err := v.u.session.SetPinInfo(info); err != nil {
		v.u.problem.failed("pin", session.ProblemOf(err), nil)
		return
	}
	v.u.files.remember()
}

func (v *writeView) focusValue() { v.widget.focus() }

func (v *writeView) focusLast() {
	inputs := v.items.All("input")
	inputs[len(inputs)-1].Focus()
}

// addItem adds an input for one more item of the value.
func (v *writeView) addItem() {
	if v.items.Value.Get("childElementCount").Int() >= 64 {
		return
	}
	v.items.Append(v.item.Copy())
	v.numberItems()
}

func (v *writeView) numberItems() {
	for i, in := range v.items.All("input") {
		in.SetAttribute("aria-label", lang.F("Item {0}", strconv.Itoa(i+1)))
	}
}

// values are the items that the form gives.
func (v *writeView) values() []string {
	if values := v.widget.values(); values != nil {
		return values
	}
	inputs := v.items.All("input")
	values := make([]string, len(inputs))
	for i, in := range inputs {
		values[i] = in.Input()
	}
	return values
}

func (v *writeView) write() {
	n, ok := v.thePin()
	if !ok {
		return
	}
	values := v.values()
	size := len(values) - 1
	for _, s := range values {
		size += len(s)
	}
	first := v.items.One("input")
	if size > session.MaxValue-8 {
		fault(first, v.valueFault, tooLong)
		return
	}
	fault(first, v.valueFault, "")
	if v.name.Input()+v.unit.Input() != "" {
		v.rename()
	}
	v.u.do("write", true, func(ctx context.Context) error { return v.u.session.VirtualWrite(ctx, n, values...) })
	v.u.pins.selectPin(n)
}

func (v *writeView) sync() {
	if n, ok := v.thePin(); ok {
		v.u.do("sync", false, func(ctx context.Context) error { return v.u.session.Sync(ctx, n) })
	}
}

func (v *writeView) setProperty() {
	n, ok := v.thePin()
	if !ok {
		return
	}
	name, value := strings.TrimSpace(v.property.Input()), v.propValue.Input()
	words := ""
	if name == "" {
		words = needCode
	}
	if fault(v.property, v.propFault, words) {
		return
	}
	v.u.do("property", false, func(ctx context.Context) error { return v.u.session.SetProperty(ctx, n, name, value) })
}

func (v *writeView) addGroupRow() *doc.Element {
	row := v.groupRow.Copy()
	labelGroupRow(row, v.groupRows.Value.Get("childElementCount").Int())
	v.groupRows.Append(row)
	return row
}

func labelGroupRow(row *doc.Element, i int) {
	n := strconv.Itoa(i + 1)
	row.One(`[name="group-pin"]`).SetAttribute("aria-label", lang.F("Pin {0}", n))
	row.One(`[name="group-value"]`).SetAttribute("aria-label", lang.F("Value {0}", n))
}

// writeGroup sends the rows that have a pin, with one time.
func (v *writeView) writeGroup() {
	var writes []session.PinWrite
	for _, row := range v.groupRows.All(".group-row") {
		pin, value := row.One(`[name="group-pin"]`), row.One(`[name="group-value"]`).Input()
		if strings.TrimSpace(pin.Input()) == "" && value == "" {
			continue
		}
		n, ok := parsePin(pin.Input())
		words := ""
		if !ok {
			words = needPin
		}
		if fault(pin, v.groupFault, words) {
			return
		}
		writes = append(writes, session.PinWrite{Pin: n, Values: []string{value}})
	}
	if len(writes) == 0 {
		v.groupFault.SetText(lang.T(groupEmpty))
		return
	}
	v.groupFault.SetText("")
	at := v.groupAt()
	v.u.do("group", false, func(ctx context.Context) error { return v.u.session.WriteGroup(ctx, at, writes...) })
}

// groupAt is the time of the group, in this computer's zone; the zero time for now.
// The browser reads the field: it knows the zone's past and future.
func (v *writeView) groupAt() time.Time {
	text := v.groupTime.Input()
	if text == "" {
		return time.Time{}
	}
	ms := js.Global().Get("Date").New(text).Call("getTime").Float()
	if !(ms >= 0 && ms < 1e15) {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

// render shows the last value of the pin in the form, whole, one item per
// line, and its properties.
func (v *writeView) render() {
	p := v.formPin()
	v.last.Show(p != nil && p.Count > 0)
	if p == nil {
		p = new(session.Pin)
	}
	v.lastValue.SetText(allItems(p.Values))
	v.widget.follow(p)
	props := p.Properties
	if len(props) == len(v.props) && (len(props) == 0 || &props[0] == &v.props[0]) {
		return
	}
	v.props = props
	v.properties.Clear()
	for _, p := range props {
		row := v.propertyRow.Copy()
		row.Child(0).OrDash(p.Name)
		row.Child(1).OrDash(p.Value)
		v.properties.Append(row)
	}
}

// formPin returns the pin whose number stands in the form; nil if there is none.
func (v *writeView) formPin() *session.Pin {
	n, ok := parsePin(v.pin.Input())
	if !ok {
		return nil
	}
	return findPin(v.u.state.Pins, n)
}
