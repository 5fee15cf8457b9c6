// Package firmware reads files that hold firmware: raw binaries, Intel HEX, UF2, ZIP
// archives. Nothing in them is trusted: sizes are bounded before memory is taken, and
// what makes no sense is refused with the reason.
package firmware

// Image is what is to be written into the memory of a chip.
type Image struct {
	Name     string    // of the file or files, for people; hostile: show as text only
	Segments []Segment // in the order of their addresses; they do not overlap
}

// Segment is a stretch of an Image.
type Segment struct {
	Addr uint32 // first byte, in the memory of the chip
	Data []byte // not empty; Addr + len(Data) is at most 1 << 32
	Name string // of the file it came from; may be empty
}

// End returns the address behind the segment, at most 1 << 32.
func (s *Segment) End() int64 { return int64(s.Addr) + int64(len(s.Data)) }

// Size returns how many bytes all segments hold together.
func (m *Image) Size() int64 {
	var n int64
	for i := range m.Segments {
		n += int64(len(m.Segments[i].Data))
	}
	return n
}
