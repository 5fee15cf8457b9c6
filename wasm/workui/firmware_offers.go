//go:build js && wasm

package workui

import (
	"context"
	"strings"

	"ncpweb/firmware/manifest"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// releases is where Blynk publishes NCP firmware.
const releases = "https://github.com/Blynk-Technologies/Blynk-NCP-Driver/releases"

// offersView names firmware that need not be looked for: that of the site which serves
// the page, a sample for a simulated board, and the right file of Blynk's releases.
type offersView struct {
	v     *firmwareView
	list  *doc.Element
	row   doc.Pattern
	shown string // what the rows were made of

	site    *manifest.Manifest // of the site; nil: there is none
	address string             // of that
	asked   bool
}

func newOffersView(v *firmwareView) *offersView {
	o := &offersView{v: v, list: doc.ByID("fw-offers"), row: doc.NewPattern("t-fw-offer")}
	v.u.OnSubmit(doc.ByID("fw-url-form"), func() { v.fetchManifest(doc.ByID("fw-url").Input()) })
	v.u.OnTarget(o.list, "click", "button", func(b *doc.Element) {
		switch b.Data("act") {
		case "site":
			v.fetchManifest(o.address)
			doc.ByID("fw-open").Focus() // the button goes
		case "sample":
			o.takeSample(b)
		}
	})
	return o
}

// ask looks whether the site has firmware of its own: who installs the page says so in
// its head, <meta name="ncp-firmware" content="firmware/manifest.json">. Nothing is asked
// for otherwise, as a browser would report the missing file as an error.
func (o *offersView) ask() {
	if o.asked {
		return
	}
	o.asked = true
	meta := doc.Document().Call("querySelector", `meta[name="ncp-firmware"]`)
	if meta.IsNull() {
		return
	}
	u, ok := resolve(meta.Get("content").String())
	if !ok || !allowed(u) {
		return
	}
	address := u.Get("href").String()
	go func() {
		data, err := o.v.u.load(context.Background(), address, manifest.MaxJSON)
		if err != nil {
			return // an offer less
		}
		m, err := manifest.Parse(data)
		if err != nil {
			return
		}
		o.v.u.Post(func() { o.site, o.address = m, address })
	}()
}

// sample is the chip of the simulated board that is chosen; empty: there is none.
func (o *offersView) sample() string {
	u := o.v.u
	if u.simulator == nil || u.run == nil {
		return ""
	}
	id := ""
	switch s := string(u.run.ports.source()); {
	case s == string(portSim), s == string(portCore) && u.status.Source == string(webserial.Simulator):
		id = demoChip
	case s == string(portCore) && u.status.Source == string(webserial.Boards):
		id = chipInName(u.status.Port)
	case strings.HasPrefix(s, string(portBoard)):
		id = chipInName(s[len(portBoard):])
	}
	if id != "" && o.v.chip.id != "" {
		return o.v.chip.id
	}
	return id
}

// demoChip is the chip of the simulated device of "Try without hardware".
const demoChip = "esp32c3"

func (o *offersView) takeSample(b *doc.Element) {
	b.Enable(false)
	b.SetAttr("aria-busy", "true")
	chip := o.sample()
	name := "sample-" + chip + ".bin"
	page.Sample(chip, func(data []byte, err error) {
		o.v.u.Post(func() {
			b.Enable(true)
			b.SetFlag("aria-busy", false)
			if err != nil {
				o.v.notice.refuse(name, lang.T("The simulator could not make it."))
				o.v.changed()
				return
			}
			o.v.offer(name, data)
			doc.ByID("fw-open").Focus() // the button goes
		})
	})
}

func (o *offersView) render() {
	o.ask()
	file, chip := fileFor(o.v.board.catalogue, o.v.board.chosen, o.v.chip), o.sample()
	key := file + "|" + chip
	if o.site != nil {
		key += "|" + o.address
	}
	if len(o.v.pieces) > 0 || o.v.bundle != nil {
		key = "none"
	}
	if key == o.shown {
		return
	}
	o.shown = key
	o.list.Clear()
	o.list.Show(key != "none")
	if key == "none" {
		return
	}
	if chip != "" {
		o.add("sample", lang.T("Sample firmware"), lang.F("for this simulated {0}", familyName(chip)), lang.T("Use the sample"))
	}
	if o.site != nil {
		name, _ := show.Cut(show.Visible(o.site.Name+" "+o.site.Version), doc.MaxField)
		o.add("site", name, lang.T("from this site"), lang.T("Use it"))
	}
	if file != "" {
		o.add("", file, lang.T("Blynk’s NCP firmware for it: download it from the releases, then drop it here."), "")
	} else {
		o.add("", lang.T("Blynk’s NCP firmware"), lang.T("Download the file for your board from the releases, then drop it here."), "")
	}
}

// add adds a row: with a button that does act, or with the link to the releases.
func (o *offersView) add(act, title, text, button string) {
	row := o.row.Copy()
	row.One("b").SetText(title)
	row.One(".caption").SetText(text)
	b, a := row.One("button"), row.One("a")
	b.Show(act != "")
	b.SetText(button)
	b.SetAttr("data-act", act)
	a.Show(act == "")
	a.SetText(lang.T("Open the releases"))
	a.SetAttr("href", releases)
	o.list.Append(row)
}
