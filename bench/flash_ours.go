package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/e2e/peer"
)

// watchTasks runs in the page before its own scripts and notes the tasks of its main
// thread that are longer than 50 ms, in ms.
const watchTasks = `
globalThis.bench = { tasks: [] };
new PerformanceObserver((list) => { for (const e of list.getEntries()) bench.tasks.push(e.duration) }).observe({ type: "longtask" });
`

// flashPage is the Flash view of the page on a lab with one board.
type flashPage struct {
	*browser.Page
	site *peer.Site
	rig  *rig
	stop context.CancelFunc
}

// open opens the Flash view.
func (f *flashBench) open(r *rig, o browser.PageOptions) (*flashPage, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	s, err := peer.ServeSite(ctx, os.DirFS(f.dist), r.spec)
	if err != nil {
		cancel()
		return nil, err
	}
	o.Before = append(o.Before, watchTasks)
	tab, err := f.browser.Open(o)
	if err != nil {
		cancel()
		return nil, err
	}
	p := &flashPage{tab, s, r, cancel}
	s.Lab.Device(r.spec.Name).Wire().Tap(r.tap.see)
	if err := p.start(); err != nil {
		p.close()
		return nil, fmt.Errorf("%w; problems of the page: %q", err, tab.Problems())
	}
	return p, nil
}

func (p *flashPage) close() {
	p.Close()
	p.stop()
}

func (p *flashPage) start() error {
	if err := p.Goto(p.site.URL + "?lab#flash"); err != nil {
		return err
	}
	_, err := p.Wait(`document.documentElement.dataset.workshop === "ready" && document.getElementById("run-flash").checkVisibility()`, 20*time.Second)
	return err
}

// choose chooses a firmware, as a drop of a file does, and the rate of the transfer.
func (p *flashPage) choose(image []byte, baud int) error {
	p.site.SetImage(image)
	if _, err := browser.Eval[bool](p.Page, `(async () => {
		document.getElementById("fw-clear").click();
		for (const b of document.querySelectorAll("#fw-parts button[data-act=remove]")) b.click();
		const data = await (await fetch("/image")).arrayBuffer();
		const list = new DataTransfer();
		list.items.add(new File([data], "ncp.flash.bin"));
		const input = document.getElementById("fw-files");
		input.files = list.files;
		input.dispatchEvent(new Event("change"));
		return true;
	})()`); err != nil {
		return err
	}
	if err := p.Do(fmt.Sprintf(`(() => {
		const rate = document.getElementById("fw-rate");
		rate.value = "%[1]d";
		if (rate.value !== "%[1]d") throw new Error("the page does not offer %[1]d baud");
		rate.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, baud)); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond) // the firmware is explained before anybody can press the button
	_, err := p.Wait(`!document.getElementById("run-flash").disabled`, 10*time.Second)
	return err
}

// flash presses the button and waits for the last digest, and for the page to be done.
func (p *flashPage) flash() (time.Duration, error) {
	if err := p.Do(`bench.tasks = []`); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := p.Do(`document.getElementById("run-flash").click()`); err != nil {
		return 0, err
	}
	return p.finish(began)
}

// finish waits until the page is done, and tells how long it took from began to the last
// digest.
func (p *flashPage) finish(began time.Time) (time.Duration, error) {
	time.Sleep(500 * time.Millisecond)
	if _, err := p.Wait(`document.getElementById("task-close").checkVisibility() || document.getElementById("run-flash").checkVisibility()`, flashLimit); err != nil {
		said, _ := p.Text("#run-log")
		return 0, fmt.Errorf("%w; %s", err, said)
	}
	said, err := browser.Eval[string](p.Page, `document.getElementById("run-said").textContent`)
	fmt.Fprintf(os.Stderr, "bench: the page says after %.2f s: %s\n", time.Since(began).Seconds(), said)
	if os.Getenv("BENCH_LOG") != "" {
		log, _ := browser.Eval[string](p.Page, `document.getElementById("run-details").open = true, new Promise((done) => setTimeout(() => done(document.getElementById("run-log").textContent), 1500))`)
		fmt.Fprintln(os.Stderr, log)
	}
	return p.rig.tap.verified().Sub(began), err
}

// longest is the longest task of the page's main thread since flash; 0: none over 50 ms.
func (p *flashPage) longest() (time.Duration, error) {
	time.Sleep(100 * time.Millisecond) // the observer is told late
	v, err := browser.Eval[float64](p.Page, `Math.max(0, ...bench.tasks)`)
	return time.Duration(v * float64(time.Millisecond)), err
}

// ours lets the page's Flash view do it.
func (f *flashBench) ours(c flashCase, r *rig, image []byte) (outcome, error) {
	p, err := f.open(r, browser.PageOptions{})
	if err != nil {
		return outcome{}, err
	}
	defer p.close()
	return f.oneFlash(p, c, image)
}

// oneFlash writes an image in a page that is open.
func (f *flashBench) oneFlash(p *flashPage, c flashCase, image []byte) (outcome, error) {
	if err := p.choose(image, c.baud); err != nil {
		return outcome{}, err
	}
	p.rig.tap.clear()
	took, err := p.flash()
	if err == nil {
		err = p.rig.check(image)
	}
	if err != nil {
		log, _ := browser.Eval[string](p.Page, `document.getElementById("run-details").open = true, new Promise((done) => setTimeout(() => done(document.getElementById("run-log").textContent), 1500))`)
		return outcome{}, fmt.Errorf("%w; problems of the page: %q; the wire: %+v; its log:\n%s",
			err, p.Problems(), p.site.Lab.Device(p.rig.spec.Name).Wire().Stats(), log)
	}
	p.rig.explain(c)
	task, err := p.longest()
	return outcome{took, p.rig.tap.share(c.baud), p.rig.tap.wire(), task}, err
}
