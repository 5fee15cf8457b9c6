//go:build js && wasm

package ui

import (
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/page"
)

// problemCard shows what failed: the problem of the connection, else that of the
// last command.
type problemCard struct {
	u       *UI
	box     *element
	shape   *element
	title   *element
	what    *element
	why     *element
	try     *element
	more    *element
	detail  *element
	retry   *element
	other   *element
	sim     *element
	remedy  pattern
	linux   bool
	shown   *session.Problem
	command string           // whose problem p is
	p       *session.Problem // of the last command that failed
	again   func()           // does it once more; may be nil
	done    *session.Problem // of the connection, dismissed by the person
}

func newProblemCard(u *UI) *problemCard {
	c := &problemCard{
		u: u, box: byID("problem"), title: byID("problem-title"), what: byID("problem-what"), why: byID("problem-why"),
		try: byID("problem-try"), more: byID("problem-more"), detail: byID("problem-detail"),
		retry: byID("problem-retry"), other: byID("problem-other"), sim: byID("problem-sim"), remedy: newPattern("t-remedy"),
	}
	c.shape = c.box.one("use")
	c.linux = strings.Contains(js.Global().Get("navigator").Get("userAgent").String(), "Linux")
	u.on(c.retry, "click", c.tryAgain)
	u.on(byID("problem-dismiss"), "click", c.dismiss)
	u.on(byID("problem-copy"), "click", func() { u.copy(c.report()) })
	u.onTarget(c.try, "click", "button", func(b *element) {
		u.copy(b.Value.Get("previousElementSibling").Get("textContent").String())
	})
	if u.opt.Ports == nil {
		c.noSerial()
	}
	return c
}

// noSerial tells that this browser has no Web Serial.
func (c *problemCard) noSerial() {
	c.failed("", &session.Problem{Code: session.CodeNoSerial, Op: "connect", Detail: "navigator.serial is not there", Time: time.Now()}, nil)
}

// failed shows the problem of a command. What the person gave up needs no card.
func (c *problemCard) failed(command string, p *session.Problem, again func()) {
	if p.Code == session.CodeCanceled {
		if command != "connect" {
			c.u.toasts.add(ProblemCard(p, c.linux).Title, Warn)
		}
		return
	}
	c.command, c.p, c.again = command, p, again
}

// passed takes the problem of a command back once it went well.
func (c *problemCard) passed(command string) {
	if c.command == command || c.p != nil && c.p.Code == session.CodeNotReady {
		c.p = nil
	}
}

func (c *problemCard) dismiss() {
	if c.shown != nil && c.shown == c.u.state.Problem {
		c.done = c.shown
	} else {
		c.p = nil
	}
	c.u.frame.titles[c.u.view].Focus()
}

// tryAgain does again what failed.
func (c *problemCard) tryAgain() {
	if p := c.u.state.Problem; p != nil && c.shown == p {
		c.u.ports.again()
		return
	}
	again := c.again
	c.p = nil
	if again != nil {
		again()
	}
}

func (c *problemCard) render() {
	if c.p != nil && c.p.Code == session.CodeUnplugged && c.u.ready() {
		c.p = nil // a command that the unplugging ended; the device is back
	}
	p := c.p
	if link := c.u.state.Problem; link != nil && link != c.done {
		p = link
	}
	if p == c.shown {
		return
	}
	same := p != nil && c.shown != nil && p.Code == c.shown.Code && p.Op == c.shown.Op && p.Detail == c.shown.Detail
	c.shown = p
	if p == nil {
		c.box.show(false)
		return
	}
	if same {
		return
	}
	c.fill(p)
	c.box.show(true)
	if c.box.GetBoundingClientRect().Top() < 0 {
		js.Global().Call("scrollTo", 0, 0)
	}
}

func (c *problemCard) fill(p *session.Problem) {
	card := ProblemCard(p, c.linux)
	c.box.setAttr("data-tone", string(card.Tone))
	c.box.setAttr("data-code", strconv.Itoa(int(p.Code)))
	c.shape.setAttr("href", "#i-"+string(card.Tone))
	c.title.setText(card.Title)
	c.what.setText(card.What)
	c.why.setText(card.Why)
	c.try.clear()
	for _, r := range card.Try {
		row := c.remedy.copy()
		row.child(0).setText(r.Text)
		if r.Line != "" {
			row.child(1).show(true)
			row.child(1).child(0).setText(r.Line)
		}
		c.try.append(row)
	}
	detail, _ := Cut(p.Detail, 4000)
	c.detail.setText(visible(strings.ReplaceAll(detail, "\n", " "), true))
	c.more.show(detail != "")
	connection := p == c.u.state.Problem
	c.retry.show(card.Retry && (connection || c.again != nil))
	c.other.show(c.u.opt.Ports != nil && (connection || c.command == "request"))
	c.sim.show(card.Sim && c.u.opt.Simulator != nil)
}

// report is what "Copy details" copies: the problem, the device, the line, and the
// end of the log.
func (c *problemCard) report() string {
	st := &c.u.state
	var b strings.Builder
	line := func(name, value string) {
		b.WriteString(name + ": " + Visible(value) + "\n")
	}
	if p := c.shown; p != nil {
		line("problem", ProblemCard(p, c.linux).Title)
		line("code", strconv.Itoa(int(p.Code)))
		line("step", p.Op)
		line("detail", p.Detail)
		line("time", p.Time.UTC().Format(time.RFC3339))
	}
	word, _ := PhaseWords(st.Phase)
	line("phase", word)
	line("port", st.Port.Name+" "+hex(uint32(st.Port.VendorID))+":"+hex(uint32(st.Port.ProductID)))
	line("baud", strconv.Itoa(st.Baud))
	line("ncp", st.Device.Version)
	line("boot", st.Device.Boot)
	l := st.Link
	line("frames in, out", strconv.FormatUint(l.RxFrames, 10)+", "+strconv.FormatUint(l.TxFrames, 10))
	line("crc errors", strconv.FormatUint(l.CRCErrors, 10))
	line("noise bytes", strconv.FormatUint(l.NoiseBytes, 10))
	line("round trip last, median, worst", Quick(l.RTTLast)+", "+Quick(l.RTTMedian)+", "+Quick(l.RTTWorst))
	line("browser", js.Global().Get("navigator").Get("userAgent").String())
	b.WriteString("\nlog:\n")
	since := uint64(0)
	if st.LogNext > 60 {
		since = st.LogNext - 60
	}
	entries, _ := c.u.session.Log(since, 60)
	for _, e := range entries {
		b.WriteString(logText(e))
	}
	return b.String()
}

// copy puts text into the clipboard.
func (u *UI) copy(text string) {
	page.Copy(text, func(err error) {
		u.post(func() {
			if err != nil {
				u.toasts.add("The browser did not allow copying", Warn)
				return
			}
			u.toasts.add(Done("copied"), OK)
		})
	})
}
