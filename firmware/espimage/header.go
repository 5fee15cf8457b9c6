package espimage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/bits"
)

// Numbers of the image format.
const (
	imageMagic   = 0xE9
	maxSegments  = 16
	maxSegment   = 16 << 20 // bytes; the boot loader refuses more
	shortHeader  = 8        // ESP8266
	longHeader   = 24
	checksumSeed = 0xEF
	appMagic     = 0xABCD5432
	appSize      = 256

	// largeLoader is more than any boot loader has: behind it lies the partition table,
	// at 0x8000 by default.
	largeLoader = 0xF000
)

// reader reads images out of flash content.
type reader struct {
	content
	breathe func()
	summed  int64 // bytes since the last breath
}

// header reads the image at addr, which has room bytes (0: not known). ok is false if
// none begins there.
func (r *reader) header(addr, room int64) (Header, bool) {
	b := r.bytes(addr, shortHeader)
	if b == nil || b[0] != imageMagic || b[1] == 0 || b[1] > maxSegments {
		return Header{}, false
	}
	h := Header{Addr: uint32(addr), Entry: binary.LittleEndian.Uint32(b[4:]), Mode: FlashMode(b[2]), Room: room}
	count := int(b[1])
	long := r.bytes(addr, longHeader)
	digest := false
	switch {
	case long == nil:
		h.ChipID = -1
		h.cut(addr+longHeader, r.reach(addr))
		return h, true
	case loadsESP8266(binary.LittleEndian.Uint32(long[8:])):
		h.ChipID, h.Chip = -1, "esp8266"
	default:
		h.extended(long)
		digest = long[23] == 1
	}
	h.FlashSize, h.Freq = flashSize(b[3]>>4, h.Chip), flashFreq(b[3]&0xF, h.Chip)
	end, whole := r.walk(&h, count)
	if whole {
		r.sums(&h, end, digest)
	}
	if h.ChipID >= 0 {
		h.App = r.app(addr + longHeader + 8)
	}
	return h, true
}

// extended reads the part of the header that all chips but the ESP8266 have.
func (h *Header) extended(b []byte) {
	h.ChipID = int(binary.LittleEndian.Uint16(b[12:]))
	if c, ok := chipByNumber(h.ChipID); ok {
		h.Chip = c.id
	}
	h.MinRev, h.MaxRev = int(binary.LittleEndian.Uint16(b[15:])), int(binary.LittleEndian.Uint16(b[17:]))
	if h.MaxRev == 0xFFFF {
		h.MaxRev = 0
	}
	// Older versions of ESP-IDF know this byte only: for the ESP32 the major number, for
	// the others the minor one.
	if old := int(b[14]); h.MinRev == 0 && h.Chip == "esp32" {
		h.MinRev = 100 * old
	} else if h.MinRev == 0 {
		h.MinRev = old
	}
}

// loadsESP8266 tells whether a word is where the first segment of an ESP8266 image is
// loaded to: data RAM, instruction RAM or mapped flash memory. Other chips have numbers
// of pins and of drive strengths in its place.
func loadsESP8266(word uint32) bool { return word >= 0x3FF00000 && word < 0x40400000 }

// walk goes through the segments. It returns the address behind the last one; whole is
// false if they are not all there or make no sense.
func (r *reader) walk(h *Header, count int) (end int64, whole bool) {
	at := int64(h.Addr) + shortHeader
	if h.ChipID >= 0 {
		at = int64(h.Addr) + longHeader
	}
	reach := r.reach(int64(h.Addr))
	for range count {
		b := r.bytes(at, 8)
		if b == nil {
			h.cut(at+8, reach)
			return 0, false
		}
		s := Segment{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}
		if s.Size > maxSegment || h.ChipID >= 0 && s.Size%4 != 0 {
			h.wrong = true
			return 0, false
		}
		h.Segments = append(h.Segments, s)
		at += 8 + int64(s.Size)
	}
	return at, true
}

// cut notes that an image ought to go on to want.
func (h *Header) cut(want, reach int64) {
	h.Truncated, h.Size, h.have = true, want-int64(h.Addr), reach-int64(h.Addr)
}

// sums checks what stands behind the segments, which end at end.
func (r *reader) sums(h *Header, end int64, digest bool) {
	start := int64(h.Addr)
	behind := start + (end-start+16)&^15 // the checksum is the last byte of a row of 16
	h.Size = behind - start
	if digest {
		h.Size += sha256.Size
	}
	if reach := r.reach(start); start+h.Size > reach {
		h.cut(start+h.Size, reach)
		return
	}
	if h.Room > 0 && h.Size > h.Room {
		return // refused for that alone
	}
	h.xor = checksumSeed
	at := start + shortHeader
	if h.ChipID >= 0 {
		at = start + longHeader
	}
	sha := sha256.New()
	r.sum(sha, nil, start, at)
	for _, s := range h.Segments {
		r.sum(sha, nil, at, at+8)
		at += 8
		r.sum(sha, &h.xor, at, at+int64(s.Size))
		at += int64(s.Size)
	}
	r.sum(sha, nil, at, behind)
	h.found = r.bytes(behind-1, 1)[0]
	h.Checksum = h.found == h.xor
	if !digest {
		return
	}
	if h.Digest = Bad; bytes.Equal(sha.Sum(nil), r.bytes(behind, sha256.Size)) {
		h.Digest = Good
	}
}

// sum adds what is between two addresses to the digest and, if there is one, to the
// checksum.
func (r *reader) sum(sha hash.Hash, xor *byte, from, to int64) {
	for from < to {
		b := r.run(from, min(to-from, 64<<10))
		sha.Write(b)
		if xor != nil {
			*xor ^= xorBytes(b)
		}
		from += int64(len(b))
		if r.summed += int64(len(b)); r.summed >= 256<<10 && r.breathe != nil {
			r.summed = 0
			r.breathe()
		}
	}
}

func xorBytes(b []byte) byte {
	var x uint64
	for ; len(b) >= 8; b = b[8:] {
		x ^= binary.LittleEndian.Uint64(b)
	}
	var last byte
	for _, c := range b {
		last ^= c
	}
	x ^= x >> 32
	x ^= bits.RotateLeft64(x, -16)
	x ^= bits.RotateLeft64(x, -8)
	return byte(x) ^ last
}

// app reads the description at addr, with which the first segment of an application begins.
func (r *reader) app(addr int64) *App {
	b := r.bytes(addr, appSize)
	if b == nil || binary.LittleEndian.Uint32(b) != appMagic {
		return nil
	}
	a := &App{Version: text(b[16:48]), Project: text(b[48:80]), Time: text(b[80:96]), Date: text(b[96:112]), IDF: text(b[112:144])}
	copy(a.ELF[:], b[144:176])
	return a
}

// text returns a string of C.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// isApp tells that an image is an application, no boot loader.
func (h *Header) isApp() bool {
	return h.App != nil || h.ChipID >= 0 && h.Size > largeLoader
}
