package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// runs is how often each benchmark is run; the median counts.
const runs = "5"

// measureCore runs the benchmarks of the core from the project's root.
func measureCore(ctx context.Context, w io.Writer) error {
	native, err := benchmark(ctx, "./ncp/frame", "^Benchmark(Encode|Decode)$")
	if err != nil {
		return err
	}
	wasm, err := benchmark(ctx, "./ncp/frame", "^Benchmark(Encode|Decode)$", onNode()...)
	if err != nil {
		return err
	}
	calls, err := benchmark(ctx, "./ncp/rpc", "^BenchmarkInvoke$")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "bench: %s on %s/%s, %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	var missing []error
	get := func(r results, bench, unit string) float64 {
		v, err := r.median(bench, unit)
		missing = append(missing, err)
		return v
	}
	figure(w, "frame.encode.native", get(native, "BenchmarkEncode", "MB/s"), "MB/s")
	figure(w, "frame.decode.native", get(native, "BenchmarkDecode", "MB/s"), "MB/s")
	figure(w, "frame.encode.wasm", get(wasm, "BenchmarkEncode", "MB/s"), "MB/s")
	figure(w, "frame.decode.wasm", get(wasm, "BenchmarkDecode", "MB/s"), "MB/s")
	figure(w, "frame.allocs", max(
		get(native, "BenchmarkEncode", "allocs/op"), get(native, "BenchmarkDecode", "allocs/op"),
		get(wasm, "BenchmarkEncode", "allocs/op"), get(wasm, "BenchmarkDecode", "allocs/op")), "1/frame")
	figure(w, "rpc.invoke", 1e9/get(calls, "BenchmarkInvoke", "ns/op"), "1/s")
	figure(w, "rpc.invoke.allocs", get(calls, "BenchmarkInvoke", "allocs/op"), "1/call")
	return errors.Join(append(missing, bringUp(ctx, w))...)
}

// onNode makes `go test` build for wasm and run on node.
func onNode() []string {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return []string{"GOOS=js", "GOARCH=wasm", "-exec=" + filepath.Join(dir, "scripts", "node-exec.sh")}
}

// benchmark runs benchmarks of one package. Options that begin with a dash are
// arguments of `go test`, others are for its environment.
func benchmark(ctx context.Context, pkg, pattern string, options ...string) (results, error) {
	out, err := goTest(ctx, options, "-run=^$", "-bench="+pattern, "-benchmem", "-count="+runs, "-benchtime=300ms", pkg)
	if err != nil {
		return nil, err
	}
	return parse(out), nil
}

// bringUp runs the test that brings an NCP up at every rate, in virtual time, and
// passes its figures on.
func bringUp(ctx context.Context, w io.Writer) error {
	out, err := goTest(ctx, nil, "-count=1", "-v", "-run=^TestBringUpFigures$", "./ncp/link")
	if err != nil {
		return err
	}
	seen := 0
	for line := range strings.Lines(out) {
		if i := strings.Index(line, "figure bringup."); i >= 0 {
			fmt.Fprintln(w, strings.TrimSpace(line[i:]))
			seen++
		}
	}
	if seen < 2 {
		return errors.New("the bring-up test printed no figures")
	}
	return nil
}

func goTest(ctx context.Context, options []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test")
	cmd.Env = os.Environ()
	for _, o := range options {
		if strings.HasPrefix(o, "-") {
			cmd.Args = append(cmd.Args, o)
		} else {
			cmd.Env = append(cmd.Env, o)
		}
	}
	cmd.Args = append(cmd.Args, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out), nil
}
