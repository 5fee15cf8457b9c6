package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// espBoard is a simulated board as a lab device. Its USB id is that of an adapter that
// does two million baud, so that the tests are short.
func espBoard(o espsim.Options) (*espsim.Board, lab.Spec) {
	b := espsim.New(o)
	return b, lab.Spec{Name: "Board", Sim: b, Wire: sim.WireOptions{Latency: time.Millisecond, Reopen: 15 * time.Millisecond, FIFO: 64 << 10}}
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
	_ = context.Background
}
