package sim

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// BenchmarkVirtual is what a simulated mebibyte costs in real time.
func BenchmarkVirtual(b *testing.B) {
	for _, c := range []struct {
		name    string
		baud    int
		latency time.Duration
	}{{"115200", 115200, 0}, {"921600", 921600, 0}, {"921600Latency", 921600, time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			const n = 1 << 20
			b.SetBytes(n)
			for b.Loop() {
				// A bubble needs a *testing.T of its own.
				ok := testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "x", F: func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						_, p, u := ends(t, WireOptions{Latency: c.latency}, at(c.baud))
						go write(t, u, make([]byte, n))
						if _, err := io.CopyN(io.Discard, p, n); err != nil {
							t.Fatal(err)
						}
						synctest.Wait()
					})
				}}})
				if !ok {
					b.Fatal("failed")
				}
			}
		})
	}
}

// TestRealTime: in real time the line keeps its rate over many short writes, also
// where timers are as coarse as a browser's, and never runs ahead. A busy machine
// gets more than one try.
func TestRealTime(t *testing.T) {
	m := at(460800)
	const n, piece = 9216, 64 // 0.2 s
	want := wireTime(m, 10, n)
	for _, dir := range []Dir{ToDevice, ToHost} {
		best := time.Hour
		for range 8 {
			_, p, u := ends(t, WireOptions{Latency: time.Millisecond}, m)
			from, to := io.Writer(p), io.Reader(u)
			if dir == ToHost {
				from, to = u, p
			}
			for _, r := range []interface{ SetReadDeadline(time.Time) error }{p, u} {
				if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			start := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range n / piece {
					write(t, from, make([]byte, piece))
				}
			}()
			if _, err := io.CopyN(io.Discard, to, n); err != nil {
				t.Fatal(err)
			}
			d := time.Since(start)
			<-done
			if d < want-time.Millisecond {
				t.Errorf("direction %d: took %v, wire time is %v", dir, d, want)
			}
			if best = min(best, d); best < want*11/10 {
				break
			}
		}
		t.Logf("direction %d: %v, wire time %v", dir, best, want)
		if best > want*12/10 {
			t.Errorf("direction %d: took %v at best, wire time is %v", dir, best, want)
		}
	}
}

// TestStarved: a reading device loses nothing because this machine let it sleep
// longer than its FIFO lasts.
func TestStarved(t *testing.T) {
	w, p, u := ends(t, WireOptions{FIFO: 16}, at(2_000_000))
	data := pattern(3000)
	got := make([]byte, len(data))
	done := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(u, got)
		done <- err
	}()
	for waiting := false; !waiting; time.Sleep(time.Millisecond) {
		w.mu.Lock()
		waiting = w.dev.waiting
		w.mu.Unlock()
	}
	write(t, p, data)
	w.mu.Lock() // nobody can run for longer than the line needs
	time.Sleep(50 * time.Millisecond)
	w.mu.Unlock()
	if err := u.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || !bytes.Equal(got, data) {
		t.Errorf("bytes were lost: %v, %+v", err, w.Stats().ToDevice)
	}
}
