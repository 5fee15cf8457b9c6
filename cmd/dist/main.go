// Command dist builds dist/, the page as it is deployed: the wasm programs,
// wasm_exec.js of the Go that built them, and the files of web/. Every file but
// index.html carries a hash of its content in its name, so that it can be cached
// for ever, and stands beside a brotli and a gzip copy of itself.
//
//	go run ./cmd/dist          builds dist/ and fails when the page is too heavy
//	go run ./cmd/dist -check   tells whether dist/ is what the sources make
//
// assets.json in dist/ lists what there is.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// budget is what everything that loads before the first click may weigh, in bytes
// of brotli: a page over a phone's connection should be there in seconds.
const budget = 900_000

func main() {
	out := flag.String("out", "dist", "folder to build, seen from the project's root")
	check := flag.Bool("check", false, "only tell whether the folder is what the sources make now")
	limit := flag.Int("budget", budget, "bytes of brotli that may load before the first click")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "dist: unexpected argument", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*out, *check, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(out string, check bool, limit int) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	cache := filepath.Join(root, ".cache", "dist")
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	files, err := gather(root, cache)
	if err != nil {
		return err
	}
	site, err := resolve(files)
	if err != nil {
		return err
	}
	if check {
		if err := compare(out, site); err != nil {
			return fmt.Errorf("%s is stale: %w; run `make build`", filepath.Base(out), err)
		}
		fmt.Println("dist is what the sources make")
		return nil
	}
	if err := compressAll(site, filepath.Join(cache, "packed")); err != nil {
		return err
	}
	if err := write(out, site); err != nil {
		return err
	}
	return report(os.Stdout, site, limit)
}

// findRoot walks up from the working folder to the one with go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod in this folder or above it")
		}
		dir = up
	}
}
