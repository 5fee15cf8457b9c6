package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

// TestWorstMoments does everything at any moment, several things at a time: whatever
// happened, a session can be brought to where its NCP is up, nothing hangs, and
// nothing is left behind (the bubble would not end).
func TestWorstMoments(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			o := Options{Target: 921600, AllowReset: seed%2 == 0}
			inLab(t, usual(), ncpsim.Options{Provisioned: true}, o, func(l *lab) {
				ctx, stop := context.WithTimeout(l.ctx, time.Minute)
				defer stop()
				var all sync.WaitGroup
				var plug sync.Mutex // no wait under it
				for worker := range uint64(4) {
					r := rand.New(rand.NewPCG(seed, worker))
					all.Go(func() {
						for ctx.Err() == nil {
							l.something(ctx, r, &plug)
							time.Sleep(time.Duration(r.ExpFloat64() * float64(700*time.Millisecond)))
						}
					})
				}
				done := make(chan struct{})
				go func() { all.Wait(); close(done) }()
				select {
				case <-done:
				case <-time.After(3 * time.Minute):
					t.Fatalf("somebody hangs: %s", brief(l.s))
				}
				if err := l.s.Disconnect(l.ctx); err != nil {
					t.Fatal(err)
				}
				l.wire.Unplug()
				if err := l.s.Connect(l.ctx, l.wire.Plug()); err != nil {
					t.Fatalf("%v\n%s", err, brief(l.s))
				}
				if err := l.s.Apply(l.ctx, sample()); err != nil {
					t.Errorf("%v\n%s", err, brief(l.s))
				}
			})
		})
	}
}

// something does one thing, with little patience.
func (l *lab) something(ctx context.Context, r *rand.Rand, plug *sync.Mutex) {
	short, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
	defer cancel()
	s := l.s
	switch r.IntN(12) {
	case 0, 1:
		_ = s.Connect(short, l.wire.Adapter())
	case 2:
		_ = s.Disconnect(short)
	case 3:
		if lease, err := s.Lend(short); err == nil {
			_, _ = lease.Port().Write([]byte("hello"))
			_ = lease.Port().SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = lease.Port().Read(make([]byte, 10))
			lease.Return()
		}
	case 4:
		plug.Lock()
		l.wire.Unplug()
		a := l.wire.Plug()
		plug.Unlock()
		time.Sleep(time.Duration(r.IntN(600)) * time.Millisecond)
		s.Plugged(a)
	case 5:
		rates := []int{9600, 38400, 460800, 2000000}
		_ = s.SetRate(short, rates[r.IntN(len(rates))])
	case 6:
		_ = s.Apply(short, sample())
	case 7:
		_ = s.ResetDevice(short)
	case 8:
		l.dev.Crash()
	case 9:
		_ = s.Reboot(short)
	case 10:
		_ = s.Retry(short)
	default:
		_ = s.VirtualWrite(short, 1, "x")
		_ = s.Refresh(short)
	}
}
