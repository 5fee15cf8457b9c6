//go:build js && wasm

package ui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"syscall/js"

	"ncpweb/session"
)

// asideView is what stands beside the pin table: writing, properties, groups,
// events, metadata and the timeline.
type asideView struct {
	u *UI

	pin, pinFault, name   *element
	last, lastValue       *element
	items, valueFault     *element
	item                  pattern
	property, propValue   *element
	propFault, properties *element
	propertyRow           pattern
	groupRows, groupFault *element
	groupTime             *element
	groupRow              pattern
	code, codeFault, text *element
	field, fieldFault     *element
	metadata              *element
	timeline, noTimeline  *element
	eventRow              pattern
	events                []session.Event // as shown
	props                 []session.Property
}

func newAsideView(u *UI) *asideView {
	v := &asideView{
		u: u, pin: byID("write-pin"), pinFault: byID("e-pin"), name: byID("pin-name"),
		last: byID("pin-last"), lastValue: byID("pin-last-value"),
		items: byID("items"), valueFault: byID("e-value"), item: newPattern("t-item"),
		property: byID("property-name"), propValue: byID("property-value"), propFault: byID("e-property"), properties: byID("properties"), propertyRow: newPattern("t-property"),
		groupRows: byID("group-rows"), groupFault: byID("e-group"), groupTime: byID("group-time"), groupRow: newPattern("t-group-row"),
		code: byID("event-code"), codeFault: byID("e-event-code"), text: byID("event-description"),
		field: byID("metadata-field"), fieldFault: byID("e-metadata-field"), metadata: byID("metadata-value"),
		timeline: byID("timeline"), noTimeline: byID("timeline-empty"), eventRow: newPattern("t-event"),
	}
	v.addGroupRow()
	v.addGroupRow()
	v.listen()
	return v
}

func (v *asideView) listen() {
	u := v.u
	u.onSubmit(byID("pin-write"), v.write)
	u.on(byID("sync-pin"), "click", v.sync)
	u.on(byID("item-add"), "click", func() { v.addItem(); v.focusLast() })
	u.onTarget(v.items, "click", "button", func(b *element) {
		wrap(b.Value.Call("closest", "li")).Remove()
		v.numberItems()
	})
	u.on(v.pin, "input", func() {
		if _, ok := parsePin(v.pin.value()); ok {
			v.showName()
			v.fault(v.pin, v.pinFault, "")
		}
	})
	u.on(v.name, "change", v.rename)
	u.onSubmit(byID("pin-property"), v.setProperty)
	u.on(byID("group-add"), "click", func() { v.addGroupRow().one("input").Focus() })
	u.onSubmit(byID("pin-group"), v.writeGroup)
	u.onSubmit(byID("event-form"), func() {
		text := v.text.value()
		v.event("logEvent", func(ctx context.Context, code string) error { return u.session.LogEvent(ctx, code, text) })
	})
	u.on(byID("event-resolve"), "click", func() { v.event("resolve", u.session.ResolveEvent) })
	u.on(byID("event-resolve-all"), "click", func() { v.event("resolveAll", u.session.ResolveAllEvents) })
	u.onSubmit(byID("metadata-form"), v.setMetadata)
}

// fault shows what is wrong with an input; empty: nothing.
func (v *asideView) fault(in, where *element, words string) bool {
	where.setText(words)
	if words == "" {
		in.setFlag("aria-invalid", false)
		return false
	}
	in.setAttr("aria-invalid", "true")
	in.Focus()
	return true
}

// thePin reads the pin number of the form.
func (v *asideView) thePin() (uint16, bool) {
	n, ok := parsePin(v.pin.value())
	words := ""
	if !ok {
		words = needPin
	}
	v.fault(v.pin, v.pinFault, words)
	return n, ok
}

// choose puts a pin of the table into the form.
func (v *asideView) choose(n uint16) {
	v.pin.setValue(strconv.Itoa(int(n)))
	v.fault(v.pin, v.pinFault, "")
	v.showName()
}

// showName puts the name of the pin in the form beside its number.
func (v *asideView) showName() {
	name := ""
	if p := v.formPin(); p != nil {
		name = p.Name
	}
	v.name.setValue(name)
}

func (v *asideView) rename() {
	n, ok := parsePin(v.pin.value())
	if !ok {
		return // the name is given with the value
	}
	if err := v.u.session.NamePin(n, v.name.value()); err != nil {
		v.u.problem.failed("pin", session.ProblemOf(err), nil)
	}
}

func (v *asideView) focusValue() { v.items.one("input").Focus() }

func (v *asideView) focusLast() {
	inputs := v.items.all("input")
	inputs[len(inputs)-1].Focus()
}

// addItem adds an input for one more item of the value.
func (v *asideView) addItem() {
	if v.items.Value.Get("childElementCount").Int() >= 64 {
		return
	}
	v.items.append(v.item.copy())
	v.numberItems()
}

func (v *asideView) numberItems() {
	for i, in := range v.items.all("input") {
		in.SetAttribute("aria-label", "Item "+strconv.Itoa(i+1))
	}
}

func (v *asideView) values() []string {
	inputs := v.items.all("input")
	values := make([]string, len(inputs))
	for i, in := range inputs {
		values[i] = in.value()
	}
	return values
}

func (v *asideView) write() {
	n, ok := v.thePin()
	if !ok {
		return
	}
	values := v.values()
	size := len(values) - 1
	for _, s := range values {
		size += len(s)
	}
	first := v.items.one("input")
	if size > session.MaxValue-8 {
		v.fault(first, v.valueFault, tooLong)
		return
	}
	v.fault(first, v.valueFault, "")
	if name := v.name.value(); name != "" {
		v.rename()
	}
	v.u.do("write", true, func(ctx context.Context) error { return v.u.session.VirtualWrite(ctx, n, values...) })
	v.u.pins.selectPin(n)
}

func (v *asideView) sync() {
	if n, ok := v.thePin(); ok {
		v.u.do("sync", false, func(ctx context.Context) error { return v.u.session.Sync(ctx, n) })
	}
}

func (v *asideView) setProperty() {
	n, ok := v.thePin()
	if !ok {
		return
	}
	name, value := strings.TrimSpace(v.property.value()), v.propValue.value()
	words := ""
	if name == "" {
		words = needCode
	}
	if v.fault(v.property, v.propFault, words) {
		return
	}
	v.u.do("property", false, func(ctx context.Context) error { return v.u.session.SetProperty(ctx, n, name, value) })
}

func (v *asideView) addGroupRow() *element {
	row := v.groupRow.copy()
	n := strconv.Itoa(v.groupRows.Value.Get("childElementCount").Int() + 1)
	row.one(`[name="group-pin"]`).SetAttribute("aria-label", "Pin "+n)
	row.one(`[name="group-value"]`).SetAttribute("aria-label", "Value "+n)
	v.groupRows.append(row)
	return row
}

// writeGroup sends the rows that have a pin, with one time.
func (v *asideView) writeGroup() {
	var writes []session.PinWrite
	for _, row := range v.groupRows.all(".group-row") {
		pin, value := row.one(`[name="group-pin"]`), row.one(`[name="group-value"]`).value()
		if strings.TrimSpace(pin.value()) == "" && value == "" {
			continue
		}
		n, ok := parsePin(pin.value())
		words := ""
		if !ok {
			words = needPin
		}
		if v.fault(pin, v.groupFault, words) {
			return
		}
		writes = append(writes, session.PinWrite{Pin: n, Values: []string{value}})
	}
	if len(writes) == 0 {
		v.groupFault.setText(groupEmpty)
		return
	}
	v.groupFault.setText("")
	at := v.groupAt()
	v.u.do("group", false, func(ctx context.Context) error { return v.u.session.WriteGroup(ctx, at, writes...) })
}

// groupAt is the time of the group, in this computer's zone; the zero time for now.
// The browser reads the field: it knows the zone's past and future.
func (v *asideView) groupAt() time.Time {
	text := v.groupTime.value()
	if text == "" {
		return time.Time{}
	}
	ms := js.Global().Get("Date").New(text).Call("getTime").Float()
	if !(ms >= 0 && ms < 1e15) {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

func (v *asideView) event(command string, f func(context.Context, string) error) {
	code := strings.TrimSpace(v.code.value())
	words := ""
	if code == "" {
		words = needCode
	}
	if v.fault(v.code, v.codeFault, words) {
		return
	}
	v.u.do(command, false, func(ctx context.Context) error { return f(ctx, code) })
}

func (v *asideView) setMetadata() {
	field, value := strings.TrimSpace(v.field.value()), v.metadata.value()
	words := ""
	if field == "" {
		words = needCode
	}
	if v.fault(v.field, v.fieldFault, words) {
		return
	}
	v.u.do("metadata", false, func(ctx context.Context) error { return v.u.session.SetMetadata(ctx, field, value) })
}

func (v *asideView) render() {
	v.renderTimeline(v.u.state.Events)
	v.renderProperties()
}

// renderTimeline shows the events, the newest first. Events only come at the end and
// go at the beginning.
func (v *asideView) renderTimeline(events []session.Event) {
	v.noTimeline.show(len(events) == 0)
	if len(events) == len(v.events) && (len(events) == 0 || &events[0] == &v.events[0]) {
		return
	}
	kept := overlap(v.events, events)
	for _, e := range events[kept:] {
		row := v.eventRow.copy()
		word, tone := EventWords(e)
		row.child(0).setText(Clock(e.Time)[:8])
		row.setAttr("data-kind", strconv.Itoa(int(e.Kind)))
		sign{row, row.one("use"), row.child(2)}.tone(tone)
		row.child(2).setCut(word, maxField)
		v.timeline.prepend(row)
	}
	for n := v.timeline.Value.Get("childElementCount").Int(); n > len(events); n-- {
		v.timeline.Value.Get("lastElementChild").Call("remove")
	}
	v.events = events
}

// renderProperties shows the last value of the pin in the form, whole, one item per
// line, and its properties.
func (v *asideView) renderProperties() {
	p := v.formPin()
	v.last.show(p != nil && p.Count > 0)
	if p == nil {
		p = new(session.Pin)
	}
	lines := make([]string, len(p.Values))
	for i, item := range p.Values {
		lines[i] = Visible(item)
	}
	v.lastValue.setText(strings.Join(lines, "\n"))
	props := p.Properties
	if len(props) == len(v.props) && (len(props) == 0 || &props[0] == &v.props[0]) {
		return
	}
	v.props = props
	v.properties.clear()
	for _, p := range props {
		row := v.propertyRow.copy()
		row.child(0).orDash(p.Name)
		row.child(1).orDash(p.Value)
		v.properties.append(row)
	}
}

// formPin returns the pin whose number stands in the form; nil if there is none.
func (v *asideView) formPin() *session.Pin {
	n, ok := parsePin(v.pin.value())
	pins := v.u.state.Pins
	i, there := slices.BinarySearchFunc(pins, n, func(p session.Pin, n uint16) int { return int(p.Number) - int(n) })
	if !ok || !there {
		return nil
	}
	return &pins[i]
}
