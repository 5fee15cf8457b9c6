// Ncpgen turns interface descriptions into package ncp: ids, clients, handlers, the
// catalogue and the named values, and into a table for the documentation.
//
//	ncpgen -out DIR [-docs FILE] DESCRIPTION.json ...
//
// The same descriptions give the same bytes, whatever the machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ncpweb/ncp/idl"
)

func main() {
	out := flag.String("out", ".", "folder of the package")
	docs := flag.String("docs", "", "file of the documentation table; empty: none")
	flag.Parse()
	if err := run(*out, *docs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ncpgen:", err)
		os.Exit(1)
	}
}

func run(out, docs string, sources []string) error {
	d, err := load(sources)
	if err != nil {
		return err
	}
	files, err := generate(d)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(out, f.name)
		if f.docs {
			if path = docs; path == "" {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// load reads the descriptions and joins them.
func load(sources []string) (*idl.Description, error) {
	if len(sources) == 0 {
		return nil, errors.New("no description given")
	}
	var parts []*idl.Description
	for _, name := range sources {
		part, err := loadPart(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		parts = append(parts, part)
	}
	return idl.Merge(parts...)
}

func loadPart(name string) (*idl.Description, error) {
	f, err := os.Open(name)
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
