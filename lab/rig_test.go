package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"ncpweb/sim"
)

// echo is a device that sends back what it gets.
type echo struct{}

func (echo) Run(ctx context.Context, u sim.UART) error {
	defer context.AfterFunc(ctx, func() { u.SetReadDeadline(time.Now()) })()
	buf := make([]byte, 256)
	for {
		n, err := u.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		u.Write(buf[:n])
	}
}

// start starts a lab and returns its address without the page's query.
func start(t *testing.T, o Options) (*Lab, string) {
	t.Helper()
	o.Log = t.Logf
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	url, err := l.Start(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); l.Wait() })
	return l, strings.TrimSuffix(url, "/?lab")
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// plugged waits until n ports are plugged in, and returns them.
func listed(t testing.TB, base string, n int) []entry {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		r, err := http.Get(base + "/lab/ports")
		if err != nil {
			t.Fatal(err)
		}
		var l list
		err = json.NewDecoder(r.Body).Decode(&l)
		r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Ports) == n {
			return l.Ports
		}
		if time.Now().After(end) {
			t.Fatalf("%d ports are plugged in, want %d", len(l.Ports), n)
		}
	}
}

// page is the page's end of a channel to a port.
type page struct {
	t    testing.TB
	conn *websocket.Conn
	last int
	data []byte // bytes that came while something else was waited for
	lost bool
}

func connect(t testing.TB, base, id string) *page {
	t.Helper()
	c, _, err := websocket.Dial(within(t, 5*time.Second), strings.Replace(base, "http", "ws", 1)+"/lab/port?id="+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return &page{t: t, conn: c}
}

type message struct {
	Op, Error, Message string
	ID                 int
}

// next takes the next text message; bytes are kept.
func (p *page) next() (message, error) {
	for {
		kind, b, err := p.conn.Read(within(p.t, 5*time.Second))
		if err != nil {
			return message{}, err
		}
		if kind == websocket.MessageBinary {
			p.data = append(p.data, b...)
			continue
		}
		var m message
		if err := json.Unmarshal(b, &m); err != nil {
			p.t.Fatal(err)
		}
		if m.Op == "lost" {
			p.lost = true
		}
		return m, nil
	}
}

// call asks for something and returns the name of the exception.
func (p *page) call(format string, args ...any) string {
	p.t.Helper()
	p.last++
	text := fmt.Sprintf(`{"id":%d,%s}`, p.last, fmt.Sprintf(format, args...))
	if err := p.conn.Write(within(p.t, 5*time.Second), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
	for {
		m, err := p.next()
		if err != nil {
			p.t.Fatal(err)
		}
		if m.Op == "done" && m.ID == p.last {
			return m.Error
		}
	}
}

func (p *page) open(baud int) {
	p.t.Helper()
	if name := p.call(`"op":"open","baud":%d,"bits":8,"parity":"none","stop":1`, baud); name != "" {
		p.t.Fatalf("open: %s", name)
	}
}

func (p *page) write(b []byte) {
	p.t.Helper()
	if err := p.conn.Write(within(p.t, 5*time.Second), websocket.MessageBinary, b); err != nil {
		p.t.Fatal(err)
	}
}

// read waits for n bytes.
func (p *page) read(n int) []byte {
	p.t.Helper()
	for len(p.data) < n {
		kind, b, err := p.conn.Read(within(p.t, 5*time.Second))
		if err != nil {
			p.t.Fatalf("%d of %d bytes: %v", len(p.data), n, err)
		}
		if kind == websocket.MessageBinary {
			p.data = append(p.data, b...)
		}
	}
	b := p.data[:n]
	p.data = p.data[n:]
	return b
}

// ends waits for the end of the channel.
func (p *page) ends() {
	p.t.Helper()
	for {
		if _, err := p.next(); err != nil {
			return
		}
	}
}

// far is a foreign device on a TCP port; each connection is handed over.
func far(t *testing.T) (addr string, conns <-chan net.Conn, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := make(chan net.Conn, 4)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c <- conn
		}
	}()
	return listener.Addr().String(), c, func() { listener.Close() }
}
