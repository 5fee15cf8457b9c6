package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// The load of the page: so many changes of so many pins a second, at such a rate of
// the line.
const (
	speedBaud    = 2_000_000
	speedChanges = 2000
	speedPins    = 20
	firstPin     = 10 // of the load (ncpsim)
	chartedPins  = 8
)

// The page keeps so many of the newest values and frames. Filling it shows whether its
// memory stays as it is from then on; a line of speedBaud carries that many changes a
// second, and a few more.
const (
	fillChanges = 520_000
	fillRate    = 7000
	fillLimit   = 3 * time.Minute
)

// warmUp is how long the page may settle before it is measured, and drain how long the
// last changes take to be counted.
const (
	warmUp = 5 * time.Second
	settle = 60 * time.Second // until a view has turned over all of the 100,000 frames that it keeps
	drain  = 1500 * time.Millisecond
)

// watchFrames runs in the page before its own scripts. It notes the frames that are
// drawn, the tasks of the main thread that are longer than 50 ms, and the memories of
// the programs in WebAssembly.
const watchFrames = `
globalThis.bench = { frames: [], tasks: [], memories: [] };
new PerformanceObserver((list) => { for (const e of list.getEntries()) bench.tasks.push([e.startTime, e.duration]) }).observe({ type: "longtask" });
requestAnimationFrame(function frame(now) { bench.frames.push(now); requestAnimationFrame(frame) });
for (const name of ["instantiate", "instantiateStreaming"]) {
	const plain = WebAssembly[name];
	WebAssembly[name] = async (...args) => {
		const result = await plain.apply(WebAssembly, args);
		for (const x of Object.values((result.instance ?? result).exports)) if (x instanceof WebAssembly.Memory) bench.memories.push(x);
		return result;
	};
}
bench.begin = () => { bench.from = performance.now(); bench.frames = []; bench.tasks = [] };
// Frames a second, the longest time between two frames, and the longest task, in ms; a task
// that no observer tells of is shorter than 50 ms, and none is longer than the time
// between the frames around it.
bench.end = () => {
	const f = bench.frames, gaps = f.slice(1).map((t, i) => t - f[i]);
	return [1000 * (f.length - 1) / (f.at(-1) - f[0]), Math.max(...gaps), Math.max(0, ...bench.tasks.map((t) => t[1])), bench.tasks.length];
};
bench.memory = () => bench.memories.reduce((n, m) => n + m.buffer.byteLength, 0);
`

// speed measures the page under load.
type speed struct {
	*browser.Page
	w       io.Writer
	device  *ncpsim.NCP
	wire    *sim.Wire
	time    time.Duration // of each measurement
	fill    bool          // let the page keep all that it can keep before it is measured
	profile bool
}

// measureSpeed measures the Pins view and then the Traffic view, each for some time.
func measureSpeed(w io.Writer, b *browser.Browser, url string, board *lab.Device, o pageOptions) error {
	p, err := b.Open(browser.PageOptions{Width: 1280, Height: 900, Before: []string{watchFrames}})
	if err != nil {
		return err
	}
	defer p.Close()
	s := &speed{p, w, board.NCP(), board.Wire(), o.time, o.fill, o.profile}
	if _, err := coreReady(p, url); err != nil {
		return err
	}
	for _, step := range []func() error{s.connect, s.pins, s.traffic} {
		if err := step(); err != nil {
			return fmt.Errorf("%w; problems of the page: %q", err, p.Problems())
		}
	}
	return nil
}

// speedDevice is the board for measureSpeed.
func speedDevice() lab.Spec {
	n := ncpsim.New(ncpsim.Options{Provisioned: true, Initialized: true})
	return lab.Spec{Name: "Board", Sim: n, Wire: sim.WireOptions{Latency: time.Millisecond}}
}

func (s *speed) connect() error {
	if err := s.Click("#connect"); err != nil {
		return err
	}
	const ready = `!document.getElementById("rate").disabled`
	if _, err := s.Wait(ready, 20*time.Second); err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // what is asked after the bring-up shall be over
	if err := s.Do(fmt.Sprintf(`document.getElementById("rate").value = "%d"`, speedBaud)); err != nil {
		return err
	}
	if err := s.Click("#rate-set"); err != nil {
		return err
	}
	// The chip of the connection tells the rate at which the NCP has answered.
	_, err := s.Wait(fmt.Sprintf(`document.getElementById("chip-detail").textContent.replace(/\D/g, "").includes("%d") && %s`, speedBaud, ready), 20*time.Second)
	time.Sleep(2 * time.Second)
	return err
}

// load lets the dashboard change pins so many times a second; 0 stops it.
func (s *speed) load(changes int) {
	s.device.Cloud().SetDashboard(ncpsim.Dashboard{Load: changes, LoadPins: speedPins})
}

// show goes to a view.
func (s *speed) show(view string) error {
	if err := s.Click(`[data-nav="` + view + `"]`); err != nil {
		return err
	}
	_, err := s.Wait(`document.querySelector('[data-view="`+view+`"]').checkVisibility()`, 5*time.Second)
	return err
}

// measure lets the load run and prints what the page does meanwhile.
func (s *speed) measure(name string) error {
	s.load(speedChanges)
	if s.fill {
		time.Sleep(settle)
	}
	time.Sleep(warmUp)
	start, err := s.memory()
	if err != nil {
		return err
	}
	if err := s.Do(`bench.begin()`); err != nil {
		return err
	}
	if s.profile {
		err = s.hot(name)
	} else {
		time.Sleep(s.time)
	}
	if err != nil {
		return err
	}
	got, err := browser.Eval[[]float64](s.Page, `bench.end()`)
	if err != nil {
		return err
	}
	end, err := s.memory()
	if err != nil {
		return err
	}
	s.load(0)
	time.Sleep(drain)
	figure(s.w, name+".fps", got[0], "1/s")
	figure(s.w, name+".frame.longest", got[1], "ms")
	longest := got[2]
	if longest == 0 {
		longest = min(got[1], 50) // none was reported, so that it was shorter
	}
	figure(s.w, name+".longtask", longest, "ms")
	figure(s.w, name+".longtasks", got[3], "1")
	figure(s.w, name+".heap.start", start/1e6, "MB")
	figure(s.w, name+".heap.end", end/1e6, "MB")
	figure(s.w, name+".heap.growth", 100*(end-start)/start, "%")
	return nil
}

// hot prints where the time goes.
func (s *speed) hot(name string) error {
	list, err := s.Profile(func() error { time.Sleep(s.time); return nil })
	if err != nil {
		return err
	}
	for _, h := range list[:min(25, len(list))] {
		fmt.Fprintf(os.Stderr, "bench: %s %5.1f %% %s\n", name, 100*h.Self, h.Name)
	}
	return nil
}

// memory is what the page holds after a garbage collection, and the memories of its
// programs as large as they are.
func (s *speed) memory() (float64, error) {
	js, err := s.Heap()
	if err != nil {
		return 0, err
	}
	wasm, err := browser.Eval[float64](s.Page, `bench.memory()`)
	fmt.Fprintf(s.w, "bench: memory of scripts %.1f MB, of programs %.1f MB\n", js/1e6, wasm/1e6)
	return js + wasm, err
}

// pins measures with the Pins view in front and a chart of some pins. What the NCP sent
// is compared with what the table has counted.
func (s *speed) pins() error {
	if err := s.show("pins"); err != nil {
		return err
	}
	s.load(speedChanges)
	if _, err := s.Wait(fmt.Sprintf(`document.querySelectorAll("#pins tbody tr").length >= %d`, speedPins), 10*time.Second); err != nil {
		return err
	}
	for pin := firstPin; pin < firstPin+chartedPins; pin++ {
		if err := s.Do(fmt.Sprintf(`document.querySelector('#pins tr[data-pin="%d"] [data-act="chart"]').click()`, pin)); err != nil {
			return err
		}
	}
	if _, err := s.Wait(`document.getElementById("chart-plot").querySelector("canvas")?.checkVisibility()`, 10*time.Second); err != nil {
		return err
	}
	if s.fill {
		s.load(fillRate)
		for began := time.Now(); s.device.Stats().PinChanges < fillChanges; time.Sleep(100 * time.Millisecond) {
			if time.Since(began) > fillLimit {
				return fmt.Errorf("the page was not filled in %v", fillLimit)
			}
		}
	}
	s.load(0)
	time.Sleep(drain)
	lost, err := s.lost()
	if err != nil {
		return err
	}
	if lost != 0 {
		fmt.Fprintf(s.w, "bench: %.0f changes lost before the measurement\n", lost)
	}
	before := s.device.Stats()
	began := time.Now()
	if err := s.measure("pins"); err != nil {
		return err
	}
	after := s.device.Stats()
	figure(s.w, "pins.rate", float64(after.PinChanges-before.PinChanges)/(time.Since(began)-drain).Seconds(), "1/s")
	if n := after.Dropped - before.Dropped; n > 0 {
		fmt.Fprintf(s.w, "bench: the simulated NCP itself left %d changes out: the line was full\n", n)
	}
	all, err := s.lost()
	if err != nil {
		return err
	}
	figure(s.w, "pins.lost", all-lost, "1")
	return s.line()
}

// lost returns how many of the changes that the NCP has sent so far the table of pins has
// not counted. A table that is not up to date is read again.
func (s *speed) lost() (lost float64, err error) {
	for range 3 {
		n, err := s.counted()
		if err != nil {
			return 0, err
		}
		if lost = float64(s.device.Stats().PinChanges) - n; lost == 0 {
			break
		}
	}
	return lost, nil
}

// line prints what the page tells of the line.
func (s *speed) line() error {
	if err := s.show("device"); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	text, err := browser.Eval[string](s.Page, `["crc", "missed", "rx", "noise", "bringups"].map((n) => n + " " + document.getElementById("link-" + n).textContent).join(", ")`)
	st := s.device.Stats()
	fmt.Fprintf(s.w, "bench: the line: %s; the NCP started %d times, sent %d messages and dropped %d; the wire to the page: %+v\n",
		text, st.Boots, st.Sent, st.Dropped, s.wire.Stats().ToHost)
	return err
}

// counted returns how many values the table of pins has counted. Only rows in sight are
// up to date, and become so a little after they have come into sight.
func (s *speed) counted() (float64, error) {
	return browser.Eval[float64](s.Page, `(async () => {
		let n = 0;
		for (const row of document.querySelectorAll("#pins tbody tr")) {
			row.scrollIntoView({ block: "center" });
			let before, now;
			do {
				before = now;
				await new Promise((done) => setTimeout(done, 150));
				now = row.querySelector(".c-count").textContent;
			} while (now !== before);
			n += Number(now.replace(/\D/g, ""));
		}
		return n;
	})()`)
}

// traffic measures with the Traffic view in front. What the NCP sent meanwhile is compared
// with what the statistics of the view have counted.
func (s *speed) traffic() error {
	if err := s.show("traffic"); err != nil {
		return err
	}
	if _, err := s.Wait(`document.getElementById("traffic").checkVisibility()`, 30*time.Second); err != nil {
		return err
	}
	time.Sleep(drain)
	before, err := s.frames()
	if err != nil {
		return err
	}
	sent := s.device.Stats().PinChanges
	if err := s.measure("traffic"); err != nil {
		return err
	}
	after, err := s.frames()
	if err != nil {
		return err
	}
	figure(s.w, "traffic.lost", float64(s.device.Stats().PinChanges-sent)-(after-before), "1")
	return nil
}

// frames returns how many pin changes the statistics of the Traffic view have counted.
func (s *speed) frames() (float64, error) {
	if err := s.Do(`document.getElementById("traffic-stats").open = true`); err != nil {
		return 0, err
	}
	time.Sleep(1500 * time.Millisecond)
	n, err := browser.Eval[float64](s.Page, `[...document.querySelectorAll("#stats-rows tr")].filter((r) => r.cells[0].textContent.endsWith("PinChange"))
		.reduce((n, r) => n + Number(r.cells[2].textContent.replace(/\D/g, "")), 0)`)
	if err == nil {
		err = s.Do(`document.getElementById("traffic-stats").open = false`)
	}
	return n, err
}
