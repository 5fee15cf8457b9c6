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

// TestWorkshopServices: what the workshop has of the browser: Workers that compress at
// least as tight as everybody's library, a stub for each chip, and a page that asks
// before it is closed as long as there is work.
func TestWorkshopServices(t *testing.T) {
	t.Parallel()
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.must(v.Do(`ncpweb.page.part("workshop", m => { window.shop = m })`))
	v.wait(`window.shop`, 5*time.Second)

	// 4 MB: half of it is like code, a quarter noise, a quarter empty.
	v.must(v.Do(`(() => {
		const bytes = new Uint8Array(4 << 20).fill(255);
		let s = 1;
		for (let i = 0; i < 3 << 20; i++) {
			s = (Math.imul(s, 1103515245) + 12345) >>> 0;
			bytes[i] = i < 2 << 20 ? (s >>> 28) * (i >> 2 & 7) : s >>> 16;
		}
		window.plain = bytes;
		window.longest = 0;
		new PerformanceObserver(l => { for (const e of l.getEntries()) longest = Math.max(longest, e.duration) }).observe({ entryTypes: ["longtask"] });
		setTimeout(() => shop.pack(bytes.slice(), (packed, message) => { window.packed = packed ?? message }), 300);
	})()`))
	v.wait(`window.packed instanceof Uint8Array`, 30*time.Second)
	v.must(v.Do(`new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer().then(b => {
		const got = new Uint8Array(b);
		window.same = got.length === plain.length && got.every((x, i) => x === plain[i]);
	})`))
	v.wait(`window.same !== undefined`, 10*time.Second)
	if !eval[bool](v, `window.same`) {
		t.Error("what was compressed is not what was given")
	}
	if ms := eval[float64](v, `window.longest`); ms > 100 {
		t.Errorf("compressing kept the page for %.0f ms", ms)
	}
	// Given up: nothing is told, and the next one goes well.
	v.must(v.Do(`shop.pack(plain.slice(), () => { window.late = true })(); shop.pack(plain.slice(0, 5000), p => { window.next = p })`))
	v.wait(`window.next instanceof Uint8Array`, 10*time.Second)
	if eval[bool](v, `!!window.late`) {
		t.Error("what was given up was told")
	}

	for _, chip := range []string{"esp8266", "esp32", "esp32s2", "esp32s3", "esp32c2", "esp32c3", "esp32c6", "esp32h2"} {
		v.must(v.Do(`window.stub = null; shop.stub("` + chip + `", (b, message) => { window.stub = b ? JSON.parse(new TextDecoder().decode(b)) : message })`))
		v.wait(`window.stub?.entry > 0 && window.stub.text.length > 1000`, 5*time.Second)
	}
	v.must(v.Do(`window.stub = null; shop.stub("toString", (b, message) => { window.stub = message })`))
	v.wait(`typeof window.stub === "string"`, time.Second)

	asks := func() bool { return eval[bool](v, `!dispatchEvent(new Event("beforeunload", { cancelable: true }))`) }
	before := asks()
	v.must(v.Do(`shop.busy(true); shop.busy(true)`))
	during := asks()
	v.must(v.Do(`shop.busy(false)`))
	after := asks()
	v.must(v.Do(`shop.busy(true); dispatchEvent(new CustomEvent("programend", { detail: "workshop" }))`))
	if ended := asks(); before || !during || after || ended {
		t.Errorf("the page asks before it is closed: idle %v, at work %v, then %v, after a fault %v", before, during, after, ended)
	}
}
