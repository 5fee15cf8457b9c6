package link

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ncpweb/sim"
)

func TestRaise(t *testing.T) {
	store := &shelf{}
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	bench(t, usual(), dev, Options{Target: 921600, Store: store}, func(r *rig) {
		start := time.Now()
		up := r.bringUp(CauseStart)
		if up.Found != 38400 || up.Baud != 921600 || r.link.Baud() != 921600 {
			t.Errorf("got %+v", up)
		}
		r.wantKinds(Found, Raising, Proven)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
	})
	if got := store.Get("rate 0403:6001"); got != "921600" {
		t.Errorf("remembered %q", got)
	}
	// A page that starts anew finds it there at once.
	dev = &fakeNCP{initial: 38400, now: 921600, version: "0.7.0"}
	bench(t, usual(), dev, Options{Target: 921600, Store: store}, func(r *rig) {
		start := time.Now()
		if up := r.bringUp(CauseStart); up.Found != 921600 {
			t.Errorf("got %+v", up)
		}
		if d := time.Since(start); d > 50*time.Millisecond {
			t.Errorf("took %v", d)
		}
	})
}

func TestRaiseRefused(t *testing.T) {
	store := &shelf{}
	dev := &fakeNCP{initial: 38400, version: "0.7.0", refuse: []int{2000000, 921600}}
	bench(t, usual(), dev, Options{Target: 2000000, Store: store}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Baud != 460800 {
			t.Errorf("got %+v", up)
		}
		r.wantKinds(Found, Raising, Refused, Raising, Refused, Raising, Proven)
	})
	// What was refused is not asked again.
	dev = &fakeNCP{initial: 38400, version: "0.7.0"}
	bench(t, usual(), dev, Options{Target: 2000000, Store: store}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Baud != 460800 {
			t.Errorf("later got %+v", up)
		}
	})
}

// TestRaiseBad: at the target rate nothing passes. The NCP comes back by its own
// reboot, or by a reset pulse where that is allowed, and the next rate is taken.
func TestRaiseBad(t *testing.T) {
	store := &shelf{}
	boot := "[rpc port] Blynk.NCP started\r\n"
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bad: []int{921600}, patience: 50 * time.Second,
		bootLog: boot, bootTime: 300 * time.Millisecond}
	bench(t, usual(), dev, Options{Target: 921600, Store: store}, func(r *rig) {
		start := time.Now()
		up := r.bringUp(CauseStart)
		if up.Baud != 460800 {
			t.Errorf("got %+v", up)
		}
		if d := time.Since(start); d > 65*time.Second {
			t.Errorf("took %v", d)
		}
		kinds := r.kinds()
		if len(kinds) < 5 || kinds[len(kinds)-1] != Proven {
			t.Errorf("reports %v", kinds)
		}
	})
	if dev.starts.Load() != 2 {
		t.Errorf("%d starts", dev.starts.Load())
	}
	if got := store.Get("rate 0403:6001"); !strings.Contains(got, "bad 921600") {
		t.Errorf("remembered %q", got)
	}
	dev = &fakeNCP{initial: 38400, version: "0.7.0", bad: []int{921600}, bootLog: boot}
	bench(t, usual(), dev, Options{Target: 921600, Store: store}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Baud != 460800 {
			t.Errorf("later got %+v", up)
		}
	})
	if dev.starts.Load() != 1 {
		t.Errorf("later %d starts", dev.starts.Load())
	}
}

// TestTalkDown: at the target rate the NCP hears us but we do not hear it: it is asked
// back without hearing its answers, and does not have to restart for that.
func TestTalkDown(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", lisps: []int{921600}}
	bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
		start := time.Now()
		if up := r.bringUp(CauseStart); up.Baud != 460800 {
			t.Errorf("got %+v", up)
		}
		r.wantKinds(Found, Raising, Bad, TalkDown, Raising, Proven)
		if d := time.Since(start); d > 5*time.Second || dev.starts.Load() != 1 {
			t.Errorf("took %v, %d starts", d, dev.starts.Load())
		}
	})
}

// TestRaiseFrail: the target rate carries short frames but not long ones.
func TestRaiseFrail(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
		r.wire.Inject(sim.Fault{Dir: sim.ToDevice, At: r.wire.Stats().ToDevice.Sent + 1500, Kind: sim.Flip, N: 8})
		up := r.bringUp(CauseStart)
		if up.Baud != 460800 {
			t.Errorf("got %+v, reports %v", up, r.kinds())
		}
	})
}

// TestLostAnswers: the answer to the change of rate gets lost, before or after the
// change.
func TestLostAnswers(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	dev.loseAnswers.Store(1)
	bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Baud != 921600 {
			t.Errorf("after: got %+v", up)
		}
	})
	dev = &fakeNCP{initial: 38400, version: "0.7.0"}
	dev.lostRequests.Store(1)
	bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
		if up := r.bringUp(CauseStart); up.Baud != 921600 {
			t.Errorf("before: got %+v", up)
		}
	})
}

func TestSetRate(t *testing.T) {
	store := &shelf{}
	dev := &fakeNCP{initial: 38400, version: "0.7.0", refuse: []int{460800}}
	bench(t, usual(), dev, Options{Store: store}, func(r *rig) {
		r.bringUp(CauseStart)
		if err := r.link.SetRate(r.ctx, 230400); err != nil || r.link.Baud() != 230400 {
			t.Errorf("230400: %v, at %d", err, r.link.Baud())
		}
		if err := r.link.SetRate(r.ctx, 460800); !errors.Is(err, ErrRefused) || r.link.Baud() != 230400 {
			t.Errorf("460800: %v, at %d", err, r.link.Baud())
		}
		if err := r.link.SetRate(r.ctx, 9600); err != nil || r.link.Baud() != 9600 {
			t.Errorf("9600: %v, at %d", err, r.link.Baud())
		}
		if _, err := r.link.Ping(r.ctx); err != nil {
			t.Error(err)
		}
	})
	if got := store.Get("rate 0403:6001"); got != "9600 bad 460800" {
		t.Errorf("remembered %q", got)
	}
}

// TestCallsWaitForRate: a call made while the rate changes is not lost.
func TestCallsWaitForRate(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	bench(t, usual(), dev, Options{}, func(r *rig) {
		r.bringUp(CauseStart)
		done := make(chan error, 1)
		go func() { done <- r.link.SetRate(r.ctx, 921600) }()
		for i := range 40 {
			if _, err := r.link.Ping(r.ctx); err != nil {
				t.Errorf("ping %d: %v", i, err)
			}
			time.Sleep(7 * time.Millisecond)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s := r.link.Stats(); s.CRCErrors != 0 || s.LateResults != 0 {
			t.Errorf("%+v", s)
		}
	})
}
