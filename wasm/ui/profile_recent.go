//go:build js && wasm

package ui

import (
	"strings"

	"ncpweb/session/profile"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// maxRecent is how many profiles are kept.
const maxRecent = 20

// recentKey is the setting that holds the profiles, one on a line.
const recentKey = "profiles"

// recentView lists the profiles that were used last, the newest first.
type recentView struct {
	u       *UI
	profile *profileView
	box     *doc.Element
	count   *doc.Element
	list    *doc.Element
	row     doc.Pattern
	known   []profile.Profile
	apply   []*doc.Element // buttons, in the order of the list
	stale   bool           // the rows are not those of known
}

func newRecentView(u *UI, p *profileView) *recentView {
	v := &recentView{
		u: u, profile: p, box: doc.ByID("recent"), count: doc.ByID("recent-count"), list: doc.ByID("recent-list"),
		row: doc.NewPattern("t-recent"), stale: true,
	}
	stored, _ := page.Setting(recentKey)
	for line := range strings.Lines(stored) {
		if len(v.known) == maxRecent {
			break
		}
		if p, _, err := profile.Parse([]byte(line)); err == nil {
			v.known = append(v.known, p)
		}
	}
	u.OnTarget(v.list, "click", "[data-act]", func(b *doc.Element) { v.act(b) })
	return v
}

// named returns the profile of that name.
func (v *recentView) named(name string) (profile.Profile, bool) {
	for _, p := range v.known {
		if p.Name == name {
			return p, true
		}
	}
	return profile.Profile{}, false
}

// add puts a profile first. One of the same name is replaced.
func (v *recentView) add(p profile.Profile) {
	list := []profile.Profile{p}
	for _, old := range v.known {
		if old.Name != p.Name && len(list) < maxRecent {
			list = append(list, old)
		}
	}
	v.set(list)
}

func (v *recentView) set(list []profile.Profile) {
	v.known, v.stale = list, true
	var text []byte
	for _, p := range list {
		text = append(profile.AppendLine(text, p), '\n')
	}
	page.Store(recentKey, string(text))
}

// recentActs are what the buttons of a row do.
//
//lang:texts
var recentActs = map[string]string{"apply": "Apply", "use": "Fill in", "remove": "Remove"}

// act does what a button of a row says.
func (v *recentView) act(b *doc.Element) {
	row := b.Value.Call("closest", "li")
	i := 0
	for prev := row.Get("previousElementSibling"); !prev.IsNull(); prev = prev.Get("previousElementSibling") {
		i++
	}
	if i >= len(v.known) {
		return
	}
	p := v.known[i]
	switch b.Data("act") {
	case "remove":
		v.set(append(v.known[:i:i], v.known[i+1:]...))
		v.render()
		v.box.One("summary").Focus()
	case "use":
		v.profile.replace(func() {
			v.profile.use(p, nil)
			v.u.toasts.add(lang.F("{0} filled in. Nothing is sent before Apply", show.Visible(p.Name)), show.OK)
		})
	case "apply":
		v.profile.replace(func() {
			v.profile.use(p, nil)
			v.profile.form.apply()
		})
	}
}

func (v *recentView) render() {
	v.box.Show(len(v.known) > 0)
	if v.stale {
		v.stale = false
		v.count.SetText(lang.N(len(v.known), "{0} profile", "{0} profiles"))
		v.list.Clear()
		v.apply = v.apply[:0]
		for _, p := range v.known {
			row := v.row.Copy()
			name := show.Visible(p.Name)
			row.One("bdi").SetCut(name, doc.MaxField)
			row.One(".data").SetText(show.Visible(p.Config.TemplateID))
			for _, b := range row.All("[data-act]") {
				act := b.Data("act")
				word := lang.T(recentActs[act])
				b.SetAttr("aria-label", join(word, name))
				switch act {
				case "apply":
					v.apply = append(v.apply, b)
					b.SetText(word)
				case "use":
					b.SetText(word)
				}
			}
			v.list.Append(row)
		}
	}
	on := v.u.ready() && v.u.running["apply"] == 0
	for _, b := range v.apply {
		b.Enable(on)
	}
}
