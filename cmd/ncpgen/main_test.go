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

const root = "../.."

// What is checked in is what the descriptions give now.
func TestGeneratedIsFresh(t *testing.T) {
	if err := run(root, compare); err != nil {
		t.Error(err)
	}
	there, err := filepath.Glob(filepath.Join(root, packageDir, "idl", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if !slices.Contains(parts(), filepath.Base(path)) {
			t.Errorf("%s is not used", path)
		}
	}
}

func TestGenerateTwice(t *testing.T) {
	d, err := load(root)
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

// A changed, an absent and a left-over file are each noticed.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	fresh := func() error {
		return run(root, func(_ string, files []file) error { return write(dir, files) })
	}
	check := func() error {
		return run(root, func(_ string, files []file) error { return compare(dir, files) })
	}
	spoil := map[string]func() error{
		"nothing": func() error { return nil },
		"changed": func() error {
			return os.WriteFile(filepath.Join(dir, packageDir, "uid_gen.go"), []byte("package ncp\n"), 0o644)
		},
		"absent":    func() error { return os.Remove(filepath.Join(dir, docsDir, "methods.md")) },
		"left over": func() error { return os.WriteFile(filepath.Join(dir, packageDir, "old_gen.go"), nil, 0o644) },
	}
	for _, name := range []string{"nothing", "changed", "absent", "left over"} {
		if err := fresh(); err != nil {
			t.Fatal(err)
		}
		if err := spoil[name](); err != nil {
			t.Fatal(err)
		}
		if err := check(); (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := run(dir, compare); err == nil {
		t.Error("code was made without descriptions")
	}
}
