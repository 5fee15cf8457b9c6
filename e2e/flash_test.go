package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// espBoard is a simulated board as a lab device. Its USB id is that of an adapter that
// does two million baud, so that the tests are short.
func espBoard(o espsim.Options) (*espsim.Board, lab.Spec) {
	b := espsim.New(o)
	return b, lab.Spec{Name: "Board", Sim: b, Wire: sim.WireOptions{
		Latency: time.Millisecond, Reopen: 15 * time.Millisecond, FIFO: 64 << 10, Info: serial.Info{VendorID: 0x1A86, ProductID: 0x55D4, Name: "CH9102"},
	}}
}

// sample is a small image of an NCP.
func sample(chip espsim.Chip, version string) []byte {
	return espsim.Image(espsim.ImageOptions{Chip: chip, Size: 192 << 10, Version: version})
}

// openRun opens the page at the Flash view and waits for its program.
func openRun(t *testing.T, url string, o browser.PageOptions) *view {
	t.Helper()
	v := load(t, chromium, url+"#flash", o)
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	v.must(v.Do(`document.getElementById("run-details").open = true`))
	return v
}

// giveImage hands a file to the page as if the person had chosen it.
func (v *view) giveImage(name string, data []byte) {
	v.t.Helper()
	v.must(v.Do(fmt.Sprintf(`(() => {
		const files = new DataTransfer();
		files.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q));
		const input = document.getElementById("fw-files");
		input.files = files.files;
		input.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, base64.StdEncoding.EncodeToString(data), name)))
	v.wait(`!document.getElementById("run-flash").disabled`, 5*time.Second)
}

// card waits for the card of the run to say something.
func (v *view) card(want string, limit time.Duration) {
	v.t.Helper()
	ok := fmt.Sprintf(`(c => c.checkVisibility() && c.innerText.includes(%q))(document.getElementById("run-card"))`, want)
	if _, err := v.Wait(ok, limit); err != nil {
		v.t.Fatalf("the card does not say %q: %q\nlog:\n%s", want, v.text("#run-card"), v.text("#run-log"))
	}
}

// flash presses Flash. The lab's only port is chosen by itself.
func (v *view) flash() {
	v.t.Helper()
	v.click("#run-flash")
}

// holds compares the flash memory of a board with an image.
func holds(t *testing.T, b *espsim.Board, image []byte) {
	t.Helper()
	if !bytes.Equal(b.Flash()[:len(image)], image) {
		t.Error("the flash memory holds something else than the file")
	}
	if v := b.Violations(); len(v) > 0 {
		t.Errorf("what a real chip would not have survived: %q", v)
	}
}

// TestFlashBlank: a blank board becomes an NCP that answers; the same file again is
// quick.
func TestFlashBlank(t *testing.T) {
	t.Parallel()
	b, spec := espBoard(espsim.Options{})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	image := sample(espsim.ESP32C3, "0.7.1")
	v.giveImage("BlynkNCP_generic_esp32c3_4M.flash.bin", image)
	v.flash()
	v.card("NCP 0.7.1 answers", 30*time.Second)
	holds(t, b, image)
	if got := eval[string](v, `document.activeElement.id`); got != "run-card-title" {
		t.Errorf("the focus is on %q", got)
	}
	if chip := v.text("#run-chip"); !strings.Contains(chip, "ESP32-C3") || !strings.Contains(chip, "4 MB") {
		t.Errorf("chip: %q", chip)
	}
	v.flash()
	v.card("was in the chip already", 20*time.Second)
	v.card("NCP 0.7.1 answers", time.Second)
}

// TestFlashStopped: stopped in the middle of writing, the port is free, the device is
// said to be incomplete, the browser asks no longer, and the next attempt goes on.
func TestFlashStopped(t *testing.T) {
	t.Parallel()
	b, spec := espBoard(espsim.Options{Chip: espsim.ESP32})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	a := withAxe(t, v)
	image := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32, Size: 640 << 10, Version: "0.7.2"})
	v.giveImage("blynk.flash.bin", image)
	a.check("firmware chosen")
	v.flash()
	v.wait(`document.getElementById("task-text").textContent.includes("left")`, 20*time.Second)
	if !v.asksBeforeLeaving() {
		t.Error("the page can be closed in the middle of writing without a word")
	}
	a.check("while writing")
	v.click("#task-cancel")
	v.card("does not start until it is flashed again", 10*time.Second)
	if got := v.text("#run-card-title"); got != "Stopped" {
		t.Errorf("title %q", got)
	}
	a.check("stopped")
	if v.asksBeforeLeaving() {
		t.Error("the browser still asks before the page is closed")
	}
	if held := v.text("#chip"); strings.Contains(held, "Flashing") {
		t.Errorf("the connection says %q", held)
	}
	v.click("#run-go")
	v.card("NCP 0.7.2 answers", 40*time.Second)
	v.card("were there already", time.Second)
	a.check("done")
	holds(t, b, image)
}

// asksBeforeLeaving tells whether the browser would ask before the page is closed.
func (v *view) asksBeforeLeaving() bool {
	v.t.Helper()
	time.Sleep(100 * time.Millisecond) // it is told by a script that may load first
	return eval[bool](v, `!dispatchEvent(new Event("beforeunload", { cancelable: true }))`)
}

// TestFlashUnplugged: the cable goes in the middle, comes back, and the same button goes
// on.
func TestFlashUnplugged(t *testing.T) {
	t.Parallel()
	b, spec := espBoard(espsim.Options{})
	l, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	v.allow("WebSocket")
	v.allow("Failed to load resource") // the lab has no such port while it is unplugged
	image := espsim.Image(espsim.ImageOptions{Size: 640 << 10, Version: "0.7.1"})
	v.giveImage("blynk.flash.bin", image)
	v.flash()
	v.wait(`document.getElementById("task-text").textContent.includes("left")`, 20*time.Second)
	l.Device("Board").Unplug()
	v.card("The device was unplugged", 10*time.Second)
	v.card("does not start until it is flashed again", time.Second)
	l.Device("Board").Plug()
	v.wait(`document.getElementById("run-port").innerText.includes("as before")`, 10*time.Second)
	v.click("#run-go")
	v.card("NCP 0.7.1 answers", 40*time.Second)
	holds(t, b, image)
}

// TestFlashByHand: a board without reset lines says that it started its firmware; the
// page tells what to do, goes on when it is done, and says when to tap RESET.
func TestFlashByHand(t *testing.T) {
	t.Parallel()
	b, spec := espBoard(espsim.Options{Chip: espsim.ESP32, Lines: espsim.Manual, Content: sample(espsim.ESP32, "0.6.0")})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	a := withAxe(t, v)
	image := sample(espsim.ESP32, "0.7.1")
	v.giveImage("blynk.flash.bin", image)
	v.flash()
	v.card("Start the loader by hand", 30*time.Second)
	v.card("Let go of BOOT", time.Second)
	a.check("by hand")
	if err := b.Press(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.card("Now tap RESET", 40*time.Second)
	holds(t, b, image)
	if err := b.Tap(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.card("NCP 0.7.1 answers", 30*time.Second)
}

// TestFlashTools: the chip is detected and runs on, a backup is what the chip holds, and
// everything is erased only after a question.
func TestFlashTools(t *testing.T) {
	t.Parallel()
	content := espsim.Image(espsim.ImageOptions{Size: 192 << 10, FlashSize: 1 << 20, Version: "0.7.1"})
	b, spec := espBoard(espsim.Options{Size: 1 << 20, Content: content})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	v.click("#run-detect")
	v.wait(`document.getElementById("run-state").innerText === "Done"`, 20*time.Second)
	if chip := v.text("#run-chip"); !strings.Contains(chip, "ESP32-C3") || !strings.Contains(chip, "1 MB") {
		t.Errorf("chip: %q", chip)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := b.WaitState(ctx, espsim.Running); err != nil {
		t.Errorf("after detection the board is %v", b.State())
	}

	// What would be saved is kept instead.
	v.must(v.Do(`globalThis.saved = []; URL.createObjectURL = (b) => { saved.push(b); return "data:,"; };
		HTMLAnchorElement.prototype.click = function () { globalThis.savedAs = this.download; }`))
	v.must(v.Do(`document.getElementById("run-tools").open = true`))
	before := b.Flash()
	v.click("#run-backup")
	v.card("The backup is saved", 30*time.Second)
	v.wait(`saved.length === 1`, 5*time.Second)
	if name := eval[string](v, `savedAs`); !strings.HasPrefix(name, "backup-esp32c3-") || !strings.HasSuffix(name, ".bin") {
		t.Errorf("the backup is called %q", name)
	}
	sum := sha256.Sum256(before)
	if got := eval[string](v, `saved[0].arrayBuffer().then((b) => crypto.subtle.digest("SHA-256", b)).then((d) => [...new Uint8Array(d)].map((b) => b.toString(16).padStart(2, "0")).join(""))`); got != hex.EncodeToString(sum[:]) {
		t.Errorf("the backup of %d bytes is not what the chip holds", eval[int](v, `saved[0].size`))
	}

	v.click("#run-erase")
	v.press(kb.Escape)
	time.Sleep(300 * time.Millisecond)
	if !bytes.Equal(b.Flash(), before) {
		t.Fatal("it was erased though the question was not answered")
	}
	v.click("#run-erase")
	v.click("#run-ask-yes")
	v.card("Everything is erased", 30*time.Second)
	if len(bytes.Trim(b.Flash(), "\xFF")) > 0 {
		t.Error("something is left")
	}
	if bad := b.Violations(); len(bad) > 0 {
		t.Errorf("violations: %q", bad)
	}
}

// TestFlashWrongFile: what cannot be flashed is told before anything is written.
func TestFlashWrongFile(t *testing.T) {
	t.Parallel()
	b, spec := espBoard(espsim.Options{})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	v.giveImage("blynk.flash.bin", sample(espsim.ESP32S3, "0.7.1"))
	v.flash()
	v.card("The firmware is for another chip", 20*time.Second)
	v.card("Nothing in the device was changed", time.Second)
	if len(bytes.Trim(b.Flash(), "\xFF")) > 0 {
		t.Error("something was written")
	}
}

// TestFlashKeyboard: from the file to the answer with the keyboard alone.
func TestFlashKeyboard(t *testing.T) {
	t.Parallel()
	_, spec := espBoard(espsim.Options{})
	_, url := newLab(t, spec)
	v := openRun(t, url, browser.PageOptions{})
	v.giveImage("blynk.flash.bin", sample(espsim.ESP32C3, "0.7.1"))
	v.must(v.Do(`document.getElementById("title-flash").focus()`))
	v.tabTo("#run-flash")
	v.press(kb.Enter)
	v.wait(`document.activeElement.id === "task-cancel"`, 10*time.Second)
	v.press(kb.Enter)
	v.wait(`document.activeElement.id === "run-card-title"`, 10*time.Second)
	v.card("Stopped", time.Second)
	v.tabTo("#run-go")
	v.press(kb.Enter)
	v.card("NCP 0.7.1 answers", 30*time.Second)
	v.wait(`document.activeElement.id === "run-card-title"`, 3*time.Second)
	v.tabTo("#run-go")
	v.press(kb.Enter)
	v.wait(`location.hash === "#device"`, 3*time.Second)
}

// TestFlashNewUser: somebody opens the page for the first time, has no hardware, and
// wants to see a board flashed. It is measured how much that takes.
func TestFlashNewUser(t *testing.T) {
	t.Parallel()
	_, url := newLab(t)
	began, clicks := time.Now(), 0
	v := load(t, chromium, url, browser.PageOptions{})
	click := func(selector string) {
		t.Helper()
		v.wait(fmt.Sprintf(`(e => e && e.checkVisibility() && !e.disabled)(document.querySelector(%q))`, selector), 20*time.Second)
		v.click(selector)
		clicks++
	}
	click("#empty-try")
	v.sees("#chip", "NCP", 20*time.Second)
	click(`.rail a[href="#flash"]`)
	click(`#fw-offers button`)
	click("#run-flash")
	v.card("NCP 0.7.1 answers", 90*time.Second)
	took := time.Since(began)
	t.Logf("figure flash.newuser.clicks %d 1", clicks)
	t.Logf("figure flash.newuser.seconds %.1f s", took.Seconds())
	if clicks > 4 {
		t.Errorf("%d clicks", clicks)
	}
	v.click("#run-go")
	v.sees("#view-device", "0.7.1", 5*time.Second)
}

// TestFlashWirings: through a passthrough sketch of the board's controller, and through
// the USB of the chip itself.
func TestFlashWirings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o     espsim.Options
		info  serial.Info
		reset string
		says  string
	}{
		"passthrough":          {espsim.Options{Chip: espsim.ESP32, Lines: espsim.Direct}, serial.Info{VendorID: 0x2341, ProductID: 0x8057, Name: "Nano 33 IoT"}, "direct", "Written, verified and started"},
		"inverted passthrough": {espsim.Options{Chip: espsim.ESP32, Lines: espsim.Inverted}, serial.Info{VendorID: 0x2341, ProductID: 0x005E, Name: "Nano RP2040"}, "inverted", "Written, verified and started"},
		"own USB":              {espsim.Options{Chip: espsim.ESP32S3, Lines: espsim.USB}, serial.Info{VendorID: 0x303A, ProductID: 0x1001, Name: "USB JTAG/serial"}, "", "NCP 0.7.1 answers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, spec := espBoard(c.o)
			spec.Wire.Info = c.info
			_, url := newLab(t, spec)
			v := openRun(t, url, browser.PageOptions{})
			image := sample(c.o.Chip, "0.7.1")
			v.giveImage("blynk.flash.bin", image)
			v.must(v.Do(fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change")); })(document.getElementById("fw-reset"))`, c.reset)))
			v.flash()
			v.card(c.says, 60*time.Second)
			holds(t, b, image)
		})
	}
}
