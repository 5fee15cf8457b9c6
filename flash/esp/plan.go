package esp

import (
	"context"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/flash"
)

// Plan is what Flash would do with an image on the chip that is connected, before the
// chip is asked what it holds already.
type Plan struct {
	Image *firmware.Image
	Info  *espimage.Info // what the image says of itself
	// Warnings are the findings that do not refuse the image.
	Warnings []espimage.Finding
	// Regions are all stretches of flash memory that the image covers, in the order of
	// addresses: whole sectors, which do not overlap.
	Regions []Region
	// Outside are partitions with settings that the image has a table for but does not
	// cover. They stay as they are unless everything is erased.
	Outside []Region
	// Data counts bytes of regions that hold something, Blank those that hold FF only,
	// Kept those that stay as they are.
	Data, Blank, Kept int64
	EraseAll          bool // everything goes first, also what is Kept and Outside
}

// Region is a stretch of flash memory.
type Region struct {
	Addr uint32
	Size int64
	Kind RegionKind
	Name string // of the partition that is kept; hostile text

	data []byte // what is to be there; nil for what is outside of the image
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

// Refusal is the cause of an error of Plan and Flash that comes from the image itself.
type Refusal struct{ Finding espimage.Finding }

// Error implements error, for logs.
func (r *Refusal) Error() string { return "finding " + r.Finding.String() }

// sector is what a NOR flash memory erases at once, in bytes.
const sector = 4096

// Plan works out what Flash would do. Call it after Connect. It returns a *flash.Error
// where Flash would refuse the image.
func (f *Flasher) Plan(image *firmware.Image) (*Plan, error) {
	return f.planFor(context.Background(), image)
}

func (f *Flasher) planFor(ctx context.Context, image *firmware.Image) (*Plan, error) {
	if err := f.secure(image); err != nil {
		return nil, err
	}
	c := f.target()
	if err := sound(image, c.flash); err != nil {
		return nil, err
	}
	info, err := espimage.ParseImage(image, func() { f.breathe(ctx) })
	if err != nil {
		return nil, refused(flash.CodeImage, err)
	}
	p := &Plan{Image: image, Info: info, EraseAll: f.o.How.EraseAll}
	for _, one := range info.Check(c.chip, c.revision, c.flash) {
		if one.Severity == espimage.Refuse {
			return nil, refused(codeOf(one.Code), &Refusal{one})
		}
		p.Warnings = append(p.Warnings, one)
	}
	p.lay(f.o.How)
	if p.Data == 0 {
		return nil, refused(flash.CodeImage, &Refusal{espimage.Finding{Code: espimage.FoundBlank}})
	}
	return p, nil
}

func refused(code flash.Code, err error) error {
	return &flash.Error{Code: code, Op: "check the image", Phase: flash.PhaseCompare, Err: err}
}

// codeOf is the kind of trouble that a finding is.
func codeOf(c espimage.Code) flash.Code {
	switch c {
	case espimage.FoundChip, espimage.FoundLayout, espimage.FoundRevisionLow:
		return flash.CodeChip
	case espimage.FoundTooLarge, espimage.FoundHeaderSize, espimage.FoundTableBeyond:
		return flash.CodeTooLarge
	}
	return flash.CodeImage
}

// sound refuses an Image that breaks the promises of its type, whoever built it, and one
// that does not fit: what follows takes memory by its addresses.
func sound(image *firmware.Image, size int64) error {
	if image == nil || len(image.Segments) == 0 {
		return refused(flash.CodeImage, &Refusal{espimage.Finding{Code: espimage.FoundBlank}})
	}
	end := int64(0)
	for i := range image.Segments {
		s := &image.Segments[i]
		if len(s.Data) == 0 || int64(s.Addr) < end {
			return &flash.Error{Code: flash.CodeImage, Op: "check the image", Phase: flash.PhaseCompare,
				Addr: s.Addr, Detail: "segments overlap, are empty or out of order"}
		}
		end = s.End()
	}
	if size <= 0 || size > maxFlash {
		size = maxFlash
	}
	if end > size {
		return refused(flash.CodeTooLarge, &Refusal{espimage.Finding{Code: espimage.FoundTooLarge, Want: end, Have: size}})
	}
	return nil
}

// maxFlash bounds what is written, in bytes: 64 MiB, above every module.
const maxFlash = 64 << 20

// lay sorts the sectors that the image covers into regions.
func (p *Plan) lay(how How) {
	var stays []espimage.Partition
	if !how.Settings && !how.EraseAll {
		for _, s := range p.Info.Settings() {
			switch {
			case s.Covered == 0:
				p.Outside = append(p.Outside, Region{Addr: s.Addr, Size: s.Size, Kind: RegionKept, Name: s.Name})
			case s.Blank:
				stays = append(stays, s)
			}
		}
	}
	for _, piece := range pieces(p.Image) {
		for at := 0; at < len(piece.data); at += sector {
			one := Region{Addr: piece.addr + uint32(at), Size: sector, data: piece.data[at : at+sector]}
			if isBlank(one.data) {
				one.Kind = RegionBlank
				if s := partitionAt(stays, &one); s != nil {
					one.Kind, one.Name = RegionKept, s.Name
				}
			}
			p.add(one, at == 0)
		}
	}
}

// add appends a sector, to the region before it where they belong together.
func (p *Plan) add(one Region, first bool) {
	switch one.Kind {
	case RegionData:
		p.Data += one.Size
	case RegionBlank:
		p.Blank += one.Size
	case RegionKept:
		p.Kept += one.Size
	}
	if n := len(p.Regions); n > 0 && !first {
		last := &p.Regions[n-1]
		if last.Kind == one.Kind && last.Name == one.Name {
			last.Size += one.Size
			last.data = last.data[:last.Size]
			return
		}
	}
	p.Regions = append(p.Regions, one)
}

// partitionAt returns the partition of which r has a part, or nil.
func partitionAt(of []espimage.Partition, r *Region) *espimage.Partition {
	for i := range of {
		if int64(of[i].Addr) < r.End() && int64(r.Addr) < of[i].End() {
			return &of[i]
		}
	}
	return nil
}

// piece is a stretch of whole sectors without a gap.
type piece struct {
	addr uint32
	data []byte
}

// pieces returns the segments as whole sectors. What a sector has outside of them is FF:
// erasing takes a whole sector. Segments that share a sector, or touch, become one.
func pieces(image *firmware.Image) []piece {
	var all []piece
	for i := 0; i < len(image.Segments); {
		first := &image.Segments[i]
		from, to := down(int64(first.Addr)), up(first.End())
		n := i + 1
		for n < len(image.Segments) && down(int64(image.Segments[n].Addr)) <= to {
			to = up(image.Segments[n].End())
			n++
		}
		data := make([]byte, to-from)
		at := from // everything before it is filled
		for _, s := range image.Segments[i:n] {
			blanken(data[at-from : int64(s.Addr)-from])
			copy(data[int64(s.Addr)-from:], s.Data)
			at = s.End()
		}
		blanken(data[at-from:])
		all = append(all, piece{uint32(from), data})
		i = n
	}
	return all
}

func down(addr int64) int64 { return addr &^ (sector - 1) }
func up(addr int64) int64   { return down(addr + sector - 1) }

func blanken(b []byte) {
	for i := range b {
		b[i] = 0xFF
	}
}

func isBlank(b []byte) bool {
	for _, c := range b {
		if c != 0xFF {
			return false
		}
	}
	return true
}
