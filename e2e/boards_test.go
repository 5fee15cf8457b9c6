package e2e

import (
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
)

// TestSimulatedBoards: the page's own blank boards are offered, get the sample firmware
// for their chip, and their NCP answers then.
func TestSimulatedBoards(t *testing.T) {
	t.Parallel()
	_, url := newLab(t)
	v := openRun(t, strings.TrimSuffix(url, "?lab"), browser.PageOptions{})
	options := eval[[]string](v, `[...document.getElementById("run-port").options].map((o) => o.value).filter((s) => s.startsWith("board:"))`)
	if len(options) != 5 {
		t.Errorf("boards: %q", options)
	}
	v.must(v.Do(`(e => { e.value = "board:Simulated ESP8266"; e.dispatchEvent(new Event("change", { bubbles: true })); })(document.getElementById("run-port"))`))
	v.wait(`document.getElementById("fw-offers").innerText.includes("ESP8266")`, 10*time.Second)
	v.click("#fw-offers button")
	v.wait(`!document.getElementById("run-flash").disabled`, 10*time.Second)
	v.flash()
	v.card("NCP 0.7.1 answers", 60*time.Second)
	if chip := v.text("#run-chip"); !strings.Contains(chip, "ESP8266") {
		t.Errorf("chip: %q", chip)
	}
}
