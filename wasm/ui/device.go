//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/session"
)

// deviceView is the card of the NCP, its link, time and place, the checklist, and
// what one can make it do.
type deviceView struct {
	u *UI

	empty, other            *element
	bringup, notice         *element
	phases                  []sign
	card, pair, control     *element
	name, boot              *element
	state                   sign
	version, configured     *element
	wifi, ethernet, hotspot *element
	adapter                 *element
	link                    linkPanel
	time                    timePanel
	checklist               []sign
	methods                 methodsPanel
}

func newDeviceView(u *UI) *deviceView {
	v := &deviceView{
		u: u, empty: byID("device-empty"), other: byID("empty-other"),
		bringup: byID("bringup"), notice: byID("bringup-notice"),
		card: byID("device-card"), pair: byID("device-pair"), control: byID("control"),
		name: byID("device-name"), boot: byID("device-boot"),
		state:   sign{byID("device-state"), byID("device-state-shape"), byID("device-state-word")},
		version: byID("device-version"), configured: byID("device-configured"),
		wifi: byID("device-wifi"), ethernet: byID("device-ethernet"), hotspot: byID("device-hotspot"), adapter: byID("device-adapter"),
		link: newLinkPanel(u), time: newTimePanel(u), methods: newMethodsPanel(),
	}
	for _, li := range byID("phases").all("li") {
		v.phases = append(v.phases, sign{li, li.one("use"), li.one(".state-word")})
	}
	for _, li := range byID("checklist").all("li") {
		v.checklist = append(v.checklist, sign{li, li.one("use"), li.one(".state-word")})
	}
	v.listen()
	return v
}

func (v *deviceView) listen() {
	u, s := v.u, v.u.session
	u.on(byID("refresh"), "click", func() { u.do("refresh", false, s.Refresh) })
	u.on(byID("config-start"), "click", func() { u.do("configStart", false, s.ConfigStart) })
	u.on(byID("config-stop"), "click", func() { u.do("configStop", false, s.ConfigStop) })
	u.on(byID("config-reset"), "click", func() {
		u.confirms.ask(confirmConfigReset, func() { u.do("configReset", false, s.ConfigReset) })
	})
	u.on(byID("reboot"), "click", func() {
		u.confirms.ask(confirmReboot, func() { u.do("reboot", false, s.Reboot) })
	})
	u.on(byID("factory-reset"), "click", func() {
		u.confirms.ask(confirmFactory, func() { u.do("factory", false, s.FactoryReset) })
	})
}

// maxField is how many characters of a text of the device a card shows.
const maxField = 120

// orDash shows text of a device, or a dash for none.
func (e *element) orDash(s string) {
	if s == "" {
		s = "–"
	}
	e.setCut(Visible(s), maxField)
}

func (v *deviceView) render() {
	st := &v.u.state
	known := !st.Device.Since.IsZero() && st.Phase != session.PhaseIdle
	bringing := st.Phase >= session.PhaseOpening && st.Phase <= session.PhaseReading || st.Phase == session.PhaseRecover
	nothing := !known && !bringing && st.Phase != session.PhaseReady
	v.empty.show(nothing)
	v.other.show(nothing && v.u.opt.Ports != nil && v.u.ports.only() != nil)
	v.bringup.show(bringing)
	v.card.show(known || st.Phase == session.PhaseReady)
	v.pair.show(known || st.Phase == session.PhaseReady)
	v.control.show(known || st.Phase == session.PhaseReady)
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
			s.set("done", OK)
		case i == now:
			s.set("now", Busy)
		default:
			s.set("", Idle)
		}
	}
	v.notice.setText(NoticeWords(v.u.state.Notice))
}

func (v *deviceView) renderCard() {
	st := &v.u.state
	d := &st.Device
	name, _ := Cut(Visible(st.Port.Name), 60)
	if name == "" {
		name = "NCP"
	}
	v.name.setText(name)
	v.boot.setCut(Visible(d.Boot), maxField)
	v.boot.show(d.Boot != "")
	word, tone := StateWords(d.State, d.StateKnown)
	if !v.u.ready() {
		word, tone = PhaseWords(st.Phase)
	}
	v.state.set(word, tone)
	v.version.orDash(d.Version)
	v.configured.setText(TriWords(d.Configured))
	v.wifi.orDash(d.WiFiMAC)
	v.ethernet.orDash(d.EthernetMAC)
	v.hotspot.orDash(d.Hotspot)
	usb := ""
	if st.Port.VendorID != 0 {
		usb = "USB " + hex(uint32(st.Port.VendorID)) + ":" + hex(uint32(st.Port.ProductID))
	}
	v.adapter.orDash(usb)
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
			s.box.setAttr("data-state", "done")
			s.shape.setAttr("href", "#i-ok")
			s.word.setText("done")
		case next:
			next = false
			s.box.setAttr("data-state", "now")
			s.shape.setAttr("href", "#i-idle")
			s.word.setText("next")
		default:
			s.box.setAttr("data-state", "open")
			s.shape.setAttr("href", "#i-idle")
			s.word.setText("open")
		}
	}
}

// linkPanel shows how good the line is, and changes its rate.
type linkPanel struct {
	u                                            *UI
	quality                                      sign
	rtt, median, worst                           *element
	crc, noise, rx, tx, missed, bringups, uptime *element
	rate                                         *element
	baud                                         int // that the selector was set to
}

func newLinkPanel(u *UI) linkPanel {
	p := linkPanel{
		u: u, quality: sign{byID("link-quality"), byID("link-quality-shape"), byID("link-quality-word")},
		rtt: byID("link-rtt"), median: byID("link-rtt-median"), worst: byID("link-rtt-worst"),
		crc: byID("link-crc"), noise: byID("link-noise"), rx: byID("link-rx"), tx: byID("link-tx"), missed: byID("link-missed"),
		bringups: byID("link-bringups"), uptime: byID("link-uptime"), rate: byID("rate"),
	}
	rate := p.rate
	u.onSubmit(byID("rate-form"), func() {
		baud, err := strconv.Atoi(rate.value())
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
	p.quality.set(word, tone)
	p.rtt.setText(Quick(l.RTTLast))
	p.median.setText(Quick(l.RTTMedian))
	p.worst.setText(Quick(l.RTTWorst))
	p.crc.setText(Grouped(l.CRCErrors))
	p.noise.setText(Bytes(l.NoiseBytes))
	p.rx.setText(Grouped(l.RxFrames))
	p.tx.setText(Grouped(l.TxFrames))
	p.missed.setText(Grouped(l.Missed))
	p.bringups.setText(Grouped(l.BringUps))
	if st.Device.Since.IsZero() {
		p.uptime.setText("–")
	} else {
		p.uptime.setText(Span(now.Sub(st.Device.Since)))
	}
	if st.Baud != p.baud {
		p.baud = st.Baud
		p.rate.setValue(strconv.Itoa(st.Baud))
	}
}

// timePanel shows the NCP's clock and place.
type timePanel struct {
	clock, skew, zone, dst, place, coordinates, posix *element
}

func newTimePanel(u *UI) timePanel {
	u.on(byID("time-set"), "click", func() {
		u.do("setTime", false, func(ctx context.Context) error {
			if err := u.session.SetTime(ctx, time.Time{}); err != nil {
				return err
			}
			return u.session.Refresh(ctx)
		})
	})
	return timePanel{byID("time-now"), byID("time-skew"), byID("time-zone"), byID("time-dst"), byID("place"), byID("place-coordinates"), byID("place-posix")}
}

func (p *timePanel) render(st *session.State, now time.Time) {
	t := &st.Device.Time
	if !t.Known {
		p.clock.setText("Not known to the NCP")
		for _, e := range []*element{p.skew, p.zone, p.dst} {
			e.setText("–")
		}
	} else {
		p.clock.setText(placeTime(*t, now))
		p.skew.setText(Skew(t.Skew))
		zone := Offset(t.Offset)
		if abbrev, _ := Cut(Visible(t.Abbrev), 16); abbrev != "" {
			zone = abbrev + ", " + zone
		}
		p.zone.setText(zone)
		p.dst.setText(DSTWords(t.DST))
	}
	l := &st.Device.Location
	if !l.Known {
		p.place.setText("Not known before the first cloud connection")
		p.coordinates.setText("–")
		p.posix.setText("–")
		return
	}
	p.place.orDash(l.OlsonID)
	at := ""
	if l.Lat != "" || l.Lon != "" {
		at = l.Lat + ", " + l.Lon
	}
	p.coordinates.orDash(at)
	p.posix.orDash(l.PosixTZ)
}

// methodsPanel lists the methods of the NCP's interfaces and which of them this NCP
// has.
type methodsPanel struct {
	box, count, list *element
	group, row       pattern
	rows             []methodRow
	shown            []session.Ability
}

type methodRow struct{ box, shape, word *element }

func newMethodsPanel() methodsPanel {
	return methodsPanel{box: byID("methods"), count: byID("methods-count"), list: byID("methods-list"), group: newPattern("t-group"), row: newPattern("t-method")}
}

func (p *methodsPanel) render(list []session.Ability, known bool) {
	p.box.show(known && len(list) > 0)
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
			row.set("yes", "ok", "there")
		case session.No:
			missing++
			row.set("no", "skip", "missing")
		default:
			row.set("unknown", "idle", "not known")
		}
	}
	switch {
	case has+missing == 0:
		p.count.setText("not asked yet")
	case missing == 0 && has == len(list):
		p.count.setText("all " + strconv.Itoa(has) + " there")
	default:
		p.count.setText(strconv.Itoa(has) + " of " + strconv.Itoa(len(list)) + " there")
	}
}

func (r methodRow) set(has, shape, word string) {
	r.box.setAttr("data-has", has)
	r.shape.setAttr("href", "#i-"+shape)
	r.word.setText(word)
}

// build makes the rows, grouped by interface in the catalogue's order.
func (p *methodsPanel) build(list []session.Ability) {
	p.list.clear()
	p.rows = p.rows[:0]
	groups := make(map[string]*element)
	for _, a := range list {
		interfaceName, name := "other", hex(uint32(a.UID))
		if m, ok := ncp.Lookup(a.UID); ok {
			interfaceName, name = m.Interface, m.Name
		}
		ul := groups[interfaceName]
		if ul == nil {
			g := p.group.copy()
			g.child(0).setText(interfaceName)
			p.list.append(g)
			ul = g.child(1)
			groups[interfaceName] = ul
		}
		row := p.row.copy()
		row.child(1).setText(name)
		row.setAttr("title", interfaceName+"."+name)
		p.rows = append(p.rows, methodRow{row, row.one("use"), row.child(2)})
		ul.append(row)
	}
}
