package sim

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// garbled sends data from the device in one mode to a host in another.
func garbled(t *testing.T, tx, rx serial.Mode, data []byte) (got []byte, st LineStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, rx)
		if err := u.SetMode(tx); err != nil {
			t.Fatal(err)
		}
		go write(t, u, data)
		got = readFor(t, p, time.Second+2*tx.Wire(len(data)))
		st = w.Stats().ToHost
	})
	return got, st
}

// TestGarbage has waveforms reckoned by hand.
func TestGarbage(t *testing.T) {
	even := func(m serial.Mode) serial.Mode { m.Parity = serial.ParityEven; return m }
	seven := func(m serial.Mode) serial.Mode { m.DataBits = 7; return m }
	for _, c := range []struct {
		name    string
		tx, rx  serial.Mode
		send    []byte
		want    []byte
		framing int64
		parity  int64
	}{
		// Low for 9 bits is low for 18 of the receiver's: a break, once.
		{"twice as fast, 00", at(57600), at(115200), []byte{0}, []byte{0}, 1, 0},
		// Low for a bit is low for 12 of the receiver's.
		{"12 times as fast, FF", at(9600), at(115200), []byte{0xFF}, []byte{0}, 1, 0},
		// Low 2 of the receiver's bits, then high: the start bit and a 0.
		{"twice as fast, FF", at(57600), at(115200), []byte{0xFF}, []byte{0xFE}, 0, 0},
		// Low 2, high 2, low 2 ...: 01100110 after the start; the stop bit is high.
		// Then the waveform goes on from the sixth bit: low 2, high 2, low 2, high 4 or more.
		{"twice as fast, 55", at(57600), at(115200), []byte{0x55}, []byte{0x66, 0xE6}, 1, 0},
		// Low for 9 bits is low for 3: the start bit and two 0.
		{"3 times as slow, 00", at(115200), at(38400), []byte{0}, []byte{0xFC}, 0, 0},
		// Low for 4 bits is low for 1.33: only the start bit.
		{"3 times as slow, F8", at(115200), at(38400), []byte{0xF8}, []byte{0xFF}, 0, 0},
		// Low for a bit is a spike of a third.
		{"3 times as slow, FF", at(115200), at(38400), []byte{0xFF, 0xFF}, nil, 0, 0},
		{"8E1 read as 8N1, even", even(at(9600)), at(9600), []byte{0x03}, []byte{0x03}, 1, 0},
		{"8E1 read as 8N1, odd", even(at(9600)), at(9600), []byte{0x07}, []byte{0x07}, 0, 0},
		// The parity bit is the stop bit, high.
		{"8N1 read as 8E1", at(9600), even(at(9600)), []byte{0x03}, []byte{0x03}, 0, 1},
		{"8N1 read as 7N1, bit 7 set", at(9600), seven(at(9600)), []byte{0xC1}, []byte{0x41}, 0, 0},
		{"8N1 read as 7N1, bit 7 clear", at(9600), seven(at(9600)), []byte{0x41}, []byte{0x41}, 1, 0},
		{"8N2 read as 8N1", serial.Mode{Baud: 9600, StopBits: 2}, at(9600), []byte{1, 2, 3}, []byte{1, 2, 3}, 0, 0},
		{"8N1 read as 8N2", at(9600), serial.Mode{Baud: 9600, StopBits: 2}, []byte{1, 2, 3}, []byte{1, 2, 3}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, st := garbled(t, c.tx, c.rx, c.send)
			if !bytes.Equal(got, c.want) || st.FramingErrors != c.framing || st.ParityErrors != c.parity {
				t.Errorf("% X came out % X with %d framing and %d parity errors; want % X, %d, %d",
					c.send, got, st.FramingErrors, st.ParityErrors, c.want, c.framing, c.parity)
			}
		})
	}
}

// TestCloseRates: what real adapters round to is read right, a rate far off is not.
func TestCloseRates(t *testing.T) {
	data := pattern(2000)
	for _, c := range []struct {
		tx, rx int
		same   bool
	}{
		{115200, 115384, true}, {460800, 461538, true}, {923076, 921600, true}, {74766, 74880, true},
		{115200, 111800, true}, {111800, 115200, true}, // 3 %
		{115200, 110800, true}, {110800, 115200, true}, // 4 %: by sampling
		{115200, 104000, false}, {115200, 128000, false}, {57600, 115200, false}, {9600, 2_000_000, false},
	} {
		got, _ := garbled(t, at(c.tx), at(c.rx), data)
		if bytes.Equal(got, data) != c.same {
			t.Errorf("%d sent, %d read: same is %v, want %v", c.tx, c.rx, !c.same, c.same)
		}
	}
}

// reference samples a waveform the plain way: a list of levels and a clock, in
// floating point and apart from the code.
func reference(tx, rx int, data []byte) (out []byte) {
	var level []bool // one per bit of the sender
	for _, b := range data {
		level = append(level, false)
		for i := range 8 {
			level = append(level, b>>i&1 == 1)
		}
		level = append(level, true)
	}
	high := func(x float64) bool { // x in the sender's bits
		return int(x) >= len(level) || level[int(x)]
	}
	ratio := float64(tx) / float64(rx) // one of the receiver's bits in the sender's
	for x := 0.0; int(x) < len(level); {
		edge := -1
		for i := int(x); i < len(level); i++ {
			if float64(i) >= x && !level[i] && (i == 0 || level[i-1]) {
				edge = i
				break
			}
		}
		if edge < 0 {
			break
		}
		e := float64(edge)
		if high(e + ratio/2) {
			x = e + ratio/2 // a spike: the receiver was busy until here
			continue
		}
		var b byte
		for i := range 8 {
			if high(e + ratio*(1.5+float64(i))) {
				b |= 1 << i
			}
		}
		out = append(out, b)
		x = e + ratio*9.5
	}
	return out
}

func TestGarbageReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rates := []int{9600, 19200, 38400, 57600, 74880, 115200, 230400, 250000, 460800, 921600, 1234567, 2_000_000}
	for range 60 {
		tx := rates[rng.IntN(len(rates))] + rng.IntN(97) // odd rates: no sample falls on an edge
		rx := rates[rng.IntN(len(rates))] + rng.IntN(97)
		data := make([]byte, 1+rng.IntN(300))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		got, _ := garbled(t, at(tx), at(rx), data)
		if want := reference(tx, rx, data); !bytes.Equal(got, want) {
			t.Errorf("%d sent, %d read: % X\nwant % X", tx, rx, got, want)
		}
	}
}

// TestModeChangeInStream: each byte is read with the modes of its own time.
func TestModeChangeInStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, u := ends(t, WireOptions{}, at(9600))
		data := bytes.Repeat([]byte{0x5A}, 20)
		go write(t, u, data)
		time.Sleep(10*time.Second/960 + time.Millisecond/2) // in the middle of the eleventh
		if err := u.SetMode(at(115200)); err != nil {
			t.Fatal(err)
		}
		if err := p.SetMode(t.Context(), at(115200)); err != nil {
			t.Fatal(err)
		}
		got := readFor(t, p, time.Second)
		if !bytes.Equal(got, data) {
			t.Errorf("got % X", got)
		}
	})
}

// TestModeChangeTime: the byte on the line ends at the old rate, the rest follow at
// the new one.
func TestModeChangeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, u := ends(t, WireOptions{}, at(10_000))
		start := time.Now()
		done := make(chan time.Duration, 1)
		go func() {
			write(t, u, make([]byte, 5))
			done <- time.Since(start)
		}()
		time.Sleep(1500 * time.Microsecond)
		u.SetMode(at(100_000))
		u.SetMode(at(50_000))
		if d, want := <-done, 2*time.Millisecond+3*200*time.Microsecond; d != want {
			t.Errorf("took %v, want %v", d, want)
		}
	})
}

func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, u := ends(t, WireOptions{}, at(9600))
		write(t, p, []byte{0x11, 0x22})
		time.Sleep(wireTime(at(9600), 10, 1) / 2) // the first is on the line
		set := func(l serial.Level) {
			if err := p.SetSignals(t.Context(), serial.Signals{Break: l}); err != nil {
				t.Fatal(err)
			}
		}
		set(serial.On)
		if !u.Lines().Break {
			t.Error("break is not seen")
		}
		if got := readFor(t, u, 50*time.Millisecond); !bytes.Equal(got, []byte{0x11, 0}) {
			t.Errorf("during the break: % X", got)
		}
		set(serial.Off)
		if got := readFor(t, u, 50*time.Millisecond); !bytes.Equal(got, []byte{0x22}) {
			t.Errorf("after the break: % X", got)
		}
		if st := w.Stats().ToDevice; st.FramingErrors != 1 {
			t.Errorf("%d framing errors, want 1", st.FramingErrors)
		}
	})
}

func TestParity(t *testing.T) {
	for _, m := range []serial.Mode{
		{Baud: 19200, Parity: serial.ParityEven}, {Baud: 19200, Parity: serial.ParityOdd},
		{Baud: 19200, DataBits: 7, Parity: serial.ParityEven, StopBits: 2},
	} {
		data := pattern(256)
		for i := range data {
			data[i] &= dataMask(m)
		}
		slow := m
		slow.Baud = 18500 // 3.8 %: the receiver has to sample
		for _, rx := range []serial.Mode{m, slow} {
			got, st := garbled(t, m, rx, data)
			if !bytes.Equal(got, data) || st.ParityErrors != 0 || st.FramingErrors != 0 {
				t.Errorf("%s: %+v, same bytes: %v", fmt.Sprint(m, rx), st, bytes.Equal(got, data))
			}
		}
		other := slow
		other.Parity = serial.ParityEven + serial.ParityOdd - m.Parity
		if _, st := garbled(t, m, other, data); st.ParityErrors != int64(len(data)) {
			t.Errorf("%v read as %v: %d parity errors", m, other, st.ParityErrors)
		}
	}
}
