package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
)

// TestShellPaintsBeforeTheCore: what a person sees first does not wait for the wasm.
func TestShellPaintsBeforeTheCore(t *testing.T) {
	l, _ := newLab(t)
	handler, gate := l.Handler(), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ncpweb.") {
			select {
			case <-gate:
			case <-r.Context().Done():
			}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	v := load(t, chromium, srv.URL+"/", browser.PageOptions{})
	v.wait(`performance.getEntriesByName("first-contentful-paint").length === 1`, 5*time.Second)
	if got := eval[string](v, `document.documentElement.dataset.core`); got != "loading" {
		t.Errorf("the core is %q while its program is held back", got)
	}
	for _, part := range []string{"h1", `[data-nav="pins"]`, "#connect", "#chip"} {
		if !v.shows(part) {
			t.Errorf("%s is not painted without the core", part)
		}
	}
	if !eval[bool](v, `document.getElementById("connect").disabled`) {
		t.Error("Connect can be pressed although nothing can answer")
	}
	close(gate)
	v.core()
	if eval[bool](v, `document.getElementById("connect").disabled`) {
		t.Error("Connect cannot be pressed although the core is ready")
	}
}

// TestTryWithoutHardware: the simulated device in a Worker, from nothing to values.
func TestTryWithoutHardware(t *testing.T) {
	t.Parallel()
	_, url := newLab(t)
	v := open(t, strings.TrimSuffix(url, "?lab"), browser.PageOptions{})
	v.click("#try")
	t.Logf("ready %v after the click", v.ready(20*time.Second).Round(time.Millisecond))
	v.sees("#device-version", "0.", 5*time.Second)
	if v.text("#device-state") != "Online" {
		v.configure()
	}
	v.goTo("pins")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 4`, 15*time.Second)
	before := v.text(`#pins tbody tr[data-pin="1"]`)
	v.wait(`document.querySelector('#pins tbody tr[data-pin="1"]').innerText !== `+quote(before), 10*time.Second)
}

// TestNoWebSerial: a browser without the API says so and still has the simulator.
func TestNoWebSerial(t *testing.T) {
	_, url := newLab(t)
	v := open(t, strings.TrimSuffix(url, "?lab"), browser.PageOptions{Before: []string{`delete Navigator.prototype.serial`}})
	v.problem(noSerial, 3*time.Second)
	v.sees("#problem", "Chrome", time.Second)
	v.click("#problem-sim")
	v.ready(20 * time.Second)
}

// TestPolicy: the security policy is in force, sent by the server and by the page
// itself, and nothing but the page's own origin is reached.
func TestPolicy(t *testing.T) {
	_, url := newLab(t)
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	for _, part := range []string{"default-src 'none'", "'wasm-unsafe-eval'", "form-action 'none'", "base-uri 'none'"} {
		if got := response.Header.Get("Content-Security-Policy"); !strings.Contains(got, part) {
			t.Errorf("the policy %q has no %s", got, part)
		}
	}
	v := open(t, url, browser.PageOptions{})
	v.allow("Content Security Policy")
	v.allow("violates")
	refused := eval[[]string](v, `(async () => {
		const seen = [];
		addEventListener("securitypolicyviolation", e => seen.push(e.effectiveDirective));
		const script = document.createElement("script");
		script.textContent = "window.owned = true";
		document.body.append(script);
		const style = document.createElement("style");
		style.textContent = "body { display: none }";
		document.body.append(style);
		const image = new Image();
		image.src = "https://example.invalid/x.png";
		document.body.append(image);
		try { await fetch("https://example.invalid/") } catch {}
		await new Promise(done => setTimeout(done, 300));
		return [...seen, String(window.owned)];
	})()`)
	got := strings.Join(refused, " ")
	for _, want := range []string{"script-src-elem", "style-src-elem", "img-src", "connect-src", "undefined"} {
		if !strings.Contains(got, want) {
			t.Errorf("not refused: %s (seen: %s)", want, got)
		}
	}
	foreign := eval[[]string](v, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith("data:") && !n.includes("example.invalid"))`)
	if len(foreign) > 0 {
		t.Errorf("the page reached %q", foreign)
	}
}

// TestNothingStored: only settings stay in the browser.
func TestNothingStored(t *testing.T) {
	_, url := newLab(t)
	v := open(t, url, browser.PageOptions{})
	v.click("#theme")
	for what, n := range map[string]int{
		"cookies":         eval[int](v, `document.cookie.length`),
		"session storage": eval[int](v, `sessionStorage.length`),
		"databases":       eval[int](v, `indexedDB.databases().then(d => d.length)`),
		"caches":          eval[int](v, `caches.keys().then(k => k.length)`),
		"service workers": eval[int](v, `navigator.serviceWorker.getRegistrations().then(r => r.length)`),
	} {
		if n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
}
