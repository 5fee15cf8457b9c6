package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/sim/espsim"
)

// again measures the same image for the second time, and one of which 3 per cent in one
// place are different, against the first time.
func (f *flashBench) again() error {
	c := flashCase{espsim.ESP32, 921600, time.Millisecond}
	image := espsim.Image(espsim.ImageOptions{Chip: c.chip})
	r := newRig(c, nil)
	p, err := f.open(r, browser.PageOptions{})
	if err != nil {
		return err
	}
	defer p.close()
	var times []float64
	for _, m := range [][]byte{image, image, changed(image, len(image)*3/100)} {
		o, err := f.oneFlash(p, c, m)
		if err != nil {
			return err
		}
		times = append(times, o.time.Seconds())
	}
	fmt.Fprintf(os.Stderr, "bench: %v: first %.2f s, same %.2f s, changed %.2f s\n", c, times[0], times[1], times[2])
	figure(f.w, "flash.same.ratio", times[1]/times[0], "1")
	figure(f.w, "flash.changed3.ratio", times[2]/times[0], "1")
	return nil
}

// changed returns an image of the simulator for an ESP32 with n other bytes in the middle
// of its app, and with the app's digest as it has to be then.
func changed(image []byte, n int) []byte {
	const app, head = 0x10000, 24
	b := bytes.Clone(image)
	for i := range n &^ 1 { // in pairs, so that the check sum stays
		b[app+(len(b)-app)/2+i] ^= byte(i/2%251 + 1)
	}
	pos := app + head
	for range b[app+1] {
		pos += 8 + int(binary.LittleEndian.Uint32(b[pos+4:]))
	}
	pos = pos | 15 + 1
	sum := sha256.Sum256(b[app:pos])
	copy(b[pos:], sum[:])
	return b
}

// hidden measures a flash in a tab behind another one against one in front, with timers
// slowed down to one tick a minute, as browsers do after some time.
func (f *flashBench) hidden() error {
	display, err := browser.StartDisplay(f.ctx)
	if err != nil {
		return err
	}
	defer display.Close()
	b, err := browser.Launch(f.ctx, browser.Options{Display: display.Name, Throttle: true, Features: browser.HarshThrottling})
	if err != nil {
		return err
	}
	defer b.Close()
	own := *f
	own.browser = b
	c := flashCase{espsim.ESP32C3, 921600, time.Millisecond}
	image := espsim.Image(espsim.ImageOptions{Chip: c.chip, App: 512 << 10})
	var times [2]float64
	for i, behind := range []bool{false, true} {
		front, err := b.Open(browser.PageOptions{Shared: true})
		if err != nil {
			return err
		}
		defer front.Close()
		p, err := own.open(newRig(c, nil), browser.PageOptions{Shared: true})
		if err != nil {
			return err
		}
		defer p.close()
		if err := p.choose(image, c.baud); err != nil {
			return err
		}
		if behind {
			if err := p.hide(front); err != nil {
				return err
			}
		}
		took, err := p.unseen(image)
		if err != nil {
			return err
		}
		times[i] = took.Seconds()
		state, err := browser.Eval[string](p.Page, `document.visibilityState`)
		if err != nil || (state == "hidden") != behind {
			return fmt.Errorf("the page was %s: %v", state, err)
		}
	}
	fmt.Fprintf(os.Stderr, "bench: in sight %.2f s, hidden %.2f s\n", times[0], times[1])
	figure(f.w, "flash.hidden.ratio", times[1]/times[0], "1")
	return nil
}

// hide puts another page in front and waits until the browser throttles this one in earnest.
func (p *flashPage) hide(front *browser.Page) error {
	if err := front.Front(); err != nil {
		return err
	}
	_, err := p.Wait(`document.visibilityState === "hidden"`, 5*time.Second)
	time.Sleep(14 * time.Second)
	return err
}

// unseen presses the button and waits until the firmware runs, without a look at the page,
// which shows nothing new while it is hidden.
func (p *flashPage) unseen(image []byte) (time.Duration, error) {
	began := time.Now()
	if err := p.Do(`document.getElementById("run-flash").click()`); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), flashLimit)
	defer cancel()
	if err := p.rig.board.WaitState(ctx, espsim.Running); err != nil {
		return 0, fmt.Errorf("the board is %v: %w", p.rig.board.State(), err)
	}
	return p.rig.tap.verified().Sub(began), p.rig.check(image)
}

// tests runs tests that print figures themselves, and prints those.
func (f *flashBench) tests(pkg, name string) error {
	cmd := exec.CommandContext(f.ctx, "go", "test", "-count=1", "-timeout", "30m", "-v", "-run", "^"+name+"$", pkg)
	cmd.Dir = f.root
	cmd.Env = append(os.Environ(), "E2E_DIST="+f.dist)
	out, err := cmd.CombinedOutput()
	found := false
	for line := range strings.Lines(string(out)) {
		if i := strings.Index(line, "figure flash."); i >= 0 {
			fmt.Fprint(f.w, line[i:])
			found = true
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s of %s: %w\n%s", name, pkg, err, out)
	case !found:
		return fmt.Errorf("%s of %s printed no figure", name, pkg)
	}
	return nil
}
