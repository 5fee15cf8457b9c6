package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// programs are the wasm programs, the packages they are built from, and flags.
var programs = []struct {
	file, pkg string
	flags     []string
}{
	{"ncpweb.wasm", "./wasm", lean},
	{"tools.wasm", "./wasm/tools", lean},
	{"workshop.wasm", "./wasm/workshop", quickLean},
	{"sim.wasm", "./wasm/simworker", nil},
}

// libraries are the files of other people's libraries that the page loads when it
// needs them: their name in dist/, and where npm puts them.
var libraries = map[string]string{
	"uplot.js":        "uplot/dist/uPlot.esm.js",
	"uplot.css":       "uplot/dist/uPlot.min.css",
	"xterm.js":        "@xterm/xterm/lib/xterm.mjs",
	"xterm.css":       "@xterm/xterm/css/xterm.css",
	"xterm-search.js": "@xterm/addon-search/lib/addon-search.mjs",
	"pako.js":         "pako/dist/pako_deflate.min.js",
}

// licences are the terms of the libraries. They are handed on with them.
var licences = []licence{
	{title: "uplot", path: "uplot/LICENSE"},
	{title: "@xterm/xterm", path: "@xterm/xterm/LICENSE"},
	{title: "@xterm/addon-search", path: "@xterm/addon-search/LICENSE"},
	{title: "pako", path: "pako/LICENSE"},
	{title: "pako, the parts that come from zlib", path: "pako/lib/zlib/deflate.js", cut: leadingComment},
	{title: "esptool-js, and the flasher stubs of Espressif Systems that come with it (stub-*.json: Apache-2.0 OR MIT)", path: "esptool-js/LICENSE"},
}

// licence is the text of a licence: what it is of, where it stands, and what of that
// file it is; nil: all of it.
type licence struct {
	title, path string
	cut         func([]byte) ([]byte, error)
}

// licenceFile holds all of them.
const licenceFile = "licences.txt"

// lean makes the program pack about 9 % smaller: calls that are not inlined look
// alike. What every byte goes through is inlined all the same, so that frames are
// coded as fast as without; a call costs some microseconds more, which is nothing
// beside its time on the wire. The later flag wins.
var lean = []string{
	"-gcflags=all=-l",
	"-gcflags=" + module + "/ncp/frame=",
	"-gcflags=" + module + "/serial/inbox=",
	"-gcflags=bytes=",
	"-gcflags=syscall/js=",
}

// quickLean is lean for the workshop: what compresses and digests keeps its calls inlined
// as well.
var quickLean = append(slices.Clone(lean),
	"-gcflags="+module+"/slip=",
	"-gcflags=compress/flate=",
	"-gcflags=crypto/internal/fips140/sha256=",
	"-gcflags=crypto/md5=",
	"-gcflags=hash/adler32=",
	"-gcflags=internal/byteorder=",
	"-gcflags=math/bits=",
)

const module = "ncpweb"

// kinds are the files of web/ that belong to the page. Type declarations are for
// the type checker only.
var kinds = map[string]bool{
	".html": true, ".js": true, ".css": true, ".svg": true, ".png": true, ".ico": true, ".webmanifest": true, ".json": true, ".txt": true,
}

// gather builds the programs and reads every file of the page, by its plain name.
func gather(root, cache string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	if err := gatherWeb(filepath.Join(root, "web"), files); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	for _, p := range programs {
		target := filepath.Join(cache, p.file)
		if err := build(root, p.pkg, target, p.flags); err != nil {
			return nil, err
		}
		data, err := os.ReadFile(target)
		if err != nil {
			return nil, err
		}
		if files[p.file], err = mergeSegments(data, maxGap); err != nil {
			return nil, fmt.Errorf("%s: %w", p.file, err)
		}
	}
	if err := gatherLibraries(filepath.Join(root, "node_modules"), files); err != nil {
		return nil, err
	}
	glue, err := wasmExec(root)
	if err != nil {
		return nil, err
	}
	files["wasm_exec.js"] = glue
	return files, nil
}

func gatherWeb(dir string, files map[string][]byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !kinds[filepath.Ext(name)] || strings.HasPrefix(name, ".") {
			continue
		}
		if name == "wasm_exec.js" {
			return fmt.Errorf("web/%s: it comes from the Go that builds, never from web/", name)
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		files[name] = data
	}
	if files["index.html"] == nil {
		return fmt.Errorf("%s has no index.html", dir)
	}
	return nil
}

// gatherLibraries reads the libraries and their licences. References to maps of
// their sources, which are not handed on, are cut off.
func gatherLibraries(dir string, files map[string][]byte) error {
	for name, path := range libraries {
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return fmt.Errorf("%w: run `npm ci` first", err)
		}
		if i := bytes.LastIndex(data, []byte("\n//# sourceMappingURL=")); i >= 0 {
			data = data[:i+1]
		}
		files[name] = data
	}
	var all bytes.Buffer
	for _, l := range licences {
		data, err := os.ReadFile(filepath.Join(dir, l.path))
		if err == nil && l.cut != nil {
			data, err = l.cut(data)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(&all, "%s\n\n%s\n\n", l.title, bytes.TrimSpace(data))
	}
	files[licenceFile] = all.Bytes()
	return gatherStubs(filepath.Join(dir, "esptool-js", "lib", "targets", "stub_flasher"), files)
}

// build makes one wasm program. Nothing of the machine or the commit goes into it,
// so that the same sources always make the same bytes.
func build(root, pkg, target string, flags []string) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", target}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWASM=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, bytes.TrimSpace(out))
	}
	return nil
}

// wasmExec reads the JavaScript side of Go's runtime from the Go that builds: the
// two must be of one version.
func wasmExec(root string) ([]byte, error) {
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"))
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
