package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ncpweb/firmware"
)

// code returns the code of an error of this package; 0 for none.
func code(t *testing.T, err error) Code {
	t.Helper()
	if err == nil {
		return 0
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("not an *Error: %v", err)
	}
	if e.Error() == "manifest: " {
		t.Fatalf("no text for code %d", e.Code)
	}
	return e.Code
}

const espWebTools = `{
  "name": "Blynk.NCP", "version": "0.7.1", "new_install_prompt_erase": true, "home_assistant_domain": "x", "colour": "red",
  "builds": [
    {"chipFamily": "ESP32", "parts": [
      {"path": "app.bin", "offset": 65536},
      {"path": "esp32/boot.bin?v=2", "offset": "0x1000", "size": 4, "sha256": "%s"}]},
    {"chipFamily": "ESP32-C3", "serialType": "cdc", "parts": [{"path": "usb.bin", "offset": 0}]},
    {"chipFamily": "ESP32-C3", "parts": [{"path": "./c3/../c3.bin", "offset": 0.0}]},
    {"chipFamily": "ESP32-C3", "target": "t-pico-c3", "parts": [{"path": "pico.bin", "offset": 0}], "mcu": {"parts": []}},
    {"chipFamily": "ESP32-Z9", "parts": [{"path": "z.bin", "offset": 0}, {"path": "m.bin", "offset": 0, "mcu": true}]}
  ]
}`

func TestParse(t *testing.T) {
	sum := sha256.Sum256([]byte("boot"))
	m, err := Parse(fmt.Appendf(nil, espWebTools, hex.EncodeToString(sum[:])))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "Blynk.NCP" || m.Version != "0.7.1" || !m.Prompt || m.Flasher || len(m.Builds) != 5 || fmt.Sprint(m.Ignored) != "[colour]" {
		t.Errorf("%+v", m)
	}
	b := m.Builds[0]
	if b.Chip != "esp32" || len(b.Parts) != 2 || b.Parts[0].Offset != 0x1000 || b.Parts[0].Size != 4 || !bytes.Equal(b.Parts[0].SHA256, sum[:]) || b.Parts[1].Offset != 0x10000 {
		t.Errorf("%+v", b)
	}
	if b := m.Builds[4]; b.Chip != "" || !b.MCU || len(b.Parts) != 1 {
		t.Errorf("%+v", b)
	}
	for _, c := range []struct {
		chip   string
		native bool
		target string
		path   string
	}{
		{"esp32", true, "", "esp32/boot.bin?v=2"}, {"esp32c3", true, "", "usb.bin"}, {"esp32c3", false, "", "./c3/../c3.bin"},
		{"esp32c3", false, "t-pico-c3", "pico.bin"}, {"esp32c3", false, "other", "./c3/../c3.bin"}, {"esp8266", false, "", ""}, {"", false, "", ""},
	} {
		b, err := m.For(c.chip, c.native, c.target)
		switch {
		case c.path == "" && code(t, err) != ErrNoBuild:
			t.Errorf("%+v: %+v", c, b)
		case c.path != "" && (err != nil || b.Parts[0].Path != c.path):
			t.Errorf("%+v: %+v, %v", c, b, err)
		}
	}
}

const flasherArgs = `{
  "write_flash_args": ["--flash_mode", "dio"],
  "flash_settings": {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "80m"},
  "flash_files": {"0x10000": "app.bin", "0x0": "bootloader/bootloader.bin", "0x8000": "partition_table/partition-table.bin"},
  "bootloader": {"offset": "0x0", "file": "bootloader/bootloader.bin", "encrypted": "false"},
  "extra_esptool_args": {"after": "hard_reset", "before": "default_reset", "stub": true, "chip": "esp32c3"}
}`

func TestFlasherArgs(t *testing.T) {
	m, err := Parse([]byte(flasherArgs))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Builds[0]
	if !m.Flasher || b.Chip != "esp32c3" || len(b.Parts) != 3 || b.Parts[1].Offset != 0x8000 || b.Parts[2].Path != "app.bin" {
		t.Errorf("%+v", m)
	}
	if got, err := m.For("esp32c3", true, "any"); err != nil || got != &m.Builds[0] {
		t.Error(err)
	}
}

// one makes a manifest with one build of these parts.
func one(parts ...string) string {
	return `{"builds":[{"chipFamily":"ESP32","parts":[` + strings.Join(parts, ",") + `]}]}`
}

func part(path, offset string) string { return `{"path":"` + path + `","offset":` + offset + `}` }

// many repeats s with commas.
func many(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

func TestRefusedManifests(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Code
	}{
		{"not JSON", "hello", ErrForm},
		{"array", "[]", ErrForm},
		{"other JSON", `{"name":"x","boards":[]}`, ErrForm},
		{"both forms", `{"builds":[],"flash_files":{}}`, ErrForm},
		{"cut off", `{"builds":[`, ErrJSON},
		{"two values", one(part("a", "0")) + "{}", ErrJSON},
		{"a member twice", `{"builds":[],"builds":[]}`, ErrJSON},
		{"too deep", strings.Repeat(`{"a":`, 40), ErrJSON},
		{"version as a number", `{"version":1}`, ErrJSON},
		{"large", strings.Repeat(" ", MaxJSON+1), ErrLarge},
		{"no builds", `{"builds":[]}`, ErrMissing},
		{"no parts", one(), ErrMissing},
		{"no family", `{"builds":[{"parts":[` + part("a", "0") + `]}]}`, ErrMissing},
		{"no path", one(`{"offset":0}`), ErrMissing},
		{"no offset", one(`{"path":"a"}`), ErrMissing},
		{"no files", `{"flash_files":{}}`, ErrMissing},
		{"too many builds", `{"builds":[` + many(17, `{"chipFamily":"ESP32","parts":[`+part("a", "0")+`]}`) + `]}`, ErrLarge},
		{"too many parts", one(many(33, part("a", "0"))), ErrLarge},
		{"size of nothing", one(`{"path":"a","offset":0,"size":0}`), ErrLarge},
		{"size of 1 GB", one(`{"path":"a","offset":0,"size":1000000000}`), ErrLarge},
		{"long name", `{"name":"` + strings.Repeat("x", 201) + `"}`, ErrText},
		{"control characters in a name", `{"name":"a\u0007b"}`, ErrText},
		{"text that turns around", `{"name":"a\u202Eb"}`, ErrText},
		{"offset of 4 GiB", one(part("a", "4294967296")), ErrOffset},
		{"offset of 4 GiB in hex", one(part("a", `"0x100000000"`)), ErrOffset},
		{"negative offset", one(part("a", "-1")), ErrOffset},
		{"broken offset", one(part("a", "0.5")), ErrOffset},
		{"huge offset", one(part("a", "1e300")), ErrOffset},
		{"offset as a word", one(part("a", `"start"`)), ErrOffset},
		{"offset as a list", one(part("a", `[0]`)), ErrJSON},
		{"reaches beyond 4 GiB", one(`{"path":"a","offset":"0xFFFFFFFF","size":2}`), ErrOffset},
		{"offset in flasher_args", `{"flash_files":{"0x1_0":"a"}}`, ErrOffset},
		{"same offset twice", one(part("a", "0"), part("b", `"0x0"`)), ErrOverlap},
		{"overlap", one(`{"path":"a","offset":0,"size":4097}`, part("b", "4096")), ErrOverlap},
		{"same offset in flasher_args", `{"flash_files":{"0x0":"a","0":"b"}}`, ErrOverlap},
		{"short digest", one(`{"path":"a","offset":0,"sha256":"00"}`), ErrDigest},
		{"digest of other letters", one(`{"path":"a","offset":0,"sha256":"` + strings.Repeat("g", 64) + `"}`), ErrDigest},
		{"digest of control characters", one(`{"path":"a","offset":0,"sha256":"` + strings.Repeat(`\u0010`, 64) + `"}`), ErrDigest},
		{"foreign origin", one(part("https://example.org/a.bin", "0")), ErrOrigin},
		{"foreign origin without a scheme", one(part("//example.org/a.bin", "0")), ErrOrigin},
		{"upwards", one(part("../a.bin", "0")), ErrOutside},
		{"upwards in flasher_args", `{"flash_files":{"0x0":"../../etc/passwd"}}`, ErrOutside},
		{"backslash", one(part(`a\\b`, "0")), ErrPath},
	} {
		m, err := Parse([]byte(c.in))
		if got := code(t, err); got != c.want {
			t.Errorf("%s: %v (%+v), want %q", c.name, err, m, codeTexts[c.want])
		}
	}
	var e *Error
	if _, err := Parse([]byte("{\n \"name\": \"a\\u0007\"}")); !errors.As(err, &e) || e.Line != 2 || e.Name != "name" {
		t.Errorf("%+v", e)
	}
	if _, err := Parse([]byte(`{"builds":[{"chipFamily":"ESP32","parts":[` + part("a", "0") + `]},{"chipFamily":"ESP32","parts":[` + part("a", "0") + "," + part("../b", "0") + `]}]}`)); !errors.As(err, &e) || e.Build != 1 || e.Part != 1 {
		t.Errorf("%+v", e)
	}
}

func TestResolve(t *testing.T) {
	const base = "https://fw.example.org/ncp/manifest.json?x=../y#z"
	for _, c := range []struct {
		path, want string
		code       Code
	}{
		{"a.bin", "https://fw.example.org/ncp/a.bin", 0},
		{"./b/../c/a.bin", "https://fw.example.org/ncp/c/a.bin", 0},
		{"a b.bin?v=1&w=../..", "https://fw.example.org/ncp/a b.bin?v=1&w=../..", 0},
		{"a%20b.bin", "https://fw.example.org/ncp/a%20b.bin", 0},
		{"v0.7.1/x..y.bin", "https://fw.example.org/ncp/v0.7.1/x..y.bin", 0},
		{"a/b:c.bin", "https://fw.example.org/ncp/a/b:c.bin", 0},
		{"прошивка.bin", "https://fw.example.org/ncp/прошивка.bin", 0},

		{"https://fw.example.org/ncp/a.bin", "", ErrOrigin}, // the same one, but nothing is gained by it
		{"http://evil.example/a.bin", "", ErrOrigin}, {"//evil.example/a.bin", "", ErrOrigin}, {"javascript:x", "", ErrOrigin},
		{"data:,x", "", ErrOrigin}, {"blob:x", "", ErrOrigin}, {"c:a.bin", "", ErrOrigin},
		{"/a.bin", "", ErrOutside}, {"..", "", ErrOutside}, {"../a.bin", "", ErrOutside}, {"b/../../a.bin", "", ErrOutside},
		{"%2e%2E/a.bin", "", ErrOutside}, {".%2e/a.bin", "", ErrOutside}, {"b/%2e%2e/%2e%2e/a.bin", "", ErrOutside},
		{"", "", ErrPath}, {".", "", ErrPath}, {"b/", "", ErrPath}, {"b/..", "", ErrPath}, {"b//a.bin", "", ErrPath},
		{`\\evil.example\a`, "", ErrPath}, {`..\a.bin`, "", ErrPath}, {"..%2fa.bin", "", ErrPath}, {"..%5Ca.bin", "", ErrPath},
		{" https://evil.example/", "", ErrPath}, {"ht\ntps://evil.example/", "", ErrPath}, {"\t//evil.example", "", ErrPath},
		{"a\x00b", "", ErrPath}, {"a%00b", "", ErrPath}, {"a%zz", "", ErrPath}, {"a%2", "", ErrPath}, {"a#b", "", ErrPath},
		{"a?b#c", "", ErrPath}, {"a?\n", "", ErrPath}, {"\xFF", "", ErrPath}, {strings.Repeat("a", MaxPath+1), "", ErrPath},
		{"user@evil.example:80/a", "", ErrOrigin},
	} {
		got, err := Resolve(base, c.path)
		if got != c.want || code(t, err) != c.code {
			t.Errorf("%q: %q, %v, want %q, code %d", c.path, got, err, c.want, c.code)
		}
	}
	for base, want := range map[string]string{
		"http://127.0.0.1:8080/manifest.json": "http://127.0.0.1:8080/a.bin", "https://example.org": "https://example.org/a.bin",
		"https://example.org?x/y": "https://example.org/a.bin",
	} {
		if got, err := Resolve(base, "a.bin"); got != want {
			t.Errorf("%s: %q, %v", base, got, err)
		}
	}
	for _, base := range []string{"", "manifest.json", "file:///x/manifest.json", "blob:https://example.org/1", "https://", "https:///x",
		"https://user:pw@example.org/m.json", "https://example.org/a/../m.json", "https://example.org/%2e%2e/m.json", "https://example.org/a\\b", "javascript://x/%0A"} {
		if got, err := Resolve(base, "a.bin"); code(t, err) != ErrBase {
			t.Errorf("%q: %q, %v", base, got, err)
		}
	}
}

func TestLoad(t *testing.T) {
	sum := sha256.Sum256([]byte("boot"))
	b := &Build{Parts: []Part{{Path: "boot.bin", Offset: 0x1000, Size: 4, SHA256: sum[:]}, {Path: "app.bin", Offset: 0x10000}}}
	parts, err := b.Load([][]byte{[]byte("boot"), []byte("app")})
	if err != nil || len(parts) != 2 || parts[0].Addr != 0x1000 || parts[1].Name != "app.bin" {
		t.Errorf("%+v, %v", parts, err)
	}
	if _, err := b.Load([][]byte{[]byte("boo"), []byte("app")}); code(t, err) != ErrSize {
		t.Error(err)
	}
	if _, err := b.Load([][]byte{[]byte("boot!")[:4], nil}); err != nil {
		t.Error(err) // an empty file is firmware.Build's to refuse
	}
	if _, err := b.Load([][]byte{[]byte("bOot"), []byte("app")}); code(t, err) != ErrSum {
		t.Error(err)
	}
	for _, data := range [][][]byte{nil, {[]byte("boot")}, make([][]byte, 3)} {
		if _, err := b.Load(data); err == nil {
			t.Errorf("%d files were taken", len(data))
		}
	}
	if _, err := (&Build{MCU: true}).Load(nil); code(t, err) != ErrMissing {
		t.Error(err)
	}
	// What Load gives, Build refuses when it overlaps, with the names.
	b.Parts[1].Offset = 0x1003
	parts, _ = b.Load([][]byte{[]byte("boot"), []byte("app")})
	var e *firmware.Error
	if _, err := firmware.Build(parts); !errors.As(err, &e) || e.Code != firmware.ErrOverlap || e.Name != "boot.bin" || e.Other != "app.bin" {
		t.Error(err)
	}
}

func TestFamilies(t *testing.T) {
	for family, id := range families {
		if ChipOf(family) != id || FamilyOf(id) != family || ChipOf(id) != id || ChipOf(strings.ToLower(family)) != id {
			t.Errorf("%s and %s do not agree", family, id)
		}
	}
	if ChipOf("ESP32-Z9") != "" || FamilyOf("esp32z9") != "" || ChipOf("") != "" {
		t.Error("a chip that does not exist")
	}
}

// FuzzParse also proves that every path that was accepted stays in its folder.
func FuzzParse(f *testing.F) {
	f.Add(fmt.Appendf(nil, espWebTools, strings.Repeat("0", 64)))
	f.Add([]byte(flasherArgs))
	f.Add([]byte(one(part("a/%2e%2e/b", `"0xFFFF"`))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			code(t, err)
			return
		}
		for _, b := range m.Builds {
			for i, p := range b.Parts {
				if i > 0 && int64(b.Parts[i-1].Offset)+b.Parts[i-1].Size > int64(p.Offset) {
					t.Fatalf("overlap: %+v", b)
				}
				if u, err := Resolve("https://h/f/m.json", p.Path); err != nil || !strings.HasPrefix(u, "https://h/f/") {
					t.Fatalf("%q: %q, %v", p.Path, u, err)
				}
			}
		}
	})
}

// FuzzResolve compares with the standard library: what was accepted means a place in the
// folder to it too.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"a.bin", "../a", "%2e%2e/a", "a/../../b", "//h/x", "a:b", "a?b/../../c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := Resolve("https://h/f/m.json", path)
		if err == nil {
			stays(t, got)
		}
	})
}
