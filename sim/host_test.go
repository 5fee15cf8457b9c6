package sim

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// TestExactToTheByte: a reader with a buffer of one byte sees each byte at its time,
// and so does a Tap with any reader.
func TestExactToTheByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(921600))
		start := time.Now()
		var taps []time.Duration
		w.Tap(func(d Dir, at time.Time, b []byte) { taps = append(taps, at.Sub(start)) })
		go write(t, u, pattern(200))
		for i := range 200 {
			if _, err := p.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if d, want := time.Since(start), wireTime(at(921600), 10, i+1); d != want || taps[i] != want {
				t.Fatalf("byte %d read after %v, tapped at %v, want %v", i, d, taps[i], want)
			}
		}
		synctest.Wait()
	})
}

// TestReadWake: a wide reader waits for at most a millisecond of a stream and not
// at all for more than comes.
func TestReadWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, u := ends(t, WireOptions{}, at(115200))
		buf := make([]byte, 4096)
		for _, n := range []int{1, 5, 11} {
			start := time.Now()
			go write(t, u, pattern(n))
			got, _ := p.Read(buf)
			if d, want := time.Since(start), wireTime(at(115200), 10, n); got != n || d != want {
				t.Errorf("%d of %d bytes after %v, want %v", got, n, d, want)
			}
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		go write(t, u, pattern(1000))
		if n, _ := p.Read(buf); n != 11 || time.Since(start) > time.Millisecond {
			t.Errorf("%d bytes after %v", n, time.Since(start))
		}
		readFor(t, p, time.Second)
	})
}

func TestLatency(t *testing.T) {
	const latency = 16 * time.Millisecond
	m := at(115200)
	for _, c := range []struct {
		n     int
		reads []int
		when  []time.Duration
	}{
		// The timer starts with the first byte; fewer than a packet wait for it.
		{1, []int{1}, []time.Duration{wireTime(m, 10, 1) + latency}},
		{20, []int{20}, []time.Duration{wireTime(m, 10, 1) + latency}},
		// A full packet leaves at once, the rest waits from its own first byte on.
		{62, []int{62}, []time.Duration{wireTime(m, 10, 62)}},
		{100, []int{62, 38}, []time.Duration{wireTime(m, 10, 62), wireTime(m, 10, 63) + latency}},
		{124, []int{62, 62}, []time.Duration{wireTime(m, 10, 62), wireTime(m, 10, 124)}},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, p, u := ends(t, WireOptions{Latency: latency}, m)
			start := time.Now()
			go write(t, u, pattern(c.n))
			for i, want := range c.reads {
				n, err := p.Read(make([]byte, 4096))
				if d := time.Since(start); n != want || d != c.when[i] || err != nil {
					t.Errorf("%d sent: Read %d gave %d bytes after %v, want %d after %v (%v)", c.n, i, n, d, want, c.when[i], err)
				}
			}
			synctest.Wait()
		})
	}
}

// TestLatencySplit: at a low rate a batch leaves before it is full.
func TestLatencySplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, u := ends(t, WireOptions{Latency: 4 * time.Millisecond}, at(10_000)) // a byte each ms
		start := time.Now()
		go write(t, u, pattern(12))
		var got []byte
		for _, want := range []time.Duration{5, 9, 13} {
			buf := make([]byte, 64)
			n, _ := p.Read(buf)
			got = append(got, buf[:n]...)
			if d := time.Since(start); d != want*time.Millisecond {
				t.Errorf("%d bytes after %v, want %d ms", n, d, want)
			}
		}
		if !bytes.Equal(got, pattern(12)) {
			t.Errorf("got % X", got)
		}
		synctest.Wait()
	})
}

func TestWriteBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, u := ends(t, WireOptions{}, at(115200))
		start := time.Now()
		write(t, p, pattern(transmitBuffer))
		if d := time.Since(start); d != 0 {
			t.Errorf("Write into an empty buffer took %v", d)
		}
		write(t, p, pattern(10_000))
		if d, want := time.Since(start), wireTime(at(115200), 10, 10_000); d != want {
			t.Errorf("Write returned after %v, want %v", d, want)
		}
		readFor(t, u, time.Second)
	})
}

func TestLinesOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire(WireOptions{})
		defer w.Close()
		u := w.UART()
		var seen []Lines
		var times []time.Duration
		start := time.Now()
		go func() {
			for last := (Lines{}); ; {
				ch := u.LinesChanged()
				if l := u.Lines(); l != last {
					last = l
					seen = append(seen, l)
					times = append(times, time.Since(start))
				}
				<-ch
				if len(seen) == 6 {
					return
				}
			}
		}()
		synctest.Wait()
		p, err := w.Adapter().Open(t.Context(), at(9600))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		p.SetSignals(t.Context(), serial.Signals{DTR: serial.Off, RTS: serial.Off})
		synctest.Wait()
		p.SetSignals(t.Context(), serial.Signals{DTR: serial.On, RTS: serial.On})
		synctest.Wait()
		p.Close()
		synctest.Wait()
		want := []Lines{
			{true, true, true, false}, {true, false, true, false}, {true, false, false, false},
			{true, true, false, false}, {true, true, true, false}, {},
		}
		if len(seen) != len(want) {
			t.Fatalf("seen %v", seen)
		}
		for i := range want {
			if seen[i] != want[i] {
				t.Errorf("change %d: %+v, want %+v", i, seen[i], want[i])
			}
		}
		if times[2]-times[1] != signalGap {
			t.Errorf("DTR and RTS %v apart", times[2]-times[1])
		}
		w.Plug()
		w.Adapter().Open(t.Context(), at(9600)) // one more change lets the watcher end
	})
}

// TestReopenMode: a rate change takes its time, loses what comes meanwhile, keeps what
// was written before and the signals as they were.
func TestReopenMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const reopen = 50 * time.Millisecond
		w, p, u := ends(t, WireOptions{Reopen: reopen}, at(9600))
		if err := p.SetSignals(t.Context(), serial.Signals{RTS: serial.Off}); err != nil {
			t.Fatal(err)
		}
		write(t, p, pattern(10))
		start := time.Now()
		drained := wireTime(at(9600), 10, 10)
		go func() {
			time.Sleep(drained + 20*time.Millisecond)
			if l := u.Lines(); l != (Lines{}) {
				t.Errorf("lines while closed: %+v", l)
			}
			write(t, u, []byte{1, 2, 3})
			if err := u.SetMode(at(115200)); err != nil {
				t.Error(err)
			}
		}()
		read := make(chan byte)
		go func() {
			var b [1]byte
			if _, err := p.Read(b[:]); err != nil {
				t.Error(err)
			}
			read <- b[0]
		}()
		if err := p.SetMode(t.Context(), at(115200)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != drained+reopen {
			t.Errorf("SetMode took %v, want %v", d, drained+reopen)
		}
		if l, want := u.Lines(), (Lines{Open: true, DTR: true}); l != want {
			t.Errorf("lines: %+v, want %+v", l, want)
		}
		if got := readFor(t, u, 10*time.Millisecond); !bytes.Equal(got, pattern(10)) {
			t.Errorf("the device got % X", got)
		}
		write(t, u, []byte{9})
		if b := <-read; b != 9 {
			t.Errorf("read %d across the change", b)
		}
		if st := w.Stats(); st.ToHost.Lost != 3 || st.Opens != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestWriteDuringReopen: what is written while the port is re-opened goes out
// after it, at the new rate.
func TestWriteDuringReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const reopen = 50 * time.Millisecond
		_, p, u := ends(t, WireOptions{Reopen: reopen}, at(9600))
		start := time.Now()
		go func() {
			time.Sleep(10 * time.Millisecond)
			write(t, p, []byte{1, 2, 3})
			if d := time.Since(start); d != reopen {
				t.Errorf("Write returned after %v", d)
			}
		}()
		if err := errors.Join(u.SetMode(at(115200)), p.SetMode(t.Context(), at(115200))); err != nil {
			t.Fatal(err)
		}
		if got := readFor(t, u, time.Second); !bytes.Equal(got, []byte{1, 2, 3}) {
			t.Errorf("got % X", got)
		}
	})
}

func TestSetModeGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, u := ends(t, WireOptions{}, at(9600))
		write(t, p, pattern(1000))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := p.SetMode(ctx, at(19200)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SetMode: %v", err)
		}
		write(t, p, pattern(24)) // the port is as it was
		if got := readFor(t, u, 2*time.Second); len(got) != 1024 {
			t.Errorf("%d bytes", len(got))
		}
		for _, m := range []serial.Mode{{}, {Baud: -1}, {Baud: 9600, DataBits: 5}, {Baud: 9600, StopBits: 3}, {Baud: 9600, Parity: 7}} {
			if p.SetMode(t.Context(), m) == nil || u.SetMode(m) == nil {
				t.Errorf("%+v was accepted", m)
			}
		}
	})
}

func TestOpenErrors(t *testing.T) {
	info := serial.Info{VendorID: 1, ProductID: 2}
	w := NewWire(WireOptions{Info: info, MaxBaud: 1_000_000})
	defer w.Close()
	why := func(m serial.Mode) serial.OpenReason {
		t.Helper()
		p, err := w.Adapter().Open(t.Context(), m)
		var oe *serial.OpenError
		if !errors.As(err, &oe) || p != nil {
			t.Fatalf("Open: %v, %v", p, err)
		}
		if oe.Info != info {
			t.Errorf("error tells of %+v", oe.Info)
		}
		return oe.Reason
	}
	for _, r := range []serial.OpenReason{serial.OpenDenied, serial.OpenBusy, serial.OpenFailed} {
		w.RefuseOpen(&serial.OpenError{Reason: r, Err: os.ErrPermission})
		if got := why(at(9600)); got != r {
			t.Errorf("%v, want %v", got, r)
		}
	}
	w.RefuseOpen(nil)
	if got := why(at(2_000_000)); got != serial.OpenMode {
		t.Errorf("too fast: %v", got)
	}
	if got := why(serial.Mode{}); got != serial.OpenMode {
		t.Errorf("no rate: %v", got)
	}
	w.Unplug()
	if got := why(at(9600)); got != serial.OpenLost {
		t.Errorf("unplugged: %v", got)
	}
	w.Plug()
	if _, err := w.Adapter().Open(t.Context(), at(9600)); err != nil {
		t.Error(err)
	}
	if n := w.Stats().Opens; n != 1 {
		t.Errorf("%d opens", n)
	}
}

// TestClosedPort: what comes for a closed port is lost; what was written still
// goes out.
func TestClosedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(9600))
		write(t, p, pattern(100))
		p.Close()
		write(t, u, []byte{1, 2})
		if got := readFor(t, u, time.Second); len(got) != 100 {
			t.Errorf("%d bytes", len(got))
		}
		if n := w.Stats().ToHost.Lost; n != 2 {
			t.Errorf("%d lost", n)
		}
	})
}
