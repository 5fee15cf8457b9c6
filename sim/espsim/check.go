package espsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// Where things are in flash.
const (
	tableAt    = 0x8000 // partition table
	tableSize  = 0xC00
	app8266At  = 0x1000 // behind eboot
	imageMagic = 0xE9
	maxSegs    = 16
	appMagic   = 0xABCD5432 // of esp_app_desc_t
	subNVS     = 2
)

// finding is what a chip finds in its flash.
type finding struct {
	ok      bool   // something that starts
	version string // of it
	word    uint32 // where the second stage should be
	header  bool   // there is one, but what follows is broken
	second  bool   // the second stage is whole, but finds no app

	sum, wantSum byte
}

// inspect looks for firmware as the ROM and the second stage do.
func (b *Board) inspect() (f finding) {
	if b.o.NoFlash {
		return finding{word: 0xFFFFFFFF}
	}
	b.flash.view(func(mem []byte) {
		if b.chip.noID {
			f = inspect8266(mem)
		} else {
			f = inspectTable(mem, b.chip)
		}
	})
	return f
}

func inspect8266(mem []byte) finding {
	boot := parseImage(mem, 0, nil)
	f := boot.finding(mem, 0)
	if !boot.whole {
		return f
	}
	f.second = true
	if app := parseImage(mem, app8266At, nil); app.whole {
		f.ok, f.version = true, tagVersion(mem[app8266At:app.end])
	}
	return f
}

func inspectTable(mem []byte, c *chip) finding {
	boot := parseImage(mem, c.boot, c)
	f := boot.finding(mem, c.boot)
	if !boot.whole {
		return f
	}
	f.second = true
	for _, p := range partitions(mem) {
		if p.kind != 0 {
			continue
		}
		app := parseImage(mem, p.at, c)
		if !app.whole || app.end > int64(p.at)+int64(p.size) {
			continue
		}
		if v, ok := appVersion(mem[p.at:app.end]); ok {
			f.ok, f.version = true, v
			return f
		}
	}
	return f
}

// image is an image in flash.
type image struct {
	header       bool  // begins like one for this chip
	whole        bool  // and is whole to its end
	end          int64 // behind it
	sum, wantSum byte
}

func (m image) finding(mem []byte, at uint32) finding {
	return finding{
		word: binary.LittleEndian.Uint32(mem[at:]), header: m.header, sum: m.sum, wantSum: m.wantSum,
	}
}

// parseImage reads an image (sheet, section 14). c nil: one of the ESP8266.
func parseImage(mem []byte, at uint32, c *chip) (m image) {
	head := 24
	if c == nil {
		head = 8
	}
	if int64(at)+int64(head) > int64(len(mem)) {
		return m
	}
	b := mem[at:]
	segments := int(b[1])
	if b[0] != imageMagic || segments < 1 || segments > maxSegs {
		return m
	}
	if c != nil && binary.LittleEndian.Uint16(b[12:]) != c.id {
		return m
	}
	m.header = true
	pos, sum := head, byte(0xEF)
	for range segments {
		if pos+8 > len(b) {
			return m
		}
		n := int64(binary.LittleEndian.Uint32(b[pos+4:]))
		pos += 8
		if int64(pos)+n > int64(len(b)) {
			return m
		}
		for _, c := range b[pos : pos+int(n)] {
			sum ^= c
		}
		pos += int(n)
	}
	pos |= 15
	if pos >= len(b) {
		return m
	}
	m.sum, m.wantSum = sum, b[pos]
	pos++
	if m.sum != m.wantSum {
		return m
	}
	if c != nil && b[23] == 1 {
		if pos+sha256.Size > len(b) {
			return m
		}
		if d := sha256.Sum256(b[:pos]); !bytes.Equal(d[:], b[pos:pos+sha256.Size]) {
			return m
		}
		pos += sha256.Size
	}
	m.whole, m.end = true, int64(at)+int64(pos)
	return m
}

// appVersion is the version in the description at the head of an app's first segment.
func appVersion(app []byte) (string, bool) {
	const desc = 24 + 8
	if len(app) < desc+256 || binary.LittleEndian.Uint32(app[desc:]) != appMagic {
		return "", false
	}
	return zeroEnded(app[desc+16 : desc+48]), true
}

// tagVersion is the version in the tag of an NCP firmware (sheet images, section 5).
func tagVersion(app []byte) string {
	key := []byte("blnkinf\x00ncp\x00")
	i := bytes.Index(app, key)
	if i < 0 {
		return "0.0.0"
	}
	rest := app[i+len(key):]
	return zeroEnded(rest[:min(len(rest), 32)])
}

func zeroEnded(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// partition is a line of the partition table.
type partition struct {
	kind, sub byte
	at, size  uint32
}

// partitions reads the partition table as far as it is one.
func partitions(mem []byte) (all []partition) {
	if len(mem) < tableAt+tableSize {
		return nil
	}
	for t := mem[tableAt : tableAt+tableSize]; len(t) >= 32 && t[0] == 0xAA && t[1] == 0x50; t = t[32:] {
		p := partition{
			kind: t[2], sub: t[3],
			at: binary.LittleEndian.Uint32(t[4:]), size: binary.LittleEndian.Uint32(t[8:]),
		}
		if int64(p.at)+int64(p.size) <= int64(len(mem)) {
			all = append(all, p)
		}
	}
	return all
}
