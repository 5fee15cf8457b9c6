package link

import (
	"context"
	"errors"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim"
)

// TestHeartbeat: something every ten seconds, and nothing where calls are made anyway.
func TestHeartbeat(t *testing.T) {
	var rtts int
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	o := Options{OnPing: func(d time.Duration) {
		if d <= 0 || d > 50*time.Millisecond {
			t.Errorf("round trip %v", d)
		}
		rtts++
	}}
	bench(t, usual(), dev, o, func(r *rig) {
		r.bringUp(CauseStart)
		before := dev.pings.Load()
		ctx, cancel := context.WithTimeout(r.ctx, 61*time.Second)
		defer cancel()
		if _, err := r.link.Keep(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if n := dev.pings.Load() - before; n != 6 || rtts != 6 {
			t.Errorf("%d pings, %d told", n, rtts)
		}
		before = dev.pings.Load()
		ctx, cancel = context.WithTimeout(r.ctx, 60*time.Second)
		defer cancel()
		go func(ctx context.Context) {
			client := ncp.NewNCP(r.link)
			for ctx.Err() == nil {
				_, _, _ = client.GetNcpVersion(ctx)
				_ = sleep(ctx, 4*time.Second)
			}
		}(ctx)
		_, _ = r.link.Keep(ctx)
		if n := dev.pings.Load() - before; n != 0 {
			t.Errorf("%d pings among calls", n)
		}
		release := r.link.Hold()
		before = dev.calls.Load()
		ctx, cancel = context.WithTimeout(r.ctx, 60*time.Second)
		defer cancel()
		_, _ = r.link.Keep(ctx)
		if n := dev.calls.Load() - before; n != 0 {
			t.Errorf("%d calls while held", n)
		}
		release()
	})
}

// TestSilence: three missed heartbeats in a row end Keep within a second or so of the
// first; then the NCP is found again at its starting rate.
func TestSilence(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: time.Second}
	bench(t, usual(), dev, Options{Target: 460800}, func(r *rig) {
		r.bringUp(CauseStart)
		time.Sleep(3 * time.Second)
		dev.restart <- struct{}{}
		start := time.Now()
		cause, err := r.link.Keep(r.ctx)
		if cause != CauseSilent || err != nil {
			t.Fatalf("%v, %v", cause, err)
		}
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("noticed after %v", d)
		}
		start = time.Now()
		if up := r.bringUp(cause); up.Found != 38400 || up.Baud != 460800 {
			t.Errorf("got %+v", up)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("up again after %v", d)
		}
	})
}

// TestSilenceChecked: a caller that missed an answer has the heartbeat look at once.
func TestSilenceChecked(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: time.Second}
	bench(t, usual(), dev, Options{Target: 460800}, func(r *rig) {
		r.bringUp(CauseStart)
		dev.restart <- struct{}{}
		start := time.Now()
		time.AfterFunc(time.Second, r.link.Check)
		if cause, err := r.link.Keep(r.ctx); cause != CauseSilent || err != nil {
			t.Fatalf("%v, %v", cause, err)
		}
		if d := time.Since(start); d > 6*time.Second {
			t.Errorf("noticed after %v", d)
		}
	})
}

// TestReboot: the NCP says that it restarts, and takes a moment until it does: the old
// run must not be taken for the new one.
func TestReboot(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: 400 * time.Millisecond,
		bootLog: "[rpc port] Blynk.NCP started\r\n"}
	bench(t, usual(), dev, Options{}, func(r *rig) {
		r.bringUp(CauseStart)
		time.AfterFunc(time.Second, func() { _ = dev.mcu.ProcessEvent(r.ctx, uint8(ncp.EventRebooting)) })
		time.AfterFunc(1500*time.Millisecond, func() { dev.restart <- struct{}{} })
		cause, err := r.link.Keep(r.ctx)
		if cause != CauseReboot || err != nil {
			t.Fatalf("%v, %v", cause, err)
		}
		r.bringUp(cause)
		if dev.starts.Load() != 2 {
			t.Errorf("brought up in run %d", dev.starts.Load())
		}
	})
}

// TestRestartHeard: a boot log tells of a restart that the NCP did not announce.
func TestRestartHeard(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0", bootTime: 200 * time.Millisecond,
		bootLog: "[rpc port] Blynk.NCP started\r\n"}
	bench(t, usual(), dev, Options{}, func(r *rig) {
		time.Sleep(time.Second)
		r.bringUp(CauseStart)
		dev.restart <- struct{}{}
		start := time.Now()
		cause, err := r.link.Keep(r.ctx)
		if cause != CauseRestarted || err != nil {
			t.Fatalf("%v, %v", cause, err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("noticed after %v", d)
		}
		r.bringUp(cause)
	})
}

// TestUnplug: an unplug ends whatever is going on with ErrLost.
func TestUnplug(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 60 * time.Millisecond, 300 * time.Millisecond, 20 * time.Second} {
		dev := &fakeNCP{initial: 38400, now: 230400, version: "0.7.0"}
		bench(t, usual(), dev, Options{Target: 921600}, func(r *rig) {
			time.AfterFunc(after, r.wire.Unplug)
			start := time.Now()
			_, err := r.link.BringUp(r.ctx, CauseStart)
			if err == nil {
				_, err = r.link.Keep(r.ctx)
			}
			if late := time.Since(start) - after; late > 200*time.Millisecond && after < 10*time.Second {
				t.Errorf("%v: %v late", after, late)
			}
			if !errors.Is(err, serial.ErrLost) && !errors.Is(err, serial.ErrClosed) && after < 10*time.Second {
				t.Errorf("%v: %v", after, err)
			}
		})
	}
}

// TestAnswers: the NCP's own calls are answered, also while we search.
func TestAnswers(t *testing.T) {
	dev := &fakeNCP{initial: 38400, version: "0.7.0"}
	bench(t, usual(), dev, Options{}, func(r *rig) {
		r.bringUp(CauseStart)
		if err := dev.mcu.Ping(r.ctx); err != nil {
			t.Error(err)
		}
		for uid, want := range map[uint16]bool{ncp.UIDMcuPing: true, ncp.UIDClientProcessEvent: true, ncp.UIDNcpPing: false, 0x9999: false} {
			if has, err := dev.mcu.HasUID(r.ctx, uid); err != nil || has != want {
				t.Errorf("has %04X: %v, %v", uid, has, err)
			}
		}
		if ok, err := dev.mcu.Reboot(r.ctx); ok || err != nil {
			t.Errorf("reboot: %v, %v", ok, err)
		}
	})
}

// TestBringUpOnNoisyLine: with one byte in a hundred corrupted the NCP still comes up,
// and the endpoint counts every frame that the noise broke. The count to compare with
// is made from the bytes on the line by a decoder of the test's own.
func TestBringUpOnNoisyLine(t *testing.T) {
	var errorsSeen uint64
	for seed := range uint64(44) {
		w := usual()
		w.ErrorRate, w.Seed = 0.01, seed+1
		rate := ncp.Rates()[int(seed)%11]
		var dev sim.Device = &fakeNCP{initial: 38400, now: rate, version: "0.7.0"}
		ofSim := seed >= 22
		if ofSim { // it logs its start; at a rate where it does not start it was left
			dev = &simulated{}
		}
		bench(t, w, dev, Options{}, func(r *rig) {
			if ofSim {
				r.leaveNoisilyAt(rate)
			}
			count := &counter{}
			stop := r.wire.Tap(func(d sim.Dir, _ time.Time, p []byte) {
				if d == sim.ToHost {
					count.write(p)
				}
			})
			defer stop()
			if up := r.bringUp(CauseStart); up.Baud != rate {
				t.Errorf("seed %d: %+v", seed, up)
			}
			for range 200 {
				_, err := r.link.Ping(r.ctx)
				if err != nil && !answeredCall(err) && r.ctx.Err() != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			s := r.link.Stats()
			if s.CRCErrors != count.crc || s.CutFrames != count.cut || s.RxFrames != count.good {
				t.Errorf("seed %d: counted %d CRC errors, %d cut, %d good; on the line were %d, %d, %d",
					seed, s.CRCErrors, s.CutFrames, s.RxFrames, count.crc, count.cut, count.good)
			}
			errorsSeen += count.crc + count.cut
		})
	}
	t.Logf("%d broken frames", errorsSeen)
	if errorsSeen < 100 {
		t.Errorf("only %d broken frames: the test shows nothing", errorsSeen)
	}
}

// counter counts frames in a stream of bytes, written from the protocol sheet alone.
type counter struct {
	inside         bool
	escaped        bool
	body           []byte
	good, crc, cut uint64
}

func (c *counter) write(p []byte) {
	for _, b := range p {
		switch {
		case b == 0xAA:
			if c.inside {
				c.cut++
			}
			c.inside, c.escaped, c.body = true, false, nil
		case !c.inside:
		case c.escaped:
			c.body, c.escaped = append(c.body, b^0xFF), false
		case b == 0xCC:
			c.escaped = true
		case b == 0xBB:
			c.end()
		default:
			c.body = append(c.body, b)
		}
	}
}

func (c *counter) end() {
	c.inside = false
	crc := byte(0)
	for _, b := range c.body {
		crc ^= b
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	if len(c.body) > 0 && crc == 0 {
		c.good++
	} else {
		c.crc++
	}
}
