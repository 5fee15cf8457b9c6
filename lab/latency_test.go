package lab

import (
	"slices"
	"testing"
	"time"

	"ncpweb/serial"
)

// BenchmarkRoundTrip is the time that the lab itself adds to an exchange of a few
// bytes with an echo, above the time on the wire, as the median.
func BenchmarkRoundTrip(b *testing.B) {
	const n = 9 // bytes, as a ping
	m := serial.Mode{Baud: 115200}
	l, err := New(Options{Devices: []Spec{{Name: "one", Sim: echo{}}}})
	if err != nil {
		b.Fatal(err)
	}
	url, err := l.Start(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	base := url[:len(url)-len("/?lab")]
	p := connect(b, base, listed(b, base, 1)[0].ID)
	p.open(m.Baud)
	data := make([]byte, n)
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		p.write(data)
		p.read(n)
		times = append(times, time.Since(start)-m.Wire(n+1)) // an echo lags by a byte
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs-overhead")
}
