package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"ncpweb/e2e/browser"
)

// captureFrames is how many frames the capture has that is opened.
const captureFrames = 100_000

// filters is how often the capture is filtered, with another text each time.
const filters = 5

// capture makes a capture file (docs/capture.md): pin changes and writes as they pass
// with a busy dashboard, and now and then a ping with its answer. Every fiftieth value
// holds the word "needle".
func capture() string {
	var b strings.Builder
	b.WriteString(`{"format":"ncp-capture","version":1,"product":"bench","baud":2000000,"start":1795000000000000}` + "\n")
	line := func(i int, dir, kind string, message []byte) {
		fmt.Fprintf(&b, `{"t":%d,"dir":"%s","kind":"%s","data":"%s"}`+"\n", i*500, dir, kind, hex.EncodeToString(message))
	}
	message := func(opcode, uid uint16, args ...byte) []byte {
		m := binary.LittleEndian.AppendUint16(nil, opcode)
		return append(binary.LittleEndian.AppendUint16(m, uid), args...)
	}
	value := func(pin int, text string) []byte {
		v := binary.LittleEndian.AppendUint16(nil, uint16(pin))
		v = binary.LittleEndian.AppendUint16(v, uint16(len(text)))
		return append(v, text...)
	}
	const invoke, result, oneway = 0x67BC, 0xA512, 0x1CF3
	for i := range captureFrames {
		id := uint16(i / 100)
		text := strconv.FormatFloat(float64(i%1000)/10, 'f', 2, 64)
		if i%50 == 25 {
			text = "needle " + text
		}
		switch i % 100 {
		case 0:
			line(i, "out", "invoke", message(invoke, 0x0101, byte(id), byte(id>>8)))
		case 1:
			line(i, "in", "result", message(result, id, 0))
		case 10:
			line(i, "out", "oneway", message(oneway, 0x0311, value(i%20, text)...))
		default:
			line(i, "in", "oneway", message(oneway, 0x0412, value(i%20, text)...))
		}
	}
	return b.String()
}

// measureCapture opens a capture in the page without a device, and filters it by text.
func measureCapture(w io.Writer, b *browser.Browser, url string) error {
	p, err := b.Open(browser.PageOptions{Width: 1280, Height: 900, Before: []string{watchFrames}})
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := coreReady(p, url+"#traffic"); err != nil {
		return err
	}
	if _, err := p.Wait(`document.getElementById("traffic").checkVisibility()`, 30*time.Second); err != nil {
		return err
	}
	if err := p.Do(`bench.file = []`); err != nil {
		return err
	}
	for part := range slices.Chunk([]byte(capture()), 1<<20) {
		if err := p.Do(`bench.file.push(` + strconv.QuoteToASCII(string(part)) + `)`); err != nil {
			return err
		}
	}
	if err := p.Do(`bench.begin()`); err != nil {
		return err
	}
	err = p.Do(`(input => {
		const files = new DataTransfer();
		files.items.add(new File(bench.file, "bench.jsonl"));
		input.files = files.files;
		input.dispatchEvent(new Event("change", { bubbles: true }));
	})(document.getElementById("traffic-file"))`)
	if err != nil {
		return err
	}
	t, err := measured(p, "capture-open")
	if err != nil {
		return err
	}
	figure(w, "capture.open", t, "ms")
	if err := tasks(w, p, "capture.open.longtask"); err != nil {
		return err
	}
	time.Sleep(time.Second) // work in idle time shall be over
	if err := p.Do(`bench.begin()`); err != nil {
		return err
	}
	if err := filter(w, p); err != nil {
		return err
	}
	return tasks(w, p, "capture.filter.longtask")
}

// filter filters by texts that some, few and no frames hold.
func filter(w io.Writer, p *browser.Page) error {
	var times []float64
	for i := range filters {
		text := []string{"needle", "99.9", "virtualwrite", "nothing has this", "12 04"}[i%5]
		if err := p.Do(`performance.clearMeasures("capture-filter")`); err != nil {
			return err
		}
		err := p.Do(`(e => { e.value = ` + strconv.Quote(text) + `; e.dispatchEvent(new Event("input", { bubbles: true })) })(document.getElementById("traffic-text"))`)
		if err != nil {
			return err
		}
		t, err := measured(p, "capture-filter")
		if err != nil {
			return err
		}
		times = append(times, t)
	}
	figure(w, "capture.filter", median(times), "ms")
	figure(w, "capture.filter.slowest", slices.Max(times), "ms")
	n, err := p.Text("#traffic-count")
	fmt.Fprintf(w, "bench: the last filter shows %s\n", n)
	return err
}

// tasks prints the longest task since bench.begin.
func tasks(w io.Writer, p *browser.Page, name string) error {
	got, err := browser.Eval[[]float64](p, `bench.end()`)
	if err == nil {
		figure(w, name, got[2], "ms")
	}
	return err
}

// measured waits for a measure of the page and returns its duration in ms.
func measured(p *browser.Page, name string) (float64, error) {
	entries := `performance.getEntriesByName("` + name + `")`
	if _, err := p.Wait(entries+`.length > 0`, 30*time.Second); err != nil {
		return 0, err
	}
	return browser.Eval[float64](p, entries+`[0].duration`)
}
