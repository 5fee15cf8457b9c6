package firmware

import "bytes"

// Record types of Intel HEX.
const (
	hexData        = 0
	hexEnd         = 1
	hexSegment     = 2 // base = data16 << 4; addresses wrap inside 64 KiB
	hexStartSeg    = 3 // CS:IP, of no use here
	hexLinear      = 4 // base = data16 << 16; a record may run into the next 64 KiB
	hexStartLinear = 5
)

// hexReader reads the records of one file.
type hexReader struct {
	name    string
	line    int
	base    int64
	wraps   bool // the base came from a segment record
	ended   bool
	content content
}

// readHex reads Intel HEX: records in any order, gaps, lines ending in LF or CRLF.
func readHex(name string, data []byte) ([]Segment, error) {
	r := &hexReader{name: name, content: content{name: name}}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		r.line++
		line = bytes.Trim(line, " \t\r")
		if len(line) == 0 {
			continue
		}
		if err := r.record(line); err != nil {
			return nil, err
		}
	}
	if !r.ended {
		return nil, r.refuse(ErrHexEnd, 0, 0)
	}
	return r.content.segments()
}

func (r *hexReader) refuse(code Code, want, have int64) error {
	return &Error{Code: code, Name: r.name, Kind: Hex, Line: r.line, Want: want, Have: have}
}

// record reads one line: length, address, type, data, checksum.
func (r *hexReader) record(line []byte) error {
	if r.ended {
		return r.refuse(ErrHexTail, 0, 0)
	}
	if line[0] != ':' || len(line)%2 == 0 || len(line) < 11 {
		return r.refuse(ErrHexDigit, 0, 0)
	}
	var buf [5 + 255]byte
	n := (len(line) - 1) / 2
	if n > len(buf) {
		return r.refuse(ErrHexLength, int64(len(buf)), int64(n))
	}
	var sum byte
	for i := range n {
		hi, lo := hexDigit(line[1+2*i]), hexDigit(line[2+2*i])
		if hi < 0 || lo < 0 {
			return r.refuse(ErrHexDigit, 0, 0)
		}
		buf[i] = byte(hi<<4 | lo)
		sum += buf[i]
	}
	if n != int(buf[0])+5 {
		return r.refuse(ErrHexLength, int64(buf[0])+5, int64(n))
	}
	if sum != 0 {
		return r.refuse(ErrHexSum, int64(buf[n-1]-sum), int64(buf[n-1]))
	}
	return r.take(buf[3], int64(buf[1])<<8|int64(buf[2]), buf[4:n-1])
}

// take does what a record of a kind says.
func (r *hexReader) take(kind byte, addr int64, data []byte) error {
	if want := hexSize(kind); want < 0 {
		return r.refuse(ErrHexType, 0, int64(kind))
	} else if kind != hexData && len(data) != want {
		return r.refuse(ErrHexLength, int64(want), int64(len(data)))
	}
	switch kind {
	case hexData:
		return r.data(addr, data)
	case hexEnd:
		r.ended = true
	case hexSegment:
		r.base, r.wraps = (int64(data[0])<<8|int64(data[1]))<<4, true
	case hexLinear:
		r.base, r.wraps = (int64(data[0])<<8|int64(data[1]))<<16, false
	}
	return nil
}

// hexSize returns how much data a record of a kind has, of those with a fixed size; −1:
// there is no such kind.
func hexSize(kind byte) int {
	switch kind {
	case hexData, hexEnd:
		return 0
	case hexSegment, hexLinear:
		return 2
	case hexStartSeg, hexStartLinear:
		return 4
	}
	return -1
}

// data takes data at an address relative to the base.
func (r *hexReader) data(addr int64, data []byte) error {
	if room := 0x10000 - addr; r.wraps && int64(len(data)) > room {
		if err := r.content.add(r.base+addr, data[:room], r.line, 0); err != nil {
			return err
		}
		addr, data = 0, data[room:]
	}
	return r.content.add(r.base+addr, data, r.line, 0)
}
