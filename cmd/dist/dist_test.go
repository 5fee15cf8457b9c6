package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// page is a small page with every kind of reference.
func page() map[string][]byte {
	return map[string][]byte{
		"index.html": []byte(`<link rel="stylesheet" href="./style.css">
<link rel="preload" as="fetch" crossorigin href="./ncpweb.wasm">
<script type="module" src="./app.js"></script>`),
		"style.css": []byte("/* url(./gone.svg) */\nbody { background: url(./dot.svg) }\n"),
		"dot.svg":   []byte("<svg/>"),
		"app.js": []byte(`import { Line } from "./serial.js";
import "./wasm_exec.js";
/** @type {import("./types.d.ts").Shape} */
// import "./never.js"
const sim = () => import("./sim.js");
new Worker(new URL("./clock.js", import.meta.url));
fetch(new URL('./ncpweb.wasm', import.meta.url));
`),
		"serial.js":    []byte("export class Line {}\n"),
		"sim.js":       []byte("export {}\n"),
		"clock.js":     []byte("onmessage = () => {}\n"),
		"wasm_exec.js": []byte("globalThis.Go = 1\n"),
		"ncpweb.wasm":  []byte("\x00asm \"./sim.js\""),
	}
}

func TestResolve(t *testing.T) {
	site, err := resolve(page())
	if err != nil {
		t.Fatal(err)
	}
	if got := site["index.html"].File; got != "index.html" {
		t.Errorf("the entry became %q", got)
	}
	for _, tt := range []struct {
		in   string
		refs []string
	}{
		{"index.html", []string{"style.css", "ncpweb.wasm", "app.js"}},
		{"style.css", []string{"dot.svg"}},
		{"app.js", []string{"serial.js", "wasm_exec.js", "sim.js", "clock.js", "ncpweb.wasm"}},
	} {
		for _, ref := range tt.refs {
			a := site[ref]
			if a.File == ref || !strings.Contains(a.File, a.SHA256[:hashDigits]) {
				t.Errorf("%s: name %q has no hash", ref, a.File)
			}
			text := string(site[tt.in].Data)
			if !strings.Contains(text, "./"+a.File) || strings.Contains(text, `"./`+ref+`"`) {
				t.Errorf("%s: reference to %s was not rewritten:\n%s", tt.in, ref, text)
			}
		}
	}
	if !bytes.Equal(site["ncpweb.wasm"].Data, page()["ncpweb.wasm"]) {
		t.Error("a binary file was rewritten")
	}
	if !strings.Contains(string(site["app.js"].Data), "./types.d.ts") {
		t.Error("a type annotation was touched")
	}
}

func TestHashFollowsWhatIsReferredTo(t *testing.T) {
	before, err := resolve(page())
	if err != nil {
		t.Fatal(err)
	}
	files := page()
	files["serial.js"] = append(files["serial.js"], '\n')
	after, err := resolve(files)
	if err != nil {
		t.Fatal(err)
	}
	if before["app.js"].File == after["app.js"].File {
		t.Error("app.js kept its name although a module that it imports changed")
	}
	if before["style.css"].File != after["style.css"].File {
		t.Error("style.css got another name without a change")
	}
}

func TestFirst(t *testing.T) {
	site, err := resolve(page())
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range site {
		if want := name != "sim.js"; a.First != want && name != "dot.svg" {
			t.Errorf("%s: loads at first: %v, want %v", name, a.First, want)
		}
	}
	if !site["dot.svg"].First {
		t.Error("an image of the first style sheet does not count")
	}
}

func TestResolveRefuses(t *testing.T) {
	for name, change := range map[string]func(map[string][]byte){
		"missing file":    func(f map[string][]byte) { delete(f, "clock.js") },
		"circle":          func(f map[string][]byte) { f["serial.js"] = []byte("import \"./app.js\";\n") },
		"nothing preload": func(f map[string][]byte) { f["index.html"] = []byte("<p>") },
	} {
		files := page()
		change(files)
		if _, err := resolve(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStaticImports(t *testing.T) {
	got := staticImports([]byte(`import a from "./a.js";
import {
	b,
	c,
} from "./b.js";
import "./c.js"; export * from './d.js';
const x = import("./no.js"), y = "./no2.js";
export function f() { return new URL("./no3.js", import.meta.url); }
`))
	if s := strings.Join(got, " "); s != "a.js b.js c.js d.js" {
		t.Errorf("got %q", s)
	}
}

func TestWriteCompareReport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "dist")
	cache := filepath.Join(t.TempDir(), "packed")
	build := func(files map[string][]byte) map[string]*asset {
		t.Helper()
		site, err := resolve(files)
		if err != nil {
			t.Fatal(err)
		}
		return site
	}
	site := build(page())
	if err := compare(out, site); err == nil {
		t.Fatal("a folder that was never built passes")
	}
	put := func(site map[string]*asset) {
		t.Helper()
		if err := compressAll(site, cache); err != nil {
			t.Fatal(err)
		}
		if err := write(out, site); err != nil {
			t.Fatal(err)
		}
	}
	put(site)
	if err := compare(out, site); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(filepath.Join(out, site["app.js"].File+".br"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(brotli.NewReader(bytes.NewReader(packed)))
	if err != nil || !bytes.Equal(plain, site["app.js"].Data) {
		t.Fatalf("brotli copy: %q, %v", plain, err)
	}

	files := page()
	files["clock.js"] = []byte("onmessage = null\n")
	next := build(files)
	if err := compare(out, next); err == nil {
		t.Fatal("a changed source passes")
	}
	put(next)
	if err := compare(out, next); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, site["clock.js"].File)); !os.IsNotExist(err) {
		t.Error("the old file is still there")
	}

	var text strings.Builder
	if err := report(&text, next, 10); err == nil {
		t.Error("a page above the limit passes")
	}
	if err := report(&text, next, 1<<20); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text.String(), "figure page.brotli ") {
		t.Errorf("no figure in:\n%s", text.String())
	}
}
