package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// ukrainian makes a browser whose person reads Ukrainian first.
const ukrainian = `Object.defineProperty(Navigator.prototype, "languages", {get: () => ["uk-UA", "en"]})`

// said is what the page says to eyes and to screen readers, without what comes from
// devices, from persons and from descriptions of methods. Toasts go by themselves.
const said = `(() => {
  const skip = "#language, .data, bdi, code, textarea, script, style, template, [lang=en], .xterm, .hex, .method-group, #toasts, #view-explorer [translate=no], .field-type, datalist";
  const out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT,
    (n) => n instanceof Element && n.matches(skip) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n instanceof Element ? n : n.parentElement;
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    if (n instanceof Text) out.push(n.data.trim());
    else for (const a of ["aria-label", "title", "placeholder"]) out.push(e.getAttribute(a) ?? "");
  }
  // Behind these the page quotes the device and the system.
  return out.filter(Boolean).map(s => s.replace(/^Connected · |(?<=^(Порт не відкривається|The port does not open): ).*/, ""));
})()`

// english are the words of the page's English that Ukrainian does without.
func english(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "web", "uk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Texts   map[string]string
		Plurals []struct {
			One, Other string
			Forms      []string
		}
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	for _, p := range table.Plurals {
		table.Texts[p.One+" "+p.Other] = strings.Join(p.Forms, " ")
	}
	found := make(map[string]bool)
	for text := range table.Texts {
		for _, w := range latin.FindAllString(text, -1) {
			found[w] = true
		}
	}
	for _, text := range table.Texts {
		for _, w := range latin.FindAllString(text, -1) {
			delete(found, w)
		}
	}
	if len(found) < 500 {
		t.Fatalf("only %d English words", len(found))
	}
	return found
}

var (
	latin    = regexp.MustCompile(`[A-Za-z]{3,}`)
	cyrillic = regexp.MustCompile(`\p{Cyrillic}`)
)

// TestLanguage: a person who reads Ukrainian gets the page in it, all of it; the button
// changes the language in every view, while values move, and nothing of the other one
// stays; what devices and persons wrote is left as it is; the choice is kept.
func TestLanguage(t *testing.T) {
	words := english(t)
	l, url := newLab(t, ncp("Connected", ncpsim.Options{Provisioned: true, Initialized: true, Dashboard: ncpsim.Dashboard{Period: 200 * time.Millisecond}}))
	v := open(t, url, browser.PageOptions{Before: []string{ukrainian}})
	inUkrainian := func(where string) {
		t.Helper()
		for _, text := range eval[[]string](v, said) {
			for _, w := range latin.FindAllString(text, -1) {
				if words[w] {
					t.Errorf("%s: %q is English: %q", where, w, text)
				}
			}
		}
	}
	change := func(code string) {
		t.Helper()
		v.must(v.Do(`document.getElementById("language").click()`))
		v.wait(`document.documentElement.lang === "`+code+`" && document.getElementById("language").lang === "`+code+`"`, 2*time.Second)
		// Programs show it in the next frame of the screen.
		v.must(v.Do(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))`))
	}
	there := func(where string) {
		t.Helper()
		change("en")
		for _, text := range eval[[]string](v, said) {
			if cyrillic.MatchString(text) {
				t.Errorf("%s: not English: %q", where, text)
			}
		}
		change("uk")
		inUkrainian(where)
	}

	v.sees("#connect", "Під’єднати", time.Second)
	inUkrainian("at first")
	there("start")
	v.connect()
	v.sees("#chip-detail", "У мережі", 10*time.Second)
	v.must(v.Do(`document.getElementById("methods").open = true`))
	there("device")

	v.goTo("configure")
	v.must(v.Do(`for (const d of document.querySelectorAll("#view-configure details")) d.open = true`))
	v.fill("#f-configTimeout", "5")
	v.click("#apply")
	v.sees("#form-errors", "3600", time.Second)
	there("configure, refused")
	v.fill("#f-configTimeout", "")
	v.fill("#f-templateID", "TMPLe2e")
	v.fill("#f-templateName", "42")
	v.click("#apply")
	v.applied()
	there("configure")

	v.goTo("pins")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 3`, 5*time.Second)
	v.fill("#write-pin", "77")
	v.fill("#pin-name", "Connected")
	v.fill("#pin-unit", "s")
	v.fill("#items input", "Connected")
	v.click("#write")
	v.sees(`[data-pin="77"] .values`, "Connected", 5*time.Second)
	v.must(v.Do(`document.querySelector("#pins tbody input[type=checkbox]").click();
		for (const d of document.querySelectorAll("#view-pins details")) d.open = true`))
	v.wait(`document.querySelectorAll("#chart-legend tbody td.num").length >= 3`, 5*time.Second)
	v.click("#generator-start") // says what is missing
	there("pins")
	if row := v.text(`[data-pin="77"]`); !strings.Contains(row, "Connected\u00a0") && strings.Count(row, "Connected") != 2 {
		t.Errorf("the row of a pin with the page's words is %q", row)
	}
	if unit := v.text(`[data-pin="77"] .unit`); unit != "s" {
		t.Errorf("the unit is %q", unit)
	}
	if name := v.text("#chip-main"); name != "Connected" {
		t.Errorf("the device is called %q", name)
	}

	v.show("traffic")
	v.wait(`document.querySelectorAll("#traffic-grid .frames-view [role=row]:not([hidden])").length > 5`, 5*time.Second)
	v.must(v.Do(`document.querySelector("#traffic-grid .frames-view [role=row]:not([hidden])").click(); document.getElementById("traffic-stats").open = true`))
	v.wait(`document.querySelectorAll("#stats-figures > *").length > 5 && !document.getElementById("traffic-detail").hidden`, 3*time.Second)
	v.give("#traffic-file", "Capture", "none")
	v.sees("#traffic-banner", "Capture", 3*time.Second)
	v.must(v.Do(`document.getElementById("traffic-banner-title").classList.add("data")`)) // the name of the file
	there("traffic")

	v.show("explorer")
	v.pickMethod("getNcpVersion")
	v.click("#explorer-call")
	v.wait(`document.querySelectorAll("#explorer-values > *").length > 0`, 3*time.Second)
	v.pickMethod("setConfigTimeout")
	v.fill("#explorer-arg-0", "5")
	there("explorer")

	v.show("log")
	v.drawn("38400 бод") // what the page remarks in it
	there("log")
	v.drawn("38400 бод")

	v.show("doctor")
	v.must(v.Do(`document.getElementById("doctor-fault").value = "denied"`))
	v.click("#doctor-try-start")
	v.wait(`!document.getElementById("doctor-verdict").hidden`, 8*time.Second)
	v.must(v.Do(`for (const d of document.querySelectorAll("#doctor details")) d.open = true`))
	there("doctor")

	v.show("device")
	l.Device("Connected").Unplug()
	v.problem(unplugged, 2*time.Second)
	there("problem")

	// What the person chose counts more than what the browser says.
	change("en")
	v.must(v.Goto(url))
	v.core()
	v.sees("#connect", "Connect", time.Second)
	if got := eval[string](v, `document.documentElement.lang`); got != "en" {
		t.Errorf("after a reload the page is in %q", got)
	}
}

// TestLanguageBack: there and back again, every text of the page is what it was, also
// those of the rows that are made later.
func TestLanguageBack(t *testing.T) {
	_, url := newLab(t)
	v := open(t, url, browser.PageOptions{})
	const all = `(() => {
	  const texts = (root) => [...root.querySelectorAll("*")].filter(e => e.id !== "language").map(e =>
	    ["aria-label", "title", "placeholder", "data-label"].map(a => e.getAttribute(a)).join() +
	    [...e.childNodes].filter(n => n instanceof Text).map(n => n.data).join() +
	    (e instanceof HTMLTemplateElement ? texts(e.content) : "")).join("\n");
	  return texts(document.body);
	})()`
	before := eval[string](v, all)
	for _, code := range []string{"uk", "en"} {
		v.must(v.Do(`document.getElementById("language").click()`))
		v.wait(`document.getElementById("language").lang === "`+code+`"`, 2*time.Second)
		v.must(v.Do(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`))
		if code == "uk" && !cyrillic.MatchString(eval[string](v, all)) {
			t.Error("nothing is in Ukrainian")
		}
	}
	was, is := strings.Split(before, "\n"), strings.Split(eval[string](v, all), "\n")
	if len(was) != len(is) {
		t.Fatalf("%d elements were there, %d are", len(was), len(is))
	}
	for i := range was {
		if was[i] != is[i] {
			t.Errorf("%q is %q now", was[i], is[i])
		}
	}
}
