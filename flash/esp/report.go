package esp

import (
	"cmp"
	"crypto/md5"
	stdhex "encoding/hex"
	"slices"
	"time"

	"ncpweb/firmware"
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
	// Changed is how many of its bytes were written or erased, and Packed how many bytes
	// were sent for that.
	Changed, Packed int64
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
	ActionOpen    Action = "open"   // the work ended before it came to it
)

// deed is a job that was done, and how many bytes were sent for it.
type deed struct {
	job
	sent int64
}

func sentBytes(j job, packed []byte) int64 {
	if packed == nil {
		return int64(len(j.data))
	}
	return int64(len(packed))
}

// Report tells what the last Flash did, as far as it came.
func (f *Flasher) Report() Report {
	r := f.report
	r.Regions = slices.Clone(r.Regions)
	r.Notes = slices.Clone(r.Notes)
	return r
}

// opening begins the report.
func (f *Flasher) opening(image *firmware.Image) {
	f.report = Report{Started: time.Now(), Stub: f.load.stub, Baud: f.load.baud}
	d := f.details
	f.report.Chip, f.report.Revision, f.report.MAC, f.report.FlashSize = d.Chip, d.Revision, d.MAC, d.Flash
	if image != nil {
		f.report.Image, f.report.Size = image.Name, image.Size()
	}
}

// verified notes that everything is in the chip.
func (f *Flasher) verified() { f.report.Verified = true }

// closing completes the report.
func (f *Flasher) closing(err error) {
	f.report.Stub, f.report.Baud = f.load.stub, f.load.baud // may have changed on the way
	if err != nil {
		f.report.Error = err.Error()
	}
	if f.plan == nil {
		return
	}
	for _, r := range f.plan.Regions {
		f.report.Regions = append(f.report.Regions, f.account(&r))
	}
	for _, r := range f.plan.Outside {
		f.report.Regions = append(f.report.Regions, RegionReport{Addr: r.Addr, Size: r.Size, Action: ActionKept, Name: r.Name})
	}
	slices.SortStableFunc(f.report.Regions, func(a, b RegionReport) int { return cmp.Compare(a.Addr, b.Addr) })
}

// account tells what was done to one region.
func (f *Flasher) account(r *Region) RegionReport {
	a := RegionReport{Addr: r.Addr, Size: r.Size, Name: r.Name}
	for _, d := range f.did {
		n := min(d.end(), r.End()) - max(int64(d.addr), int64(r.Addr))
		if n > 0 {
			a.Changed += n
			a.Packed += d.sent * n / int64(len(d.data))
		}
	}
	a.Changed = min(a.Changed, r.Size)
	switch {
	case r.Kind == RegionKept && f.plan.EraseAll:
		a.Action = ActionErased
	case r.Kind == RegionKept:
		a.Action = ActionKept
	case r.Kind == RegionBlank && a.Changed == 0:
		a.Action = ActionBlank
	case r.Kind == RegionBlank:
		a.Action = ActionErased
	case a.Changed == 0 && !f.report.Verified:
		a.Action = ActionOpen
	case a.Changed == 0:
		a.Action = ActionSame
	default:
		a.Action = ActionWritten
	}
	if f.report.Verified && a.Action != ActionKept && r.data != nil {
		sum := md5.Sum(r.data[:r.Size])
		a.MD5 = stdhex.EncodeToString(sum[:])
	}
	return a
}
