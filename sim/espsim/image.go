package espsim

import (
	"bytes"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// ImageOptions describe an image.
type ImageOptions struct {
	Chip Chip // empty or unknown: esp32c3
	// Size is the length of the whole file; 0: 1338368, esp8266 515296, the sizes of real
	// ones. What the app does not fill is FF.
	Size int
	// App is the length of the app with everything that belongs to it; 0: up to the end of
	// the file or of its partition. It is rounded down to 16, and up to the smallest.
	App       int
	FlashSize int     // as the header and the partition table say, a power of two; 0: 4 MiB
	Version   string  // empty: 0.7.0; at most 31 bytes
	Seed      uint64  // another content
	Ratio     float64 // share that zlib at level 9 leaves of the file, 0.05 to 0.95; 0: 0.62
}

// Sizes of images.
const (
	imageSize     = 1338368 // sheet images, section 6
	imageSize8266 = 515296
	imageRatio    = 0.62
	appAt         = 0x10000
	nvsAt         = 0x9000
	nvsSize       = 0x5000
	otaAt         = 0xE000
	otaSize       = 0x2000
	fsSize        = 0x40000
	dumpSize      = 0x10000
	minApp        = 4096
	bootLength    = 0x4A20 // of the second stage
	ebootLength   = 0xDC0
)

// Image returns a merged image as those of the NCP: a second stage at the chip's place for
// it, a partition table, an app with its description, the firmware tag and check sums.
// Between them, and where settings, OTA data and file systems have their partitions,
// everything is FF. An image of the ESP8266 has a loader at 0 and the app at 0x1000, and
// no table.
func Image(o ImageOptions) []byte {
	if chips[o.Chip] == nil {
		o.Chip = ESP32C3
	}
	m := &builder{o: o, c: chips[o.Chip]}
	m.defaults()
	file := make([]byte, m.o.Size)
	fill(file)
	if m.c.noID {
		copy(file, m.image(ebootLength, nil, 1))
		copy(file[min(app8266At, len(file)):], m.app(app8266At, len(file)))
		return file
	}
	copy(file[m.c.boot:], m.image(bootLength, nil, 3))
	table, slot := m.table()
	copy(file[tableAt:], table)
	copy(file[appAt:], m.app(appAt, min(len(file), appAt+slot)))
	return file
}

// builder makes an image.
type builder struct {
	o      ImageOptions
	c      *chip
	random float64 // share of bytes that do not compress
}

func (m *builder) defaults() {
	o := &m.o
	size, least := imageSize, appAt+minApp
	if m.c.noID {
		size, least = imageSize8266, app8266At+minApp
	}
	if o.Size <= 0 {
		o.Size = size
	}
	o.Size = max(o.Size, least)
	if o.FlashSize <= 0 {
		o.FlashSize = defaultFlash
	}
	if o.Version == "" {
		o.Version = "0.7.0"
	}
	if o.Ratio <= 0 {
		o.Ratio = imageRatio
	}
	o.Ratio = min(max(o.Ratio, 0.05), 0.95)
}

// app builds the app that lies at from and may go up to end.
func (m *builder) app(from, end int) []byte {
	n := end - from
	if m.o.App > 0 {
		n = min(n, m.o.App)
	}
	n = max(n, minApp) &^ 15
	m.random = m.calibrate(float64(m.o.Size) * m.o.Ratio / float64(n))
	return m.image(n, m.first(), 4)
}

// first is the beginning of an app's first segment: the description, then the firmware tag.
func (m *builder) first() []byte {
	version := m.o.Version[:min(len(m.o.Version), 31)]
	d := make([]byte, 256)
	binary.LittleEndian.PutUint32(d, appMagic)
	copy(d[16:48], version)
	copy(d[48:80], "BlynkNCP")
	copy(d[80:96], "09:30:00")
	copy(d[96:112], "Nov  2 2026")
	copy(d[112:144], "v5.1.4")
	if m.c.noID {
		d = nil
	}
	tag := "blnkinf\x00ncp\x00" + version + "\x00h-beat\x0045\x00buff-in\x001024\x00dev\x00" +
		string(m.o.Chip) + "\x00build\x00Nov  2 2026 09:30:00\x00\x00\x00"
	return append(d, tag...)
}

// image builds an image of n bytes, a multiple of 16: head, segments, check sum, digest.
func (m *builder) image(n int, first []byte, segments int) []byte {
	n &^= 15
	rng := rand.New(rand.NewPCG(m.o.Seed, uint64(n)))
	head, tail := 24, 16+sha256.Size
	if m.c.noID {
		head, tail = 8, 16
	}
	b := make([]byte, head, n)
	b[0], b[1], b[2], b[3] = imageMagic, byte(segments), 2, m.sizeNibble()<<4
	binary.LittleEndian.PutUint32(b[4:], m.c.entry)
	if !m.c.noID {
		b[8] = 0xEE
		binary.LittleEndian.PutUint16(b[12:], m.c.id)
		binary.LittleEndian.PutUint16(b[17:], 399)
		b[23] = 1
	}
	room := n - head - tail - 8*segments
	part := room / segments &^ 3
	sum := byte(0xEF)
	for i := range segments {
		k := part
		if i == segments-1 { // the check sum ends on a multiple of 16
			k = (room - part*(segments-1)) &^ 3
		}
		data := m.content(rng, k)
		if i == 0 {
			copy(data, first)
		}
		b = append(b, le32(m.c.segs[i], uint32(k))...)
		b = append(b, data...)
		for _, c := range data {
			sum ^= c
		}
	}
	for len(b)%16 != 15 {
		b = append(b, 0)
	}
	b = append(b, sum)
	if !m.c.noID {
		d := sha256.Sum256(b)
		b = append(b, d[:]...)
	}
	return b
}

// sizeNibble is how a header tells the size of the flash (sheet, section 14).
func (m *builder) sizeNibble() byte {
	size := m.o.FlashSize >> 20
	if m.c.noID {
		switch size {
		case 1:
			return 2
		case 2:
			return 3
		case 8:
			return 8
		case 16:
			return 9
		}
		return 4
	}
	n := byte(0)
	for ; size > 1; size >>= 1 {
		n++
	}
	return n
}

// table is the partition table for the size of the flash, and the size of an app's
// partition.
func (m *builder) table() (table []byte, slot int) {
	slot = (m.o.FlashSize - appAt - fsSize - dumpSize) / 2 &^ 0xFFFF
	two := slot >= 1<<20
	if !two {
		slot = max(m.o.FlashSize-appAt-fsSize-dumpSize, 0x10000)
	}
	add := func(kind, sub byte, at, size int, label string) {
		e := make([]byte, 32)
		e[0], e[1], e[2], e[3] = 0xAA, 0x50, kind, sub
		binary.LittleEndian.PutUint32(e[4:], uint32(at))
		binary.LittleEndian.PutUint32(e[8:], uint32(size))
		copy(e[12:28], label)
		table = append(table, e...)
	}
	const otaData, fileSystem, coreDump, ota0, ota1 = 0x00, 0x82, 0x03, 0x10, 0x11
	add(1, subNVS, nvsAt, nvsSize, "nvs")
	add(1, otaData, otaAt, otaSize, "otadata")
	add(0, ota0, appAt, slot, "app0")
	next := appAt + slot
	if two {
		add(0, ota1, next, slot, "app1")
		next += slot
	}
	add(1, fileSystem, next, fsSize, "fs")
	add(1, coreDump, next+fsSize, dumpSize, "coredump")
	sum := md5.Sum(table)
	table = append(table, 0xEB, 0xEB)
	table = append(table, bytes.Repeat([]byte{0xFF}, 14)...)
	return append(table, sum[:]...), slot
}

// content is n bytes like code: stretches that do not compress between words that come
// again and again.
func (m *builder) content(rng *rand.Rand, n int) []byte {
	random := m.random
	if random == 0 {
		random = 0.6 // the second stage
	}
	var words [64][16]byte
	own := rand.New(rand.NewPCG(m.o.Seed, 7))
	for i := range words {
		for j := range words[i] {
			words[i][j] = byte(own.Uint32())
		}
	}
	b := make([]byte, 0, n+32)
	for len(b) < n {
		if rng.Float64() < random {
			b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
			b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
			continue
		}
		b = append(b, words[rng.IntN(len(words))][:]...)
	}
	return b[:n]
}

// calibrate finds the share of random bytes with which zlib leaves the ratio.
func (m *builder) calibrate(ratio float64) float64 {
	const sample = 96 << 10
	low, high := 0.0, 1.0
	for range 7 {
		m.random = (low + high) / 2
		b := m.content(rand.New(rand.NewPCG(m.o.Seed, 3)), sample)
		if float64(packedSize(b)) < ratio*sample {
			low = m.random
		} else {
			high = m.random
		}
	}
	return (low + high) / 2
}

// packedSize is what zlib at level 9 leaves.
func packedSize(b []byte) int {
	var n counter
	z, _ := zlib.NewWriterLevel(&n, zlib.BestCompression)
	_, _ = z.Write(b)
	_ = z.Close()
	return int(n)
}

type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
