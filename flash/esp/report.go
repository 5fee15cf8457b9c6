package esp

import (
	"time"

	"ncpweb/flash"
)

// Report is what was done to a chip: for the person's records, and for the log of an
// error. It holds numbers and names only; the name of the image is hostile text.
type Report struct {
	Started time.Time // of the last Flash

	Chip, Revision, MAC string // as flash.Device
	FlashSize           int64  // bytes of flash memory
	Stub                bool   // the stub worked, not the ROM alone
	Baud                int    // of the transfer, bits per second

	Image  string // name
	Size   int64  // bytes of the image, of all segments together
	SHA256 string // hexadecimal, of the segments one after the other
	MD5    string

	// Regions are what the image came to, in the order of addresses. They are whole
	// sectors: what a sector has outside of the image is FF.
	Regions []RegionReport

	Phases  [flash.Phases]time.Duration // how long each took
	Written int64                       // bytes of flash memory that were written, also again
	Packed  int64                       // bytes of their packed form, which was sent
	Retries int                         // how often something was sent again
	Notes   []string                    // short remarks, in English

	Verified bool   // everything that was to be written is in the chip, by digest
	Error    string // why not; empty after success
}

// RegionReport is what was done to one stretch of flash memory.
type RegionReport struct {
	Addr   uint32
	Size   int64
	Action Action
	Name   string // of the partition, for what was kept
	MD5    string // hexadecimal, of what is there now; empty: not known
	Packed int64  // bytes that were sent for it; 0: none
}

// Action is what was done to a stretch of flash memory.
type Action string

// Actions.
const (
	ActionWritten Action = "written"
	ActionSame    Action = "same"   // was there already
	ActionErased  Action = "erased" // is blank in the image and was not in the chip
	ActionBlank   Action = "blank"  // is blank in both
	ActionKept    Action = "kept"   // settings: neither compared nor touched
)

// Report tells what the last Flash did, as far as it came.
func (f *Flasher) Report() Report {
	r := f.report
	r.Regions = append([]RegionReport(nil), r.Regions...)
	r.Notes = append([]string(nil), r.Notes...)
	return r
}
