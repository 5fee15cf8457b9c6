package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// markup matches every way in which a script turns text into markup or code.
// Nothing in the page may: what a device sends is shown as text.
var markup = regexp.MustCompile(`(?i)(inner|outer)HTML|insertAdjacentHTML|setHTML\b|setHTMLUnsafe|parseHTMLUnsafe|createContextualFragment|DOMParser|srcdoc|document\.write|\beval\s*\(|"eval"|new\s+Function\b|\.SetInnerHTML|\.SetOuterHTML|javascript:`)

// inline matches script or style in the HTML itself, which the policy refuses.
var inline = regexp.MustCompile(`(?i)<style|<script(?:\s[^>]*)?>\s*[^<\s]|\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']`)

// origin matches an address of another place. Names of XML vocabularies are none.
var origin = regexp.MustCompile(`(?i)["'(](?:https?:|wss?:)?//[a-z0-9]`)

func TestNoMarkupFromText(t *testing.T) {
	eachSource(t, func(name, text string) {
		report(t, name, text, markup, "makes markup or code out of text")
	})
}

func TestNothingInline(t *testing.T) {
	eachSource(t, func(name, text string) {
		if filepath.Ext(name) == ".html" {
			report(t, name, text, inline, "has inline script or style")
		}
	})
}

func TestNoOtherOrigin(t *testing.T) {
	eachSource(t, func(name, text string) {
		if strings.HasPrefix(name, "web/") {
			text = strings.ReplaceAll(text, "http://www.w3.org/", "")
			report(t, name, text, origin, "names another origin")
		}
	})
}

func report(t *testing.T, name, text string, bad *regexp.Regexp, what string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if m := bad.FindString(line); m != "" {
			t.Errorf("%s:%d %s: %q", name, i+1, what, m)
		}
	}
}

// eachSource calls fn for every source of the page: web/ and the Go under wasm/.
func eachSource(t *testing.T, fn func(name, text string)) {
	t.Helper()
	dir, seen := root(t), 0
	for _, folder := range []string{"web", "wasm"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(path) {
			case ".html", ".js", ".css", ".svg", ".go":
			default:
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			seen++
			fn(filepath.ToSlash(name), string(text))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 3 {
		t.Fatalf("only %d sources found: the check looks in the wrong place", seen)
	}
}

func TestChecksWork(t *testing.T) {
	for _, tt := range []struct {
		re   *regexp.Regexp
		bad  []string
		good []string
	}{
		{markup, []string{`e.innerHTML = x`, `el.SetInnerHTML(s)`, `js.Global().Call("eval", s)`, `document.write(x)`}, []string{`e.textContent = x`, `el.SetTextContent(s)`, `evaluate(x)`}},
		{inline, []string{`<p style="color:red">`, `<a onclick="x()">`, `<script>x()</script>`, `<style>`}, []string{`<script type="module" src="./app.js"></script>`, `<link rel="stylesheet" href="./style.css">`}},
		{origin, []string{`"https://example.org/x.js"`, `url(//cdn.example)`}, []string{`"./app.js"`, `// a comment`}},
	} {
		for _, s := range tt.bad {
			if !tt.re.MatchString(s) {
				t.Errorf("%q passes", s)
			}
		}
		for _, s := range tt.good {
			if tt.re.MatchString(s) {
				t.Errorf("%q is refused", s)
			}
		}
	}
}
