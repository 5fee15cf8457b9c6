// Package espimage reads what firmware for the chips of Espressif says of itself: image
// headers, application descriptions, partition tables. It judges whether it can run on a
// chip before anything is written.
//
// Layouts are those of the vendor's documentation ("Firmware image format", "Partition
// tables"). Nothing that a header or table says can make the reader loop or take memory
// beyond a few times that of the tables themselves.
package espimage

import (
	"cmp"
	"slices"

	"ncpweb/firmware"
)

// Info is what a stretch of flash content says of itself.
type Info struct {
	Base uint32 // address of its first byte
	End  int64  // address behind its last byte
	Size int64  // bytes that are in it, without gaps

	// Chips are the ids of the chips that it can be for, such as "esp32c3". One: a
	// header names it. Several: its layout leaves them open. None: nothing tells.
	Chips []string
	// Merged tells that it is a whole flash content: boot loader and firmware in one.
	Merged bool
	// Boot is the boot loader, or the whole firmware of an ESP8266; nil: there is none.
	Boot *Header
	Apps []Header // application images, in the order of their addresses

	Table      []Partition // nil: there is no partition table
	TableAddr  uint32
	TableState TableState

	Tag   *firmware.Tag // Blynk's tag in the data; nil: there is none
	Blank int64         // bytes in sectors of 4 KiB that hold nothing but FF

	faults  []Finding // what is wrong whatever the chip is
	content content
}

// Header is an image: a boot loader or an application.
type Header struct {
	Addr     uint32
	Size     int64  // bytes, with checksum and digest
	Chip     string // id; empty: the header names one that is not known here
	ChipID   int    // as the header has it; −1: the header has none (ESP8266)
	Segments []Segment
	Entry    uint32

	Mode FlashMode
	// FlashSize is the size of the flash memory that it was made for, in bytes, and
	// Freq the rate of its clock in MHz; 0: the header's value is not known.
	FlashSize int64
	Freq      int
	// MinRev and MaxRev are the revisions of the chip on which it runs, times 100 (301
	// is v3.1). 0: any.
	MinRev, MaxRev int

	Truncated bool
	Checksum  bool  // it is right
	Digest    Trust // the SHA-256 behind it

	App       *App   // description of an application; nil: there is none
	Partition string // label of the partition in which it is; hostile
	Room      int64  // bytes of that partition; 0: not known

	wrong      bool  // segments that cannot be
	have       int64 // bytes that are there, of a truncated image
	xor, found byte  // checksum as it should be, and as it is
}

// Segment is a part of an image that is loaded to one place.
type Segment struct {
	Addr uint32 // in the memory of the chip
	Size uint32
}

// Trust tells about a digest.
type Trust uint8

// Trusts.
const (
	Absent Trust = iota
	Good
	Bad
)

// FlashMode is how the chip talks to its flash memory.
type FlashMode uint8

// Flash modes.
const (
	QIO FlashMode = iota
	QOUT
	DIO
	DOUT
)

// App is the description that ESP-IDF puts into an application. All texts come from
// the file: hostile.
type App struct {
	Version, Project, IDF string
	Date, Time            string // of the build, as the compiler writes them
	ELF                   [32]byte
}

// TableState tells whether a partition table can be trusted.
type TableState uint8

// States of a table.
const (
	NoTable    TableState = iota
	Unsigned              // no MD5 row
	Verified              // its MD5 is right
	WrongTable            // its MD5 is wrong, or its rows make no sense
)

// Partition is a row of a partition table.
type Partition struct {
	Name      string // hostile
	Type, Sub uint8
	Addr      uint32
	Size      int64
	Encrypted bool
	ReadOnly  bool
	// Covered is how many bytes of it the data has, and Blank tells that all of these
	// are FF.
	Covered int64
	Blank   bool
}

// End returns the address behind the partition.
func (p *Partition) End() int64 { return int64(p.Addr) + p.Size }

// Parse reads flash content that begins at base. The content is kept by reference. The
// error is a *firmware.Error: nothing in it, or beyond 4 GiB. What is wrong with an image
// is told by Check.
func Parse(data []byte, base uint32) (*Info, error) {
	m, err := firmware.Build([]firmware.Part{{Addr: int64(base), Data: data}})
	if err != nil {
		return nil, err
	}
	return ParseImage(m, nil)
}

// ParseImage reads flash content of several segments: gaps between them are not known.
// breathe, if it is not nil, is called after every 256 KiB of sums.
func ParseImage(m *firmware.Image, breathe func()) (*Info, error) {
	if len(m.Segments) == 0 {
		return nil, &firmware.Error{Code: firmware.ErrEmpty, Name: m.Name}
	}
	i := &Info{Base: m.Segments[0].Addr, End: m.Segments[len(m.Segments)-1].End(), Size: m.Size(), content: content{m.Segments}}
	i.Blank = i.content.blank()
	r := &reader{content: i.content, breathe: breathe}
	i.table()
	i.boot(r)
	i.apps(r)
	i.chips()
	i.Merged = i.Boot != nil && (i.Boot.Chip == "esp8266" || len(i.Apps) > 0)
	for n := range m.Segments {
		if tag, ok := firmware.FindTag(m.Segments[n].Data); ok {
			tag.Offset += int(m.Segments[n].Addr)
			i.Tag = &tag
			break
		}
	}
	return i, nil
}

// boot finds what the ROM would start.
func (i *Info) boot(r *reader) {
	for _, addr := range bootAddrs {
		var room int64
		if i.TableState != NoTable && int64(i.TableAddr) > addr {
			room = int64(i.TableAddr) - addr
		}
		if h, ok := r.header(addr, room); ok {
			i.Boot = &h
			return
		}
	}
}

// apps finds the applications: where the table has them, at the start of every segment,
// and at the usual addresses.
func (i *Info) apps(r *reader) {
	if i.TableState != WrongTable {
		for n := range i.Table {
			p := &i.Table[n]
			if p.Type != typeApp || p.Blank || len(i.content.run(int64(p.Addr), 1)) == 0 {
				continue
			}
			if !i.appAt(r, int64(p.Addr), p.Size, p.Name) {
				i.fault(Finding{Severity: Warn, Code: FoundNoImage, Addr: p.Addr, Name: p.Name})
			}
		}
	}
	for n := range min(len(i.content.segments), maxStarts) {
		i.appAt(r, int64(i.content.segments[n].Addr), 0, "")
	}
	if i.Boot != nil && i.Boot.Chip == "esp8266" {
		i.appAt(r, 0x1000, 0, "") // behind the small boot loader of its Arduino core
	}
	if i.TableState == NoTable {
		i.appAt(r, usualApp, 0, "")
	}
	slices.SortFunc(i.Apps, func(a, b Header) int { return cmp.Compare(a.Addr, b.Addr) })
}

// appAt reads an application. What lies inside an image that was read already is not
// looked at: the sums of all images together stay in proportion to the content.
func (i *Info) appAt(r *reader, addr, room int64, partition string) bool {
	for _, h := range i.headers() {
		if addr >= int64(h.Addr) && addr < int64(h.Addr)+max(h.Size, 1) {
			return false
		}
	}
	h, ok := r.header(addr, room)
	if ok {
		h.Partition = partition
		i.Apps = append(i.Apps, h)
	}
	return ok
}

const (
	usualApp  = 0x10000 // where applications go by default
	maxStarts = 64      // segments whose start is looked at; a manifest has at most 32
)

// chips finds out what the content is for.
func (i *Info) chips() {
	for _, h := range i.headers() {
		if h.Chip != "" && !slices.Contains(i.Chips, h.Chip) {
			i.Chips = append(i.Chips, h.Chip)
		}
	}
	if len(i.Chips) == 0 && i.Boot != nil {
		i.Chips = chipsBootingAt(int64(i.Boot.Addr))
	}
}

// headers returns all images.
func (i *Info) headers() []*Header {
	var list []*Header
	if i.Boot != nil {
		list = append(list, i.Boot)
	}
	for n := range i.Apps {
		list = append(list, &i.Apps[n])
	}
	return list
}

func (i *Info) fault(f Finding) { i.faults = append(i.faults, f) }
