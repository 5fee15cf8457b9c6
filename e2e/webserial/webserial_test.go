//go:build webserial

package webserial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// guestPage is the page's address as the guest sees it.
const guestPage = "http://localhost:8080/"

// Under emulation everything takes its time.
const patience = 60 * time.Second

// setting reads one of the addresses that scripts/webserial.sh hands over.
func setting(t *testing.T, name string) string {
	t.Helper()
	for _, field := range strings.Fields(os.Getenv("NCP_WEBSERIAL")) {
		if v, ok := strings.CutPrefix(field, name+"="); ok {
			return v
		}
	}
	t.Fatalf("NCP_WEBSERIAL has no %s: run `make test-webserial`", name)
	return ""
}

// bench is the guest with the page in it and a simulated NCP behind its adapter.
type bench struct {
	*browser.Page
	t       *testing.T
	ncp     *ncpsim.NCP
	uart    *uart
	monitor *qmp
}

func newBench(t *testing.T) *bench {
	t.Helper()
	servePage(t, setting(t, "http"))
	run := setting(t, "run")
	u, err := dialUART(setting(t, "serial"), filepath.Join(run, "usb.log"))
	if err != nil {
		t.Fatal(err)
	}
	monitor, err := dialQMP(filepath.Join(run, "qmp.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { monitor.Close() })
	b := &bench{t: t, uart: u, monitor: monitor, ncp: ncpsim.New(ncpsim.Options{Provisioned: true, Version: "0.7.4"})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.ncp.Run(ctx, u); err != nil {
			t.Errorf("the simulated NCP stopped: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		u.conn.Close()
		<-done
	})
	chromium, err := browser.Attach(t.Context(), "http://"+setting(t, "cdp"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	// The guest's policy grants the adapter to the browser's own profile.
	if b.Page, err = chromium.Open(browser.PageOptions{Shared: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Page.Close)
	return b
}

// servePage serves dist/ to the guest.
func servePage(t *testing.T, addr string) {
	t.Helper()
	l, err := lab.New(lab.Options{Dist: os.DirFS(filepath.Join("..", "..", "dist"))})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: l.Handler(), ReadHeaderTimeout: patience}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving the page: %v", err)
		}
	}()
	t.Cleanup(func() { server.Close() })
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		text, _ := b.Text("#main")
		b.t.Fatalf("%v\nproblems of the page: %q\nthe page: %s", err, b.Problems(), text)
	}
}

func (b *bench) wait(expression string) time.Duration {
	b.t.Helper()
	d, err := b.Wait(expression, patience)
	b.must(err)
	return d
}

// saw prints what happened, for the closing note.
func (b *bench) saw(format string, args ...any) {
	b.t.Helper()
	sent, received, garbled, baud := b.uart.counts()
	b.t.Logf("%s [NCP at %d baud, %d bytes to the page, %d from it, %d garbled by a wrong rate]", fmt.Sprintf(format, args...), baud, sent, received, garbled)
}

const ready = `document.getElementById("rate").disabled === false`

// TestFlow is connect, configure, pins, rate change, unplug and replug, over
// navigator.serial and ftdi_sio.
func TestFlow(t *testing.T) {
	b := newBench(t)
	b.must(b.Goto(guestPage))
	b.wait(`document.documentElement.dataset.core === "ready"`)
	b.must(b.Do(`window.never = "reloaded"; 0`))
	ports, err := browser.Eval[string](b.Page, `navigator.serial.getPorts().then(p => JSON.stringify(p.map(p => p.getInfo())))`)
	b.must(err)
	b.saw("page ready; getPorts: %s", ports)

	b.must(b.Click("#connect"))
	took := b.wait(ready)
	b.saw("connected after %v", took.Round(time.Millisecond))
	b.wait(`document.getElementById("device-version").innerText.includes("0.7.4")`)
	chip, err := b.Text("#chip")
	b.must(err)
	b.saw("chip: %s", strings.ReplaceAll(chip, "\n", " "))

	b.must(b.Do(`location.hash = "configure"`))
	b.must(b.Fill(`[name="templateID"]`, "TMPLreal"))
	b.must(b.Fill(`[name="templateName"]`, "Guest"))
	b.must(b.Click("#apply"))
	b.wait(`document.getElementById("apply-badge").dataset.tone === "ok"`)
	b.inState(ncpsim.StateConnected)
	b.saw("configured: %q", b.ncp.Settings().TemplateID)

	b.must(b.Do(`location.hash = "pins"`))
	b.must(b.Fill("#write-pin", "5"))
	b.must(b.Fill("#items input", "hello from the guest"))
	b.must(b.Click("#write"))
	b.cloudHas(5, "hello from the guest")
	b.must(b.ncp.Cloud().Set(6, "hello to the guest"))
	b.wait(`document.querySelector('#pins tbody tr[data-pin="6"]')?.innerText.includes("hello to the guest")`)
	b.saw("pins went both ways")

	for _, baud := range []string{"115200", "921600", "38400"} {
		b.must(b.Do(`location.hash = "device"`))
		b.must(b.Do(`document.getElementById("rate").value = "` + baud + `"`))
		b.must(b.Click("#rate-set"))
		took = b.wait(`document.getElementById("chip").innerText.replace(/\D/g, "").includes("` + baud + `") && ` + ready)
		b.saw("rate changed to %s after %v; adapter's rates so far %v", baud, took.Round(time.Millisecond), b.uart.trace.rates())
	}

	// The page's own clock: looking from here takes a good part of a second on the
	// emulated processor.
	b.must(b.Do(`window.stamps = {begin: performance.now()};
		navigator.serial.addEventListener("disconnect", () => { stamps.event = performance.now() - stamps.begin });
		const card = document.getElementById("problem");
		new MutationObserver(() => { if (!card.hidden && card.dataset.code === "5") stamps.card ??= performance.now() - stamps.begin })
			.observe(card, {attributes: true}); 0`))
	b.must(b.monitor.unplug())
	seen := b.wait(`stamps.card && stamps.event && document.getElementById("problem").checkVisibility()`)
	card, err := browser.Eval[float64](b.Page, `stamps.card`)
	b.must(err)
	event, err := browser.Eval[float64](b.Page, `stamps.event`)
	b.must(err)
	took = time.Duration(card * float64(time.Millisecond))
	b.saw("unplugged: problem card after %v, the browser's disconnect event after %.0f ms; seen from outside after %v", took.Round(time.Millisecond), event, seen.Round(time.Millisecond))
	if took > time.Second {
		t.Errorf("the card took %v", took)
	}
	time.Sleep(2 * time.Second)
	b.must(b.monitor.plug())
	took = b.wait(ready)
	b.saw("plugged in again: ready after %v", took.Round(time.Millisecond))
	b.wait(`!document.getElementById("problem").checkVisibility()`)
	never, err := browser.Eval[string](b.Page, `window.never`)
	if b.must(err); never != "reloaded" {
		t.Error("the page was reloaded")
	}
	b.must(b.Do(`location.hash = "pins"`))
	b.must(b.Fill("#write-pin", "5"))
	b.must(b.Fill("#items input", "still here"))
	b.must(b.Click("#write"))
	b.cloudHas(5, "still here")
	b.saw("a value after the replug")

	b.must(b.Click("#disconnect"))
	b.wait(`document.getElementById("connect").checkVisibility()`)
	if p := b.Problems(); len(p) > 0 {
		t.Errorf("the page reported %q", p)
	}
	if _, _, garbled, _ := b.uart.counts(); garbled == 0 {
		t.Log("note: no byte passed at a wrong rate")
	}
}

func (b *bench) inState(s ncpsim.State) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	b.must(b.ncp.WaitState(ctx, s))
}

func (b *bench) cloudHas(pin uint16, value string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	b.must(b.ncp.Cloud().WaitPin(ctx, pin, value))
}
