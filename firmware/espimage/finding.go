package espimage

import (
	"ncpweb/firmware"
	"strconv"
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
	FoundSegments                     // refuse: segments that cannot be: Have is the number of the first
	FoundChecksum                     // refuse: the checksum is wrong: Want, Have
	FoundDigest                       // refuse: the appended SHA-256 is wrong
	FoundChip                         // refuse: Name is the chip that it is for, Other the one that is there
	FoundLayout                       // refuse: laid out for the chips Name, not for Other: the boot loader is not where Other looks for it
	FoundUnknownChip                  // warn: the header names chip id Have, which is not known here
	FoundRevisionLow                  // refuse: needs revision Want or newer, the chip is Have (times 100)
	FoundRevisionNew                  // warn: made for revisions up to Want, the chip is Have (times 100)
	FoundTooLarge                     // refuse: reaches to Want bytes, the flash memory has Have
	FoundHeaderSize                   // refuse: made for a flash memory of Want bytes, there are Have
	FoundBareApp                      // refuse: an application where the boot loader belongs (Addr); it usually goes to Want
	FoundNoBoot                       // warn: it begins at Addr with no boot loader in it: the one in the chip must fit
	FoundTable                        // refuse: the partition table at Addr is broken
	FoundTableBeyond                  // refuse: the partition Name reaches to Want bytes, the flash memory has Have
	FoundTableOverlap                 // refuse: the partitions Name and Other overlap
	FoundAppTooLarge                  // refuse: the application has Want bytes, its partition Name Have
	FoundNoApp                        // warn: there is a table, but no application in any of its partitions
	FoundSlots                        // warn: the partition Name, which says what runs, stays as it is, and there is more than one slot
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
	return strconv.Itoa(int(f.Code)) + " " + f.Name + " " + f.Other + " " + strconv.FormatInt(f.Want, 10) + " " + strconv.FormatInt(f.Have, 10) + " @" + strconv.FormatUint(uint64(f.Addr), 16)
}

type content struct{ m *firmware.Image }
