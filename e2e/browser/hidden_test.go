package browser

import (
	"fmt"
	"testing"
	"time"
)

// TestHiddenTabIsThrottled: a tab behind another one is really hidden here and its
// timers really slow, or a test of hidden pages would prove nothing.
func TestHiddenTabIsThrottled(t *testing.T) {
	d, err := StartDisplay(t.Context())
	must(t, err)
	defer d.Close()
	b, err := Launch(t.Context(), Options{Display: d.Name, Throttle: true, Features: HarshThrottling})
	must(t, err)
	defer b.Close()
	other, err := b.Open(PageOptions{Shared: true})
	must(t, err)
	defer other.Close()
	p, err := b.Open(PageOptions{Shared: true})
	must(t, err)
	defer p.Close()
	must(t, p.Goto(serve(t)))
	must(t, p.Do(`window.ticks = 0; setInterval(() => ticks++, 100); 0`))
	// Hidden at once: Chromium throttles a page less that was looked at for some seconds.
	must(t, other.Front())
	_, err = p.Wait(`document.visibilityState === "hidden"`, 5*time.Second)
	must(t, err)
	time.Sleep(10 * time.Second) // once a second at first, then once a minute
	before, err := Eval[int](p, "ticks")
	must(t, err)
	time.Sleep(6 * time.Second)
	after, err := Eval[int](p, "ticks")
	must(t, err)
	if n := after - before; n > 7 { // one a second at the most; usually none
		t.Errorf("%d ticks of a hidden tab in 6 s: its timers are not throttled", n)
	}
	must(t, p.Front())
	_, err = p.Wait(`document.visibilityState === "visible"`, 5*time.Second)
	must(t, err)
	_, err = p.Wait(fmt.Sprintf("ticks > %d", after+10), 3*time.Second)
	must(t, err)
}
