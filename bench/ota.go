package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/e2e/peer"
	"ncpweb/lab"
	"ncpweb/ncp/frame"
	"ncpweb/sim"
	"ncpweb/sim/mcusim"
)

// What an update is measured with: issue 5.
const (
	otaSize    = 300_000 // bytes of the file
	otaChunk   = 1024
	otaLatency = time.Millisecond
	otaTries   = 3
	otaReopen  = 15 * time.Millisecond // closing and opening a port in Chrome
	otaLimit   = 3 * time.Minute
)

// measureOTA measures updates of a simulated MCU by the page as its NCP, in Chromium.
//
// There is no view in between: a program of the benchmark's own opens the port and
// updates, by the code that the page has as well.
func measureOTA(ctx context.Context, w io.Writer) error {
	dir, err := os.MkdirTemp("", "otapage")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	site, err := otaSite(ctx, dir)
	if err != nil {
		return err
	}
	b, err := browser.Launch(ctx, browser.Options{})
	if err != nil {
		return err
	}
	defer b.Close()
	for _, baud := range []int{38400, 115200, 921600} {
		took, err := best(ctx, b, site, baud)
		if err != nil {
			return fmt.Errorf("at %d baud: %w", baud, err)
		}
		figure(w, fmt.Sprintf("ota.%d.time", baud), took.Seconds(), "s")
		figure(w, fmt.Sprintf("ota.%d.share", baud), 100*stopAndWait(otaImage(), baud).Seconds()/took.Seconds(), "%")
	}
	return nil
}

// best is the shortest of some updates: other programs of the machine take time of the
// browser and of the simulated wire alike. At the slowest rate that is too little to
// matter.
func best(ctx context.Context, b *browser.Browser, site fs.FS, baud int) (time.Duration, error) {
	tries := otaTries
	if baud < 100_000 {
		tries = 1
	}
	shortest := otaLimit
	for range tries {
		took, err := updateOnce(ctx, b, site, baud)
		if err != nil {
			return 0, err
		}
		shortest = min(shortest, took)
	}
	return shortest, nil
}

// otaImage is the file that is sent.
func otaImage() []byte { return mcusim.Image("TMPL0demo0001", "2.0.0", otaSize, 7) }

// stopAndWait is how long the line needs for the chunks of a file where each waits for
// the answer to the one before: ten bits for every byte of the frames of otaUpdateWrite
// and of their RESULTs, escapes included, and the adapter's latency once for each
// RESULT. Nothing is counted for the work at both ends.
func stopAndWait(file []byte, baud int) time.Duration {
	bytes, answers := 0, 0
	for at := 0; at < len(file); at += otaChunk {
		data := file[at:min(at+otaChunk, len(file))]
		// Opcode, uid, id; offset, length, data, CRC-32. Ids, offsets and sums are taken
		// as bytes that need no escape: they are some 14 of a thousand.
		invoke := append(make([]byte, 6+4+2+4), data...)
		bytes += len(frame.Append(nil, invoke)) + len(frame.Append(nil, make([]byte, 6)))
		answers++
	}
	return time.Duration(int64(bytes)*10*int64(time.Second)/int64(baud)) + time.Duration(answers)*otaLatency
}

// updateOnce updates a fresh MCU and returns how long its chunks took.
func updateOnce(ctx context.Context, b *browser.Browser, site fs.FS, baud int) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	image := otaImage()
	mcu := mcusim.New(mcusim.Options{Target: baud, Chunk: otaChunk})
	s, err := peer.ServeSite(ctx, site, lab.Spec{
		Name: "MCU", Sim: mcu, Wire: sim.WireOptions{Latency: otaLatency, Reopen: otaReopen},
	})
	if err != nil {
		return 0, err
	}
	s.SetImage(image)
	var g gaps
	defer s.Lab.Device("MCU").Wire().Tap(g.see)()
	tab, err := b.Open(browser.PageOptions{})
	if err != nil {
		return 0, err
	}
	defer tab.Close()
	if err := tab.Goto(s.URL); err != nil {
		return 0, err
	}
	if _, err := tab.Wait(`globalThis.result`, otaLimit); err != nil {
		return 0, fmt.Errorf("%w; problems of the page: %q", err, tab.Problems())
	}
	got, err := browser.Eval[struct {
		Failed  string
		Sending float64
		Resent  int
		Proven  bool
	}](tab, `result`)
	switch {
	case err != nil:
		return 0, err
	case got.Failed != "":
		return 0, errors.New(got.Failed)
	case !got.Proven || got.Resent > 0 || mcu.Version() != "2.0.0":
		return 0, fmt.Errorf("it runs %s: %+v", mcu.Version(), got)
	}
	fmt.Fprintf(os.Stderr, "bench: %d baud: the MCU answers after %v, the page after %v\n", baud, g.mean(sim.ToHost), g.mean(sim.ToDevice))
	return time.Duration(got.Sending * float64(time.Second)), nil
}

// otaSite is the page of the benchmark: its own files, the program that is built for it,
// and the project's scripts for ports.
func otaSite(ctx context.Context, dir string) (fs.FS, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "otapage.wasm"), "./bench/otapage")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	glue := os.DirFS(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm"))
	return folders{os.DirFS(dir), os.DirFS("bench/otapage"), glue, os.DirFS("web")}, nil
}

// folders are folders one behind the other: the first that has a file gives it.
type folders []fs.FS

// Open implements fs.FS.
func (f folders) Open(name string) (fs.File, error) {
	for _, dir := range f {
		if file, err := dir.Open(name); err == nil {
			return file, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// gaps measures the pauses of a wire on which each side waits for the other: by the
// times at which bytes arrived.
type gaps struct {
	mu    sync.Mutex
	last  [2]time.Time // of the latest byte, by direction
	prev  sim.Dir
	sum   [2]time.Duration // of the pauses before a direction begins
	count [2]int
}

// see is for Wire.Tap.
func (g *gaps) see(dir sim.Dir, at time.Time, _ []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if dir != g.prev && !g.last[1-dir].IsZero() {
		g.sum[dir] += at.Sub(g.last[1-dir])
		g.count[dir]++
	}
	g.prev, g.last[dir] = dir, at
}

// mean is the mean pause before a direction begins.
func (g *gaps) mean(dir sim.Dir) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sum[dir] / time.Duration(max(1, g.count[dir]))
}
