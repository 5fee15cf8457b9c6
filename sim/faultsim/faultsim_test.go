package faultsim_test

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/faultsim"
)

// TestAll: names are unique, and every device lives and ends as a device must.
func TestAll(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range faultsim.All() {
		if seen[f.Name] || f.Name == "" || f.About == "" {
			t.Errorf("fault %q, %q", f.Name, f.About)
		}
		seen[f.Name] = true
		synctest.Test(t, func(t *testing.T) {
			w := f.NewWire(serial.Info{})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- sim.Run(ctx, w, f.Device()) }()
			port, err := w.Adapter().Open(ctx, serial.Mode{Baud: 115200})
			if (err != nil) != (f.Refuse != nil) {
				t.Errorf("%s: open: %v", f.Name, err)
			}
			if err == nil {
				for range 100 { // whatever comes, it goes on living
					if _, err := port.Write([]byte{0xC0, 'A', 'T', '\r', '\n', 0xAA, 0xBB, 0xFF}); err != nil {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			w.Close()
		})
	}
	if _, ok := faultsim.Find("nothing of the kind"); ok {
		t.Error("a fault was found that is none")
	}
}

// TestLoaderSync pins the ROM loader's answer to SYNC by bytes of its own (facts of the
// serial bootloader, sections 4 to 6): eight frames, and none to a request that is not
// whole.
func TestLoaderSync(t *testing.T) {
	f, _ := faultsim.Find("download")
	sync := append([]byte{0xC0, 0, 8, 0x24, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20}, bytes.Repeat([]byte{0x55}, 32)...)
	for _, tt := range []struct {
		send []byte
		want int
	}{
		{append(bytes.Clone(sync), 0xC0), 8},
		{append(append([]byte("junk"), sync...), 0xC0), 8},
		{append(bytes.Clone(sync[:len(sync)-1]), 0xC0), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := f.NewWire(serial.Info{})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- sim.Run(ctx, w, f.Device()) }()
			port, err := w.Adapter().Open(ctx, serial.Mode{Baud: 115200})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
			if _, err := port.Write(tt.send); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
			_ = port.SetReadDeadline(time.Now().Add(time.Millisecond))
			got := make([]byte, 4096)
			n, _ := port.Read(got)
			if c := bytes.Count(got[:n], []byte{0xC0, 1, 8}); c != tt.want {
				t.Errorf("% x: %d answers, want %d", tt.send, c, tt.want)
			}
			cancel()
			<-done
			w.Close()
		})
	}
}
