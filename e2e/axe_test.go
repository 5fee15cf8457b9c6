package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// accessibility has axe-core look at the page as it stands.
type accessibility struct {
	v      *view
	source string
}

// withAxe loads axe-core. It is a tool of the tests: the page never sees it elsewhere.
func withAxe(t *testing.T, v *view) *accessibility {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no axe-core: run `npm ci` first")
	}
	if err != nil {
		t.Fatal(err)
	}
	a := &accessibility{v, string(source)}
	a.load()
	return a
}

// load is needed again after each load of the page.
func (a *accessibility) load() { a.v.must(a.v.Do(a.source)) }

// check fails the test for every violation of WCAG 2.2 A and AA, and of what axe takes
// for good practice.
func (a *accessibility) check(what string) {
	a.v.t.Helper()
	a.run(what, `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`)
}

// contrast is check for what depends on colours only.
func (a *accessibility) contrast(what string) {
	a.v.t.Helper()
	a.run(what, `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`)
}

func (a *accessibility) run(what, only string) {
	a.v.t.Helper()
	violations := eval[[]string](a.v, `axe.run(document, {runOnly: `+only+`, resultTypes: ["violations"]}).then(r => r.violations.flatMap(v =>
		v.nodes.map(n => v.id + ": " + n.target.join(" ") + " — " + n.failureSummary.replace(/\s+/g, " ").slice(0, 240))))`)
	for _, s := range violations {
		a.v.t.Errorf("%s: %s", what, s)
	}
}

// show goes to a view by its address and waits until it is there in full.
func (v *view) show(name string) {
	v.t.Helper()
	v.must(v.Do(`location.hash = "#` + name + `"`))
	v.wait(`document.querySelector('[data-view="`+name+`"]').checkVisibility()`, 2*time.Second)
	v.program(name)
	time.Sleep(300 * time.Millisecond) // what the view loads or draws when first shown
}

// opened opens everything that is folded in a view, and waits until it is filled.
func (v *view) opened(name string) {
	v.t.Helper()
	v.must(v.Do(`for (const e of document.querySelectorAll('[data-view="` + name + `"] details')) if (!e.hidden) e.open = true`))
	time.Sleep(200 * time.Millisecond)
}

// tour goes through every view and has each checked in the states that differ.
func tour(v *view, check func(what string)) {
	v.t.Helper()
	check("start")
	v.connect()
	v.show("device")
	v.opened("device")
	check("device")

	v.show("configure")
	v.opened("configure")
	v.must(v.Do(`document.getElementById("apply").click()`)) // where it stands moves with what fills up above it
	v.sees("#form-errors", "Template", 2*time.Second)
	v.choose("evil.json", "{}")
	v.sees("#profile-notice", "not opened", 2*time.Second)
	check("configure with faults")
	v.fill(`[name="templateID"]`, "TMPLaxe")
	v.fill(`[name="templateName"]`, "Bench")
	v.must(v.Do(`for (const e of document.querySelectorAll('.option .switch input')) if (!e.checked) e.click(); for (const e of document.querySelectorAll('.option .option-body input.num')) if (!e.value) { e.value = "4"; e.dispatchEvent(new Event("input", {bubbles: true})) }`))
	v.must(v.Do(`document.getElementById("apply").click()`))
	v.wait(`["ok", "fail"].includes(document.getElementById("apply-badge").dataset.tone)`, 20*time.Second)
	check("configure after Apply")

	v.show("pins")
	v.opened("pins")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 4`, 5*time.Second)
	v.must(v.Do(`document.querySelectorAll('#pins [data-act="chart"]').forEach((e, i) => { if (i < 2 && !e.checked) e.click() }); document.querySelector('#pins [data-act="select"]').click()`))
	v.wait(`document.getElementById("chart-plot").chart?.shown`, 10*time.Second)
	v.must(v.Do(`document.getElementById("generator-pin").value = "9"; document.getElementById("generator-start").click()`))
	v.wait(`document.querySelector("#generators li") !== null`, 3*time.Second)
	check("pins")
	v.set("#widget", "slider")
	check("pins with a slider")

	v.show("traffic")
	v.wait(`document.querySelector("#traffic-grid .frames-view [role=row]:not([hidden])") !== null`, 5*time.Second)
	v.must(v.Do(`document.querySelectorAll("#traffic-grid .frames-view [role=row]:not([hidden])")[1].click()`))
	v.wait(`document.getElementById("traffic-detail").checkVisibility()`, 2*time.Second)
	v.opened("traffic")
	check("traffic")

	v.show("explorer")
	v.opened("explorer")
	v.must(v.Do(`[...document.querySelectorAll(".explorer-method")].find(e => e.innerText.includes("setConfigTimeout")).click()`))
	check("explorer with fields")
	v.must(v.Do(`[...document.querySelectorAll(".explorer-method")].find(e => e.innerText.includes("getNcpVersion")).click()`))
	v.wait(`document.getElementById("explorer-name").innerText.includes("getNcpVersion")`, 2*time.Second)
	v.must(v.Do(`document.getElementById("explorer-call").click()`))
	v.wait(`document.getElementById("explorer-result").checkVisibility()`, 3*time.Second)
	check("explorer with a result")

	v.show("log")
	v.wait(`document.getElementById("log-loading").hidden`, 10*time.Second)
	v.must(v.Do(`document.getElementById("log-reader").click()`))
	time.Sleep(200 * time.Millisecond)
	check("log, to be read out")
	v.must(v.Do(`document.getElementById("raw-open").click()`))
	v.wait(`document.getElementById("raw-send").checkVisibility()`, 5*time.Second)
	check("log as a terminal")

	v.show("doctor")
	check("doctor")
	v.must(v.Do(`document.getElementById("doctor-fault").value = "busy"; document.getElementById("doctor-try-start").click()`))
	v.wait(`document.getElementById("doctor-verdict").checkVisibility()`, 30*time.Second)
	v.opened("doctor")
	check("doctor with a verdict")
}

func TestAccessibility(t *testing.T) {
	for _, c := range []struct {
		name     string
		o        browser.PageOptions
		contrast bool // colours are all that differs from another tour
	}{
		{"desktop", browser.PageOptions{Width: 1280, Height: 900}, false},
		{"dark", browser.PageOptions{Width: 1280, Height: 900, Dark: true}, true},
		{"phone", browser.PageOptions{Width: 360, Height: 740, Touch: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, url := withNCP(t, ncpsim.Options{Provisioned: true, Initialized: true, Dashboard: ncpsim.Dashboard{Period: 300 * time.Millisecond}})
			v := open(t, url, c.o)
			a := withAxe(t, v)
			if c.contrast {
				tour(v, a.contrast)
			} else {
				tour(v, a.check)
			}
		})
	}
}

// TestAccessibilityOfDialogs: what lies above the views.
func TestAccessibilityOfDialogs(t *testing.T) {
	t.Parallel()
	l, url := newLab(t, ncp("One", ncpsim.Options{}), ncp("Two", ncpsim.Options{}))
	v := open(t, url, browser.PageOptions{})
	a := withAxe(t, v)
	v.click("#connect")
	v.wait(`document.querySelector(".chooser [type=radio]") !== null`, 3*time.Second)
	a.check("chooser")
	v.click(".chooser .primary")
	v.ready(20 * time.Second)
	v.click("#factory-reset")
	v.wait(`document.getElementById("confirm").open`, 2*time.Second)
	a.check("confirmation")
	v.press(kb.Escape)
	v.goTo("configure")
	v.click("#preset")
	v.wait(`document.getElementById("boards").open`, 5*time.Second)
	a.check("boards")
	v.press(kb.Escape)
	v.goTo("pins")
	v.fill("#write-pin", "5")
	v.click("#pin-history")
	v.wait(`document.getElementById("full").open`, 2*time.Second)
	a.check("full text")
	v.press(kb.Escape)
	for _, name := range []string{"One", "Two"} {
		l.Device(name).Unplug()
	}
	v.problem(unplugged, 3*time.Second)
	v.must(v.Do(`document.getElementById("problem-more").open = true`))
	a.check("problem card")
}

// TestReducedMotion: who asked for no motion sees none, not even of what turns while
// the page is busy.
func TestReducedMotion(t *testing.T) {
	_, url := newLab(t, lab.Spec{Name: "Mute", Sim: &plain{baud: 115200}})
	for _, reduced := range []bool{false, true} {
		v := open(t, url, browser.PageOptions{})
		if reduced {
			v.must(v.Media(map[string]string{"prefers-reduced-motion": "reduce"}))
		}
		v.click("#connect")
		v.wait(`document.querySelector('#phases [data-tone="busy"]')?.checkVisibility()`, 5*time.Second)
		v.must(v.Do(`new Promise(requestAnimationFrame)`))
		if n := eval[int](v, `document.getAnimations().length`); n > 0 == reduced {
			t.Errorf("reduced motion %v: %d animations", reduced, n)
		}
	}
}
