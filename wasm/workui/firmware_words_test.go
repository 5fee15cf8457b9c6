package workui

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ncpweb/board"
	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/firmware/manifest"
)

var left = regexp.MustCompile(`\{\d\}|%!|\x00`)

// good checks a sentence for people.
func good(t *testing.T, what, s string) {
	t.Helper()
	if s == "" || left.MatchString(s) || strings.Contains(s, "  ") || strings.Contains(s, "!") || !strings.HasSuffix(strings.TrimSpace(s), ".") && !strings.Contains(s, ": ") {
		t.Errorf("%s: %q", what, s)
	}
}

// TestEveryRefusalHasWords: no code of the readers is without a sentence of its own.
func TestEveryRefusalHasWords(t *testing.T) {
	seen := map[string]int{}
	for code := firmware.ErrEmpty; code <= firmware.ErrUF2Family; code++ {
		if code == firmware.ErrKind {
			continue
		}
		s := refusal(&firmware.Error{Code: code, Name: "a.bin", Other: "b.bin", Line: 3, Addr: 0x1000, Want: 1, Have: 2})
		good(t, "firmware error "+strconv.Itoa(int(code)), s)
		seen[s]++
	}
	for _, kind := range []firmware.Kind{firmware.ELF, firmware.MCUboot, firmware.DfuSe, firmware.DFU, firmware.Zip, firmware.JSON} {
		s := refusal(&firmware.Error{Code: firmware.ErrKind, Kind: kind})
		good(t, "kind "+strconv.Itoa(int(kind)), s)
		seen[s]++
	}
	for code := manifest.ErrJSON; code <= manifest.ErrSum; code++ {
		s := refusal(&manifest.Error{Code: code, Name: "a.bin", Other: "b.bin", Text: "x", Line: 2, Want: 1, Have: 2})
		good(t, "manifest error "+strconv.Itoa(int(code)), s)
		seen[s]++
	}
	if seen["It cannot be read."] > 0 {
		t.Error("a code has no words of its own")
	}
	good(t, "web", refusal(&fetchError{"a.bin", errors.New("404")}))
	good(t, "anything", refusal(errors.New("x")))
}

func TestEveryFindingHasWords(t *testing.T) {
	seen := map[string]espimage.Code{}
	for code := espimage.FoundBlank; code <= espimage.FoundSlots; code++ {
		f := espimage.Finding{Code: code, Name: "esp32", Other: "esp32c3", Addr: 0x8000, Want: 8 << 20, Have: 4 << 20}
		s := findingWords(f)
		good(t, "finding "+f.String(), s)
		if other, ok := seen[s]; ok {
			t.Errorf("findings %d and %d are both %q", code, other, s)
		}
		if _, ok := findingCards[code]; !ok {
			t.Errorf("finding %d has no words", code)
		}
		seen[s] = code
	}
	for want, f := range map[string]espimage.Finding{
		"This firmware is for ESP32. The chip is ESP32-C3.":                                           {Code: espimage.FoundChip, Name: "esp32", Other: "esp32c3"},
		"It does not fit: it reaches to 8 MB, the flash memory of this device has 4 MB.":              {Code: espimage.FoundTooLarge, Want: 8 << 20, Have: 4 << 20},
		"This firmware needs revision v3.1 of the chip or newer. The chip is v1.0.":                   {Code: espimage.FoundRevisionLow, Want: 301, Have: 100},
		"The boot loader of ESP32 stands at 0x0. That chip looks for it at 0x1000: check the offset.": {Code: espimage.FoundLayout, Name: "esp8266,esp32c3", Other: "esp32", Want: 0x1000},
		"Its boot loader has 40.0 kB, and reaches into the partition table.":                          {Code: espimage.FoundAppTooLarge, Want: 40000, Have: 28672},
	} {
		if got := findingWords(f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNamesOfFiles: names from outside are cut and shown harmlessly.
func TestNamesOfFiles(t *testing.T) {
	s := refusal(&manifest.Error{Code: manifest.ErrOutside, Name: "../\u202e" + strings.Repeat("x", 500)})
	if strings.ContainsRune(s, '\u202e') || len(s) > 400 {
		t.Errorf("%q", s)
	}
	for kind := firmware.Unknown; kind <= firmware.Blank; kind++ {
		if kindWords[kind] == "" {
			t.Errorf("kind %d has no name", kind)
		}
	}
}

func catalogue(t *testing.T) *board.Catalogue {
	t.Helper()
	data, err := os.ReadFile("../../web/boards.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := board.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFindBoards: a search finds boards by name, maker, chip and the boards that they are
// the NCP of; Enter takes what begins with it.
func TestFindBoards(t *testing.T) {
	c := catalogue(t)
	var boards []*board.Board
	for i := range c.Boards {
		if b := &c.Boards[i]; flashable(b) {
			boards = append(boards, b)
			if boardFacts(b) == "" || manifest.ChipOf(b.NCP.Chip) == "" {
				t.Errorf("%s: facts %q, chip %q", b.ID, boardFacts(b), b.NCP.Chip)
			}
		}
		if c.Boards[i].ID == "wio-terminal" && flashable(&c.Boards[i]) {
			t.Error("what cannot be flashed is offered")
		}
	}
	for search, want := range map[string]string{
		"uno r4": "uno-r4-wifi", "nano 33": "nano-33-iot", "black pill": "witty-cloud", "wroom": "esp-wroom-32", "poe": "t-internet-poe",
		"ESP-01": "esp-01", "feather": "airlift", "arduino rp2040": "nano-rp2040-connect", "lilygo picoc3": "t-pico-c3",
	} {
		i := bestBoard(boards, c, search)
		if i < 0 || boards[i].ID != want {
			t.Errorf("%q finds %d, want %s", search, i, want)
		}
	}
	if bestBoard(boards, c, " ") >= 0 || bestBoard(boards, c, "no such") >= 0 {
		t.Error("something is found for nothing")
	}
}

func TestFileFor(t *testing.T) {
	c := catalogue(t)
	for _, k := range []struct {
		b    string
		d    detection
		want string
	}{
		{"", detection{}, ""},
		{"uno-r4-wifi", detection{id: "esp32c3"}, "BlynkNCP_uno_r4_wifi.flash.bin"},
		{"", detection{id: "esp32"}, "BlynkNCP_generic_esp32_4M.flash.bin"},
		{"", detection{id: "esp32s3", flash: 16 << 20}, "BlynkNCP_generic_esp32s3_8M.flash.bin"},
		{"", detection{id: "esp8266", flash: 4 << 20}, "BlynkNCP_generic_esp8266_4M.flash.bin"},
		{"", detection{id: "esp8266", flash: 1 << 20}, "BlynkNCP_generic_esp8266_1M.flash.bin"},
		{"", detection{id: "esp32h2", flash: 4 << 20}, ""},
	} {
		var b *board.Board
		if k.b != "" {
			b = c.ByID(k.b)
		}
		if got := fileFor(c, b, k.d); got != k.want {
			t.Errorf("%+v: %q", k, got)
		}
	}
	if got := fileFor(nil, nil, detection{id: "esp32"}); got != "" {
		t.Errorf("without a catalogue: %q", got)
	}
	if fileFlash("x_16M.flash.bin") != 16<<20 || fileFlash("x_M.flash.bin") != 0 || fileFlash("nina") != 0 || fileFlash("a_xM.flash.bin") != 0 {
		t.Error("sizes in names")
	}
	for name, want := range map[string]string{"ESP32-C3, blank": "esp32c3", "Simulated ESP8266": "esp8266", "NINA (ESP32)": "esp32", "Board": ""} {
		if got := chipInName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// TestFacts: files and partitions are named as people know them.
func TestFacts(t *testing.T) {
	c3 := whole("esp32c3")
	var list pieces
	for name, data := range map[string][]byte{"a": c3[:0x8000], "b": c3[0x8000:0x8C00], "c": c3[0x10000:], "d": []byte(":0410000001020304E2\n:00000001FF\n"), "e": {1, 2, 3, 4, 5, 6, 7, 8}} {
		p, _ := list.add(opened(t, name, data))
		p.sum = strings.Repeat("0123456789abcdef", 4)
	}
	want := map[string]string{
		"a": "Boot loader · SHA-256 0123456789ab…", "b": "Partition table · SHA-256 0123456789ab…", "c": "Application · SHA-256 0123456789ab…",
		"d": "Intel HEX · from 0x1000 · SHA-256 0123456789ab…", "e": "Binary · SHA-256 0123456789ab…",
	}
	for _, p := range list {
		if got := pieceFacts(p, false); got != want[p.file.Name] {
			t.Errorf("%s: %q", p.file.Name, got)
		}
		if got := pieceFacts(p, true); strings.Contains(got, "SHA") {
			t.Errorf("%s alone: %q", p.file.Name, got)
		}
	}
	for _, c := range []struct {
		kind, sub uint8
		want      string
	}{{0, 0x10, "Application"}, {0, 0x20, "Test application"}, {1, 0x02, "Settings"}, {1, 0x83, "File system (LittleFS)"}, {1, 0x7F, "Data"}, {0x40, 0, "Other data"}} {
		if got := partitionWords(&espimage.Partition{Type: c.kind, Sub: c.sub}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := chipNames([]string{"esp32", "esp32s2", "esp8266"}); got != "ESP32, ESP32-S2 or ESP8266" {
		t.Error(got)
	}
	if !isRelease("BlynkNCP_nina_w102.flash.bin") || isRelease("BlynkNCP_wio_terminal.zip") || isRelease("firmware.bin") {
		t.Error("names of the releases")
	}
}

func TestJudged(t *testing.T) {
	nano := catalogue(t).ByID("nano-33-iot")
	for _, c := range []struct {
		d        detection
		b        *board.Board
		chip     string
		revision int
	}{{detection{}, nil, "", -1}, {detection{}, nano, "esp32", -1}, {detection{"esp32c3", 4, 4 << 20}, nano, "esp32c3", 4}, {detection{"esp32c3", 4, 4 << 20}, nil, "esp32c3", 4}} {
		if chip, revision, flash := judged(c.d, c.b); chip != c.chip || revision != c.revision || flash != c.d.flash {
			t.Errorf("%+v: %q %d %d", c, chip, revision, flash)
		}
	}
}
