package espimage

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Numbers of the partition table.
const (
	tableAddr = 0x8000  // where it is unless the project chose otherwise
	tableLast = 0x20000 // where the search ends
	tableSize = 0xC00
	rowSize   = 32

	typeApp  = 0
	typeData = 1

	subFactory = 0x00 // of an app
	subOTA     = 0x10 // slots 0x10 to 0x1F
	subTest    = 0x20

	subOTAData  = 0x00 // of data
	subPHY      = 0x01
	subNVS      = 0x02
	subCoredump = 0x03
	subNVSKeys  = 0x04
	subEFuse    = 0x05
	subFAT      = 0x81
	subSPIFFS   = 0x82
	subLittleFS = 0x83
)

// table finds the partition table: at its usual address, or elsewhere if its digest is right.
func (i *Info) table() {
	for addr := int64(tableAddr); addr <= tableLast; addr += sector {
		rows, state := i.content.rows(addr)
		if state == NoTable || addr != tableAddr && state != Verified {
			continue
		}
		i.Table, i.TableAddr, i.TableState = rows, uint32(addr), state
		if state == WrongTable {
			i.fault(Finding{Refuse, FoundTable, i.TableAddr, 0, 0, "", ""})
			return
		}
		i.overlaps()
		return
	}
}

// overlaps looks for partitions that claim the same place; such a table is not followed.
func (i *Info) overlaps() {
	sorted := slices.Clone(i.Table)
	slices.SortStableFunc(sorted, func(a, b Partition) int { return cmp.Compare(a.Addr, b.Addr) })
	for n := 1; n < len(sorted); n++ {
		if a, b := &sorted[n-1], &sorted[n]; a.End() > int64(b.Addr) {
			i.TableState = WrongTable
			i.fault(Finding{Refuse, FoundTableOverlap, b.Addr, 0, 0, a.Name, b.Name})
			return
		}
	}
	for n := range i.Table {
		p := &i.Table[n]
		p.Covered, p.Blank = i.content.covers(int64(p.Addr), p.End())
	}
}

// rows reads the table at addr.
func (c content) rows(addr int64) ([]Partition, TableState) {
	data := c.run(addr, tableSize)
	if len(data) < rowSize || data[0] != 0xAA || data[1] != 0x50 {
		return nil, NoTable
	}
	var list []Partition
	state := Unsigned
	for at := 0; ; at += rowSize {
		if at+rowSize > len(data) {
			// A file of a table alone may end without blank rows.
			return list, state
		}
		row := data[at : at+rowSize]
		switch {
		case isBlank(row):
			return list, state
		case row[0] == 0xEB && row[1] == 0xEB && state == Unsigned:
			sum := md5.Sum(data[:at])
			if state = Verified; !bytes.Equal(sum[:], row[16:]) {
				return list, WrongTable
			}
		case row[0] == 0xAA && row[1] == 0x50 && state == Unsigned:
			p := Partition{
				Name: text(row[12:28]), Type: row[2], Sub: row[3],
				Addr: binary.LittleEndian.Uint32(row[4:]), Size: int64(binary.LittleEndian.Uint32(row[8:])),
				Encrypted: row[28]&1 != 0, ReadOnly: row[28]&2 != 0,
			}
			list = append(list, p)
			if p.Size == 0 || p.Addr%sector != 0 || p.End() > 1<<32 {
				return list, WrongTable
			}
		default:
			return list, WrongTable
		}
	}
}

// Kind names what a partition is for: "factory", "ota_0" to "ota_15", "test", "otadata",
// "phy", "nvs", "coredump", "nvs_keys", "efuse", "fat", "spiffs", "littlefs"; "app" or
// "data" for others of these types, "" for types of a project's own.
func (p *Partition) Kind() string {
	if p.Type == typeApp {
		switch {
		case p.Sub == subFactory:
			return "factory"
		case p.Sub == subTest:
			return "test"
		case p.Sub >= subOTA && p.Sub < subOTA+16:
			n := p.Sub - subOTA
			if n >= 10 {
				return "ota_1" + string('0'+n-10)
			}
			return "ota_" + string('0'+n)
		}
		return "app"
	}
	if p.Type != typeData {
		return ""
	}
	names := map[uint8]string{
		subOTAData: "otadata", subPHY: "phy", subNVS: "nvs", subCoredump: "coredump", subNVSKeys: "nvs_keys", subEFuse: "efuse",
		subFAT: "fat", subSPIFFS: "spiffs", subLittleFS: "littlefs",
	}
	if name := names[p.Sub]; name != "" {
		return name
	}
	return "data"
}

// IsSettings tells that firmware writes to the partition while it runs. Calibration data
// of the radio (phy) belongs to the firmware; partitions of a project's own types are
// taken for settings.
func (p *Partition) IsSettings() bool { return p.Type != typeApp && p.Kind() != "phy" }

// Settings returns the partitions that firmware writes to while it runs: settings, the
// choice of the running slot, file systems, core dumps. An update leaves those alone
// that its data does not cover, or covers with FF only (Blank).
func (i *Info) Settings() []Partition {
	var list []Partition
	for n := range i.Table {
		if i.TableState != WrongTable && i.Table[n].IsSettings() {
			list = append(list, i.Table[n])
		}
	}
	return list
}

// Layout of the choice of the running slot: two rows, each in a sector of its own.
const (
	otaDataSize = 2 * sector
	otaRow      = 32
	otaInvalid  = 3 // states of a slot that the boot loader passes over
	otaAborted  = 4
)

// slotSequence returns the number of a row of the choice; 0: the row is not valid.
func slotSequence(row []byte) uint32 {
	seq := binary.LittleEndian.Uint32(row)
	state, sum := binary.LittleEndian.Uint32(row[24:]), binary.LittleEndian.Uint32(row[28:])
	// The boot loader starts the CRC with all ones before the inversion.
	if seq == 0 || seq == 1<<32-1 || state == otaInvalid || state == otaAborted || crc32.Update(1<<32-1, crc32.IEEETable, row[:4]) != sum {
		return 0
	}
	return seq
}

// OTAData returns the partition that says which slot runs.
func (i *Info) OTAData() (Partition, bool) {
	for n := range i.Table {
		if p := &i.Table[n]; i.TableState != WrongTable && p.Type == typeData && p.Sub == subOTAData {
			return *p, true
		}
	}
	return Partition{}, false
}

// Runs returns the application partition of the table that the boot loader starts,
// given the content of the otadata partition (8 KiB; what is in the chip, or in the
// image). An update that leaves otadata alone runs only if it wrote that partition.
func (i *Info) Runs(otadata []byte) (Partition, bool) {
	var slots []Partition
	var factory *Partition
	for n := range i.Table {
		switch p := &i.Table[n]; {
		case p.Type != typeApp:
		case p.Sub == subFactory && factory == nil:
			factory = p
		case p.Sub >= subOTA && p.Sub < subOTA+16:
			slots = append(slots, *p)
		}
	}
	slices.SortStableFunc(slots, func(a, b Partition) int { return int(a.Sub) - int(b.Sub) })
	var seq uint32
	if len(otadata) >= otaDataSize {
		seq = max(slotSequence(otadata[:otaRow]), slotSequence(otadata[sector:sector+otaRow]))
	}
	switch {
	case seq > 0 && len(slots) > 0:
		return slots[(seq-1)%uint32(len(slots))], true
	case factory != nil:
		return *factory, true
	case len(slots) > 0:
		return slots[0], true
	}
	return Partition{}, false
}
