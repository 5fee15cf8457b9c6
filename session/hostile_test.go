package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// TestHostileNCP: whatever an NCP sends, the session neither panics nor hangs nor keeps
// more than its bounds, and Disconnect works.
func TestHostileNCP(t *testing.T) {
	for bit := range 10 {
		h := ncpsim.Hostile(1) << bit
		t.Run(fmt.Sprint(h), func(t *testing.T) {
			w := usual()
			inLab(t, w, ncpsim.Options{Provisioned: true, Hostile: h, HostilePeriod: 5 * time.Millisecond,
				Dashboard: ncpsim.Dashboard{Load: 200}}, Options{}, func(l *lab) {
				ctx, cancel := context.WithTimeout(l.ctx, 30*time.Second)
				defer cancel()
				err := l.s.Connect(ctx, l.wire.Adapter())
				t.Logf("connect: %v", err)
				for range 5 {
					ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
					_ = l.s.Apply(ctx, sample())
					_ = l.s.VirtualWrite(ctx, 1, "x")
					_ = l.s.SyncAll(ctx)
					_ = l.s.Refresh(ctx)
					cancel()
					time.Sleep(5 * time.Second)
				}
				checkBounds(t, l.s)
				start := time.Now()
				if err := l.s.Disconnect(l.ctx); err != nil || time.Since(start) > time.Second {
					t.Errorf("disconnect: %v after %v", err, time.Since(start))
				}
			})
		})
	}
}

func checkBounds(t *testing.T, s *Session) {
	t.Helper()
	st := s.State()
	if len(st.Pins) > MaxPins || len(st.Events) > MaxEvents {
		t.Errorf("%d pins, %d events", len(st.Pins), len(st.Events))
	}
	for _, p := range st.Pins {
		if n := len(fmt.Sprint(p.Values)); n > 2*MaxValue+10 {
			t.Errorf("pin %d holds %d bytes", p.Number, n)
		}
	}
	d := st.Device
	for _, text := range []string{d.Version, d.Boot, d.WiFiMAC, d.EthernetMAC, d.Hotspot, d.Time.ISO, d.Location.OlsonID} {
		if len(text) > maxLogLine {
			t.Errorf("a text of %d bytes", len(text))
		}
	}
	entries, _ := s.Log(0, 1_000_000)
	size := 0
	for _, e := range entries {
		size += len(e.Text)
	}
	if len(entries) > maxLogEntries+1 || size > maxLogBytes+2*maxLogLine {
		t.Errorf("log of %d entries, %d bytes", len(entries), size)
	}
}

// flood is a device that sends garbage as fast as the line takes it.
type flood struct {
	baud int
	seed uint64
}

func (f *flood) Run(ctx context.Context, u sim.UART) error {
	_ = u.SetMode(serial.Mode{Baud: f.baud})
	r := rand.New(rand.NewPCG(f.seed, 0))
	buf := make([]byte, 512)
	for ctx.Err() == nil {
		for i := range buf {
			buf[i] = byte(r.Uint32())
			if r.IntN(20) == 0 {
				buf[i] = []byte{0xAA, 0xBB, 0xCC, 0x11, 0x13, '\n'}[r.IntN(6)]
			}
		}
		if _, err := u.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// TestFlood: raw garbage without end ends in a problem that says so, with bounded
// memory.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(usual())
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan struct{})
		go func() { defer close(gone); _ = sim.Run(ctx, wire, &flood{baud: 115200, seed: 7}) }()
		s := New(Options{Target: 921600})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		err := s.Connect(ctx, wire.Adapter())
		p := ProblemOf(err)
		if p == nil || p.Code != CodeNoise && p.Code != CodeNotAnswered {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
			t.Errorf("grew by %d bytes", grown)
		}
		checkBounds(t, s)
		wire.Unplug()
		if _, err := await(s, time.Second, func(st State) bool { return st.Phase == PhaseUnplugged }); err != nil {
			t.Error(brief(s))
		}
		s.Close()
		if err := s.Connect(ctx, wire.Adapter()); ProblemOf(err).Code != CodeCanceled {
			t.Errorf("after Close: %v", err)
		}
		cancel()
		<-gone
		wire.Close()
	})
}

// TestProblemOf: every error has a code.
func TestProblemOf(t *testing.T) {
	if ProblemOf(nil) != nil {
		t.Error("a problem without an error")
	}
	for err, code := range map[error]Code{
		&serial.OpenError{Reason: serial.OpenBusy}: CodeBusy,
		&serial.OpenError{Reason: serial.OpenMode}: CodeOpenFailed,
		fmt.Errorf("read: %w", serial.ErrLost):     CodeUnplugged,
		context.Canceled:                           CodeCanceled,
		errors.New("something"):                    CodeCore,
		badInput("op", "field", "why"):             CodeInput,
	} {
		if p := ProblemOf(err); p.Code != code || p.Detail == "" || p.Time.IsZero() {
			t.Errorf("%v: %+v", err, p)
		}
	}
}
