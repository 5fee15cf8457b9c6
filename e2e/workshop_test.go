package e2e

import (
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// workshop waits until the third program runs.
func (v *view) workshop() {
	v.t.Helper()
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 15*time.Second)
}

// TestWorkshopLoads: the Flash view has an address of its own, which survives a reload,
// and brings its program; nothing else does.
func TestWorkshopLoads(t *testing.T) {
	t.Parallel()
	_, url := withNCP(t, ncpsim.Options{})
	v := load(t, chromium, url+"#device", browser.PageOptions{})
	v.core()
	v.connect()
	time.Sleep(time.Second)
	if n := eval[int](v, `performance.getEntriesByType("resource").filter(e => e.name.includes("workshop")).length`); n != 0 {
		t.Errorf("%d files of the workshop were loaded although nobody went there", n)
	}
	v.click(`.rail a[href="#flash"]`)
	v.workshop()
	v.sees("#view-flash", "Flash", time.Second)
	v.wait(`document.activeElement.id === "title-flash"`, time.Second)
	v.must(v.Goto("about:blank"))
	v.must(v.Goto(url + "#flash"))
	v.core()
	v.workshop()
	v.wait(`document.getElementById("flash").checkVisibility() && !document.getElementById("program-load").checkVisibility()`, 2*time.Second)
}

// TestPortIsHeld: while the workshop works with a port, the first program opens none and
// tells why.
func TestPortIsHeld(t *testing.T) {
	t.Parallel()
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.must(v.Do(`ncpweb.core.hold("workshop", "Flashing")`))
	v.sees("#chip", "Flashing", time.Second)
	for _, id := range []string{"connect", "empty-connect", "try", "empty-try", "raw-open"} {
		v.wait(`document.getElementById("`+id+`").disabled`, time.Second)
	}
	if eval[bool](v, `ncpweb.core.hold("tools", "Examining")`) {
		t.Error("two programs hold the port")
	}
	v.must(v.Do(`ncpweb.core.hold("tools", "")`))
	v.sees("#chip", "Flashing", time.Second)
	v.must(v.Do(`ncpweb.core.hold("workshop", "")`))
	v.connect()
}

// TestWorkshopStops: a fault that ends the workshop while it works with a port is told in
// its view alone; the port is free again, and the other programs go on.
func TestWorkshopStops(t *testing.T) {
	t.Parallel()
	_, url := withNCP(t, ncpsim.Options{})
	v := load(t, chromium, url+"#flash", browser.PageOptions{})
	v.workshop()
	// Each program asks for the status with a buffer of its own.
	v.must(v.Do(`window.status_ = ncpweb.core.status; ncpweb.core.status = b => (window.own = b, status_(b))`))
	v.wait(`window.own`, 3*time.Second)
	v.must(v.Do(`ncpweb.core.status = status_`))
	v.goTo("traffic")
	v.tools()
	v.must(v.Do(`ncpweb.core.hold("workshop", "Flashing")`))
	v.must(v.Do(`ncpweb.ports("lab", list => { window.port = list[0]; const l = ncpweb.line(port, {done() { window.opened = true }, data() {}, noise() {}, lost() {}}, "workshop"); l.open(1, {baudRate: 115200}) })`))
	v.wait(`window.opened && port.readable`, 3*time.Second)

	v.allow("panic")
	v.allow("goroutine")
	v.must(v.Do(`ncpweb.core.status = b => b === own ? "nonsense" : status_(b)`))
	v.wait(`document.documentElement.dataset.workshop === undefined`, 5*time.Second)
	v.wait(`!port.readable && !document.getElementById("connect").disabled`, 3*time.Second)
	v.connect()
	v.sees("#traffic-grid", "hasUID", 5*time.Second)
	v.click("#traffic-pause")
	v.wait(`document.getElementById("traffic-pause").ariaPressed === "true"`, time.Second)
	v.goTo("flash")
	v.sees("#program-load", "The workshop stopped", time.Second)
	v.wait(`!document.getElementById("flash").checkVisibility()`, time.Second)
	v.must(v.Do(`ncpweb.core.status = status_`))
	v.click("#program-load-retry")
	v.workshop()
	v.wait(`document.getElementById("flash").checkVisibility() && !document.getElementById("program-load").checkVisibility()`, 2*time.Second)
	v.goTo("traffic")
	v.wait(`document.getElementById("traffic-pause").ariaPressed === "true"`, time.Second)
}
