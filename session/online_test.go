package session

import (
	"sync/atomic"
	"testing"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/sim/ncpsim"
)

// TestLendDuringRateChange: a change of rate that goes wrong and takes its time does
// not touch the line once that is lent.
func TestLendDuringRateChange(t *testing.T) {
	for _, after := range []time.Duration{20 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 20 * time.Second} {
		inLab(t, usual(), ncpsim.Options{BadRates: []int{2000000}}, Options{}, func(l *lab) {
			l.connect()
			outcome := make(chan error, 1)
			go func() { outcome <- l.s.SetRate(l.ctx, 2000000) }()
			time.Sleep(after)
			start := time.Now()
			lease, err := l.s.Lend(l.ctx)
			if err != nil {
				t.Fatalf("after %v: %v", after, err)
			}
			if d := time.Since(start); d > time.Second {
				t.Errorf("after %v: lent after %v", after, d)
			}
			if err := lease.Port().SetMode(l.ctx, serial.Mode{Baud: 115200, Parity: serial.ParityEven}); err != nil {
				t.Fatal(err)
			}
			before := l.wire.Stats()
			changes := 0
			watch := time.After(40 * time.Second)
		watching:
			for {
				select {
				case <-l.wire.UART().LinesChanged():
					changes++
				case <-watch:
					break watching
				}
			}
			if n := l.wire.Stats().ToDevice.Sent - before.ToDevice.Sent; n != 0 || changes != 0 {
				t.Errorf("after %v: %d bytes and %d changes of the lines while lent", after, n, changes)
			}
			select {
			case err := <-outcome:
				if p := ProblemOf(err); p == nil || p.Code != CodeNotReady {
					t.Errorf("after %v: rate: %v", after, err)
				}
			default:
				t.Errorf("after %v: the change of rate still waits", after)
			}
			lease.Return()
		})
	}
}

// TestLendDuringReset: nor does a reset pulse.
func TestLendDuringReset(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		outcome := make(chan error, 1)
		go func() { outcome <- l.s.ResetDevice(l.ctx) }()
		time.Sleep(50 * time.Millisecond)
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		changed := l.wire.UART().LinesChanged()
		if lines := l.wire.UART().Lines(); lines.RTS && !lines.DTR {
			t.Errorf("lent in reset: %+v", lines)
		}
		select {
		case <-changed:
			t.Errorf("the lines changed while lent")
		case <-time.After(5 * time.Second):
		}
		<-outcome
		lease.Return()
	})
}

// TestSetTracer: a tracer that comes later sees frames, also those of the next
// connection, until it is taken away.
func TestSetTracer(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		var n atomic.Int64
		l.s.SetTracer(func(*rpc.Event) { n.Add(1) })
		l.connect()
		if n.Load() == 0 {
			t.Error("nothing was seen of the bring-up")
		}
		l.s.SetTracer(nil)
		before := n.Load()
		time.Sleep(time.Minute)
		if n.Load() != before {
			t.Error("a tracer that was taken away still sees frames")
		}
		l.s.SetTracer(func(*rpc.Event) { n.Add(1) })
		time.Sleep(time.Minute)
		if n.Load() == before {
			t.Error("a tracer that came later sees nothing")
		}
	})
}
