package session

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/sim/ncpsim"
)

func TestInvokeAnyMethod(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Version: "0.7.1"}, Options{}, func(l *lab) {
		if _, _, err := l.s.Invoke(l.ctx, 0, ncp.UIDNcpPing, nil); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("without a device: %v", err)
		}
		if err := l.s.Notify(l.ctx, ncp.UIDBlynkSyncAll, nil); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("a notification without a device: %v", err)
		}
		if l.s.Adapter() != nil {
			t.Error("an adapter without a connection")
		}
		l.connect()
		synctest.Wait() // both at one moment
		if b, st := l.s.Brief(), l.s.State(); b.Phase != st.Phase || b.Baud != st.Baud || b.Link != st.Link || b.LogNext != st.LogNext || b.Pins != nil {
			t.Errorf("Brief %+v\nState %+v", b, st)
		}
		if l.s.Adapter() == nil {
			t.Error("no adapter while connected")
		}
		rets, took, err := l.s.Invoke(l.ctx, time.Second, ncp.UIDBlynkGetNcpVersion, nil)
		if err != nil || !bytes.Equal(rets, []byte("0.7.1\x00\x01")) && !bytes.Equal(rets, []byte("0.7.1\x00")) {
			t.Errorf("getVersion: %q, %v", rets, err)
		}
		if took <= 0 || took > 200*time.Millisecond {
			t.Errorf("getVersion took %v", took)
		}
		_, _, err = l.s.Invoke(l.ctx, 0, ncp.UIDNcpHasUID, []byte{1, 2, 3})
		var status rpc.Status
		if !errors.As(err, &status) || status != rpc.StatusArgsRead || ProblemOf(err).Code != CodeStatus {
			t.Errorf("too many arguments: %v", err)
		}
		if err := l.s.Notify(l.ctx, 0x7FF0, []byte{1}); err != nil {
			t.Errorf("a notification: %v", err)
		}
		for _, bad := range []struct {
			timeout time.Duration
			n       int
		}{{0, MaxArgs + 1}, {-1, 0}, {MaxTimeout + 1, 0}} {
			_, _, err := l.s.Invoke(l.ctx, bad.timeout, 1, make([]byte, bad.n))
			if p := ProblemOf(err); p == nil || p.Code != CodeInput {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, _, err := l.s.Invoke(l.ctx, 0, ncp.UIDNcpHasUID, make([]byte, MaxArgs)); !errors.As(err, &status) {
			t.Errorf("the longest arguments: %v", err)
		}
		gone, cancel := context.WithCancel(l.ctx)
		cancel()
		if _, _, err := l.s.Invoke(gone, 0, ncp.UIDNcpPing, nil); ProblemOf(err) == nil || ProblemOf(err).Code != CodeCanceled {
			t.Errorf("given up: %v", err)
		}
	})
}

// TestInvokeSlow: a call that nobody answers ends with a time-out and a round trip.
func TestInvokeSlow(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		l.dev.SetHostile(ncpsim.HostileSilence)
		_, took, err := l.s.Invoke(l.ctx, 300*time.Millisecond, ncp.UIDBlynkGetNcpVersion, nil)
		if p := ProblemOf(err); p == nil || p.Code != CodeTimeout || !errors.Is(err, rpc.ErrTimeout) || took < 300*time.Millisecond {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestInvokeReboot: a restart that was asked for by hand is seen as one.
func TestInvokeReboot(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		if _, _, err := l.s.Invoke(l.ctx, 0, ncp.UIDNcpReboot, nil); err != nil {
			t.Fatal(err)
		}
		if d := l.untilPhase(2*time.Second, PhaseRecover); d > time.Second {
			t.Errorf("noticed after %v", d)
		}
		l.untilPhase(20*time.Second, PhaseReady)
	})
}
