package espsim

import (
	"bytes"
	"context"
	"crypto/md5"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// stubHost is a host whose board runs the stub, without latency.
func stubHost(t *testing.T, o Options) *host {
	t.Helper()
	h := newHost(t, o, sim.WireOptions{}, 115200)
	h.classic()
	h.sync()
	h.stub()
	return h
}

// violated tells whether a violation with a word was noted.
func (h *host) violated(word string) bool {
	return slices.ContainsFunc(h.b.Violations(), func(s string) bool { return strings.Contains(s, word) })
}

// random is data that does not compress.
func random(n int, seed uint64) []byte {
	m := builder{o: ImageOptions{Seed: seed}, random: 1}
	return m.content(rand.New(rand.NewPCG(seed, 1)), n)
}

// The second of two frames in a row is lost, and with it the link: only a stray delimiter
// brings the parity back.
func TestSecondFrameKills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{})
		two := append(frameOf(opReadReg, 0, le32(magicReg)), frameOf(opReadReg, 0, le32(magicReg))...)
		h.write(two)
		h.ok(opReadReg, 0, 2, time.Second)
		h.none(100 * time.Millisecond)
		if !h.violated("second frame") {
			t.Errorf("violations: %v", h.b.Violations())
		}
	})
}

// A stray delimiter makes the stub deaf until there is another one.
func TestStrayDelimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{})
		h.write([]byte{0xC0})
		h.send(opReadReg, magicReg)
		h.none(100 * time.Millisecond)
		h.write([]byte{0xC0})
		h.collect(100 * time.Millisecond) // what was between two frames, as one
		h.send(opReadReg, magicReg)
		if r := h.ok(opReadReg, 0, 2, time.Second); r.value != chips[ESP32C3].magic {
			t.Errorf("magic %08x", r.value)
		}
		if v := h.b.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

// The next frame may come as soon as the last one is answered, while the flash is still
// busy with it; its answer comes when that is done. A third one while two wait is lost.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{Slow: 50})
		data := random(64<<10, 1)
		h.send(opFlashBegin, uint32(len(data)), 4, 0x4000, 0)
		h.ok(opFlashBegin, 0, 2, time.Second)
		h.baud(921600)
		for i := range 2 {
			h.sendBlock(opFlashData, uint32(i), data[i*0x4000:(i+1)*0x4000])
			if i == 0 {
				h.ok(opFlashData, 0, 2, time.Second)
			}
		}
		begin := time.Now()
		h.ok(opFlashData, 0, 2, 5*time.Second)
		block := 64 * programTime * 50
		wire := serial.Mode{Baud: 921600}.Wire(0x4000)
		if d := time.Since(begin); d < block-wire || d > block+wire {
			t.Errorf("the second answer came after %v; the first block takes %v", d, block)
		}
		if v := h.b.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
		for i := 2; i < 4; i++ { // the stub works on one, has one, and gets another one
			h.sendBlock(opFlashData, uint32(i), data[i*0x4000:(i+1)*0x4000])
		}
		h.collect(20 * time.Second)
		if !h.violated("second frame") {
			t.Errorf("violations: %v", h.b.Violations())
		}
	})
}

// A write that fails after its answer shows as the status of the next command, which is
// not done.
func TestDeferredError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{})
		h.send(opDeflBegin, 0x8000, 1, 0x4000, 0)
		h.ok(opDeflBegin, 0, 2, time.Second)
		h.sendBlock(opDeflData, 0, []byte("this is no zlib stream"))
		h.ok(opDeflData, 0, 2, time.Second)
		h.send(opChangeBaud, 921600, 115200)
		if c := h.refused(opChangeBaud, time.Second); c != stubInflate<<8 {
			t.Errorf("status %04x", c)
		}
		h.send(opReadReg, magicReg) // still at the old rate
		h.ok(opReadReg, 0, 2, time.Second)

		data := random(0x9000, 2)
		packed := pack(t, data)
		h.send(opDeflBegin, 0x8000, 3, 0x4000, 0)
		h.ok(opDeflBegin, 0, 2, time.Second)
		for i := 0; i*0x4000 < len(packed); i++ {
			h.sendBlock(opDeflData, uint32(i), packed[i*0x4000:min(len(packed), (i+1)*0x4000)])
			h.ok(opDeflData, 0, 2, 2*time.Second)
		}
		h.send(opMD5, 0, 0x8000, 0, 0)
		if c := h.refused(opMD5, 2*time.Second); c != stubTooMuch<<8 {
			t.Errorf("too much: status %04x", c)
		}
	})
}

func TestStubRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{})
		block := []byte("block of data...")
		for _, c := range []struct {
			name string
			op   byte
			f    []byte
			want uint16
		}{
			{"unknown", 0x55, frameOf(0x55, 0, nil), stubUnknown},
			{"ROM's slow read", opReadFlashSlow, frameOf(opReadFlashSlow, 0, le32(0, 64)), stubUnknown},
			{"length in the head", opReadReg, slip([]byte{0, opReadReg, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0}), stubLength},
			{"direction", opReadReg, slip([]byte{1, opReadReg, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}), stubUnknown},
			{"attach of the ROM", opSPIAttach, frameOf(opSPIAttach, 0, le32(0, 0)), stubLength},
			{"data without begin", opFlashData, blockFrame(opFlashData, 0, block), stubNotFlash},
			{"deflated data without begin", opDeflData, blockFrame(opDeflData, 0, block), stubNotFlash},
			{"end without begin", opDeflEnd, frameOf(opDeflEnd, 0, le32(1)), stubNotFlash},
			{"half a sector", opEraseRegion, frameOf(opEraseRegion, 0, le32(0x100, 0x1000)), stubLength},
			{"packets too large", opReadFlash, frameOf(opReadFlash, 0, le32(0, 0x1000, 0x1001, 1)), stubLength},
			{"behind the end", opDeflBegin, frameOf(opDeflBegin, 0, le32(0x1000, 1, 0x4000, 0x3FF800)), stubSPI},
		} {
			h.write(c.f)
			if got := h.refused(c.op, time.Second); got != c.want<<8 {
				t.Errorf("%s: %04x, want %04x", c.name, got, c.want<<8)
			}
		}
		h.send(opFlashBegin, 0x100, 1, 0x4000, 0)
		h.ok(opFlashBegin, 0, 2, time.Second)
		bad := blockFrame(opFlashData, 0, block)
		bad[5] ^= 1
		h.write(bad)
		if got := h.refused(opFlashData, time.Second); got != stubChecksum<<8 {
			t.Errorf("check sum: %04x", got)
		}
		h.sendBlock(opFlashData, 0, block) // it may come again
		h.ok(opFlashData, 0, 2, time.Second)
		h.send(opFlashEnd, 1)
		if got := h.refused(opFlashEnd, time.Second); got != stubLength<<8 {
			t.Errorf("end with bytes missing: %04x", got)
		}
		if !h.violated("whole sectors") || !h.violated("over the end") {
			t.Errorf("violations: %v", h.b.Violations())
		}
	})
}

// What is blank is not erased; what is not is, in whole sectors and no more.
func TestStubErases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{Content: make([]byte, 0x30000)})
		data := random(0x1800, 3)
		h.deflate(0x8800, data)
		b := h.b.Flash()
		if !bytes.Equal(b[0x8800:0xA000], data) || b[0x7FFF] != 0 || b[0x8000] != 0xFF || b[0xA000] != 0 {
			t.Errorf("around the write: %02x %02x %02x", b[0x7FFF], b[0x8000], b[0xA000])
		}
		if s := h.b.Stats(); s.Erased != 0x2000 {
			t.Errorf("%d bytes erased", s.Erased)
		}
		h.deflate(0x200000, data)
		if s := h.b.Stats(); s.Erased != 0x2000 {
			t.Errorf("%d bytes erased, blank ones among them", s.Erased)
		}
		h.send(opEraseRegion, 0x8000, 0x10000)
		h.ok(opEraseRegion, 0, 2, time.Second)
		if b := h.b.Flash(); !isBlank(b[0x8000:0x18000]) || b[0x18000] != 0 {
			t.Error("ERASE_REGION erased something else")
		}
		begin := time.Now()
		h.send(opEraseFlash)
		h.ok(opEraseFlash, 0, 2, 20*time.Second)
		if d := time.Since(begin); d < 9*time.Second || d > 10*time.Second {
			t.Errorf("the whole chip took %v", d) // sheet, section 2: 9.2 s and 9.8 s
		}
		if !isBlank(h.b.Flash()) {
			t.Error("not blank")
		}
	})
}

func TestReadFlash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := random(0x10000, 4)
		h := stubHost(t, Options{Content: content})
		const n = 0x2345
		h.send(opReadFlash, 0x100, n, 0x1000, 1)
		h.ok(opReadFlash, 0, 2, time.Second)
		var got []byte
		for len(got) < n {
			got = append(got, h.packet(time.Second)...)
			h.write(slip(le32(uint32(len(got)))))
		}
		sum := md5.Sum(content[0x100 : 0x100+n])
		if !bytes.Equal(got, content[0x100:0x100+n]) || !bytes.Equal(h.packet(time.Second), sum[:]) {
			t.Error("data or digest differ")
		}
		h.send(opReadFlash, 0, 0x8000, 0x1000, 1) // a command in place of an acknowledgement ends it
		h.ok(opReadFlash, 0, 2, time.Second)
		h.packet(time.Second)
		h.send(opReadReg, magicReg)
		h.none(100 * time.Millisecond)
		h.send(opReadReg, magicReg)
		h.ok(opReadReg, 0, 2, time.Second)
	})
}

// Power that goes in the middle of a write leaves a beginning, and a chip that does not
// start; the next attempt repairs it.
func TestCutAndRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		img := Image(ImageOptions{Chip: ESP32, Size: 256 << 10})
		h := stubHost(t, Options{Chip: ESP32})
		packed := pack(t, img)
		h.send(opDeflBegin, uint32(len(img)), 20, 0x4000, 0)
		h.ok(opDeflBegin, 0, 2, time.Second)
		for i := range 6 {
			h.sendBlock(opDeflData, uint32(i), packed[i*0x4000:(i+1)*0x4000])
			h.ok(opDeflData, 0, 2, 3*time.Second)
		}
		h.run()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := h.b.WaitState(ctx, Stuck); err != nil {
			t.Fatalf("state %v: %v", h.b.State(), err)
		}
		if text := string(h.collect(time.Second)); strings.Count(text, "No bootable app") < 2 {
			t.Errorf("it says %q", text)
		}
		h.classic()
		h.sync()
		h.stub()
		h.deflate(0, img)
		h.run()
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := h.b.WaitState(ctx, Running); err != nil {
			t.Fatalf("state %v: %v", h.b.State(), err)
		}
	})
}

func TestRemappedAndNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{Chip: ESP32, Remapped: true})
		h.send(opFlashBegin, 0x1000, 1, 0x4000, 0)
		if c := h.refused(opFlashBegin, time.Second); c != stubSPI<<8 {
			t.Errorf("without attaching: %04x", c)
		}
		h.send(opSPIAttach, 0)
		h.ok(opSPIAttach, 0, 2, time.Second)
		h.send(opFlashBegin, 0x1000, 1, 0x4000, 0)
		h.ok(opFlashBegin, 0, 2, time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		h := stubHost(t, Options{NoFlash: true})
		if id := h.flashID(2); id != 0xFFFFFF {
			t.Errorf("id %06x", id)
		}
	})
}

// flashID reads the id as sheet section 11 says.
func (h *host) flashID(status int) uint32 {
	h.t.Helper()
	s := h.b.chip.spi
	write := func(addr, value uint32) {
		h.send(opWriteReg, addr, value, 0xFFFFFFFF, 0)
		h.ok(opWriteReg, 0, status, time.Second)
	}
	if h.b.o.Chip == ESP8266 {
		write(s.usr1, 23<<8)
	} else {
		write(s.misoLen, 23)
	}
	write(s.usr, 1<<31|1<<28)
	write(s.usr2, 7<<28|0x9F)
	write(s.w0, 0)
	write(s.base, 1<<18)
	h.send(opReadReg, s.base)
	if r := h.ok(opReadReg, 0, status, time.Second); r.value&(1<<18) != 0 {
		h.t.Error("the command does not end")
	}
	h.send(opReadReg, s.w0)
	return h.ok(opReadReg, 0, status, time.Second).value
}

// A write of a real image at 921600 baud is bound by the wire (sheet, section 10): on a
// blank flash all the way; on a used one there is the first erase that nothing can hide.
func TestWireBound(t *testing.T) {
	each(t, func(t *testing.T, c Chip) {
		img := Image(ImageOptions{Chip: c, Size: 512 << 10})
		for _, used := range []bool{false, true} {
			o := Options{Chip: c}
			most := 101
			if used {
				o.Content, most = make([]byte, 1<<20), 103
			}
			if took, wire := timeWrite(t, o, pack(t, img), len(img)); took > wire*time.Duration(most)/100 {
				t.Errorf("used %v: %v for %v of wire", used, took, wire)
			}
		}
	})
}

// timeWrite writes at 921600 baud and returns how long it took, and how long what was sent
// takes on the wire.
func timeWrite(t *testing.T, o Options, packed []byte, size int) (took, wire time.Duration) {
	h := stubHost(t, o)
	h.baud(921600)
	h.send(opDeflBegin, uint32(size), 99, 0x4000, 0)
	h.ok(opDeflBegin, 0, 2, time.Second)
	begin, sent := time.Now(), 0
	for i := 0; i*0x4000 < len(packed); i++ {
		f := blockFrame(opDeflData, uint32(i), packed[i*0x4000:min(len(packed), (i+1)*0x4000)])
		sent += len(f)
		h.write(f)
		h.ok(opDeflData, 0, 2, 3*time.Second)
	}
	return time.Since(begin), serial.Mode{Baud: 921600}.Wire(sent)
}
