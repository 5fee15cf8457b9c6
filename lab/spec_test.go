package lab

import (
	"testing"
	"time"

	"ncpweb/sim/espsim"
)

// TestFaultSpec: a device with a fault is named on the command line.
func TestFaultSpec(t *testing.T) {
	for arg, ok := range map[string]bool{
		"board=fault=download": true, "board=fault=unplugged": true,
		"board=fault=": false, "board=fault=unheard": false, "board=fault=busy": false,
	} {
		var s Specs
		err := s.Sim(arg)
		if (err == nil) != ok {
			t.Errorf("%s: %v", arg, err)
		}
		if ok && (len(s.All()) != 1 || s.All()[0].Name != "board" || s.All()[0].Sim == nil) {
			t.Errorf("%s: %+v", arg, s.All())
		}
	}
}

// TestBoardSpec: a board that can be flashed is named on the command line.
func TestBoardSpec(t *testing.T) {
	for arg, ok := range map[string]bool{
		"board=esp=esp32": true, "board=esp=esp8266,blank,size=1M": true,
		"board=esp=esp32s3,lines=usb,secure=boot+encrypted,rate=460800,latency=16ms": true,
		"board=esp=esp32c3,provisioned,version=0.6.9,dashboard=1s":                   true,
		"board=esp=":             false,
		"board=esp=esp31":        false,
		"board=esp=esp32,size=3": false, "board=esp=esp32,size=0": false, "board=esp=esp32,size=256": false,
		"board=esp=esp32,lines=x": false, "board=esp=esp32,secure=": false, "board=esp=esp32,rate=x": false,
		"board=esp=esp32,latency=-1s": false, "board=esp=esp32,load=x": false,
	} {
		var s Specs
		err := s.Sim(arg)
		if (err == nil) != ok {
			t.Errorf("%s: %v", arg, err)
		}
		if ok && len(s.All()) != 1 {
			t.Errorf("%s: %+v", arg, s.All())
		}
	}
	var s Specs
	if err := s.Sim("board=esp=esp32,size=8M,latency=16ms"); err != nil {
		t.Fatal(err)
	}
	got := s.All()[0]
	l, err := New(Options{Devices: s.All()})
	if err != nil {
		t.Fatal(err)
	}
	board := l.Device("board").Board()
	if board == nil || got.Wire.Latency != 16*time.Millisecond || len(board.Flash()) != 8<<20 {
		t.Fatalf("%+v", got)
	}
	if f := board.Flash(); f[0x1000] != 0xE9 {
		t.Error("no firmware is in its flash")
	}
	if l.Device("board").NCP() != nil {
		t.Error("a board is no bare NCP")
	}
	if spec := BoardSpec("x", espsim.Options{}); spec.Sim == nil || spec.Wire.Reopen == 0 {
		t.Errorf("%+v", spec)
	}
}
