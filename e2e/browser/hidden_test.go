package browser

import (
	"testing"
	"time"
)

// TestHiddenTabIsThrottled: a tab behind another one is really hidden here and its
// timers really slow, or a test of hidden pages would prove nothing.
func TestHiddenTabIsThrottled(t *testing.T) {
	d, err := StartDisplay(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := Launch(t.Context(), Options{Display: d.Name, Throttle: true, Features: HarshThrottling})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	url := serve(t)
	p, err := b.Open(PageOptions{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Goto(url); err != nil {
		t.Fatal(err)
	}
	if err := p.Do(`window.ticks = 0; setInterval(() => ticks++, 100); 0`); err != nil {
		t.Fatal(err)
	}
	count := func(d time.Duration) int {
		t.Helper()
		before, err := Eval[int](p, "ticks")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
		after, err := Eval[int](p, "ticks")
		if err != nil {
			t.Fatal(err)
		}
		return after - before
	}
	if n := count(2 * time.Second); n < 12 {
		t.Errorf("%d ticks of a visible tab in 2 s, want about 20", n)
	}
	other, err := b.Open(PageOptions{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Front(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(`document.visibilityState === "hidden"`, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	// Once a second at first, and after a few seconds once a minute.
	time.Sleep(12 * time.Second)
	if n := count(5 * time.Second); n > 1 {
		t.Errorf("%d ticks of a hidden tab in 5 s: its timers are not throttled", n)
	}
}
