//go:build js && wasm

package ui

import (
	"strings"
	"syscall/js"

	"ncpweb/session"
	"ncpweb/session/profile"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// frame is what stands around the views: the connection chip, the buttons beside it,
// the rail and the colours.
type frame struct {
	u          *UI
	chip       doc.Sign
	detail     *doc.Element
	connect    *doc.Element
	disconnect *doc.Element
	try        *doc.Element
	theme      *doc.Element
	themeIcon  *doc.Element
	language   *doc.Element
	views      map[string]*doc.Element
	titles     map[string]*doc.Element
	links      []*doc.Element
	title      string
}

func newFrame(u *UI) *frame {
	f := &frame{
		u:          u,
		chip:       doc.NewSign(doc.ByID("chip"), doc.ByID("chip-shape"), doc.ByID("chip-main")),
		detail:     doc.ByID("chip-detail"),
		connect:    doc.ByID("connect"),
		disconnect: doc.ByID("disconnect"),
		try:        doc.ByID("try"),
		theme:      doc.ByID("theme"),
		themeIcon:  doc.ByID("theme-icon"),
		language:   doc.ByID("language"),
		views:      make(map[string]*doc.Element),
		titles:     make(map[string]*doc.Element),
		links:      doc.Root().All("[data-nav]"),
	}
	for _, v := range doc.Root().All("[data-view]") {
		name := v.Data("view")
		f.views[name] = v
		f.titles[name] = doc.ByID("title-" + name)
	}
	window := doc.Wrap(js.Global())
	u.On(window, "hashchange", func() { f.goTo(true) })
	u.On(f.theme, "click", f.nextTheme)
	f.setTheme(f.storedTheme())
	u.On(f.language, "click", f.nextLanguage)
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
	if profile.IsFragment(name) {
		fragment := name
		name = "configure"
		js.Global().Get("history").Call("replaceState", nil, "", "#"+name)
		defer f.u.offer.link(fragment)
	}
	if f.views[name] == nil {
		name = "device"
	}
	changed := f.u.view != name
	f.u.view = name
	for n, v := range f.views {
		v.Show(n == name)
	}
	rail := f.views[name].Data("rail") // a view without a link of its own is part of another one
	if rail == "" {
		rail = name
	}
	for _, l := range f.links {
		if l.Data("nav") == rail {
			l.SetAttr("aria-current", "page")
		} else {
			l.SetFlag("aria-current", false)
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
	name := PortName(st.Port.Name)
	if name == "" {
		name = lang.T("Serial port")
	}
	var detail []string
	switch st.Phase {
	case session.PhaseIdle:
	case session.PhaseReady:
		state, stateTone := StateWords(st.Device.State, st.Device.StateKnown)
		detail = append(detail, state, show.Baud(st.Baud))
		if v, _ := show.Cut(show.Visible(st.Device.Version), 24); v != "" {
			detail = append(detail, "NCP "+v)
		}
		word = name
		tone = show.OK
		if stateTone == show.Fail || stateTone == show.Warn {
			tone = stateTone
		}
	default:
		detail = append(detail, name)
		if st.Baud > 0 {
			detail = append(detail, show.Baud(st.Baud))
		}
	}
	if f.u.held != "" {
		word, tone, detail = f.u.held, show.Busy, nil
	}
	f.chip.Set(word, tone)
	f.detail.SetText(strings.Join(detail, " · "))
	idle := st.Phase == session.PhaseIdle || st.Phase == session.PhaseFailed
	// Who pressed one of them goes on with the other: a hidden button has no focus.
	focused := doc.Document().Get("activeElement")
	f.connect.Show(idle)
	f.try.Show(idle)
	f.disconnect.Show(!idle)
	switch {
	case !idle && (focused.Equal(f.connect.Value) || focused.Equal(f.try.Value)):
		f.disconnect.Focus()
	case idle && focused.Equal(f.disconnect.Value):
		f.connect.Focus()
	}
	title := word + " – NCP Web Console"
	if st.Phase == session.PhaseIdle && f.u.held == "" {
		title = "NCP Web Console"
	}
	if title != f.title {
		f.title = title
		doc.Document().Set("title", title)
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
		doc.Root().RemoveAttribute("data-theme")
		icon = "auto"
	} else {
		doc.Root().SetAttribute("data-theme", theme)
	}
	f.themeIcon.SetAttr("href", "#i-"+icon)
	f.theme.SetAttr("aria-label", ThemeWords(theme))
	f.theme.SetAttr("title", ThemeWords(theme))
}

// languages are those of the page: code, what the button shows, and the name, in
// themselves.
var languages = [][3]string{{"en", "EN", "Language: English"}, {"uk", "УК", "Мова: українська"}}

// nextLanguage goes from one language to the next.
func (f *frame) nextLanguage() {
	next := languages[0][0]
	for i, l := range languages {
		if l[0] == lang.Code() {
			next = languages[(i+1)%len(languages)][0]
		}
	}
	page.ChooseLanguage(next, func(err error) {
		if err != nil {
			f.u.Post(func() { f.u.toasts.add(lang.T("The language could not be loaded"), show.Warn) })
		}
	})
}

// relabel shows what the frame says in the language of the page.
func (f *frame) relabel() {
	for _, l := range languages {
		if l[0] == lang.Code() {
			f.language.SetText(l[1])
			f.language.SetAttr("lang", l[0])
			f.language.SetAttr("aria-label", l[1]+", "+l[2])
			f.language.SetAttr("title", l[2])
		}
	}
	f.setTheme(f.storedTheme())
}
