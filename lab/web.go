package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/coder/websocket"

	"ncpweb/lab/portlink"
)

// contentPolicy is the page's content security policy, as a deployment sends it.
const contentPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// messageLimit bounds one message of a page, in bytes: a page writes chunks of 64 KiB.
const messageLimit = 1 << 20

// Handler returns the server of the page, of /lab/ports (what is plugged in),
// /lab/events (a WebSocket with the same at every change) and /lab/port?id=ID (a
// WebSocket to one port). It answers requests to loopback names only, so that no
// foreign name that was pointed to this machine gets at the devices.
func (l *Lab) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /lab/ports", l.servePorts)
	mux.HandleFunc("GET /lab/events", l.serveEvents)
	mux.HandleFunc("GET /lab/port", l.servePort)
	if l.dist != nil {
		mux.HandleFunc("GET /", l.serveFile)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopbackHost(r.Host) {
			http.Error(w, "this server answers on loopback only", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		mux.ServeHTTP(w, r)
	})
}

// isLoopbackHost tells whether a Host header names this machine's loopback.
func isLoopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (l *Lab) servePorts(w http.ResponseWriter, r *http.Request) {
	now, _ := l.ports.now()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(now)
}

// serveEvents sends what is plugged in, now and at every change.
func (l *Lab) serveEvents(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil) // refuses foreign origins
	if err != nil {
		return
	}
	defer c.CloseNow()
	ctx := c.CloseRead(r.Context())
	for {
		now, changed := l.ports.now()
		message, err := json.Marshal(now)
		if err != nil {
			return
		}
		if err := c.Write(ctx, websocket.MessageText, message); err != nil {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// servePort serves the page's channel to one port.
func (l *Lab) servePort(w http.ResponseWriter, r *http.Request) {
	port := l.ports.find(r.FormValue("id"))
	if port == nil {
		http.Error(w, "no such port", http.StatusNotFound)
		return
	}
	c, err := websocket.Accept(w, r, nil) // refuses foreign origins
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(messageLimit)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer context.AfterFunc(port.ctx, func() {
		last, done := context.WithTimeout(r.Context(), time.Second)
		defer done()
		portlink.Lost(last, channel{c})
		cancel(context.Cause(port.ctx))
	})()
	portlink.Serve(ctx, channel{c}, port.adapter)
}

// channel is a portlink.Conn over a WebSocket.
type channel struct{ *websocket.Conn }

func (c channel) Receive(ctx context.Context) ([]byte, bool, error) {
	kind, message, err := c.Read(ctx)
	return message, kind == websocket.MessageText, err
}

func (c channel) SendText(ctx context.Context, message []byte) error {
	return c.Write(ctx, websocket.MessageText, message)
}

func (c channel) SendBytes(ctx context.Context, message []byte) error {
	return c.Write(ctx, websocket.MessageBinary, message)
}

// mediaTypes are those of a built page.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".wasm": "application/wasm",
	".json": "application/json",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".ico":  "image/x-icon",
	".txt":  "text/plain; charset=utf-8",
	".map":  "application/json",
	".bin":  "application/octet-stream", // firmware beside the page

	".webmanifest": "application/manifest+json",
}

// hashed matches names that change with their content: they never go stale.
var hashed = regexp.MustCompile(`\.[0-9a-f]{8,64}\.[a-z0-9]+$`)

// serveFile serves a file of the page, packed where the browser takes that.
func (l *Lab) serveFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" || name == "." {
		name = "index.html"
	}
	media, known := mediaTypes[path.Ext(name)]
	if !known || !fs.ValidPath(name) {
		http.NotFound(w, r)
		return
	}
	f, encoding, err := l.open(name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	content, ok := f.(io.ReadSeeker)
	info, err := f.Stat()
	if !ok || err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Vary", "Accept-Encoding")
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if hashed.MatchString(name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", fmt.Sprintf(`"%x-%x%s"`, info.ModTime().UnixNano(), info.Size(), encoding))
	}
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "serial=(self), clipboard-write=(self)")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	http.ServeContent(w, r, name, time.Time{}, content)
}

// open opens a file, or its packed copy where there is one and the browser takes it.
func (l *Lab) open(name, accepted string) (f fs.File, encoding string, err error) {
	for _, c := range []struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if accepts(accepted, c.coding) {
			if f, err := l.dist.Open(name + c.suffix); err == nil {
				return f, c.coding, nil
			}
		}
	}
	f, err = l.dist.Open(name)
	return f, "", err
}

// accepts tells whether an Accept-Encoding header names a coding and does not
// refuse it.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.ReplaceAll(quality, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
