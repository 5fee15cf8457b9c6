package lab

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ncpweb/serial"
)

// A foreign device on a PTY gets the page's rate, and comes and goes.
func TestAttachPTY(t *testing.T) {
	pair := newPTY(t)
	link := filepath.Join(t.TempDir(), "device")
	if err := os.Symlink(pair.path, link); err != nil {
		t.Fatal(err)
	}
	_, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "pty:" + link}}})
	p := connect(t, base, listed(t, base, 1)[0].ID)
	p.open(74880)
	talk(t, p, pair.master)
	if m, err := pair.master.mode(); err != nil || m.Baud != 74880 {
		t.Errorf("the rate is %+v, %v", m, err)
	}
	if name := p.call(`"op":"signals","dtr":false,"rts":true,"brk":false`); name != "" {
		t.Errorf("signals: %s", name)
	}
	pair.Close()
	p.ends()
	listed(t, base, 0)
	os.Remove(link)
	pair = newPTY(t)
	if err := os.Symlink(pair.path, link); err != nil {
		t.Fatal(err)
	}
	p = connect(t, base, listed(t, base, 1)[0].ID)
	p.open(115200)
	talk(t, p, pair.master)
}

func TestAttachBurstPTY(t *testing.T) {
	pair := newPTY(t)
	bursts(t, "pty:"+pair.path, pair.master)
}

func newPTY(t *testing.T) *ptyPair {
	t.Helper()
	pair, err := openPTY()
	if err != nil {
		t.Skip("no PTY here: ", err)
	}
	pair.slave.Close() // the one who attaches opens its own
	t.Cleanup(func() { pair.Close() })
	return pair
}

// The rate that a foreign program sets on the PTY is the rate of the line.
func TestExposePTY(t *testing.T) {
	link := filepath.Join(t.TempDir(), "ncp")
	l, _ := start(t, Options{Devices: []Spec{{Name: "one", Sim: &switching{rates: []int{57600, 115200}}, Expose: "pty:" + link}}})
	waitFor(t, "link", func() bool { _, err := os.Lstat(link); return err == nil })
	waitFor(t, "open port", func() bool { return l.Device("one").Wire().UART().Lines().Open })
	s, err := openTTY(link)
	if err != nil {
		t.Skip("no PTY here: ", err)
	}
	defer s.Close()
	program := s.(tty)
	ask := func(baud int, text string) string {
		t.Helper()
		if err := program.setMode(serial.Mode{Baud: baud}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * lookEvery)
		if _, err := program.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 64)
		total := 0
		program.SetReadDeadline(time.Now().Add(150 * time.Millisecond))
		for {
			n, err := program.Read(got[total:])
			total += n
			if err != nil || total == len(got) {
				return string(got[:total])
			}
		}
	}
	if got := ask(57600, "right"); got != "right" {
		t.Errorf("at the device's rate: %q", got)
	}
	if got := ask(9600, "wrong"); got == "wrong" {
		t.Error("the rate makes no difference")
	}
	if got := ask(57600, "R"); got != "R" {
		t.Errorf("%q", got)
	}
	if got := ask(115200, "switched"); got != "switched" {
		t.Errorf("after the change of rate: %q", got)
	}
	program.Close()
	if again, err := openTTY(link); err != nil {
		t.Errorf("the PTY is gone with the program: %v", err)
	} else {
		program = again.(tty)
		if got := ask(115200, "again"); got != "again" {
			t.Errorf("second program: %q", got)
		}
		again.Close()
	}
}
