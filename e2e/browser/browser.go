// Package browser drives a real Chromium for the tests and benchmarks of the built
// page: it starts one or attaches to one, opens pages, and keeps every error that
// a page reports.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// Browser is a running Chromium.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
	pid    int // 0 for one that we only attached to
	step   time.Duration
}

// Options describe how a Chromium is started.
type Options struct {
	// Display is the X display of a browser with a window, such as ":99". Without
	// one the browser is headless, where a page is never hidden.
	Display string
	// Features are enabled beside Chromium's own, such as "Name:parameter/value".
	Features []string
	// Throttle leaves the throttling of hidden pages on, as people have it.
	Throttle bool
}

// HarshThrottling are the features that slow the timers of hidden pages down to one
// tick a minute after seconds, as browsers do by themselves after five minutes.
var HarshThrottling = []string{
	"IntensiveWakeUpThrottling:grace_period_seconds/1",
	"QuickIntensiveWakeUpThrottlingAfterLoading:grace_period_seconds/1",
}

// ErrNoChromium tells that no browser was found.
var ErrNoChromium = errors.New("no Chromium: install the Debian package chromium, or name the program in $CHROMIUM")

// Find returns the path of the Chromium to use: $CHROMIUM, or the one in the path.
func Find() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoChromium
}

// Launch starts a Chromium with a profile of its own, which goes when it is closed.
func Launch(ctx context.Context, o Options) (*Browser, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	actx, stopAllocator := chromedp.NewExecAllocator(ctx, o.allocator(path)...)
	bctx, stop := chromedp.NewContext(actx)
	if err := chromedp.Do(bctx); err != nil {
		stop()
		stopAllocator()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	b := &Browser{ctx: bctx, cancel: func() { stop(); stopAllocator() }, step: stepTime}
	if p := chromedp.FromContext(bctx).Browser.Process(); p != nil {
		b.pid = p.Pid
	}
	return b, nil
}

func (o Options) allocator(path string) []chromedp.ExecAllocatorOption {
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
	}
	for _, name := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "disable-dev-shm-usage", "disable-breakpad",
		"disable-client-side-phishing-detection", "metrics-recording-only", "no-pings", "mute-audio", "enable-automation",
	} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	opts = append(opts,
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider"),
	)
	if len(o.Features) > 0 {
		opts = append(opts, chromedp.Flag("enable-features", strings.Join(o.Features, ",")))
	}
	if !o.Throttle {
		for _, name := range []string{"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding"} {
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	if o.Display == "" {
		return append(opts, chromedp.Headless)
	}
	return append(opts, chromedp.Env("DISPLAY="+o.Display))
}

// Attach connects to the DevTools of a Chromium that runs already, such as
// http://127.0.0.1:9333.
func Attach(ctx context.Context, url string) (*Browser, error) {
	actx, stopAllocator := remote.NewAllocator(ctx, url)
	bctx, stop := chromedp.NewContext(actx)
	if err := chromedp.Do(bctx); err != nil {
		stop()
		stopAllocator()
		return nil, fmt.Errorf("attaching to %s: %w", url, err)
	}
	return &Browser{ctx: bctx, cancel: func() { stop(); stopAllocator() }, step: slowStepTime}, nil
}

// Close ends the browser, or detaches from it.
func (b *Browser) Close() { b.cancel() }

// Memory returns how many bytes of memory the browser's processes hold together
// (resident, shared pages counted in each). It needs /proc.
func (b *Browser) Memory() (int64, error) {
	if b.pid == 0 {
		return 0, errors.New("memory of a browser that was not started here")
	}
	parents, err := processes()
	if err != nil {
		return 0, err
	}
	var sum int64
	for pid := range parents {
		if descends(parents, pid, b.pid) {
			sum += resident(pid)
		}
	}
	if sum == 0 {
		return 0, errors.New("no process of the browser found")
	}
	return sum, nil
}

// processes maps the id of each running process to its parent's.
func processes() (map[int]int, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	parents := make(map[int]int)
	for _, dir := range dirs {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it ended meanwhile
		}
		// The name in brackets may hold spaces: what counts comes after it.
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if len(fields) > 1 {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	return parents, nil
}

func descends(parents map[int]int, pid, ancestor int) bool {
	for range len(parents) + 1 {
		if pid == ancestor {
			return true
		}
		next, ok := parents[pid]
		if !ok || next == pid {
			return false
		}
		pid = next
	}
	return false
}

func resident(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
