package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/mcusim"
)

const mcuType = "TMPL0demo0001"

// openUpdate opens the page where the lab's device is an MCU, and waits for it.
func openUpdate(t *testing.T, device sim.Device) *view {
	t.Helper()
	_, url := newLab(t, lab.Spec{Name: "MCU", Sim: device, Wire: sim.WireOptions{Latency: time.Millisecond}})
	v := open(t, url, browser.PageOptions{})
	v.must(v.Do(`location.hash = "#update"`))
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	v.must(v.Do(keepSaved))
	v.sees("#up-what", "Choose the file", 2*time.Second)
	v.click("#mcu-start")
	v.sees("#mcu-state", "Answers", 15*time.Second)
	return v
}

// outcome waits for the card of an update to say something.
func (v *view) outcome(want string, limit time.Duration) {
	v.t.Helper()
	v.wait(`document.getElementById("up-card").checkVisibility()`, limit)
	v.sees("#up-card", want, time.Second)
}

// TestUpdateMCU: an MCU comes up, tells what it is, takes a file at 921600 and runs it; an
// answer that is lost is made up for; pins go both ways; and the keyboard is enough.
func TestUpdateMCU(t *testing.T) {
	t.Parallel()
	m := mcusim.New(mcusim.Options{Target: 921600, Values: 300 * time.Millisecond})
	v := openUpdate(t, &mcusim.Lossy{MCU: m, Every: 25})
	a := withAxe(t, v)
	v.sees("#mcu-facts", "1.0.0", time.Second)
	v.sees("#mcu-facts", "921", 2*time.Second)
	v.sees("#mcu-pins", "V0", 3*time.Second)
	v.fill("#mcu-pin", "V7")
	v.fill("#mcu-value", "<b>on</b>")
	v.must(v.Do(`document.getElementById("mcu-value").focus()`))
	v.press("\r")
	v.sees("#mcu-pins", "<b>on</b>", 2*time.Second)
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if got, ok := m.Pin(7); ok && got == "<b>on</b>" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the MCU did not get the value")
		}
	}

	image := mcusim.Image(mcuType, "1.1.0", 64<<10, 5)
	v.giveFile("#up-file", "app-1.2.0.bin", image)
	v.sees("#up-warnings", "The name of the file says 1.2.0, its tag says 1.1.0", 3*time.Second)
	a.check("an MCU and a file")
	v.must(v.Do(`document.getElementById("up-go").focus()`))
	v.press("\r")
	v.focused("task-cancel")
	v.outcome("Version 1.1.0 runs (was 1.0.0)", 30*time.Second)
	v.focused("up-card-title")
	if m.Version() != "1.1.0" || !bytes.Equal(m.Running(), image) {
		t.Errorf("the MCU runs %s", m.Version())
	}
	v.sees("#up-card", "made up for", time.Second)
	a.check("updated")
	v.click("#up-report")
	if name, data := v.saved(); !strings.HasPrefix(name, "update-") || !bytes.Contains(data, []byte(`"proven": true`)) || !bytes.Contains(data, []byte(`"before": "1.0.0"`)) {
		t.Errorf("report %q: %s", name, data)
	}
	v.sees("#up-warnings", "The MCU runs 1.1.0 already", 5*time.Second)
	v.click("#mcu-stop")
	v.sees("#mcu-state", "Off", 5*time.Second)
	v.wait(`!document.getElementById("connect").disabled`, 5*time.Second)
}

// TestUpdateCancel: a cancelled update leaves the old firmware; the next one succeeds.
func TestUpdateCancel(t *testing.T) {
	t.Parallel()
	m := mcusim.New(mcusim.Options{Target: 921600})
	v := openUpdate(t, m)
	image := mcusim.Image("TMPLother", "2.0.0", 200<<10, 6)
	v.giveFile("#up-file", "app.bin", image)
	v.sees("#up-warnings", "The file is for TMPLother, the MCU is "+mcuType, 3*time.Second)
	v.giveFile("#up-file", "app.bin", mcusim.Image(mcuType, "2.0.0", 200<<10, 6))
	v.wait(`document.getElementById("up-warnings").childElementCount === 0`, 3*time.Second)
	v.click("#up-go")
	v.wait(`document.getElementById("up-pause").checkVisibility()`, 10*time.Second)
	v.click("#up-pause")
	v.sees("#up-what", "rests until you let it go on", 3*time.Second)
	v.click("#task-cancel")
	v.outcome("The MCU keeps the firmware that it had", 10*time.Second)
	if m.Version() != "1.0.0" {
		t.Errorf("after a cancel the MCU runs %s", m.Version())
	}
	v.giveFile("#up-file", "app.bin", mcusim.Image(mcuType, "2.0.0", 16<<10, 6))
	v.wait(`!document.getElementById("up-go").disabled`, 5*time.Second)
	v.click("#up-go")
	v.wait(`!document.getElementById("up-card").checkVisibility()`, 2*time.Second)
	v.outcome("Version 2.0.0 runs (was 1.0.0)", 20*time.Second)
}

// TestUpdateRefused: an MCU that says no is told of as such, and a file without a tag is
// warned of before it is sent.
func TestUpdateRefused(t *testing.T) {
	t.Parallel()
	m := mcusim.New(mcusim.Options{Target: 921600, Broken: mcusim.Refuses})
	v := openUpdate(t, m)
	v.giveFile("#up-file", "plain.bin", bytes.Repeat([]byte{0x5A}, 8<<10))
	v.sees("#up-warnings", "No firmware tag", 3*time.Second)
	v.click("#up-go")
	v.outcome("The MCU does not want this firmware", 10*time.Second)
	v.sees("#up-card", "keeps the firmware that it had", time.Second)
	if m.Version() != "1.0.0" {
		t.Errorf("the MCU runs %s", m.Version())
	}
}
