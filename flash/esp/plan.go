package esp

import (
	"ncpweb/firmware"
	"ncpweb/flash"
)

// Plan is what Flash would do with an image on the chip that is connected, before the
// chip is asked what it holds already.
type Plan struct {
	Image *firmware.Image
	// Regions are all stretches of flash memory that the image covers, in the order of
	// addresses: whole sectors, which do not overlap.
	Regions []Region
	// Outside are partitions with settings that the image has a table for but does not
	// cover. They stay as they are unless everything is erased.
	Outside []Region
	// Data counts bytes of regions that hold something, Blank those that hold FF only,
	// Kept those that stay as they are.
	Data, Blank, Kept int64
	EraseAll          bool // everything goes first, also what is Outside
}

// Region is a stretch of flash memory.
type Region struct {
	Addr uint32
	Size int64
	Kind RegionKind
	Name string // of the partition that is kept; hostile text
}

// End returns the address behind the region.
func (r *Region) End() int64 { return int64(r.Addr) + r.Size }

// RegionKind tells what a Region holds.
type RegionKind uint8

// Kinds of regions.
const (
	RegionData  RegionKind = iota // to be written
	RegionBlank                   // FF: not sent, erased where it is not blank in the chip
	RegionKept                    // settings that the image only fills with FF: not touched
)

// Plan works out what Flash would do. Call it after Connect. It returns a *flash.Error
// where Flash would refuse the image.
func (f *Flasher) Plan(*firmware.Image) (*Plan, error) {
	return nil, &flash.Error{Code: flash.CodeUnsupport, Op: "plan"}
}
