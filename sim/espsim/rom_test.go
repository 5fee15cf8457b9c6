package espsim

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// romHost is a host whose board runs the ROM's loader.
func romHost(t *testing.T, o Options) *host {
	t.Helper()
	h := newHost(t, o, sim.WireOptions{}, 115200)
	h.classic()
	if h.sync() == 0 {
		t.Error("the ROM syncs like a stub")
	}
	return h
}

// The sheet gives these bytes: eight identical frames of 14 bytes on an ESP32 for an
// unknown command (section 5), the answer to SYNC with its value (6.1).
func TestGoldenBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{Chip: ESP32}, sim.WireOptions{}, 115200)
		h.classic()
		h.write([]byte("\xC0\x00\x08\x24\x00\x00\x00\x00\x00\x07\x07\x12\x20" + string(bytes.Repeat([]byte{0x55}, 32)) + "\xC0"))
		want := bytes.Repeat([]byte("\xC0\x01\x08\x04\x00\x07\x07\x12\x20\x00\x00\x00\x00\xC0"), 8)
		if got := h.collect(100 * time.Millisecond); !bytes.Equal(got, want) {
			t.Errorf("SYNC: % x", got)
		}
		h.write([]byte("\xC0\x00\x14\x00\x00\x00\x00\x00\x00\xC0"))
		want = bytes.Repeat([]byte("\xC0\x01\x00\x04\x00\x00\x00\x00\x00\x01\x05\x00\x00\xC0"), 8)
		if got := h.collect(100 * time.Millisecond); !bytes.Equal(got, want) {
			t.Errorf("GET_SECURITY_INFO: % x", got)
		}
	})
}

// The ROM finds the rate of the first SYNC, and keeps it.
func TestAutoBaud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, baud := range []int{9600, 74880, 115200, 460800, 921600, 2000000} {
			h := newHost(t, Options{}, sim.WireOptions{}, baud)
			h.classic()
			if h.sync() != syncValue {
				t.Errorf("%d: no ROM", baud)
			}
			if err := h.p.SetMode(t.Context(), serial.Mode{Baud: baud * 2}); err != nil {
				t.Fatal(err)
			}
			h.write(frameOf(opSync, 0, syncData))
			if p := h.packet(200 * time.Millisecond); len(p) == 12 && p[0] == 1 {
				t.Errorf("%d: it follows to another rate", baud)
			}
		}
	})
}

func TestMaxRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{MaxRate: 500_000}, sim.WireOptions{}, 921600)
		h.classic()
		h.write(frameOf(opSync, 0, syncData))
		if p := h.packet(200 * time.Millisecond); len(p) == 12 && p[1] == opSync {
			t.Errorf("above the limit: % x", p)
		}
	})
}

func TestSyncsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, Options{SyncsLost: 2}, sim.WireOptions{}, 115200)
		h.classic()
		for range 2 {
			h.write(frameOf(opSync, 0, syncData))
			h.none(100 * time.Millisecond)
		}
		h.sync()
	})
}

func TestIdentify(t *testing.T) {
	each(t, func(t *testing.T, c Chip) {
		h := romHost(t, Options{Chip: c, Size: 8 << 20, Secure: Security{Encrypted: true}})
		n := h.status()
		h.send(opReadReg, magicReg)
		if r := h.ok(opReadReg, 0, n, time.Second); r.value != chips[c].magic {
			t.Errorf("magic %08x", r.value)
		}
		if c == ESP8266 {
			h.send(opFlashBegin, 0, 0, 0x400, 0)
			h.ok(opFlashBegin, 0, n, time.Second)
		} else {
			if id := h.flashID(n); id != 0xFFFFFF {
				t.Errorf("flash id %06x before attaching", id)
			}
			h.send(opSPIAttach, 0, 0)
			h.ok(opSPIAttach, 0, n, time.Second)
		}
		if id := h.flashID(n); id != 0x1740EF {
			t.Errorf("flash id %06x", id)
		}
		h.send(opReadReg, chips[c].uart)
		clock := float64(h.ok(opReadReg, 0, n, time.Second).value) * 115200 / 1e6
		if c == ESP8266 {
			clock /= 2
		}
		if want := float64(chips[c].crystal); clock < want-0.5 || clock > want+0.5 {
			t.Errorf("crystal %.2f MHz", clock)
		}
		if c == ESP32C3 || c == ESP32S3 {
			h.send(opSecurityInfo)
			r := h.ok(opSecurityInfo, 20, n, time.Second)
			if r.body[4] != 1 || r.body[12] != byte(chips[c].id) {
				t.Errorf("security info %x", r.body)
			}
		}
		if mac := h.mac(); mac != [6]byte{0x34, 0x85, 0x18, 0x0C, 0x2A, 0x4F} {
			t.Errorf("MAC %x", mac)
		}
	})
}

// mac reads the MAC address as sheet section 12 says.
func (h *host) mac() (m [6]byte) {
	read := func(a uint32) uint32 {
		h.send(opReadReg, a)
		return h.ok(opReadReg, 0, h.status(), time.Second).value
	}
	var lo, hi uint32
	switch h.b.o.Chip {
	case ESP8266:
		w0, w1, w3 := read(0x3FF00050), read(0x3FF00054), read(0x3FF0005C)
		hi, lo = w3>>8, w3<<24|(w1>>8&0xFF)<<16|(w1&0xFF)<<8|w0>>24
	case ESP32:
		hi, lo = read(0x3FF5A008), read(0x3FF5A004)
	case ESP32C3:
		hi, lo = read(0x60008848), read(0x60008844)
	case ESP32S3:
		hi, lo = read(0x60007048), read(0x60007044)
	}
	return [6]byte{byte(hi >> 8), byte(hi), byte(lo >> 24), byte(lo >> 16), byte(lo >> 8), byte(lo)}
}

// Without a stub: begin, blocks of 1 KiB, digest or slow reads.
func TestROMFlash(t *testing.T) {
	each(t, func(t *testing.T, c Chip) {
		h := romHost(t, Options{Chip: c, Content: make([]byte, 0x20000)})
		n := h.status()
		if c != ESP8266 {
			h.send(opFlashBegin, 0x1000, 4, 0x400, 0x1000)
			if code := h.refused(opFlashBegin, time.Second); code != 1<<8|romResult {
				t.Errorf("without attaching: %04x", code)
			}
			h.send(opSPIAttach, 0, 0)
			h.ok(opSPIAttach, 0, n, time.Second)
		}
		data := random(0x2000, 9)
		h.send(opFlashBegin, 0x2000, 8, 0x400, 0x1000)
		h.ok(opFlashBegin, 0, n, 5*time.Second)
		bad := blockFrame(opFlashData, 0, data[:0x400])
		bad[5] ^= 0x11
		h.write(bad)
		if code := h.refused(opFlashData, time.Second); code != 1<<8|romChecksum {
			t.Errorf("check sum: %04x", code)
		}
		for i := range 8 {
			h.sendBlock(opFlashData, uint32(i), data[i*0x400:(i+1)*0x400])
			h.ok(opFlashData, 0, n, time.Second)
		}
		b := h.b.Flash()
		if !bytes.Equal(b[0x1000:0x3000], data) || b[0xFFF] != 0 {
			t.Error("flash differs")
		}
		extra := c == ESP8266 // erases twice as much as was asked for, up to the block's end
		if (b[0x3000] == 0xFF) != extra {
			t.Errorf("behind the write: %02x", b[0x3000])
		}
		if c == ESP8266 {
			return
		}
		h.send(opMD5, 0x1000, 0x2000, 0, 0)
		sum := md5.Sum(data)
		if r := h.ok(opMD5, 32, n, time.Second); string(r.body[:32]) != hex.EncodeToString(sum[:]) {
			t.Errorf("digest %s", r.body[:32])
		}
		h.send(opReadFlashSlow, 0x1010, 16)
		if r := h.ok(opReadFlashSlow, 64, n, time.Second); !bytes.Equal(r.body[:16], data[0x10:0x20]) {
			t.Error("slow read differs")
		}
		packed := pack(t, data)
		blocks := (len(packed) + 0x3FF) / 0x400
		h.send(opDeflBegin, 0x2000, uint32(blocks), 0x400, 0x10000)
		h.ok(opDeflBegin, 0, n, 5*time.Second)
		for i := range blocks {
			h.sendBlock(opDeflData, uint32(i), packed[i*0x400:min(len(packed), (i+1)*0x400)])
			h.ok(opDeflData, 0, n, time.Second)
		}
		if b := h.b.Flash(); !bytes.Equal(b[0x10000:0x12000], data) {
			t.Error("deflated: flash differs")
		}
	})
}

// Cells that do not program show in the ROM, which reads back.
func TestBadCells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := romHost(t, Options{Chip: ESP8266, Bad: []Range{{0x100, 0x101}}})
		h.send(opFlashBegin, 0x1000, 4, 0x400, 0)
		h.ok(opFlashBegin, 0, 2, time.Second)
		h.sendBlock(opFlashData, 0, make([]byte, 0x400))
		if code := h.refused(opFlashData, time.Second); code != 1<<8|romWrite {
			t.Errorf("status %04x", code)
		}
	})
}

func TestErased8266(t *testing.T) {
	for want := uint32(1); want < 200; want++ {
		for first := range uint32(40) {
			h := min(want, 16-first%16)
			ask := want - h // sheet, section 6.2
			if want < 2*h {
				ask = (want + 1) / 2
			}
			if got := erased8266(first, ask); got < want || got > want+1 {
				t.Fatalf("%d sectors from %d: asked for %d, erases %d", want, first, ask, got)
			}
		}
	}
}

// In secure download mode only a few commands are left (sheet, section 16).
func TestSecureDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := romHost(t, Options{Secure: Security{Boot: true, Download: true}})
		h.send(opReadReg, magicReg)
		burst := h.collect(50 * time.Millisecond)
		if bytes.Count(burst, []byte{1, romUnsupported}) != 8 {
			t.Errorf("READ_REG: % x", burst)
		}
		h.send(opSecurityInfo)
		if r := h.ok(opSecurityInfo, 20, 4, time.Second); r.body[0] != 5 {
			t.Errorf("flags %02x", r.body[0])
		}
	})
}

// What is loaded must be whole, and at the right place, to run.
func TestLoadRAM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := romHost(t, Options{Chip: ESP32})
		h.send(opMemBegin, 0x100, 1, 0x1800, 0x20000000)
		if c := h.refused(opMemBegin, time.Second); c != 1<<8|romRAMAddress {
			t.Errorf("address: %04x", c)
		}
		h.send(opMemBegin, 0x100, 1, 0x1800, 0x400A8000)
		h.ok(opMemBegin, 0, 4, time.Second)
		h.sendBlock(opMemData, 0, make([]byte, 0x80))
		h.ok(opMemData, 0, 4, time.Second)
		h.sendBlock(opMemData, 1, make([]byte, 0x81))
		if c := h.refused(opMemData, time.Second); c != 1<<8|romRAMSize {
			t.Errorf("too much: %04x", c)
		}
		h.send(opMemEnd, 0, 0x400A8000)
		h.ok(opMemEnd, 0, 4, time.Second)
		h.none(3 * time.Second)
		if h.b.State() != Crashed || !h.violated("entry point") {
			t.Errorf("state %v, %v", h.b.State(), h.b.Violations())
		}
		h.classic() // a reset brings it back
		h.sync()
	})
}

func FuzzROM(f *testing.F) { fuzzLoader(f, false) }

func FuzzStub(f *testing.F) { fuzzLoader(f, true) }

// fuzzLoader sends frames of nonsense. The loader must live through it, or be brought back
// by a reset.
func fuzzLoader(f *testing.F, stub bool) {
	f.Add(byte(opFlashBegin), le32(0x1000, 1, 0x400, 0x3FF000), []byte{opFlashData, 1, 2, 3})
	f.Add(byte(opReadFlash), le32(0, 0x1000, 1, 1), []byte{4, 0, 0, 0})
	f.Add(byte(opDeflBegin), le32(0xFFFFFFFF, 1, 0x400, 0xFFFFFFFF), []byte{opDeflData})
	f.Add(byte(opMD5), le32(0xFFFFFFFF, 0xFFFFFFFF, 0, 0), []byte{opEraseRegion})
	f.Fuzz(func(t *testing.T, op byte, data, more []byte) {
		if len(data) > 0x4000 || len(more) > 0x4000 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			h := newHost(t, Options{Chip: ESP32C3, Size: 256 << 10}, sim.WireOptions{}, 115200)
			h.classic()
			h.sync()
			if stub {
				h.stub()
			}
			h.write(frameOf(op, 0, data))
			h.collect(50 * time.Millisecond)
			h.write(blockFrame(op^1, 0, more))
			h.collect(50 * time.Millisecond)
			h.write(slip(more))
			h.collect(50 * time.Millisecond)
			for range 3 {
				if err := h.p.SetMode(t.Context(), serial.Mode{Baud: 115200}); err != nil {
					t.Fatal(err)
				}
				h.classic()
			}
			if h.sync() != syncValue {
				t.Error("no ROM")
			}
		})
	})
}
