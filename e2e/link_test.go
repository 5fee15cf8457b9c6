package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

func TestRateChange(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	for _, baud := range []string{"115200", "921600", "9600"} {
		v.goTo("device")
		v.must(v.Do(`document.getElementById("rate").value = "` + baud + `"`))
		v.click("#rate-set")
		until(t, "the NCP is at "+baud, 10*time.Second, func() bool {
			return device.NCP().Settings().Baud == atoi(baud)
		})
		v.wait(`document.getElementById("chip").innerText.replace(/\D/g, "").includes("`+baud+`") && !document.getElementById("rate").disabled`, 10*time.Second)
		v.goTo("pins")
		v.fill("#write-pin", "1")
		v.fill("#items input", "at "+baud)
		v.click("#write")
		wrote(t, device, 1, "at "+baud)
	}
}

func TestLog(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{Version: "0.7.5", Baud: 460800})
	v := open(t, url, browser.PageOptions{Before: []string{
		`const make = URL.createObjectURL; URL.createObjectURL = b => { window.saved = b; return make.call(URL, b) }`,
	}})
	v.connect()
	v.goTo("log")
	device.NCP().Crash()
	v.sees("#log", "Blynk.NCP started", 20*time.Second)
	v.sees("#log", "Version: 0.7.5", 5*time.Second)
	if !eval[bool](v, `/^\d\d:\d\d:\d\d\.\d{3} /m.test(document.querySelector(".xterm-rows").innerText)`) {
		t.Error("the lines have no time")
	}
	v.ready(20 * time.Second)
	v.click("#log-download")
	v.wait(`window.saved instanceof Blob`, 3*time.Second)
	if text := eval[string](v, `saved.text()`); !strings.Contains(text, "Blynk.NCP started") {
		t.Errorf("the saved log is %q", text)
	}
	v.click("#log-clear")
	v.wait(`!document.getElementById("log").innerText.includes("Blynk.NCP started")`, 3*time.Second)
}

// TestReboot: an NCP that restarts as it was told comes back by itself.
func TestReboot(t *testing.T) {
	t.Parallel()
	v, device := online(t, ncpsim.Options{})
	v.goTo("device")
	boots := device.NCP().Stats().Boots
	v.click("#reboot")
	v.click("#confirm-ok")
	until(t, "the NCP restarts", 5*time.Second, func() bool { return device.NCP().Stats().Boots > boots })
	waitState(t, device, ncpsim.StateConnected)
	v.ready(20 * time.Second)
	if v.shows("#problem") {
		t.Errorf("a problem after a reboot that was asked for: %s", v.text("#problem"))
	}
}

// TestFactoryReset asks for the word before it erases.
func TestFactoryReset(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	v.goTo("device")
	v.click("#factory-reset")
	v.wait(`document.getElementById("confirm").open && document.getElementById("confirm-ok").disabled`, 2*time.Second)
	word := eval[string](v, `document.getElementById("confirm-label").innerText.match(/Type (\S+)/)[1]`)
	v.fill("#confirm-input", word)
	v.click("#confirm-ok")
	until(t, "the NCP forgets", 10*time.Second, func() bool { return !device.NCP().Provisioned() })
	v.ready(20 * time.Second)
}

// TestUnplug: in every state an unplugged device is told in under a second, and goes
// on by itself when it is plugged in again, without a reload.
func TestUnplug(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		o     ncpsim.Options
		until func(v *view) // brings the page into the state
	}{
		{"searching", ncpsim.Options{Hostile: ncpsim.HostileSilence}, func(v *view) {
			v.click("#connect")
			v.wait(`document.getElementById("bringup").checkVisibility()`, 5*time.Second)
			time.Sleep(300 * time.Millisecond)
		}},
		{"ready", ncpsim.Options{}, func(v *view) { v.connect() }},
		{"reading", ncpsim.Options{Baud: 9600}, func(v *view) { v.connect() }},
		{"applying", ncpsim.Options{Times: ncpsim.Times{Initialize: 3 * time.Second}}, func(v *view) {
			v.connect()
			v.goTo("configure")
			v.fill(`[name="templateID"]`, "TMPLe2e")
			v.fill(`[name="templateName"]`, "Bench")
			v.click("#apply")
			v.wait(`document.querySelector('#steps > li[data-tone="busy"]')`, 3*time.Second)
		}},
		{"recovering", ncpsim.Options{}, func(v *view) { v.connect() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			device, url := withNCP(t, tt.o)
			v := open(t, url, browser.PageOptions{})
			v.allow("Unexpected response code: 404") // the lab's answer to who opens a port just then
			v.must(v.Do(`window.never = "reloaded"; 0`))
			tt.until(v)
			if tt.name == "recovering" {
				device.NCP().SetHostile(ncpsim.HostileSilence)
				device.NCP().SendEvent(ncpsim.EventRebooting)
				v.wait(`document.getElementById("rate").disabled`, 5*time.Second)
			}
			device.Unplug()
			d := v.problem(unplugged, 3*time.Second)
			t.Logf("told after %v", d.Round(time.Millisecond))
			if d > time.Second {
				t.Errorf("told after %v", d)
			}
			device.NCP().SetHostile(0)
			device.Plug()
			v.ready(20 * time.Second)
			if v.shows("#problem") {
				t.Errorf("the card stays: %s", v.text("#problem"))
			}
			if eval[string](v, `window.never`) != "reloaded" {
				t.Error("the page was reloaded")
			}
		})
	}
}

// TestUnplugManyTimes: nothing wears out.
func TestUnplugManyTimes(t *testing.T) {
	t.Parallel()
	v, device := online(t, ncpsim.Options{})
	for i := range 5 {
		device.Unplug()
		v.problem(unplugged, time.Second)
		device.Plug()
		v.ready(20 * time.Second)
		if got := device.NCP().Settings().TemplateID; got != "TMPLe2e" {
			t.Fatalf("round %d: template %q", i, got)
		}
	}
	if n, err := device.NCP().Called(0x0101), context.Cause(t.Context()); n == 0 || err != nil {
		t.Errorf("%d pings, %v", n, err)
	}
}
