//go:build js && wasm

package workui

import (
	"ncpweb/flash"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// runCard tells a person what to do now, or how a job ended. It is one card: only one of
// these is of interest at a time.
type runCard struct {
	v                         *runView
	box, title, what, why     *doc.Element
	tryTitle, try, more, text *doc.Element
	goOn, configure, port     *doc.Element
	doctor, copy, report      *doc.Element
	sign                      doc.Sign
	remedy                    doc.Pattern
	tone                      show.Tone
	shown                     bool
	fill                      func() // fills it again, in the language of the page
	press                     func(*webserial.Adapter)
	configures                func()
}

// cardText is what a card says.
type cardText struct {
	tone             show.Tone
	title, what, why string
	listTitle        string
	list             []string
	moreTitle, more  string // a longer text, folded; hostile where it is of the device
	goOn             string // the main button; empty: none
	second           string // the second button; empty: none
	port, doctor     bool   // offers to choose another port; the doctor
	first            bool   // the list goes before why
	copy, report     bool
}

func newRunCard(v *runView) *runCard {
	c := &runCard{
		v: v, box: doc.ByID("run-card"), title: doc.ByID("run-card-title"), what: doc.ByID("run-card-what"), why: doc.ByID("run-card-why"),
		tryTitle: doc.ByID("run-card-try-title"), try: doc.ByID("run-card-try"), more: doc.ByID("run-more"),
		goOn: doc.ByID("run-go"), configure: doc.ByID("run-configure"), port: doc.ByID("run-port-again"), doctor: doc.ByID("run-doctor"),
		copy: doc.ByID("run-copy"), report: doc.ByID("run-report"), remedy: v.remedy,
	}
	c.text = c.more.One("pre")
	c.sign = doc.NewSign(c.box, c.box.One("use"), c.title)
	v.u.On(c.goOn, "click", func() {
		if c.press != nil {
			c.press(nil)
		}
	})
	v.u.On(c.configure, "click", func() {
		if c.configures != nil {
			c.configures()
		}
	})
	c.port.Listen("click", func(doc.Event) {
		v.ports.request(func(a *webserial.Adapter, _ portSource) {
			v.u.Post(func() {
				if c.press != nil {
					v.ports.used(a)
					c.press(a)
				}
			})
		})
	})
	v.u.On(c.copy, "click", func() { v.copyDetails() })
	v.u.On(c.report, "click", func() { v.saveReport() })
	return c
}

// say shows a card and moves the focus to it: it tells what to do next.
func (c *runCard) say(text func() cardText) {
	c.fill = func() { c.put(text()) }
	c.fill()
	if !c.shown {
		c.shown = true
		c.box.Show(true)
	}
	if c.v.u.view == "flash" {
		c.title.Focus()
		c.box.Value.Call("scrollIntoView", map[string]any{"block": "nearest"})
	}
}

func (c *runCard) put(t cardText) {
	c.tone = t.tone
	c.sign.Set(t.title, t.tone)
	c.what.SetText(t.what)
	c.what.Show(t.what != "")
	c.why.SetText(t.why)
	c.why.Show(t.why != "")
	c.tryTitle.SetText(t.listTitle)
	c.tryTitle.Show(len(t.list) > 0)
	c.try.Show(len(t.list) > 0)
	fillSteps(c.try, c.remedy, t.list)
	c.box.SetFlag("data-first", t.first)
	c.more.Value.Set("open", false)
	c.more.Show(t.more != "")
	c.more.One("summary").SetText(t.moreTitle)
	c.text.SetText(t.more)
	c.goOn.SetText(t.goOn)
	c.goOn.Show(t.goOn != "")
	c.configure.SetText(t.second)
	c.configure.Show(t.second != "")
	c.port.Show(t.port && c.v.u.ports != nil)
	c.doctor.Show(t.doctor)
	c.copy.Show(t.copy)
	c.report.Show(t.report)
}

func (c *runCard) hide() {
	if c.shown {
		c.shown = false
		c.box.Show(false)
	}
}

func (c *runCard) render() {
	if c.shown {
		c.goOn.Enable(c.v.u.status.Held == "" || c.v.stage.busy())
	}
}

func (c *runCard) relabel() {
	if c.shown {
		c.fill()
	}
}

// hand asks the person to bring the chip into its loader.
func (c *runCard) hand(e *effort) {
	c.press, c.configures = nil, nil
	c.say(func() cardText {
		chip := e.sel.Want
		return cardText{
			tone: show.Warn, title: lang.T("Start the loader by hand"), what: lang.T("The page keeps trying and goes on by itself as soon as the chip answers."),
			listTitle: lang.T("Now"), list: handSteps(e.sel.Board, e.attempt.native), why: handHint(chip, e.attempt.native),
			port: e.attempt.native, first: true,
		}
	})
}

// replug tells that the port is awaited.
func (c *runCard) replug(e *effort) {
	c.press = c.v.goOn
	c.configures = nil
	c.say(func() cardText {
		return cardText{
			tone: show.Warn, title: lang.T("The port went away"), what: lang.T("The loader of a chip with its own USB port comes back under another name. The page waits for it."),
			listTitle: lang.T("If nothing happens"), list: []string{lang.T("Press Choose the port and pick the new one."), lang.T("Hold BOOT, unplug the cable, plug it in again, let go of BOOT.")},
			port: true,
		}
	})
}

// after shows what the board needs before its firmware starts.
func (c *runCard) after(e *effort) {
	c.press, c.configures = c.v.goOn, nil
	c.say(func() cardText {
		return cardText{
			tone: show.Warn, title: lang.T("Written and verified. Now start the board"), what: e.doneText(),
			listTitle: lang.T("Now"), list: translated(e.sel.Board.After), goOn: lang.T("Connect to the NCP now"), port: true,
		}
	})
}

// tapReset asks the person to start the firmware.
func (c *runCard) tapReset(e *effort) {
	c.press, c.configures = nil, nil
	c.say(func() cardText {
		return cardText{
			tone: show.Warn, title: lang.T("Written and verified. Now tap RESET"), what: e.doneText(),
			listTitle: lang.T("Now"), list: translated(tapSteps[:]), why: lang.T("The page goes on by itself as soon as the firmware starts."), first: true,
		}
	})
}

// problem tells what failed.
func (c *runCard) problem(e *effort) {
	v := c.v
	c.press = func(a *webserial.Adapter) { v.retry(e, a) }
	c.configures = nil
	c.say(func() cardText {
		p := problemOf(e.trouble())
		text := cardText{
			tone: p.Tone, title: p.Title, what: p.What, why: p.Why, listTitle: lang.T("What to try"), list: p.Try,
			goOn: lang.T("Try again"), copy: true, report: e.job == jobFlash && e.err.Torn,
		}
		if e.err.Code != flash.CodeCanceled {
			text.moreTitle, text.more, text.port = lang.T("Technical detail"), detailOf(e.err), true
		}
		return text
	})
}

// erased tells that the chip is empty.
func (c *runCard) erased(e *effort) {
	c.press, c.configures = nil, nil
	c.say(func() cardText {
		return cardText{
			tone: show.OK, title: lang.T("Everything is erased"), what: lang.F("It took {0}. The device does not start until it is flashed: choose a firmware and press Flash.", spent(e.worked)),
			copy: true,
		}
	})
}

// saved tells that a backup is in a file.
func (c *runCard) saved(e *effort, name string, size int64) {
	c.press, c.configures = nil, nil
	c.say(func() cardText {
		return cardText{
			tone: show.OK, title: lang.T("The backup is saved"), what: lang.F("{0}: {1}, read and verified in {2}. Keep it to yourself: it holds Wi-Fi passwords and tokens.", name, show.Bytes(uint64(size)), spent(e.worked)),
			copy: true,
		}
	})
}

// flashed tells how a flash ended.
func (c *runCard) flashed(e *effort) {
	v := c.v
	answers := e.finish.answers
	c.press = v.again
	if answers {
		c.press = func(*webserial.Adapter) { v.u.core.Go("device") }
	}
	c.configures = func() { v.u.core.Go("configure") }
	c.say(func() cardText {
		t := endingWords(e.ending, e.finish)
		text := cardText{
			tone: t.Tone, title: t.Title, what: t.What, why: e.doneText(), listTitle: lang.T("What to do"), list: t.Try,
			moreTitle: lang.T("Boot log"), more: e.boot, goOn: lang.T("Connect to the NCP now"), port: !answers, doctor: !answers && e.ending != endSketch, copy: !answers, report: true,
		}
		if answers {
			text.goOn, text.second = lang.T("Open Device"), lang.T("Configure product")
		}
		return text
	})
}

// chipCard tells which chip was found.
type chipCard struct {
	box, title, list *doc.Element
	row              doc.Pattern
	again            func()
}

func newChipCard() *chipCard {
	c := &chipCard{box: doc.ByID("run-chip"), title: doc.ByID("run-chip-title"), list: doc.ByID("run-facts"), row: doc.NewPattern("t-run-fact")}
	c.title.SetAttr("tabindex", "-1")
	return c
}

func (c *chipCard) hide() { c.box.Show(false) }

func (c *chipCard) relabel() {
	if c.again != nil {
		c.again()
	}
}

// fact is a line of the chip's card.
type fact struct {
	name, value string
	data        bool // in the typeface of data
}

func (c *chipCard) put(title string, facts []fact) {
	c.title.SetText(title)
	c.list.Clear()
	for _, f := range facts {
		if f.value == "" {
			continue
		}
		row := c.row.Copy()
		row.Child(0).SetText(f.name)
		dd := row.Child(1)
		if f.data {
			dd.SetAttr("class", "data break")
		}
		dd.SetText(f.value)
		c.list.Append(row)
	}
	c.box.Show(true)
}
