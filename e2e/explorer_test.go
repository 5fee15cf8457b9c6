package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// pickMethod chooses a method of the Explorer by its name.
func (v *view) pickMethod(name string) {
	v.t.Helper()
	v.fill("#explorer-search", name)
	v.must(v.Do(`(b => { b.scrollIntoView({block: "center"}); b.click() })([...document.querySelectorAll(".explorer-method")].find(b => b.firstElementChild.textContent === ` + quote(name) + `))`))
	v.sees("#explorer-name", name, 2*time.Second)
}

func TestExplorer(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{Provisioned: true, Initialized: true, Version: "0.7.3"})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.show("explorer")

	// A call without arguments, its results by name.
	v.pickMethod("getNcpVersion")
	v.click("#explorer-call")
	v.sees("#explorer-values", "0.7.3", 3*time.Second)
	v.sees("#explorer-status", "ms", time.Second)
	v.sees("#explorer-history", "getNcpVersion()", time.Second)

	// Typed fields: a range is checked before anything is sent.
	v.pickMethod("setConfigTimeout")
	v.fill("#explorer-arg-0", "5")
	v.sees("#explorer-arg-0-fault", "From", time.Second) // as it is typed
	v.click("#explorer-call")
	v.sees("#explorer-arg-0-fault", "From", time.Second)
	if got := v.text("#explorer-history"); strings.Contains(got, "setConfigTimeout") {
		t.Errorf("what is out of range was called: %q", got)
	}
	v.fill("#explorer-arg-0", "120\r")
	v.sees("#explorer-values", "true", 3*time.Second)

	// A one-way call with a list.
	v.pickMethod("virtualWrite")
	v.fill("#explorer-arg-0", "9")
	v.fill("#explorer-arg-1", "first")
	v.sees("#explorer-arg-1-hint", "· 5 / 1528", time.Second)
	v.click("#explorer-call")
	wrote(t, device, 9, "first")

	// A password is never shown again.
	v.pickMethod("factoryTestWiFi")
	v.fill("#explorer-arg-0", "home")
	v.fill("#explorer-arg-1", "hush-hush")
	v.click("#explorer-call")
	v.sees("#explorer-history", "password=••••••••", 5*time.Second)
	v.wait(`!document.getElementById("explorer-call").disabled`, 10*time.Second)
	if eval[bool](v, `document.body.innerText.includes("hush-hush") || Object.values(localStorage).join().includes("hush-hush")`) {
		t.Error("the password is shown or kept")
	}
	v.click("#explorer-history button") // it has to be typed again
	v.sees("#explorer-name", "factoryTestWiFi", time.Second)
	if eval[bool](v, `document.getElementById("explorer-arg-1").value !== ""`) {
		t.Error("the password is filled in again")
	}

	// Raw: what this NCP does not know it does not answer; half a hash is an error status.
	v.click("#explorer-raw summary")
	v.fill("#raw-uid", "0999")
	v.click("#raw-call")
	v.sees("#explorer-status", "No answer", 4*time.Second)
	v.fill("#raw-uid", "0325")
	v.fill("#raw-bytes", "01")
	v.click("#raw-call")
	v.sees("#explorer-status", "rguments", 3*time.Second)

	// A raw call hides what the typed one does.
	v.fill("#raw-uid", "0332")
	v.fill("#raw-bytes", "41 00 68 75 73 68 00")
	v.click("#raw-call")
	v.sees("#explorer-history", "0x0332 ••••••••", 5*time.Second)
	if got := v.text("#explorer-history"); strings.Contains(got, "68 75") {
		t.Errorf("the bytes of a password are shown: %q", got)
	}

	// Nothing goes on where nobody looks.
	v.wait(`!document.getElementById("explorer-call").disabled`, 10*time.Second)
	v.pickMethod("ping")
	v.click("#explorer-form summary")
	v.fill("#explorer-times", "1000")
	v.fill("#explorer-every", "20")
	v.click("#explorer-call")
	v.sees("#explorer-said", "Call 3 of 1000", 3*time.Second)
	v.show("log")
	v.show("explorer")
	v.wait(`document.getElementById("explorer-stop").hidden`, 2*time.Second)
}

func TestExplorerDescription(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{Provisioned: true, Initialized: true})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.show("explorer")
	v.drop("#view-explorer", "new.jidl", `{"module": "T", "interfaces": {"blynk": {"shineALight": {"@uid": "0398", "args": [{"level": "UInt8"}], "returns": "Bool"}}}}`)
	v.sees("#explorer-told", "1 methods added", 3*time.Second)
	v.sees("#explorer-name", "blynk.shineALight", 2*time.Second)
	v.fill("#explorer-arg-0", "7")
	v.click("#explorer-call")
	v.sees("#explorer-status", "No answer", 4*time.Second)
	// Traffic knows it now as well.
	v.show("traffic")
	v.fill("#traffic-text", "shineALight")
	v.sees("#traffic-grid", "blynk.shineALight", 3*time.Second)
	v.sees("#traffic-grid", "level=7", 3*time.Second)

	v.show("explorer")
	v.drop("#view-explorer", "<b>bad</b>.json", `{"interfaces": {"blynk": {"x": {"@uid": "zz"}}}}`)
	v.sees("#explorer-told", "was refused: line 1", 3*time.Second)
	if eval[bool](v, `document.querySelector("#explorer-told b") !== null`) {
		t.Error("the name of the file became markup")
	}
}

// Our own descriptions are what they are called after.
func TestExplorerOpensOurFiles(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.show("explorer")
	data, err := os.ReadFile(filepath.Join(root, "ncp", "idl", "blynk.json"))
	if err != nil {
		t.Fatal(err)
	}
	v.drop("#view-explorer", "blynk.json", string(data))
	v.sees("#explorer-told", "0 methods added", 3*time.Second)
}
