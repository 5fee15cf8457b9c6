package espimage

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
)

// image describes an image that build writes, as the vendor's documentation has it.
type image struct {
	chip         int // −1: ESP8266
	sizeFreq     byte
	mode         byte
	min, max     uint16
	oldMin       byte
	segments     []int // lengths; the first one begins with the description
	app          *App
	noDigest     bool
	badSum, torn bool
	badDigest    bool
}

func (m image) build() []byte {
	le := binary.LittleEndian
	b := []byte{imageMagic, byte(len(m.segments)), m.mode, m.sizeFreq, 0, 0, 0x38, 0x40}
	addr := uint32(0x40100000)
	if m.chip >= 0 {
		long := make([]byte, 16)
		long[0] = 0xEE
		le.PutUint16(long[4:], uint16(m.chip))
		long[6] = m.oldMin
		le.PutUint16(long[7:], m.min)
		le.PutUint16(long[9:], m.max)
		if !m.noDigest {
			long[15] = 1
		}
		b = append(b, long...)
		addr = 0x3C000020
	}
	sum := byte(checksumSeed)
	for n, size := range m.segments {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i*7 + n)
		}
		if n == 0 && m.app != nil {
			clear(data[:appSize])
			le.PutUint32(data, appMagic)
			copy(data[16:48], m.app.Version)
			copy(data[48:80], m.app.Project)
			copy(data[80:96], m.app.Time)
			copy(data[96:112], m.app.Date)
			copy(data[112:144], m.app.IDF)
		}
		b = le.AppendUint32(le.AppendUint32(b, addr), uint32(size))
		b = append(b, data...)
		for _, c := range data {
			sum ^= c
		}
		addr += 0x10000
	}
	for len(b)%16 != 15 {
		b = append(b, 0)
	}
	if m.badSum {
		sum++
	}
	b = append(b, sum)
	if m.chip >= 0 && !m.noDigest {
		d := sha256.Sum256(b)
		if m.badDigest {
			d[0]++
		}
		b = append(b, d[:]...)
	}
	if m.torn {
		b = b[:len(b)-50]
	}
	return b
}

// row is a row of a partition table.
type row struct {
	typ, sub   byte
	addr, size uint32
	name       string
}

func (r row) bytes() []byte {
	b := make([]byte, 32)
	b[0], b[1], b[2], b[3] = 0xAA, 0x50, r.typ, r.sub
	binary.LittleEndian.PutUint32(b[4:], r.addr)
	binary.LittleEndian.PutUint32(b[8:], r.size)
	copy(b[12:28], r.name)
	return b
}

// rows writes a table with its digest, in a sector of its own.
func rows(list []row) []byte {
	var b []byte
	for _, r := range list {
		b = append(b, r.bytes()...)
	}
	sum := md5.Sum(b)
	b = append(b, 0xEB, 0xEB)
	b = append(b, bytes.Repeat([]byte{0xFF}, 14)...)
	b = append(b, sum[:]...)
	return append(b, bytes.Repeat([]byte{0xFF}, sector-len(b))...)
}

// usualTable is like that of an NCP with 4 MB.
func usualTable() []row {
	return []row{
		{1, 2, 0x9000, 0x5000, "nvs"}, {1, 0, 0xE000, 0x2000, "otadata"},
		{0, 0x10, 0x10000, 0x1E0000, "app0"}, {0, 0x11, 0x1F0000, 0x1E0000, "app1"},
		{1, 0x82, 0x3D0000, 0x30000, "fs"},
	}
}

// merge lays pieces into FF.
func merge(pieces map[int][]byte) []byte {
	end := 0
	for at, p := range pieces {
		end = max(end, at+len(p))
	}
	b := bytes.Repeat([]byte{0xFF}, end)
	for at, p := range pieces {
		copy(b[at:], p)
	}
	return b
}

var description = App{Version: "0.7.1", Project: "BlynkNCP", Time: "19:00:00", Date: "Nov 22 2026", IDF: "v5.5"}

// whole makes merged content for a chip; change may spoil it.
func whole(chip int, boot int, change func(loader, app *image, table *[]row)) []byte {
	loader := image{chip: chip, sizeFreq: 0x2F, mode: 2, segments: []int{32, 5000}}
	app := image{chip: chip, sizeFreq: 0x2F, mode: 2, segments: []int{300, 40000, 20}, app: &description}
	table := usualTable()
	if change != nil {
		change(&loader, &app, &table)
	}
	pieces := map[int][]byte{boot: loader.build(), 0x10000: app.build()}
	if table != nil {
		pieces[0x8000] = rows(table)
	}
	return merge(pieces)
}

// slots writes the choice of the running slot.
func slots(a, b uint32) []byte {
	data := bytes.Repeat([]byte{0xFF}, otaDataSize)
	for i, seq := range []uint32{a, b} {
		if seq > 0 {
			r := data[i*sector:]
			binary.LittleEndian.PutUint32(r, seq)
			binary.LittleEndian.PutUint32(r[28:], crc32.Update(1<<32-1, crc32.IEEETable, r[:4]))
		}
	}
	return data
}
