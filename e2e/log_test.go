package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// watched notes what a hostile text could do.
var watched = []string{
	`window.csp = []; document.addEventListener("securitypolicyviolation", e => csp.push(e.violatedDirective + " " + e.sourceFile))`,
	`window.copied = []; navigator.clipboard.writeText = async t => { copied.push(t) }`,
	`window.opened = []; window.open = u => { opened.push(u); return null }`,
	`const make = URL.createObjectURL; URL.createObjectURL = b => { window.saved = b; return make.call(URL, b) }`,
}

// drawn waits until the terminal shows a text.
func (v *view) drawn(want string) {
	v.t.Helper()
	_, err := v.Wait(`document.querySelector(".xterm-rows")?.innerText.includes(`+quote(want)+`)`, 10*time.Second)
	if err != nil {
		v.t.Fatalf("the terminal does not show %q but %q", want, v.text("#log"))
	}
}

// contrast is the least one of the terminal's text against what it stands on, and where
// that is.
const contrast = `(() => {
	const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
	const light = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		const s = [r, g, b].map(x => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
		return a ? 0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2] : null };
	const page = light(getComputedStyle(document.getElementById("log")).backgroundColor);
	let least = [99];
	for (const e of document.querySelectorAll(".xterm-rows span")) {
		if (!e.textContent.trim()) continue;
		const style = getComputedStyle(e);
		const a = light(style.color), b = light(style.backgroundColor) ?? page;
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < least[0]) least = [ratio, e.textContent, e.className, e.style.cssText];
	}
	return least.join(" ") })()`

// scrambled passes noise that is rich in escape sequences, and tells what comes out that
// is more than text and its colours, or depends on how the bytes are cut.
const scrambled = `(() => {
	const log = document.getElementById("log").log;
	const fit = /^(?:[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\t\b\r]|\x1b\[K|\x1b\[[\d;:]*m)*$/;
	const rich = [0x1b, 0x1b, 0x5b, 0x5d, 0x50, 0x6d, 0x4b, 0x4a, 0x3b, 0x33, 0x31, 0x38, 0x07, 0x0d, 0x08, 0x9b, 0xe2, 0x80, 0xae, 0xc2, 0x9d, 0xf0, 0x9f, 0x98, 0x80];
	let seed = 1;
	const next = n => (seed = seed * 48271 % 0x7fffffff) % n;
	for (let i = 0; i < 4000; i++) {
		const bytes = Uint8Array.from({ length: next(60) }, () => next(3) ? rich[next(rich.length)] : next(256));
		const whole = log.text, parts = log.text;
		const a = whole.add(bytes) + whole.end();
		const b = Array.from(bytes, x => parts.add(Uint8Array.of(x))).join("") + parts.end();
		if (a !== b || !fit.test(a) || /\x1b\[(?:[\d:]*;)*8(?:;[\d;:]*)?m/.test(a) && !/[345]8[;:]/.test(a)) return JSON.stringify([Array.from(bytes), a, b]);
	}
	return "" })()`

// TestLogText: colours show and can be read, what is hostile does nothing, the search
// finds, and the saved log has every byte.
func TestLogText(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{Width: 1400, Height: 900, Before: watched})
	v.connect()
	v.goTo("log")
	v.drawn("answers at")
	title := eval[string](v, `document.title`)
	var b strings.Builder
	for i := 30; i < 38; i++ {
		b.WriteString("\x1b[" + string([]byte{byte(i/10) + '0', byte(i%10) + '0'}) + "mc\x1b[1md\x1b[0m \x1b[48;5;" + string([]byte{byte(i/10) + '0', byte(i%10) + '0'}) + "me\x1b[m ")
	}
	b.WriteString("\x1b[38;2;250;250;250mpale\x1b[38;2;5;5;5mdark\x1b[7minverse\x1b[m\r\n")
	device.NCP().SendRaw([]byte(b.String()))
	device.NCP().SendRaw([]byte("\x1b[31mred alert\x1b[0m and \x80\xfe bytes\r\n" +
		"\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x07\x1b]8;;https://pwned.example\x07link text\x1b]8;;\x07\x1b[6n\x1b[c\x05\x1bZ" +
		"\x1b[2J\x1b[H\x1b[3J\x1bc\x1b[?1049h\x1bP$qm\x1b\\\x1b[8mhidden words\x1b[0m <b>end</b>\r\n"))
	v.drawn("<b>end</b>")
	for _, want := range []string{"red alert and ·· bytes", "link text", "hidden words", "answers at", "‹05›"} {
		v.drawn(want)
	}
	for range 2 {
		if least := eval[string](v, contrast); least < "4.5" || strings.Index(least, ".") != 1 {
			t.Errorf("text with a contrast of %s", least)
		}
		v.must(v.Do(`document.documentElement.dataset.theme = "dark"`))
		v.wait(`getComputedStyle(document.querySelector(".xterm-scrollable-element")).backgroundColor === getComputedStyle(document.getElementById("log")).backgroundColor`, 3*time.Second)
		time.Sleep(100 * time.Millisecond) // the rows are drawn again in the next frame
	}
	if got := eval[string](v, `[document.title, copied.length, opened.length, document.querySelectorAll("#log a").length].join()`); got != title+",0,0,0" {
		t.Errorf("title, copied, opened, links: %s", got)
	}
	v.fill("#log-search", "alert")
	v.wait(`document.getElementById("log-found").textContent === "1 / 1"`, 3*time.Second)
	v.fill("#log-search", "answers at nothing")
	v.wait(`document.getElementById("log-found").textContent === "0 / 0"`, 3*time.Second)
	v.click("#log-download")
	v.wait(`window.saved instanceof Blob`, 3*time.Second)
	saved := eval[string](v, `saved.text()`)
	for _, want := range []string{"red alert and \\x80\\xFE bytes\n", "# NCP ", time.Now().Format("2006-01-02T")} {
		if !strings.Contains(saved, want) {
			t.Errorf("the saved log has no %q: %q", want, saved)
		}
	}
	if csp := eval[string](v, `csp.join()`); csp != "" {
		t.Errorf("against the content security policy: %s", csp)
	}
	if bad := eval[string](v, scrambled); bad != "" {
		t.Errorf("what passes of noise: %s", bad)
	}
	v.click("#log-clear")
	v.wait(`!document.querySelector(".xterm-rows").innerText.includes("alert")`, 3*time.Second)
	// Neither the pointer nor the keyboard is caught.
	v.must(v.Do(`document.querySelector(".xterm-helper-textarea").focus()`))
	v.press(kb.Tab)
	if got := eval[string](v, `document.activeElement.id`); got != "raw-baud" {
		t.Errorf("Tab leads to %q", got)
	}
}

// TestLogBurst: 12,000 lines at once neither hold the page nor grow it beyond its bound.
func TestLogBurst(t *testing.T) {
	_, url := newLab(t, lab.Spec{Name: "Burst", Sim: &plain{baud: 2000000, hello: strings.Repeat("0123456789 a line of a burst\r\n", 12_000) + "the end\r\n"}})
	v := open(t, url, browser.PageOptions{})
	v.goTo("log")
	v.wait(`document.getElementById("log-loading").hidden`, 10*time.Second)
	v.must(v.Do(`window.long = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) long = Math.max(long, e.duration) }).observe({ type: "longtask" })`))
	v.fill("#raw-baud", "2000000")
	v.click("#raw-open")
	v.drawn("the end")
	if n := eval[int](v, `document.getElementById("log").log.terminal.buffer.active.length`); n < 9_000 || n > 10_200 {
		t.Errorf("%d lines", n)
	}
	t.Logf("longest task %.0f ms", eval[float64](v, `window.long`))
}

// plain is a device that speaks no protocol: it says hello when the port is opened and
// answers each line.
type plain struct {
	baud  int
	hello string

	mu   sync.Mutex
	got  string
	seen map[sim.Lines]bool
}

func (p *plain) Run(ctx context.Context, u sim.UART) error {
	if err := u.SetMode(serial.Mode{Baud: p.baud}); err != nil {
		return err
	}
	p.seen = make(map[sim.Lines]bool)
	go func() {
		open := false
		for ctx.Err() == nil {
			changed, lines := u.LinesChanged(), u.Lines()
			p.mu.Lock()
			p.seen[lines] = true
			p.mu.Unlock()
			if lines.Open && !open {
				_, _ = u.Write([]byte(p.hello))
			}
			open = lines.Open
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}()
	buf := make([]byte, 256)
	for {
		n, err := u.Read(buf)
		if err != nil {
			return nil
		}
		p.mu.Lock()
		p.got += string(buf[:n])
		answer := strings.Contains(string(buf[:n]), "\n")
		p.mu.Unlock()
		if answer {
			_, _ = u.Write([]byte("\x1b[32mOK\x1b[0m\r\n> "))
		}
	}
}

func (p *plain) has(text string) func() bool {
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.got == text
	}
}

func (p *plain) saw(lines sim.Lines) func() bool {
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.seen[lines]
	}
}

// TestPlainTerminal: a device that is no NCP is talked to at its own rate, and is sent
// nothing but what is typed.
func TestPlainTerminal(t *testing.T) {
	device := &plain{baud: 74880, hello: "ready\r\n"}
	_, url := newLab(t, lab.Spec{Name: "Plain", Sim: device})
	v := open(t, url, browser.PageOptions{})
	v.goTo("log")
	v.fill("#raw-baud", "74880")
	v.click("#raw-open")
	v.drawn("ready")
	v.sees("#chip", "Terminal", 3*time.Second)
	v.must(v.Do(`(e => { e.value = "crlf"; e.dispatchEvent(new Event("change")) })(document.getElementById("raw-end"))`))
	v.fill("#raw-text", "hello")
	v.press(kb.Enter)
	until(t, "the line arrived", 3*time.Second, device.has("hello\r\n"))
	v.drawn("› hello")
	v.drawn("OK")
	v.click("#raw-hex + .track")
	v.fill("#raw-text", "00 ff 0g")
	v.press(kb.Enter)
	v.sees("#raw-fault", "0A 1B FF", time.Second)
	v.fill("#raw-text", "00 ff")
	v.press(kb.Enter)
	until(t, "the bytes arrived", 3*time.Second, device.has("hello\r\n\x00\xff"))
	v.click("#raw-dtr")
	until(t, "DTR is off", 3*time.Second, device.saw(sim.Lines{Open: true, RTS: true}))
	v.wait(`document.getElementById("raw-dtr").getAttribute("aria-pressed") === "false"`, 3*time.Second)
	v.click("#raw-break")
	until(t, "break", 3*time.Second, device.saw(sim.Lines{Open: true, RTS: true, Break: true}))
	v.click("#disconnect")
	v.wait(`document.getElementById("connect").checkVisibility() && !document.getElementById("raw-send").checkVisibility()`, 3*time.Second)
}

// TestTerminalAndBack: the console lets the port go and takes it again.
func TestTerminalAndBack(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.goTo("log")
	v.click("#raw-open")
	v.wait(`document.getElementById("raw-send").checkVisibility()`, 5*time.Second)
	if eval[bool](v, `document.getElementById("rate").disabled`) == false {
		t.Error("the console can be used beside the terminal")
	}
	v.click("#raw-back")
	v.ready(20 * time.Second)
	v.wait(`!document.getElementById("raw-send").checkVisibility() && document.activeElement.id === "raw-open"`, 3*time.Second)
	if n := device.NCP().Stats().Boots; n != 1 {
		t.Errorf("%d boots", n)
	}
}
