package doctor_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/doctor"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
	"ncpweb/sim/ncpsim"
)

// examine runs an examination of any device under virtual time, in which it is made.
func examine(t *testing.T, device func() sim.Device, wire sim.WireOptions, o doctor.Options) doctor.Report {
	t.Helper()
	var r doctor.Report
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWire(wire)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- sim.Run(ctx, w, device()) }()
		time.Sleep(2 * time.Second)
		r = doctor.Run(ctx, w.Adapter(), o)
		if w.UART().Lines().Open {
			t.Error("the port was left open")
		}
		cancel()
		<-done
		w.Close()
	})
	check(t, r)
	return r
}

// TestHealthy: an NCP in order is called so, whatever it is like.
func TestHealthy(t *testing.T) {
	for _, options := range []string{
		"", "baud=115200", "chip=esp8266", "noautoreset", "nohasuid", "version=0.6.1", "announce", "dashboard=100ms", "load=500", "offline", "boot=900ms",
	} {
		for _, wire := range []sim.WireOptions{
			{}, {Latency: 16 * time.Millisecond, Reopen: 120 * time.Millisecond}, {ErrorRate: 0.0005, Seed: 3}, {MaxBaud: 115200},
		} {
			text := "provisioned,initialized"
			if options != "" {
				text += "," + options
			}
			o, err := ncpsim.ParseOptions(text)
			if err != nil {
				t.Fatal(err)
			}
			r := examine(t, func() sim.Device { return ncpsim.New(o) }, wire, doctor.Options{AllowReset: true})
			if v := r.Verdicts[0]; v.Code != doctor.OK {
				t.Errorf("%s, %+v: %v\n%s", options, wire, v.Code, r.Text())
			}
			if !r.Device.Answered || r.Device.Version == "" || !r.Device.Configured {
				t.Errorf("%s: %+v", options, r.Device)
			}
		}
	}
}

// TestResetByOpening: a board that the opening of the port restarts is waited for.
func TestResetByOpening(t *testing.T) {
	o := ncpsim.Options{Provisioned: true, NoAutoReset: true, Times: ncpsim.Times{Boot: 1200 * time.Millisecond}}
	r := examine(t, func() sim.Device { return startsWhenOpened{ncpsim.New(o)} }, sim.WireOptions{}, doctor.Options{AllowReset: true})
	if r.Verdicts[0].Code != doctor.NoTemplate {
		t.Errorf("%v\n%s", r.Verdicts[0].Code, r.Text())
	}
}

type startsWhenOpened struct{ sim.Device }

func (d startsWhenOpened) Run(ctx context.Context, u sim.UART) error {
	for !u.Lines().Open {
		changed := u.LinesChanged()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
	return d.Device.Run(ctx, u)
}

func TestNoAdapter(t *testing.T) {
	for platform, want := range map[doctor.Platform]doctor.Code{
		{}:                            doctor.NoPort,
		{Linux: true}:                 doctor.NoPort,
		{Linux: true, Chromium: true}: doctor.Snap,
		{Chromium: true}:              doctor.NoPort,
	} {
		r := doctor.Run(t.Context(), nil, doctor.Options{Platform: platform})
		check(t, r)
		if r.Verdicts[0].Code != want || r.Verdicts[0].Certainty == doctor.Sure {
			t.Errorf("%+v: %v, want %v", platform, r.Verdicts, want)
		}
		if platform.Linux != names(r, doctor.Snap) {
			t.Errorf("%+v: verdicts %v", platform, r.Verdicts)
		}
	}
}

// TestNoResetWithoutLeave: the lines stay as opening has put them.
func TestNoResetWithoutLeave(t *testing.T) {
	for _, allow := range []bool{false, true} {
		changes := 0
		d := watcher(func(l sim.Lines) {
			if l.Open && (!l.DTR || !l.RTS) {
				changes++
			}
		})
		r := examine(t, func() sim.Device { return d }, sim.WireOptions{}, doctor.Options{AllowReset: allow})
		if allow == (changes == 0) {
			t.Errorf("allowed %v: the lines changed %d times", allow, changes)
		}
		if got := r.Steps[doctor.StepReset].Status; allow == (got == doctor.Skipped) {
			t.Errorf("allowed %v: the step is %v", allow, got)
		}
	}
}

// watcher is a silent device that looks at the host's lines.
type watcher func(sim.Lines)

func (f watcher) Run(ctx context.Context, u sim.UART) error {
	for {
		changed := u.LinesChanged()
		f(u.Lines())
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// TestSteps: who watches sees every step begin and end, in order.
func TestSteps(t *testing.T) {
	f, _ := faultsim.Find("swapped")
	var mu sync.Mutex
	var seen []string
	o := doctor.Options{AllowReset: true, OnStep: func(s doctor.Step) {
		mu.Lock()
		defer mu.Unlock()
		word := s.Kind.String() + " " + s.Status.String()
		if len(seen) == 0 || seen[len(seen)-1] != word {
			seen = append(seen, word)
		}
	}}
	run(t, f, o, nil)
	want := "open running,open passed,listen running,listen failed,ask running,ask failed,other firmware running,other firmware failed," +
		"all rates running,all rates failed,restart running,restart failed,device running,device skipped,line running,line skipped"
	if got := strings.Join(seen, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCancel: giving up ends it at once, in every step.
func TestCancel(t *testing.T) {
	f, _ := faultsim.Find("swapped")
	for after := time.Duration(0); after < 12*time.Second; after += 370 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			w := f.NewWire(serial.Info{})
			ctx, cancel := context.WithTimeout(context.Background(), after)
			defer cancel()
			began := time.Now()
			r := doctor.Run(ctx, w.Adapter(), doctor.Options{AllowReset: true})
			// A reset under way is ended first: the chip would stay off.
			if took := time.Since(began); took > after+100*time.Millisecond {
				t.Errorf("after %v it took %v", after, took)
			}
			check(t, r)
			if r.Verdicts[0].Code != doctor.Canceled {
				t.Errorf("after %v: %v", after, r.Verdicts[0].Code)
			}
			if l := w.UART().Lines(); l.Open {
				t.Errorf("after %v the port is open", after)
			}
			w.Close()
		})
	}
}

// TestUnpluggedAnyTime: an adapter that goes is named as the cause in every step.
func TestUnpluggedAnyTime(t *testing.T) {
	for _, fault := range []string{"swapped", "none", "log"} {
		f, _ := faultsim.Find(fault)
		for after := 10 * time.Millisecond; after < 6*time.Second; after += 290 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				w := f.NewWire(serial.Info{})
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- sim.Run(ctx, w, f.Device()) }()
				ended := false
				time.AfterFunc(after, func() {
					if !ended {
						w.Unplug()
					}
				})
				r := doctor.Run(ctx, w.Adapter(), doctor.Options{AllowReset: true})
				took := r.Took
				ended = true
				if took >= after && r.Verdicts[0].Code != doctor.Unplugged {
					t.Errorf("%s, after %v: %v\n%s", fault, after, r.Verdicts[0].Code, r.Text())
				}
				cancel()
				<-done
				w.Close()
			})
		}
	}
}

// TestSlowAdapter: one that takes a second for each change of rate does not break the
// budget, and there is a verdict all the same.
func TestSlowAdapter(t *testing.T) {
	f, _ := faultsim.Find("swapped")
	r := run(t, f, doctor.Options{AllowReset: true}, func(o *sim.WireOptions) { o.Reopen = time.Second })
	check(t, r)
	if r.Verdicts[0].Code != doctor.Silent {
		t.Errorf("%v\n%s", r.Verdicts[0].Code, r.Text())
	}
}

// TestHostile: a device that sends whatever it wants ends within the budget and is kept
// within bounds.
func TestHostile(t *testing.T) {
	for h := ncpsim.HostileRandom; h <= ncpsim.HostileSlow; h <<= 1 {
		o := ncpsim.Options{Hostile: h, Seed: uint64(h)}
		r := examine(t, func() sim.Device { return ncpsim.New(o) }, sim.WireOptions{}, doctor.Options{AllowReset: true})
		if len(r.Text()) > 64<<10 {
			t.Errorf("hostile %d: a text of %d bytes", h, len(r.Text()))
		}
	}
	examine(t, func() sim.Device { return flood{} }, sim.WireOptions{}, doctor.Options{AllowReset: true})
}

// flood sends without a pause.
type flood struct{}

func (flood) Run(ctx context.Context, u sim.UART) error {
	_ = u.SetMode(serial.Mode{Baud: 115200})
	r := rand.New(rand.NewPCG(1, 1))
	b := make([]byte, 4096)
	for ctx.Err() == nil {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if _, err := u.Write(b); err != nil {
			return nil
		}
	}
	return nil
}

func TestVisible(t *testing.T) {
	got := doctor.Visible([]byte("a\x1b[31m\n\x00\xFF\\"))
	if want := `a\x1B[31m\n\x00\xFF\\`; got != want {
		t.Errorf("got %s", got)
	}
}
