package firmware

import (
	"bytes"
	"cmp"
	"slices"
)

// sector is what flash memory erases at once, at the least.
const sector = 4096

// content collects the data of records that come in any order.
type content struct {
	name   string
	pieces []piece
	total  int64
}

// piece is a run of records each of which followed the one before.
type piece struct {
	addr   int64
	data   []byte
	line   int // of the first record, for the error about an overlap
	offset int64
}

func (p *piece) end() int64 { return p.addr + int64(len(p.data)) }

// maxPieces bounds records that do not follow each other: those of a file whose records
// are shuffled, in pieces of 16 bytes as linkers write them, would make 1 MiB.
const maxPieces = 1 << 16

// add takes the data of one record, which it copies.
func (c *content) add(addr int64, data []byte, line int, offset int64) error {
	fail := func(code Code, want, have int64) error {
		return &Error{Code: code, Name: c.name, Line: line, Offset: offset, Addr: addr, Want: want, Have: have}
	}
	if len(data) == 0 {
		return nil
	}
	if addr+int64(len(data)) > 1<<32 {
		return fail(ErrAddress, 0, 0)
	}
	if c.total += int64(len(data)); c.total > MaxSize {
		return fail(ErrTooLarge, MaxSize, c.total)
	}
	if n := len(c.pieces); n > 0 && c.pieces[n-1].end() == addr {
		c.pieces[n-1].data = append(c.pieces[n-1].data, data...)
		return nil
	}
	if len(c.pieces) == maxPieces {
		return fail(ErrScattered, maxPieces, 0)
	}
	c.pieces = append(c.pieces, piece{addr, bytes.Clone(data), line, offset})
	return nil
}

// segments returns what was collected, in the order of addresses, with the gaps inside
// a sector filled.
func (c *content) segments() ([]Segment, error) {
	slices.SortStableFunc(c.pieces, func(a, b piece) int { return cmp.Compare(a.addr, b.addr) })
	var list []Segment
	for i := range c.pieces {
		p := &c.pieces[i]
		if len(list) == 0 {
			list = append(list, Segment{Addr: uint32(p.addr), Data: p.data, Name: c.name})
			continue
		}
		last := &list[len(list)-1]
		switch gap := p.addr - last.End(); {
		case gap < 0:
			return nil, &Error{Code: ErrOverlap, Name: c.name, Other: c.name, Line: p.line, Offset: p.offset, Addr: p.addr}
		case gap == 0, p.addr/sector == (last.End()-1)/sector:
			last.Data = append(last.Data, bytes.Repeat([]byte{0xFF}, int(gap))...)
			last.Data = append(last.Data, p.data...)
		case len(list) == MaxSegments:
			return nil, &Error{Code: ErrScattered, Name: c.name, Addr: p.addr, Want: MaxSegments}
		default:
			list = append(list, Segment{Addr: uint32(p.addr), Data: p.data, Name: c.name})
		}
	}
	if len(list) == 0 {
		return nil, &Error{Code: ErrEmpty, Name: c.name}
	}
	for i := range list {
		if !blank(list[i].Data) {
			return list, nil
		}
	}
	return nil, &Error{Code: ErrBlank, Name: c.name}
}
