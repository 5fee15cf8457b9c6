//go:build js && wasm

package toolui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall/js"
	"time"

	"ncpweb/doctor"
	"ncpweb/serial"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// doctorView finds out why a device does not answer, and tells it.
type doctorView struct {
	u *UI

	what, said, time, less      *doc.Element
	start, other, stop, mayTurn *doc.Element
	try, fault, tryStart        *doc.Element
	panel, rates                *doc.Element
	stepList, rateRows, others  *doc.Element
	verdict                     verdictCard
	stepRow, rateRow, otherRow  doc.Pattern
	option                      doc.Pattern
	steps                       []doctorRow
	words                       bool // texts are those of the present language

	source   atomic.Int32   // where the next press of start takes the port from; also read in handlers
	adapter  serial.Adapter // of the last examination; nil: none, or a practice device
	cancel   context.CancelFunc
	began    time.Time
	told     []doctor.Step  // the newest of each step; empty: none were told
	report   *doctor.Report // of the last examination
	fresh    bool           // it has just begun
	practice bool           // the last examination was of a device with a fault
}

// Where the port comes from.
const (
	fromCore   = iota // the first program lends the one it has
	fromLast          // the one that was examined last
	fromPerson        // the browser asks
)

func newDoctorView(u *UI, broken *webserial.Provider) *doctorView {
	v := &doctorView{
		u: u, what: doc.ByID("doctor-what"), said: doc.ByID("doctor-said"), time: doc.ByID("doctor-time"), less: doc.ByID("doctor-less"),
		start: doc.ByID("doctor-start"), other: doc.ByID("doctor-other"), stop: doc.ByID("doctor-cancel"), mayTurn: doc.ByID("doctor-reset"),
		try: doc.ByID("doctor-try"), fault: doc.ByID("doctor-fault"), tryStart: doc.ByID("doctor-try-start"),
		panel: doc.ByID("doctor-panel"), rates: doc.ByID("doctor-rates"), stepList: doc.ByID("doctor-steps"), rateRows: doc.ByID("doctor-rate-rows"), others: doc.ByID("doctor-others"),
		stepRow: doc.NewPattern("t-doctor-step"), rateRow: doc.NewPattern("t-doctor-rate"), otherRow: doc.NewPattern("t-doctor-other"), option: doc.NewPattern("t-doctor-option"),
		verdict: newVerdictCard(u),
	}
	v.start.Listen("click", func(doc.Event) { v.press(int(v.source.Load())) })
	v.other.Listen("click", func(doc.Event) { v.press(fromPerson) })
	u.On(v.stop, "click", func() {
		if v.cancel != nil {
			v.cancel()
		}
	})
	u.On(doc.ByID("doctor-copy"), "click", v.copy)
	u.On(v.verdict.resume, "click", v.resume)
	u.OnTarget(doc.ByID("doctor"), "click", ".copy-line button", func(b *doc.Element) {
		u.copy(b.Value.Get("previousElementSibling").Get("textContent").String())
	})
	u.OnSubmit(v.try, func() { v.practise(broken) })
	v.try.Enable(broken != nil)
	return v
}

// press begins an examination. It runs in the handler of a click: browsers show their
// list of ports only there.
func (v *doctorView) press(source int) {
	if source != fromPerson {
		v.u.Post(func() { v.examine(source, nil) })
		return
	}
	if v.u.ports == nil {
		return
	}
	v.u.ports.Request(func(a *webserial.Adapter, err error) {
		v.u.Post(func() {
			switch {
			case err == nil:
				v.examine(fromPerson, a)
			case errors.Is(err, webserial.ErrNoChoice):
				v.examine(fromPerson, nil) // perhaps because there was nothing to choose
			default:
				v.u.core.Toast(lang.T("The browser did not show its list of ports"), string(show.Fail))
			}
		})
	})
}

// practise examines a simulated device with the chosen fault.
func (v *doctorView) practise(from *webserial.Provider) {
	if v.cancel != nil || from == nil {
		return
	}
	name := v.fault.Input()
	v.begin(true)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		list, err := from.List(ctx)
		var found *webserial.Adapter
		for _, a := range list {
			if a.Info().Name == name {
				found = a
			}
		}
		v.u.Post(func() {
			if err != nil || found == nil {
				v.cancel = nil
				v.u.core.Toast(lang.T("The simulated devices could not be loaded"), string(show.Fail))
				return
			}
			v.run(doctor.Options{OpenedBefore: true}, func(context.Context) (serial.Adapter, error) { return found, nil })
		})
	}()
}

// examine examines the port of the first program, the last one, or a.
func (v *doctorView) examine(source int, a *webserial.Adapter) {
	if v.cancel != nil {
		return
	}
	st := v.u.status
	o := doctor.Options{Known: st.Baud, OpenedBefore: st.Baud > 0}
	core, last := v.u.core, v.adapter
	if err := core.Hold(lang.T("Examining")); err != nil {
		core.Toast(lang.T("The port could not be taken over from the connection"), string(show.Fail))
		return
	}
	v.begin(false)
	v.run(o, func(ctx context.Context) (serial.Adapter, error) {
		switch {
		case source == fromCore:
			return core.Release(ctx)
		case source == fromLast:
			return last, nil
		case a == nil:
			return nil, nil
		}
		if st.Open { // the chosen port may be the one that is open
			if _, err := core.Release(ctx); err != nil {
				return nil, err
			}
		}
		return a, nil
	})
}

// begin clears what the last examination has left.
func (v *doctorView) begin(practice bool) {
	v.cancel = func() {}
	v.practice = practice
	v.report, v.told, v.steps = nil, nil, nil
	v.stepList.Clear()
	v.rateRows.Clear()
	v.began, v.fresh = time.Now(), true
	v.said.SetText("")
}

// run examines on a goroutine of its own; what is seen comes back to the loop.
func (v *doctorView) run(o doctor.Options, port func(context.Context) (serial.Adapter, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	v.said.SetText(lang.T("The examination has begun"))
	o.AllowReset = v.mayTurn.Checked()
	o.Platform = platform()
	o.OnStep = func(s doctor.Step) { v.u.Post(func() { v.step(s) }) }
	go func() {
		defer cancel()
		a, err := port(ctx)
		if p := bridge.ProblemOf(err); p != nil && p.Code != bridge.CodeNotReady {
			v.u.Post(func() {
				v.u.core.Free()
				v.cancel = nil
				if p.Code != bridge.CodeCanceled {
					v.u.core.Toast(lang.T("The port could not be taken over from the connection"), string(show.Fail))
				}
			})
			return
		}
		r := doctor.Run(ctx, a, o)
		v.u.Post(func() { v.done(a, &r) })
	}()
}

// platform is what the browser tells of itself.
func platform() doctor.Platform {
	navigator := js.Global().Get("navigator")
	agent := navigator.Get("userAgent").String()
	p := doctor.Platform{Linux: strings.Contains(agent, "Linux") && !strings.Contains(agent, "Android")}
	data := navigator.Get("userAgentData")
	if data.Type() != js.TypeObject || data.Get("brands").Type() != js.TypeObject {
		return p
	}
	brands, others := data.Get("brands"), 0
	for i := range min(brands.Length(), 16) {
		switch name := brands.Index(i).Get("brand").String(); {
		case name == "Chromium":
			p.Chromium = true
		case !strings.Contains(name, "Brand"): // browsers add a nonsense name with this word
			others++
		}
	}
	p.Chromium = p.Chromium && others == 0
	return p
}

// step takes the news of a step. Only its end is spoken.
func (v *doctorView) step(s doctor.Step) {
	for len(v.told) <= int(s.Kind) {
		v.told = append(v.told, doctor.Step{Kind: doctor.StepKind(len(v.told))})
	}
	v.told[s.Kind] = s
	switch s.Status {
	case doctor.Passed, doctor.Noted, doctor.Failed:
		text := lang.T(stepNames[s.Kind]) + ": " + lang.T(stepWords[s.Status])
		if n := len(s.Seen); n > 0 {
			text += ". " + evidenceWords(s.Seen[n-1])
		}
		v.said.SetText(text)
	}
}

// done takes the outcome.
func (v *doctorView) done(a serial.Adapter, r *doctor.Report) {
	v.cancel = nil
	v.report = r
	v.told = r.Steps
	v.adapter = nil
	if !v.practice {
		v.u.core.Free()
		v.adapter = a
	}
	v.verdict.fill(r, v.adapter != nil)
	v.fillOthers(r)
	v.fillRates(r)
	v.render()
	v.verdict.title.Focus()
	v.said.SetText(lang.F("Done: {0}", lang.T(verdicts[r.Verdicts[0].Code].Title)))
}

// resume lets the first program connect to the port again.
func (v *doctorView) resume() {
	if err := v.u.core.Resume(v.adapter); err != nil {
		v.u.core.Toast(lang.T("There is no port to connect to"), string(show.Fail))
		return
	}
	v.adapter = nil
	v.u.core.Go("device")
}

func (v *doctorView) copy() {
	if v.report == nil {
		return
	}
	v.u.copy(v.report.Text() + "browser: " + js.Global().Get("navigator").Get("userAgent").String() + "\n")
}

// relabel shows everything in the language of the page.
func (v *doctorView) relabel() {
	v.words = false
	v.steps = nil
	v.stepList.Clear()
	if v.report != nil {
		v.verdict.fill(v.report, v.adapter != nil)
		v.fillOthers(v.report)
		v.fillRates(v.report)
	}
	v.said.SetText("")
}

func (v *doctorView) render() {
	busy := v.cancel != nil
	st := &v.u.status
	if !v.words {
		v.words = true
		v.fillFaults()
	}
	source := fromPerson
	switch {
	case st.Port != "" || st.Open:
		source = fromCore
	case v.adapter != nil:
		source = fromLast
	}
	v.source.Store(int32(source))
	v.what.SetText(v.plan(source))
	taken := busy || st.Held != ""
	v.start.Enable(!taken && (source != fromPerson || v.u.ports != nil))
	v.other.Enable(!taken && v.u.ports != nil)
	v.other.Show(source != fromPerson && v.u.ports != nil)
	v.mayTurn.Enable(!busy)
	v.tryStart.Enable(!busy)
	v.stop.Show(busy)
	if busy && v.fresh { // the button that was pressed cannot keep the focus
		v.fresh = false
		v.stop.Focus()
	}
	v.panel.Show(len(v.told) > 0)
	v.verdict.box.Show(v.report != nil)
	v.less.Show(v.report != nil && len(v.report.Verdicts) > 1)
	v.rates.Show(v.report != nil && len(v.report.Rates) > 0)
	v.showSteps()
	v.showTime(busy)
}

// plan says what will happen before it does.
func (v *doctorView) plan(source int) string {
	text := lang.T("The doctor opens the port, listens, asks at every baud rate and tries the languages of other firmware. It takes up to 25 s and says what is wrong and what to do.")
	switch {
	case source == fromCore:
		text += " " + lang.T("The connection ends for that time.")
	case v.u.ports == nil:
		text += " " + lang.T("This browser cannot reach serial ports; the broken devices can be examined all the same.")
	case source == fromPerson:
		text += " " + lang.T("Pick the port of your board when the browser asks. If the list is empty, close it: that is a finding, too.")
	}
	return text
}

func (v *doctorView) showTime(busy bool) {
	switch {
	case busy:
		v.time.SetText(lang.F("{0} s", strconv.Itoa(int(v.u.now.Sub(v.began).Seconds()))))
	case v.report != nil:
		v.time.SetText(lang.F("{0} s", strconv.FormatFloat(v.report.Took.Seconds(), 'f', 1, 64)))
	}
}

// fillRates shows the figures of each rate.
func (v *doctorView) fillRates(r *doctor.Report) {
	v.rateRows.Clear()
	for _, e := range r.Rates {
		row := v.rateRow.Copy()
		n := func(i int) string { return show.Grouped(uint64(max(i, 0))) }
		cells := []string{n(e.Baud), n(e.Bytes), "–", n(e.Good), n(e.Bad + e.Cut), "–"}
		if e.Bytes > 0 {
			cells[2] = lang.F("{0} %", strconv.Itoa(100*e.Text/e.Bytes))
		}
		if e.Pings > 0 {
			cells[5] = lang.F("{0} of {1}", n(e.Answers), n(e.Pings))
		}
		if e.Refused {
			cells[1] = lang.T("not possible")
		}
		for i, text := range cells {
			row.Child(i).SetText(text)
		}
		v.rateRows.Append(row)
	}
}

// fillOthers shows the less likely causes.
func (v *doctorView) fillOthers(r *doctor.Report) {
	v.others.Clear()
	for _, d := range r.Verdicts[1:] {
		w := verdicts[d.Code]
		row := v.otherRow.Copy()
		row.Child(0).Child(0).SetText(lang.T(w.Title))
		row.Child(0).Child(1).SetText(lang.T(certainties[d.Certainty]))
		row.Child(1).SetText(lang.T(w.Why))
		v.verdict.list(row.Child(2), d.Evidence)
		v.verdict.remedies(row.Child(3), w.Do)
		v.others.Append(row)
	}
}

// fillFaults shows the list of devices with a fault.
func (v *doctorView) fillFaults() {
	chosen := v.fault.Input()
	v.fault.Clear()
	for _, name := range brokenNames {
		o := v.option.Copy()
		o.SetAttr("value", name)
		o.SetText(lang.T(brokenWords[name]))
		v.fault.Append(o)
	}
	if chosen != "" {
		v.fault.SetInput(chosen)
	}
}
