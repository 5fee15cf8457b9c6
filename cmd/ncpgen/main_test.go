package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ncpweb/ncp/idl"
)

const packageDir = "../../ncp"

// sources returns the descriptions that go generate uses.
func sources(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(packageDir, "types.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "//go:generate go run ncpweb/cmd/ncpgen ")
	if !ok {
		t.Fatal("no go:generate line")
	}
	line, _, _ := strings.Cut(rest, "\n")
	var names []string
	for _, w := range strings.Fields(line) {
		if strings.HasSuffix(w, ".json") {
			names = append(names, filepath.Join(packageDir, w))
		}
	}
	return names
}

// What is checked in is what the descriptions give now.
func TestGeneratedIsFresh(t *testing.T) {
	names := sources(t)
	all, err := filepath.Glob(filepath.Join(packageDir, "idl", "*.json"))
	if err != nil || len(names) != len(all) {
		t.Errorf("go generate uses %d descriptions of %d", len(names), len(all))
	}
	d, err := load(names)
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(d)
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, f := range files {
		path := filepath.Join(packageDir, f.name)
		if f.docs {
			path = filepath.Join("../../docs", f.name)
		} else {
			made = append(made, path)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, f.text) {
			t.Errorf("%s is not fresh (%v): run make generate", path, err)
		}
	}
	there, err := filepath.Glob(filepath.Join(packageDir, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(made)
	if !slices.Equal(made, there) {
		t.Errorf("generated files %v, want %v", there, made)
	}
}

func TestGenerateTwice(t *testing.T) {
	d, err := load(sources(t))
	if err != nil {
		t.Fatal(err)
	}
	a, errA := generate(d)
	b, errB := generate(d)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	for i := range a {
		if !bytes.Equal(a[i].text, b[i].text) {
			t.Errorf("%s differs", a[i].name)
		}
	}
}

func parse(t *testing.T, methods, enums string) *idl.Description {
	t.Helper()
	d, err := idl.Parse([]byte(`{"version":"1","enums":[` + enums + `],"interfaces":[{"name":"a","host":"ncp","methods":[` + methods + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every type, and names that mean something to Go, give code that go/format takes.
func TestGenerateAnything(t *testing.T) {
	var in []string
	for i, typ := range []string{"Bool", "UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int16", "Int32", "Int64", "Float", "String", "Binary"} {
		in = append(in, `{"name":"`+[]string{"type", "ctx", "err", "r", "w", "c", "h", "args", "string", "func", "len", "nil"}[i]+`","type":"`+typ+`"}`)
	}
	d := parse(t, `{"name":"select","uid":"0x0001","in":[`+strings.Join(in, ",")+`],"returns":{"name":"range","type":"Float"}}`, "")
	files, err := generate(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.name == "client_gen.go" && !bytes.Contains(f.text, []byte("typ bool, ctxArg uint8, errArg uint16")) {
			t.Errorf("%s", f.text)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	for name, d := range map[string]*idl.Description{
		"same Go method":   parse(t, `{"name":"ab","uid":"0x0001"},{"name":"a_b","uid":"0x0002"},{"name":"aB","uid":"0x0003"}`, ""),
		"same Go argument": parse(t, `{"name":"m","uid":"0x0001","in":[{"name":"a_b","type":"Bool"},{"name":"aB","type":"Bool"}]}`, ""),
		"same Go constant": parse(t, "", `{"name":"A","values":[{"value":1,"name":"b c"}]},{"name":"AB","values":[{"value":1,"name":"c"}]}`),
		"wide value":       parse(t, "", `{"name":"A","values":[{"value":256,"name":"b"}]}`),
	} {
		if _, err := generate(d); err == nil {
			t.Errorf("%s: generated", name)
		}
	}
}

func TestRun(t *testing.T) {
	out := t.TempDir()
	docs := filepath.Join(out, "docs", "methods.md")
	if err := run(out, docs, sources(t)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(out, "client_gen.go"), docs} {
		if b, err := os.ReadFile(name); err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
	if err := run(out, "", nil); err == nil {
		t.Error("nothing was generated from nothing")
	}
	if err := run(out, "", []string{"absent.json"}); err == nil {
		t.Error("a file that is absent was read")
	}
}
