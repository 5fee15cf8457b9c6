package workui

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
)

// piece is a file that is to be written, and where.
type piece struct {
	file *firmware.File
	what espimage.What
	at   string // the offset as it stands in its field
	own  bool   // at was typed, or came with a manifest
	sum  string // SHA-256 in lower-case hex; empty: not summed up yet
}

// maxPieces is how many files there may be at once.
const maxPieces = 16

// pieces are the files that a person chose, in the order in which they came.
type pieces []*piece

// add puts a file among the others. A whole flash content and parts of one do not go
// together: what came last stays. A file of the same name is replaced, and leaves its
// offset to its successor. It returns false where there is no room.
func (list *pieces) add(f *firmware.File) (*piece, bool) {
	p := &piece{file: f, what: whatOf(f)}
	for i, old := range *list {
		if old.file.Name == f.Name {
			p.at, p.own = old.at, old.own
			(*list)[i] = p
			list.place()
			return p, true
		}
	}
	if p.what == espimage.Whole || len(*list) == 1 && (*list)[0].what == espimage.Whole {
		*list = nil
	}
	if len(*list) == maxPieces {
		return nil, false
	}
	*list = append(*list, p)
	list.place()
	return p, true
}

// remove takes the piece at i out.
func (list *pieces) remove(i int) {
	*list = append((*list)[:i:i], (*list)[i+1:]...)
	list.place()
}

// place gives the usual offsets to all whose offset nobody typed, and brings the pieces
// into the order of their offsets. A later file can tell where an earlier one goes.
func (list *pieces) place() {
	for _, p := range *list {
		if !p.own {
			p.at = list.usual(p)
		}
	}
	slices.SortStableFunc(*list, func(a, b *piece) int { return cmp.Compare(a.first(), b.first()) })
}

// first is the address of the first byte of a piece; without a good offset, behind all.
func (p *piece) first() int64 {
	at, ok := parseOffset(p.at)
	if !ok {
		return 1 << 40
	}
	if len(p.file.Image.Segments) > 0 {
		at += int64(p.file.Image.Segments[0].Addr)
	}
	return at
}

func whatOf(f *firmware.File) espimage.What {
	if f.Placed || len(f.Image.Segments) != 1 {
		return espimage.Other
	}
	what, _, _ := espimage.Usual(f.Image.Segments[0].Data)
	return what
}

// usual is the offset that a file gets before anybody typed one; empty: it must be typed.
func (list pieces) usual(p *piece) string {
	switch {
	case p.file.Placed:
		return hexOffset(0) // it says itself where it goes
	case len(p.file.Image.Segments) == 1:
		if _, addr, ok := espimage.Usual(p.file.Image.Segments[0].Data); ok {
			return hexOffset(int64(addr))
		}
	}
	if at, ok := offsetByName(p.file.Name); ok {
		return hexOffset(at)
	}
	if at, ok := list.fileSystem(p.file.Name); ok {
		return hexOffset(at)
	}
	if len(list) == 1 {
		return hexOffset(0)
	}
	return ""
}

// offsetByName knows the names that build systems give to files without a header.
func offsetByName(name string) (int64, bool) {
	name = strings.ToLower(path.Base(name))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has(".flash.", "merged", "factory"):
		return 0, true
	case has("partition"):
		return 0x8000, true
	case has("boot_app0"):
		return 0xE000, true // where the Arduino core for ESP32 has its table put it
	case has("ota_data", "otadata"):
		return 0xD000, true // the default of ESP-IDF's tables
	}
	return 0, false
}

// fileSystem finds the place of a file system's image in the partition table that is
// among the pieces.
func (list pieces) fileSystem(name string) (int64, bool) {
	name = strings.ToLower(name)
	if !strings.Contains(name, "spiffs") && !strings.Contains(name, "littlefs") && !strings.Contains(name, "fatfs") {
		return 0, false
	}
	for _, p := range list {
		if p.what != espimage.Rows {
			continue
		}
		info, err := espimage.Parse(p.file.Image.Segments[0].Data, 0x8000)
		if err != nil {
			continue
		}
		for _, row := range info.Table {
			if row.Type == 1 && row.Sub >= 0x81 && row.Sub <= 0x83 {
				return int64(row.Addr), true
			}
		}
	}
	return 0, false
}

// parts are what firmware.Build takes. bad is the index of a piece whose offset is none,
// or −1.
func (list pieces) parts() (parts []firmware.Part, bad int) {
	for i, p := range list {
		at, ok := parseOffset(p.at)
		if !ok {
			return nil, i
		}
		parts = append(parts, p.file.Parts(at)...)
	}
	return parts, -1
}

// parseOffset reads an offset as people write it: 0x10000, 10000h, 65536.
func parseOffset(s string) (int64, bool) {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", ""))
	base := 10
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = rest, 16
	} else if rest, ok := strings.CutSuffix(s, "h"); ok {
		s, base = rest, 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	return int64(n), err == nil
}

// hexOffset writes an offset as the field shows it.
func hexOffset(n int64) string { return "0x" + strings.ToUpper(strconv.FormatInt(n, 16)) }
