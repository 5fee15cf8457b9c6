package show

import (
	"strconv"
	"time"

	"ncpweb/wasm/lang"
)

// Grouped writes a number with a thin space between groups of three digits, from
// five digits on.
func Grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	if len(s) < 5 {
		return s
	}
	var b []byte
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			b = append(b, "\u202F"...)
		}
		b = append(b, s[i])
	}
	return string(b)
}

// Baud writes a rate.
func Baud(n int) string {
	if n <= 0 {
		return "–"
	}
	return lang.F("{0} baud", Grouped(uint64(n)))
}

// Bytes writes an amount of bytes, decimal units.
func Bytes(n uint64) string {
	switch {
	case n < 1000:
		return lang.F("{0} B", strconv.FormatUint(n, 10))
	case n < 1000*1000:
		return lang.F("{0} kB", strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64))
	}
	return lang.F("{0} MB", strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64))
}

// Quick writes a short time, such as a round trip: two or three digits and a unit.
func Quick(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d <= 0:
		return "–"
	case ms < 10:
		return lang.F("{0} ms", strconv.FormatFloat(ms, 'f', 1, 64))
	case ms < 1000:
		return lang.F("{0} ms", strconv.FormatFloat(ms, 'f', 0, 64))
	}
	return lang.F("{0} s", strconv.FormatFloat(ms/1000, 'f', 1, 64))
}

// Age writes how long ago something was.
func Age(d time.Duration) string {
	switch {
	case d < time.Second:
		return lang.T("now")
	case d < time.Minute:
		return lang.F("{0} s", strconv.Itoa(int(d/time.Second)))
	case d < time.Hour:
		return lang.F("{0} min", strconv.Itoa(int(d/time.Minute)))
	case d < 48*time.Hour:
		return lang.F("{0} h", strconv.Itoa(int(d/time.Hour)))
	}
	return lang.F("{0} d", strconv.Itoa(int(d/(24*time.Hour))))
}

// Span writes how long something lasts already, in two units.
func Span(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s < 0:
		return "–"
	case s < 60:
		return lang.F("{0} s", strconv.Itoa(s))
	case s < 3600:
		return lang.F("{0} min {1} s", strconv.Itoa(s/60), strconv.Itoa(s%60))
	case s < 48*3600:
		return lang.F("{0} h {1} min", strconv.Itoa(s/3600), strconv.Itoa(s%3600/60))
	}
	return lang.F("{0} d {1} h", strconv.Itoa(s/86400), strconv.Itoa(s%86400/3600))
}

// Clock writes a time of day with milliseconds, in the zone of t.
func Clock(t time.Time) string {
	var b [12]byte
	h, m, s := t.Clock()
	ms := t.Nanosecond() / int(time.Millisecond)
	two := func(i, v int) { b[i], b[i+1] = '0'+byte(v/10), '0'+byte(v%10) }
	two(0, h)
	b[2] = ':'
	two(3, m)
	b[5] = ':'
	two(6, s)
	b[8] = '.'
	b[9] = '0' + byte(ms/100)
	two(10, ms%100)
	return string(b[:])
}

// Skew says how far the clock of a device is from this computer's.
func Skew(d time.Duration) string {
	if max(d, -d) < time.Second {
		return lang.T("The same")
	}
	if d < 0 {
		return lang.F("{0} behind", Span(-d))
	}
	return lang.F("{0} ahead", Span(d))
}

// Offset writes a zone's distance from UTC, such as "UTC+02:00".
func Offset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		d, sign = -d, "−"
	}
	m := int(d / time.Minute)
	two := func(v int) string { return string([]byte{'0' + byte(v/10%10), '0' + byte(v%10)}) }
	return "UTC" + sign + two(m/60) + ":" + two(m%60)
}
