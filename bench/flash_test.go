package main

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// TestTap: two data blocks and a digest on a line of 1000 bytes a second, with a pause
// of the chip and one of the host.
func TestTap(t *testing.T) {
	now := time.Unix(1000, 0)
	var tap tap
	put := func(dir sim.Dir, frame ...byte) {
		for _, b := range frame {
			now = now.Add(time.Millisecond)
			tap.see(dir, now, []byte{b})
		}
	}
	block := append(append([]byte{0xC0, 0, opDeflateData}, make([]byte, 96)...), 0xC0)
	put(sim.ToDevice, 0xC0, 0, 8, 1, 2, 3, 0xC0)
	put(sim.ToHost, 'n', 'o', 'i', 's', 'e', 0xC0, 1, 8, 0, 0xC0)
	put(sim.ToDevice, block...)
	now = now.Add(20 * time.Millisecond)
	put(sim.ToHost, 0xC0, 1, opDeflateData, 0, 0, 0xC0)
	now = now.Add(70 * time.Millisecond)
	put(sim.ToDevice, block...)
	put(sim.ToHost, 0xC0, 1, opDeflateData, 0, 0, 0xC0)
	put(sim.ToDevice, 0xC0, 0, opDigest, 1, 0xC0)
	put(sim.ToHost, 0xC0, 1, opDigest, 7, 7, 0xC0)
	verified := now
	put(sim.ToHost, 'l', 'o', 'g')

	if got := tap.verified(); !got.Equal(verified) {
		t.Errorf("verified %v before it was", verified.Sub(got))
	}
	if got, want := tap.wire(), int64(7+10+100+6+100+6+5+6); got != want {
		t.Errorf("%d bytes on the wire, not %d", got, want)
	}
	// From the third byte of the first block, by which it is known, to the end of the second.
	if got, want := tap.share(10_000), 0.200/(0.100-0.003+0.001+0.020+0.006+0.070+0.100); got < want-0.02 || got > want+0.02 {
		t.Errorf("share %.3f, not %.3f", got, want)
	}
	chip, host := tap.gaps()
	if chip < 20*time.Millisecond || chip > 40*time.Millisecond || host < 70*time.Millisecond || host > 80*time.Millisecond {
		t.Errorf("gaps %v and %v", chip, host)
	}
	tap.clear()
	if tap.wire() != 0 || tap.share(10_000) != 0 || !tap.verified().IsZero() {
		t.Error("clear leaves something")
	}
}

// TestChanged: as many bytes as wanted are others, and a chip would start it.
func TestChanged(t *testing.T) {
	image := espsim.Image(espsim.ImageOptions{Chip: espsim.ESP32, Size: 256 << 10})
	got := changed(image, 1000)
	n := 0
	for i := range image {
		if image[i] != got[i] {
			n++
		}
	}
	if n < 1000 || n > 1032 || bytes.Equal(image, got) {
		t.Errorf("%d bytes are others", n)
	}
	board := espsim.New(espsim.Options{Chip: espsim.ESP32, Content: got})
	wire := sim.NewWire(sim.WireOptions{})
	defer wire.Close()
	go sim.Run(t.Context(), wire, board)
	states := []espsim.State{espsim.Running, espsim.Stuck}
	for end := time.Now().Add(5 * time.Second); !slices.Contains(states, board.State()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			break
		}
	}
	if s := board.State(); s != espsim.Running {
		t.Errorf("the board is %v", s)
	}
}
