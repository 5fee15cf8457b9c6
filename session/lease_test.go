package session

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

// TestLease: the port is handed out without a reader on it, and the NCP is back after.
func TestLease(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{Target: 460800}, func(l *lab) {
		connectedLab(l)
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if st := l.s.State(); st.Phase != PhaseLent {
			t.Error(brief(l.s))
		}
		if p := ProblemOf(l.s.VirtualWrite(l.ctx, 1, "x")); p == nil || p.Code != CodeNotReady {
			t.Errorf("write: %+v", p)
		}
		if _, err := l.s.Lend(l.ctx); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("second lease: %v", err)
		}
		port := lease.Port()
		before := l.wire.Stats().ToDevice.Sent
		// Nobody else sends or takes a byte: raw ones of the device come to the borrower.
		l.dev.SendRaw([]byte("hello"))
		var got []byte
		_ = port.SetReadDeadline(time.Now().Add(time.Second))
		for len(got) < 5 {
			buf := make([]byte, 64)
			n, err := port.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, []byte("hello")) {
			t.Errorf("got %q", got)
		}
		if _, err := port.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if n := l.wire.Stats().ToDevice.Sent - before; n != 0 {
			t.Errorf("%d bytes were sent meanwhile", n)
		}
		if err := port.SetMode(l.ctx, serial.Mode{Baud: 1200, Parity: serial.ParityEven}); err != nil {
			t.Error(err)
		}
		blocked := make(chan error, 1)
		_ = port.SetReadDeadline(time.Time{})
		go func() { _, err := port.Read(make([]byte, 1)); blocked <- err }()
		time.Sleep(time.Second)
		lease.Return()
		lease.Return()
		if err := <-blocked; !errors.Is(err, serial.ErrClosed) {
			t.Errorf("a read of the borrower ended with %v", err)
		}
		if _, err := port.Write([]byte("x")); !errors.Is(err, serial.ErrClosed) {
			t.Errorf("a write after the return: %v", err)
		}
		l.until(10*time.Second, "back", func(st State) bool {
			return st.Phase == PhaseReady && st.Baud == 460800 && st.Device.State == ncp.StateConnected
		})
		if st := l.s.State(); events(st, "reapplied") != 0 || l.dev.Stats().Boots != 1 {
			t.Error(brief(l.s))
		}
	})
}

// TestLeaseWithoutNCP: the port can be lent while nobody answers, and while the search
// is on: a board without firmware is flashed that way.
func TestLeaseWithoutNCP(t *testing.T) {
	for _, after := range []time.Duration{10 * time.Millisecond, 2 * time.Second, 30 * time.Second} {
		inLab(t, usual(), ncpsim.Options{Hostile: ncpsim.HostileSilence}, Options{}, func(l *lab) {
			outcome := make(chan error, 1)
			go func() { outcome <- l.s.Connect(l.ctx, l.wire.Adapter()) }()
			time.Sleep(after)
			start := time.Now()
			lease, err := l.s.Lend(l.ctx)
			if err != nil {
				t.Fatalf("after %v: %v", after, err)
			}
			if d := time.Since(start); d > 300*time.Millisecond {
				t.Errorf("after %v: took %v", after, d)
			}
			l.dev.SetHostile(0)
			lease.Return()
			l.untilPhase(10*time.Second, PhaseReady)
			<-outcome
		})
	}
}

// TestLeaseUnplug: unplug while lent reaches the borrower and the state; the replug goes
// on by itself.
func TestLeaseUnplug(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, l.wire.Unplug)
		if _, err := lease.Port().Read(make([]byte, 1)); !errors.Is(err, serial.ErrLost) {
			t.Errorf("got %v", err)
		}
		l.untilPhase(100*time.Millisecond, PhaseUnplugged)
		if _, err := lease.Port().Write([]byte("x")); !errors.Is(err, serial.ErrLost) {
			t.Errorf("got %v", err)
		}
		l.s.Plugged(l.wire.Plug())
		l.untilPhase(5*time.Second, PhaseReady)
		lease.Return()
		time.Sleep(time.Second)
		if st := l.s.State(); st.Phase != PhaseReady {
			t.Error(brief(l.s))
		}
	})
}

// TestLeaseUnplugTold: a borrower that does nothing does not hide an unplug that the
// platform tells of.
func TestLeaseUnplugTold(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		a := l.wire.Adapter()
		l.wire.Unplug()
		l.s.Unplugged(a)
		l.untilPhase(100*time.Millisecond, PhaseUnplugged)
		if _, err := lease.Port().Write([]byte("x")); !errors.Is(err, serial.ErrLost) {
			t.Errorf("got %v", err)
		}
	})
}

// TestLeaseDisconnect: Disconnect ends a lease.
func TestLeaseDisconnect(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		blocked := make(chan error, 1)
		go func() {
			for {
				if _, err := lease.Port().Read(make([]byte, 1)); err != nil {
					blocked <- err
					return
				}
			}
		}()
		time.Sleep(time.Second)
		if err := l.s.Disconnect(l.ctx); err != nil {
			t.Error(err)
		}
		if err := <-blocked; !errors.Is(err, serial.ErrClosed) {
			t.Errorf("got %v", err)
		}
		lease.Return()
		if _, err := l.s.Lend(l.ctx); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("got %v", err)
		}
	})
}

// TestLendGivesUp: a Lend whose context ends leaves no lease behind.
func TestLendGivesUp(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		ctx, cancel := context.WithCancel(l.ctx)
		cancel()
		if lease, err := l.s.Lend(ctx); err == nil {
			lease.Return()
		}
		time.Sleep(time.Second)
		l.untilPhase(5*time.Second, PhaseReady)
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		lease.Return()
		l.untilPhase(5*time.Second, PhaseReady)
	})
}
