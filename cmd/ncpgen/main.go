// Ncpgen turns the interface descriptions in ncp/idl into package ncp: ids, clients,
// handlers, the catalogue and the named values, and into docs/methods.md.
//
//	ncpgen [-root DIR] [-check]
//
// The same descriptions give the same bytes, whatever the machine.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ncpweb/ncp/idl"
)

// Places in the project.
const (
	packageDir = "ncp"
	docsDir    = "docs"
	generated  = "*_gen.go" // in packageDir
)

// parts returns the descriptions in the order of the catalogue.
func parts() []string {
	return []string{"ncp.json", "mcu.json", "hw.json", "blynk.json", "client.json"}
}

func main() {
	root := flag.String("root", ".", "folder of the project")
	check := flag.Bool("check", false, "write nothing, fail if a generated file is not fresh")
	flag.Parse()
	do := write
	if *check {
		do = compare
	}
	if err := run(*root, do); err != nil {
		fmt.Fprintln(os.Stderr, "ncpgen:", err)
		os.Exit(1)
	}
}

// run makes the files and hands them to do, with their places in root.
func run(root string, do func(root string, files []file) error) error {
	d, err := load(root)
	if err != nil {
		return err
	}
	files, err := generate(d)
	if err != nil {
		return err
	}
	return do(root, files)
}

// place returns where f belongs.
func place(root string, f file) string {
	if f.docs {
		return filepath.Join(root, docsDir, f.name)
	}
	return filepath.Join(root, packageDir, f.name)
}

func write(root string, files []file) error {
	for _, f := range files {
		path := place(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare fails on a file that is absent or differs, and on a generated one that is
// not made any more.
func compare(root string, files []file) error {
	var errs []error
	var made []string
	for _, f := range files {
		path := place(root, f)
		made = append(made, path)
		got, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || !bytes.Equal(got, f.text) {
			errs = append(errs, fmt.Errorf("%s is not fresh: run make generate", path))
		}
	}
	there, err := filepath.Glob(filepath.Join(root, packageDir, generated))
	if err != nil {
		return err
	}
	for _, path := range there {
		if !slices.Contains(made, path) {
			errs = append(errs, fmt.Errorf("%s is not made from the descriptions: remove it", path))
		}
	}
	return errors.Join(errs...)
}

// load reads the descriptions and joins them.
func load(root string) (*idl.Description, error) {
	var all []*idl.Description
	for _, name := range parts() {
		d, err := loadPart(filepath.Join(root, packageDir, "idl", name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, d)
	}
	return idl.Merge(all...)
}

func loadPart(path string) (*idl.Description, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, idl.MaxSize+1))
	if err != nil {
		return nil, err
	}
	return idl.Parse(b)
}
