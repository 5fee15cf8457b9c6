package e2e

import (
	"context"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// strange lists elements that the page itself never makes: what a device sends has
// become markup if there are any.
const strange = `document.querySelectorAll("img, iframe, object, embed, base, marquee, audio, video, style, main script, main a[href]:not([href^='#'])").length + Number(window.pwned !== undefined)`

// maxGrowth is how much memory the browser may gain under a hostile device, in bytes.
// The page's own bounds add up to a few megabytes; the rest is garbage that both
// collectors have not seen yet.
const maxGrowth = 120 << 20

// TestHostile: a device that misbehaves in any way neither stops the page nor makes
// it show markup, and once it behaves again the page works with it.
func TestHostile(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind ncpsim.Hostile
	}{
		{"random", ncpsim.HostileRandom},
		{"huge", ncpsim.HostileHuge},
		{"lengths", ncpsim.HostileLengths},
		{"endless", ncpsim.HostileEndless},
		{"markup", ncpsim.HostileMarkup},
		{"types", ncpsim.HostileTypes},
		{"results", ncpsim.HostileResults},
		{"invokes", ncpsim.HostileInvokes},
		{"silence", ncpsim.HostileSilence},
		{"slow", ncpsim.HostileSlow},
		{"everything", ncpsim.HostileRandom | ncpsim.HostileHuge | ncpsim.HostileLengths | ncpsim.HostileEndless | ncpsim.HostileMarkup |
			ncpsim.HostileTypes | ncpsim.HostileResults | ncpsim.HostileInvokes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, device := online(t, ncpsim.Options{
				HostilePeriod: 2 * time.Millisecond,
				Dashboard:     ncpsim.Dashboard{Period: 100 * time.Millisecond},
			})
			before := memory(t)
			device.NCP().SetHostile(tt.kind)
			for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
				for _, name := range []string{"device", "pins", "log"} {
					v.must(v.Do(`location.hash = "` + name + `"`))
					v.alive()
					if n := eval[int](v, strange); n != 0 {
						t.Fatalf("%d strange elements", n)
					}
				}
				v.must(v.Do(`document.getElementById("refresh").click()`))
			}
			if grown := memory(t) - before; grown > maxGrowth {
				t.Errorf("the browser grew by %d MB", grown>>20)
			} else {
				t.Logf("the browser grew by %d MB", grown>>20)
			}
			if tt.kind == ncpsim.HostileMarkup {
				v.must(v.Do(`location.hash = "pins"`))
				v.wait(`document.getElementById("pins").textContent.includes("<")`, 3*time.Second) // it did arrive, as text
			}
			device.NCP().SetHostile(0)
			if v.shows("#disconnect") {
				v.click("#disconnect")
			}
			v.connect()
		})
	}
}

// TestHostileFromTheStart: bring-up, too, meets what misbehaves.
func TestHostileFromTheStart(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]ncpsim.Hostile{
		"random": ncpsim.HostileRandom, "endless": ncpsim.HostileEndless, "types": ncpsim.HostileTypes, "invokes": ncpsim.HostileInvokes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, url := withNCP(t, ncpsim.Options{Hostile: kind, HostilePeriod: 2 * time.Millisecond})
			v := open(t, url, browser.PageOptions{})
			v.click("#connect")
			for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				v.alive()
			}
			if v.shows("#disconnect") {
				v.click("#disconnect")
				v.wait(`document.getElementById("connect").checkVisibility()`, 5*time.Second)
			}
			device.NCP().SetHostile(0)
			v.connect()
		})
	}
}

// TestNoisyLine: with one byte in a hundred corrupted the page still brings the NCP
// up, and shows that the line is bad.
func TestNoisyLine(t *testing.T) {
	device := ncp("Noisy", ncpsim.Options{})
	device.Wire.ErrorRate, device.Wire.Seed = 0.01, 7
	_, url := newLab(t, device)
	v := open(t, url, browser.PageOptions{})
	v.click("#connect")
	v.ready(60 * time.Second)
	v.wait(`Number(document.getElementById("link-crc").innerText.replace(/\D/g, "")) > 0`, 30*time.Second)
}

// alive fails unless the page draws frames and answers. The limit is for a machine
// that does much else; usually two frames take 30 ms.
func (v *view) alive() {
	v.t.Helper()
	start := time.Now()
	v.must(v.Do(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`))
	if d := time.Since(start); d > 4*time.Second {
		v.t.Errorf("two frames took %v", d)
	}
	if got := eval[string](v, `document.documentElement.dataset.core`); got != "ready" {
		v.t.Fatalf("the core is %q: %s", got, v.text("#core-error"))
	}
}

func memory(t *testing.T) int64 {
	t.Helper()
	n, err := chromium.Memory()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// chatty sends markup that is no protocol at all: it ends in the log.
type chatty struct{}

func (chatty) Run(ctx context.Context, u sim.UART) error {
	text := []byte("<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>\u202Ereversed\x1b[31mred\x00\x07\r\n")
	for ctx.Err() == nil {
		if _, err := u.Write(text); err != nil {
			return nil
		}
	}
	return nil
}

func TestMarkupInLog(t *testing.T) {
	_, url := newLab(t, lab.Spec{Name: `<b onclick="window.pwned=1">Name</b>`, Sim: chatty{}})
	v := open(t, url, browser.PageOptions{})
	v.click("#connect")
	v.goTo("log")
	v.sees("#log", "<img src=x", 20*time.Second)
	for range 20 {
		v.alive()
		time.Sleep(50 * time.Millisecond)
	}
	if n := eval[int](v, strange); n != 0 {
		t.Errorf("%d strange elements", n)
	}
	v.must(v.Do(`document.body.append(new Image())`))
	if n := eval[int](v, strange); n != 1 {
		t.Errorf("control: %d strange elements after one was added", n)
	}
	if n := eval[int](v, `document.getElementById("log").log.terminal.buffer.active.length`); n > 10_200 {
		t.Errorf("%d lines in the page", n)
	}
	v.sees("#chip", "<b onclick", time.Second)
}
