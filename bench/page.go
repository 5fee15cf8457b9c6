package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/ncp/frame"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// loads is how often the page is loaded; the median counts.
const loads = 5

// pingBaud is the rate at which the round trip of a ping is measured.
const pingBaud = 115200

// pageOptions say how the page is measured.
type pageOptions struct {
	dist    string        // folder of the built page
	time    time.Duration // of each measurement under load
	fill    bool          // let the page keep all that it can keep before
	profile bool          // tell where the time goes
	only    string        // "speed" or "capture"; empty: everything
}

// measurePage measures the built page in Chromium: its weight, how long it takes to
// be interactive, what a ping through it costs beyond its time on the wire, how it bears
// load, and how it opens and filters a large capture.
func measurePage(ctx context.Context, w io.Writer, o pageOptions) error {
	dist := o.dist
	if err := weights(w, dist); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b, err := browser.Launch(ctx, browser.Options{})
	if err != nil {
		return err
	}
	defer b.Close()
	if o.only == "" {
		if err := measureStart(ctx, w, b, dist); err != nil {
			return err
		}
	}
	url, board, err := serve(ctx, dist, speedDevice())
	if err != nil {
		return err
	}
	if o.only != "speed" {
		if err := measureCapture(w, b, strings.TrimSuffix(url, "?lab")); err != nil {
			return err
		}
	}
	if o.only != "capture" {
		return measureSpeed(w, b, url, board, o)
	}
	return nil
}

// serve serves the page with a device until ctx ends and returns its address.
func serve(ctx context.Context, dist string, device lab.Spec) (url string, board *lab.Device, err error) {
	l, err := lab.New(lab.Options{Dist: os.DirFS(dist), Devices: []lab.Spec{device}})
	if err != nil {
		return "", nil, err
	}
	url, err = l.Start(ctx, "127.0.0.1:0")
	return url, l.Device(device.Name), err
}

// measureStart measures how long the page takes to be interactive, and pings.
func measureStart(ctx context.Context, w io.Writer, b *browser.Browser, dist string) error {
	board := ncpsim.New(ncpsim.Options{Baud: pingBaud, MaxBaud: pingBaud})
	url, _, err := serve(ctx, dist, lab.Spec{Name: "Board", Sim: board, Wire: sim.WireOptions{}})
	if err != nil {
		return err
	}
	start, err := interactive(b, strings.TrimSuffix(url, "?lab"))
	if err != nil {
		return err
	}
	figure(w, "page.interactive", start, "ms")
	ping, err := pingOverhead(b, url)
	if err != nil {
		return err
	}
	figure(w, "page.ping.overhead", ping, "ms")
	return nil
}

// weights prints the brotli size of what loads before the first click, and of each part
// that loads when it is needed.
func weights(w io.Writer, dist string) error {
	data, err := os.ReadFile(filepath.Join(dist, "assets.json"))
	if err != nil {
		return fmt.Errorf("%w; run `make build`", err)
	}
	var list struct {
		Assets []struct {
			Name   string
			Brotli int  `json:"br"`
			First  bool `json:"first"`
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	sum := 0
	for _, a := range list.Assets {
		if a.First {
			sum += a.Brotli
		}
	}
	figure(w, "page.brotli", float64(sum)/1000, "kB")
	for _, a := range list.Assets {
		if !a.First {
			figure(w, "page.part."+a.Name, float64(a.Brotli)/1000, "kB")
		}
	}
	return nil
}

// interactive loads the page with cold caches and returns the median time from the
// navigation to the moment at which its core can be used, in milliseconds.
func interactive(b *browser.Browser, url string) (float64, error) {
	var times []float64
	for range loads + 1 { // the first one warms the server and the browser itself
		p, err := b.Open(browser.PageOptions{})
		if err != nil {
			return 0, err
		}
		t, err := coreReady(p, url)
		p.Close()
		if err != nil {
			return 0, err
		}
		times = append(times, t)
	}
	return median(times[1:]), nil
}

func coreReady(p *browser.Page, url string) (float64, error) {
	if err := p.Goto(url); err != nil {
		return 0, err
	}
	if _, err := p.Wait(`performance.getEntriesByName("core-ready").length > 0`, 15*time.Second); err != nil {
		return 0, fmt.Errorf("%w; problems of the page: %q", err, p.Problems())
	}
	return browser.Eval[float64](p, `performance.getEntriesByName("core-ready")[0].startTime`)
}

// connections is how often the page connects to gather round trips: each bring-up
// pings several times and shows the last, the median and the worst.
const connections = 12

// pingOverhead returns how much longer the median ping through the page takes than
// its two frames take on the wire, in milliseconds.
func pingOverhead(b *browser.Browser, url string) (float64, error) {
	p, err := b.Open(browser.PageOptions{})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	if _, err := coreReady(p, url); err != nil {
		return 0, err
	}
	var trips []float64
	for range connections {
		if err := p.Click("#connect"); err != nil {
			return 0, err
		}
		if _, err := p.Wait(`!document.getElementById("rate").disabled`, 20*time.Second); err != nil {
			return 0, err
		}
		time.Sleep(time.Second) // what is asked after the bring-up shall be over
		text, err := p.Text("#link-rtt-median")
		if err != nil {
			return 0, err
		}
		trip, err := milliseconds(text)
		if err != nil {
			return 0, err
		}
		trips = append(trips, trip)
		if err := p.Click("#disconnect"); err != nil {
			return 0, err
		}
		if _, err := p.Wait(`document.getElementById("connect").checkVisibility()`, 5*time.Second); err != nil {
			return 0, err
		}
	}
	return median(trips) - pingWire(), nil
}

// milliseconds reads a time as the page writes it, such as "1.6 ms".
func milliseconds(text string) (float64, error) {
	for unit, factor := range map[string]float64{"ms": 1, "µs": 1e-3, "s": 1e3} {
		var v float64
		if n, _ := fmt.Sscanf(text, "%g "+unit, &v); n == 1 && strings.HasSuffix(text, " "+unit) {
			return v * factor, nil
		}
	}
	return 0, errors.New("no time: " + text)
}

// pingWire is how long a ping and its answer take on the wire, in milliseconds: 9
// and 8 bytes, and an escape where the message id or the CRC needs one. It takes the
// mean over the message ids.
func pingWire() float64 {
	n := 0
	const ids = 256
	for id := range ids {
		lo, hi := byte(id), byte(id>>8)
		n += len(frame.Append(nil, []byte{0xbc, 0x67, 0x01, 0x01, lo, hi}))
		n += len(frame.Append(nil, []byte{0x12, 0xa5, lo, hi, 0x00}))
	}
	return float64(serial.Mode{Baud: pingBaud}.Wire(n).Microseconds()) / 1000 / ids
}
