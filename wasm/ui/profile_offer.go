//go:build js && wasm

package ui

import (
	"syscall/js"

	"ncpweb/session"
	"ncpweb/session/profile"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// offerView is a card above all views with a question: whether to use the profile that
// a link carries, and whether to apply to another device what was applied to the last.
type offerView struct {
	u        *UI
	box      *doc.Element
	title    *doc.Element
	text     *doc.Element
	list     *doc.Element
	row      doc.Pattern
	yes, no  *doc.Element
	fill     func() // says what stands in the card
	accepted func()
	refused  func()

	sent  *profile.Profile // what was applied last
	to    map[string]bool  // devices that it was applied to, or that it is not wanted for
	asked string           // the device that the card asks about
}

func newOfferView(u *UI) *offerView {
	v := &offerView{
		u: u, box: doc.ByID("offer"), title: doc.ByID("offer-title"), text: doc.ByID("offer-text"), list: doc.ByID("offer-list"),
		row: doc.NewPattern("t-property"), yes: doc.ByID("offer-yes"), no: doc.ByID("offer-no"), to: make(map[string]bool),
	}
	u.On(v.yes, "click", func() { v.close(v.accepted) })
	u.On(v.no, "click", func() { v.close(v.refused) })
	return v
}

func (v *offerView) close(then func()) {
	v.box.Show(false)
	v.asked = ""
	v.accepted, v.refused = nil, nil
	if then != nil {
		then()
	}
}

// link takes the profile of a link. It fills in nothing before the person says so.
func (v *offerView) link(fragment string) {
	form := v.u.configure.profile
	p, warnings, err := profile.ParseFragment(fragment)
	if err != nil {
		form.refuse(func() string { return lang.T("The profile of the link was not opened.") }, err)
		return
	}
	name, _ := show.Cut(show.Visible(p.Name), doc.MaxField)
	v.ask(func() {
		for _, d := range profile.Compare(p, &session.State{}) {
			row := v.row.Copy()
			row.Child(0).SetText(SettingName(d.Field))
			row.Child(1).SetCut(SettingValue(d.Field, d.Want), 60)
			v.list.Append(row)
		}
		text := lang.T("Look at what it sets. Nothing is filled in before you say so, and nothing is sent before Apply.")
		if len(warnings) > 0 {
			text += " " + WarningWords(warnings)
		}
		v.say(lang.F("This link carries a profile: {0}", name), text, lang.T("Use it"), lang.T("Ignore"))
	})
	v.accepted = func() {
		form.replace(func() {
			form.use(p, warnings)
			form.form.inputs["templateID"].Focus()
		})
	}
	v.title.Focus()
}

// ask shows the card. fill says what stands in it, in the language of the page.
func (v *offerView) ask(fill func()) {
	v.fill = fill
	v.relabel()
	v.box.Show(true)
}

func (v *offerView) relabel() {
	if v.fill != nil {
		v.list.Clear()
		v.fill()
	}
}

func (v *offerView) say(title, text, yes, no string) {
	v.title.SetText(title)
	v.text.SetText(text)
	v.yes.SetText(yes)
	v.no.SetText(no)
}

// applied notes what was applied to the present device.
func (v *offerView) applied(p profile.Profile) {
	v.sent = &p
	clear(v.to)
	v.to[deviceID(&v.u.state)] = true
}

// deviceID tells devices apart; empty: it cannot be told.
func deviceID(st *session.State) string {
	if st.Device.WiFiMAC != "" {
		return st.Device.WiFiMAC
	}
	return st.Device.EthernetMAC
}

// render offers the last profile to a device that did not get it.
func (v *offerView) render() {
	st := &v.u.state
	id := deviceID(st)
	if v.asked != "" {
		if id != v.asked || !v.u.ready() || st.Applied != nil {
			v.close(nil)
		}
		return
	}
	if v.accepted != nil || v.sent == nil || id == "" || v.to[id] || !v.u.ready() || st.Applied != nil || v.u.running["apply"] > 0 {
		return
	}
	p := *v.sent
	name, _ := show.Cut(show.Visible(p.Name), 60)
	v.ask(func() {
		v.say(lang.T("Another device"), lang.F("{0} was applied to the last one. It can be applied to this one as it is.", name), lang.F("Apply {0}", name), lang.T("Not now"))
	})
	v.asked = id
	v.accepted = func() {
		form := v.u.configure.profile
		form.replace(func() {
			form.use(p, nil)
			js.Global().Get("location").Set("hash", "configure")
			form.form.apply()
		})
	}
	v.refused = func() { v.to[id] = true }
	v.u.toasts.add(lang.F("Another device. {0} can be applied to it", name), show.Idle)
}
