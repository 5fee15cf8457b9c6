package espimage

import (
	"bytes"

	"ncpweb/firmware"
)

// sector is what flash memory erases at once, at the least.
const sector = 4096

var blankSector = bytes.Repeat([]byte{0xFF}, sector)

// content is flash content with gaps.
type content struct{ segments []firmware.Segment }

// run returns data from addr on: at most n bytes, and no more than are there in one
// piece. It shares memory with the content.
func (c content) run(addr int64, n int64) []byte {
	for i := range c.segments {
		s := &c.segments[i]
		if addr >= int64(s.Addr) && addr < s.End() {
			from := addr - int64(s.Addr)
			return s.Data[from:min(from+n, int64(len(s.Data)))]
		}
	}
	return nil
}

// bytes returns n bytes from addr on, or nil if they are not all there. It copies only
// what lies across two segments. n is small.
func (c content) bytes(addr int64, n int) []byte {
	b := c.run(addr, int64(n))
	if len(b) == n || len(b) == 0 {
		return b
	}
	b = bytes.Clone(b)
	for len(b) < n {
		more := c.run(addr+int64(len(b)), int64(n-len(b)))
		if len(more) == 0 {
			return nil
		}
		b = append(b, more...)
	}
	return b
}

// reach returns the address behind the last byte that is there without a gap from addr
// on; addr itself if nothing is.
func (c content) reach(addr int64) int64 {
	for i := range c.segments {
		if s := &c.segments[i]; addr >= int64(s.Addr) && addr < s.End() {
			addr = s.End() // segments are in order: the next one may begin here
		}
	}
	return addr
}

// covers counts the bytes that are there between two addresses, and tells whether they
// are all FF.
func (c content) covers(from, to int64) (n int64, blank bool) {
	blank = true
	for i := range c.segments {
		s := &c.segments[i]
		lo, hi := max(from, int64(s.Addr)), min(to, s.End())
		if lo >= hi {
			continue
		}
		n += hi - lo
		blank = blank && isBlank(s.Data[lo-int64(s.Addr):hi-int64(s.Addr)])
	}
	return n, blank
}

// blank counts the bytes in whole sectors that hold nothing but FF.
func (c content) blank() int64 {
	var n int64
	for i := range c.segments {
		s := &c.segments[i]
		for at := -int64(s.Addr) & (sector - 1); at+sector <= int64(len(s.Data)); at += sector {
			if bytes.Equal(s.Data[at:at+sector], blankSector) {
				n += sector
			}
		}
	}
	return n
}

func isBlank(data []byte) bool {
	for len(data) > 0 {
		n := min(len(data), sector)
		if !bytes.Equal(data[:n], blankSector[:n]) {
			return false
		}
		data = data[n:]
	}
	return true
}
