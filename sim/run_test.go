package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// echo is a device that says a word at power-on and then sends back what it gets.
type echo struct{ starts int }

func (e *echo) Run(ctx context.Context, u UART) error {
	e.starts++
	stop := context.AfterFunc(ctx, func() { u.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := u.SetMode(serial.Mode{Baud: 115200}); err != nil {
		return err
	}
	if _, err := u.Write([]byte("up")); err != nil {
		return err
	}
	buf := make([]byte, 256)
	for {
		n, err := u.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := u.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// ask opens the present adapter and has a word echoed.
func ask(t *testing.T, w *Wire) serial.Port {
	t.Helper()
	p, err := w.Adapter().Open(t.Context(), at(115200))
	if err != nil {
		t.Fatal(err)
	}
	readFor(t, p, 50*time.Millisecond)
	write(t, p, []byte("hello"))
	if got := readFor(t, p, 50*time.Millisecond); string(got) != "hello" {
		t.Errorf("echo: %q", got)
	}
	return p
}

func TestRunKeepsPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		e, done := &echo{}, make(chan error, 1)
		go func() { done <- Run(ctx, w, e) }()
		ask(t, w)
		w.Unplug()
		time.Sleep(time.Second)
		w.Plug()
		ask(t, w)
		cancel()
		if err := <-done; err != nil || e.starts != 1 {
			t.Errorf("Run: %v after %d starts", err, e.starts)
		}
		w.Close()
	})
}

func TestPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		e, done := &echo{}, make(chan error, 1)
		w.Unplug()
		go func() { done <- Power(ctx, w, e) }()
		time.Sleep(time.Second)
		w.Plug()
		if p := ask(t, w); e.starts != 1 {
			t.Errorf("%d starts before the first plug", e.starts-1)
		} else {
			p.Close()
		}
		for i := 1; i <= 3; i++ {
			p := ask(t, w)
			if e.starts != i {
				t.Errorf("%d starts, want %d", e.starts, i)
			}
			write(t, p, []byte("these bytes are lost with the power"))
			w.Unplug()
			time.Sleep(time.Second)
			w.Plug()
		}
		p, err := w.Adapter().Open(ctx, at(115200))
		if err != nil {
			t.Fatal(err)
		}
		if got := readFor(t, p, time.Second); string(got) != "up" {
			t.Errorf("after power-on: %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Power: %v", err)
		}
		write(t, p, []byte{1})
		time.Sleep(time.Second)
		if n := w.Stats().ToDevice.Lost; n == 0 {
			t.Error("a device without power receives")
		}
		w.Close()
	})
}

// babbler says a number for a second and reads nothing.
type babbler struct{ starts int }

func (b *babbler) Run(ctx context.Context, u UART) error {
	b.starts++
	if n, err := u.Write(bytes.Repeat([]byte{byte(b.starts)}, 960)); n != 960 || err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// TestPowerOff: a device that is cut off while it sends is off at once, and
// nothing of its last life, neither sent nor received, is there in the next.
func TestPowerOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(9600))
		ctx, cancel := context.WithCancel(t.Context())
		b, done := &babbler{}, make(chan error, 1)
		go func() { done <- Power(ctx, w, b) }()
		synctest.Wait()
		write(t, p, []byte("for the first"))
		time.Sleep(200 * time.Millisecond)
		w.Unplug()
		synctest.Wait()
		w.Plug()
		synctest.Wait()
		p, err := w.Adapter().Open(ctx, at(9600))
		if err != nil {
			t.Fatal(err)
		}
		if got := readFor(t, p, 1100*time.Millisecond); !bytes.Equal(got, bytes.Repeat([]byte{2}, 960)) {
			t.Errorf("second life: %d bytes, first % X", len(got), got[:min(3, len(got))])
		}
		write(t, p, []byte("2nd"))
		if got := readFor(t, u, time.Second); string(got) != "2nd" {
			t.Errorf("the device has %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestPowerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		done := make(chan error, 1)
		go func() { done <- Power(t.Context(), w, &echo{}) }()
		time.Sleep(time.Second)
		w.Close()
		if err := <-done; !errors.Is(err, serial.ErrClosed) {
			t.Errorf("Power of a closed wire: %v", err)
		}
		if err := Power(t.Context(), w, &echo{}); !errors.Is(err, serial.ErrClosed) {
			t.Errorf("Power of a closed wire: %v", err)
		}
	})
}

// TestClose: whoever waits on either end is told, and nothing is left running
// (synctest fails if a goroutine stays).
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{Faults: []Fault{{Dir: ToHost, At: 5000, Kind: Unplug}}}, at(9600))
		var wg sync.WaitGroup
		for _, c := range []struct {
			what string
			call func([]byte) (int, error)
			want error
		}{
			{"host Read", p.Read, serial.ErrLost}, {"host Write", p.Write, serial.ErrLost},
			{"device Read", func(b []byte) (int, error) { // until it is closed
				for {
					if n, err := u.Read(b); err != nil {
						return n, err
					}
				}
			}, serial.ErrClosed},
			{"device Write", u.Write, serial.ErrClosed},
		} {
			wg.Go(func() {
				var err error
				for range 2 { // the first Read may have been in time
					if _, err = c.call(make([]byte, 100_000)); err != nil {
						break
					}
					if c.what == "host Read" {
						time.Sleep(10 * time.Second)
					}
				}
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", c.what, err, c.want)
				}
			})
		}
		time.Sleep(time.Second)
		ch := w.PlugChanged()
		w.Close()
		w.Close()
		<-ch
		<-w.PlugChanged()
		wg.Wait()
		if err := u.SetMode(at(9600)); !errors.Is(err, serial.ErrClosed) {
			t.Errorf("SetMode: %v", err)
		}
		if _, err := w.Plug().Open(t.Context(), at(9600)); !errors.Is(err, serial.ErrLost) {
			t.Errorf("Open: %v", err)
		}
	})
}

// TestUnplugAnywhere unplugs at many moments of a busy line with mode and signal
// changes under way. The host's calls must all end with ErrLost at that very
// moment; the device must go on; the next port must work.
func TestUnplugAnywhere(t *testing.T) {
	for _, when := range []time.Duration{0, 1, 100 * time.Microsecond, 400 * time.Microsecond, 5 * time.Millisecond,
		30 * time.Millisecond, 77 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w, p, u := ends(t, WireOptions{Latency: 4 * time.Millisecond, Reopen: 40 * time.Millisecond}, at(9600))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- Run(ctx, w, &echo{}) }()
			gone := time.Time{}
			var wg sync.WaitGroup
			for _, call := range []func() error{
				func() error { _, err := p.Read(make([]byte, 16)); return err },
				func() error { _, err := p.Write(make([]byte, 50)); return err },
				func() error { return p.SetMode(ctx, at(115200)) },
				func() error { return p.SetSignals(ctx, serial.Signals{DTR: serial.Off, RTS: serial.On}) },
			} {
				wg.Go(func() {
					var err error
					for err == nil {
						if err = call(); err == nil {
							time.Sleep(time.Microsecond)
						}
					}
					if !errors.Is(err, serial.ErrLost) {
						t.Error(err)
					}
					// A call between two turns may wake a microsecond later.
					if d := time.Since(gone); d > time.Microsecond {
						t.Errorf("the call ended %v after the unplug", d)
					}
				})
			}
			time.Sleep(when)
			gone = time.Now()
			w.Unplug()
			wg.Wait()
			if u.Lines() != (Lines{}) {
				t.Errorf("lines: %+v", u.Lines())
			}
			time.Sleep(time.Second)
			w.Plug()
			ask(t, w)
			if _, err := p.Read(make([]byte, 1)); !errors.Is(err, serial.ErrLost) {
				t.Errorf("the old port: %v", err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRandom does random things on both ends for a virtual minute: no byte may be
// invented, reordered or be unaccounted for, and nothing may hang.
func TestRandom(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			o := WireOptions{Seed: seed, FIFO: 64, Latency: time.Duration(rng.IntN(3)) * 2 * time.Millisecond,
				Reopen: time.Duration(rng.IntN(2)) * 10 * time.Millisecond}
			w, p, u := ends(t, o, at(115200))
			var in, out [2][]byte
			w.Tap(func(d Dir, _ time.Time, b []byte) { in[d] = append(in[d], b...) })
			end := time.Now().Add(time.Minute)
			var wg sync.WaitGroup
			reader := func(d Dir, r io.Reader, pause int) {
				rng := rand.New(rand.NewPCG(seed, uint64(d)+7))
				for {
					buf := make([]byte, 1+rng.IntN(100))
					n, err := r.Read(buf)
					out[d] = append(out[d], buf[:n]...)
					if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						return
					}
					if time.Now().Before(end) {
						time.Sleep(time.Duration(rng.IntN(pause)) * time.Microsecond)
					}
				}
			}
			wg.Go(func() { reader(ToDevice, u, 20_000) })
			wg.Go(func() { reader(ToHost, p, 100_000) })
			for d, x := range map[Dir]io.Writer{ToDevice: p, ToHost: u} {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(d)+3))
					for time.Now().Before(end) {
						if _, err := x.Write(make([]byte, rng.IntN(500))); err != nil {
							t.Error(err)
						}
						time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
					}
				})
			}
			rates := []int{9600, 38400, 115200, 250000}
			for time.Now().Before(end) {
				time.Sleep(time.Duration(rng.IntN(50_000)) * time.Microsecond)
				m := serial.Mode{Baud: rates[rng.IntN(len(rates))], Parity: serial.Parity(rng.IntN(3)), DataBits: serial.DataBits(7 + rng.IntN(2))}
				s := []serial.Level{serial.On, serial.Off}
				var err error
				switch rng.IntN(6) {
				case 0:
					err = u.SetMode(m)
				case 1:
					err = errors.Join(u.SetMode(m), p.SetMode(t.Context(), m))
				case 2:
					err = p.SetSignals(t.Context(), serial.Signals{Break: serial.On})
					time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond)
					err = errors.Join(err, p.SetSignals(t.Context(), serial.Signals{Break: serial.Off}))
				case 3:
					err = p.SetSignals(t.Context(), serial.Signals{DTR: s[rng.IntN(2)], RTS: s[rng.IntN(2)]})
				case 4:
					err = p.SetReadDeadline(time.Now().Add(time.Duration(rng.IntN(100)-50) * time.Millisecond))
					time.Sleep(time.Millisecond)
					err = errors.Join(err, p.SetReadDeadline(time.Time{}))
				case 5:
					w.Inject(Fault{Dir: Dir(rng.IntN(2)), Kind: Kind(rng.IntN(5)), N: rng.IntN(20)})
				}
				if err != nil {
					t.Error(err)
				}
			}
			time.Sleep(time.Minute) // both writers are done, all has arrived
			st := w.Stats()
			p.Close()
			w.Close()
			wg.Wait()
			for d, l := range map[Dir]LineStats{ToDevice: st.ToDevice, ToHost: st.ToHost} {
				if !bytes.Equal(in[d], out[d]) || int64(len(in[d])) != l.Received {
					t.Errorf("seed %d: direction %d: %d bytes tapped, %d read, %+v", seed, d, len(in[d]), len(out[d]), l)
				}
				if l.Received < 1000 || l.FramingErrors == 0 {
					t.Errorf("seed %d: direction %d: hardly anything came: %+v", seed, d, l)
				}
			}
		})
	}
}
