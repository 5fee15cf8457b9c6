package lab

import (
	"bytes"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

// The first ping of an MCU and the NCP's answer, from the golden vectors of the
// deployed driver.
var (
	pingFrame   = []byte("\xaa\xbc\x67\x01\x01\x02\x00\x70\xbb")
	resultFrame = []byte("\xaa\x12\xa5\x02\x00\x00\x91\xbb")
)

// A simulated NCP that one lab exposes is a foreign device to another one: the page
// of the second gets its answers, over a socket and over a PTY with its rate.
func TestChain(t *testing.T) {
	const baud = 57600
	link := filepath.Join(t.TempDir(), "ncp")
	for name, expose := range map[string]string{"tcp": "tcp:0", "pty": "pty:" + link} {
		t.Run(name, func(t *testing.T) {
			if name == "pty" && runtime.GOOS != "linux" {
				t.Skip("PTYs are supported on Linux only")
			}
			ncp := ncpsim.New(ncpsim.Options{Baud: baud})
			first, _ := start(t, Options{Devices: []Spec{{Name: "ncp", Sim: ncp, Expose: expose}}})
			attach := expose
			if name == "tcp" {
				waitFor(t, "address", func() bool { return first.Device("ncp").Address() != nil })
				attach = "tcp:" + first.Device("ncp").Address().String()
			}
			_, base := start(t, Options{Devices: []Spec{{Name: "foreign", Attach: attach}}})
			p := connect(t, base, listed(t, base, 1)[0].ID)
			p.open(baud)
			var heard []byte
			for end := time.Now().Add(5 * time.Second); !bytes.Contains(heard, resultFrame); {
				if time.Now().After(end) {
					t.Fatalf("no answer; heard %q", heard)
				}
				p.write(pingFrame)
				time.Sleep(50 * time.Millisecond)
				p.call(`"op":"signals"`) // its answer comes behind what was heard so far
				heard = append(heard, p.data...)
				p.data = nil
			}
		})
	}
}
