package firmware

import "encoding/binary"

// Layout of a UF2 block (github.com/microsoft/uf2).
const (
	uf2Block   = 512
	uf2Head    = 32
	uf2Payload = 476
	uf2Magic0  = 0x0A324655
	uf2Magic1  = 0x9E5D5157
	uf2MagicN  = 0x0AB16F30

	uf2NotFlash  = 0x1    // not for the main flash memory: a comment
	uf2Container = 0x1000 // a file, not memory
	uf2Family    = 0x2000 // the family's id is there
	uf2MD5       = 0x4000 // the last 24 bytes of the payload's room hold a digest
)

// readUF2 reads the blocks of one family, in any order, each once.
func readUF2(name string, data []byte) ([]Segment, uint32, error) {
	fail := func(code Code, offset int, want, have int64) ([]Segment, uint32, error) {
		return nil, 0, &Error{Code: code, Name: name, Kind: UF2, Offset: int64(offset), Want: want, Have: have}
	}
	if len(data)%uf2Block != 0 {
		return fail(ErrUF2Length, 0, uf2Block, int64(len(data)))
	}
	var family uint32
	var named bool
	var blocks uf2Blocks
	c := content{name: name}
	for at := 0; at < len(data); at += uf2Block {
		b := data[at : at+uf2Block]
		word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
		if word(0) != uf2Magic0 || word(4) != uf2Magic1 || word(508) != uf2MagicN {
			return fail(ErrUF2Block, at, 0, 0)
		}
		flags, addr, size := word(8), word(12), word(16)
		if flags&(uf2NotFlash|uf2Container) != 0 {
			blocks.skipped++
			continue
		}
		room := uint32(uf2Payload)
		if flags&uf2MD5 != 0 {
			room -= 24
		}
		if size == 0 || size > room || size%4 != 0 || addr%4 != 0 {
			return fail(ErrUF2Block, at, int64(room), int64(size))
		}
		id := uint32(0)
		if flags&uf2Family != 0 {
			id = word(28)
		}
		if !named {
			family, named = id, true
		}
		if id != family {
			return fail(ErrUF2Family, at, int64(family), int64(id))
		}
		if !blocks.add(word(20), word(24), len(data)/uf2Block) {
			return fail(ErrUF2Count, at, int64(word(24)), int64(word(20)))
		}
		if err := c.add(int64(addr), b[uf2Head:uf2Head+size], 0, int64(at)); err != nil {
			return nil, 0, err
		}
	}
	// Whether blocks that are no memory count is told nowhere: they may.
	if blocks.seen+blocks.skipped < blocks.total {
		return fail(ErrUF2Count, len(data), int64(blocks.total), int64(blocks.seen))
	}
	segments, err := c.segments()
	return segments, family, err
}

// uf2Blocks checks the numbers of blocks: each of 0 to total − 1 once.
type uf2Blocks struct {
	have                 []bool
	seen, skipped, total uint32
}

// add takes the number of a block and how many there are, of a file of at most limit blocks.
func (u *uf2Blocks) add(number, total uint32, limit int) bool {
	if u.have == nil {
		if total == 0 || total > uint32(limit) {
			return false
		}
		u.total, u.have = total, make([]bool, total)
	}
	if total != u.total || number >= total || u.have[number] {
		return false
	}
	u.have[number] = true
	u.seen++
	return true
}

// uf2Families are the ids of Espressif's chips in UF2 files (the list of the UF2 project).
var uf2Families = map[uint32]string{
	0x7EAB61ED: "esp8266", 0x1C5F21B0: "esp32", 0xBFDD4EEE: "esp32s2", 0xC47E5767: "esp32s3",
	0xD42BA06C: "esp32c3", 0x2B88D29C: "esp32c2", 0x540DDF62: "esp32c6", 0x332726F6: "esp32h2",
}

// FamilyChip returns the id of the chip, such as "esp32c3", that a UF2 family stands
// for, or "" if it is none of Espressif's.
func FamilyChip(family uint32) string { return uf2Families[family] }
