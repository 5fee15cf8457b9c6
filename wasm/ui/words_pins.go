package ui

import (
	"math"
	"strconv"
	"strings"
	"time"

	"ncpweb/session"
	"ncpweb/session/history"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// What is wrong with what was asked for.
//
//lang:texts
const (
	chartFull = "Eight pins are in the chart already. Take one out first."
	needFile  = "Choose a file with values first."
)

// pinName is how a pin is called.
func pinName(n uint16) string { return "V" + strconv.Itoa(int(n)) }

// Size of a sparkline in its own units, and how many values it shows.
const (
	sparkHigh  = 20
	sparkWide  = 63
	sparkCount = 64
)

// sparkPoints are the points of a sparkline: the values from left to right, the lowest
// at the bottom. A gap (NaN) is drawn over. Empty for less than two values.
func sparkPoints(values []float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return sparkPoints(finite(values))
		}
	}
	if len(values) < 2 {
		return ""
	}
	span := high - low
	var b strings.Builder
	for i, v := range values {
		y := sparkHigh / 2
		if span > 0 && !math.IsInf(span, 0) {
			y = sparkHigh - 1 - int((v-low)/span*(sparkHigh-2)+0.5)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(i * sparkWide / (len(values) - 1)))
		b.WriteByte(',')
		b.WriteString(strconv.Itoa(y))
	}
	return b.String()
}

func finite(values []float64) []float64 {
	var kept []float64
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			kept = append(kept, v)
		}
	}
	return kept
}

// What package session says of files, as far as it does not quote them.
//
//lang:texts
var _ = [...]string{
	"the file is larger than 1 MiB", "the file is empty", "there is no value in it", "the first line must name the columns, one of them pin",
	"a line without a pin", "the header must name the column of the values: value", "a line with too few columns", "a value that a pin cannot have",
	"values of more than one pin", "a time is no number of seconds", "times must not go back, nor last longer than a week", "too many columns",
	"not UTF-8 text", "text behind a quoted cell", "a quotation mark is not closed",
}

// fileFault says why a file was not taken.
func fileFault(err error) string {
	text := lang.T("it is too long or cannot be read")
	if e, ok := err.(*session.FileError); ok {
		text = lang.T(e.Text)
		if e.Line > 0 {
			text = lang.F("line {0}: {1}", strconv.Itoa(e.Line), text)
		}
	} else if p := session.ProblemOf(err); p.Code == session.CodeInput {
		text = p.Detail
	}
	text, _ = show.Cut(show.Visible(text), 200)
	return text
}

// historyLine is a value with its time and direction.
func historyLine(v history.Value) string {
	items := make([]string, len(v.Items))
	for i, s := range v.Items {
		items[i] = show.Visible(s)
	}
	return show.Clock(v.Time) + "  " + DirectionWords(session.Direction(v.Dir)) + "  " + strings.Join(items, " │ ")
}

var shapes = map[string]session.Shape{
	"ramp": session.ShapeRamp, "sine": session.ShapeSine, "square": session.ShapeSquare, "random": session.ShapeRandom, "walk": session.ShapeWalk, "replay": session.ShapeReplay,
}

// generatorOf reads the generator form. wrong is the name of a field that cannot be
// read.
func generatorOf(field func(name string) string) (g session.Generator, wrong string) {
	g.Shape = shapes[field("kind")]
	var ok bool
	if g.Pin, ok = parsePin(field("pin")); !ok {
		return g, "pin"
	}
	number := func(name string, low, high float64) float64 {
		f, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(field(name)), ",", ".", 1), 64)
		if wrong == "" && (err != nil || !(f >= low && f <= high)) {
			wrong = name
		}
		return f
	}
	if g.Shape != session.ShapeReplay {
		const large = 1e15
		g.Min = number("min", -large, large)
		g.Max = number("max", g.Min, large)
		g.Period = time.Duration(number("period", session.MinPeriod.Seconds(), session.MaxPeriod.Seconds()) * float64(time.Second))
		g.Decimals = int(number("decimals", 0, session.MaxDecimals))
	}
	g.Rate = number("rate", 0.001, session.MaxRate)
	return g, wrong
}

// generatorFault says what is wrong with a field.
func generatorFault(field string) string {
	switch field {
	case "":
		return ""
	case "pin":
		return lang.T(needPin)
	case "max":
		return lang.T("Max is a number that is not below Min.")
	case "period":
		return lang.T("The period is 0.01 to 86400 seconds.")
	case "decimals":
		return lang.T("Decimals are 0 to 9.")
	case "rate":
		return lang.T("The rate is up to 5000 values a second.")
	}
	return lang.T("That is not a number.")
}

// shapeWords says what a generator makes, and how often.
func shapeWords(g session.GeneratorState) string {
	word := ""
	switch g.Shape {
	case session.ShapeRamp:
		word = lang.T("Ramp")
	case session.ShapeSine:
		word = lang.T("Sine")
	case session.ShapeSquare:
		word = lang.T("Square")
	case session.ShapeRandom:
		word = lang.T("Random")
	case session.ShapeWalk:
		word = lang.T("Random walk")
	case session.ShapeReplay:
		word = lang.T("Values of a file")
	}
	if g.Rate > 0 {
		word += ", " + lang.F("{0} a second", formatNumber(g.Rate))
	}
	return word
}
