package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
	"ncpweb/sim/mcusim"
	"ncpweb/sim/ncpsim"
)

// TestScreenshots takes pictures of every view into the folder $E2E_SCREENSHOTS:
// light, dark, and on a phone of 360 px.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("E2E_SCREENSHOTS")
	if dir == "" {
		t.Skip("run `make screenshots`")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]browser.PageOptions{
		"light": {Width: 1280, Height: 860},
		"dark":  {Width: 1280, Height: 860, Dark: true},
		"360":   {Width: 360, Height: 780, Touch: true},
	} {
		t.Run(name, func(t *testing.T) {
			device, url := withNCP(t, ncpsim.Options{
				Baud: 460800, NoROMLog: true, Provisioned: true, EthernetMAC: "34:85:18:0C:2A:50",
				Dashboard: ncpsim.Dashboard{Period: 400 * time.Millisecond},
			})
			v := open(t, url, o)
			shoot := func(view string) {
				t.Helper()
				v.must(v.Do(`location.hash = "` + view + `"; scrollTo(0, 0); document.activeElement?.blur()`))
				v.program(view)
				if view == "explorer" {
					v.pickMethod("getTime")
					v.must(v.Do(`document.getElementById("explorer-call").click()`))
					v.wait(`!document.getElementById("explorer-result").hidden && document.querySelectorAll("#explorer-values > *").length > 0`, 5*time.Second)
					v.must(v.Do(`scrollTo(0, 0); document.activeElement?.blur()`))
				}
				v.wait(`document.querySelectorAll("#toasts > *").length === 0`, 10*time.Second)
				time.Sleep(300 * time.Millisecond)
				save(t, v, filepath.Join(dir, view+"-"+name+".png"))
			}
			v.must(v.Do(`document.activeElement?.blur()`))
			save(t, v, filepath.Join(dir, "start-"+name+".png"))
			v.connect()
			prepare(v, device)
			for _, view := range []string{"device", "configure", "pins", "traffic", "explorer", "doctor", "log"} {
				shoot(view)
			}
			device.Unplug()
			v.problem(unplugged, time.Second)
			v.must(v.Do(`location.hash = "device"`))
			time.Sleep(300 * time.Millisecond)
			save(t, v, filepath.Join(dir, "problem-"+name+".png"))
			shootFlash(t, dir, name, o)
			shootUpdate(t, dir, name, o)
		})
	}
}

// prepare gives the page something to show.
func prepare(v *view, device *lab.Device) {
	t := v.t
	t.Helper()
	v.goTo("configure")
	for _, f := range [][2]string{
		{"templateID", "TMPL4kdPqXmz"}, {"templateName", "Greenhouse"},
		{"firmwareType", "TMPL4kdPqXmz"}, {"firmwareVersion", "1.4.0"}, {"firmwareBuild", "Nov 20 2026 18:02:11"}, {"blynkVersion", "1.3.2"},
	} {
		v.fill(`[name="`+f[0]+`"]`, f[1])
	}
	v.click(`[data-option="led"] .switch`)
	v.fill(`[name="led.gpio"]`, "2")
	v.click("#apply")
	v.applied()
	waitState(t, device, ncpsim.StateConnected)
	device.NCP().Crash() // for its boot log
	waitState(t, device, ncpsim.StateNotInitialized)
	waitState(t, device, ncpsim.StateConnected)
	v.ready(20 * time.Second)
	v.goTo("pins")
	for pin, text := range map[string]string{"1": "Temperature", "2": "Fan"} {
		v.fill("#write-pin", pin)
		v.fill("#pin-name", text)
		v.press("\r")
	}
	v.fill("#write-pin", "12")
	v.fill("#items input", "open")
	v.click("#write")
	v.fill("#event-code", "door_open")
	v.fill("#event-description", "North door")
	v.click("#event-log")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 5`, 10*time.Second)
	v.must(v.Do(`[...document.querySelectorAll("#pins tbody input[type=checkbox]")].slice(0, 2).forEach(b => b.click())`))
	time.Sleep(6 * time.Second) // something to see in the chart
}

func save(t *testing.T, v *view, file string) {
	t.Helper()
	png, err := v.Screenshot()
	v.must(err)
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shootFlash takes a picture while a blank board is flashed.
func shootFlash(t *testing.T, dir, name string, o browser.PageOptions) {
	_, spec := espBoard(espsim.Options{})
	spec.Wire.Info.ProductID, spec.Wire.Info.VendorID = 0xEA60, 0x10C4 // 921600 baud
	_, url := newLab(t, spec)
	v := openRun(t, url, o)
	v.must(v.Do(`document.getElementById("run-details").open = false`))
	v.giveImage("BlynkNCP_generic_esp32c3_4M.flash.bin", espsim.Image(espsim.ImageOptions{Version: "0.7.1"}))
	v.flash()
	time.Sleep(4 * time.Second)
	v.must(v.Do(`scrollTo(0, 0); document.activeElement?.blur()`))
	save(t, v, filepath.Join(dir, "flash-"+name+".png"))
}

// shootUpdate takes a picture while an MCU is updated.
func shootUpdate(t *testing.T, dir, name string, o browser.PageOptions) {
	const fwType = "TMPL4kdPqXmz"
	m := mcusim.New(mcusim.Options{Template: fwType, Name: "Greenhouse", Values: 400 * time.Millisecond})
	_, url := newLab(t, lab.Spec{Name: "MCU", Sim: m, Wire: sim.WireOptions{Latency: time.Millisecond}})
	v := open(t, url, o)
	v.must(v.Do(`location.hash = "#update"`))
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	v.must(v.Do(`document.getElementById("mcu-start").click()`))
	v.sees("#mcu-state", "Answers", 15*time.Second)
	v.giveFile("#up-file", "greenhouse-1.1.0.bin", mcusim.Image(fwType, "1.1.0", 120<<10, 6))
	v.wait(`!document.getElementById("up-go").disabled`, 5*time.Second)
	v.must(v.Do(`document.getElementById("up-go").click()`))
	time.Sleep(6 * time.Second)
	v.must(v.Do(`scrollTo(0, 0); document.activeElement?.blur()`))
	save(t, v, filepath.Join(dir, "update-"+name+".png"))
}
