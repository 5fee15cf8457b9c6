package e2e

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// openTools opens a view of the second program by its address.
func openTools(t *testing.T, url, name string) *view {
	t.Helper()
	v := load(t, chromium, url+"#"+name, browser.PageOptions{Before: keepsFiles})
	v.tools()
	return v
}

// tools waits until the second program runs.
func (v *view) tools() {
	v.t.Helper()
	v.wait(`document.documentElement.dataset.tools === "ready"`, 15*time.Second)
}

// program waits until the program of a view runs, where it has one of its own.
func (v *view) program(name string) {
	v.t.Helper()
	v.wait(`(p => !p || document.documentElement.dataset[p.dataset.program] === "ready")(document.querySelector('[data-view="`+name+`"][data-program]'))`, 15*time.Second)
}

// give hands a file to an input.
func (v *view) give(input, name, text string) {
	v.t.Helper()
	v.must(v.Do(fmt.Sprintf(`(e => { const d = new DataTransfer(); d.items.add(new File([%s], %s)); e.files = d.files; e.dispatchEvent(new Event("change")) })(document.querySelector(%s))`,
		quote(text), quote(name), quote(input))))
}

// raw makes a call through the bridge of the two programs, as the tools do.
func (v *view) raw(uid int, args []byte) {
	v.t.Helper()
	v.must(v.Do(fmt.Sprintf(`new Promise(done => ncpweb.core.invoke(%d, 20000, new Uint8Array(%s), done, 0))`, uid, numbers(args))))
}

func numbers(b []byte) string { return strings.ReplaceAll(fmt.Sprint(b), " ", ",") }

// frames is the text of every row in sight.
const frames = `[...document.querySelectorAll("#traffic-grid .frames-view [role=row]:not([hidden])")].map(e => e.innerText).join("\n")`

// TestTraffic: a call that was made shows decoded, with its arguments by name and its
// round trip; the filter, pausing, the detail, and a capture that is saved and opened.
func TestTraffic(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := openTools(t, url, "traffic")
	v.sees("#traffic-empty", "No frames yet", 2*time.Second)
	v.connect()

	// hasUID of getNcpVersion, 0x0305, is asked at each start.
	v.fill("#traffic-method", "hasUID")
	v.fill("#traffic-text", "uid=773")
	v.sees("#traffic-count", "1 of ", 5*time.Second)
	v.sees("#traffic-grid", "OK", time.Second)
	row := eval[string](v, frames)
	if !strings.Contains(row, "ncp.hasUID") || !strings.Contains(row, "OK") || !strings.Contains(row, " ms") {
		t.Errorf("the row of a call: %q", row)
	}

	// The keyboard alone: into the table, and the frame.
	v.must(v.Do(`document.getElementById("traffic-grid").focus()`))
	v.press(kb.ArrowDown)
	v.press(kb.Enter)
	v.sees("#detail-fields", "773", 2*time.Second)
	if got := v.text("#detail-bytes"); !strings.Contains(got, "BC 67 03 01") || !strings.Contains(got, "05 03") {
		t.Errorf("the bytes: %q", got)
	}
	v.must(v.Do(`document.querySelector("#detail-fields li:last-child button").focus()`))
	v.wait(`document.querySelector("#detail-bytes [data-lit]")?.textContent.includes("05 03")`, time.Second)
	v.click("#detail-other")
	v.sees("#detail-title", "Result", time.Second)
	v.sees("#detail-fields", "true", time.Second)
	v.press(kb.Escape)
	v.wait(`document.activeElement.id === "traffic-grid" && !document.getElementById("traffic-detail").checkVisibility()`, time.Second)

	v.must(v.Do(`document.getElementById("traffic-text").focus()`))
	v.press(kb.Escape)
	v.wait(`!document.getElementById("traffic-count").innerText.includes("of")`, 2*time.Second)

	v.click("#traffic-pause")
	v.wait(`document.getElementById("traffic-pause").ariaPressed === "true"`, time.Second)
	time.Sleep(100 * time.Millisecond)
	before := v.text("#traffic-count")
	v.raw(0x0101, nil)
	time.Sleep(300 * time.Millisecond)
	if after := v.text("#traffic-count"); after != before {
		t.Errorf("paused, and yet %q became %q", before, after)
	}
	v.click("#traffic-pause")
	v.wait(fmt.Sprintf(`document.getElementById("traffic-count").innerText !== %s`, quote(before)), 2*time.Second)

	v.click("#traffic-report")
	v.wait(`window.copied?.includes("ncp.hasUID") && window.copied.includes("NCP")`, 3*time.Second)

	v.click("#traffic-stats summary")
	v.sees("#stats-rows", "ncp.ping", 2*time.Second)
	v.sees("#stats-figures", "460", time.Second)
}

// TestTrafficSecrets: a password that was typed for a factory test is nowhere: not in
// the table, not in the bytes, not in a saved capture, which opens without a device.
func TestTrafficSecrets(t *testing.T) {
	const password = "correct-horse-battery"
	_, url := withNCP(t, ncpsim.Options{})
	v := openTools(t, url, "traffic")
	v.connect()
	v.raw(0x0332, []byte("TestNet\x00"+password+"\x00"))
	v.fill("#traffic-text", "factoryTestWiFi")
	v.sees("#traffic-count", "2 of ", 5*time.Second)
	v.sees("#traffic-grid", "TestNet", time.Second)
	v.click(`#traffic-grid .frames-view [role=row]:not([hidden])`)
	v.sees("#detail-fields", "password", 2*time.Second)
	inHex := strings.ToUpper(hex.EncodeToString([]byte(password)))
	for _, where := range []string{"#traffic", "#detail-bytes"} {
		text := v.text(where)
		if strings.Contains(text, password) || strings.Contains(strings.ReplaceAll(text, " ", ""), inHex) {
			t.Errorf("%s shows the password", where)
		}
	}
	v.click("#traffic-save")
	v.wait(`window.saved?.length > 0`, 5*time.Second)
	saved := eval[string](v, `window.saved`)
	if strings.Contains(saved, password) || strings.Contains(saved, inHex) {
		t.Error("the capture holds the password")
	}
	if !strings.Contains(saved, `"format":"ncp-capture"`) || !strings.Contains(saved, "factoryTestWiFi") {
		t.Errorf("the capture begins %.200q", saved)
	}

	v.must(v.Goto(url + "&again#traffic"))
	v.tools()
	v.give("#traffic-file", "first.jsonl", saved)
	v.sees("#traffic-banner", "first.jsonl", 5*time.Second)
	v.fill("#traffic-text", "TestNet")
	v.sees("#traffic-grid", "factoryTestWiFi", 2*time.Second)
	v.click("#traffic-live")
	v.sees("#traffic-empty", "No frames yet", 2*time.Second)
}

// TestTrafficHostileCapture: a file that is no capture is refused with a reason; one
// that breaks off is shown as far as it goes, and nothing in it becomes markup.
func TestTrafficHostileCapture(t *testing.T) {
	_, url := newLab(t)
	v := openTools(t, url, "traffic")
	for name, c := range map[string]struct{ text, want string }{
		"text":  {"hello\n", "not a capture"},
		"empty": {"", "not a capture"},
		"newer": {`{"format":"ncp-capture","version":99}` + "\n", "newer version"},
		"lies":  {`{"format":"ncp-capture","version":1,"start":0}` + "\n" + `{"t":0,"kind":"invoke","dir":"in","data":"BC"`, "Line 2"},
	} {
		v.give("#traffic-file", name+".jsonl", c.text)
		v.sees("#traffic-banner", c.want, 3*time.Second)
	}
	markup := `<img src=x onerror=alert(1)>`
	line := func(at int, data string) string {
		return fmt.Sprintf(`{"t":%d,"kind":"oneway","dir":"in","data":"%s"}`+"\n", at, data)
	}
	text := `{"format":"ncp-capture","version":1,"start":1700000000000000,"firmware":` + quote(markup) + `}` + "\n" +
		line(0, "F31C12040100"+hex.EncodeToString([]byte{byte(len(markup)), 0})+hex.EncodeToString([]byte(markup))) + line(5, "F31C12") + "not a line\n" + line(9, "F31C1204")
	v.give("#traffic-file", markup+".jsonl", text)
	v.sees("#traffic-banner", "Line 4", 3*time.Second)
	v.sees("#traffic-count", "2 frames", time.Second)
	v.sees("#traffic-grid", "blynkVPinChange", time.Second)
	if n := eval[int](v, `document.querySelectorAll("#view-traffic img").length`); n != 0 {
		t.Errorf("%d elements came out of a file", n)
	}
}

// without is a built page of which some files are missing for a while.
type without struct {
	fs.FS
	missing func(name string) bool
	on      atomic.Bool
}

func (w *without) Open(name string) (fs.File, error) {
	if w.on.Load() && w.missing(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return w.FS.Open(name)
}

// TestToolsDoNotLoad: a second program that does not load is told, all else goes on, and
// another try brings it.
func TestToolsDoNotLoad(t *testing.T) {
	page := &without{FS: dist, missing: func(name string) bool {
		return strings.HasPrefix(name, "tools.") && strings.Contains(name, ".wasm")
	}}
	page.on.Store(true)
	l, err := lab.New(lab.Options{Dist: page, Devices: []lab.Spec{ncp("Board", ncpsim.Options{})}, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	url, err := l.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := load(t, chromium, url+"#traffic", browser.PageOptions{})
	v.allow("404")
	v.sees("#program-load", "could not be loaded", 10*time.Second)
	v.connect()
	v.goTo("device")
	v.wait(`!document.getElementById("program-load").checkVisibility()`, time.Second)
	v.goTo("traffic")
	page.on.Store(false)
	v.click("#program-load-retry")
	v.tools()
	v.sees("#traffic-grid", "hasUID", 5*time.Second)
}

// TestToolsStop: a fault that ends the second program is told; the connection goes on,
// and the program can be started again.
func TestToolsStop(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := openTools(t, url, "traffic")
	v.connect()
	v.must(v.Do(`window.copyOf = ncpweb.page.copy; delete ncpweb.page.copy`))
	v.allow("panic")
	v.allow("goroutine")
	v.click("#traffic-report")
	v.sees("#program-load", "The tools stopped", 5*time.Second)
	v.sees("#chip", "Board", time.Second)
	v.goTo("device")
	v.must(v.Do(`ncpweb.page.copy = copyOf`))
	v.goTo("traffic")
	v.click("#program-load-retry")
	v.tools()
	v.sees("#traffic-grid", "hasUID", 5*time.Second)
	v.click("#traffic-pause")
	v.wait(`document.getElementById("traffic-pause").ariaPressed === "true"`, time.Second)
}
