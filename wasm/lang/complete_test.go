package lang_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The sources of what the page says, seen from here.
const (
	goSources = "../"
	webFolder = "../../web"
)

// texts are the texts of the page, each with a place where it stands. Plurals are
// "one\x00other".
type texts map[string]string

func (t texts) add(text, where string) {
	text = strings.Join(strings.Fields(text), " ")
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
		t[text] = where
	}
}

// collect finds every text of the page.
func collect(t *testing.T) texts {
	t.Helper()
	found := make(texts)
	err := filepath.WalkDir(goSources, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		return found.goFile(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 100 {
		t.Fatalf("only %d texts in the Go sources: the search looks in the wrong place", len(found))
	}
	entries, err := os.ReadDir(webFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(webFolder, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(path) {
		case ".html":
			found.htmlFile(string(data), path)
		case ".js":
			for _, m := range scriptText.FindAllStringSubmatch(string(data), -1) {
				text, err := strconv.Unquote(m[1])
				if err != nil {
					t.Fatal(err)
				}
				found.add(text, path)
			}
		case ".json":
			if e.Name() == "boards.json" {
				found.boards(t, data, path)
			}
		}
	}
	return found
}

// boards collects what the catalogue says of boards.
func (t texts) boards(test *testing.T, data []byte, path string) {
	var c struct {
		Boards []struct{ Before, ByHand, After, Notes []string }
	}
	if err := json.Unmarshal(data, &c); err != nil {
		test.Fatal(err)
	}
	for _, b := range c.Boards {
		for _, text := range slices.Concat(b.Before, b.ByHand, b.After, b.Notes) {
			t.add(text, path)
		}
	}
}

func (t texts) goFile(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			if x, ok := f.X.(*ast.Ident); !ok || x.Name != "lang" {
				break
			}
			switch {
			case f.Sel.Name == "N" && len(n.Args) >= 3:
				t[literal(n.Args[1])+"\x00"+literal(n.Args[2])] = path
			case f.Sel.Name == "T" || f.Sel.Name == "F":
				t.add(literal(n.Args[0]), path)
			}
		case *ast.GenDecl:
			if n.Doc != nil && slices.ContainsFunc(n.Doc.List, func(c *ast.Comment) bool { return c.Text == "//lang:texts" }) {
				t.declared(n, path)
			}
		}
		return true
	})
	return nil
}

// declared collects the strings of a declaration that is marked as texts of the page:
// all values, no keys.
func (t texts) declared(n ast.Node, path string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			t.declared(kv.Value, path)
			return false
		}
		if e, ok := n.(ast.Expr); ok {
			// Lines for a shell are the same in every language.
			if text := literal(e); !strings.HasPrefix(text, "sudo ") {
				t.add(text, path)
			}
		}
		return true
	})
}

func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

var (
	scriptText = regexp.MustCompile(`\bt\(\s*("(?:[^"\\]|\\.)*")`)
	comments   = regexp.MustCompile(`(?s)<!--.*?-->|<!doctype[^>]*>|<svg class="symbols".*?</svg>`)
	foreign    = regexp.MustCompile(`(?s)<(bdi|code)\b[^>]*>.*?</(bdi|code)>|<(\w+)\b[^>]*translate="no"[^>]*>.*?</(\w+)>`)
	tags       = regexp.MustCompile(`(?s)<[^>]*>`)
	attributes = regexp.MustCompile(`\s(?:aria-label|title|placeholder|data-label)="([^"]*)"`)
)

func (t texts) htmlFile(page, path string) {
	page = foreign.ReplaceAllString(comments.ReplaceAllString(page, ""), "")
	for _, tag := range tags.FindAllString(page, -1) {
		for _, m := range attributes.FindAllStringSubmatch(tag, -1) {
			t.add(html.UnescapeString(m[1]), path)
		}
	}
	for _, text := range tags.Split(page, -1) {
		t.add(html.UnescapeString(text), path)
	}
}

type table struct {
	Code    string
	Texts   map[string]string
	Plurals []struct {
		One, Other string
		Forms      []string
	}
}

// TestUkrainianIsComplete fails for every text of the page that has no translation,
// and for every translation that nothing needs any more.
func TestUkrainianIsComplete(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(webFolder, "uk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var uk table
	if err := json.Unmarshal(data, &uk); err != nil {
		t.Fatal(err)
	}
	if uk.Code != "uk" {
		t.Errorf("the table is of %q", uk.Code)
	}
	for _, p := range uk.Plurals {
		uk.Texts[p.One+"\x00"+p.Other] = strings.Join(p.Forms, "\x00")
		if len(p.Forms) != 3 {
			t.Errorf("%q has %d forms, Ukrainian has three", p.Other, len(p.Forms))
		}
	}
	found := collect(t)
	for _, text := range slices.Sorted(maps.Keys(found)) {
		if uk.Texts[text] == "" {
			t.Errorf("no translation of %q (%s)", text, found[text])
		}
	}
	for _, text := range slices.Sorted(maps.Keys(uk.Texts)) {
		if found[text] == "" {
			t.Errorf("nothing needs the translation of %q any more", text)
		}
		checkPlaceholders(t, text, uk.Texts[text])
	}
	checkWayBack(t, found, uk.Texts)
}

// checkWayBack sees that each text of the static page can be told by its translation:
// web/language.js finds the English by it when the person chooses another language.
func checkWayBack(t *testing.T, found texts, translations map[string]string) {
	t.Helper()
	english := make(map[string]string)
	for text, where := range found {
		if filepath.Ext(where) != ".html" {
			continue
		}
		translation := translations[text]
		if other, ok := english[translation]; ok {
			t.Errorf("%q and %q of the page are both %q", text, other, translation)
		}
		english[translation] = text
	}
}

var placeholder = regexp.MustCompile(`\{\d\}`)

// checkPlaceholders compares what a text and its translation put in.
func checkPlaceholders(t *testing.T, text, translation string) {
	t.Helper()
	_, other, plural := strings.Cut(text, "\x00")
	if plural {
		text = other
	}
	want := placeholder.FindAllString(text, -1)
	slices.Sort(want)
	for _, form := range strings.Split(translation, "\x00") {
		got := placeholder.FindAllString(form, -1)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q puts in %v, its translation %q %v", text, want, form, got)
		}
	}
}
