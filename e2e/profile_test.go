package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// keepsFiles keeps what the page saves and copies, for the test to read.
var keepsFiles = []string{
	`const make = URL.createObjectURL; URL.createObjectURL = b => { b.text().then(t => { window.saved = t }); return make.call(URL, b) }`,
	`Object.defineProperty(navigator.clipboard, "writeText", { value: async t => { window.copied = t } })`,
}

// choose gives a file to the page as if it was picked; drop as if it was dropped on the view.
func (v *view) choose(name, text string) {
	v.t.Helper()
	v.must(v.Do(`(e => { const d = new DataTransfer(); d.items.add(new File([` + quote(text) + `], ` + quote(name) + `)); e.files = d.files; e.dispatchEvent(new Event("change")) })(document.getElementById("profile-file"))`))
}

func (v *view) drop(selector, name, text string) {
	v.t.Helper()
	v.must(v.Do(`(e => { const dataTransfer = new DataTransfer(); dataTransfer.items.add(new File([` + quote(text) + `], ` + quote(name) + `));
		for (const kind of ["dragover", "drop"]) e.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer})) })(document.querySelector(` + quote(selector) + `))`))
}

// value returns what stands in a field of the form.
func (v *view) value(name string) string {
	v.t.Helper()
	return eval[string](v, `(e => e.type === "checkbox" ? String(e.checked) : e.value)(document.querySelector('[name="`+name+`"]'))`)
}

// documented is the example of docs/profile.md.
func documented(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(root, "docs", "profile.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	return text
}

var madeAt = regexp.MustCompile(`"at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)

// TestProfile: the documented file is opened, applied, compared, saved as the same file,
// and carried by a link.
func TestProfile(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{Provisioned: true})
	v := open(t, url, browser.PageOptions{Before: keepsFiles})
	v.goTo("configure")
	example := documented(t)
	v.choose("greenhouse.ncp.json", example)
	v.wait(`document.querySelector('[name="templateID"]').value === "TMPL4fGuide01"`, 3*time.Second)
	for name, want := range map[string]string{
		"templateName": "Greenhouse <b>one</b>", "rgb.b": "13", "rgb.commonAnode": "true", "button.activeLow": "true", "led.activeLow": "false",
		"brightness": "77", "configTimeout": "120", "configSkipLimit": "5", "setTime": "true", "vendorServer": "iot.example.org",
	} {
		if got := v.value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	v.sees("#profile-state", "As saved", 2*time.Second)
	if len(device.NCP().Settings().TemplateID) > 0 {
		t.Error("opening a file sent something")
	}

	v.click("#profile-save")
	v.wait(`typeof window.saved === "string"`, 3*time.Second)
	saved := eval[string](v, `window.saved`)
	if got, want := madeAt.ReplaceAllString(saved, ""), madeAt.ReplaceAllString(example, ""); got != want || !madeAt.MatchString(saved) {
		t.Errorf("saved:\n%s\ndocumented:\n%s", saved, example)
	}

	v.connect()
	v.click("#recent > summary")
	v.click(`#recent-list [data-act="apply"]`)
	v.applied()
	waitState(t, device, ncpsim.StateConnected)
	s := device.NCP().Settings()
	if s.TemplateName != "Greenhouse <b>one</b>" || s.LED == nil || s.ARGB == nil || s.ARGB.Count != 12 || s.ConfigTimeout != 120 {
		t.Errorf("the NCP got %+v", s)
	}

	v.click("#compare > summary")
	v.sees("#compare-word", "all the same", 3*time.Second)
	v.sees(`[data-member="vendor.prefix"]`, "told by the NCP", 3*time.Second)
	v.fill(`[name="configTimeout"]`, "300")
	v.sees("#compare-word", "1 setting differs", 3*time.Second)
	v.sees(`[data-member="configuration.timeout"]`, "differs", 2*time.Second)
	v.sees("#profile-state", "Changed", 2*time.Second)

	v.click("#profile-link")
	v.wait(`typeof window.copied === "string"`, 3*time.Second)
	address, fragment, ok := strings.Cut(eval[string](v, `window.copied`), "#profile=")
	if !ok || !strings.HasPrefix(url, address) {
		t.Fatalf("the link leads to %s", address)
	}
	other := open(t, address+"?lab#profile="+fragment, browser.PageOptions{})
	other.sees("#offer", "Greenhouse", 3*time.Second)
	other.sees("#offer-list", "iot.example.org", time.Second)
	if got := eval[string](other, `location.hash + document.querySelector('[name="templateID"]').value`); got != "#configure" {
		t.Errorf("the page asked, and address and form are %q", got)
	}
	other.click("#offer-yes")
	other.wait(`document.querySelector('[name="configTimeout"]').value === "300" && !document.getElementById("offer").checkVisibility()`, 3*time.Second)
	if n := eval[int](other, `document.querySelectorAll("#view-configure b").length`); n != 0 {
		t.Error("text of a profile became markup")
	}
}

// TestNextDevice: what was applied to one device is one click away for the next.
func TestNextDevice(t *testing.T) {
	l, url := newLab(t, ncp("One", ncpsim.Options{Provisioned: true}), ncp("Two", ncpsim.Options{Provisioned: true, WiFiMAC: "34:85:18:0C:2A:50"}))
	v := open(t, url, browser.PageOptions{})
	connect := func(d *lab.Device, button string) {
		t.Helper()
		v.click(button)
		v.wait(`document.querySelector(".chooser [type=radio]") !== null`, 3*time.Second)
		v.must(v.Do(`[...document.querySelectorAll(".chooser label")].find(e => e.innerText.includes("` + d.Name() + `")).click()`))
		v.click(".chooser .primary")
		v.ready(20 * time.Second)
	}
	connect(l.Device("One"), "#connect")
	v.configure()
	v.wait(`!document.getElementById("offer").checkVisibility()`, time.Second)
	v.click("#disconnect")
	v.wait(`document.getElementById("connect").checkVisibility()`, 5*time.Second)
	v.goTo("device")
	connect(l.Device("Two"), "#connect")
	v.sees("#offer", "Bench was applied to the last one", 5*time.Second)
	if got := l.Device("Two").NCP().Settings().TemplateID; got != "" {
		t.Errorf("the second device has %q before the click", got)
	}
	v.click("#offer-yes")
	until(t, "the second device gets it", 10*time.Second, func() bool { return l.Device("Two").NCP().Settings().TemplateName == "Bench" })
	v.applied()
}

// TestBoardPreset: the lights of a board are found by search and filled in, by keys alone.
func TestBoardPreset(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.goTo("configure")
	v.must(v.Do(`document.getElementById("preset").focus()`))
	v.press("\r")
	v.wait(`document.getElementById("boards").open && document.activeElement.id === "boards-search"`, 5*time.Second)
	v.press("witty cloud\r")
	v.sees("#preset-note", "From Witty Cloud", 3*time.Second)
	for name, want := range map[string]string{"rgb.on": "true", "rgb.r": "15", "rgb.g": "12", "rgb.b": "13", "button.gpio": "4", "button.activeLow": "true", "led.on": "false"} {
		if got := v.value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if eval[bool](v, `document.getElementById("boards").open`) {
		t.Error("the dialog is still open")
	}
	v.click("#preset")
	v.fill("#boards-search", "no such board")
	v.wait(`document.getElementById("boards-none").checkVisibility()`, 2*time.Second)
}

// TestHostileProfile: what is no profile is refused with the reason, and changes nothing.
func TestHostileProfile(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.goTo("configure")
	begin := `{"format":"blynk-ncp-profile","version":1,"template":{"id":"TMPLx","name":"x"}`
	for _, tt := range []struct{ text, why string }{
		{"<script>alert(1)</script>", "Not valid JSON"},
		{`{"a":1}`, "not a profile"},
		{strings.Replace(begin, ":1", ":2", 1) + "}", "newer console"},
		{begin + `,"led":{"gpio":70000}}`, "led.gpio: From 0 to 65535"},
		{begin + `,"led":{"gpio":"<img src=x onerror=alert(1)>"}}`, "led.gpio: Must be a whole number"},
		{begin + `,"x":"` + strings.Repeat("x", 70000) + `"}`, "Too long"},
	} {
		v.drop("#compare", "<b>evil</b>.json", tt.text)
		v.sees("#profile-notice", tt.why, 3*time.Second)
		v.sees("#profile-notice", "<b>evil</b>.json was not opened", time.Second)
	}
	v.click("#profile-notice-close")
	v.must(v.Do(`location.hash = "#profile=bm90IGEgcHJvZmlsZQ"`))
	v.sees("#profile-notice", "The profile of the link was not opened", 3*time.Second)
	if got := eval[string](v, `location.hash + document.querySelector('[name="templateID"]').value`); got != "#configure" {
		t.Errorf("address and form are %q", got)
	}
	// A secret in a file is dropped and told; the rest is taken.
	v.drop("#view-configure", "ok.json", begin+`,"wifiPassword":"hunter2"}`)
	v.sees("#profile-notice", "Passwords and tokens have no place in a profile", 3*time.Second)
	if got := v.value("templateID"); got != "TMPLx" {
		t.Errorf("the template is %q", got)
	}
	if eval[bool](v, `JSON.stringify({...localStorage}).includes("hunter2") || document.documentElement.textContent.includes("hunter2")`) {
		t.Error("the password is kept")
	}
	v.connect()
}
