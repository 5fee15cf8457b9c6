package espsim

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/md5"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

var allChips = []Chip{ESP8266, ESP32, ESP32C3, ESP32S3}

func each(t *testing.T, f func(t *testing.T, c Chip)) {
	for _, c := range allChips {
		t.Run(string(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, c) })
		})
	}
}

func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, 9)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// deflate writes data at addr as the sheet's section 8 says and checks the digest.
func (h *host) deflate(addr uint32, data []byte) {
	h.t.Helper()
	packed := pack(h.t, data)
	blocks := (len(packed) + 0x3FFF) / 0x4000
	h.send(opDeflBegin, uint32(len(data)), uint32(blocks), 0x4000, addr)
	h.ok(opDeflBegin, 0, 2, 3*time.Second)
	for i := range blocks {
		h.sendBlock(opDeflData, uint32(i), packed[i*0x4000:min(len(packed), (i+1)*0x4000)])
		h.ok(opDeflData, 0, 2, 5*time.Second)
	}
	h.send(opDeflEnd, 1)
	h.ok(opDeflEnd, 0, 2, 5*time.Second)
	h.send(opMD5, addr, uint32(len(data)), 0, 0)
	r := h.ok(opMD5, 16, 2, 10*time.Second)
	if sum := md5.Sum(data); !bytes.Equal(r.body[:16], sum[:]) {
		h.t.Fatalf("digest %x, want %x", r.body[:16], sum)
	}
}

// baud changes the rate on both sides.
func (h *host) baud(rate int) {
	h.t.Helper()
	h.send(opChangeBaud, uint32(rate), 115200)
	h.ok(opChangeBaud, 0, 2, time.Second)
	if err := h.p.SetMode(h.t.Context(), serial.Mode{Baud: rate}); err != nil {
		h.t.Fatal(err)
	}
}

func TestWholeFlash(t *testing.T) {
	each(t, func(t *testing.T, c Chip) {
		img := Image(ImageOptions{Chip: c, Size: 256 << 10, Version: "1.2.3"})
		h := newHost(t, Options{Chip: c}, sim.WireOptions{Latency: time.Millisecond}, 115200)
		if text := h.classic(); !strings.Contains(text, "boot") && c != ESP8266 {
			t.Errorf("boot log: %q", text)
		}
		if v := h.sync(); v == 0 {
			t.Error("the ROM syncs like a stub")
		}
		h.stub()
		h.baud(921600)
		if v := h.sync(); v != 0 {
			t.Errorf("the stub syncs like a ROM: %x", v)
		}
		h.deflate(0, img)
		if got := h.b.Flash(); !bytes.Equal(got[:len(img)], img) {
			t.Error("flash differs from the image")
		}
		if v := h.b.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
		if err := h.p.SetMode(t.Context(), serial.Mode{Baud: 38400}); err != nil {
			t.Fatal(err)
		}
		h.run()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := h.b.WaitState(ctx, Running); err != nil {
			t.Fatalf("state %v: %v", h.b.State(), err)
		}
		if text := string(h.collect(2 * time.Second)); !strings.Contains(text, "Version: 1.2.3") {
			t.Errorf("the NCP says %q", text)
		}
		if s := h.b.NCP().State(); s == ncpsim.StateNotInitialized && h.b.NCP().Stats().Boots == 0 {
			t.Errorf("NCP state %v", s)
		}
	})
}
