package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const sample = `<!doctype html><title>sample</title><meta name=viewport content="width=device-width">
<button id=b disabled>Go</button><input id=i value=old><p id=p hidden>gone</p><p id=out></p>
<script src=/own.js></script>`

const script = `
setTimeout(() => { b.disabled = false }, 100);
b.addEventListener("click", e => { out.textContent = "clicked " + e.isTrusted });
i.addEventListener("input", () => { document.title = i.value });
`

func serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, sample)
		case "/own.js":
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, script)
		case "/favicon.ico":
			w.WriteHeader(http.StatusNoContent)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func launch(t *testing.T) *Browser {
	t.Helper()
	b, err := Launch(t.Context(), Options{})
	must(t, err)
	t.Cleanup(b.Close)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPage(t *testing.T) {
	url, b := serve(t), launch(t)
	p, err := b.Open(PageOptions{Width: 360, Height: 640, Touch: true, Dark: true, Before: []string{"window.before = 7"}})
	must(t, err)
	defer p.Close()
	must(t, p.Goto(url))
	must(t, p.Click("#b"))
	must(t, p.Fill("#i", "new text"))
	for expression, want := range map[string]string{
		`document.title`:        "new text",
		`out.textContent`:       "clicked true",
		`String(window.before)`: "7",
		`String(innerWidth)`:    "360",
		`String(matchMedia("(prefers-color-scheme: dark)").matches)`: "true",
		`Promise.resolve("later")`:                                   "later",
	} {
		if got, err := Eval[string](p, expression); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", expression, got, err, want)
		}
	}
	if ok, err := p.Visible("#p"); ok || err != nil {
		t.Errorf("a hidden element is visible: %v, %v", ok, err)
	}
	if _, err := p.Wait("false", 50*time.Millisecond); err == nil {
		t.Error("waited for what never comes without an error")
	}
	if png, err := p.Screenshot(); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("screenshot: %d bytes, %v", len(png), err)
	}
	if n, err := b.Memory(); err != nil || n < 10<<20 {
		t.Errorf("memory: %d, %v", n, err)
	}
	if got := p.Problems(); len(got) != 0 {
		t.Errorf("problems of a page that has none: %q", got)
	}
}

// TestProblems: what is wrong in a page does not go unnoticed.
func TestProblems(t *testing.T) {
	url, b := serve(t), launch(t)
	for name, tt := range map[string]struct{ script, want string }{
		"exception": {`setTimeout(() => { throw new Error("boom") })`, "boom"},
		"rejection": {`void Promise.reject(new Error("lost"))`, "lost"},
		"console":   {`console.error("bad thing")`, "bad thing"},
		"policy":    {`void document.body.append(Object.assign(document.createElement("script"), {src: "https://example.invalid/x.js"}))`, "Content Security Policy"},
		"load":      {`void document.body.append(Object.assign(document.createElement("img"), {src: "/missing.png"}))`, "missing.png"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := b.Open(PageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := p.Goto(url); err != nil {
				t.Fatal(err)
			}
			if err := p.Do(tt.script); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				if slices.ContainsFunc(p.Problems(), func(s string) bool { return strings.Contains(s, tt.want) }) {
					return
				}
			}
			t.Errorf("not noticed; problems: %q", p.Problems())
		})
	}
}
