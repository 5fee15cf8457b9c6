package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// until waits for something outside the page.
func until(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// waitState waits until the simulated NCP is in a state.
func waitState(t *testing.T, d *lab.Device, s ncpsim.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := d.NCP().WaitState(ctx, s); err != nil {
		t.Fatalf("the NCP is in state %v, not %v", d.NCP().State(), s)
	}
}

// configure applies the least configuration that makes an NCP work.
func (v *view) configure() {
	v.t.Helper()
	v.goTo("configure")
	v.fill(`[name="templateID"]`, "TMPLe2e")
	v.fill(`[name="templateName"]`, "Bench")
	v.click("#apply")
	v.applied()
}

// applied waits until all steps of an apply are over and fails for each that failed.
func (v *view) applied() {
	v.t.Helper()
	v.wait(`["ok", "fail"].includes(document.getElementById("apply-badge").dataset.tone)`, 20*time.Second)
	if failed := eval[[]string](v, `[...document.querySelectorAll('#steps > li[data-tone="fail"]')].map(e => e.innerText)`); len(failed) > 0 {
		v.t.Fatalf("steps failed: %q", failed)
	}
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	device, url := withNCP(t, ncpsim.Options{Provisioned: true})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.goTo("configure")
	v.fill(`[name="templateID"]`, "TMPLe2e")
	v.fill(`[name="templateName"]`, "Bench <b>one</b>")
	v.fill(`[name="firmwareType"]`, "TMPLe2e")
	v.fill(`[name="firmwareVersion"]`, "1.2.3")
	v.fill(`[name="firmwareBuild"]`, "Nov 22 2026 12:00:00")
	v.fill(`[name="blynkVersion"]`, "1.3.2")
	v.click(`[data-option="led"] .switch`)
	v.fill(`[name="led.gpio"]`, "2")
	v.click(`[data-option="argb"] .switch`)
	v.fill(`[name="argb.gpio"]`, "27")
	v.fill(`[name="argb.count"]`, "12")
	v.click(`[data-option="brightness"] .switch`)
	v.fill(`[name="brightness"]`, "77")
	v.click(`[data-option="button"] .switch`)
	v.fill(`[name="button.gpio"]`, "0")
	v.fill(`[name="configTimeout"]`, "120")
	v.fill(`[name="configSkipLimit"]`, "5")
	v.click("#apply")
	v.applied()
	for _, step := range []string{"Initialize", "Firmware info", "Brightness"} {
		if !strings.Contains(v.text("#steps"), step) {
			t.Errorf("no step %s in %q", step, v.text("#steps"))
		}
	}
	waitState(t, device, ncpsim.StateConnected)
	s := device.NCP().Settings()
	if s.TemplateID != "TMPLe2e" || s.TemplateName != "Bench <b>one</b>" {
		t.Errorf("template %q %q", s.TemplateID, s.TemplateName)
	}
	if want := (ncpsim.Firmware{Type: "TMPLe2e", Version: "1.2.3", Build: "Nov 22 2026 12:00:00", Blynk: "1.3.2"}); s.Firmware != want {
		t.Errorf("firmware %+v, want %+v", s.Firmware, want)
	}
	if s.LED == nil || s.LED.GPIO != 2 {
		t.Errorf("LED %+v", s.LED)
	}
	if s.ARGB == nil || s.ARGB.GPIO != 27 || s.ARGB.Count != 12 {
		t.Errorf("ARGB %+v", s.ARGB)
	}
	if s.Brightness == nil || *s.Brightness != 77 {
		t.Errorf("brightness %v", s.Brightness)
	}
	if s.Button == nil || s.Button.GPIO != 0 {
		t.Errorf("button %+v", s.Button)
	}
	if s.ConfigTimeout != 120 || s.ConfigSkipLimit != 5 {
		t.Errorf("configuration mode: %d s, skip %d", s.ConfigTimeout, s.ConfigSkipLimit)
	}
	v.goTo("device")
	v.wait(`document.querySelector('#checklist [data-step="online"]').dataset.state === "done"`, 5*time.Second)

	// It is applied again after a crash, without a hand.
	device.NCP().Crash()
	waitState(t, device, ncpsim.StateNotInitialized)
	waitState(t, device, ncpsim.StateConnected)
	if got := device.NCP().Settings(); got.TemplateName != s.TemplateName || got.Firmware != s.Firmware {
		t.Errorf("after a crash: %+v", got)
	}
}

// TestLimitsAsTyped: what cannot be sent is told at the field while it is typed.
func TestLimitsAsTyped(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.goTo("configure")
	for _, tt := range []struct{ field, bad, good string }{
		{"templateID", "ABC", "TMPLabc"},
		{"configTimeout", "59", "60"},
		{"configTimeout", "3601", "3600"},
		{"configSkipLimit", "4", "0"},
		{"configSkipLimit", "51", "50"},
		{"configTimeout", "x", ""},
	} {
		field, hint := `[name="`+tt.field+`"]`, `#e-`+tt.field
		v.fill(field, tt.bad)
		v.wait(`document.querySelector('`+hint+`').innerText !== "" && document.querySelector('`+field+`').getAttribute("aria-invalid") === "true"`, 2*time.Second)
		v.fill(field, tt.good)
		v.wait(`document.querySelector('`+hint+`').innerText === ""`, 2*time.Second)
	}
	v.connect()
	v.fill(`[name="templateName"]`, "")
	v.click("#apply")
	v.wait(`document.querySelector("#form-errors").checkVisibility()`, 2*time.Second)
	if n := eval[int](v, `document.querySelectorAll("#steps > li").length`); n != 0 {
		t.Error("an invalid form was sent")
	}
}

// TestSettingsStay: what was typed is there after a reload, on this computer only.
func TestSettingsStay(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.configure()
	v.must(v.Goto(url))
	v.core()
	if got := eval[string](v, `document.querySelector('[name="templateID"]').value`); got != "TMPLe2e" {
		t.Errorf("the template id is %q after a reload", got)
	}
}
