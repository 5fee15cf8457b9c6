package e2e

import (
	"bytes"
	"context"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/e2e/peer"
	"ncpweb/lab"
	"ncpweb/sim/espsim"
)

// TestForeignFlasher: npm esptool-js takes the simulated boards for real ones. It loads
// its stub, changes the rate, writes, compares the digests, and the firmware starts.
func TestForeignFlasher(t *testing.T) {
	t.Parallel()
	for _, chip := range []espsim.Chip{espsim.ESP8266, espsim.ESP32, espsim.ESP32C3, espsim.ESP32S3} {
		t.Run(string(chip), func(t *testing.T) { foreignFlash(t, chip) })
	}
}

func foreignFlash(t *testing.T, chip espsim.Chip) {
	p, err := peer.Serve(t.Context(), root, lab.BoardSpec("Board", espsim.Options{Chip: chip}))
	if err != nil {
		t.Fatal(err)
	}
	board := p.Lab.Device("Board").Board()
	tab, err := chromium.Open(browser.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	image := espsim.Image(espsim.ImageOptions{Chip: chip, Size: 192 << 10, Version: "0.7.1"})
	r, err := p.Flash(tab, "Board", 921600, image, 30*time.Second)
	if err != nil {
		t.Fatalf("%v\nviolations: %q", err, board.Violations())
	}
	t.Logf("%s: connected after %v, verified after %v", r.Chip, r.Connected.Round(time.Millisecond), r.Verified.Round(time.Millisecond))
	if !bytes.Equal(board.Flash()[:len(image)], image) {
		t.Error("the flash holds something else")
	}
	if v := board.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := board.WaitState(ctx, espsim.Running); err != nil {
		t.Errorf("the firmware does not run: the board is %v", board.State())
	}
}
