package lab

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp/host"
	"ncpweb/ncp/ota"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/mcusim"
	"ncpweb/sim/ncpsim"
)

// TestMCUSpec: a Primary MCU is named on the command line.
func TestMCUSpec(t *testing.T) {
	for arg, ok := range map[string]bool{
		"m=mcu": true, "m=mcu,": true, "m=mcux": false, "m=mcu=x": false,
		"m=mcu,version=1.2.3,template=TMPLx,chunk=0,size=64K,baud=115200,target=0": true,
		"m=mcu,broken=reverts,receiver=strict,at=0.3,prefetch,suspend=5s":          true,
		"m=mcu,erase=1s,write=2ms,values=1s,seed=7,latency=16ms,lose=9":            true,
		"m=mcu,latency=-1s": false, "m=mcu,lose=1": false, "m=mcu,lose=x": false,
		"m=mcu,broken=none": false, "m=mcu,chunk=65536": false, "m=mcu,provisioned": false,
	} {
		var s Specs
		err := s.Sim(arg)
		if (err == nil) != ok {
			t.Errorf("%s: %v", arg, err)
		}
		if err != nil && !strings.Contains(err.Error(), `"m"`) {
			t.Errorf("%s: %v does not name the device", arg, err)
		}
	}
	var s Specs
	for _, arg := range []string{"plain=mcu,version=1.2.3", "lossy=mcu,latency=16ms,lose=9"} {
		if err := s.Sim(arg); err != nil {
			t.Fatal(err)
		}
	}
	l, err := New(Options{Devices: s.All()})
	if err != nil {
		t.Fatal(err)
	}
	plain, lossy := l.Device("plain"), l.Device("lossy")
	if m := plain.MCU(); m == nil || m.Version() != "1.2.3" || plain.NCP() != nil || plain.Board() != nil {
		t.Errorf("plain: %+v", plain.spec)
	}
	if m := lossy.MCU(); m == nil || lossy.spec.Wire.Latency != 16*time.Millisecond || lossy.spec.Sim.(*mcusim.Lossy).Every != 9 {
		t.Errorf("lossy: %+v", lossy.spec)
	}
}

// update opens a port of a lab, plays the NCP to whatever is there, and updates it.
func update(t *testing.T, l *Lab, id string, file *ota.File) (ota.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	port, err := l.ports.find(id).adapter.Open(ctx, serial.Mode{Baud: 38400})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	h := host.New(port, host.Options{Provisioned: true})
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.Run(run) }()
	defer func() { stop(); <-ended }()
	waitFor(t, "MCU", func() bool { return h.State().Initialized })
	return h.Update(ctx, file, ota.Options{})
}

// address returns where a device of a lab listens.
func address(t *testing.T, l *Lab, name string) string {
	t.Helper()
	waitFor(t, "address", func() bool { return l.Device(name).Address() != nil })
	return l.Device(name).Address().String()
}

// TestMCUChain: an MCU that one lab exposes is a foreign one to another, and takes an
// update there as it does at home: by itself, over a socket, and over a PTY with its
// rates. A lost answer is recovered.
func TestMCUChain(t *testing.T) {
	t.Parallel() // most of it is waiting
	image := mcusim.Image("TMPL0demo0001", "1.1.0", 24<<10, 9)
	file := &ota.File{
		Name: "app.bin", Type: "TMPL0demo0001", Version: "1.1.0", Build: "Nov 22 2026 12:00:00",
		Data: image, Digests: ota.Sum(image),
	}
	link := filepath.Join(t.TempDir(), "mcu")
	for name, expose := range map[string]string{"home": "", "tcp": "tcp:0", "dials": "connect:", "pty": "pty:" + link} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "pty" && runtime.GOOS != "linux" {
				t.Skip("PTYs are supported on Linux only")
			}
			spec := MCUSpec("mcu", mcusim.Options{Target: 460800}, 20)
			var second *Lab
			var base string
			if name == "dials" {
				second, base = start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "listen:0"}}})
				expose += address(t, second, "foreign")
			}
			spec.Expose = expose
			first, at := start(t, Options{Devices: []Spec{spec}})
			switch name {
			case "home":
				second, base = first, at
			case "tcp":
				second, base = start(t, Options{Devices: []Spec{{Name: "foreign", Attach: "tcp:" + address(t, first, "mcu")}}})
			case "pty":
				second, base = start(t, Options{Devices: []Spec{{Name: "foreign", Attach: expose}}})
			}
			got, err := update(t, second, listed(t, base, 1)[0].ID, file)
			if err != nil || !got.Proven || got.Version != "1.1.0" || got.Recovered != 1 {
				t.Errorf("%+v, %v", got, err)
			}
			m := first.Device("mcu").MCU()
			if !bytes.Equal(m.Running(), image) || m.Stats().Boots != 2 {
				t.Errorf("it runs %s, after %d starts", m.Version(), m.Stats().Boots)
			}
		})
	}
}

// TestMCUBehindNCP: two simulations that share nothing but the framing agree: an NCP that
// offers a firmware by itself, and an MCU that takes it. Where the answer to a chunk gets
// lost, the deployed NCP's sending again ends in a refusal. The lab tells both.
func TestMCUBehindNCP(t *testing.T) {
	t.Parallel() // most of it is waiting
	for name, c := range map[string]struct {
		lose    int
		told    string
		version string
	}{
		"sound": {0, "ncp: update of the MCU: done, 8192 bytes taken in chunks of 1024, digests asked for: MD5 SHA-256 CRC-32", "2.0.0"},
		"lossy": {7, "ncp: update of the MCU: chunk refused, 6144 bytes taken in chunks of 1024, 5 sent again, 5 refused, 1 unanswered", "1.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := ncpsim.ParseOptions("provisioned,offer=8K,after=300ms,boot=20ms,network=20ms,cloud=20ms")
			if err != nil {
				t.Fatal(err)
			}
			ncp := Spec{Name: "ncp", Sim: ncpsim.New(o), Wire: sim.WireOptions{FIFO: boardFIFO}, Expose: "tcp:0"}
			told := make(chan string, 100)
			first, err := New(Options{Devices: []Spec{ncp}, Log: func(format string, args ...any) {
				if text := fmt.Sprintf(format, args...); strings.Contains(text, "update of the MCU") {
					told <- text
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			t.Cleanup(func() { cancel(); first.Wait() })
			if _, err := first.Start(ctx, "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			mcu := MCUSpec("mcu", mcusim.Options{}, c.lose)
			mcu.Expose = "connect:" + address(t, first, "ncp")
			second, _ := start(t, Options{Devices: []Spec{mcu}})
			select {
			case text := <-told:
				if !strings.HasPrefix(text, c.told) {
					t.Errorf("%s", text)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("no outcome")
			}
			waitFor(t, "version "+c.version, func() bool {
				return second.Device("mcu").MCU().Version() == c.version && second.Device("mcu").MCU().Up()
			})
		})
	}
}
