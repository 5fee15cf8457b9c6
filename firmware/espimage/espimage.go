// Package espimage reads what firmware for the chips of Espressif says of itself: image
// headers, application descriptions, partition tables. It judges whether it can run on a
// chip before anything is written.
//
// Layouts are those of the vendor's documentation ("Firmware image format", "Partition
// tables"). Nothing that a header or table says can make the reader loop or take memory
// beyond a few times that of the tables themselves.
package espimage

import "ncpweb/firmware"

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
	return nil, &firmware.Error{Code: firmware.ErrEmpty}
}

// Settings returns the partitions that firmware writes to while it runs: settings, the
// choice of the running slot, file systems, core dumps. An update leaves those alone
// that its data does not cover, or covers with FF only (Blank).
func (i *Info) Settings() []Partition { return nil }

// Check judges whether the content can be written to a chip: its id ("esp32c3"; empty: not
// known), its revision times 100 (−1: not known) and the size of its flash memory in
// bytes (0: not known). The findings that refuse come first.
func (i *Info) Check(chip string, revision int, flash int64) []Finding { return nil }
