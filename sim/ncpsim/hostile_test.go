package ncpsim

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// TestHostile lets each way of misbehaving run for half a minute, and then has the NCP
// behave again: it must still be there.
func TestHostile(t *testing.T) {
	all := Hostile(0)
	for _, k := range hostileNames {
		all |= k.h
		t.Run(k.name, func(t *testing.T) { testHostile(t, k.h) })
	}
	t.Run("all", func(t *testing.T) { testHostile(t, all) })
}

func testHostile(t *testing.T, way Hostile) {
	live(t, Options{Baud: 115200, Provisioned: true, Hostile: way, Dashboard: Dashboard{Period: time.Second}}, 115200, func(h *host) {
		time.Sleep(500 * time.Millisecond)
		_, _, _ = h.try(time.Second, uidInitialize, "TMPL0vFkFmJM7", "QPower")
		silent := 0
		for range 20 {
			if _, _, err := h.try(time.Second, uidGetHotspot); err != nil {
				silent++
			}
			time.Sleep(500 * time.Millisecond)
		}
		if way == HostileSilence && silent != 20 {
			t.Errorf("answered %d times", 20-silent)
		}
		h.n.mu.Lock()
		waits := h.n.out.bytes
		h.n.mu.Unlock()
		if waits > 100<<10 {
			t.Errorf("%d bytes wait to be sent", waits)
		}
		h.n.SetHostile(0)
		time.Sleep(20 * time.Second)
		for len(h.results) > 0 {
			<-h.results
		}
		if got := h.call(uidGetHotspot); got[0] != "Blynk QPower-2A4F" {
			t.Errorf("hotspot %q", got)
		}
	})
}

func TestHostileMarkup(t *testing.T) {
	live(t, Options{Provisioned: true, Hostile: HostileMarkup, Seed: 1}, 38400, func(h *host) {
		h.up()
		if err := h.n.WaitState(h.ctx, StateConnected); err != nil {
			t.Fatal(err)
		}
		hit := func(s string) bool {
			return slices.ContainsFunc(nasty, func(n string) bool { return strings.Contains(s, n) })
		}
		for _, uid := range []uint16{uidGetVersion, uidWiFiMAC, uidGetHotspot, uidGetTime, uidGetLocation} {
			if s := fmt.Sprint(h.call(uid)[0]); !hit(s) {
				t.Errorf("%04X: %q", uid, s)
			}
		}
		_ = h.n.Cloud().Set(1, "x")
		time.Sleep(100 * time.Millisecond)
		if p := h.pins(); len(p) != 1 || !hit(p[0]) {
			t.Errorf("pins %q", p)
		}
	})
}

func TestSlowAnswer(t *testing.T) {
	live(t, Options{Hostile: HostileSlow, Slow: 3 * time.Second}, 38400, func(h *host) {
		time.Sleep(time.Second)
		begin := time.Now()
		h.call(uidPing)
		if took := time.Since(begin); took < 3*time.Second || took > 3100*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
	})
}

// TestNested: while it waits for a RESULT it answers calls at once, and the RESULT of
// an outer call that comes during a nested one is lost.
func TestNested(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		type outcome struct {
			ret    any
			status uint8
			err    error
		}
		done := make(chan outcome, 1)
		go func() {
			ret, status, err := h.n.Call(h.ctx, uidOTAFinish)
			done <- outcome{ret, status, err}
		}()
		time.Sleep(100 * time.Millisecond)
		h.call(uidPing)
		h.want(uint8(StateNotInitialized), uidGetState)
		h.write(appendFrame(nil, resultMessage(7, statusOK, []byte{1}))) // of another call
		time.Sleep(4500 * time.Millisecond)
		select {
		case o := <-done:
			t.Fatalf("ended with %+v", o)
		default:
		}
		h.write(appendFrame(nil, resultMessage(1, statusOK, []byte{1})))
		if o := <-done; o.ret != true || o.status != statusOK || o.err != nil {
			t.Errorf("ended with %+v", o)
		}

		_, status, err := h.n.Call(h.ctx, uidOTACancel)
		if status != statusTimeout || err != ErrTimeout {
			t.Errorf("status %02x, %v, want a time-out", status, err)
		}
		go func() {
			ret, status, err := h.n.Call(h.ctx, uidMCUReboot)
			done <- outcome{ret, status, err}
		}()
		time.Sleep(50 * time.Millisecond)
		h.write(appendFrame(nil, resultMessage(3, statusOK, nil)))
		if o := <-done; o.status != statusRetsRead {
			t.Errorf("ended with %+v, want status 17", o)
		}
		if _, _, err := h.n.Call(h.ctx, uidEvent, uint8(1)); err == nil {
			t.Error("called a ONEWAY")
		}
		if _, _, err := h.n.Call(h.ctx, uidMCUHasUID, "text"); err == nil {
			t.Error("called with wrong arguments")
		}
	})
}

func TestCallEndsWithTheNCP(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, _, err := h.n.Call(h.ctx, uidOTAFinish)
				done <- err
			}()
		}
		time.Sleep(time.Second)
		h.n.Crash()
		for range 2 {
			if err := <-done; err != ErrStopped {
				t.Errorf("ended with %v", err)
			}
		}
	})
}

// TestStuckDecoder: a half frame takes the next good one with it; a lone END wakes it.
func TestStuckDecoder(t *testing.T) {
	live(t, Options{}, 38400, func(h *host) {
		time.Sleep(time.Second)
		h.write([]byte{beg, 1, 2, 3})
		if _, _, err := h.try(time.Second, uidPing); err != errSilent {
			t.Errorf("the frame after half a frame: %v", err)
		}
		h.call(uidPing)
		h.write([]byte{beg, 1, 2, 3})
		h.write([]byte{end})
		h.call(uidPing)
	})
}

func TestUnplug(t *testing.T) {
	live(t, Options{Provisioned: true}, 38400, func(h *host) {
		h.up()
		h.want(true, uidSetBaud, uint32(115200))
		h.wire.Unplug()
		time.Sleep(10 * time.Second)
		port, err := h.wire.Plug().Open(h.ctx, serial.Mode{Baud: 115200})
		if err != nil {
			t.Fatal(err)
		}
		defer port.Close()
		// It has its own power: it is where it was.
		b := make([]byte, 100)
		_, _ = port.Write(append([]byte{end}, appendFrame(nil, invokeMessage(uidGetState, 9, nil))...))
		_ = port.SetReadDeadline(time.Now().Add(time.Second))
		var got []byte
		for {
			k, err := port.Read(b)
			got = append(got, b[:k]...)
			if err != nil {
				break
			}
		}
		want := hex.EncodeToString(appendFrame(nil, resultMessage(9, statusOK, []byte{byte(StateConnected)})))
		if !strings.Contains(hex.EncodeToString(got), want) {
			t.Errorf("got %x, want %s", got, want)
		}
	})
}

// TestPower: switched off and on again, it starts anew, and a second Run while one is
// on is refused.
func TestPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		w := sim.NewWire(sim.WireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error)
		go func() { end <- sim.Power(ctx, w, n) }()
		time.Sleep(time.Second)
		if err := n.Run(ctx, w.UART()); err == nil {
			t.Error("ran twice")
		}
		w.Unplug()
		time.Sleep(time.Second)
		w.Plug()
		time.Sleep(time.Second)
		if got := n.Stats().Boots; got != 2 {
			t.Errorf("%d boots, want 2", got)
		}
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
		w.Close()
		if err := n.Run(t.Context(), w.UART()); err == nil {
			t.Error("ran on a wire that is closed")
		}
	})
}

// TestNoisyLine: with one per cent of the bytes wrong it goes on, and counts what it
// could not read.
func TestNoisyLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		w := sim.NewWire(sim.WireOptions{ErrorRate: 0.01, Seed: 3})
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error)
		go func() { end <- n.Run(ctx, w.UART()) }()
		port, err := w.Adapter().Open(ctx, serial.Mode{Baud: 38400})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		frame := appendFrame(nil, invokeMessage(uidGetState, 9, nil))
		for range 1000 {
			_, _ = port.Write(frame)
			time.Sleep(10 * time.Millisecond)
		}
		s := n.Stats()
		if s.Calls < 700 || s.BadFrames < 20 || s.Boots != 1 {
			t.Errorf("%+v", s)
		}
		cancel()
		<-end
		_ = port.Close()
		w.Close()
	})
}

// FuzzReceive feeds bytes of the line: the NCP must neither panic nor answer anything
// but RESULTs with status 00 or 15, and keep little.
func FuzzReceive(f *testing.F) {
	f.Add(appendFrame(nil, invokeMessage(uidPing, 1, nil)))
	f.Add(appendFrame(nil, invokeMessage(uidInitialize, 2, []byte("TMPL1\x00name\x00"))))
	f.Add(appendFrame(nil, onewayMessage(uidVirtualWrite, append(le16(1), append(le16(3), "1\x002"...)...))))
	f.Add(appendFrame(nil, onewayMessage(uidSyncVirtual, append(le16(3), "1\x002"...))))
	f.Add(appendFrame(nil, invokeMessage(uidSetTime, 2, []byte{1, 2, 3, 4, 5, 6, 7, 0})))
	f.Add([]byte{beg, end, beg, 1, 2, esc, 3, end, xon, xoff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		n := New(Options{Provisioned: true, Times: Times{
			Initialize: 1, APTest: 1, WiFiTest: 1, CloudTest: 1,
		}})
		n.mu.Lock()
		n.initialize(args{"TMPL1", "x"})
		n.connected()
		n.mu.Unlock()
		l, tape := onTape(n)
		l.feed(t, stream)
		d := newDecoder(1 << 16)
		for _, b := range tape.sent {
			p, ok := d.push(b)
			if !ok {
				continue
			}
			r := &reader{b: p}
			op := r.u16()
			r.u16()
			if status := r.u8(); op != opResult || r.bad || status != statusOK && status != statusArgsRead {
				t.Fatalf("sent %x", p)
			}
		}
		if d.inFrame || d.faults > 0 {
			t.Fatal("sent broken frames")
		}
		if cap(l.dec.msg) > 2*n.o.Buffer {
			t.Fatalf("keeps %d bytes", cap(l.dec.msg))
		}
	})
}
