package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// results are the values of benchmarks: by benchmark and unit, one per run.
type results map[string]map[string][]float64

// parse reads the output of `go test -bench`.
func parse(out string) results {
	r := make(results)
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := withoutProcessors(fields[0])
		if r[name] == nil {
			r[name] = make(map[string][]float64)
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				unit := fields[i+1]
				r[name][unit] = append(r[name][unit], v)
			}
		}
	}
	return r
}

// withoutProcessors cuts the "-2" that go test puts behind a name.
func withoutProcessors(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name
	}
	return name[:i]
}

// median returns the middle of a benchmark's values in one unit.
func (r results) median(name, unit string) (float64, error) {
	values := r[name][unit]
	if len(values) == 0 {
		return 0, fmt.Errorf("%s printed no %s", name, unit)
	}
	return median(values), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}
