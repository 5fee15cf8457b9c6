package session

import (
	"context"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

// slowToClose is an adapter whose ports take their time to close, as browsers do with
// one whose device is gone.
type slowToClose struct{ serial.Adapter }

func (a slowToClose) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	p, err := a.Adapter.Open(ctx, m)
	if err != nil {
		return nil, err
	}
	return slowPort{p}, nil
}

type slowPort struct{ serial.Port }

func (p slowPort) Close() error {
	time.Sleep(3 * time.Second)
	return p.Port.Close()
}

// TestToldBeforeClosing: the person hears of the unplugging at once, however long the
// port takes to close; the replug that comes meanwhile is not missed.
func TestToldBeforeClosing(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		if err := l.s.Connect(l.ctx, slowToClose{l.wire.Adapter()}); err != nil {
			t.Fatal(err)
		}
		l.wire.Unplug()
		l.untilPhase(100*time.Millisecond, PhaseUnplugged)
		if p := l.s.State().Problem; p == nil || p.Code != CodeUnplugged {
			t.Errorf("problem %+v", p)
		}
		l.s.Plugged(slowToClose{l.wire.Plug()})
		l.untilPhase(10*time.Second, PhaseReady)
	})
}
