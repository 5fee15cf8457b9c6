package mcusim

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
	"ncpweb/serial"
	"ncpweb/sim"
)

// fakeNCP is an NCP of the bare wire: it answers what an MCU asks with what the golden
// messages of the protocol say, and can call.
type fakeNCP struct {
	t     *testing.T
	port  serial.Port
	dec   *frame.Decoder
	in    [][]byte
	file  []byte
	info  []string // what setFirmwareInfo told
	baud  int
	asks  []uint16 // methods that were called, pings left out
	chunk uint16
	rest  time.Duration
}

func newFake(t *testing.T, o Options) (*fakeNCP, *MCU) {
	return newFakeFor(t, o, func(m *MCU) sim.Device { return m })
}

// newFakeFor is newFake for a device that an MCU is in.
func newFakeFor(t *testing.T, o Options, in func(*MCU) sim.Device) (*fakeNCP, *MCU) {
	wire := sim.NewWire(sim.WireOptions{})
	port, err := wire.Adapter().Open(t.Context(), serial.Mode{Baud: 38400})
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeNCP{t: t, port: port, baud: 38400}
	f.dec = frame.NewDecoder(4096, func(k frame.Kind, p []byte) {
		if k == frame.Payload {
			f.in = append(f.in, bytes.Clone(p))
		}
	})
	m := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- in(m).Run(ctx, wire.UART()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		wire.Close()
	})
	return f, m
}

// read waits for a message; nil: none came in time.
func (f *fakeNCP) read(d time.Duration) []byte {
	until := time.Now().Add(d)
	buf := make([]byte, 256)
	for len(f.in) == 0 {
		f.port.SetReadDeadline(until)
		n, err := f.port.Read(buf)
		f.dec.Write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	p := f.in[0]
	f.in = f.in[1:]
	return p
}

func (f *fakeNCP) send(payload []byte) { f.port.Write(frame.Append(nil, payload)) }

// serve answers calls for d, or until a RESULT comes, which it returns.
func (f *fakeNCP) serve(d time.Duration) []byte {
	for until := time.Now().Add(d); time.Now().Before(until); {
		p := f.read(time.Until(until))
		le := binary.LittleEndian
		switch {
		case len(p) < 4:
		case le.Uint16(p) == opResult:
			return p
		case le.Uint16(p) == opInvoke:
			f.answer(le.Uint16(p[2:]), le.Uint16(p[4:]), p[6:])
		}
	}
	return nil
}

func (f *fakeNCP) answer(uid, id uint16, a []byte) {
	if uid != uidPing {
		f.asks = append(f.asks, uid)
	}
	le := binary.LittleEndian
	rets := []byte{1}
	switch uid {
	case uidPing:
		rets = nil
	case uidVersion:
		rets = append([]byte("0.7.0\x00"), 1)
	case uidFirmware:
		f.info = nil
		for _, s := range bytes.Split(bytes.TrimSuffix(a, []byte{0}), []byte{0}) {
			f.info = append(f.info, string(s))
		}
	case uidOTAStart:
		f.chunk = le.Uint16(a)
	case uidOTAMD5:
		d := md5.Sum(f.file)
		rets = append(append([]byte{16, 0}, d[:]...), 1)
	case uidOTASHA256:
		d := sha256.Sum256(f.file)
		rets = append(append([]byte{32, 0}, d[:]...), 1)
	case uidOTACRC32:
		rets = append(le.AppendUint32(nil, crc32.ChecksumIEEE(f.file)), 1)
	case uidOTASuspend:
		f.rest = time.Duration(le.Uint16(a)) * time.Second
	}
	f.send(append(append(le.AppendUint16(le.AppendUint16(nil, opResult), id), statusOK), rets...))
	if uid == uidSetBaud {
		f.baud = int(le.Uint32(a))
		time.Sleep(10 * time.Millisecond)
		f.port.SetMode(context.Background(), serial.Mode{Baud: f.baud})
	}
}

// call calls the MCU and returns the byte that it answers; -1: nothing came.
func (f *fakeNCP) call(uid uint16, args []byte) int {
	le := binary.LittleEndian
	f.send(append(le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, opInvoke), uid), 77), args...))
	p := f.serve(6 * time.Second)
	if len(p) < 6 {
		return -1
	}
	return int(p[5])
}

func (f *fakeNCP) offer() int {
	return f.call(uidAvailable, append(append([]byte("app.bin\x00"), binary.LittleEndian.AppendUint32(nil, uint32(len(f.file)))...), text("TMPLx", "2.0.0", "now")...))
}

func (f *fakeNCP) write(offset, n int) int {
	le := binary.LittleEndian
	data := f.file[offset : offset+n]
	b := le.AppendUint16(le.AppendUint32(nil, uint32(offset)), uint16(n))
	return f.call(uidChunk, le.AppendUint32(append(b, data...), crc32.ChecksumIEEE(data)))
}

// update sends the file as an NCP does and returns what otaUpdateFinish gave.
func (f *fakeNCP) update() int {
	if got := f.offer(); got != 1 {
		f.t.Fatalf("the offer is answered with %d", got)
	}
	for f.chunk == 0 {
		f.serve(time.Second)
	}
	for at := 0; at < len(f.file); {
		n := min(int(f.chunk), len(f.file)-at)
		if got := f.write(at, n); got != 1 {
			return -2
		}
		at += n
		if f.rest > 0 {
			time.Sleep(f.rest)
			f.rest = 0
		}
	}
	return f.call(uidFinish, nil)
}

// TestUpdate: bring-up, update, restart with the new firmware in the other slot.
func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newFake(t, Options{SuspendFor: 3 * time.Second, SuspendAt: 0.3})
		f.file = Image("TMPLx", "2.0.0", 30_000, 9)
		f.serve(3 * time.Second)
		if len(f.info) != 4 || f.info[1] != "1.0.0" || f.baud != 115200 || !m.Up() {
			t.Fatalf("after bring-up: %q at %d baud, up %v", f.info, f.baud, m.Up())
		}
		if got := f.update(); got != 1 {
			t.Fatalf("finish is answered with %d", got)
		}
		f.port.SetMode(t.Context(), serial.Mode{Baud: 38400})
		f.serve(5 * time.Second)
		if !bytes.Equal(m.Running(), f.file) || m.Version() != "2.0.0" || f.info[1] != "2.0.0" || m.Stats().Boots != 2 {
			t.Errorf("it runs %s, told %q, %d starts", m.Version(), f.info, m.Stats().Boots)
		}
		m.Reset()
		f.port.SetMode(t.Context(), serial.Mode{Baud: 38400})
		f.serve(5 * time.Second)
		if m.Version() != "2.0.0" {
			t.Error("a reset brought the old firmware back")
		}
	})
}

// TestOffsets: how the kinds of receivers take a chunk that they have.
func TestOffsets(t *testing.T) {
	for strict, want := range map[Strictness][3]int{
		Deployed: {1, 0, 1}, Lenient: {1, 1, 1}, Strict: {1, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := newFake(t, Options{Strict: strict})
			f.file = Image("TMPLx", "2.0.0", 4096, 9)
			f.serve(3 * time.Second)
			f.offer()
			f.serve(time.Second)
			if got := [3]int{f.write(0, 1024), f.write(0, 1024), f.write(1024, 1024)}; got != want {
				t.Errorf("kind %d: %v, want %v", strict, got, want)
			}
		})
	}
}

// TestBroken: each fault shows.
func TestBroken(t *testing.T) {
	for _, c := range []struct {
		broken  Broken
		finish  int // what the update ended with; -1: no answer
		version string
	}{
		{WrongSum, 0, "1.0.0"}, {OwnSum, 1, "2.0.0"}, {SilentEnd, -1, "2.0.0"}, {KeepsOld, 1, "1.0.0"},
		{Reverts, 1, "1.0.0"}, {LosesPower, 1, "2.0.0"}, {Deaf, -2, "1.0.0"}, {Restarts, -2, "1.0.0"}, {AsksForEver, -1, "1.0.0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, m := newFake(t, Options{Broken: c.broken})
			f.file = Image("TMPLx", "2.0.0", 8192, 9)
			f.serve(3 * time.Second)
			if got := f.update(); got != c.finish {
				t.Errorf("fault %d: ended with %d", c.broken, got)
			}
			f.port.SetMode(t.Context(), serial.Mode{Baud: 38400})
			f.serve(5 * time.Second)
			if m.Version() != c.version {
				t.Errorf("fault %d: it runs %s", c.broken, m.Version())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f, _ := newFake(t, Options{Broken: Refuses})
		f.file = make([]byte, 10)
		f.serve(3 * time.Second)
		if got := f.offer(); got != 0 {
			t.Errorf("the offer is answered with %d", got)
		}
	})
}

// TestHostile: nothing that comes stops it.
func TestHostile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newFake(t, Options{Values: time.Second})
		f.serve(3 * time.Second)
		le := binary.LittleEndian
		for _, uid := range []uint16{uidAvailable, uidChunk, uidFinish, uidCancel, uidMCUHasUID, uidPinChange, uidStateChange, 0xFFFF} {
			for n := range 12 {
				f.send(append(le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, opInvoke), uid), 5), make([]byte, n)...))
				f.send(append(le.AppendUint16(le.AppendUint16(nil, opOneway), uid), bytes.Repeat([]byte{0xFF}, n)...))
			}
		}
		f.send(nil)
		f.send([]byte{1, 2, 3})
		for f.serve(2*time.Second) != nil {
		}
		if got := f.call(uidMCUHasUID, le.AppendUint16(nil, uidChunk)); got != 1 || m.Stats().Boots != 1 {
			t.Errorf("afterwards it answers %d, %d starts", got, m.Stats().Boots)
		}
	})
}

// TestUpdateWithValues: an MCU that sends values takes an update without a break.
func TestUpdateWithValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newFake(t, Options{Values: 200 * time.Millisecond})
		f.file = Image("TMPLx", "2.0.0", 60_000, 9)
		f.serve(3 * time.Second)
		start := time.Now()
		if got := f.update(); got != 1 {
			t.Fatalf("finish is answered with %d", got)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
		if m.Stats().Duplicates > 0 {
			t.Error("chunks came twice")
		}
	})
}
