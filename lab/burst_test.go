package lab

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// fast is the rate of the bursts, and burst their length: a third of a second.
const (
	fast  = 2_000_000
	burst = 64 << 10
)

// pattern is what bursts are made of: every byte value, and no short period.
func pattern() []byte {
	p := make([]byte, burst)
	for i := range p {
		p[i] = byte(i ^ i>>8)
	}
	return p
}

// bursting is a device that takes a burst and answers with one.
type bursting struct{ heard chan []byte }

func (b *bursting) Run(ctx context.Context, u sim.UART) error {
	defer context.AfterFunc(ctx, func() { u.SetReadDeadline(time.Now()) })()
	u.SetMode(serial.Mode{Baud: fast})
	for ctx.Err() == nil {
		got := make([]byte, burst)
		if _, err := io.ReadFull(u, got); err != nil {
			return nil
		}
		b.heard <- got
		u.Write(pattern())
	}
	return nil
}

// A foreign program gets and sends bursts whole, every byte value as it is, also
// when the machine lets it wait for a moment.
func TestExposeBurst(t *testing.T) {
	link := filepath.Join(t.TempDir(), "ncp")
	for name, expose := range map[string]string{"tcp": "tcp:0", "pty": "pty:" + link} {
		t.Run(name, func(t *testing.T) {
			if name == "pty" && runtime.GOOS != "linux" {
				t.Skip("PTYs are supported on Linux only")
			}
			device := &bursting{make(chan []byte, 1)}
			l, _ := start(t, Options{Devices: []Spec{{Name: "one", Sim: device, Wire: sim.WireOptions{FIFO: 2 * burst}, Expose: expose}}})
			waitFor(t, "open port", func() bool { return l.Device("one").Wire().UART().Lines().Open })
			var s stream
			waitFor(t, "way in", func() (ok bool) {
				target := "pty:" + link
				if name == "tcp" {
					if l.Device("one").Address() == nil {
						return false
					}
					target = "tcp:" + l.Device("one").Address().String()
				}
				var err error
				s, err = reach(t.Context(), target)
				return err == nil
			})
			defer s.Close()
			if err := s.setMode(serial.Mode{Baud: fast}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * lookEvery)
			go s.Write(pattern())
			if got := <-device.heard; !bytes.Equal(got, pattern()) {
				t.Error("the device heard something else")
			}
			got := make([]byte, burst)
			if _, err := io.ReadFull(s, got[:1]); err != nil {
				t.Fatal(err)
			}
			time.Sleep(150 * time.Millisecond)
			stop := time.AfterFunc(5*time.Second, func() { s.Close() })
			defer stop.Stop()
			if n, err := io.ReadFull(s, got[1:]); err != nil || !bytes.Equal(got, pattern()) {
				t.Errorf("the program got %d of %d bytes, %v", n+1, burst, err)
			}
		})
	}
}

// Bursts between the page and a foreign device, which is as fast as it wants to be.
func TestAttachBurst(t *testing.T) {
	addr, conns, _ := far(t)
	bursts(t, "tcp:"+addr, &late{conns: conns})
}

func bursts(t *testing.T, attach string, device io.ReadWriter) {
	t.Helper()
	_, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: attach}}})
	p := connect(t, base, listed(t, base, 1)[0].ID)
	p.open(fast)
	sent := bytes.Repeat(pattern(), 8)
	go device.Write(sent)
	if got := p.read(len(sent)); !bytes.Equal(got, sent) {
		t.Error("the page got something else")
	}
	go func() {
		for part := sent; len(part) > 0; part = part[burst:] {
			p.write(part[:burst])
		}
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(device, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("the device got something else: %v", err)
	}
}

// A name such as localhost leads to this machine, whatever a resolver says.
func TestStaysHere(t *testing.T) {
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9", "not an address"} {
		if err := onlyLoopback("tcp", to, nil); err == nil {
			t.Errorf("%s was let through", to)
		}
	}
	for _, to := range []string{"127.0.0.1:9", "127.8.8.8:9", "[::1]:9"} {
		if err := onlyLoopback("tcp", to, nil); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// late is a connection that comes when it is first used.
type late struct {
	conns <-chan net.Conn
	once  sync.Once
	conn  net.Conn
}

func (l *late) get() net.Conn {
	l.once.Do(func() { l.conn = <-l.conns })
	return l.conn
}

func (l *late) Read(p []byte) (int, error)  { return l.get().Read(p) }
func (l *late) Write(p []byte) (int, error) { return l.get().Write(p) }
