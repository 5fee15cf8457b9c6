package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// at is a mode of a rate, 8N1.
func at(baud int) serial.Mode { return serial.Mode{Baud: baud} }

// ends opens a wire with both ends at a mode.
func ends(t testing.TB, o WireOptions, m serial.Mode) (*Wire, serial.Port, UART) {
	t.Helper()
	w := NewWire(o)
	t.Cleanup(w.Close)
	p, err := w.Adapter().Open(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	u := w.UART()
	if err := u.SetMode(m); err != nil {
		t.Fatal(err)
	}
	return w, p, u
}

// pattern is n bytes that differ from their neighbours.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// readFor reads until d has passed.
func readFor(t testing.TB, r interface {
	io.Reader
	SetReadDeadline(time.Time) error
}, d time.Duration) []byte {
	t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
	defer r.SetReadDeadline(time.Time{})
	var all []byte
	for buf := make([]byte, 4096); ; {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func write(t testing.TB, w io.Writer, b []byte) {
	t.Helper()
	if n, err := w.Write(b); n != len(b) || err != nil {
		t.Errorf("Write: %d of %d, %v", n, len(b), err)
	}
}

// wireTime is how long n characters of m take, reckoned apart from the code.
func wireTime(m serial.Mode, bits, n int) time.Duration {
	return time.Duration(int64(n) * int64(bits) * 1e9 / int64(m.Baud))
}

func TestDeviceToHostTime(t *testing.T) {
	modes := []struct {
		m    serial.Mode
		bits int
	}{
		{at(9600), 10}, {at(38400), 10}, {at(115200), 10}, {at(460800), 10}, {at(921600), 10}, {at(2_000_000), 10},
		{serial.Mode{Baud: 115200, Parity: serial.ParityEven}, 11},
		{serial.Mode{Baud: 57600, DataBits: 7, Parity: serial.ParityOdd, StopBits: 2}, 11},
		{serial.Mode{Baud: 57600, StopBits: 2}, 11},
	}
	for _, c := range modes {
		synctest.Test(t, func(t *testing.T) {
			_, p, u := ends(t, WireOptions{}, c.m)
			data := pattern(5000)
			if c.m.DataBits == 7 {
				for i := range data {
					data[i] &= 0x7F
				}
			}
			start := time.Now()
			go func() {
				write(t, u, data[:1234])
				if d, want := time.Since(start), wireTime(c.m, c.bits, 1234); d != want {
					t.Errorf("%v: Write returned after %v, want %v", c.m, d, want)
				}
				write(t, u, data[1234:])
			}()
			got := make([]byte, len(data))
			if _, err := io.ReadFull(p, got); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			// Two Writes, each rounded down to the nanosecond.
			if d, want := time.Since(start), wireTime(c.m, c.bits, len(data)); d > want || d < want-2 {
				t.Errorf("%v: took %v, want %v", c.m, d, want)
			}
			if !bytes.Equal(got, data) {
				t.Errorf("%v: bytes differ", c.m)
			}
		})
	}
}

func TestMebibyte(t *testing.T) {
	for _, c := range []struct {
		baud int
		want string
	}{{115200, "1m31.022222222s"}, {921600, "11.377777777s"}} {
		synctest.Test(t, func(t *testing.T) {
			_, p, u := ends(t, WireOptions{}, at(c.baud))
			data := pattern(1 << 20)
			start := time.Now()
			go write(t, p, data)
			got := make([]byte, len(data))
			if _, err := io.ReadFull(u, got); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d.String() != c.want {
				t.Errorf("%d baud: took %v, want %v", c.baud, d, c.want)
			}
			if !bytes.Equal(got, data) {
				t.Error("bytes differ")
			}
		})
	}
}
