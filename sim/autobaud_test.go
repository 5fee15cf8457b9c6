package sim

import (
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// A UART that follows understands the host at any rate up to its limit, both ways.
func TestAutoBaud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		defer w.Close()
		u := w.UART()
		a := u.(AutoBauder)
		if err := a.AutoBaud(true, 1_000_000); err != nil {
			t.Fatal(err)
		}
		p, err := w.Adapter().Open(t.Context(), at(921600))
		if err != nil {
			t.Fatal(err)
		}
		hear := func() string {
			write(t, p, []byte("word"))
			time.Sleep(50 * time.Millisecond)
			b := make([]byte, 64)
			if err := u.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			n, _ := u.Read(b)
			return string(b[:n])
		}
		if got := hear(); got != "word" || a.Rate() != 921600 {
			t.Errorf("921600: %q at %d", got, a.Rate())
		}
		if err := p.SetMode(t.Context(), at(9600)); err != nil {
			t.Fatal(err)
		}
		if got := hear(); got != "word" {
			t.Errorf("9600: %q", got)
		}
		if _, err := u.Write([]byte("reply")); err != nil {
			t.Fatal(err)
		}
		if got := readFor(t, p, 50*time.Millisecond); string(got) != "reply" {
			t.Errorf("to the host: %q", got)
		}
		if err := p.SetMode(t.Context(), at(2_000_000)); err != nil {
			t.Fatal(err)
		}
		if got := hear(); got == "word" || a.Rate() != 9600 {
			t.Errorf("above the limit: %q at %d", got, a.Rate())
		}
		if err := p.SetMode(t.Context(), at(115200)); err != nil {
			t.Fatal(err)
		}
		if err := a.AutoBaud(false, 0); err != nil {
			t.Fatal(err)
		}
		if err := p.SetMode(t.Context(), at(38400)); err != nil {
			t.Fatal(err)
		}
		if got := hear(); got == "word" || a.Rate() != 115200 {
			t.Errorf("switched off: %q at %d", got, a.Rate())
		}
	})
}

// A reset empties the UART and lets a Write go.
func TestUARTReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		defer w.Close()
		u := w.UART()
		p, err := w.Adapter().Open(t.Context(), serial.Mode{Baud: 115200})
		if err != nil {
			t.Fatal(err)
		}
		write(t, p, []byte("old"))
		time.Sleep(10 * time.Millisecond)
		time.AfterFunc(10*time.Millisecond, func() { _ = u.(Resetter).Reset() })
		begin := time.Now()
		if _, err := u.Write(make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != 10*time.Millisecond {
			t.Errorf("Write went on for %v", d)
		}
		if n := len(readFor(t, p, time.Second)); n > 116 {
			t.Errorf("%d bytes left", n)
		}
		if err := u.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, _ := u.Read(make([]byte, 10)); n > 0 {
			t.Error("old bytes are still there")
		}
	})
}
