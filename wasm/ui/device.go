//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// deviceView is the card of the NCP, its link, time and place, the checklist, and
// what one can make it do.
type deviceView struct {
	u *UI

	empty, other            *doc.Element
	bringup, notice         *doc.Element
	phases                  []doc.Sign
	card, pair, control     *doc.Element
	name, boot              *doc.Element
	state                   doc.Sign
	version, configured     *doc.Element
	wifi, ethernet, hotspot *doc.Element
	adapter                 *doc.Element
	forget                  *doc.Element
	link                    linkPanel
	time                    timePanel
	checklist               []doc.Sign
	methods                 methodsPanel
}

func newDeviceView(u *UI) *deviceView {
	v := &deviceView{
		u: u, empty: doc.ByID("device-empty"), other: doc.ByID("empty-other"),
		bringup: doc.ByID("bringup"), notice: doc.ByID("bringup-notice"),
		card: doc.ByID("device-card"), pair: doc.ByID("device-pair"), control: doc.ByID("control"),
		name: doc.ByID("device-name"), boot: doc.ByID("device-boot"),
		state:   doc.NewSign(doc.ByID("device-state"), doc.ByID("device-state-shape"), doc.ByID("device-state-word")),
		version: doc.ByID("device-version"), configured: doc.ByID("device-configured"),
		wifi: doc.ByID("device-wifi"), ethernet: doc.ByID("device-ethernet"), hotspot: doc.ByID("device-hotspot"), adapter: doc.ByID("device-adapter"),
		forget: doc.ByID("forget-row"), link: newLinkPanel(u), time: newTimePanel(u), methods: newMethodsPanel(),
	}
	for _, li := range doc.ByID("phases").All("li") {
		v.phases = append(v.phases, doc.NewSign(li, li.One("use"), li.One(".state-word")))
	}
	for _, li := range doc.ByID("checklist").All("li") {
		v.checklist = append(v.checklist, doc.NewSign(li, li.One("use"), li.One(".state-word")))
	}
	v.listen()
	return v
}

func (v *deviceView) listen() {
	u, s := v.u, v.u.session
	u.On(doc.ByID("refresh"), "click", func() { u.do("refresh", false, s.Refresh) })
	u.On(doc.ByID("config-start"), "click", func() { u.do("configStart", false, s.ConfigStart) })
	u.On(doc.ByID("config-stop"), "click", func() { u.do("configStop", false, s.ConfigStop) })
	u.On(doc.ByID("config-reset"), "click", func() {
		u.confirms.ask(confirmConfigReset, func() { u.do("configReset", false, s.ConfigReset) })
	})
	u.On(doc.ByID("reboot"), "click", func() {
		u.confirms.ask(confirmReboot, func() { u.do("reboot", false, s.Reboot) })
	})
	u.On(doc.ByID("factory-reset"), "click", func() {
		u.confirms.ask(confirmFactory, func() { u.do("factory", false, s.FactoryReset) })
	})
	u.On(doc.ByID("forget"), "click", func() {
		u.confirms.ask(confirmForget, func() { u.do("forget", false, u.ports.forget) })
	})
}

func (v *deviceView) render() {
	st := &v.u.state
	known := !st.Device.Since.IsZero() && st.Phase != session.PhaseIdle
	bringing := st.Phase >= session.PhaseOpening && st.Phase <= session.PhaseReading || st.Phase == session.PhaseRecover
	nothing := !known && !bringing && st.Phase != session.PhaseReady
	v.empty.Show(nothing)
	v.other.Show(nothing && v.u.opt.Ports != nil && v.u.ports.only() != nil)
	v.bringup.Show(bringing)
	v.card.Show(known || st.Phase == session.PhaseReady)
	v.pair.Show(known || st.Phase == session.PhaseReady)
	v.control.Show(known || st.Phase == session.PhaseReady)
	a, _ := v.u.session.Adapter().(*webserial.Adapter)
	v.forget.Show(a == nil || a.Source() != webserial.Simulator)
	if bringing {
		v.renderBringup()
	}
	v.renderCard()
	v.link.render(st, v.u.now)
	v.time.render(st, v.u.now)
	v.methods.render(st.Device.Methods, known)
	v.renderChecklist()
}

// renderBringup shows how far the bring-up is. After a reboot it begins with the
// search: the port is open.
func (v *deviceView) renderBringup() {
	now := int(v.u.state.Phase) - int(session.PhaseOpening)
	if v.u.state.Phase == session.PhaseRecover {
		now = 1
	}
	for i, s := range v.phases {
		switch {
		case i < now:
			s.Set(lang.T("done"), show.OK)
		case i == now:
			s.Set(lang.T("now"), show.Busy)
		default:
			s.Set("", show.Idle)
		}
	}
	v.notice.SetText(NoticeWords(v.u.state.Notice))
}

func (v *deviceView) renderCard() {
	st := &v.u.state
	d := &st.Device
	name := PortName(st.Port.Name)
	if name == "" {
		name = "NCP"
	}
	v.name.SetText(name)
	v.boot.SetCut(show.Visible(d.Boot), doc.MaxField)
	v.boot.Show(d.Boot != "")
	word, tone := StateWords(d.State, d.StateKnown)
	if !v.u.ready() {
		word, tone = PhaseWords(st.Phase)
	}
	v.state.Set(word, tone)
	v.version.OrDash(d.Version)
	v.configured.SetText(TriWords(d.Configured))
	v.wifi.OrDash(d.WiFiMAC)
	v.ethernet.OrDash(d.EthernetMAC)
	v.hotspot.OrDash(d.Hotspot)
	usb := ""
	if st.Port.VendorID != 0 {
		usb = "USB " + show.Hex(uint32(st.Port.VendorID)) + ":" + show.Hex(uint32(st.Port.ProductID))
	}
	v.adapter.OrDash(usb)
}

// renderChecklist shows which steps to a device in use are done.
func (v *deviceView) renderChecklist() {
	st := &v.u.state
	d := &st.Device
	ready := v.u.ready()
	network := d.StateKnown && d.State >= ncp.StateConnectingNetwork && d.State <= ncp.StateConnected
	value := false
	for i := range st.Pins {
		if st.Pins[i].Count > 0 {
			value = true
			break
		}
	}
	done := []bool{
		ready,
		ready && (st.Applied != nil && st.Applied.TemplateID != "" || d.StateKnown && d.State != ncp.StateNotInitialized && d.State != ncp.StateUnknown),
		ready && (d.Configured == session.Yes || network),
		ready && d.StateKnown && d.State == ncp.StateConnected,
		value && st.Phase != session.PhaseIdle,
	}
	next := true
	for i, s := range v.checklist {
		switch {
		case done[i]:
			s.Box.SetAttr("data-state", "done")
			s.Shape.SetAttr("href", "#i-ok")
			s.Word.SetText(lang.T("done"))
		case next:
			next = false
			s.Box.SetAttr("data-state", "now")
			s.Shape.SetAttr("href", "#i-idle")
			s.Word.SetText(lang.T("next"))
		default:
			s.Box.SetAttr("data-state", "open")
			s.Shape.SetAttr("href", "#i-idle")
			s.Word.SetText(lang.T("open"))
		}
	}
}

// linkPanel shows how good the line is, and changes its rate.
type linkPanel struct {
	u                                            *UI
	quality                                      doc.Sign
	rtt, median, worst                           *doc.Element
	crc, noise, rx, tx, missed, bringups, uptime *doc.Element
	rate                                         *doc.Element
	baud                                         int // that the selector was set to
}

func newLinkPanel(u *UI) linkPanel {
	p := linkPanel{
		u: u, quality: doc.NewSign(doc.ByID("link-quality"), doc.ByID("link-quality-shape"), doc.ByID("link-quality-word")),
		rtt: doc.ByID("link-rtt"), median: doc.ByID("link-rtt-median"), worst: doc.ByID("link-rtt-worst"),
		crc: doc.ByID("link-crc"), noise: doc.ByID("link-noise"), rx: doc.ByID("link-rx"), tx: doc.ByID("link-tx"), missed: doc.ByID("link-missed"),
		bringups: doc.ByID("link-bringups"), uptime: doc.ByID("link-uptime"), rate: doc.ByID("rate"),
	}
	rate := p.rate
	u.OnSubmit(doc.ByID("rate-form"), func() {
		baud, err := strconv.Atoi(rate.Input())
		if err != nil {
			return
		}
		u.do("rate", false, func(ctx context.Context) error { return u.session.SetRate(ctx, baud) })
	})
	return p
}

func (p *linkPanel) render(st *session.State, now time.Time) {
	l := &st.Link
	word, tone := QualityWords(*l)
	p.quality.Set(word, tone)
	p.rtt.SetText(show.Quick(l.RTTLast))
	p.median.SetText(show.Quick(l.RTTMedian))
	p.worst.SetText(show.Quick(l.RTTWorst))
	p.crc.SetText(show.Grouped(l.CRCErrors))
	p.noise.SetText(show.Bytes(l.NoiseBytes))
	p.rx.SetText(show.Grouped(l.RxFrames))
	p.tx.SetText(show.Grouped(l.TxFrames))
	p.missed.SetText(show.Grouped(l.Missed))
	p.bringups.SetText(show.Grouped(l.BringUps))
	if st.Device.Since.IsZero() {
		p.uptime.SetText("–")
	} else {
		p.uptime.SetText(show.Span(now.Sub(st.Device.Since)))
	}
	if st.Baud != p.baud {
		p.baud = st.Baud
		p.rate.SetInput(strconv.Itoa(st.Baud))
	}
}

// timePanel shows the NCP's clock and place.
type timePanel struct {
	clock, skew, zone, dst, place, coordinates, posix *doc.Element
}

// answerKey is the setting of whether an NCP gets the time that it asks for.
const answerKey = "time-answer"

func newTimePanel(u *UI) timePanel {
	answer := doc.ByID(answerKey)
	if stored, ok := page.Setting(answerKey); ok && stored == "no" {
		answer.SetChecked(false)
		u.session.AnswerTime(false)
	}
	u.On(answer, "change", func() {
		on := answer.Checked()
		u.session.AnswerTime(on)
		page.Store(answerKey, map[bool]string{true: "yes", false: "no"}[on])
	})
	u.On(doc.ByID("time-set"), "click", func() {
		u.do("setTime", false, func(ctx context.Context) error {
			if err := u.session.SetTime(ctx, time.Time{}); err != nil {
				return err
			}
			return u.session.Refresh(ctx)
		})
	})
	return timePanel{doc.ByID("time-now"), doc.ByID("time-skew"), doc.ByID("time-zone"), doc.ByID("time-dst"), doc.ByID("place"), doc.ByID("place-coordinates"), doc.ByID("place-posix")}
}

func (p *timePanel) render(st *session.State, now time.Time) {
	t := &st.Device.Time
	if !t.Known {
		p.clock.SetText(lang.T("Not known to the NCP"))
		for _, e := range []*doc.Element{p.skew, p.zone, p.dst} {
			e.SetText("–")
		}
	} else {
		p.clock.SetText(placeTime(*t, now))
		p.skew.SetText(show.Skew(t.Skew))
		zone := show.Offset(t.Offset)
		if abbrev, _ := show.Cut(show.Visible(t.Abbrev), 16); abbrev != "" {
			zone = abbrev + ", " + zone
		}
		p.zone.SetText(zone)
		p.dst.SetText(DSTWords(t.DST))
	}
	l := &st.Device.Location
	if !l.Known {
		p.place.SetText(lang.T("Not known before the first cloud connection"))
		p.coordinates.SetText("–")
		p.posix.SetText("–")
		return
	}
	p.place.OrDash(l.OlsonID)
	at := ""
	if l.Lat != "" || l.Lon != "" {
		at = l.Lat + ", " + l.Lon
	}
	p.coordinates.OrDash(at)
	p.posix.OrDash(l.PosixTZ)
}

// methodsPanel lists the methods of the NCP's interfaces and which of them this NCP
// has.
type methodsPanel struct {
	box, count, list *doc.Element
	group, row       doc.Pattern
	rows             []methodRow
	shown            []session.Ability
}

type methodRow struct{ box, shape, word *doc.Element }

func newMethodsPanel() methodsPanel {
	return methodsPanel{box: doc.ByID("methods"), count: doc.ByID("methods-count"), list: doc.ByID("methods-list"), group: doc.NewPattern("t-group"), row: doc.NewPattern("t-method")}
}

func (p *methodsPanel) render(list []session.Ability, known bool) {
	p.box.Show(known && len(list) > 0)
	if len(p.rows) != len(list) {
		p.build(list)
	} else if len(list) == 0 || len(p.shown) > 0 && &list[0] == &p.shown[0] {
		return
	}
	p.shown = list
	has, missing := 0, 0
	for i, a := range list {
		row := p.rows[i]
		switch a.Has {
		case session.Yes:
			has++
			row.set("yes", "ok", lang.T("there"))
		case session.No:
			missing++
			row.set("no", "skip", lang.T("missing"))
		default:
			row.set("unknown", "idle", lang.T("not known"))
		}
	}
	switch {
	case has+missing == 0:
		p.count.SetText(lang.T("not asked yet"))
	case missing == 0 && has == len(list):
		p.count.SetText(lang.F("all {0} there", strconv.Itoa(has)))
	default:
		p.count.SetText(lang.F("{0} of {1} there", strconv.Itoa(has), strconv.Itoa(len(list))))
	}
}

func (r methodRow) set(has, shape, word string) {
	r.box.SetAttr("data-has", has)
	r.shape.SetAttr("href", "#i-"+shape)
	r.word.SetText(word)
}

// build makes the rows, grouped by interface in the catalogue's order.
func (p *methodsPanel) build(list []session.Ability) {
	p.list.Clear()
	p.rows = p.rows[:0]
	groups := make(map[string]*doc.Element)
	for _, a := range list {
		interfaceName, name := "other", show.Hex(uint32(a.UID))
		if m, ok := ncp.Lookup(a.UID); ok {
			interfaceName, name = m.Interface, m.Name
		}
		ul := groups[interfaceName]
		if ul == nil {
			g := p.group.Copy()
			g.Child(0).SetText(interfaceName)
			p.list.Append(g)
			ul = g.Child(1)
			groups[interfaceName] = ul
		}
		row := p.row.Copy()
		row.Child(1).SetText(name)
		row.SetAttr("title", interfaceName+"."+name)
		p.rows = append(p.rows, methodRow{row, row.One("use"), row.Child(2)})
		ul.Append(row)
	}
}
