package profile

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"ncpweb/session"
)

// full is a configuration with everything in it.
func full() session.Configuration {
	brightness, timeout, skip := uint8(77), uint16(120), uint8(5)
	return session.Configuration{
		TemplateID: "TMPL4fGuide01", TemplateName: "Greenhouse <b>one</b>",
		FirmwareType: "TMPL4fGuide01", FirmwareVersion: "1.2.3", FirmwareBuild: "Nov 22 2026 12:00:00", BlynkVersion: "1.3.2",
		VendorPrefix: "Acme", VendorServer: "iot.example.org",
		LED:        &session.LED{GPIO: 2},
		RGB:        &session.RGB{R: 15, G: 12, B: 13, CommonAnode: true},
		ARGB:       &session.ARGB{GPIO: 27, Count: 12},
		Brightness: &brightness,
		Button:     &session.Button{GPIO: 0, ActiveLow: true},

		ConfigTimeout: &timeout, ConfigSkipLimit: &skip,
		SetTime: true,
	}
}

func least() session.Configuration {
	return session.Configuration{TemplateID: "TMPL1", TemplateName: "x"}
}

func greenhouse() Profile {
	return Profile{
		Name: "Greenhouse", Board: "witty-cloud", Config: full(),
		Pins: []Pin{{0, "Temperature", "°C"}, {5, "Fan", ""}},
		Made: Made{"2026-11-22T16:00:00Z", "NCP Web Console"},
	}
}

func TestRoundTrip(t *testing.T) {
	for name, want := range map[string]Profile{
		"full":  greenhouse(),
		"least": {Config: least()},
		"odd": {Name: "a\"\\\n\t\u2028<é温🌡", Config: session.Configuration{TemplateID: "TMPL\x01", TemplateName: "é<>&\u202e", BlynkVersion: "\u0086"},
			Made: Made{By: "x"}},
	} {
		for way, data := range map[string][]byte{"file": Append(nil, want), "line": AppendLine(nil, want)} {
			got, warnings, err := Parse(data)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%s, %s: %v %v in\n%s", name, way, err, warnings, data)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: got %+v, want %+v", name, way, got, want)
			}
			if !json.Valid(data) {
				t.Errorf("%s, %s: not JSON", name, way)
			}
		}
		if line := AppendLine(nil, want); strings.ContainsAny(string(line), "\n\r") {
			t.Errorf("%s: a line has a line end: %s", name, line)
		}
	}
}

// TestDocumented: the example in the documentation is what is written, byte by byte.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/profile.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "```json\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("docs/profile.md has no example")
	}
	if got := string(Append(nil, greenhouse())); got != text {
		t.Errorf("written:\n%s\ndocumented:\n%s", got, text)
	}
	for _, m := range members {
		if _, name, ok := strings.Cut(m.path, "."); ok && !strings.Contains(string(doc), "`"+name+"`") || !ok && !strings.Contains(string(doc), "`"+m.path+"`") {
			t.Errorf("docs/profile.md does not name %s", m.path)
		}
	}
}

// TestEveryFieldHasAMember: what the form can hold, a profile can.
func TestEveryFieldHasAMember(t *testing.T) {
	for _, f := range session.Fields() {
		if m, ok := find(pathOf(f.Name)); (!ok || m.field != f.Name) && !strings.HasSuffix(f.Name, ".on") {
			t.Errorf("no member for the field %s", f.Name)
		}
	}
	for _, m := range members {
		if _, ok := session.FieldNamed(m.field); !ok {
			t.Errorf("member %s is for no field", m.path)
		}
		if isSecret(m.path) {
			t.Errorf("member %s is named like a secret", m.path)
		}
	}
}

const head = `{"format":"blynk-ncp-profile","version":1,"template":{"id":"TMPLx","name":"x"}`

func TestParseRefuses(t *testing.T) {
	manyPins := `,"pins":[` + strings.Repeat(`{"pin":1},`, 1)
	for i := range MaxPins {
		manyPins += `{"pin":` + strconv.Itoa(1000+i) + `},`
	}
	for _, tt := range []struct {
		text, member string
		rule         Rule
	}{
		{"", "", RuleSyntax},
		{"{", "", RuleSyntax},
		{"\xff", "", RuleSyntax},
		{strings.Repeat("[", 100), "", RuleSyntax},
		{head + `} x`, "", RuleSyntax},
		{head + `,"name":"a","name":"b"}`, "", RuleSyntax},
		{"[1,2]", "format", RuleFormat},
		{"7", "format", RuleFormat},
		{`{}`, "format", RuleFormat},
		{`{"format":"other","version":1}`, "format", RuleFormat},
		{`{"format":"blynk-ncp-profile"}`, "version", RuleFormat},
		{`{"format":"blynk-ncp-profile","version":0}`, "version", RuleFormat},
		{`{"format":"blynk-ncp-profile","version":"1"}`, "version", RuleFormat},
		{`{"led":[1],"format":"blynk-ncp-profile","version":2}`, "version", RuleVersion},
		{`{"format":"blynk-ncp-profile","version":1}`, "template.id", RuleField},
		{`{"format":"blynk-ncp-profile","version":1,"template":{"id":"ABC","name":"x"}}`, "template.id", RuleField},
		{head + `,"name":7}`, "name", RuleKind},
		{head + `,"name":null}`, "name", RuleKind},
		{head + `,"name":"` + strings.Repeat("x", 65) + `"}`, "name", RuleLong},
		{head + `,"board":"a b"}`, "board", RuleID},
		{head + `,"board":"` + strings.Repeat("x", 33) + `"}`, "board", RuleLong},
		{head + `,"made":1}`, "made", RuleKind},
		{head + `,"made":{"at":1}}`, "made.at", RuleKind},
		{head + `,"led":true}`, "led", RuleKind},
		{head + `,"led":{}}`, "led.gpio", RuleField},
		{head + `,"led":{"gpio":"2"}}`, "led.gpio", RuleKind},
		{head + `,"led":{"gpio":2.5}}`, "led.gpio", RuleKind},
		{head + `,"led":{"gpio":-1}}`, "led.gpio", RuleField},
		{head + `,"led":{"gpio":65536}}`, "led.gpio", RuleField},
		{head + `,"led":{"gpio":99999999999999999999}}`, "led.gpio", RuleKind},
		{head + `,"led":{"gpio":2,"activeLow":"yes"}}`, "led.activeLow", RuleKind},
		{head + `,"argb":{"gpio":2,"count":0}}`, "argb.count", RuleField},
		{head + `,"brightness":256}`, "brightness", RuleField},
		{head + `,"configuration":{"timeout":59}}`, "configuration.timeout", RuleField},
		{head + `,"configuration":{"skipLimit":4}}`, "configuration.skipLimit", RuleField},
		{head + `,"vendor":{"prefix":"a\u0000"}}`, "vendor.prefix", RuleField},
		{head + `,"firmware":{"version":"` + strings.Repeat("x", 65) + `"}}`, "firmware.version", RuleField},
		{head + `,"setTime":1}`, "setTime", RuleKind},
		{head + `,"pins":{}}`, "pins", RuleKind},
		{head + `,"pins":[7]}`, "pins[0]", RuleKind},
		{head + `,"pins":[{"name":"x"}]}`, "pins[0].pin", RuleKind},
		{head + `,"pins":[{"pin":1},{"pin":65536}]}`, "pins[1].pin", RuleRange},
		{head + `,"pins":[{"pin":1},{"pin":1}]}`, "pins[1].pin", RuleTwice},
		{head + `,"pins":[{"pin":1,"unit":"12345678901234567"}]}`, "pins[0].unit", RuleLong},
		{head + strings.TrimSuffix(manyPins, ",") + `]}`, "pins", RuleMany},
		{head + `,"x":"` + strings.Repeat("x", MaxSize) + `"}`, "", RuleSize},
	} {
		_, _, err := Parse([]byte(tt.text))
		e, ok := err.(*Error)
		if !ok || e.Member != tt.member || e.Rule != tt.rule || (e.Rule == RuleField) != (e.Field != nil) {
			t.Errorf("%.120s: %v, want %s: %s", tt.text, err, tt.member, tt.rule)
		}
	}
}

func TestWarnings(t *testing.T) {
	text := head + `,"led":{"gpio":2,"colour":"red"},"wifi":{"ssid":"home","password":"hunter2"},"AuthToken":"abc","pins":[{"pin":1,"secret":"x"}]`
	p, got, err := Parse([]byte(text + "}"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Warning{{"led.colour", false}, {"wifi", false}, {"AuthToken", true}, {"pins[0].secret", true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("warnings %+v, want %+v", got, want)
	}
	if out := string(Append(nil, p)); strings.Contains(out, "hunter2") || strings.Contains(out, "abc") {
		t.Errorf("a secret was kept: %s", out)
	}
	for i := range 100 {
		text += `,"` + strings.Repeat("x", 200) + strconv.Itoa(i) + `":{"a":[1,{}]}`
	}
	_, got, err = Parse([]byte(text + "}"))
	if err != nil || len(got) != MaxWarnings {
		t.Errorf("%d warnings, %v", len(got), err)
	}
	for _, w := range got {
		if len(w.Member) > 100 {
			t.Errorf("a name of %d bytes is told", len(w.Member))
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	if _, _, err := Parse([]byte("\ufeff" + head + "}")); err != nil {
		t.Error(err)
	}
}

func TestFragment(t *testing.T) {
	want := greenhouse()
	f := Fragment(want)
	want.Pins, want.Made = nil, Made{}
	for _, text := range []string{f, "#" + f} {
		got, _, err := ParseFragment(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	if strings.Trim(strings.TrimPrefix(f, "profile="), digits) != "" {
		t.Errorf("not fit for an address: %s", f)
	}
	if len(f) > 2000 {
		t.Errorf("%d bytes for a usual profile", len(f))
	}
	// The longest configuration, where every byte needs six.
	long := func(n int) string { return strings.Repeat("\x01", n) }
	c := full()
	c.TemplateID, c.TemplateName = "TMPL"+long(28), long(64)
	c.FirmwareType, c.FirmwareVersion, c.FirmwareBuild, c.BlynkVersion = long(64), long(64), long(64), long(64)
	c.VendorPrefix, c.VendorServer = long(64), long(255)
	if bad := c.Validate(); len(bad) > 0 {
		t.Fatal(bad)
	}
	longest := Profile{Name: long(MaxName), Board: strings.Repeat("x", MaxBoard), Config: c}
	if got, _, err := ParseFragment(Fragment(longest)); err != nil || !reflect.DeepEqual(got, longest) {
		t.Errorf("the longest configuration makes %d bytes: %v", len(Fragment(longest)), err)
	}
}

func TestParseFragmentRefuses(t *testing.T) {
	for text, rule := range map[string]Rule{
		"":              RuleLink,
		"#configure":    RuleLink,
		"profile=":      RuleSyntax,
		"profile=%7B":   RuleLink,
		"profile=e30=":  RuleLink,
		"profile=e3\n0": RuleLink,
		"profile=A":     RuleLink,
		"profile=e31":   RuleLink, // bits left over that are not zero
		"profile=e30":   RuleFormat,
		"#profile=" + strings.Repeat("A", MaxFragment): RuleSize,
	} {
		_, _, err := ParseFragment(text)
		if e, ok := err.(*Error); !ok || e.Rule != rule {
			t.Errorf("%.40q: %v, want %s", text, err, rule)
		}
	}
}

func TestBase64(t *testing.T) {
	for n := range 70 {
		data := []byte(strings.Repeat("\x00\xff\x10é~", 20))[:n]
		want := base64.RawURLEncoding.EncodeToString(data)
		if got := encode(data); got != want {
			t.Errorf("%x: %s, want %s", data, got, want)
		}
		if got, ok := decode(want); !ok || string(got) != string(data) {
			t.Errorf("%s: %x", want, got)
		}
	}
}

func TestCompare(t *testing.T) {
	p := greenhouse()
	status := func(list []Difference, member string) Difference {
		for _, d := range list {
			if d.Member == member {
				return d
			}
		}
		return Difference{}
	}
	st := &session.State{}
	for _, d := range Compare(p, st) {
		if d.Status != Unreadable || d.Source != 0 || d.Has != "" {
			t.Errorf("of a device that nothing is known of: %+v", d)
		}
	}

	st.Device.Hotspot = "Acme Greenhouse-2A4F"
	st.Device.Time = session.TimeInfo{Known: true, ISO: "2026-11-22T16:00:00Z", Skew: -6 * time.Second}
	list := Compare(p, st)
	if d := status(list, "vendor.prefix"); d.Status != Same || d.Source != FromNCP || d.Has != st.Device.Hotspot {
		t.Errorf("prefix: %+v", d)
	}
	if d := status(list, "setTime"); d.Status != Differs || d.Source != FromNCP {
		t.Errorf("time: %+v", d)
	}
	st.Device.Hotspot, st.Device.Time.Skew = "Blynk Greenhouse-2A4F", 5*time.Second
	list = Compare(p, st)
	if d := status(list, "vendor.prefix"); d.Status != Differs {
		t.Errorf("prefix: %+v", d)
	}
	if d := status(list, "setTime"); d.Status != Same {
		t.Errorf("time: %+v", d)
	}

	applied := full()
	applied.TemplateName, applied.LED, applied.ConfigTimeout = "Other", &session.LED{GPIO: 2, ActiveLow: true}, nil
	st.Applied = &applied
	st.Steps = []session.Step{{Method: "initRGB", Status: session.StepFailed}}
	uid := uint16(0)
	for _, m := range members {
		if m.path == "brightness" {
			uid = m.uid
		}
	}
	st.Device.Methods = []session.Ability{{UID: uid, Has: session.No}}
	list = Compare(p, st)
	for member, want := range map[string]Status{
		"template.id": Same, "template.name": Differs, "led.gpio": Same, "led.activeLow": Differs,
		"rgb.r": NotTaken, "rgb.commonAnode": NotTaken, "brightness": NotTaken, "configuration.timeout": Differs, "button.activeLow": Same,
	} {
		if d := status(list, member); d.Status != want {
			t.Errorf("%s: %+v, want %d", member, d, want)
		}
	}

	// What is in neither is left out; what was applied and is not wanted is shown.
	p.Config = least()
	st = &session.State{Applied: &applied}
	list = Compare(p, st)
	if d := status(list, "button.gpio"); d.Status != Differs || d.Want != "" || d.Has != "0" {
		t.Errorf("button: %+v", d)
	}
	if d := status(list, "configuration.timeout"); d.Member != "" {
		t.Errorf("in neither: %+v", d)
	}
}

func TestPinsAreInOrder(t *testing.T) {
	p, _, err := Parse([]byte(head + `,"pins":[{"pin":7,"name":"b"},{"pin":9},{"pin":0,"unit":"%"},{"pin":8}]}`))
	if want := []Pin{{0, "", "%"}, {7, "b", ""}, {8, "", ""}, {9, "", ""}}; err != nil || !reflect.DeepEqual(p.Pins, want) {
		t.Errorf("%+v, %v", p.Pins, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, greenhouse()))
	f.Add(AppendLine(nil, Profile{Config: least()}))
	f.Add([]byte(head + `,"wifi":{"password":"x"},"pins":[{"pin":1,"name":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, warnings, err := Parse(data)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if len(warnings) > MaxWarnings || p.Config.Validate() != nil {
			t.Fatalf("%d warnings, %v", len(warnings), p.Config.Validate())
		}
		again, _, err := Parse(Append(nil, p))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%v\n%+v\n%+v", err, again, p)
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	f.Add(Fragment(greenhouse()))
	f.Add("profile=e30")
	f.Fuzz(func(t *testing.T, text string) {
		p, _, err := ParseFragment(text)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		p.Pins, p.Made = nil, Made{}
		if again, _, err := ParseFragment(Fragment(p)); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%v\n%+v\n%+v", err, again, p)
		}
	})
}
