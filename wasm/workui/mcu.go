//go:build js && wasm

package workui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/host"
	"ncpweb/serial"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// mcuView plays the NCP of a Primary MCU: it takes the port, shows the MCU as it comes
// up, and what it does with its pins.
type mcuView struct {
	u            *UI
	state        doc.Sign
	ports        *portList
	baud         *field
	start, stop  *doc.Element
	what, said   *doc.Element
	check        *doc.Element
	remedy       doc.Pattern
	facts        *factList
	console      *mcuConsole
	present      *hosting // nil: no port is held
	fault        string   // why the last one ended; empty: it was stopped
	st           host.State
	checkShown   bool
	spoken       string // version that was spoken last
	factsWritten string
}

// hosting is one stay on a port. Its methods run on a goroutine of their own, until its
// host is there.
type hosting struct {
	u       *UI
	from    portSource
	adapter *webserial.Adapter
	cancel  context.CancelFunc
	wasOpen bool       // the first program was connected to this port before
	host    *host.Host // belongs to the loop; nil: the port is not open yet
	began   time.Time
	asked   atomic.Bool // a frame was asked for since the last one
	stops   bool        // the person wants it to end
}

// quietAfter is how long an MCU may say nothing until the page tells what to check: an
// MCU pings its NCP every 10 to 15 s, and looks for it all the time before.
const quietAfter = 15 * time.Second

func newMCUView(u *UI) *mcuView {
	v := &mcuView{
		u: u, start: doc.ByID("mcu-start"), stop: doc.ByID("mcu-stop"), what: doc.ByID("mcu-what"), said: doc.ByID("mcu-said"),
		check: doc.ByID("mcu-check"), remedy: doc.NewPattern("t-remedy"), facts: newFactList("mcu-facts"),
	}
	badge := doc.ByID("mcu-state")
	v.state = doc.NewSign(badge, badge.One("use"), badge.Child(1))
	v.ports = newPortList(u, "mcu-port", simulatedMCUs, false)
	v.baud = newField(doc.ByID("mcu-options"), "t-explorer-select", "mcu-baud")
	v.console = newMCUConsole(v)
	v.relabel()
	v.start.Listen("click", func(doc.Event) { // browsers show their list of ports only there
		v.ports.take(func(a *webserial.Adapter, from portSource) { u.Post(func() { v.begin(a, from) }) })
	})
	u.On(v.stop, "click", v.end)
	return v
}

// begin takes the port and plays the NCP on it.
func (v *mcuView) begin(a *webserial.Adapter, from portSource) {
	if v.present != nil || v.u.run.stage.busy() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &hosting{u: v.u, from: from, adapter: a, cancel: cancel, began: time.Now()}
	v.present, v.fault, v.st, v.spoken = h, "", host.State{}, ""
	n, _ := strconv.Atoi(v.baud.control.Input())
	baud := mcuRates[min(max(n, 0), len(mcuRates)-1)]
	v.said.SetText(lang.T("Waiting for the MCU"))
	v.render()
	v.stop.Focus()
	go func() {
		err := h.run(ctx, baud)
		v.u.Post(func() { v.over(h, err) })
	}()
}

// end gives the port back. An update that is under way ends with it.
func (v *mcuView) end() {
	if v.present != nil {
		v.present.stops = true
		v.present.cancel()
	}
}

// over takes note that a stay has ended.
func (v *mcuView) over(h *hosting, err error) {
	if v.present != h {
		return
	}
	focused := v.stop.Value.Equal(doc.Document().Get("activeElement"))
	v.present = nil
	if err != nil && !h.stops {
		v.fault = portFault(err)
		v.said.SetText(v.fault)
	} else {
		v.said.SetText(lang.T("Stopped"))
	}
	v.render()
	if focused {
		v.start.Focus()
	}
}

// host is the host of the port that is held; nil: there is none.
func (v *mcuView) host() *host.Host {
	if v.present == nil {
		return nil
	}
	return v.present.host
}

// up tells whether the MCU has said something.
func (v *mcuView) up() bool { return v.host() != nil && !v.st.Heard.IsZero() }

// run takes the port, plays the NCP, and leaves the port with whom it belongs to.
func (h *hosting) run(ctx context.Context, baud int) error {
	defer h.cancel()
	if err := h.u.core.Hold(lang.T("Plays the NCP")); err != nil {
		return err
	}
	err := h.play(ctx, baud)
	if h.wasOpen && !errors.Is(err, serial.ErrLost) && h.u.core.Resume(h.adapter) == nil {
		return err
	}
	h.u.core.Free()
	return err
}

func (h *hosting) play(ctx context.Context, baud int) error {
	if err := h.take(ctx); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, openLimit)
	port, err := openPort(limited, h.adapter, baud)
	cancel()
	if err != nil {
		return err
	}
	defer port.Close()
	played := host.New(port, host.Options{Baud: baud, Provisioned: true, Changed: h.changed})
	h.u.Post(func() { h.host = played })
	return played.Run(ctx)
}

// take gets the port, from the first program where that has it.
func (h *hosting) take(ctx context.Context) error {
	if st, err := h.u.core.Status(); err == nil && (st.Open || h.from == portCore) {
		limited, cancel := context.WithTimeout(ctx, openLimit)
		a, err := h.u.core.Release(limited)
		cancel()
		own, _ := a.(*webserial.Adapter)
		switch {
		case err != nil && h.from == portCore:
			if p := bridge.ProblemOf(err); p == nil || p.Code != bridge.CodeNotReady || h.adapter == nil {
				return err
			}
		case err == nil && (h.from == portCore || own == h.adapter):
			h.adapter, h.wasOpen = own, true
		}
	}
	if h.adapter == nil {
		return serial.ErrLost
	}
	a := h.adapter
	h.u.Post(func() { h.u.mcu.ports.used(a) })
	return nil
}

// changed asks for a frame, once until it is drawn: an MCU may write thousands of values
// a second.
func (h *hosting) changed() {
	if !h.asked.Swap(true) {
		h.u.Post(func() { h.u.AskFrame() })
	}
}

func (v *mcuView) render() {
	held := v.present != nil
	if h := v.host(); h != nil {
		v.present.asked.Store(false)
		v.st = h.State()
	}
	v.ports.render(held)
	v.baud.control.Enable(!held)
	v.start.Show(!held)
	v.start.Enable(v.ports.usable() && v.u.status.Held == "" && !v.u.run.stage.busy())
	v.stop.Show(held)
	v.state.Set(v.word())
	v.what.SetText(v.plan())
	v.showCheck(held && v.st.Heard.IsZero() && v.u.now.Sub(v.present.began) > quietAfter)
	v.showFacts()
	v.console.render()
	if f := v.st.Firmware; held && !f.At.IsZero() && f.Version != v.spoken {
		v.spoken = f.Version
		v.said.SetText(lang.F("The MCU runs version {0}", orNone(f.Version)))
	}
}

// word is the state as the badge tells it.
func (v *mcuView) word() (string, show.Tone) {
	switch {
	case v.present == nil && v.fault != "":
		return lang.T("Look here"), show.Fail
	case v.present == nil:
		return lang.T("Off"), show.Idle
	case !v.up():
		return lang.T("Waiting"), show.Busy
	case v.u.now.Sub(v.st.Heard) > 2*quietAfter:
		return lang.T("Silent"), show.Warn
	case !v.st.Initialized:
		return lang.T("Comes up"), show.Busy
	}
	return lang.T("Answers"), show.OK
}

func (v *mcuView) plan() string {
	switch {
	case v.present == nil && v.fault != "":
		return v.fault
	case v.present == nil:
		return lang.T("This page takes the place of the NCP: wire the adapter to the UART of the MCU.")
	case !v.up():
		return lang.T("The MCU has to begin: restart it if it gave up.")
	}
	return ""
}

// showCheck tells what to check when nothing comes.
func (v *mcuView) showCheck(on bool) {
	if on == v.checkShown {
		return
	}
	v.checkShown = on
	v.check.Show(on)
	if on {
		fillSteps(v.check, v.remedy, translated(mcuChecks[:]))
	}
}

// showFacts shows what the MCU has told of itself.
func (v *mcuView) showFacts() {
	st := &v.st
	var facts []string
	if v.up() {
		f := &st.Firmware
		facts = []string{
			lang.T("Version"), visible(f.Version), lang.T("Firmware type"), visible(f.Type), lang.T("Build"), visible(f.Build), lang.T("Blynk library"), visible(f.Blynk),
			lang.T("Template"), strings.TrimSpace(visible(st.Template) + " " + visible(st.TemplateOf)),
			lang.T("NCP state"), lang.T(ncpStates[st.NCP]), lang.T("Rate"), show.Baud(st.Baud), lang.T("NCP restarts"), count(st.Boots),
			lang.T("Calls"), show.Grouped(st.Calls), lang.T("Last heard"), show.Age(v.u.now.Sub(st.Heard)),
		}
	}
	if key := strings.Join(facts, "\x00"); key != v.factsWritten {
		v.factsWritten = key
		v.facts.fill(facts...)
	}
}

// visible is a text of a device or file for people, of bounded length.
func visible(s string) string {
	cut, _ := show.Cut(show.Visible(s), 120)
	return cut
}

func (v *mcuView) relabel() {
	v.baud.words(lang.T("Starting rate"), lang.T("An NCP starts at 38400; the MCU raises it as it likes."))
	v.baud.choices(rateChoices())
	v.ports.relabel()
	v.checkShown, v.factsWritten = false, ""
	v.said.SetText("")
	v.console.relabel()
}

// portFault says why a port cannot be used (any more).
func portFault(err error) string {
	var open *serial.OpenError
	switch {
	case errors.Is(err, serial.ErrLost):
		return lang.T("The port went away: look at the cable, and choose it again.")
	case errors.As(err, &open):
		return lang.T("The port could not be opened: another program may have it.")
	}
	return lang.T("The port does not work any more. Try again.")
}

// ncpState sets the state of the NCP that is played.
func (v *mcuView) ncpState(s ncp.State) {
	h := v.host()
	if h == nil || v.u.update.busy() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		h.SetState(ctx, s)
	}()
}
