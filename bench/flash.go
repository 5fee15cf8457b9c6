package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/e2e/peer"
	"ncpweb/lab"
	"ncpweb/sim/espsim"
)

// flashLimit is how long one flash may take.
const flashLimit = 90 * time.Second

// flashCase is a chip, a rate and an adapter.
type flashCase struct {
	chip    espsim.Chip
	baud    int
	latency time.Duration
}

func (c flashCase) String() string {
	return fmt.Sprintf("flash.%s.%d.%dms", c.chip, c.baud, c.latency.Milliseconds())
}

// flashCases are those of issue 4, the hardest ones first.
var flashCases = []flashCase{
	{espsim.ESP32, 921600, time.Millisecond},
	{espsim.ESP32, 921600, 16 * time.Millisecond},
	{espsim.ESP32, 2_000_000, time.Millisecond},
	{espsim.ESP32, 2_000_000, 16 * time.Millisecond},
	{espsim.ESP32C3, 921600, time.Millisecond},
	{espsim.ESP8266, 921600, time.Millisecond},
}

// flashBench measures flashing in one Chromium.
type flashBench struct {
	ctx     context.Context
	w       io.Writer
	browser *browser.Browser
	root    string // folder of the project
	dist    string
	who     string // "ours" or "peer"; empty: both

	ran     bool
	longest [2]time.Duration // tasks of the main thread, ours and the peer's
}

// rig is a fresh board on a wire that is watched.
type rig struct {
	board *espsim.Board
	spec  lab.Spec
	tap   tap
}

func newRig(c flashCase, content []byte) *rig {
	spec := lab.BoardSpec("Board", espsim.Options{Chip: c.chip, Content: content})
	spec.Wire.Latency = c.latency
	return &rig{board: spec.Sim.(*espsim.Board), spec: spec}
}

// outcome is how one flash went.
type outcome struct {
	time  time.Duration // from the start of the connection to the last digest
	share float64       // of the line's rate while blocks go out
	wire  int64         // bytes, both ways
	task  time.Duration // the longest one of the page's main thread; 0: none over 50 ms
}

// measureFlash measures this page's flasher and the foreign one.
func measureFlash(ctx context.Context, w io.Writer, o flashOptions) error {
	b, err := browser.Launch(ctx, browser.Options{})
	if err != nil {
		return err
	}
	defer b.Close()
	dist, err := filepath.Abs(o.dist) // tests run in folders of their own
	if err != nil {
		return err
	}
	f := &flashBench{ctx: ctx, w: w, browser: b, root: ".", dist: dist, who: o.who}
	var failed []error
	for _, s := range f.steps() {
		if o.only != "" && !strings.Contains(s.name, o.only) {
			continue
		}
		if err := s.do(); err != nil { // the others are worth having
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	f.tasks()
	return errors.Join(failed...)
}

// step is a part of the measurement.
type step struct {
	name string
	do   func() error
}

func (f *flashBench) steps() []step {
	var all []step
	for _, c := range flashCases {
		all = append(all, step{c.String(), func() error { return f.compare(c) }})
	}
	if f.who == "peer" {
		return all
	}
	return append(all,
		step{"flash.again", f.again},
		step{"flash.hidden", f.hidden},
		step{"flash.faults", func() error { return f.tests("./flash/esp", "TestFaultMatrix") }},
		step{"flash.newuser", func() error { return f.tests("./e2e", "TestFlashNewUser") }},
	)
}

// flashOptions say what is measured.
type flashOptions struct {
	dist string // folder of the built page
	only string // part of the names of the cases; empty: all
	who  string // "ours" or "peer"; empty: both
}

// compare flashes one blank board with each flasher.
func (f *flashBench) compare(c flashCase) error {
	image := espsim.Image(espsim.ImageOptions{Chip: c.chip})
	var ours, theirs outcome
	var err error
	if f.who != "ours" {
		if theirs, err = f.peer(c, newRig(c, nil), image); err != nil {
			return fmt.Errorf("peer: %w", err)
		}
		f.tell(c, theirs, "peer")
		figure(f.w, c.String()+".linerate.peer", 100*theirs.share, "%")
	}
	if f.who != "peer" {
		if ours, err = f.ours(c, newRig(c, nil), image); err != nil {
			return fmt.Errorf("ours: %w", err)
		}
		f.tell(c, ours, "ours")
		figure(f.w, c.String()+".linerate", 100*ours.share, "%")
	}
	if f.who == "" {
		figure(f.w, c.String()+".ratio", ours.time.Seconds()/theirs.time.Seconds(), "1")
	}
	return nil
}

func (f *flashBench) tell(c flashCase, o outcome, who string) {
	name := c.String()
	figure(f.w, name+"."+who, o.time.Seconds(), "s")
	figure(f.w, name+".wire."+who, float64(o.wire), "bytes")
	f.ran = true
	i := 0
	if who == "peer" {
		i = 1
	}
	f.longest[i] = max(f.longest[i], o.task)
}

// unseen is what the browser tells of a task only when it is longer.
const unseen = 50 * time.Millisecond

// tasks prints the longest tasks of all flashes; where the browser told of none, the
// length from which on it tells.
func (f *flashBench) tasks() {
	for i, who := range []string{"ours", "peer"} {
		if f.ran && (f.who == "" || f.who == who) {
			figure(f.w, "flash.longtask."+who, float64(max(f.longest[i], unseen).Milliseconds()), "ms")
		}
	}
}

// peer lets the foreign flasher do it.
func (f *flashBench) peer(c flashCase, r *rig, image []byte) (outcome, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	p, err := peer.Serve(ctx, f.root, r.spec)
	if err != nil {
		return outcome{}, err
	}
	tab, err := f.browser.Open(browser.PageOptions{})
	if err != nil {
		return outcome{}, err
	}
	defer tab.Close()
	defer p.Lab.Device(r.spec.Name).Wire().Tap(r.tap.see)()
	got, err := p.Flash(tab, r.spec.Name, c.baud, image, flashLimit)
	if err != nil {
		return outcome{}, err
	}
	fmt.Fprintf(os.Stderr, "bench: %v: peer connected after %.2f s, sent after %.2f s, verified after %.2f s\n",
		c, got.Connected.Seconds(), got.Sent.Seconds(), got.Verified.Seconds())
	r.explain(c)
	return outcome{got.Verified, r.tap.share(c.baud), r.tap.wire(), got.Task}, r.check(image)
}

// explain tells where the time of the blocks went.
func (r *rig) explain(c flashCase) {
	chip, host := r.tap.gaps()
	fmt.Fprintf(os.Stderr, "bench: %v: line idle for %.2f s because of the chip, for %.2f s because of the host\n", c, chip.Seconds(), host.Seconds())
}

// check tells whether the board holds the image, and whether it was treated well.
func (r *rig) check(image []byte) error {
	if !bytes.Equal(r.board.Flash()[:len(image)], image) {
		return fmt.Errorf("the flash holds something else")
	}
	if v := r.board.Violations(); len(v) > 0 {
		return fmt.Errorf("what a real chip would not bear: %q", v)
	}
	return nil
}
