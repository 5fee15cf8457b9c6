package workui

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp/ota"
	"ncpweb/wasm/show"
)

func TestVersionIn(t *testing.T) {
	for in, want := range map[string]string{
		"app-1.2.0.bin": "1.2.0", "app.bin": "", "": "", "esp32_2.bin": "", "a1.0-b2.3.4.hex": "2.3.4", "v1.2": "1.2", "...": "",
	} {
		if got := versionIn(in); got != want {
			t.Errorf("%q: version %q, want %q", in, got, want)
		}
	}
}

func TestPinNumber(t *testing.T) {
	for in, want := range map[string]int{"7": 7, "V7": 7, " v65535 ": 65535, "65536": -1, "": -1, "-1": -1, "x": -1} {
		got, ok := pinNumber(in)
		if ok != (want >= 0) || ok && int(got) != want {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
}

// TestUpdateWarnings: each mismatch is told, and a file that fits has none.
func TestUpdateWarnings(t *testing.T) {
	fits := matching{Name: "app-1.1.0.bin", Size: 64 << 10, Tagged: true, Type: "T", Version: "1.1.0", Build: "b", Up: true, Runs: "1.0.0", RunsType: "T", RunsBuild: "a"}
	if w := warningsOf(fits); len(w) != 0 {
		t.Errorf("a file that fits: %q", w)
	}
	for want, change := range map[string]func(*matching){
		"No firmware tag":                     func(m *matching) { m.Tagged = false },
		"its tag says 1.1.0":                  func(m *matching) { m.Name = "app-1.1.1.bin" },
		"The file is for T, the MCU is other": func(m *matching) { m.RunsType = "other" },
		"The MCU runs 1.1.0 already":          func(m *matching) { m.Runs, m.RunsBuild = "1.1.0", "b" },
		"Only 100 B":                          func(m *matching) { m.Size = 100 },
	} {
		m := fits
		change(&m)
		if w := warningsOf(m); len(w) != 1 || !strings.Contains(w[0], want) {
			t.Errorf("want %q, got %q", want, w)
		}
	}
}

// TestUpdateFaults: each kind of failure has words of its own, and only what is proven is
// told as a success.
func TestUpdateFaults(t *testing.T) {
	titles := map[string]bool{}
	for c := ota.CodeRefused; c <= ota.CodeLink; c++ {
		w := faultOf(&ota.Error{Code: c})
		if w.Title == "" || w.Why == "" || len(w.Try) == 0 || titles[w.Title] {
			t.Errorf("code %d: %+v", c, w)
		}
		titles[w.Title] = true
	}
	if _, tone := doneWords(ota.Result{Version: "1.1.0"}, "1.0.0"); tone == show.OK {
		t.Error("what is not proven is a success")
	}
	if _, tone := doneWords(ota.Result{Proven: true}, "1.0.0"); tone == show.OK {
		t.Error("an MCU without a version is a success")
	}
	if text, tone := doneWords(ota.Result{Version: "1.1.0", Proven: true}, "1.0.0"); tone != show.OK || text != "Version 1.1.0 runs (was 1.0.0)" {
		t.Errorf("%q %v", text, tone)
	}
	if runsWord(200) != runsWord(ota.FirmwareUnknown) {
		t.Error("a fate that there is not is known")
	}
}

// TestUpdateFile: a HEX file becomes the bytes that it describes, gaps filled; parts far
// from each other are refused.
func TestUpdateFile(t *testing.T) {
	f, tagged, err := updateFile("a.bin", []byte("xxblnkinf\x00mcu\x001.2.3\x00fw-type\x00T\x00\x00yy"))
	if err != nil || !tagged || f.Version != "1.2.3" || f.Type != "T" || f.CRC32 == 0 {
		t.Fatalf("%+v, %v, %v", f, tagged, err)
	}
	f, _, err = updateFile("a.hex", []byte(":020000040800F2\n:0200000001 02FB\n:00000001FF\n"))
	if err == nil {
		t.Errorf("a broken HEX file is taken: %x", f.Data)
	}
	f, tagged, err = updateFile("a.hex", []byte(":020000040800F2\n:020000000102FB\n:020004000304F3\n:00000001FF\n"))
	if err != nil || tagged || !bytes.Equal(f.Data, []byte{1, 2, 0xFF, 0xFF, 3, 4}) {
		t.Errorf("%+v, %v", f, err)
	}
	_, _, err = updateFile("a.hex", []byte(":020000040800F2\n:020000000102FB\n:020000042000DA\n:020000000304F7\n:00000001FF\n"))
	if err != errSpread {
		t.Errorf("parts 384 MB from each other: %v", err)
	}
}

func TestUpdateReport(t *testing.T) {
	data := []byte("firmware")
	r := updateRecord{
		File: &ota.File{Name: "a\"\x00<b>.bin", Version: "1.1.0", Data: data, Digests: ota.Sum(data)}, Before: "1.0.0", Started: time.Unix(1e9, 0), Notes: []string{"x", "y"},
		Err: &ota.Error{Code: ota.CodeGone, Phase: ota.PhaseRestart, Runs: ota.FirmwareUnknown},
	}
	var got struct {
		Format   string
		Applied  bool
		Runs     string
		Firmware struct {
			Name string
			Size int
		}
		Notes []string
	}
	if err := json.Unmarshal(appendUpdateReport(nil, &r), &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "ncpweb-update-report" || got.Applied || got.Runs != "unknown" || got.Firmware.Name != r.File.Name || got.Firmware.Size != 8 || len(got.Notes) != 2 {
		t.Errorf("%+v", got)
	}
}
