//go:build js && wasm

package toolui

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/ncp/traffic"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// captures opens capture files and saves them.
type captures struct {
	v                   *trafficView
	banner, title, text *doc.Element
	shape, live         *doc.Element
	save, report        *doc.Element
	words               func() (title, text string) // of the banner; nil: it was never shown
	turn                int                         // of the file that is being opened; a newer one ends it
	saving              bool                        // a file is being written
	began               float64
}

// maxCaptureFile is the largest file that is read, in bytes: a capture of as many frames
// as are kept, and then some.
const maxCaptureFile = 400 << 20

func newCaptures(v *trafficView) *captures {
	c := &captures{
		v: v, banner: doc.ByID("traffic-banner"), title: doc.ByID("traffic-banner-title"), text: doc.ByID("traffic-banner-text"),
		shape: doc.ByID("traffic-banner-shape"), live: doc.ByID("traffic-live"), save: doc.ByID("traffic-save"), report: doc.ByID("traffic-report"),
	}
	input := doc.ByID("traffic-file")
	// Browsers open their list of files in the handler of a click only.
	doc.ByID("traffic-open").Listen("click", func(doc.Event) { input.Value.Call("click") })
	got := func(f page.File, err error) { v.u.Post(func() { c.open(f, err) }) }
	page.OnFile(input.Value, maxCaptureFile, got)
	page.OnFile(doc.ByID("view-traffic").Value, maxCaptureFile, got)
	v.u.On(c.save, "click", c.write)
	v.u.On(c.report, "click", c.copyReport)
	v.u.On(c.live, "click", c.leave)
	return c
}

// tell shows the banner.
func (c *captures) tell(tone show.Tone, words func() (title, text string)) {
	c.banner.SetAttr("data-tone", string(tone))
	c.shape.SetAttr("href", "#i-"+string(tone))
	c.words = words
	c.relabel()
	c.banner.Show(true)
}

// relabel says in the language of the page what the banner says.
func (c *captures) relabel() {
	if c.words == nil {
		return
	}
	title, text := c.words()
	c.title.SetText(title)
	c.text.SetText(text)
	c.live.SetText(map[bool]string{true: lang.T("Dismiss"), false: lang.T("Back to live")}[c.v.isLive()])
}

// leave shows the connection again.
func (c *captures) leave() {
	c.turn++
	c.banner.Show(false)
	if !c.v.isLive() {
		c.v.show(c.v.live)
	}
	c.v.grid.box.Focus()
}

// open reads a file that the person chose or dropped, in slices.
func (c *captures) open(f page.File, err error) {
	name, _ := show.Cut(show.Visible(f.Name), 80)
	switch {
	case errors.Is(err, page.ErrTooLong):
		c.refuse(name, func() string { return lang.F("The file is larger than {0}.", show.Bytes(maxCaptureFile)) })
		return
	case err != nil:
		c.refuse(name, func() string { return lang.T("The browser could not read the file.") })
		return
	}
	c.turn++
	turn := c.turn
	c.began = performance().Call("now").Float()
	c.tell(show.Busy, func() (string, string) { return lang.T("Opening"), name })
	store := traffic.NewStore(traffic.Options{Fixed: true, Names: c.v.u.names()})
	reader := traffic.NewReader(store)
	reader.Feed(f.Data)
	var failed error
	c.v.u.inSlices(func(until time.Time) bool {
		if turn != c.turn {
			return true // another file, or the person has left
		}
		done, err := reader.Step(untilOf(until))
		if done && err == nil {
			err = reader.Close()
		}
		failed = err
		return done || err != nil
	}, func() {
		if turn == c.turn {
			c.opened(name, store, reader.Header(), failed)
		}
	})
}

// opened shows a capture that was read, also one whose end cannot be read.
func (c *captures) opened(name string, store *traffic.Store, h traffic.Header, err error) {
	if err != nil && store.Len() == 0 {
		c.refuse(name, func() string { return captureWords(err) })
		return
	}
	c.v.show(newSource(store))
	tone := show.OK
	if err != nil {
		tone = show.Warn
	}
	frames := store.Len()
	c.tell(tone, func() (string, string) {
		text := lang.F("{0}, {1} from {2}. Nothing here is live; no device is needed.", name, countWords(frames, frames), day(h.Start))
		if firmware, _ := show.Cut(show.Visible(h.Firmware), 24); firmware != "" {
			text += " " + lang.F("NCP firmware {0}.", firmware)
		}
		if err != nil {
			return lang.T("A capture, only in part"), text + " " + captureWords(err)
		}
		return lang.T("An opened capture"), text
	})
	measure("capture-open", c.began)
}

// refuse tells why a file is not shown.
func (c *captures) refuse(name string, why func() string) {
	c.turn++
	if !c.v.isLive() {
		c.v.show(c.v.live)
	}
	c.tell(show.Fail, func() (string, string) { return lang.F("{0} was not opened.", name), why() })
}

// captureWords says why reading a capture ended.
func captureWords(err error) string {
	var e *traffic.CaptureError
	if !errors.As(err, &e) {
		return lang.T("The file cannot be read.")
	}
	detail, _ := show.Cut(show.Visible(e.Detail), 120)
	line := strconv.Itoa(e.Line)
	why := ""
	switch e.Reason {
	case traffic.NotCapture:
		return lang.T("This is not a capture of this page: its first line is not the one of a capture.")
	case traffic.TooNew:
		return lang.T("A newer version of this page wrote this capture.")
	case traffic.TooMany:
		return lang.F("It has more than {0} frames; those after line {1} were left out.", show.Grouped(traffic.CaptureRows), line)
	case traffic.LineTooLong:
		why = lang.T("it is too long")
	case traffic.OutOfOrder:
		why = lang.T("its time is before that of the line above")
	case traffic.BadMember:
		why = lang.T("missing or out of range")
	default:
		why = lang.T("it is not right")
	}
	if detail != "" {
		why += ": " + detail
	}
	return lang.F("Line {0}: {1}.", line, why)
}

// day writes a date and a time.
func day(us int64) string { return time.UnixMicro(us).Format("2006-01-02 15:04:05") }

// header is what a saved capture says about itself.
func (c *captures) header() traffic.Header {
	return traffic.Header{Product: product, Firmware: c.v.u.status.Version, Baud: c.v.shown.store.Stats().Baud}
}

// product is the name of the page in what it writes.
const product = "NCP Web Console"

// piece is about how much of a file is written between two looks at the clock, in bytes.
const piece = 32 << 10

// write saves all frames of what is shown as a capture.
func (c *captures) write() {
	store := c.v.shown.store
	if c.saving || store.Len() == 0 {
		if !c.saving {
			c.v.u.core.Toast(lang.T("There are no frames to save"), string(show.Warn))
		}
		return
	}
	c.saving = true
	c.save.SetAttr("aria-busy", "true")
	w := traffic.NewWriter(store, nil, c.header())
	name := "ncp-capture-" + time.Now().Format("20060102-150405") + ".jsonl"
	out := make([]byte, 0, min(store.Len()*180+4096, 64<<20))
	c.v.u.inSlices(func(until time.Time) (done bool) {
		for !done && time.Now().Before(until) {
			out, done = w.Append(out, piece)
		}
		return done
	}, func() {
		c.saving = false
		c.save.SetAttr("aria-busy", "false")
		c.v.u.save(name, "application/x-ndjson", out)
	})
}

// reportRows is how many of the newest frames a report has at most.
const reportRows = 300

// copyReport copies what a bug report needs: the device, the line, the newest frames.
func (c *captures) copyReport() {
	u := c.v.u
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		head, err := u.core.Report(ctx)
		if err != nil {
			head = ""
		}
		u.Post(func() { u.copy(c.v.shown.store.Report(head, reportRows)) })
	}()
}
