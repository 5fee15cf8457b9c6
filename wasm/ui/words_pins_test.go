package ui

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ncpweb/session"
	"ncpweb/session/history"
)

func TestSparkPoints(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{5}, ""},
		{[]float64{0, 10}, "0,19 63,1"},
		{[]float64{7, 7, 7}, "0,10 31,10 63,10"},
		{[]float64{nan, 0, math.Inf(1), 10}, "0,19 63,1"},
		{[]float64{nan, nan}, ""},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, "0,10 63,10"}, // their span is no number
	} {
		if got := sparkPoints(c.values); got != c.want {
			t.Errorf("sparkPoints(%v) = %q, want %q", c.values, got, c.want)
		}
	}
}

// FuzzSparkPoints: whatever the numbers are, the points stay in the picture.
func FuzzSparkPoints(f *testing.F) {
	f.Add(1.0, 2.0, 3.0)
	f.Add(math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64)
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		for point := range strings.FieldsSeq(sparkPoints([]float64{a, b, c})) {
			x, y, _ := strings.Cut(point, ",")
			i, err := strconv.Atoi(x)
			k, err2 := strconv.Atoi(y)
			if err != nil || err2 != nil || i < 0 || i > sparkWide || k < 0 || k > sparkHigh {
				t.Errorf("point %q of %v %v %v", point, a, b, c)
			}
		}
	})
}

func TestPinSettings(t *testing.T) {
	settings := pinSettings{
		0:     {Widget: widgetSwitch, Off: "off\there", On: "on\nthere"},
		7:     {Widget: widgetSlider, Low: "-1", High: "1", Step: "0.1"},
		65535: {Widget: widgetColor, Form: "rgb"},
		9:     {},
	}
	want := pinSettings{
		0:     {Widget: widgetSwitch, Off: "off here", On: "on there"},
		7:     settings[7],
		65535: settings[65535],
	}
	got := parsePinSettings(settings.pack())
	if len(got) != len(want) {
		t.Errorf("%d settings came back of %d", len(got), len(want))
	}
	for n, s := range want {
		if got[n] != s {
			t.Errorf("V%d came back as %+v, not %+v", n, got[n], s)
		}
	}
	if got := parsePinSettings("7\n8\tslider\nx\tslider\n-1\t\n70000\tslider\n\n9\ta\tb\tc\td\te\tf\tg\th\ti"); len(got) != 3 || got[8].Widget != "slider" || got[9].Form != "g" {
		t.Errorf("an odd store became %+v", got)
	}
}

func FuzzPinSettings(f *testing.F) {
	f.Add("7\tslider\t0\t1\t0.1\n8\tcolor\t\t\t\t\t\trgb")
	f.Fuzz(func(t *testing.T, text string) {
		got := parsePinSettings(text)
		if len(got) > session.MaxPins {
			t.Fatalf("%d settings", len(got))
		}
		again := parsePinSettings(got.pack())
		for n, s := range got {
			plain := true
			for _, f := range s.fields() {
				if len(*f) > maxStored {
					t.Errorf("V%d has a field of %d bytes", n, len(*f))
				}
				plain = plain && !strings.ContainsFunc(*f, func(r rune) bool { return r < ' ' || r > '~' })
			}
			if plain && again[n] != s {
				t.Errorf("V%d: %+v became %+v", n, s, again[n])
			}
		}
	})
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		s               pinSetting
		p               *session.Pin
		low, high, step string
	}{
		{pinSetting{}, nil, "0", "100", "1"},
		{pinSetting{}, &session.Pin{Min: -40, Max: 125}, "-40", "125", "1"},
		{pinSetting{}, &session.Pin{Min: 0, Max: 5}, "0", "5", "0.05"},
		{pinSetting{Low: "10", High: "1e3", Step: "5"}, &session.Pin{Min: 0, Max: 5}, "10", "1000", "5"},
		{pinSetting{Low: "x", High: "NaN", Step: "Inf"}, nil, "0", "100", "1"},
	} {
		if low, high, step := c.s.bounds(c.p); low != c.low || high != c.high || step != c.step {
			t.Errorf("%+v: %s to %s by %s", c.s, low, high, step)
		}
	}
}

func TestColors(t *testing.T) {
	text, rgb := pinSetting{}, pinSetting{Form: "rgb"}
	if got := text.colorItems("#3ecfa4"); !slices.Equal(got, []string{"#3ECFA4"}) {
		t.Errorf("one item: %q", got)
	}
	if got := rgb.colorItems("#3ecf04"); !slices.Equal(got, []string{"62", "207", "4"}) {
		t.Errorf("three items: %q", got)
	}
	if got := rgb.colorItems("#3"); len(got) != 3 {
		t.Errorf("a short colour: %q", got)
	}
	for _, c := range []struct {
		s      pinSetting
		values []string
		want   string
	}{
		{text, []string{"#3ECFA4"}, "#3ecfa4"}, {rgb, []string{"62", "207", "4"}, "#3ecf04"},
		{text, []string{"red"}, ""}, {text, []string{"#12345g"}, ""}, {text, nil, ""}, {text, []string{"#123456", "1"}, ""},
		{rgb, []string{"256", "0", "0"}, ""}, {rgb, []string{"1", "2"}, ""}, {rgb, []string{"", "1", "2"}, ""},
	} {
		if got, ok := c.s.colorOf(c.values); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q is the colour %q, %v", c.values, got, ok)
		}
	}
}

func TestGeneratorOf(t *testing.T) {
	form := map[string]string{"pin": "V5", "kind": "sine", "min": "-1", "max": " 2,5", "period": "10", "decimals": "2", "rate": "20"}
	read := func(change ...string) (session.Generator, string) {
		return generatorOf(func(name string) string {
			if len(change) > 0 && name == change[0] {
				return change[1]
			}
			return form[name]
		})
	}
	g, wrong := read()
	want := session.Generator{Pin: 5, Shape: session.ShapeSine, Min: -1, Max: 2.5, Period: 10 * time.Second, Decimals: 2, Rate: 20}
	if wrong != "" || g.Pin != want.Pin || g.Shape != want.Shape || g.Min != want.Min || g.Max != want.Max || g.Period != want.Period || g.Decimals != want.Decimals || g.Rate != want.Rate {
		t.Errorf("read %+v, %q is wrong", g, wrong)
	}
	for _, c := range [][2]string{
		{"pin", "x"}, {"min", ""}, {"min", "NaN"}, {"max", "-2"}, {"max", "1e300"}, {"period", "0"}, {"period", "Inf"}, {"decimals", "10"}, {"rate", "0"}, {"rate", "5001"}, {"rate", "nan"},
	} {
		if _, wrong := read(c[:]...); wrong != c[0] {
			t.Errorf("%s %q: %q is wrong", c[0], c[1], wrong)
		}
		if w := generatorFault(c[0]); w == "" || strings.ContainsAny(w, "!{}") {
			t.Errorf("no words for a wrong %s: %q", c[0], w)
		}
	}
	for word, shape := range shapes {
		if w := shapeWords(session.GeneratorState{Shape: shape, Rate: 2.5}); !strings.Contains(w, ", 2.5 a second") || strings.HasPrefix(w, ",") {
			t.Errorf("%s is called %q", word, w)
		}
	}
}

func TestPinWords(t *testing.T) {
	for _, w := range []string{chartFull, needFile, pinName(7)} {
		if w == "" || strings.ContainsAny(w, "!{}") {
			t.Errorf("not words for people: %q", w)
		}
	}
	if off, on := (pinSetting{On: "ON"}).switched(); off != "0" || on != "ON" {
		t.Errorf("a switch is %q and %q", off, on)
	}
}

func TestFileFault(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&session.FileError{Line: 3, Text: "a pin\x00"}, "line 3: a pin‹00›"},
		{&session.FileError{Text: "empty"}, "empty"},
		{errors.New("js: no"), "it is too long or cannot be read"},
	} {
		if got := fileFault(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestHistoryLine(t *testing.T) {
	at := time.Date(2026, 11, 22, 17, 3, 4, 5e6, time.UTC)
	if got := historyLine(history.Value{Time: at, Pin: 7, Dir: history.ToCloud, Items: []string{"1", "\x1b[0m"}}); got != "17:03:04.005  this page  1 │ ‹1B›[0m" {
		t.Errorf("%q", got)
	}
}
