package doctor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/doctor"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
)

// run examines a simulated device under virtual time.
func run(t *testing.T, f faultsim.Fault, o doctor.Options, change func(*sim.WireOptions)) doctor.Report {
	t.Helper()
	var r doctor.Report
	synctest.Test(t, func(t *testing.T) {
		if change != nil {
			change(&f.Wire)
		}
		w := f.NewWire(serial.Info{Name: "Board"})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- sim.Run(ctx, w, f.Device()) }()
		time.Sleep(2 * time.Second) // it has power for a while already
		r = doctor.Run(ctx, w.Adapter(), o)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the device: %v", err)
		}
		w.Close()
	})
	return r
}

// faults are what each fault must be taken for: the first verdict, how sure it is, and
// whether the restart has ended the trouble.
var faults = []struct {
	fault string
	o     doctor.Options
	code  doctor.Code
	how   doctor.Certainty
	freed bool
	also  doctor.Code // must be among the other verdicts; 0: any
}{
	{fault: "none", code: doctor.OK, how: doctor.Sure},
	{fault: "notemplate", code: doctor.NoTemplate, how: doctor.Sure},
	{fault: "notprovisioned", code: doctor.NotProvisioned, how: doctor.Sure},
	{fault: "rate", code: doctor.WrongRate, how: doctor.Sure},
	{fault: "rate", o: doctor.Options{Known: 2_000_000}, code: doctor.OK, how: doctor.Sure},
	{fault: "oddrate", code: doctor.WrongRate, how: doctor.Possible, freed: true},
	{fault: "swapped", code: doctor.Silent, how: doctor.Likely},
	{fault: "deaf", code: doctor.OneWay, how: doctor.Likely, also: doctor.OtherTalker},
	{fault: "held", code: doctor.HeldInReset, how: doctor.Sure},
	{fault: "mcu", code: doctor.OtherTalker, how: doctor.Sure},
	{fault: "mcuport", code: doctor.OtherTalker, how: doctor.Sure},
	{fault: "download", code: doctor.DownloadMode, how: doctor.Sure},
	{fault: "loader", code: doctor.DownloadMode, how: doctor.Sure, freed: true},
	{fault: "at", code: doctor.ATFirmware, how: doctor.Sure},
	{fault: "log", code: doctor.OtherFirmware, how: doctor.Likely},
	{fault: "noimage", code: doctor.NoFirmware, how: doctor.Sure},
	{fault: "bootloop", code: doctor.BootLoop, how: doctor.Likely},
	{fault: "brownout", code: doctor.Brownout, how: doctor.Sure},
	{fault: "levels", code: doctor.Levels, how: doctor.Likely},
	{fault: "noground", code: doctor.NoGround, how: doctor.Likely},
	{fault: "echo", code: doctor.Echo, how: doctor.Sure},
	{fault: "unplugged", code: doctor.Unplugged, how: doctor.Sure},
	{fault: "busy", code: doctor.Busy, how: doctor.Likely},
	{fault: "busy", o: doctor.Options{Platform: doctor.Platform{Linux: true}}, code: doctor.Dialout, how: doctor.Likely, also: doctor.Busy},
	{fault: "busy", o: doctor.Options{Platform: doctor.Platform{Linux: true}, OpenedBefore: true}, code: doctor.Busy, how: doctor.Likely},
	{fault: "busy", o: doctor.Options{Platform: doctor.Platform{Linux: true, Chromium: true}}, code: doctor.Snap, how: doctor.Likely, also: doctor.Dialout},
	{fault: "denied", code: doctor.Denied, how: doctor.Sure},
	{fault: "driver", code: doctor.NotOpened, how: doctor.Likely},
	{fault: "gone", code: doctor.Unplugged, how: doctor.Sure},
}

// TestFaults provokes each fault, over a plain line and over one as Web Serial and USB
// adapters make it.
func TestFaults(t *testing.T) {
	seen := make(map[string]bool)
	for _, tt := range faults {
		f, ok := faultsim.Find(tt.fault)
		if !ok {
			t.Fatalf("no fault %q", tt.fault)
		}
		seen[tt.fault] = true
		for name, change := range map[string]func(*sim.WireOptions){
			"plain": nil,
			"usb":   func(o *sim.WireOptions) { o.Latency, o.Reopen = 16*time.Millisecond, 60*time.Millisecond },
		} {
			t.Run(tt.fault+"/"+name, func(t *testing.T) {
				o := tt.o
				o.AllowReset = true
				r := run(t, f, o, change)
				v := r.Verdicts[0]
				if v.Code != tt.code || v.Certainty != tt.how || v.Freed != tt.freed {
					t.Errorf("%s: verdict %v (%v, freed %v), want %v (%v, freed %v)", f.About, v.Code, v.Certainty, v.Freed, tt.code, tt.how, tt.freed)
				}
				if tt.also != 0 && !names(r, tt.also) {
					t.Errorf("%v is not among the verdicts", tt.also)
				}
				check(t, r)
				if t.Failed() {
					t.Log(r.Text())
				}
				t.Logf("%s → %v (%v) after %v", f.About, v.Code, v.Certainty, r.Took.Round(time.Millisecond))
			})
		}
	}
	for _, f := range faultsim.All() {
		if !seen[f.Name] {
			t.Errorf("nothing provokes the fault %q", f.Name)
		}
	}
}

// names tells whether a report names a cause.
func names(r doctor.Report, c doctor.Code) bool {
	for _, v := range r.Verdicts {
		if v.Code == c {
			return true
		}
	}
	return false
}

// check looks at what every report must keep.
func check(t *testing.T, r doctor.Report) {
	t.Helper()
	if r.Took > doctor.Budget+time.Second {
		t.Errorf("it took %v", r.Took)
	}
	if n := len(r.Verdicts); n < 1 || n > 3 {
		t.Errorf("%d verdicts", n)
	}
	for _, s := range r.Steps {
		if s.Status == doctor.Waiting || s.Status == doctor.Running {
			t.Errorf("step %v was left %v", s.Kind, s.Status)
		}
		if len(s.Sample) > doctor.MaxSample {
			t.Errorf("step %v keeps %d bytes", s.Kind, len(s.Sample))
		}
	}
	if text := r.Text(); !strings.Contains(text, r.Verdicts[0].Code.String()) {
		t.Errorf("the text does not name the verdict:\n%s", text)
	}
}
