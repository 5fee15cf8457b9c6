package firmware

import (
	"cmp"
	"slices"
)

// Part is one piece of what is to be written.
type Part struct {
	Name string // for people; hostile
	Addr int64  // in the memory of the chip; 0 to 1<<32 − 1
	Data []byte // not empty
}

// Build makes an Image of parts, in any order. It refuses parts that are empty, reach
// beyond 4 GiB, overlap, or are more than MaxSize together. The Image shares memory with
// the parts. The error is an *Error.
func Build(parts []Part) (*Image, error) {
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, func(a, b Part) int { return cmp.Compare(a.Addr, b.Addr) })
	m := &Image{}
	var total int64
	for i, p := range sorted {
		end := p.Addr + int64(len(p.Data))
		switch {
		case len(p.Data) == 0:
			return nil, &Error{Code: ErrEmpty, Name: p.Name, Addr: p.Addr}
		case p.Addr < 0 || p.Addr > 1<<32-1 || end > 1<<32:
			return nil, &Error{Code: ErrAddress, Name: p.Name, Addr: p.Addr}
		case i > 0 && sorted[i-1].Addr+int64(len(sorted[i-1].Data)) > p.Addr:
			return nil, &Error{Code: ErrOverlap, Name: sorted[i-1].Name, Other: p.Name, Addr: p.Addr}
		case i >= MaxSegments:
			return nil, &Error{Code: ErrScattered, Name: p.Name, Addr: p.Addr}
		}
		if total += int64(len(p.Data)); total > MaxSize {
			return nil, &Error{Code: ErrTooLarge, Name: p.Name, Want: MaxSize, Have: total}
		}
		m.Segments = append(m.Segments, Segment{Addr: uint32(p.Addr), Data: p.Data, Name: p.Name})
		if i == 0 {
			m.Name = p.Name
		} else if sorted[i-1].Name != p.Name {
			m.Name += ", " + p.Name
		}
	}
	if len(m.Segments) == 0 {
		return nil, &Error{Code: ErrEmpty}
	}
	return m, nil
}
