//go:build js && wasm

package ui

import (
	"context"
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/show"
)

// timelineView is what stands beside the pins for what is not a pin: events, metadata
// and the timeline.
type timelineView struct {
	u *UI

	code, codeFault, text *doc.Element
	field, fieldFault     *doc.Element
	metadata              *doc.Element
	timeline, noTimeline  *doc.Element
	eventRow              doc.Pattern
	kind                  *doc.Element
	events                []session.Event // as shown
	day                   string          // on which they were shown
}

func newTimelineView(u *UI) *timelineView {
	v := &timelineView{
		u:    u,
		code: doc.ByID("event-code"), codeFault: doc.ByID("e-event-code"), text: doc.ByID("event-description"),
		field: doc.ByID("metadata-field"), fieldFault: doc.ByID("e-metadata-field"), metadata: doc.ByID("metadata-value"),
		timeline: doc.ByID("timeline"), noTimeline: doc.ByID("timeline-empty"), eventRow: doc.NewPattern("t-event"), kind: doc.ByID("timeline-kind"),
	}
	u.On(v.kind, "change", func() { v.timeline.SetAttr("data-only", v.kind.Input()) })
	u.OnSubmit(doc.ByID("event-form"), func() {
		text := v.text.Input()
		v.event("logEvent", func(ctx context.Context, code string) error { return u.session.LogEvent(ctx, code, text) })
	})
	u.On(doc.ByID("event-resolve"), "click", func() { v.event("resolve", u.session.ResolveEvent) })
	u.On(doc.ByID("event-resolve-all"), "click", func() { v.event("resolveAll", u.session.ResolveAllEvents) })
	u.OnSubmit(doc.ByID("metadata-form"), v.setMetadata)
	return v
}

func (v *timelineView) event(command string, f func(context.Context, string) error) {
	code := strings.TrimSpace(v.code.Input())
	words := ""
	if code == "" {
		words = needCode
	}
	if fault(v.code, v.codeFault, words) {
		return
	}
	v.u.do(command, false, func(ctx context.Context) error { return f(ctx, code) })
}

func (v *timelineView) setMetadata() {
	field, value := strings.TrimSpace(v.field.Input()), v.metadata.Input()
	words := ""
	if field == "" {
		words = needCode
	}
	if fault(v.field, v.fieldFault, words) {
		return
	}
	v.u.do("metadata", false, func(ctx context.Context) error { return v.u.session.SetMetadata(ctx, field, value) })
}

func (v *timelineView) render() { v.renderTimeline(v.u.state.Events) }

// renderTimeline shows the events, the newest first. Events only come at the end and
// go at the beginning.
func (v *timelineView) renderTimeline(events []session.Event) {
	v.noTimeline.Show(len(events) == 0)
	today := v.u.now.Format(time.DateOnly)
	if today == v.day && len(events) == len(v.events) && (len(events) == 0 || &events[0] == &v.events[0]) {
		return
	}
	if today != v.day { // the times of yesterday need their date now
		v.day, v.events = today, nil
		v.timeline.Clear()
	}
	kept := overlap(v.events, events)
	for _, e := range events[kept:] {
		row := v.eventRow.Copy()
		word, tone := EventWords(e)
		at := show.Clock(e.Time)[:8]
		if day := e.Time.Format(time.DateOnly); day != today {
			at = day + " " + at
		}
		row.Child(0).SetText(at)
		row.SetAttr("data-kind", kindOf(e))
		doc.NewSign(row, row.One("use"), row.Child(2)).SetTone(tone)
		row.Child(2).SetCut(word, doc.MaxField)
		v.timeline.Prepend(row)
	}
	for n := v.timeline.Value.Get("childElementCount").Int(); n > len(events); n-- {
		v.timeline.Value.Get("lastElementChild").Call("remove")
	}
	v.events = events
}
