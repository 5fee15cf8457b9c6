// Package peer drives a foreign flasher, the npm package esptool-js, in Chromium against
// simulated boards of the lab: it proves the simulator, and it is what the page's own
// flasher is measured against. Nothing of it is part of the built page.
package peer

import (
	"context"
	"crypto/md5"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
)

//go:embed page
var page embed.FS

// Peer is a page with the foreign flasher and the ports of a lab.
type Peer struct{ *Site }

// Site is a page, the ports of a lab, and a firmware that the page finds as "image".
type Site struct {
	URL string // ends with a slash
	Lab *lab.Lab

	mu    sync.Mutex
	image []byte
}

// Serve serves the page with devices until ctx ends. root is the folder of the project,
// with its node_modules.
func Serve(ctx context.Context, root string, devices ...lab.Spec) (*Peer, error) {
	files, err := open(root)
	if err != nil {
		return nil, err
	}
	s, err := ServeSite(ctx, files, devices...)
	return &Peer{s}, err
}

// ServeSite serves any page in the same way.
func ServeSite(ctx context.Context, page fs.FS, devices ...lab.Spec) (*Site, error) {
	l, err := lab.New(lab.Options{Dist: page, Devices: devices})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Site{URL: "http://" + listener.Addr().String() + "/", Lab: l}
	mux := http.NewServeMux()
	mux.Handle("/", l.Handler())
	mux.HandleFunc("GET /image", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.Write(p.image)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	context.AfterFunc(ctx, func() { server.Close() })
	go l.Run(ctx)
	return p, nil
}

// SetImage sets what the page finds as "image".
func (s *Site) SetImage(image []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.image = image
}

// Result is how a flash by the foreign tool went. Times are seconds since its start.
type Result struct {
	Chip      string
	Connected time.Duration // stub started, rate changed, flash found
	First     time.Duration // the first block goes out
	Sent      time.Duration // the last block was acknowledged
	Verified  time.Duration // the digests are equal
	Task      time.Duration // the longest task of the page's main thread; 0: none over 50 ms
	Log       []string
}

// Flash writes an image at address 0 of the board on the named port, in a page that
// Open of the browser made, and compares the digests as the tool does.
func (p *Peer) Flash(tab *browser.Page, port string, baud int, image []byte, limit time.Duration) (Result, error) {
	p.SetImage(image)
	sum := md5.Sum(image)
	if err := tab.Goto(p.URL); err != nil {
		return Result{}, err
	}
	if _, err := tab.Wait(`globalThis.flash`, 10*time.Second); err != nil {
		return Result{}, fmt.Errorf("%w; %q", err, tab.Problems())
	}
	err := tab.Do(fmt.Sprintf(`void (globalThis.result = null, flash({port: %q, baud: %d, md5: %q}).then((r) => { result = r }))`,
		port, baud, hex.EncodeToString(sum[:])))
	if err != nil {
		return Result{}, err
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		done, err := browser.Eval[bool](tab, `globalThis.result !== null`)
		switch {
		case err != nil:
			return Result{}, err
		case done:
			return read(tab)
		case time.Since(began) > limit:
			return Result{}, fmt.Errorf("the foreign flasher did not finish in %v", limit)
		}
	}
}

// told is what page/peer.js tells.
type told struct {
	Chip, Failed                     string
	Connected, First, Sent, Verified float64
	Task                             float64
	Log                              []string
}

func read(tab *browser.Page) (Result, error) {
	t, err := browser.Eval[told](tab, `result`)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Chip: t.Chip, Connected: ms(t.Connected), First: ms(t.First), Sent: ms(t.Sent),
		Verified: ms(t.Verified), Task: ms(t.Task), Log: t.Log,
	}
	if t.Failed != "" {
		return r, errors.New(t.Failed + "\n" + strings.Join(t.Log, "\n"))
	}
	return r, nil
}

func ms(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }

// files are those of the test page: its own, the foreign tool, and the project's scripts
// for ports of the lab.
type files struct {
	own, web fs.FS
	tool     string
}

func open(root string) (fs.FS, error) {
	tool := filepath.Join(root, "node_modules", "esptool-js", "bundle.js")
	if _, err := os.Stat(tool); err != nil {
		return nil, fmt.Errorf("%w; run npm ci first", err)
	}
	own, err := fs.Sub(page, "page")
	if err != nil {
		return nil, err
	}
	return files{own: own, web: os.DirFS(filepath.Join(root, "web")), tool: tool}, nil
}

// Open implements fs.FS.
func (f files) Open(name string) (fs.File, error) {
	if name == "esptool.js" {
		return os.Open(f.tool)
	}
	if file, err := f.own.Open(name); err == nil {
		return file, nil
	}
	return f.web.Open(name)
}
