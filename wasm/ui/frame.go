//go:build js && wasm

package ui

import (
	"strings"
	"syscall/js"

	"ncpweb/session"
	"ncpweb/wasm/page"
)

// frame is what stands around the views: the connection chip, the buttons beside it,
// the rail and the colours.
type frame struct {
	u          *UI
	chip       sign
	detail     *element
	connect    *element
	disconnect *element
	try        *element
	theme      *element
	themeIcon  *element
	views      map[string]*element
	titles     map[string]*element
	links      []*element
	title      string
}

func newFrame(u *UI) *frame {
	f := &frame{
		u:          u,
		chip:       sign{byID("chip"), byID("chip-shape"), byID("chip-main")},
		detail:     byID("chip-detail"),
		connect:    byID("connect"),
		disconnect: byID("disconnect"),
		try:        byID("try"),
		theme:      byID("theme"),
		themeIcon:  byID("theme-icon"),
		views:      make(map[string]*element),
		titles:     make(map[string]*element),
		links:      root().all("[data-nav]"),
	}
	for _, v := range root().all("[data-view]") {
		name := v.data("view")
		f.views[name] = v
		f.titles[name] = byID("title-" + name)
	}
	window := wrap(js.Global())
	u.on(window, "hashchange", func() { f.goTo(true) })
	u.on(f.theme, "click", f.nextTheme)
	f.setTheme(f.storedTheme())
	f.goTo(false)
	return f
}

// goTo shows the view that the address names; focus tells whether the person went
// there and the heading should be spoken.
func (f *frame) goTo(focus bool) {
	name := strings.TrimPrefix(js.Global().Get("location").Get("hash").String(), "#")
	if name == "main" {
		return // the skip link
	}
	if f.views[name] == nil {
		name = "device"
	}
	changed := f.u.view != name
	f.u.view = name
	for n, v := range f.views {
		v.show(n == name)
	}
	for _, l := range f.links {
		if l.data("nav") == name {
			l.setAttr("aria-current", "page")
		} else {
			l.setFlag("aria-current", false)
		}
	}
	if focus && changed {
		js.Global().Call("scrollTo", 0, 0)
		f.titles[name].Focus()
	}
}

func (f *frame) render() {
	st := &f.u.state
	word, tone := PhaseWords(st.Phase)
	name, _ := Cut(Visible(st.Port.Name), 60)
	if name == "" {
		name = "Serial port"
	}
	var detail []string
	switch st.Phase {
	case session.PhaseIdle:
	case session.PhaseReady:
		state, stateTone := StateWords(st.Device.State, st.Device.StateKnown)
		detail = append(detail, state, Baud(st.Baud))
		if v, _ := Cut(Visible(st.Device.Version), 24); v != "" {
			detail = append(detail, "NCP "+v)
		}
		word = name
		tone = OK
		if stateTone == Fail || stateTone == Warn {
			tone = stateTone
		}
	default:
		detail = append(detail, name)
		if st.Baud > 0 {
			detail = append(detail, Baud(st.Baud))
		}
	}
	f.chip.set(word, tone)
	f.detail.setText(strings.Join(detail, " · "))
	idle := st.Phase == session.PhaseIdle || st.Phase == session.PhaseFailed
	// Who pressed one of them goes on with the other: a hidden button has no focus.
	focused := document().Get("activeElement")
	f.connect.show(idle)
	f.try.show(idle)
	f.disconnect.show(!idle)
	switch {
	case !idle && (focused.Equal(f.connect.Value) || focused.Equal(f.try.Value)):
		f.disconnect.Focus()
	case idle && focused.Equal(f.disconnect.Value):
		f.connect.Focus()
	}
	title := word + " – NCP Web Console"
	if st.Phase == session.PhaseIdle {
		title = "NCP Web Console"
	}
	if title != f.title {
		f.title = title
		document().Set("title", title)
	}
}

const themeKey = "theme"

func (f *frame) storedTheme() string {
	v, _ := page.Setting(themeKey)
	if v != "light" && v != "dark" {
		return ""
	}
	return v
}

// nextTheme goes from the system's colours to light, to dark, and back.
func (f *frame) nextTheme() {
	next := map[string]string{"": "light", "light": "dark", "dark": ""}[f.storedTheme()]
	if next == "" {
		page.Forget(themeKey)
	} else {
		page.Store(themeKey, next)
	}
	f.setTheme(next)
}

func (f *frame) setTheme(theme string) {
	icon := theme
	if theme == "" {
		root().RemoveAttribute("data-theme")
		icon = "auto"
	} else {
		root().SetAttribute("data-theme", theme)
	}
	f.themeIcon.setAttr("href", "#i-"+icon)
	f.theme.setAttr("aria-label", ThemeWords(theme))
	f.theme.setAttr("title", ThemeWords(theme))
}
