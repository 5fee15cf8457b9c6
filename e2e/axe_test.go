package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ncpweb/e2e/browser"
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

// views are all of the page.
var views = []string{"device", "configure", "pins", "traffic", "log", "explorer", "doctor"}

// show goes to a view by its address and waits until it is there in full.
func (v *view) show(name string) {
	v.t.Helper()
	v.must(v.Do(`location.hash = "#` + name + `"`))
	v.wait(`document.querySelector('[data-view="`+name+`"]').checkVisibility()`, 2*time.Second)
	v.wait(`!document.querySelector('[data-view="`+name+`"][data-tools]') || document.documentElement.dataset.tools === "ready"`, 15*time.Second)
	time.Sleep(300 * time.Millisecond) // what the view loads or draws when first shown
}

func TestAccessibility(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{Provisioned: true, Initialized: true, Dashboard: ncpsim.Dashboard{Period: 300 * time.Millisecond}})
	for _, c := range []struct {
		name string
		o    browser.PageOptions
		full bool
	}{
		{"desktop", browser.PageOptions{Width: 1280, Height: 900}, true},
		{"dark", browser.PageOptions{Width: 1280, Height: 900, Dark: true}, false},
		{"phone", browser.PageOptions{Width: 360, Height: 740, Touch: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := open(t, url, c.o)
			a := withAxe(t, v)
			check := a.check
			if !c.full {
				check = a.contrast
			}
			check("start")
			v.connect()
			for _, name := range views {
				v.show(name)
				check(name)
			}
		})
	}
}

func TestAccessibilityOfProblems(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	device.Unplug()
	v.problem(unplugged, 3*time.Second)
	withAxe(t, v).check("problem card")
}
