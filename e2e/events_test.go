package e2e

import (
	"testing"
	"time"

	"ncpweb/e2e/browser"
	ncpids "ncpweb/ncp"
	"ncpweb/sim/ncpsim"
)

// TestTimeOnRequest: the NCP gets this computer's time when it asks, unless that is
// switched off; the switch is remembered.
func TestTimeOnRequest(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	v.goTo("device")
	v.sees("#time-skew", "s", 10*time.Second)
	asked := func() int { return device.NCP().Called(ncpids.UIDBlynkSetTime) }
	before := asked()
	device.NCP().SendEvent(ncpsim.EventTimeWanted)
	until(t, "the time was set", 5*time.Second, func() bool { return asked() > before })
	v.click("#time-answer + .track")
	v.wait(`localStorage.getItem("ncpweb.time-answer") === "no"`, 3*time.Second)
	before = asked()
	device.NCP().SendEvent(ncpsim.EventTimeWanted)
	device.NCP().SendEvent(ncpsim.EventClick)
	v.goTo("pins")
	v.sees("#timeline", "Button: click", 5*time.Second)
	if asked() != before {
		t.Error("the time was set although that is off")
	}
	v.sees("#timeline", "Asked for the time", time.Second)
	v.must(v.Do(`(e => { e.value = "button"; e.dispatchEvent(new Event("change")) })(document.getElementById("timeline-kind"))`))
	v.wait(`!document.getElementById("timeline").innerText.includes("Asked for the time")`, 3*time.Second)
	v.sees("#timeline", "Button: click", time.Second)
	v.must(v.Do(`location.reload()`))
	v.wait(`document.readyState === "complete"`, 5*time.Second)
	v.core()
	if eval[bool](v, `document.getElementById("time-answer").checked`) {
		t.Error("the switch is forgotten")
	}
}

// TestForget: after it the page has neither a connection nor what it knew of the adapter.
func TestForget(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.wait(`Object.keys(localStorage).some(k => k.startsWith("ncpweb.rate "))`, 5*time.Second)
	v.must(v.Do(`window.forgot = 0; const forget = ncpweb.forget; ncpweb.forget = function (...a) { forgot++; return forget.apply(this, a) }`))
	v.click("#forget")
	v.wait(`document.getElementById("confirm").open`, 2*time.Second)
	v.click("#confirm-ok")
	v.sees("#toasts", "chosen again", 5*time.Second)
	v.wait(`forgot === 1 && document.getElementById("connect").checkVisibility() && !Object.keys(localStorage).some(k => k.startsWith("ncpweb.rate "))`, 3*time.Second)
}
