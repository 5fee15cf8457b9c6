package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

// online opens the page, connects, configures and waits for the cloud.
func online(t *testing.T, o ncpsim.Options) (*view, *lab.Device) {
	t.Helper()
	o.Provisioned = true
	device, url := withNCP(t, o)
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.configure()
	waitState(t, device, ncpsim.StateConnected)
	return v, device
}

// wrote waits until the cloud has a value from the page.
func wrote(t *testing.T, d *lab.Device, pin uint16, values ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := d.NCP().Cloud().WaitPin(ctx, pin, values...); err != nil {
		p, _ := d.NCP().Cloud().Pin(pin)
		t.Fatalf("the cloud has %q on V%d, not %q", p.Values, pin, values)
	}
}

func TestPins(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	cloud := device.NCP().Cloud()
	v.goTo("pins")

	v.fill("#write-pin", "7")
	v.fill("#items input", "23.5")
	v.click("#write")
	wrote(t, device, 7, "23.5")
	row := `#pins tbody tr[data-pin="7"]`
	v.sees(row, "23.5", 2*time.Second)

	if err := cloud.Set(7, "from the dashboard"); err != nil {
		t.Fatal(err)
	}
	v.sees(row, "from the dashboard", 2*time.Second)

	v.click("#item-add")
	v.fill("#items li:nth-child(1) input", "50.45")
	v.fill("#items li:nth-child(2) input", "30.52")
	v.click("#write")
	wrote(t, device, 7, "50.45", "30.52")
	v.sees(row, "50.45", 2*time.Second)
	v.sees(row, "30.52", 2*time.Second)

	changes := device.NCP().Stats().PinChanges
	v.click(row + ` [data-act="sync"]`)
	until(t, "the cloud sends V7 again", 3*time.Second, func() bool { return device.NCP().Stats().PinChanges > changes })

	if err := cloud.Set(8, "eight"); err != nil {
		t.Fatal(err)
	}
	v.sees(`#pins tbody tr[data-pin="8"]`, "eight", 2*time.Second)
	changes = device.NCP().Stats().PinChanges
	v.click("#sync-all")
	until(t, "the cloud sends all pins again", 3*time.Second, func() bool { return device.NCP().Stats().PinChanges >= changes+2 })

	v.click("#property-box summary")
	v.fill("#property-name", "color")
	v.fill("#property-value", "#D3435C")
	v.click("#property-set")
	until(t, "the cloud has the property", 3*time.Second, func() bool {
		return slices.Equal(cloud.Properties(7)["color"], []string{"#D3435C"})
	})

	v.fill("#event-code", "high_temp")
	v.fill("#event-description", "over 80 <i>°C</i>")
	v.click("#event-log")
	until(t, "the cloud has the event", 3*time.Second, func() bool {
		e := cloud.Events()
		return len(e) == 1 && e[0].Code == "high_temp" && e[0].Description == "over 80 <i>°C</i>" && !e[0].Resolved
	})
	v.sees("#timeline", "high_temp", 2*time.Second)
	v.click("#event-resolve")
	until(t, "the event is resolved", 3*time.Second, func() bool { e := cloud.Events(); return len(e) > 0 && e[0].Resolved })

	v.fill("#metadata-field", "Location")
	v.fill("#metadata-value", "roof")
	v.click("#metadata-set")
	until(t, "the cloud has the metadata", 3*time.Second, func() bool { return cloud.Metadata()["Location"] == "roof" })
}

func TestPinGroup(t *testing.T) {
	v, device := online(t, ncpsim.Options{})
	v.goTo("pins")
	v.click("#group-box summary")
	v.wait(`document.querySelectorAll("#group-rows .group-row").length > 0`, 2*time.Second)
	for eval[int](v, `document.querySelectorAll("#group-rows .group-row").length`) < 2 {
		v.click("#group-add")
		time.Sleep(50 * time.Millisecond)
	}
	for i, s := range []string{"1", "2"} {
		row := `#group-rows .group-row:nth-child(` + s + `) `
		v.fill(row+`[name="group-pin"]`, s)
		v.fill(row+`[name="group-value"]`, []string{"one", "two"}[i])
	}
	v.click("#group-write")
	until(t, "the cloud has the group", 5*time.Second, func() bool {
		g := device.NCP().Cloud().Groups()
		return len(g) == 1 && len(g[0].Writes) == 2 && g[0].Writes[1].Pin == 2 && slices.Equal(g[0].Writes[1].Values, []string{"two"})
	})
}

// TestPinLoad: a busy dashboard reaches the table without loss, and the page stays
// quick.
func TestPinLoad(t *testing.T) {
	v, device := online(t, ncpsim.Options{Baud: 921600, Dashboard: ncpsim.Dashboard{Load: 1000, LoadPins: 100}})
	v.goTo("pins")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 50`, 10*time.Second)
	worst := eval[float64](v, `new Promise(done => {
		let last = performance.now(), worst = 0, n = 0;
		requestAnimationFrame(function frame(now) {
			worst = Math.max(worst, now - last); last = now;
			if (++n < 120) requestAnimationFrame(frame); else done(worst);
		});
	})`)
	t.Logf("longest time between two frames at 1000 changes a second: %.0f ms", worst)
	if worst > 500 {
		t.Errorf("the page stood still for %.0f ms", worst)
	}
	device.NCP().Cloud().SetDashboard(ncpsim.Dashboard{})
	time.Sleep(500 * time.Millisecond)
	sent := device.NCP().Stats()
	if sent.Dropped > 0 {
		t.Errorf("the device dropped %d messages", sent.Dropped)
	}
	v.wait(`[...document.querySelectorAll("#pins tbody .c-count")].reduce((n, e) => n + Number(e.innerText.replace(/\D/g, "")), 0) > 0`, 5*time.Second)
}
