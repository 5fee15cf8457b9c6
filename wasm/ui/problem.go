//go:build js && wasm

package ui

import (
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// problemCard shows what failed: the problem of the connection, else that of the
// last command.
type problemCard struct {
	u       *UI
	box     *doc.Element
	shape   *doc.Element
	title   *doc.Element
	what    *doc.Element
	why     *doc.Element
	try     *doc.Element
	more    *doc.Element
	detail  *doc.Element
	retry   *doc.Element
	other   *doc.Element
	doctor  *doc.Element
	sim     *doc.Element
	remedy  doc.Pattern
	linux   bool
	shown   *session.Problem
	command string           // whose problem p is
	p       *session.Problem // of the last command that failed
	again   func()           // does it once more; may be nil
	done    *session.Problem // of the connection, dismissed by the person
}

func newProblemCard(u *UI) *problemCard {
	c := &problemCard{
		u: u, box: doc.ByID("problem"), title: doc.ByID("problem-title"), what: doc.ByID("problem-what"), why: doc.ByID("problem-why"),
		try: doc.ByID("problem-try"), more: doc.ByID("problem-more"), detail: doc.ByID("problem-detail"),
		retry: doc.ByID("problem-retry"), other: doc.ByID("problem-other"), doctor: doc.ByID("problem-doctor"), sim: doc.ByID("problem-sim"), remedy: doc.NewPattern("t-remedy"),
	}
	c.shape = c.box.One("use")
	c.linux = strings.Contains(js.Global().Get("navigator").Get("userAgent").String(), "Linux")
	u.On(c.retry, "click", c.tryAgain)
	u.On(doc.ByID("problem-dismiss"), "click", c.dismiss)
	u.On(doc.ByID("problem-copy"), "click", func() { u.copy(c.report()) })
	u.OnTarget(c.try, "click", "button", func(b *doc.Element) {
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
			c.u.toasts.add(ProblemCard(p, c.linux).Title, show.Warn)
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
		c.box.Show(false)
		return
	}
	if same {
		return
	}
	c.fill(p)
	c.box.Show(true)
	if c.box.GetBoundingClientRect().Top() < 0 {
		js.Global().Call("scrollTo", 0, 0)
	}
}

// relabel shows the problem anew, in the language of the page.
func (c *problemCard) relabel() {
	if c.shown != nil {
		c.fill(c.shown)
	}
}

func (c *problemCard) fill(p *session.Problem) {
	card := ProblemCard(p, c.linux)
	c.box.SetAttr("data-tone", string(card.Tone))
	c.box.SetAttr("data-code", strconv.Itoa(int(p.Code)))
	c.shape.SetAttr("href", "#i-"+string(card.Tone))
	c.title.SetText(card.Title)
	c.what.SetText(card.What)
	c.why.SetText(card.Why)
	c.try.Clear()
	for _, r := range card.Try {
		row := c.remedy.Copy()
		row.Child(0).SetText(r.Text)
		if r.Line != "" {
			row.Child(1).Show(true)
			row.Child(1).Child(0).SetText(r.Line)
		}
		c.try.Append(row)
	}
	detail, _ := show.Cut(p.Detail, 4000)
	c.detail.SetText(show.VisibleLine(strings.ReplaceAll(detail, "\n", " ")))
	c.more.Show(detail != "")
	connection := p == c.u.state.Problem
	c.retry.Show(card.Retry && (connection || c.again != nil))
	c.other.Show(c.u.opt.Ports != nil && (connection || c.command == "request"))
	c.doctor.Show(p.Code != session.CodeNoSerial && (connection || c.command == "request" || c.command == "connect"))
	c.sim.Show(card.Sim && c.u.opt.Simulator != nil)
}

// report is what "Copy details" copies: the problem, the device, the line, and the
// end of the log.
func (c *problemCard) report() string {
	st := &c.u.state
	var b strings.Builder
	line := func(name, value string) {
		b.WriteString(name + ": " + show.Visible(value) + "\n")
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
	line("port", st.Port.Name+" "+show.Hex(uint32(st.Port.VendorID))+":"+show.Hex(uint32(st.Port.ProductID)))
	line("baud", strconv.Itoa(st.Baud))
	line("ncp", st.Device.Version)
	line("boot", st.Device.Boot)
	l := st.Link
	line("frames in, out", strconv.FormatUint(l.RxFrames, 10)+", "+strconv.FormatUint(l.TxFrames, 10))
	line("crc errors", strconv.FormatUint(l.CRCErrors, 10))
	line("noise bytes", strconv.FormatUint(l.NoiseBytes, 10))
	line("round trip last, median, worst", show.Quick(l.RTTLast)+", "+show.Quick(l.RTTMedian)+", "+show.Quick(l.RTTWorst))
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
		u.Post(func() {
			if err != nil {
				u.toasts.add(lang.T("The browser did not allow copying"), show.Warn)
				return
			}
			u.toasts.add(Done("copied"), show.OK)
		})
	})
}
