package espsim

// memory is what was loaded into RAM.
type memory struct {
	c     *chip
	parts []span
	entry uint32

	open  bool
	cur   span
	left  uint32 // bytes that may still come
	block uint32
}

// maxParts bounds how many stretches are remembered.
const maxParts = 64

// begin is MEM_BEGIN. It returns a code of the ROM.
func (m *memory) begin(q *request) byte {
	if len(q.data) != 16 {
		return romParameter
	}
	size, at := q.word(0), q.word(3)
	m.open = false
	if q.word(2) > romRAMBlock {
		return romRAMSize
	}
	if !m.fits(at, size) {
		return romRAMAddress
	}
	m.open, m.cur, m.left, m.block = true, span{at, at + size}, size, q.word(2)
	return 0
}

func (m *memory) fits(at, size uint32) bool {
	for _, s := range m.c.ram {
		if at >= s.from && uint64(at)+uint64(size) <= uint64(s.to) {
			return true
		}
	}
	return false
}

// data is MEM_DATA. As far as is known nobody looks at the sequence number: what comes
// is put behind what came.
func (m *memory) data(q *request) byte {
	b := q.block()
	switch {
	case b == nil, len(b) > int(m.block):
		return romParameter
	case !m.open, uint32(len(b)) > m.left:
		return romRAMSize
	case !q.sumOK(b):
		return romChecksum
	}
	if m.left -= uint32(len(b)); m.left == 0 && len(m.parts) < maxParts {
		m.parts = append(m.parts, m.cur)
	}
	return 0
}

// runs tells whether there is something whole to run at entry.
func (m *memory) runs(entry uint32) bool {
	for _, p := range m.parts {
		if p.holds(entry) && m.c.code.holds(entry) && (!m.open || m.left == 0) {
			return true
		}
	}
	return false
}
