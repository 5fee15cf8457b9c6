package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// uidMCUPing is the method by which an NCP asks whether its MCU is there.
const uidMCUPing = 0x0181

// TestHiddenTab: heartbeat and traffic go on at full rate in a tab behind another
// one, although the browser slows its timers down to one tick a minute.
func TestHiddenTab(t *testing.T) {
	t.Parallel() // most of it is waiting
	display, err := browser.StartDisplay(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(display.Close)
	b, err := browser.Launch(t.Context(), browser.Options{Display: display.Name, Throttle: true, Features: browser.HarshThrottling})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	// Another page configures the NCP: a hidden one is not worked with.
	other, device := online(t, ncpsim.Options{})
	url := eval[string](other, `location.origin + "/?lab"`)
	other.click("#disconnect")
	other.wait(`document.getElementById("connect").checkVisibility()`, 3*time.Second)

	front, err := b.Open(browser.PageOptions{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	v := load(t, b, url, browser.PageOptions{Shared: true})
	v.must(front.Front()) // at once: a page that was looked at longer is throttled less
	v.wait(`document.visibilityState === "hidden"`, 5*time.Second)
	v.core()
	v.must(v.Do(`window.ticks = 0; setInterval(() => ticks++, 100); 0`))
	v.must(v.Do(`document.getElementById("connect").click()`))
	boots := device.NCP().Stats().Boots
	time.Sleep(14 * time.Second) // until the browser throttles in earnest
	if now := device.NCP().Stats().Boots; now != boots || device.NCP().State() != ncpsim.StateConnected {
		t.Fatalf("the NCP is in state %v after %d restarts", device.NCP().State(), now-boots)
	}

	start, ticks, stats := time.Now(), eval[int](v, `ticks`), device.NCP().Stats()
	time.Sleep(26 * time.Second) // quiet: only the heartbeat keeps the NCP from giving up
	// One tick a minute is what it usually is. A browser that starts slowly may stay at
	// one a second, which is a tenth of what was asked for.
	if n := eval[int](v, `ticks`) - ticks; n > 30 {
		t.Errorf("control: %d ticks of a timer of 100 ms in %v; the page is not throttled", n, time.Since(start).Round(time.Second))
	} else {
		t.Logf("control: %d ticks of a timer of 100 ms in %v", n, time.Since(start).Round(time.Second))
	}
	n, gap := heard(device, start)
	t.Logf("heartbeat: %d calls of the page, the longest silence %v", n, gap.Round(time.Millisecond))
	if gap > 15*time.Second { // the protocol's limit
		t.Errorf("the page was silent for %v", gap)
	}
	if now := device.NCP().Stats(); now.Boots != stats.Boots || now.Pings != stats.Pings {
		t.Errorf("the NCP lost its MCU: %d starts, %d pings of its own; before %d, %d", now.Boots, now.Pings, stats.Boots, stats.Pings)
	}

	// The page answers the NCP at once.
	var took []time.Duration
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		asked := time.Now()
		if _, status, err := device.NCP().Call(ctx, uidMCUPing); err != nil || status != 0 {
			t.Errorf("the page does not answer: status %d, %v", status, err)
		}
		took = append(took, time.Since(asked))
		cancel()
	}
	slices.Sort(took)
	t.Logf("calls of the NCP to the page: median %v, worst %v", took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > 50*time.Millisecond {
		t.Errorf("the page answers after %v", took[len(took)/2])
	}

	// Traffic at full rate: all that the dashboard changed is there, at its last value.
	const changes = 2000
	for i := range changes {
		if err := device.NCP().Cloud().Set(uint16(10+i%20), time.Duration(i).String()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	if eval[string](v, `document.visibilityState`) != "hidden" {
		t.Error("the page was not hidden all the time")
	}
	v.must(v.Front())
	v.wait(`document.visibilityState === "visible"`, 5*time.Second)
	v.must(v.Do(`location.hash = "pins"`))
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 20`, 5*time.Second)
	sum := `[...document.querySelectorAll("#pins tbody .c-count")].reduce((n, e) => n + Number(e.innerText.replace(/\D/g, "")), 0)`
	v.wait(sum+` >= `+"2000", 3*time.Second)
	if n := eval[int](v, sum); n != changes {
		t.Errorf("the page counted %d changes of %d", n, changes)
	}
}

// heard returns how many calls of the page the NCP answered since start, and the
// longest time without one.
func heard(d *lab.Device, start time.Time) (n int, gap time.Duration) {
	last := start
	for _, e := range d.NCP().Log() {
		if e.Kind == "call" && e.Time.After(start) {
			n++
			gap = max(gap, e.Time.Sub(last))
			last = e.Time
		}
	}
	return n, max(gap, time.Since(last))
}
