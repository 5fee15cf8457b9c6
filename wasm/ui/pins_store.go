package ui

import (
	"strconv"
	"strings"

	"ncpweb/session"
)

// pinSetting is how the values of a pin are given; the page remembers it.
type pinSetting struct {
	Widget          string // one of the widgets below
	Low, High, Step string // of a number and a slider; empty: those of the pin
	Off, On         string // of a switch; empty: 0 and 1
	Form            string // of a colour: "" one item, "rgb" three
}

// Widgets with which a value is given.
const (
	widgetText   = ""
	widgetNumber = "number"
	widgetSlider = "slider"
	widgetSwitch = "switch"
	widgetColor  = "color"
)

// fields are the fields in the order in which they are stored. New ones come last.
func (s *pinSetting) fields() []*string {
	return []*string{&s.Widget, &s.Low, &s.High, &s.Step, &s.Off, &s.On, &s.Form}
}

// pinSettings are those of all pins, by number.
type pinSettings map[uint16]pinSetting

// maxStored is how long a field can be; more is cut.
const maxStored = 200

// parsePinSettings reads what pack wrote: a line per pin, fields between tabs. What
// does not fit is left out: the store is the person's own and may be of an older page.
func parsePinSettings(text string) pinSettings {
	settings := make(pinSettings)
	for line := range strings.SplitSeq(text, "\n") {
		number, rest, _ := strings.Cut(line, "\t")
		n, ok := parsePin(number)
		if !ok || len(settings) >= session.MaxPins {
			continue
		}
		var s pinSetting
		values := strings.Split(rest, "\t")
		for i, f := range s.fields() {
			if i < len(values) {
				*f = values[i][:min(len(values[i]), maxStored)]
			}
		}
		settings[n] = s
	}
	return settings
}

// pack is one text for all of them.
func (p pinSettings) pack() string {
	var b strings.Builder
	for n, s := range p {
		if s == (pinSetting{}) {
			continue
		}
		b.WriteString(strconv.Itoa(int(n)))
		for _, f := range s.fields() {
			b.WriteByte('\t')
			b.WriteString(strings.Map(func(r rune) rune {
				if r < ' ' {
					return ' '
				}
				return r
			}, *f))
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// bounds are the limits and the step of a slider or a number: those that the person
// set, or those of the pin, or 0 to 100 in steps of 1.
func (s pinSetting) bounds(p *session.Pin) (low, high, step string) {
	low, high, step = "0", "100", "1"
	if p != nil && p.Min < p.Max {
		low, high = formatNumber(p.Min), formatNumber(p.Max)
		if p.Max-p.Min <= 10 {
			step = formatNumber((p.Max - p.Min) / 100)
		}
	}
	for _, b := range []struct {
		set   string
		bound *string
	}{{s.Low, &low}, {s.High, &high}, {s.Step, &step}} {
		if f, err := strconv.ParseFloat(b.set, 64); err == nil && f-f == 0 {
			*b.bound = formatNumber(f)
		}
	}
	return low, high, step
}

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// switched are the values of a switch.
func (s pinSetting) switched() (off, on string) {
	off, on = s.Off, s.On
	if off == "" {
		off = "0"
	}
	if on == "" {
		on = "1"
	}
	return off, on
}

// colorItems are the items in which a colour such as "#3ecfa4" is sent.
func (s pinSetting) colorItems(color string) []string {
	if s.Form != "rgb" {
		return []string{strings.ToUpper(color)}
	}
	items := make([]string, 3)
	for i := range items {
		n, err := strconv.ParseUint(color[min(1+2*i, len(color)):min(3+2*i, len(color))], 16, 8)
		if err != nil {
			n = 0
		}
		items[i] = strconv.Itoa(int(n))
	}
	return items
}

// colorOf is the colour that a value of the pin is, as an input shows it; false: none.
func (s pinSetting) colorOf(values []string) (string, bool) {
	if s.Form != "rgb" {
		if len(values) != 1 || len(values[0]) != 7 || values[0][0] != '#' {
			return "", false
		}
		_, err := strconv.ParseUint(values[0][1:], 16, 32)
		return strings.ToLower(values[0]), err == nil
	}
	if len(values) != 3 {
		return "", false
	}
	const digits = "0123456789abcdef"
	color := []byte{'#'}
	for _, s := range values {
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			return "", false
		}
		color = append(color, digits[n>>4], digits[n&15])
	}
	return string(color), true
}
