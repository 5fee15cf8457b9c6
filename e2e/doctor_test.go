package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ncpweb/doctor"
	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
	"ncpweb/sim/ncpsim"
)

// openDoctor opens the page at the doctor and waits for its program.
func openDoctor(t *testing.T, url string) *view {
	t.Helper()
	v := load(t, chromium, url+"#doctor", browser.PageOptions{})
	v.wait(`document.documentElement.dataset.tools === "ready" && document.getElementById("doctor-fault").options.length > 0`, 20*time.Second)
	return v
}

// verdict waits for the outcome and compares it.
func (v *view) verdict(want doctor.Code) {
	v.t.Helper()
	v.wait(`document.getElementById("doctor-verdict").checkVisibility()`, 40*time.Second)
	if got := eval[string](v, `document.getElementById("doctor-verdict").dataset.code`); got != want.String() {
		v.t.Errorf("verdict %q, want %q:\n%s", got, want, v.text("#doctor"))
	}
	for _, part := range []string{"#doctor-verdict-title", "#doctor-verdict-sure", "#doctor-verdict-why", "#doctor-do li"} {
		if v.text(part) == "" {
			v.t.Errorf("verdict %q has no %s", want, part)
		}
	}
	if said := v.text("#doctor-said"); !strings.Contains(said, v.text("#doctor-verdict-title")) {
		v.t.Errorf("a screen reader hears %q", said)
	}
	if got := eval[string](v, `document.activeElement.id`); got != "doctor-verdict-title" {
		v.t.Errorf("the focus is on %q", got)
	}
}

// broken is a device with a fault as a lab device.
func broken(t *testing.T, fault string) lab.Spec {
	t.Helper()
	f, ok := faultsim.Find(fault)
	if !ok {
		t.Fatalf("no fault %q", fault)
	}
	wire := f.Wire
	wire.Latency = time.Millisecond
	return lab.Spec{Name: fault, Sim: f.Device(), Wire: wire}
}

// TestDoctorFaults: faults on ports as a person has them.
func TestDoctorFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]doctor.Code{
		"download": doctor.DownloadMode,
		"at":       doctor.ATFirmware,
		"mcu":      doctor.OtherTalker,
		"rate":     doctor.WrongRate,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, url := newLab(t, broken(t, fault))
			v := openDoctor(t, url)
			v.click("#doctor-start")
			v.verdict(want)
			if n := eval[int](v, `document.querySelectorAll("#doctor-steps > li").length`); n != 8 {
				t.Errorf("%d steps", n)
			}
		})
	}
}

// TestDoctorPractice: the page's own devices are all that there are, and the port of
// one of them is held by another program.
func TestDoctorPractice(t *testing.T) {
	t.Parallel()
	_, url := newLab(t)
	v := openDoctor(t, url)
	listed := eval[[]string](v, `[...document.getElementById("doctor-fault").options].map(o => o.value)`)
	for _, f := range faultsim.All() {
		if !slices.Contains(listed, f.Name) {
			t.Errorf("the page does not offer the fault %q", f.Name)
		}
	}
	v.must(v.Do(`document.getElementById("doctor-fault").value = "busy"`))
	v.click("#doctor-try-start")
	v.verdict(doctor.Busy)
	if v.shows("#doctor-resume") {
		t.Error("a practice device can be connected")
	}
}

// TestDoctorTakesThePortOver: the connection ends, the examination finds the NCP at the
// rate that the page had set, and the connection comes back.
func TestDoctorTakesThePortOver(t *testing.T) {
	t.Parallel()
	_, url := newLab(t, lab.Spec{Name: "Board", Sim: ncpsim.New(ncpsim.Options{Provisioned: true, Initialized: true}), Wire: sim.WireOptions{Latency: time.Millisecond}})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.must(v.Do(`location.hash = "#doctor"`))
	v.wait(`document.documentElement.dataset.tools === "ready"`, 20*time.Second)
	v.click("#doctor-start")
	v.verdict(doctor.OK)
	v.click("#doctor-resume")
	v.ready(20 * time.Second)
}

// TestDoctorFromProblem: the card of a problem leads to the doctor, which examines the
// port that failed. A browser on Linux does not tell a busy port from missing rights.
func TestDoctorFromProblem(t *testing.T) {
	t.Parallel()
	device, url := withNCP(t, ncpsim.Options{})
	device.Refuse(serial.OpenBusy)
	v := open(t, url, browser.PageOptions{})
	v.click("#connect")
	v.problem(busy, 5*time.Second)
	v.click("#problem-doctor")
	v.wait(`document.documentElement.dataset.tools === "ready"`, 20*time.Second)
	v.click("#doctor-start")
	v.wait(`document.getElementById("doctor-verdict").checkVisibility()`, 20*time.Second)
	code := eval[string](v, `document.getElementById("doctor-verdict").dataset.code`)
	if !slices.Contains([]string{doctor.Busy.String(), doctor.Dialout.String(), doctor.Snap.String()}, code) {
		t.Errorf("verdict %q:\n%s", code, v.text("#doctor"))
	}
}

// TestDoctorCancel: giving up ends it at once, and the port is free again.
func TestDoctorCancel(t *testing.T) {
	t.Parallel()
	l, url := newLab(t, broken(t, "swapped"))
	v := openDoctor(t, url)
	v.click("#doctor-start")
	v.wait(`document.querySelector('#doctor-steps [data-tone="busy"]') !== null && document.activeElement.id === "doctor-cancel"`, 5*time.Second)
	v.click("#doctor-cancel")
	v.verdict(doctor.Canceled)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for w := l.Device("swapped").Wire(); w.UART().Lines().Open; {
		if ctx.Err() != nil {
			t.Fatal("the port stays open")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
