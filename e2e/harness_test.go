package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/internal/vectors"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// What all tests share: the built page, and one browser in which every test has a
// fresh profile.
var (
	root     string
	dist     fs.FS
	chromium *browser.Browser
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if root, err = vectors.Root(); err == nil {
		dist, err = builtPage(root)
	}
	if err == nil {
		chromium, err = browser.Launch(context.Background(), browser.Options{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer chromium.Close()
	return m.Run()
}

// builtPage returns dist/. It fails unless that is what the sources make now: a test
// of an older build would prove nothing. E2E_DIST names another build to test as it is.
func builtPage(root string) (fs.FS, error) {
	if dir := os.Getenv("E2E_DIST"); dir != "" {
		return os.DirFS(dir), nil
	}
	cmd := exec.Command("go", "run", "./cmd/dist", "-check")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s", strings.TrimSpace(string(out)))
	}
	return os.DirFS(filepath.Join(root, "dist")), nil
}

// newLab serves the page with devices for the time of a test and returns the
// address of the page.
func newLab(t *testing.T, devices ...lab.Spec) (*lab.Lab, string) {
	t.Helper()
	l, err := lab.New(lab.Options{Dist: dist, Devices: devices, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	url, err := l.Start(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, url
}

// ncp is a simulated NCP as a lab device.
func ncp(name string, o ncpsim.Options) lab.Spec {
	return lab.Spec{Name: name, Sim: ncpsim.New(o), Wire: sim.WireOptions{Latency: time.Millisecond}}
}

// withNCP serves one NCP and returns it with the address of the page.
func withNCP(t *testing.T, o ncpsim.Options) (*lab.Device, string) {
	t.Helper()
	l, url := newLab(t, ncp("Board", o))
	return l.Device("Board"), url
}

// view is a page in a test: every step that fails ends the test, and every error
// that the page reports fails it.
type view struct {
	*browser.Page
	t       *testing.T
	allowed []string
}

// open opens the page in a fresh profile and waits until its core is ready.
func open(t *testing.T, url string, o browser.PageOptions) *view {
	t.Helper()
	v := load(t, chromium, url, o)
	v.core()
	return v
}

// core waits until the core is ready.
func (v *view) core() {
	v.t.Helper()
	v.wait(`document.documentElement.dataset.core === "ready"`, 10*time.Second)
}

// load opens the page without waiting for its core.
func load(t *testing.T, b *browser.Browser, url string, o browser.PageOptions) *view {
	t.Helper()
	p, err := b.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &view{Page: p, t: t}
	t.Cleanup(v.finish)
	v.must(p.Goto(url))
	return v
}

// finish keeps a picture of a page whose test failed, and fails the test for every
// problem that it did not expect.
func (v *view) finish() {
	for _, p := range v.Problems() {
		if !slices.ContainsFunc(v.allowed, func(s string) bool { return strings.Contains(p, s) }) {
			v.t.Errorf("the page reported: %s", p)
		}
	}
	if v.t.Failed() {
		if png, err := v.Screenshot(); err == nil {
			v.keep(png)
		}
	}
	v.Close()
}

func (v *view) keep(png []byte) {
	dir := filepath.Join(root, "e2e", "out")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return
	}
	file := filepath.Join(dir, strings.ReplaceAll(v.t.Name(), "/", "-")+".png")
	if os.WriteFile(file, png, 0o644) == nil {
		v.t.Logf("the page as it was: e2e/out/%s", filepath.Base(file))
	}
}

// allow expects problems that contain s: a test that breaks something on purpose.
func (v *view) allow(s string) { v.allowed = append(v.allowed, s) }

func (v *view) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatalf("%v\nproblems of the page: %q", err, v.Problems())
	}
}

func (v *view) click(selector string) { v.t.Helper(); v.must(v.Click(selector)) }

func (v *view) fill(selector, text string) { v.t.Helper(); v.must(v.Fill(selector, text)) }

func (v *view) press(keys string) { v.t.Helper(); v.must(v.Press(keys)) }

func (v *view) wait(expression string, limit time.Duration) time.Duration {
	v.t.Helper()
	d, err := v.Wait(expression, limit)
	v.must(err)
	return d
}

func (v *view) text(selector string) string {
	v.t.Helper()
	s, err := v.Text(selector)
	v.must(err)
	return s
}

func (v *view) shows(selector string) bool {
	v.t.Helper()
	ok, err := v.Visible(selector)
	v.must(err)
	return ok
}

// sees waits until an element is shown and its text contains want.
func (v *view) sees(selector, want string, limit time.Duration) {
	v.t.Helper()
	ok := fmt.Sprintf(`(e => e && e.checkVisibility({visibilityProperty: true}) && e.innerText.includes(%q))(document.querySelector(%q))`, want, selector)
	if _, err := v.Wait(ok, limit); err != nil {
		v.t.Fatalf("%s does not show %q but %q (%v)", selector, want, v.text(selector), err)
	}
}

func eval[T any](v *view, expression string) T {
	v.t.Helper()
	x, err := browser.Eval[T](v.Page, expression)
	v.must(err)
	return x
}

// ready waits until an NCP answers: then it can be told to change its rate.
func (v *view) ready(limit time.Duration) time.Duration {
	v.t.Helper()
	return v.wait(`document.getElementById("rate").disabled === false`, limit)
}

// connect presses Connect and waits until the NCP answers.
func (v *view) connect() {
	v.t.Helper()
	v.click("#connect")
	v.ready(20 * time.Second)
}

// goTo goes to a view by its link.
func (v *view) goTo(name string) {
	v.t.Helper()
	v.click(`[data-nav="` + name + `"]`)
	v.wait(`document.querySelector('[data-view="`+name+`"]').checkVisibility()`, 2*time.Second)
}

// problem waits for the card of a problem and returns how long that took.
func (v *view) problem(code int, limit time.Duration) time.Duration {
	v.t.Helper()
	d, err := v.Wait(fmt.Sprintf(`(e => e.checkVisibility() && e.dataset.code === "%d")(document.getElementById("problem"))`, code), limit)
	if err != nil {
		v.t.Fatalf("no card of problem %d but %q: %v", code, v.text("#problem"), err)
	}
	for _, part := range []string{"#problem-title", "#problem-what", "#problem-try li"} {
		if v.text(part) == "" {
			v.t.Errorf("the card of problem %d has no %s", code, part)
		}
	}
	return d
}

// Codes of problems, as the page numbers them.
const (
	noSerial = iota + 1
	busy
	denied
	openFailed
	unplugged
	silent
)

// quote makes a JavaScript string.
func quote(s string) string { return strconv.QuoteToASCII(s) }

// atoi reads a number that is known to be one.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
