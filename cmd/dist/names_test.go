package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestPackageOf(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":                                    "main.",
		"runtime.gopanic":                              "runtime.",
		"ncpweb/session.(*Session).Connect":            "ncpweb/session.",
		"ncpweb/session.(*Session).Connect.func1":      "ncpweb/session.",
		"honnef.co/go/js/dom/v2.(*BasicElement).Class": "honnef.co/go/js/dom/v2.",
		"slices.SortFunc[go.shape.[]ncpweb/x.y,go.z]":  "slices.",
		"wasm_export_run":                              "wasm_export_run",
		"":                                             "",
	} {
		if got := packageOf(name); got != want {
			t.Errorf("%s is of %q, want %q", name, got, want)
		}
	}
}

// table makes a table of functions.
func table(names ...string) []byte {
	const header = 72
	var list []byte
	offsets := make([]uint32, len(names))
	for i, n := range names {
		offsets[i] = uint32(len(list))
		list = append(append(list, n...), 0)
	}
	t := append(append([]byte("before"), tableMagic...), make([]byte, header-8)...)
	put := func(i, v int) { binary.LittleEndian.PutUint64(t[6+8*(i+1):], uint64(v)) }
	put(fieldFunctions, len(names))
	put(fieldNames, header)
	put(fieldNamesEnd, header+len(list))
	put(fieldTable, header+len(list)+4)
	t = append(append(t, list...), "....  "[:4]...)
	for i := range names {
		t = binary.LittleEndian.AppendUint32(t, uint32(i))
		t = binary.LittleEndian.AppendUint32(t, uint32(8*len(names)+8*i))
	}
	for i := range names {
		t = binary.LittleEndian.AppendUint32(t, uint32(100+i))
		t = binary.LittleEndian.AppendUint32(t, offsets[i])
	}
	return t
}

func TestShortenNames(t *testing.T) {
	data := table("a/b.First", "a/b.Second", "main.main")
	done, err := shortenNames(data)
	if !done || err != nil {
		t.Fatal(done, err)
	}
	if s := string(data); strings.Contains(s, "First") || strings.Contains(s, "Second") || strings.Count(s, "a/b.") != 1 || !strings.Contains(s, "\x00a/b.\x00main.\x00") {
		t.Errorf("%q", s)
	}
	if done, err := shortenNames([]byte("nothing")); done || err != nil {
		t.Error(done, err)
	}
	good := table("a/b.First", "main.main")
	for i := 6 + len(tableMagic); i < len(good); i++ {
		if _, err := shortenNames(append([]byte(nil), good[:i]...)); err == nil {
			t.Fatalf("cut after %d of %d bytes it was taken", i, len(good))
		}
	}
}

// The trace of a panic still leads to the line.
func TestTraceOfShortNames(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node")
	}
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "panics.wasm")
	if err := build(root, "./cmd/dist/testdata/panics", file, lean); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	small, err := mergeSegments(data, maxGap)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, small, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	trace, err := exec.Command(node, filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec_node.js"), file).CombinedOutput()
	if err == nil {
		t.Error("it did not panic")
	}
	for _, want := range []string{"panic: on purpose", "ncpweb/cmd/dist/testdata/panics/panics.go:17"} {
		if !strings.Contains(string(trace), want) {
			t.Errorf("the trace has no %q:\n%s", want, trace)
		}
	}
	if strings.Contains(string(trace), "deepest") || strings.Contains(string(trace), "runtime/panic.go") {
		t.Errorf("the names are there still, or the runtime is shown:\n%s", trace)
	}
}
