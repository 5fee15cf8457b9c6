package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// asset is one file of the page.
type asset struct {
	Name   string // in web/
	File   string // in dist/, with the hash
	Data   []byte // with its references rewritten
	SHA256 string // of Data, hexadecimal
	First  bool   // loads before the first click

	br, gz []byte
}

// entry is the file a browser asks for. It keeps its name.
const entry = "index.html"

// hashDigits is how much of the SHA-256 goes into a name.
const hashDigits = 10

// reference matches a literal "./name.ext", the only way one file names another.
var reference = regexp.MustCompile("([\"'`(])\\./([A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*\\.[a-z0-9]+)([\"'`)])")

// staticImport matches the specifier of an import or export declaration, which
// loads before the module runs; import("…") does not.
var staticImport = regexp.MustCompile(`(?m)(?:^|;)\s*(?:import|export)\s*(?:[^"'();]*?\bfrom\s*)?["']\./([^"']+)["']`)

// resolve names every file after its content and rewrites the references, those
// that are referred to first.
func resolve(files map[string][]byte) (map[string]*asset, error) {
	site := make(map[string]*asset, len(files))
	underWay := make(map[string]bool)
	var visit func(name string) error
	visit = func(name string) error {
		if site[name] != nil {
			return nil
		}
		if underWay[name] {
			return errors.New("files refer to each other in a circle")
		}
		underWay[name] = true
		for _, ref := range references(name, files[name]) {
			if files[ref] == nil {
				return fmt.Errorf("%s refers to ./%s, which is not there", name, ref)
			}
			if err := visit(ref); err != nil {
				return fmt.Errorf("%s → %w", name, err)
			}
		}
		site[name] = newAsset(name, rewrite(name, files[name], site))
		return nil
	}
	for _, name := range sortedNames(files) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return site, markFirst(files, site)
}

func newAsset(name string, data []byte) *asset {
	sum := sha256.Sum256(data)
	a := &asset{Name: name, File: name, Data: data, SHA256: hex.EncodeToString(sum[:])}
	if name != entry {
		ext := filepath.Ext(name)
		a.File = strings.TrimSuffix(name, ext) + "." + a.SHA256[:hashDigits] + ext
	}
	return a
}

// references lists what a file refers to, in order, each once.
func references(name string, data []byte) []string {
	var refs []string
	seen := make(map[string]bool)
	eachLine(name, data, func(line string, code bool) {
		if !code {
			return
		}
		for _, m := range reference.FindAllStringSubmatch(line, -1) {
			if ref := m[2]; !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	})
	return refs
}

func rewrite(name string, data []byte, site map[string]*asset) []byte {
	if !isText(name) {
		return data
	}
	var out strings.Builder
	eachLine(name, data, func(line string, code bool) {
		if code {
			line = reference.ReplaceAllStringFunc(line, func(s string) string {
				m := reference.FindStringSubmatch(s)
				return m[1] + "./" + site[m[2]].File + m[3]
			})
		}
		out.WriteString(line)
	})
	return []byte(out.String())
}

// eachLine calls fn for each line of a text file, with its line end, and tells
// whether it is code. A line that begins as a comment in JavaScript or CSS is not:
// type annotations there name files that the page never loads.
func eachLine(name string, data []byte, fn func(line string, code bool)) {
	if !isText(name) {
		return
	}
	script := filepath.Ext(name) == ".js" || filepath.Ext(name) == ".css"
	for line := range strings.Lines(string(data)) {
		t := strings.TrimSpace(line)
		comment := script && (strings.HasPrefix(t, "//") || strings.HasPrefix(t, "/*") || strings.HasPrefix(t, "*"))
		fn(line, !comment)
	}
}

// isText tells whether a file may refer to others and is rewritten then. Libraries
// refer to nothing and stay as they are.
func isText(name string) bool {
	if libraries[name] != "" {
		return false
	}
	switch filepath.Ext(name) {
	case ".html", ".js", ".css", ".svg", ".webmanifest":
		return true
	}
	return false
}

// core are files that load before the first click although a program, not a
// declaration, asks for them.
var core = []string{"ncpweb.wasm", "wasm_exec.js", "clock.js"}

// markFirst marks what loads before the first click: the entry, all that it refers
// to, what those scripts import statically, and the core.
func markFirst(files map[string][]byte, site map[string]*asset) error {
	if !strings.Contains(string(files[entry]), `"./ncpweb.wasm"`) {
		return fmt.Errorf("%s does not preload ./ncpweb.wasm: the core would wait for the scripts", entry)
	}
	var mark func(name string)
	mark = func(name string) {
		a := site[name]
		if a == nil || a.First {
			return
		}
		a.First = true
		next := references(name, files[name])
		if filepath.Ext(name) == ".js" {
			next = staticImports(files[name])
		}
		for _, n := range next {
			mark(n)
		}
	}
	mark(entry)
	for _, name := range core {
		mark(name)
	}
	return nil
}

func staticImports(data []byte) []string {
	var names []string
	for _, m := range staticImport.FindAllStringSubmatch(string(data), -1) {
		names = append(names, m[1])
	}
	return names
}
