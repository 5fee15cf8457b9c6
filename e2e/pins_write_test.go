package e2e

import (
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// pick gives a file to an input of the page.
func (v *view) pick(selector, name, text string) {
	v.t.Helper()
	v.must(v.Do(`(e => { const d = new DataTransfer(); d.items.add(new File([` + quote(text) + `], ` + quote(name) + `)); e.files = d.files; e.dispatchEvent(new Event("change")) })(document.querySelector(` + quote(selector) + `))`))
}

// set changes a control as a person does.
func (v *view) set(selector, value string) {
	v.t.Helper()
	v.must(v.Do(`(e => { e.value = ` + quote(value) + `; for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, {bubbles: true})) })(document.querySelector(` + quote(selector) + `))`))
}

// TestPinControls: a slider, a switch and a colour send what they show, and each pin
// keeps its control.
func TestPinControls(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	v.goTo("pins")
	v.fill("#write-pin", "3")
	v.set("#widget", "slider")
	v.set(`#widget-options [name="max"]`, "500")
	sent := device.NCP().Stats().CloudWrites
	v.must(v.Do(`new Promise(async done => { const e = document.getElementById("value-slider");
		for (let i = 1; i <= 100; i++) { e.value = i * 4 + 7; e.dispatchEvent(new Event("input", {bubbles: true})); await new Promise(r => setTimeout(r, 5)) } done() })`))
	wrote(t, device, 3, "407")
	if n := device.NCP().Stats().CloudWrites - sent; n < 3 || n > 40 {
		t.Errorf("a slider that moved for half a second sent %d values", n)
	}

	v.fill("#write-pin", "4")
	v.set("#widget", "switch")
	v.set(`#widget-options [name="on"]`, "ON")
	v.click(`[data-widget="switch"]`)
	wrote(t, device, 4, "ON")
	v.click(`[data-widget="switch"]`)
	wrote(t, device, 4, "0")
	time.Sleep(1100 * time.Millisecond) // the control does not follow while it is used
	if err := device.NCP().Cloud().Set(4, "ON"); err != nil {
		t.Fatal(err)
	}
	v.wait(`document.getElementById("value-switch").checked`, 2*time.Second)

	v.fill("#write-pin", "5")
	v.set("#widget", "color")
	v.set("#value-color", "#3ecf04")
	wrote(t, device, 5, "#3ECF04")
	v.set(`#widget-options [name="form"]`, "rgb")
	v.click("#write")
	wrote(t, device, 5, "62", "207", "4")

	v.click(`#pins tr[data-pin="3"] [data-act="select"]`)
	v.wait(`document.getElementById("widget").value === "slider" && document.getElementById("value-slider").max === "500" && document.getElementById("value-slider").value === "407"`, 2*time.Second)
	v.click("#pin-history")
	v.sees("#full", "407", 2*time.Second)
	v.sees("#full", "this page", time.Second)
}

// TestPinFiles: pin lists come and go, hostile ones are refused, values are saved, and
// a generator sends until it is stopped.
func TestPinFiles(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{Provisioned: true})
	v := open(t, url, browser.PageOptions{Before: keepsFiles})
	v.connect()
	v.configure()
	waitState(t, device, ncpsim.StateConnected)
	v.goTo("pins")
	v.drop("#view-pins", "greenhouse.csv", "pin,name,unit,min,max\n1,Temperature <i>in</i>,°C,-10,40\n2,\"Fan, left\",%,0,100\n")
	v.sees("#pin-list-note", "2 pins of greenhouse.csv", 3*time.Second)
	v.sees(`#pins tr[data-pin="1"]`, "Temperature <i>in</i>", 2*time.Second)
	v.sees(`#pins tr[data-pin="1"]`, "°C", 2*time.Second)
	v.pick("#pin-list", "<b>.json", `{"pins":[{"pin":7,"name":"x`)
	v.sees("#pin-list-note", "<b>.json was not taken: line 1", 3*time.Second)
	v.pick("#pin-list", "large.csv", strings.Repeat("x", 1<<20+1))
	v.sees("#pin-list-note", "large.csv was not taken", 3*time.Second)

	if err := device.NCP().Cloud().Set(2, "=1+2", `two "items"`); err != nil {
		t.Fatal(err)
	}
	v.sees(`#pins tr[data-pin="2"]`, "=1+2", 2*time.Second)

	v.click("#generator summary")
	v.fill("#generator-pin", "30")
	v.set("#generator-kind", "ramp")
	v.fill("#generator-rate", "40")
	v.click("#generator-start")
	v.sees("#generators", "V30", 3*time.Second)
	v.wait(`parseInt(document.querySelector("#generators .num").innerText) >= 5`, 5*time.Second)
	if p, ok := device.NCP().Cloud().Pin(30); !ok || len(p.Values) != 1 {
		t.Errorf("the cloud has %q of the generator", p.Values)
	}
	v.click("#generators button")
	v.wait(`document.querySelectorAll("#generators li").length === 0`, 3*time.Second)
	v.fill("#generator-max", "-5")
	v.click("#generator-start")
	v.sees("#e-generator", "not below Min", 2*time.Second)

	v.click("#export")
	v.wait(`typeof saved === "string"`, 5*time.Second)
	csv := eval[string](v, `saved`)
	for _, want := range []string{`,2,"Fan, left",%,in,"'=1+2","two ""items"""`, ",30,,,out,"} {
		if !strings.Contains(csv, want) {
			t.Errorf("%q is not in the table:\n%.600s", want, csv)
		}
	}
	v.must(v.Do(`delete window.saved`))
	v.click("#pin-list-save")
	v.wait(`typeof saved === "string"`, 3*time.Second)
	if list := eval[string](v, `saved`); !strings.Contains(list, `2,"Fan, left",%,0,100`) {
		t.Errorf("the pin list is saved as %q", list)
	}
	v.allow("Object.defineProperty") // the blank page in between has no clipboard
	v.again()
	v.sees(`#pins tr[data-pin="2"]`, "Fan, left", 3*time.Second)
}
