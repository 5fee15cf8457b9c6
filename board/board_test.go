package board

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const file = "../web/boards.json"

func catalogue(t *testing.T) *Catalogue {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	goodID   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	goodFile = regexp.MustCompile(`^BlynkNCP_[a-zA-Z0-9_]+(\.flash\.bin|\.zip)$`)
	goodRate = []int{9600, 57600, 115200, 460800, 921600, 2000000}
)

// TestCatalogue checks all that the file says for what it may be.
func TestCatalogue(t *testing.T) {
	c := catalogue(t)
	if len(c.Boards) < 40 {
		t.Fatalf("%d boards", len(c.Boards))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for i := range c.Boards {
		b := &c.Boards[i]
		if !goodID.MatchString(b.ID) || len(b.ID) > 32 || ids[b.ID] {
			t.Errorf("id %q: taken, or not one", b.ID)
		}
		if b.Name == "" || titles[b.Title()] {
			t.Errorf("%s: its name %q is taken or empty", b.ID, b.Title())
		}
		ids[b.ID], titles[b.Title()] = true, true
		checkNCP(t, c, b)
		checkUSB(t, b)
		checkPreset(t, b)
		for _, f := range b.MCU.Flash {
			if !slices.Contains([]string{"avr109", "debugger", "dfu", "none", "sam-ba", "stk500v1", "stlink", "stm32-uart", "uf2"}, f) {
				t.Errorf("%s: the MCU is flashed by %q", b.ID, f)
			}
		}
		if (b.Kind == Module) != (len(b.MCU.Flash) == 0) {
			t.Errorf("%s is a %s with %d ways to flash an MCU", b.ID, b.Kind, len(b.MCU.Flash))
		}
		for _, n := range b.Network {
			if !slices.Contains([]string{"wifi", "wifi5", "ethernet", "poe"}, n) {
				t.Errorf("%s: network %q", b.ID, n)
			}
		}
		if (b.Kind == MCU) != (b.Provisioning == "") || !slices.Contains([]string{"", "ble", "ap"}, b.Provisioning) {
			t.Errorf("%s: provisioning %q", b.ID, b.Provisioning)
		}
		for _, s := range slices.Concat(b.Before, b.ByHand, b.After, b.Notes, []string{b.MCU.Note}) {
			if s != "" && (!strings.HasSuffix(s, ".") || strings.Contains(s, "!") || utf8.RuneCountInString(s) > 200) {
				t.Errorf("%s: %q", b.ID, s)
			}
		}
	}
}

func checkNCP(t *testing.T, c *Catalogue, b *Board) {
	t.Helper()
	n := b.NCP
	if n.Line != 0 && !slices.Contains(goodRate, n.Line) {
		t.Errorf("%s: %d baud between MCU and NCP", b.ID, n.Line)
	}
	switch b.Kind {
	case Module, Dual:
		if n.Chip == "" || !goodFile.MatchString(n.Firmware) || !slices.Contains(goodRate, n.Rate) || n.Module != "" {
			t.Errorf("%s: %+v", b.ID, n)
		}
		if !slices.Contains([]string{"lines", "usb", "direct", "inverted", "hand", "none"}, n.Reset) {
			t.Errorf("%s: reset %q", b.ID, n.Reset)
		}
		if n.Reset == "hand" && len(b.ByHand) == 0 {
			t.Errorf("%s: nobody tells how to reset it by hand", b.ID)
		}
		// A sketch that forwards the lines gets them anew when the port is opened.
		forwards := n.Reset == "direct" || n.Reset == "inverted"
		if forwards && (!n.Fixed || !n.Passthrough) || n.Fixed && !forwards || n.Done != 0 && n.Done != 2400 {
			t.Errorf("%s: %+v", b.ID, n)
		}
	case MCU:
		if n.Firmware != "" || n.Chip != "" {
			t.Errorf("%s: an MCU's board with an NCP of its own: %+v", b.ID, n)
		}
		if n.Module != "" && (c.ByID(n.Module) == nil || c.ByID(n.Module).Kind != Module) {
			t.Errorf("%s: its module %q is not in the catalogue", b.ID, n.Module)
		}
	default:
		t.Errorf("%s: kind %q", b.ID, b.Kind)
	}
}

func checkUSB(t *testing.T, b *Board) {
	t.Helper()
	seen := map[USB]bool{}
	for _, u := range b.USB {
		if u.Vendor == 0 || u.Product == 0 || !slices.Contains([]string{"app", "loader", "ncp"}, u.Is) {
			t.Errorf("%s: USB %+v", b.ID, u)
		}
		u.Is = ""
		if seen[u] {
			t.Errorf("%s: USB id %+v twice", b.ID, u)
		}
		seen[u] = true
	}
}

// checkPreset: no chip here has a GPIO above 48, and two things at one pin would fight.
func checkPreset(t *testing.T, b *Board) {
	t.Helper()
	var gpio []uint16
	p := b.Preset
	if p.LED != nil {
		gpio = append(gpio, p.LED.GPIO)
	}
	if p.RGB != nil {
		gpio = append(gpio, p.RGB.R, p.RGB.G, p.RGB.B)
	}
	if p.Button != nil {
		gpio = append(gpio, p.Button.GPIO)
	}
	slices.Sort(gpio)
	if len(slices.Compact(slices.Clone(gpio))) != len(gpio) || len(gpio) > 0 && gpio[len(gpio)-1] > 48 {
		t.Errorf("%s: GPIOs %v", b.ID, gpio)
	}
}

// TestNothingIsPassedOver: every member of the file is one that Parse knows.
func TestNothingIsPassedOver(t *testing.T) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
		Boards  []map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	known := map[string]string{
		"": "id name vendor kind ncp mcu usb networks provisioning preset before byHand after notes unconfirmed", "ncp": "module chip firmware rate reset passthrough fixed done line",
		"mcu": "chip flash note",
	}
	for _, b := range raw.Boards {
		for name, value := range b {
			if !slices.Contains(strings.Fields(known[""]), name) {
				t.Errorf("%s: member %q", b["id"], name)
			}
			var inner object
			if known[name] == "" || json.Unmarshal(value, &inner) != nil {
				continue
			}
			for n := range inner {
				if !slices.Contains(strings.Fields(known[name]), n) {
					t.Errorf("%s: member %s.%s", b["id"], name, n)
				}
			}
		}
	}
}

func TestByUSB(t *testing.T) {
	c := catalogue(t)
	names := func(vendor, product uint16) string {
		var ids []string
		for _, b := range c.ByUSB(vendor, product) {
			ids = append(ids, b.ID)
		}
		return strings.Join(ids, " ")
	}
	for _, tt := range []struct {
		vendor, product uint16
		want            string
	}{
		{0x2341, 0x1002, "uno-r4-wifi"},
		{0x2341, 0x8057, "nano-33-iot"},
		{0x1A86, 0x7523, "witty-cloud nano"},
		{0x1234, 0x5678, ""},
	} {
		if got := names(tt.vendor, tt.product); got != tt.want {
			t.Errorf("%04X:%04X: %q, want %q", tt.vendor, tt.product, got, tt.want)
		}
	}
}

func TestPreset(t *testing.T) {
	c := catalogue(t)
	if p := c.Preset(c.ByID("nano-rp2040-connect")); p.RGB == nil || *p.RGB != (RGB{27, 25, 26, true}) || p.LED != nil || p.Button != nil {
		t.Errorf("Nano RP2040 Connect: %+v", p)
	}
	// A board with a module beside it has the lights of the module.
	if p := c.Preset(c.ByID("blackpill-f411ce")); p.Button == nil || *p.Button != (Button{4, true}) {
		t.Errorf("Black Pill with Witty Cloud: %+v", p)
	}
	if p := c.Preset(c.ByID("uno")); !p.Empty() {
		t.Errorf("UNO: %+v", p)
	}
	if c.ByID("no-such") != nil {
		t.Error("a board that is not there was found")
	}
}

func TestParseRefuses(t *testing.T) {
	const begin = `{"format":"ncp-boards","boards":[{"id":"x",`
	for name, text := range map[string]string{
		"nothing":     ``,
		"another":     `{"format":"x"}`,
		"no format":   `{}`,
		"more behind": `{"format":"ncp-boards"} 1`,
		"number":      begin + `"name":1}]}`,
		"usb":         begin + `"usb":[{"id":"2341-1002"}]}]}`,
		"usb digits":  begin + `"usb":[{"id":"234x:1002"}]}]}`,
		"gpio":        begin + `"preset":{"led":{"gpio":65536}}}]}`,
		"below zero":  begin + `"preset":{"led":{"gpio":-1}}}]}`,
		"many boards": `{"format":"ncp-boards","boards":[` + strings.Repeat("{},", maxBoards) + `{}]}`,
		"many notes":  begin + `"notes":[` + strings.Repeat(`"",`, maxList) + `""]}]}`,
		"long":        begin + `"x":"` + strings.Repeat("x", maxSize) + `"}]}`,
	} {
		if c, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: taken: %+v", name, c)
		}
	}
	if _, err := Parse([]byte(begin + `"more":{"a":[1]}}],"more":1}`)); err != nil {
		t.Errorf("members of a newer file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	if data, err := os.ReadFile(file); err == nil {
		f.Add(data[:4000])
	}
	f.Add([]byte(`{"format":"ncp-boards","boards":[{"id":"x","usb":[{"id":"2341:1002","is":"app"}],"preset":{"rgb":{"r":1,"g":2,"b":3}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		if !json.Valid(data) || len(c.Boards) > maxBoards {
			t.Fatalf("%d boards of %q", len(c.Boards), data)
		}
	})
}
