package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	r := parse(`goos: linux
BenchmarkEncode-2   	  300000	      1000 ns/op	1024.00 MB/s	       0 B/op	       0 allocs/op
BenchmarkEncode-2   	  300000	      2000 ns/op	 512.00 MB/s	       0 B/op	       1 allocs/op
BenchmarkEncode-2   	  300000	      1500 ns/op	 700.50 MB/s	       0 B/op	       0 allocs/op
BenchmarkOther/1-KiB   10 5 ns/op
PASS
`)
	for _, tt := range []struct {
		name, unit string
		want       float64
	}{
		{"BenchmarkEncode", "MB/s", 700.5},
		{"BenchmarkEncode", "allocs/op", 0},
		{"BenchmarkOther/1-KiB", "ns/op", 5},
	} {
		if got, err := r.median(tt.name, tt.unit); err != nil || got != tt.want {
			t.Errorf("%s %s is %v, %v; want %v", tt.name, tt.unit, got, err, tt.want)
		}
	}
	if _, err := r.median("BenchmarkEncode", "B/s"); err == nil {
		t.Error("a unit that is not there gives a value")
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("got %v", got)
	}
}

func TestFigure(t *testing.T) {
	for value, want := range map[float64]string{
		0: "figure x 0 u\n", 2: "figure x 2 u\n", 0.123: "figure x 0.12 u\n", 12.345: "figure x 12.35 u\n", 123456.7: "figure x 123457 u\n",
	} {
		var b strings.Builder
		figure(&b, "x", value, "u")
		if b.String() != want {
			t.Errorf("%v: %q, want %q", value, b.String(), want)
		}
	}
}
