package lab

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// A foreign device that listens on TCP appears, speaks, goes and comes back.
func TestAttachTCP(t *testing.T) {
	addr, conns, _ := far(t)
	_, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "tcp:" + addr}}})
	before := listed(t, base, 1)[0]
	device := <-conns
	p := connect(t, base, before.ID)
	device.Write([]byte("nobody listens yet"))
	time.Sleep(20 * time.Millisecond)
	p.open(38400)
	talk(t, p, device)
	p.call(`"op":"close"`)
	device.Write([]byte("nor now"))
	time.Sleep(20 * time.Millisecond)
	p.open(115200)
	talk(t, p, device)

	device.Close()
	p.ends()
	if !p.lost {
		t.Error("the page was not told that the device is gone")
	}
	device = <-conns
	after := listed(t, base, 1)[0]
	if after.ID == before.ID {
		t.Error("the device has its old id")
	}
	p = connect(t, base, after.ID)
	p.open(115200)
	talk(t, p, device)
}

// A foreign device that dials is there from its connection to its end.
func TestAttachListen(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "listen:0"}}})
	waitFor(t, "address", func() bool { return l.Device("foreign").Address() != nil })
	listed(t, base, 0)
	for range 2 {
		device, err := net.Dial("tcp", l.Device("foreign").Address().String())
		if err != nil {
			t.Fatal(err)
		}
		p := connect(t, base, listed(t, base, 1)[0].ID)
		p.open(38400)
		talk(t, p, device)
		device.Close()
		p.ends()
		if !p.lost {
			t.Error("the page was not told that the device is gone")
		}
		listed(t, base, 0)
	}
}

// talk sends bytes both ways.
func talk(t *testing.T, p *page, device io.ReadWriter) {
	t.Helper()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	p.write(all)
	got := make([]byte, len(all))
	if _, err := io.ReadFull(device, got); err != nil || !bytes.Equal(got, all) {
		t.Fatalf("the device got % x, %v", got, err)
	}
	if _, err := device.Write(all); err != nil {
		t.Fatal(err)
	}
	if got := p.read(len(all)); !bytes.Equal(got, all) {
		t.Fatalf("the page got % x", got)
	}
}

// A write that the foreign device does not take does not hold the close.
func TestAttachStuck(t *testing.T) {
	addr, conns, _ := far(t)
	_, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "tcp:" + addr}}})
	p := connect(t, base, listed(t, base, 1)[0].ID)
	device := <-conns // it takes nothing
	defer device.Close()
	p.open(115200)
	for range 40 {
		p.write(make([]byte, 512<<10))
	}
	began := time.Now()
	if name := p.call(`"op":"close"`); name != "" {
		t.Errorf("close: %s", name)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("close took %v", d)
	}
}

// switching is an echo that changes its rate when it hears an R.
type switching struct{ rates []int }

func (s *switching) Run(ctx context.Context, u sim.UART) error {
	defer context.AfterFunc(ctx, func() { u.SetReadDeadline(time.Now()) })()
	next := 0
	set := func() {
		u.SetMode(serial.Mode{Baud: s.rates[next%len(s.rates)]})
		next++
	}
	set()
	buf := make([]byte, 1)
	for {
		if _, err := u.Read(buf); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		u.Write(buf)
		if buf[0] == 'R' {
			set()
		}
	}
}

// exchange sends text to a device that echoes.
func exchange(t *testing.T, c net.Conn, text string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("%q came back, want %q: %v", got, text, err)
	}
}

// A foreign program on TCP has no rate: it hears the device at each.
func TestExposeTCP(t *testing.T) {
	l, base := start(t, Options{Devices: []Spec{{Name: "one", Sim: &switching{rates: []int{38400, 115200, 9600}}, Expose: "tcp:0"}}})
	listed(t, base, 0)
	waitFor(t, "address", func() bool { return l.Device("one").Address() != nil })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Device("one").Address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	waitFor(t, "open port", func() bool { return l.Device("one").Wire().UART().Lines().Open })
	c := dial()
	for _, text := range []string{"abc", "R", "def", "R", "ghi", "R", "jkl"} {
		exchange(t, c, text)
		time.Sleep(5 * time.Millisecond) // the echo of the R is there before the change of rate
	}
	second := dial()
	second.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("a second program was served")
	}
	c.Close()
	waitFor(t, "freed device", func() bool {
		c := dial()
		defer c.Close()
		c.SetDeadline(time.Now().Add(200 * time.Millisecond))
		c.Write([]byte("x"))
		_, err := c.Read(make([]byte, 1))
		return err == nil
	})
}

func TestExposeConnect(t *testing.T) {
	addr, conns, _ := far(t)
	l, _ := start(t, Options{Devices: []Spec{{Name: "one", Sim: &switching{rates: []int{38400, 57600}}, Expose: "connect:" + addr}}})
	waitFor(t, "open port", func() bool { return l.Device("one").Wire().UART().Lines().Open })
	c := <-conns
	exchange(t, c, "hello")
	c.Close()
	c = <-conns // it dials again
	exchange(t, c, "again")
	l.Device("one").Unplug()
	c.SetDeadline(time.Now().Add(100 * time.Millisecond))
	c.Write([]byte("lost"))
	if n, _ := c.Read(make([]byte, 8)); n != 0 {
		t.Error("an unplugged device answered")
	}
	l.Device("one").Plug()
	waitFor(t, "open port", func() bool { return l.Device("one").Wire().UART().Lines().Open })
	exchange(t, c, "back")
}

// A file in the place of a PTY's link is not touched.
func TestExposeKeepsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := relink("/dev/null", path); err == nil {
		t.Error("a file was replaced")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}
