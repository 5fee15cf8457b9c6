package sim

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// cross sends data in a direction through faults and returns what came.
func cross(t *testing.T, d Dir, o WireOptions, data []byte) (got []byte, took time.Duration, st LineStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, o, at(115200))
		start := time.Now()
		w.Tap(func(dir Dir, t time.Time, _ []byte) {
			if dir == d {
				took = t.Sub(start)
			}
		})
		if d == ToHost {
			go write(t, u, data)
			got = readFor(t, p, 10*time.Second)
		} else {
			go write(t, p, data)
			got = readFor(t, u, 10*time.Second)
		}
		s := w.Stats()
		st = s.ToDevice
		if d == ToHost {
			st = s.ToHost
		}
	})
	return got, took, st
}

func TestFaults(t *testing.T) {
	data := pattern(1000)
	cut := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, dir := range []Dir{ToDevice, ToHost} {
		for _, a := range []int{0, 1, 500, 995} {
			f := func(k Kind, n int) WireOptions {
				return WireOptions{Seed: 3, Faults: []Fault{{Dir: dir, At: int64(a), Kind: k, N: n}}}
			}
			at1000 := wireTime(at(115200), 10, 1000)

			got, took, st := cross(t, dir, f(Drop, 4), data)
			if !bytes.Equal(got, cut(data[:a], data[a+4:])) || st.Dropped != 4 || st.Sent != 1000 || st.Received != 996 {
				t.Errorf("Drop at %d: %d bytes, %+v", a, len(got), st)
			}
			if took != at1000 {
				t.Errorf("Drop: last byte at %v, want %v", took, at1000)
			}

			got, _, st = cross(t, dir, f(Flip, 3), data)
			if len(got) != 1000 || st.Flipped != 3 {
				t.Fatalf("Flip: %d bytes, %+v", len(got), st)
			}
			for i := range got {
				want := 0
				if i >= a && i < a+3 {
					want = 1
				}
				if n := bits.OnesCount8(got[i] ^ data[i]); n != want {
					t.Errorf("Flip at %d: byte %d has %d wrong bits", a, i, n)
				}
			}

			got, took, st = cross(t, dir, f(Duplicate, 2), data)
			if !bytes.Equal(got, cut(data[:a], data[a:a+1], data[a:a+1], data[a+1:a+2], data[a+1:])) || st.Duplicated != 2 {
				t.Errorf("Duplicate at %d: %d bytes, %+v", a, len(got), st)
			}
			if want := wireTime(at(115200), 10, 1002); took != want {
				t.Errorf("Duplicate: last byte at %v, want %v", took, want)
			}

			got, _, st = cross(t, dir, f(Insert, 5), data)
			if len(got) != 1005 || !bytes.Equal(got[:a], data[:a]) || !bytes.Equal(got[a+5:], data[a:]) || st.Inserted != 5 {
				t.Errorf("Insert at %d: %d bytes, %+v", a, len(got), st)
			}

			got, took, _ = cross(t, dir, f(Stall, 70), data)
			if want := at1000 + 70*time.Millisecond; took > want || took < want-2 || !bytes.Equal(got, data) {
				t.Errorf("Stall at %d: last byte at %v, want %v", a, took, want)
			}

			got, _, _ = cross(t, 1-dir, f(Flip, 1000), data)
			if !bytes.Equal(got, data) {
				t.Errorf("a fault of direction %d acts on the other", dir)
			}
		}
	}
}

func TestFaultsTogether(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5, 6}
	got, _, _ := cross(t, ToHost, WireOptions{Faults: []Fault{
		{Dir: ToHost, At: 4, Kind: Duplicate}, {Dir: ToHost, At: 1, Kind: Drop},
		{Dir: ToHost, At: 2, Kind: Stall, N: 5}, {Dir: ToHost, At: 2, Kind: Drop},
	}}, data)
	if !bytes.Equal(got, []byte{1, 4, 5, 5, 6}) {
		t.Errorf("got % X", got)
	}
}

func TestErrorRate(t *testing.T) {
	data := pattern(100_000)
	o := WireOptions{ErrorRate: 0.01, Seed: 42}
	got, _, st := cross(t, ToHost, o, data)
	if len(got) != len(data) {
		t.Fatalf("%d bytes", len(got))
	}
	wrong := 0
	for i := range got {
		switch bits.OnesCount8(got[i] ^ data[i]) {
		case 0:
		case 1:
			wrong++
		default:
			t.Errorf("byte %d has more than one wrong bit", i)
		}
	}
	// 1000 expected with a standard deviation of 31.
	if wrong < 850 || wrong > 1150 || int64(wrong) != st.Flipped {
		t.Errorf("%d bytes wrong, %d counted", wrong, st.Flipped)
	}
	if again, _, _ := cross(t, ToHost, o, data); !bytes.Equal(again, got) {
		t.Error("the same seed gave other errors")
	}
	o.Seed++
	if other, _, _ := cross(t, ToHost, o, data); bytes.Equal(other, got) {
		t.Error("another seed gave the same errors")
	}
	if _, _, st := cross(t, ToDevice, WireOptions{ErrorRate: 1}, data[:3000]); st.Flipped != 3000 {
		t.Errorf("rate 1: %d of 3000 flipped", st.Flipped)
	}
}

func TestInject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(9600))
		write(t, p, []byte{1, 2, 3, 4, 5})
		time.Sleep(wireTime(at(9600), 10, 3) / 2) // 2 is on the line
		w.Inject(Fault{Dir: ToDevice, At: 0, Kind: Drop})
		w.Inject(Fault{Dir: ToDevice, At: 4, Kind: Drop})
		if got := readFor(t, u, time.Second); !bytes.Equal(got, []byte{1, 2, 4}) {
			t.Errorf("got % X", got)
		}
	})
}

// TestUnplugFault: the adapter goes at the exact byte, also when nobody touches
// the wire, and whoever waits hears of it.
func TestUnplugFault(t *testing.T) {
	for _, dir := range []Dir{ToDevice, ToHost} {
		synctest.Test(t, func(t *testing.T) {
			w, p, u := ends(t, WireOptions{Faults: []Fault{
				{Dir: dir, At: 100, Kind: Stall, N: 50}, {Dir: dir, At: 100, Kind: Unplug},
			}}, at(9600))
			start := time.Now()
			gone := w.PlugChanged()
			if dir == ToDevice {
				write(t, p, pattern(300))
			} else {
				go write(t, u, pattern(300))
			}
			<-gone
			if d, want := time.Since(start), wireTime(at(9600), 10, 100)+50*time.Millisecond; d != want {
				t.Errorf("unplugged after %v, want %v", d, want)
			}
			if w.Plugged() {
				t.Error("still plugged in")
			}
			if _, err := p.Read(make([]byte, 1)); !errors.Is(err, serial.ErrLost) {
				t.Errorf("Read: %v", err)
			}
			if dir == ToDevice {
				if got := readFor(t, u, time.Second); !bytes.Equal(got, pattern(100)) {
					t.Errorf("the device got %d bytes", len(got))
				}
			} else {
				time.Sleep(time.Second) // the device's Write goes on into the void
				if st := w.Stats().ToHost; st.Sent != 300 || st.Received != 100 || st.Lost != 200 {
					t.Errorf("%+v", st)
				}
			}
		})
	}
}

func TestOverrun(t *testing.T) {
	for _, fifo := range []int{1, 16, 128, 0} {
		depth := fifo
		if fifo == 0 {
			depth = defaultFIFO
		}
		synctest.Test(t, func(t *testing.T) {
			w, p, u := ends(t, WireOptions{FIFO: fifo}, at(921600))
			data := pattern(6000)
			write(t, p, data)
			time.Sleep(time.Second)
			got := readFor(t, u, time.Second)
			if !bytes.Equal(got, data[:depth]) {
				t.Errorf("FIFO %d: %d bytes", fifo, len(got))
			}
			if st := w.Stats().ToDevice; st.Overruns != int64(6000-depth) || st.Received != int64(depth) {
				t.Errorf("FIFO %d: %+v", fifo, st)
			}
			// A device that reads all the time loses nothing, however small the FIFO.
			go write(t, p, data)
			all := make([]byte, len(data))
			if _, err := io.ReadFull(u, all); err != nil || !bytes.Equal(all, data) {
				t.Errorf("FIFO %d: bytes lost while reading (%v)", fifo, err)
			}
		})
	}
}

func TestHostOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(2_000_000))
		write(t, u, make([]byte, receiveBuffer+500))
		if st := w.Stats().ToHost; st.Overruns != 500 {
			t.Errorf("%d lost, want 500", st.Overruns)
		}
		if got := readFor(t, p, time.Second); len(got) != receiveBuffer {
			t.Errorf("%d bytes left", len(got))
		}
	})
}
