//go:build js && wasm

package ui

import (
	"errors"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/session"
	"ncpweb/session/profile"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// profileView is the form as a profile: saved, opened, shared, used again.
type profileView struct {
	u      *UI
	form   *configureView
	name   *doc.Element
	file   *doc.Element
	state  doc.Sign
	notice doc.Sign
	said   spoken // in notice

	present profile.Profile   // what was opened, saved or applied last
	base    map[string]string // texts of the form then; nil: nothing was
	edited  bool              // the form may have changed since state was shown
	recent  *recentView
	compare *compareView
}

// madeBy is the program that is named in the files that it writes.
const madeBy = "NCP Web Console"

// currentKey remembers under which name the form was saved last.
const currentKey = "profile"

func newProfileView(u *UI, form *configureView) *profileView {
	v := &profileView{
		u: u, form: form, name: doc.ByID("profile-name"), file: doc.ByID("profile-file"),
		state:  doc.NewSign(doc.ByID("profile-state"), doc.ByID("profile-state-shape"), doc.ByID("profile-state-word")),
		notice: doc.NewSign(doc.ByID("profile-notice"), doc.ByID("profile-notice-shape"), doc.ByID("profile-notice-text")),
	}
	v.said.e = v.notice.Word
	v.recent = newRecentView(u, v)
	v.compare = newCompareView(u, v)
	if name, ok := page.Setting(currentKey); ok {
		if p, ok := v.recent.named(name); ok {
			v.adopt(p)
		}
	}
	v.edited = true
	u.On(v.name, "input", func() { v.edited = true })
	u.OnSubmit(doc.ByID("profile-form"), v.save)
	u.On(doc.ByID("profile-open"), "click", func() { v.file.Value.Call("click") })
	u.On(doc.ByID("profile-link"), "click", v.link)
	u.On(doc.ByID("profile-notice-close"), "click", v.closeNotice)
	opened := func(f page.File, err error) { u.Post(func() { v.open(f, err) }) }
	page.OnFile(v.file.Value, profile.MaxSize, opened)
	page.OnFile(doc.ByID("view-configure").Value, profile.MaxSize, opened)
	return v
}

// adopt makes p the profile that the form is compared with.
func (v *profileView) adopt(p profile.Profile) {
	v.present, v.base, v.edited = p, session.FormValues(p.Config), true
	v.name.SetInput(p.Name)
	page.Store(currentKey, p.Name)
}

// changed tells whether the form is no longer what was saved.
func (v *profileView) changed() bool {
	if v.base == nil {
		return v.form.text("templateID") != "" || v.form.text("templateName") != ""
	}
	return v.nameText() != v.present.Name || v.differs(v.base)
}

// differs tells whether the form holds other texts than these.
func (v *profileView) differs(form map[string]string) bool {
	for _, f := range session.Fields() {
		if f.Group != "" && v.form.text(f.Group) != "on" {
			continue
		}
		if strings.TrimSpace(v.form.text(f.Name)) != form[f.Name] {
			return true
		}
	}
	return false
}

// nameText is the name of the profile: what was typed, or that of the template.
func (v *profileView) nameText() string {
	name := strings.TrimSpace(v.name.Input())
	if name == "" {
		name = strings.TrimSpace(v.form.text("templateName"))
	}
	if len(name) > profile.MaxName {
		name = strings.ToValidUTF8(name[:profile.MaxName], "")
	}
	return name
}

// made is the profile that the form makes, for a configuration that was read from it.
func (v *profileView) made(cfg session.Configuration) profile.Profile {
	p := profile.Profile{Name: v.nameText(), Board: v.present.Board, Config: cfg}
	for _, pin := range v.u.session.State().Pins {
		if pin.Name != "" || pin.Unit != "" {
			p.Pins = append(p.Pins, profile.Pin{Number: pin.Number, Name: pin.Name, Unit: pin.Unit})
		}
	}
	return p
}

// save writes the form to a file.
func (v *profileView) save() {
	cfg, ok := v.form.check()
	if !ok {
		return
	}
	v.closeNotice()
	p := v.made(cfg)
	p.Made = profile.Made{At: time.Now().UTC().Format(time.RFC3339), By: madeBy}
	if err := page.Download(fileName(p.Name), "application/json", profile.Append(nil, p)); err != nil {
		v.u.toasts.add(lang.T("The browser did not save the file"), show.Warn)
		return
	}
	v.keep(p)
	v.u.toasts.add(lang.T("Profile saved"), show.OK)
}

// keep remembers a profile that the form holds now.
func (v *profileView) keep(p profile.Profile) {
	v.adopt(p)
	v.recent.add(p)
}

// applied notes what the device got.
func (v *profileView) applied(p profile.Profile) {
	v.recent.add(p)
	v.u.offer.applied(p)
	if !v.differs(session.FormValues(p.Config)) {
		v.adopt(p)
	}
}

// link copies a link that carries the form.
func (v *profileView) link() {
	cfg, ok := v.form.check()
	if !ok {
		return
	}
	location := js.Global().Get("location")
	v.u.copy(location.Get("origin").String() + location.Get("pathname").String() + "#" + profile.Fragment(v.made(cfg)))
}

// open takes a file that was chosen or dropped.
func (v *profileView) open(f page.File, err error) {
	if errors.Is(err, page.ErrTooLong) {
		err = &profile.Error{Rule: profile.RuleSize}
	}
	var p profile.Profile
	var warnings []profile.Warning
	if err == nil {
		p, warnings, err = profile.Parse(f.Data)
	}
	name, _ := show.Cut(show.Visible(f.Name), 60)
	if err != nil {
		v.refuse(func() string { return lang.F("{0} was not opened.", name) }, err)
		return
	}
	v.replace(func() {
		v.use(p, warnings)
		v.u.toasts.add(lang.F("{0} opened. Nothing is sent before Apply", name), show.OK)
	})
}

//lang:texts
var confirmReplace = Confirmation{
	Title:  "Replace what stands in the form",
	Text:   "It was changed and is not saved as a profile.",
	Button: "Replace",
}

// replace does what replaces the form: at once if nothing is lost by it.
func (v *profileView) replace(then func()) {
	if v.changed() {
		v.u.confirms.ask(confirmReplace, then)
		return
	}
	then()
}

// use fills in the form. Nothing goes to a device.
func (v *profileView) use(p profile.Profile, warnings []profile.Warning) {
	v.closeNotice()
	if len(warnings) > 0 {
		v.say(func() string { return WarningWords(warnings) }, show.Warn)
	}
	v.form.fill(session.FormValues(p.Config))
	v.namePins(p.Pins)
	v.keep(p)
}

// namePins gives pins the names of a profile. Ranges and colours that they have stay; a
// full table of pins has no room for more names.
func (v *profileView) namePins(pins []profile.Pin) {
	known := make(map[uint16]session.Pin)
	for _, pin := range v.u.session.State().Pins {
		known[pin.Number] = pin
	}
	for _, pin := range pins {
		k := known[pin.Number]
		_ = v.u.session.SetPinInfo(session.PinInfo{Number: pin.Number, Name: pin.Name, Unit: pin.Unit, Min: k.Min, Max: k.Max, Color: k.Color})
	}
}

// refuse says why a file or a link was not opened.
func (v *profileView) refuse(what func() string, err error) {
	v.say(func() string {
		why := lang.T("It cannot be read.")
		var e *profile.Error
		if errors.As(err, &e) {
			why = ProfileFault(e)
		}
		text, _ := show.Cut(what()+" "+why, 400)
		return text
	}, show.Fail)
}

func (v *profileView) say(words func() string, tone show.Tone) {
	v.said.say(words)
	v.notice.SetTone(tone)
	v.notice.Box.Show(true)
}

func (v *profileView) closeNotice() { v.notice.Box.Show(false) }

func (v *profileView) render() {
	if v.edited {
		v.edited = false
		v.renderState()
	}
	v.recent.render()
	v.compare.render()
}

// renderState says whether the form is what was saved.
func (v *profileView) renderState() {
	v.state.Box.Show(v.base != nil)
	switch {
	case v.base == nil:
	case v.changed():
		v.state.Set(lang.T("Changed"), show.Warn)
	default:
		v.state.Set(lang.T("As saved"), show.OK)
	}
}

// fileName makes a name that every file system takes.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && !(r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') || !(r > 0xA0) && r >= 0x80 {
			return '-'
		}
		return r
	}, show.Visible(name))
	clean, _ = show.Cut(strings.Trim(clean, "-"), 40)
	if clean = strings.Trim(clean, "-…"); clean == "" {
		clean = "profile"
	}
	return clean + ".ncp.json"
}
