package lab

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

func TestSimulated(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "one", Sim: echo{}}, {Name: "two", Sim: echo{}}}})
	ports := listed(t, base, 2)
	if ports[0].ID == ports[1].ID {
		t.Fatal("two ports have the same id")
	}
	if ports[0].Name != "one" || ports[1].Name != "two" {
		t.Errorf("the order is %v", ports)
	}
	p := connect(t, base, ports[0].ID)
	p.open(115200)
	data := bytes.Repeat([]byte("0123456789"), 20)
	p.write(data)
	if got := p.read(len(data)); !bytes.Equal(got, data) {
		t.Errorf("%q came back", got)
	}
	wire := l.Device("one").Wire()
	if n := wire.Stats().ToDevice.Received; n != int64(len(data)) {
		t.Errorf("the device got %d bytes", n)
	}
	if lines := wire.UART().Lines(); !lines.Open || !lines.DTR || !lines.RTS {
		t.Errorf("lines: %+v", lines)
	}
	p.call(`"op":"signals","dtr":false`)
	if lines := wire.UART().Lines(); lines.DTR || !lines.RTS {
		t.Errorf("lines after signals: %+v", lines)
	}
	if name := p.call(`"op":"open","baud":9600,"bits":8,"parity":"none","stop":1`); name != "NetworkError" {
		t.Errorf("second open: %q", name)
	}
	if name := p.call(`"op":"close"`); name != "" {
		t.Errorf("close: %s", name)
	}
	if wire.UART().Lines().Open {
		t.Error("the port is still open")
	}
	if name := p.call(`"op":"signals","dtr":false`); name != "InvalidStateError" {
		t.Errorf("signals while closed: %q", name)
	}
	for _, bad := range []string{`"baud":0,"bits":8`, `"baud":9600,"bits":5`, `"baud":-1,"bits":8`} {
		if name := p.call(`"op":"open","parity":"none","stop":1,%s`, bad); name != "NotSupportedError" {
			t.Errorf("open with %s: %q", bad, name)
		}
	}
	if name := p.call(`"op":"dance"`); name == "" {
		t.Error("an unknown request was done")
	}
}

// The channel's end is the end of the open port.
func TestPageGoes(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "one", Sim: echo{}}}})
	p := connect(t, base, listed(t, base, 1)[0].ID)
	p.open(115200)
	p.conn.CloseNow()
	for end := time.Now().Add(5 * time.Second); l.Device("one").Wire().UART().Lines().Open; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the port is still open")
		}
	}
}

// Reasons that a test asks for reach the page under the names of a browser.
func TestRefuse(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "one", Sim: echo{}}}})
	p := connect(t, base, listed(t, base, 1)[0].ID)
	for reason, want := range map[serial.OpenReason]string{
		serial.OpenBusy: "NetworkError", serial.OpenDenied: "SecurityError", serial.OpenLost: "NotFoundError",
		serial.OpenMode: "NotSupportedError", serial.OpenFailed: "UnknownError",
	} {
		l.Device("one").Refuse(reason)
		if name := p.call(`"op":"open","baud":9600,"bits":8,"parity":"none","stop":1`); name != want {
			t.Errorf("%v: %q, want %q", reason, name, want)
		}
	}
	l.Device("one").Accept()
	p.open(9600)
}

func TestUnplug(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "one", Sim: echo{}}}})
	events, _, err := websocket.Dial(within(t, 5*time.Second), strings.Replace(base, "http", "ws", 1)+"/lab/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer events.CloseNow()
	event := func(want int) {
		t.Helper()
		for {
			_, b, err := events.Read(within(t, 5*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(b), `"id"`) == want {
				return
			}
		}
	}
	event(1)
	before := listed(t, base, 1)[0]
	p := connect(t, base, before.ID)
	p.open(115200)
	began := time.Now()
	l.Device("one").Unplug()
	p.ends()
	event(0)
	if d := time.Since(began); d > 500*time.Millisecond {
		t.Errorf("the unplugging took %v to be known", d)
	}
	listed(t, base, 0)
	l.Device("one").Plug()
	event(1)
	after := listed(t, base, 1)[0]
	if after.ID == before.ID {
		t.Error("the plugged port has its old id")
	}
	p = connect(t, base, after.ID)
	p.open(115200)
	p.write([]byte("again"))
	if got := p.read(5); string(got) != "again" {
		t.Errorf("%q", got)
	}
	if r, err := http.Get(base + "/lab/port?id=" + before.ID); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("the old id: %v, %v", r, err)
	}
}

// A simulated NCP starts behind the lab and says so.
func TestNCP(t *testing.T) {
	options, err := ncpsim.ParseOptions("baud=115200")
	if err != nil {
		t.Fatal(err)
	}
	l, base := start(t, Options{Devices: []Spec{{Name: "ncp", Sim: ncpsim.New(options)}}})
	if l.Device("ncp").NCP() == nil || l.Device("other") != nil {
		t.Error("Device finds the wrong things")
	}
	p := connect(t, base, listed(t, base, 1)[0].ID)
	p.open(115200)
	want := []byte("Version: 0.7.0")
	for end := time.Now().Add(5 * time.Second); !bytes.Contains(p.data, want); {
		if time.Now().After(end) {
			t.Fatalf("heard %q", p.data)
		}
		if kind, b, err := p.conn.Read(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		} else if kind == websocket.MessageBinary {
			p.data = append(p.data, b...)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	for _, s := range []Spec{
		{Name: "a", Attach: "tcp:192.168.1.1:23"},
		{Name: "a", Attach: "tcp:example.com:23"},
		{Name: "a", Attach: "tcp:0.0.0.0:23"},
		{Name: "a", Attach: "tcp:[::]:23"},
		{Name: "a", Attach: "listen:0.0.0.0:23"},
		{Name: "a", Sim: echo{}, Expose: "connect:10.0.0.1:7000"},
		{Name: "a", Sim: echo{}, Expose: "tcp:0.0.0.0:7000"},
		{Name: "a", Sim: echo{}, Expose: "tcp::7000"},
	} {
		if _, err := New(Options{Devices: []Spec{s}}); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.168.0.1:0", "example.com:80"} {
		if _, err := l.Start(t.Context(), addr); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("serving on %s: %v", addr, err)
		}
	}
}

func TestSpecs(t *testing.T) {
	for _, s := range []Spec{
		{}, {Name: "a"}, {Name: "a", Sim: echo{}, Attach: "tcp:localhost:1"}, {Name: "a", Attach: "tcp:localhost:1", Expose: "tcp:1"},
		{Name: "a", Attach: "udp:localhost:1"}, {Name: "a", Attach: "tcp:localhost"}, {Name: "a", Attach: "tcp:localhost:99999"},
		{Name: "a", Attach: "listen:x"}, {Name: "a", Attach: "listen:"},
		{Name: "a", Attach: "pty:"}, {Name: "a", Sim: echo{}, Expose: "bus:1"}, {Name: "a", Sim: echo{}, Expose: "tcp:x"},
	} {
		if _, err := New(Options{Devices: []Spec{s}}); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	var s Specs
	for _, c := range []struct {
		add  func(string) error
		arg  string
		good bool
	}{
		{s.Sim, "one=baud=115200,provisioned", true},
		{s.Sim, "one", false},
		{s.Sim, "two=nonsense=1", false},
		{s.Attach, "three=tcp:127.0.0.1:9", true},
		{s.Attach, "three", false},
		{s.Attach, "four=tcp:10.1.1.1:9", false},
		{s.Expose, "one=tcp:7001", true},
		{s.Expose, "one=tcp:7002", false},
		{s.Expose, "five=connect:localhost:7003", true},
		{s.Expose, "three=tcp:7004", false},
	} {
		if err := c.add(c.arg); (err == nil) != c.good {
			t.Errorf("%s: %v", c.arg, err)
		}
	}
	if n := len(s.All()); n != 3 {
		t.Errorf("%d devices, want 3", n)
	}
}

// The server answers its own names only, to its own pages only.
func TestForeignNames(t *testing.T) {
	_, base := start(t, Options{
		Dist:    fstest.MapFS{"index.html": {Data: []byte("page")}},
		Devices: []Spec{{Name: "one", Sim: echo{}}},
	})
	port := base[strings.LastIndex(base, ":"):]
	for host, want := range map[string]int{
		"127.0.0.1" + port: 200, "localhost" + port: 200, "[::1]" + port: 200,
		"example.com": 403, "localhost.example.com" + port: 403, "10.0.0.1" + port: 403,
	} {
		for _, path := range []string{"/", "/lab/ports"} {
			r, _ := http.NewRequest("GET", base+path, nil)
			r.Host = host
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s of %s: %d, want %d", path, host, answer.StatusCode, want)
			}
		}
	}
	ws := strings.Replace(base, "http", "ws", 1)
	id := listed(t, base, 1)[0].ID
	for _, path := range []string{"/lab/events", "/lab/port?id=" + id} {
		for origin, good := range map[string]bool{base: true, "http://example.com": false, "http://localhost:1": false} {
			c, _, err := websocket.Dial(within(t, 5*time.Second), ws+path, &websocket.DialOptions{
				HTTPHeader: http.Header{"Origin": {origin}},
			})
			if (err == nil) != good {
				t.Errorf("%s from %s: %v", path, origin, err)
			}
			if err == nil {
				c.CloseNow()
			}
		}
	}
}

func TestFiles(t *testing.T) {
	_, base := start(t, Options{Dist: fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html>")},
		"app.0123456789.js":    {Data: []byte("plain")},
		"app.0123456789.js.br": {Data: []byte("br")},
		"app.0123456789.js.gz": {Data: []byte("gz")},
		"sim.wasm":             {Data: []byte("wasm")},
		"secret":               {Data: []byte("x")},
	}})
	get := func(path, accept string) (*http.Response, string) {
		t.Helper()
		r, _ := http.NewRequest("GET", base+path, nil)
		r.Header.Set("Accept-Encoding", accept)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
	for _, c := range []struct{ path, accept, body, encoding, media, cache string }{
		{"/", "identity", "<!doctype html>", "", "text/html; charset=utf-8", "no-cache"},
		{"/?lab", "br", "<!doctype html>", "", "text/html; charset=utf-8", "no-cache"},
		{"/app.0123456789.js", "gzip, deflate, br", "br", "br", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/app.0123456789.js", "gzip, br;q=0", "gz", "gzip", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/app.0123456789.js", "identity", "plain", "", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/sim.wasm", "br", "wasm", "", "application/wasm", "no-cache"},
	} {
		r, body := get(c.path, c.accept)
		h := r.Header
		if r.StatusCode != 200 || body != c.body || h.Get("Content-Encoding") != c.encoding ||
			h.Get("Content-Type") != c.media || h.Get("Cache-Control") != c.cache {
			t.Errorf("%s for %q: %d %q %v", c.path, c.accept, r.StatusCode, body, h)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", c.path, h)
		}
	}
	for _, path := range []string{"/secret", "/none.js", "/../lab.go", "/app.0123456789.js.br", "/%2e%2e/x.js"} {
		if r, _ := get(path, "br"); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	first, _ := get("/", "identity")
	r, _ := http.NewRequest("GET", base+"/", nil)
	r.Header.Set("If-None-Match", first.Header.Get("ETag"))
	if again, err := http.DefaultClient.Do(r); err != nil || again.StatusCode != http.StatusNotModified {
		t.Errorf("the same page again: %v, %v", again, err)
	}
}
