package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

func TestConnectAndDisconnect(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{Version: "0.7.3", WiFiMAC: "02:00:5E:10:20:30", EthernetMAC: "02:00:5E:10:20:31"})
	v := open(t, url, browser.PageOptions{})
	if !v.shows("#device-empty") {
		t.Error("no empty state before the first connection")
	}
	v.connect()
	v.sees("#device-version", "0.7.3", 5*time.Second)
	v.sees("#device-wifi", "02:00:5E:10:20:30", 5*time.Second)
	v.sees("#device-ethernet", "02:00:5E:10:20:31", 5*time.Second)
	v.sees("#device-state", "ot initialized", 5*time.Second)
	v.sees("#chip", "Board", time.Second)
	v.wait(`document.querySelectorAll('#methods-list [data-has="yes"]').length > 30`, 20*time.Second)
	if v.shows("#device-empty") {
		t.Error("the empty state stays beside the card")
	}
	v.click("#disconnect")
	v.wait(`document.getElementById("rate").disabled && document.getElementById("connect").checkVisibility()`, 3*time.Second)
	if v.shows("#problem") {
		t.Errorf("a problem after a disconnect that was asked for: %s", v.text("#problem"))
	}
	v.connect()
}

// TestEveryRate: an NCP that already runs at another rate is found from the page.
func TestStartRates(t *testing.T) {
	t.Parallel()
	for _, baud := range []int{9600, 115200, 921600} {
		_, url := withNCP(t, ncpsim.Options{Baud: baud})
		v := open(t, url, browser.PageOptions{})
		v.connect()
		v.sees("#device-version", "0.7", 5*time.Second)
	}
}

func TestKeyboardOnly(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	tabTo := func(id string) {
		t.Helper()
		for range 60 {
			v.press(kb.Tab)
			if eval[string](v, `document.activeElement.id`) == id {
				if outline := eval[string](v, `getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).boxShadow`); outline == "nonenone" {
					t.Errorf("#%s has the focus and does not show it", id)
				}
				return
			}
		}
		t.Fatalf("#%s is not reached by Tab", id)
	}
	tabTo("connect")
	v.press(kb.Enter)
	v.ready(20 * time.Second)
	tabTo("reboot")
	v.press(kb.Enter)
	v.wait(`document.getElementById("confirm").open`, 2*time.Second)
	v.press(kb.Escape)
	v.wait(`!document.getElementById("confirm").open`, 2*time.Second)
	if got := eval[string](v, `document.activeElement.id`); got != "reboot" {
		t.Errorf("after Esc the focus is on %q", got)
	}
	tabTo("disconnect")
	v.press(" ")
	v.wait(`document.getElementById("connect").checkVisibility()`, 3*time.Second)
}

func TestRefusedPort(t *testing.T) {
	for _, tt := range []struct {
		name   string
		reason serial.OpenReason
		code   int
	}{
		{"busy", serial.OpenBusy, busy},
		{"denied", serial.OpenDenied, denied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			device, url := withNCP(t, ncpsim.Options{})
			v := open(t, url, browser.PageOptions{})
			device.Refuse(tt.reason)
			v.click("#connect")
			v.problem(tt.code, 3*time.Second)
			device.Accept()
			v.click("#problem-retry")
			v.ready(20 * time.Second)
			if v.shows("#problem") {
				t.Error("the card stays although the device answers")
			}
		})
	}
}

// mute is a device that never says anything.
type mute struct{}

func (mute) Run(ctx context.Context, u sim.UART) error {
	<-ctx.Done()
	return nil
}

func TestSilentDevice(t *testing.T) {
	t.Parallel()
	_, url := newLab(t, lab.Spec{Name: "Mute", Sim: mute{}})
	v := open(t, url, browser.PageOptions{})
	v.click("#connect")
	v.problem(silent, 45*time.Second)
	if !v.shows("#problem-retry") {
		t.Error("no Retry")
	}
}

func TestChooser(t *testing.T) {
	l, url := newLab(t, ncp("First", ncpsim.Options{Version: "0.7.1"}), ncp("Second", ncpsim.Options{Version: "0.7.2"}))
	v := open(t, url, browser.PageOptions{})
	v.click("#connect")
	v.sees("dialog.chooser", "Second", 3*time.Second)
	v.press(kb.Escape)
	v.wait(`!document.querySelector("dialog.chooser[open]")`, 2*time.Second)
	if v.shows("#problem") {
		t.Error("a problem although the person only closed the list")
	}
	v.click("#connect")
	v.sees("dialog.chooser", "Second", 3*time.Second)
	v.must(v.Do(`[...document.querySelectorAll("dialog.chooser label")].find(l => l.innerText.includes("Second")).click()`))
	v.press(kb.Enter)
	v.ready(20 * time.Second)
	v.sees("#device-version", "0.7.2", 5*time.Second)
	if n := l.Device("First").NCP().Stats(); n.Calls > 0 {
		t.Errorf("the other device was spoken to: %+v", n)
	}
}

// TestAttached: a foreign device on a TCP port is like any other.
func TestAttached(t *testing.T) {
	far, _ := newLab(t, lab.Spec{Name: "Far", Sim: ncpsim.New(ncpsim.Options{Version: "0.7.9"}), Expose: "tcp:0"})
	address := ""
	for end := time.Now().Add(5 * time.Second); address == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if a := far.Device("Far").Address(); a != nil {
			address = a.String()
		}
	}
	if address == "" {
		t.Fatal("the far device is not exposed")
	}
	_, url := newLab(t, lab.Spec{Name: "Near", Attach: "tcp:" + address})
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.sees("#device-version", "0.7.9", 5*time.Second)
	if !strings.Contains(v.text("#chip"), "Near") {
		t.Errorf("the chip shows %q", v.text("#chip"))
	}
}
