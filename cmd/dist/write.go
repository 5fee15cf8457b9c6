package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// manifestFile lists the files of dist/.
const manifestFile = "assets.json"

// manifest is the content of assets.json.
type manifest struct {
	Assets []manifestAsset `json:"assets"`
}

// manifestAsset is one file: its name in web/, its name in dist/, its size plain
// and as brotli in bytes, and the hash of the plain content.
type manifestAsset struct {
	Name   string `json:"name"`
	Hashed string `json:"hashed"`
	Bytes  int    `json:"bytes"`
	Brotli int    `json:"br"`
	SHA256 string `json:"sha256"`
	First  bool   `json:"first"`
}

// write brings the folder to what site says: new files first, the entry after what
// it refers to, and what nobody refers to any more is removed last.
func write(out string, site map[string]*asset) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	wanted := map[string][]byte{}
	for _, a := range site {
		wanted[a.File] = a.Data
		wanted[a.File+".br"] = a.br
		wanted[a.File+".gz"] = a.gz
	}
	list, err := encodeManifest(site)
	if err != nil {
		return err
	}
	wanted[manifestFile] = list
	for _, name := range writeOrder(wanted) {
		file := filepath.Join(out, name)
		if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, wanted[name]) {
			continue
		}
		if err := writeFile(file, wanted[name]); err != nil {
			return err
		}
	}
	return removeOthers(out, wanted)
}

// writeOrder puts the entry and the list at the end.
func writeOrder(wanted map[string][]byte) []string {
	last := map[string]int{entry + ".br": 1, entry + ".gz": 1, entry: 2, manifestFile: 3}
	names := sortedNames(wanted)
	sort.SliceStable(names, func(i, j int) bool { return last[names[i]] < last[names[j]] })
	return names
}

func removeOthers(out string, wanted map[string][]byte) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := wanted[e.Name()]; ok || e.IsDir() {
			continue
		}
		if err := os.Remove(filepath.Join(out, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func encodeManifest(site map[string]*asset) ([]byte, error) {
	var m manifest
	for _, name := range sortedNames(site) {
		a := site[name]
		m.Assets = append(m.Assets, manifestAsset{a.Name, a.File, len(a.Data), len(a.br), a.SHA256, a.First})
	}
	data, err := json.MarshalIndent(m, "", "\t")
	return append(data, '\n'), err
}

// compare tells the first difference between the folder and what the sources make.
func compare(out string, site map[string]*asset) error {
	data, err := os.ReadFile(filepath.Join(out, manifestFile))
	if err != nil {
		return errors.New("it was never built")
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("%s: %w", manifestFile, err)
	}
	if len(m.Assets) != len(site) {
		return fmt.Errorf("it has %d files, the sources make %d", len(m.Assets), len(site))
	}
	for _, name := range sortedNames(site) {
		a := site[name]
		have, err := os.ReadFile(filepath.Join(out, a.File))
		if err != nil || !bytes.Equal(have, a.Data) {
			return fmt.Errorf("%s differs", name)
		}
		for _, ext := range []string{".br", ".gz"} {
			if _, err := os.Stat(filepath.Join(out, a.File+ext)); err != nil {
				return fmt.Errorf("%s has no %s copy", name, ext)
			}
		}
	}
	return nil
}

// report prints what weighs how much and fails above the limit.
func report(w io.Writer, site map[string]*asset, limit int) error {
	fmt.Fprintf(w, "%-16s %-30s %10s %9s  %s\n", "file", "in dist/", "bytes", "brotli", "loads")
	sum := 0
	for _, name := range sortedNames(site) {
		a := site[name]
		when := "when needed"
		if a.First {
			when = "at first"
			sum += len(a.br)
		}
		fmt.Fprintf(w, "%-16s %-30s %10d %9d  %s\n", a.Name, a.File, len(a.Data), len(a.br), when)
	}
	fmt.Fprintf(w, "figure page.brotli %.1f kB\n", float64(sum)/1000)
	if sum > limit {
		return fmt.Errorf("what loads before the first click weighs %d bytes of brotli, above %d", sum, limit)
	}
	return nil
}
