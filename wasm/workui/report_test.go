package workui

import (
	stdjson "encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ncpweb/flash"
	"ncpweb/flash/esp"
)

// TestReportIsJSON: what is written is read by another reader, hostile texts included.
func TestReportIsJSON(t *testing.T) {
	evil := "a\"b\\\n\x00\xff\u202e</script>"
	r := record{
		Flasher: esp.Report{
			Started: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), Chip: "ESP32-C3", Revision: "v0.4", MAC: "aa:bb:cc:dd:ee:ff",
			FlashSize: 4 << 20, Stub: true, Baud: 921600, Image: evil, Size: 1 << 20, SHA256: "ab", MD5: "cd",
			Regions: []esp.RegionReport{
				{Addr: 0, Size: 4096, Action: esp.ActionWritten, MD5: "ef", Packed: 99},
				{Addr: 0x9000, Size: 0x5000, Action: esp.ActionKept, Name: evil},
			},
			Written: 4096, Packed: 99, Retries: 1, Notes: []string{evil, "two"}, Verified: true,
		},
		Board: "nano-33-iot", Port: evil, Adapter: "10C4:EA60", Expected: "0.7.1", Version: evil, Answers: true, Ending: "answers", Boot: evil, Agent: evil, Took: 1500 * time.Millisecond,
	}
	r.Flasher.Phases[flash.PhaseWrite] = 2 * time.Second
	for _, rec := range []record{r, {}} {
		b := appendReport(nil, &rec)
		var got map[string]any
		if err := stdjson.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if got["format"] != reportFormat || strings.Contains(string(b), "\x00") || !utf8.Valid(b) {
			t.Errorf("%s", b)
		}
	}
	var got struct {
		Took, FormatVersion float64
		Verified, Answers   bool
		Device              struct{ Chip, MAC string }
		Firmware            struct{ Name, SHA256 string }
		Seconds             map[string]float64
		Regions             []struct {
			At, Action, Partition string
			Size                  int64
		}
		Notes []string
	}
	if err := stdjson.Unmarshal(appendReport(nil, &r), &got); err != nil {
		t.Fatal(err)
	}
	if got.Took != 1.5 || !got.Verified || !got.Answers || got.Device.Chip != "ESP32-C3" || got.Seconds["write"] != 2 || len(got.Seconds) != 1 ||
		len(got.Regions) != 2 || got.Regions[1].At != "0x9000" || got.Regions[1].Action != "kept" || got.Regions[1].Size != 0x5000 || len(got.Notes) != 2 || got.Firmware.SHA256 != "ab" {
		t.Errorf("%+v", got)
	}
}

func TestFileNames(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	for _, c := range [][3]string{
		{"ESP32-C3", "AA:BB:CC:DD:EE:FF", "backup-esp32c3-aabbccddeeff-2026-11-22.bin"},
		{"", "", "backup-2026-11-22.bin"},
		{"../../x", strings.Repeat("m", 99), "backup-x-mmmmmmmmmmmmmmmmmmmmmmmm-2026-11-22.bin"},
	} {
		if got := backupName(c[0], c[1], at); got != c[2] {
			t.Errorf("%s, want %s", got, c[2])
		}
	}
	if got := reportName("ESP32", "aa", at); got != "flash-report-esp32-aa-2026-11-22.json" {
		t.Error(got)
	}
}
