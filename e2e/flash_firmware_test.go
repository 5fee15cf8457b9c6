package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// openFirmware opens the page at the Flash view and waits for its program.
func openFirmware(t *testing.T, url string, o browser.PageOptions) *view {
	t.Helper()
	v := load(t, chromium, url+"#flash", o)
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	return v
}

// firmwareOf is a small image of an NCP.
func firmwareOf(chip espsim.Chip, version string) []byte {
	return espsim.Image(espsim.ImageOptions{Chip: chip, Size: 192 << 10, Version: version})
}

// parcel is a file that is dropped on the page.
type parcel struct {
	name string
	data []byte
}

// dropAll drops files on the Flash view, at once.
func (v *view) dropAll(files ...parcel) {
	v.t.Helper()
	var b strings.Builder
	b.WriteString(`(() => { const dataTransfer = new DataTransfer();`)
	for _, f := range files {
		fmt.Fprintf(&b, `dataTransfer.items.add(new File([Uint8Array.from(atob(%s), c => c.charCodeAt(0))], %s));`,
			quote(base64.StdEncoding.EncodeToString(f.data)), quote(f.name))
	}
	b.WriteString(`for (const kind of ["dragover", "drop"]) document.querySelector("#flash").dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer})) })()`)
	v.must(v.Do(b.String()))
}

// canFlash tells whether the button to flash can be pressed.
func (v *view) canFlash() bool {
	v.t.Helper()
	return eval[bool](v, `!document.getElementById("run-flash").disabled`)
}

// fact returns what stands beside a name in the explanation.
func (v *view) fact(name string) string {
	v.t.Helper()
	return eval[string](v, `[...document.querySelectorAll("#fw-facts > div")].find(e => e.firstElementChild.innerText === `+quote(name)+`)?.lastElementChild.innerText ?? ""`)
}

// onlyPage serves the page without devices, with further files beside it. They replace
// those of the page, and their packed copies.
func onlyPage(t *testing.T, extra fstest.MapFS) string {
	t.Helper()
	l, err := lab.New(lab.Options{Dist: beside{dist, extra}, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	url, err := l.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return url
}

type beside struct {
	page  fs.FS
	extra fstest.MapFS
}

func (b beside) Open(name string) (fs.File, error) {
	if _, ok := b.extra[name]; ok {
		return b.extra.Open(name)
	}
	if _, ok := b.extra[strings.TrimSuffix(strings.TrimSuffix(name, ".br"), ".gz")]; ok {
		return nil, fs.ErrNotExist
	}
	return b.page.Open(name)
}

// TestFirmwareExplained: a file is explained before anything is written, and so is what
// becomes of the settings.
func TestFirmwareExplained(t *testing.T) {
	t.Parallel()
	v := openFirmware(t, onlyPage(t, nil), browser.PageOptions{})
	image := firmwareOf("esp32c3", "0.7.1")
	v.dropAll(parcel{"BlynkNCP_generic_esp32c3_4M.flash.bin", image})
	v.sees("#fw-about-title", "Blynk.NCP 0.7.1", 5*time.Second)
	v.sees("#fw-about-word", "It is sound", 3*time.Second)
	sum := sha256.Sum256(image)
	v.wait(`[...document.querySelectorAll("#fw-facts dd")].some(e => e.innerText === `+quote(hex.EncodeToString(sum[:]))+`)`, 3*time.Second)
	for name, want := range map[string]string{"Kind": "Merged", "For": "ESP32-C3", "Size": "196.6 kB", "Version": "0.7.1", "Application": "0.7.1", "Flash memory": "4 MB"} {
		if got := v.fact(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !v.canFlash() {
		t.Error("a sound image cannot be flashed")
	}
	fate := func(name string) string {
		t.Helper()
		return eval[string](v, `[...document.querySelectorAll("#fw-rows tr")].find(e => e.firstElementChild.textContent === `+quote(name)+`)?.lastElementChild.textContent ?? ""`)
	}
	check := func(when string, want map[string]string) {
		t.Helper()
		time.Sleep(100 * time.Millisecond)
		for name, word := range want {
			if got := fate(name); got != word {
				t.Errorf("%s: %s is %q, want %q", when, name, got, word)
			}
		}
	}
	check("by default", map[string]string{"nvs": "Kept", "otadata": "Kept", "app0": "Written", "fs": "Stays as it is"})
	v.click("#fw-how > summary")
	v.click("#fw-keep")
	check("without settings", map[string]string{"nvs": "Made blank", "app0": "Written", "fs": "Stays as it is"})
	v.must(v.Do(`document.getElementById("fw-erase").click()`))
	check("everything erased", map[string]string{"nvs": "Erased", "app0": "Written", "fs": "Erased"})
	v.sees("#fw-how-word", "erases everything first", time.Second)
	v.sees("#fw-erase-note", "provisioned again", time.Second)
	v.click("#fw-parts button")
	v.wait(`!document.getElementById("fw-about").checkVisibility()`, 2*time.Second)
	if v.canFlash() {
		t.Error("nothing can be flashed")
	}
}

// TestFirmwareForAnotherChip: a file for another chip than the board's is refused, with the
// keyboard alone. The board is remembered.
func TestFirmwareForAnotherChip(t *testing.T) {
	t.Parallel()
	v := openFirmware(t, onlyPage(t, nil), browser.PageOptions{})
	v.must(v.Do(`document.getElementById("title-flash").focus()`))
	v.tabTo(`[name="fw-what"]`)
	v.press(kb.ArrowRight)
	v.wait(`document.getElementById("fw-search").checkVisibility() && document.querySelectorAll("#fw-boards li").length > 20`, 5*time.Second)
	v.tabTo("#fw-search")
	v.press("no such board")
	v.sees("#fw-none", "Nothing is called that", time.Second)
	v.must(v.Do(`document.getElementById("fw-search").select()`))
	v.press("nano 33" + kb.Enter)
	v.sees("#fw-board-name", "Arduino Nano 33 IoT", 2*time.Second)
	if got := eval[string](v, `document.activeElement.id`); got != "fw-board-name" {
		t.Errorf("after Enter the focus is at %q", got)
	}
	v.sees("#fw-offers", "BlynkNCP_nina_w102.flash.bin", 2*time.Second)
	v.tabTo("#fw-another")
	v.tabTo("#fw-open")
	v.hand("BlynkNCP_generic_esp32c3_4M.flash.bin", firmwareOf("esp32c3", "0.7.1"))
	v.sees("#fw-findings", "This firmware is for ESP32-C3, but the chosen board has an ESP32.", 5*time.Second)
	v.sees("#fw-findings", "usually BlynkNCP_nina_w102.flash.bin", time.Second)
	if v.canFlash() {
		t.Error("firmware for another chip can be flashed")
	}
	v.tabTo("#fw-parts input")
	v.tabTo("#fw-parts button")
	v.press(kb.Enter)
	v.wait(`document.querySelector("#fw-parts li") === null && document.activeElement.id === "fw-open"`, 2*time.Second)
	v.hand("BlynkNCP_nina_w102.flash.bin", firmwareOf("esp32", "0.7.1"))
	v.sees("#fw-about-word", "It fits ESP32.", 5*time.Second)
	if !v.canFlash() {
		t.Error("the right firmware cannot be flashed")
	}
	v.must(v.Do(`location.reload()`))
	v.wait(`document.getElementById("fw-board-name")?.innerText === "Arduino Nano 33 IoT"`, 20*time.Second)
}

// hand hands over a file as if it had been chosen, and does not wait for what comes of it.
func (v *view) hand(name string, data []byte) {
	v.t.Helper()
	v.must(v.Do(fmt.Sprintf(`(() => { const d = new DataTransfer(); d.items.add(new File([Uint8Array.from(atob(%s), c => c.charCodeAt(0))], %s));
		const e = document.getElementById("fw-files"); e.files = d.files; e.dispatchEvent(new Event("change")) })()`,
		quote(base64.StdEncoding.EncodeToString(data)), quote(name))))
}

// TestFirmwareInParts: files find their usual offsets, and a person can put others.
func TestFirmwareInParts(t *testing.T) {
	t.Parallel()
	v := openFirmware(t, onlyPage(t, nil), browser.PageOptions{})
	image := firmwareOf("esp32", "0.7.1")
	v.dropAll(parcel{"littlefs.bin", make([]byte, 4096)}, parcel{"firmware.bin", image[0x10000:]}, parcel{"partitions.bin", image[0x8000:0x8C00]}, parcel{"bootloader.bin", image[0x1000:0x8000]})
	v.sees("#fw-about-word", "It is sound", 5*time.Second)
	v.wait(`[...document.querySelectorAll("#fw-parts li")].map(e => e.querySelector("bdi").textContent + e.querySelector("input").value).join() === "bootloader.bin0x1000,partitions.bin0x8000,firmware.bin0x10000,littlefs.bin0x3B0000"`, 3*time.Second)
	if got := v.fact("Kind"); !strings.Contains(got, "in parts") {
		t.Errorf("kind %q", got)
	}
	last := `#fw-parts li:nth-child(4) `
	v.fill(last+"input", "0x9000")
	v.sees("#fw-about-word", "It is sound", 2*time.Second)
	v.fill(last+"input", "0x18000")
	v.sees(last+".error", "overlaps firmware.bin", 2*time.Second)
	v.sees("#fw-about-word", "files overlap", 2*time.Second)
	if v.canFlash() {
		t.Error("files that overlap can be flashed")
	}
	v.fill(last+"input", "here")
	v.sees(last+".error", "such as 0x10000", 2*time.Second)
	v.fill(last+"input", "0x100000000")
	v.sees(last+".error", "up to 4 GiB", 2*time.Second)
	v.fill(last+"input", "0xFFFFF800")
	v.sees(last+".error", "beyond 4 GiB", 2*time.Second)
	if v.canFlash() {
		t.Error("a file beyond 4 GiB can be flashed")
	}
	v.click(last + "button")
	v.sees("#fw-about-word", "It is sound", 2*time.Second)
	v.click(`#fw-parts li:nth-child(1) button`)
	v.sees("#fw-findings", "no boot loader", 2*time.Second)
	v.dropAll(parcel{"all.bin", image})
	v.wait(`document.querySelectorAll("#fw-parts li").length === 1`, 2*time.Second)
	v.sees("#fw-parts bdi", "all.bin", time.Second)
}

// manifestOf is a manifest of ESP Web Tools for two chips.
func manifestOf(c3, esp32 []byte) string {
	sum := sha256.Sum256(c3)
	return fmt.Sprintf(`{"name": "Blynk.NCP", "version": "0.7.1", "new_install_prompt_erase": true, "builds": [
		{"chipFamily": "ESP32-C3", "parts": [{"path": "c3.bin", "offset": 0, "size": %d, "sha256": "%x"}]},
		{"chipFamily": "ESP32", "parts": [{"path": "esp32.bin", "offset": "0x0"}]}]}`, len(c3), sum)
}

// TestFirmwareManifests: a manifest as a file, in an archive, from the site.
func TestFirmwareManifests(t *testing.T) {
	t.Parallel()
	c3, esp32 := firmwareOf("esp32c3", "0.7.1"), firmwareOf("esp32", "0.7.1")
	text := manifestOf(c3, esp32)
	index, err := fs.ReadFile(dist, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	v := openFirmware(t, onlyPage(t, fstest.MapFS{
		"index.html":             {Data: bytes.Replace(index, []byte("<head>"), []byte(`<head><meta name="ncp-firmware" content="firmware/manifest.json">`), 1)},
		"firmware/manifest.json": {Data: []byte(text)},
		"firmware/c3.bin":        {Data: c3}, "firmware/esp32.bin": {Data: esp32},
		"foreign/manifest.json": {Data: []byte(`{"builds": [{"chipFamily": "ESP32", "parts": [{"path": "../firmware/esp32.bin", "offset": 0}]}]}`)},
	}), browser.PageOptions{})

	// The site's own.
	v.sees("#fw-offers", "Blynk.NCP 0.7.1", 5*time.Second)
	v.click("#fw-offers [data-act=site]")
	v.sees("#fw-about", "It holds firmware for ESP32-C3 or ESP32. Choose the board, or detect the chip.", 5*time.Second)
	v.click(`[name="fw-what"][value="board"]`)
	v.click(`[data-id="esp32-c3-mini-1"]`)
	v.sees("#fw-about-word", "It fits ESP32-C3.", 5*time.Second)
	v.sees("#fw-findings", "erase everything first", time.Second)
	v.sees("#fw-parts bdi", "c3.bin", time.Second)
	v.click("#fw-another")
	v.click(`[data-id="esp-wroom-32"]`)
	v.sees("#fw-parts bdi", "esp32.bin", 5*time.Second)
	v.click("#fw-another")
	v.click(`[data-id="uno-r4-wifi"]`)
	v.sees("#fw-about", "It has nothing for ESP32-S3.", 5*time.Second)
	if v.canFlash() {
		t.Error("files for another chip can be flashed")
	}
	v.click("#fw-clear")

	// By its address, also such as are refused.
	v.click("#fw-more > summary")
	for address, want := range map[string]string{
		"https://example.com/manifest.json": "on another server, example.com",
		"ftp://127.0.0.1/manifest.json":     "no address of the web",
		"foreign/manifest.json":             "outside of its own folder",
	} {
		v.click(`[name="fw-what"][value="detect"]`)
		v.fill("#fw-url", address)
		v.press(kb.Enter)
		v.wait(`document.getElementById("fw-panel").innerText.includes(`+quote(want)+`)`, 5*time.Second)
		v.must(v.Do(`document.getElementById("fw-clear").click()`))
	}

	// As a file, with the files that it names in either order, and a wrong one.
	v.click(`[name="fw-what"][value="board"]`)
	v.click(`[data-id="esp32-c3-mini-1"]`)
	v.dropAll(parcel{"m.json", []byte(text)})
	v.sees("#fw-about", "Drop the files that it names as well: c3.bin", 3*time.Second)
	wrong := bytes.Clone(c3)
	wrong[len(wrong)-1] ^= 1
	v.dropAll(parcel{"c3.bin", wrong})
	v.sees("#fw-about", "its SHA-256 differs", 3*time.Second)
	v.must(v.Do(`document.getElementById("fw-clear").click()`))
	v.dropAll(parcel{"c3.bin", c3}, parcel{"m.json", []byte(text)})
	v.sees("#fw-about-word", "It fits ESP32-C3.", 5*time.Second)

	// In an archive, as ESP-IDF's builds have them.
	v.must(v.Do(`document.getElementById("fw-clear").click()`))
	v.dropAll(parcel{"build.zip", zipOf(t, map[string][]byte{
		"build/flasher_args.json":                   []byte(`{"flash_files": {"0x0": "bootloader/bootloader.bin", "0x8000": "partition_table/partition-table.bin", "0x10000": "app.bin"}, "extra_esptool_args": {"chip": "esp32c3"}}`),
		"build/bootloader/bootloader.bin":           c3[:0x8000],
		"build/partition_table/partition-table.bin": c3[0x8000:0x8C00],
		"build/app.bin":                             c3[0x10000:],
	})})
	v.sees("#fw-about-word", "It fits ESP32-C3.", 5*time.Second)
	if n := eval[int](v, `document.querySelectorAll("#fw-parts li").length`); n != 3 {
		t.Errorf("%d files of the archive", n)
	}
}

func zipOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFirmwareRefused: what is no firmware, broken or hostile is refused with its reason,
// and the page stays as it was.
func TestFirmwareRefused(t *testing.T) {
	t.Parallel()
	v := openFirmware(t, onlyPage(t, nil), browser.PageOptions{})
	c3 := firmwareOf("esp32c3", "0.7.1")
	broken := bytes.Clone(c3)
	broken[0x10100] ^= 1
	build := func(parts string) []byte {
		return []byte(`{"name": "x", "builds": [{"chipFamily": "ESP32", "parts": [` + parts + `]}]}`)
	}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"empty.bin", "There is nothing in it.", nil},
		{"blank.bin", "nothing but FF", bytes.Repeat([]byte{0xFF}, 9000)},
		{"app.elf", "Take the .bin file", []byte("\x7FELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"cut.hex", "without an end record", []byte(":0400000001020304F2\n")},
		{"bad.hex", "checksum of line 1", []byte(":0400000001020304F3\n:00000001FF\n")},
		{"bad.json", "no valid JSON", []byte(`{"builds": [`)},
		{"other.json", "no manifest of firmware", []byte(`{"a": 1}`)},
		{"overlap.json", "Its parts overlap", build(`{"path": "a.bin", "offset": 0, "size": 8192}, {"path": "b.bin", "offset": 4096, "size": 1}`)},
		{"far.json", "no number from 0 to 4 GiB", build(`{"path": "a.bin", "offset": 4294967296}`)},
		{"bomb.zip", "far more than firmware can be", zipOf(t, map[string][]byte{"a.bin": make([]byte, 65<<20)})},
		{"up.zip", "outside of its own folder", zipOf(t, map[string][]byte{"../a.bin": c3})},
		{"two.zip", "more than one firmware file", zipOf(t, map[string][]byte{"a.bin": c3, "b.bin": c3})},
	} {
		v.dropAll(parcel{c.name, c.data})
		v.sees("#fw-refused-name", c.name, 10*time.Second)
		v.sees("#fw-refused-why", c.want, time.Second)
		if v.canFlash() || eval[bool](v, `document.getElementById("fw-about").checkVisibility()`) {
			t.Errorf("%s is taken all the same", c.name)
		}
		v.click("#fw-refused-close")
	}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"broken.bin", "checksum of the image at 0x10000 is wrong", broken},
		{"cut.bin", "cut off", c3[:0x18000]},
		{"app.bin", "", c3[0x10000:]},
	} {
		v.dropAll(parcel{c.name, c.data})
		v.sees("#fw-parts bdi", c.name, 3*time.Second)
		v.wait(`document.getElementById("fw-sum").dataset.tone !== "busy"`, 3*time.Second)
		v.sees("#fw-findings", c.want, 3*time.Second)
		if want := c.want == ""; v.canFlash() != want {
			t.Errorf("%s can be flashed: %v", c.name, !want)
		}
		v.click("#fw-parts button")
	}
	// A name that would be markup, and one that turns the text around.
	v.dropAll(parcel{"<img src=x onerror=alert(1)>\u202Enib.bin", c3})
	v.sees("#fw-parts bdi", "<img src=x", 3*time.Second)
	if eval[bool](v, `document.querySelector("#flash img") !== null || document.getElementById("flash").innerText.includes("\u202E")`) {
		t.Error("a name of a file is not shown as text")
	}
}

// TestFirmwareForTheDetectedChip: what was detected is held against the file and the board.
func TestFirmwareForTheDetectedChip(t *testing.T) {
	t.Parallel()
	_, url := newLab(t, lab.Spec{Name: "Board", Sim: espsim.New(espsim.Options{Chip: "esp32c3"}), Wire: sim.WireOptions{Latency: time.Millisecond, FIFO: 64 << 10}})
	v := openFirmware(t, url, browser.PageOptions{})
	v.dropAll(parcel{"BlynkNCP_generic_esp32_4M.flash.bin", firmwareOf("esp32", "0.7.1")})
	v.sees("#fw-about-word", "It is sound", 5*time.Second)
	v.click("#run-detect")
	v.sees("#fw-findings", "This firmware is for ESP32. The chip is ESP32-C3.", 20*time.Second)
	v.sees("#fw-seen", "ESP32-C3 detected", time.Second)
	if v.canFlash() {
		t.Error("firmware for another chip can be flashed")
	}
	v.click("#fw-parts button")
	v.sees("#fw-offers", "BlynkNCP_generic_esp32c3_4M.flash.bin", 2*time.Second)
	v.dropAll(parcel{"BlynkNCP_generic_esp32c3_4M.flash.bin", firmwareOf("esp32c3", "0.7.1")})
	v.sees("#fw-about-word", "It fits ESP32-C3.", 5*time.Second)
	v.click(`[name="fw-what"][value="board"]`)
	v.click(`[data-id="nano-33-iot"]`)
	v.sees("#fw-findings", "The chosen board has an ESP32, but the chip that answered is an ESP32-C3.", 2*time.Second)
	if v.canFlash() {
		t.Error("another board's firmware can be flashed")
	}
}

// TestFirmwareAccessible: axe-core in the states of the first three steps.
func TestFirmwareAccessible(t *testing.T) {
	for _, c := range []struct {
		name string
		o    browser.PageOptions
	}{
		{"desktop", browser.PageOptions{Width: 1280, Height: 900}},
		{"dark phone", browser.PageOptions{Width: 360, Height: 740, Touch: true, Dark: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := openFirmware(t, onlyPage(t, nil), c.o)
			a := withAxe(t, v)
			a.check("empty")
			v.must(v.Do(`document.querySelector('[name="fw-what"][value="board"]').click(); document.getElementById("fw-how").open = document.getElementById("fw-more").open = true`))
			v.wait(`document.querySelectorAll("#fw-boards li").length > 20`, 5*time.Second)
			a.check("boards")
			v.must(v.Do(`document.querySelector('[data-id="nano-33-iot"]').click(); document.getElementById("fw-erase").click()`))
			c3 := firmwareOf("esp32c3", "0.7.1")
			v.dropAll(parcel{"a.bin", c3})
			v.sees("#fw-findings", "ESP32", 5*time.Second)
			v.must(v.Do(`document.getElementById("fw-table").open = true`))
			time.Sleep(200 * time.Millisecond)
			a.check("refused")
			v.must(v.Do(`document.querySelector('[name="fw-what"][value="detect"]').click()`))
			v.dropAll(parcel{"bootloader.bin", c3[:0x8000]}, parcel{"app.bin", c3[0x10000:]}, parcel{"other.bin", []byte("something else")}, parcel{"bad.json", []byte("{")})
			v.sees("#fw-refused", "JSON", 5*time.Second)
			v.wait(`document.querySelectorAll("#fw-parts li").length === 3`, 3*time.Second)
			a.check("parts, one without an offset")
			if w := eval[int](v, `document.documentElement.scrollWidth - innerWidth`); w > 0 {
				t.Errorf("the page is %d pixels too wide", w)
			}
		})
	}
}
