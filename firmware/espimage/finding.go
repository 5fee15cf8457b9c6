package espimage

import (
	"slices"
	"strconv"
	"strings"
)

// Severity is how much a Finding matters.
type Severity uint8

// Severities.
const (
	Refuse Severity = iota // it would not start, or harm
	Warn                   // a person should know
)

// Code is what a Finding is about.
type Code uint8

// Codes. The fields of Finding that matter are named with each; Addr is where it is.
const (
	FoundBlank        Code = iota + 1 // refuse: nothing but FF
	FoundNothing                      // warn: no header and no table: nothing tells what this is
	FoundTruncated                    // refuse: the image ends early: Want bytes, Have
	FoundSegments                     // refuse: segment Have (from 0) of the image cannot be
	FoundChecksum                     // refuse: the checksum is wrong: Want, Have
	FoundDigest                       // refuse: the appended SHA-256 is wrong
	FoundChip                         // refuse: Name is the chip that it is for, Other the one that is there
	FoundMixed                        // refuse: some of it is for the chip Name, some for Other
	FoundLayout                       // refuse: a boot loader of the chip Other at Addr, where only the chips Name (with commas) look; it belongs at Want
	FoundUnknownChip                  // warn: the header names chip id Have, which is not known here
	FoundRevisionLow                  // refuse: needs revision Want or newer, the chip is Have (times 100)
	FoundRevisionNew                  // warn: made for revisions up to Want, the chip is Have (times 100)
	FoundTooLarge                     // refuse: reaches to Want bytes, the flash memory has Have
	FoundHeaderSize                   // refuse: made for a flash memory of Want bytes, there are Have
	FoundBareApp                      // refuse: an application at Addr, where a boot loader belongs; it usually goes to Want
	FoundNoBoot                       // warn: an application without a boot loader: the one in the chip must fit
	FoundTable                        // refuse: the partition table at Addr is broken
	FoundTableBeyond                  // refuse: the partition Name reaches to Want bytes, the flash memory has Have
	FoundTableOverlap                 // refuse: the partitions Name and Other overlap
	FoundAppTooLarge                  // refuse: the image has Want bytes, its partition Name (empty: the room in front of the partition table) Have
	FoundNoApp                        // warn: there is a boot loader and a table, but no application
	FoundNoImage                      // warn: what is in the application partition Name is no application
	FoundSlots                        // warn: the partition Name, which stays as it is, makes the partition Other run, which is not written (CheckSlots)
)

// Finding is one thing to say about an image. It has no words: the page has them.
type Finding struct {
	Severity    Severity
	Code        Code
	Addr        uint32
	Want, Have  int64
	Name, Other string // of partitions: hostile; of chips: ids
}

// String is for logs and tests.
func (f Finding) String() string {
	s := []string{"warn", strconv.Itoa(int(f.Code))}
	if f.Severity == Refuse {
		s[0] = "refuse"
	}
	s = append(s, f.Name, f.Other, "want "+strconv.FormatInt(f.Want, 10), "have "+strconv.FormatInt(f.Have, 10), "at 0x"+strconv.FormatUint(uint64(f.Addr), 16))
	return strings.Join(s, " ")
}

// Check judges whether the content can be written to a chip: its id ("esp32c3"; empty: not
// known), its revision times 100 (−1: not known) and the size of its flash memory in
// bytes (0: not known). The findings that refuse come first.
func (i *Info) Check(chip string, revision int, flash int64) []Finding {
	list := slices.Clone(i.faults)
	add := func(s Severity, f Finding) {
		f.Severity = s
		list = append(list, f)
	}
	if flash > 0 && i.End > flash {
		add(Refuse, Finding{Code: FoundTooLarge, Want: i.End, Have: flash})
	}
	for _, h := range i.headers() {
		h.check(chip, revision, add)
	}
	if len(i.Chips) > 1 && i.known() {
		add(Refuse, Finding{Code: FoundMixed, Name: i.Chips[0], Other: i.Chips[1]})
	}
	i.checkBoot(flash, add)
	i.checkTable(flash, add)
	switch _, blank := i.content.covers(0, 1<<32); {
	case blank:
		add(Refuse, Finding{Code: FoundBlank, Addr: i.Base})
	case i.Boot == nil && len(i.Apps) == 0 && i.TableState == NoTable:
		add(Warn, Finding{Code: FoundNothing, Addr: i.Base})
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return int(a.Severity) - int(b.Severity) })
	return list
}

// known tells that the chips come from headers, not from the layout.
func (i *Info) known() bool {
	for _, h := range i.headers() {
		if h.Chip != "" {
			return true
		}
	}
	return false
}

// check judges one image by itself.
func (h *Header) check(chip string, revision int, add func(Severity, Finding)) {
	f := Finding{Addr: h.Addr, Name: h.Partition}
	switch {
	case h.wrong:
		f.Code, f.Have = FoundSegments, int64(len(h.Segments))
		add(Refuse, f)
	case h.Truncated:
		f.Code, f.Want, f.Have = FoundTruncated, h.Size, h.have
		add(Refuse, f)
	case h.Room > 0 && h.Size > h.Room:
		f.Code, f.Want, f.Have = FoundAppTooLarge, h.Size, h.Room
		add(Refuse, f)
	case !h.Checksum:
		f.Code, f.Want, f.Have = FoundChecksum, int64(h.xor), int64(h.found)
		add(Refuse, f)
	case h.Digest == Bad:
		f.Code = FoundDigest
		add(Refuse, f)
	}
	switch {
	case h.Chip == "":
		add(Warn, Finding{Code: FoundUnknownChip, Addr: h.Addr, Have: int64(h.ChipID)})
	case chip != "" && h.Chip != chip:
		add(Refuse, Finding{Code: FoundChip, Addr: h.Addr, Name: h.Chip, Other: chip})
		return // its revisions are another chip's
	}
	if revision >= 0 && h.MinRev > revision {
		add(Refuse, Finding{Code: FoundRevisionLow, Addr: h.Addr, Want: int64(h.MinRev), Have: int64(revision)})
	}
	if revision >= 0 && h.MaxRev > 0 && h.MaxRev < revision {
		add(Warn, Finding{Code: FoundRevisionNew, Addr: h.Addr, Want: int64(h.MaxRev), Have: int64(revision)})
	}
}

// checkBoot judges what lies where boot loaders belong.
func (i *Info) checkBoot(flash int64, add func(Severity, Finding)) {
	h := i.Boot
	switch {
	case h == nil:
		if len(i.Apps) > 0 {
			add(Warn, Finding{Code: FoundNoBoot, Addr: i.Base})
		}
		return
	case h.isApp():
		add(Refuse, Finding{Code: FoundBareApp, Addr: h.Addr, Want: usualApp})
		return
	}
	if at, ok := BootAddr(h.Chip); ok && at != h.Addr {
		add(Refuse, Finding{Code: FoundLayout, Addr: h.Addr, Name: strings.Join(chipsBootingAt(int64(h.Addr)), ","), Other: h.Chip, Want: int64(at)})
	}
	if flash > 0 && h.FlashSize > flash {
		add(Refuse, Finding{Code: FoundHeaderSize, Addr: h.Addr, Want: h.FlashSize, Have: flash})
	}
}

// CheckSlots judges an update that leaves the partition alone which says what runs,
// given what is in it: the 8 KiB at the address that OTAData returns. After an update over
// the air that is often another slot than the one that an image fills: the old firmware
// would run on.
func (i *Info) CheckSlots(otadata []byte) []Finding {
	data, ok := i.OTAData()
	if !ok || data.Covered > 0 && !data.Blank {
		return nil // the image brings its own choice
	}
	runs, ok := i.Runs(otadata)
	if !ok || runs.Covered > 0 && !runs.Blank {
		return nil
	}
	return []Finding{{Severity: Warn, Code: FoundSlots, Addr: data.Addr, Name: data.Name, Other: runs.Name}}
}

// checkTable judges the partitions.
func (i *Info) checkTable(flash int64, add func(Severity, Finding)) {
	if i.TableState != Verified && i.TableState != Unsigned {
		return
	}
	for n := range i.Table {
		if p := &i.Table[n]; flash > 0 && p.End() > flash {
			add(Refuse, Finding{Code: FoundTableBeyond, Addr: p.Addr, Name: p.Name, Want: p.End(), Have: flash})
		}
	}
	if i.Boot != nil && len(i.Apps) == 0 {
		add(Warn, Finding{Code: FoundNoApp, Addr: i.TableAddr})
	}
}
