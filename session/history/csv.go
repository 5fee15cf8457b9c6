package history

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxItems bounds the columns for the items of a value. What a value has beyond them
// is in the last column, with "; " between two items.
const maxItems = 32

// Names tells the name and the unit of a pin; both may be empty.
type Names func(pin uint16) (name, unit string)

// Export writes the values that were kept when it began as CSV (RFC 4180, UTF-8 with a
// byte order mark, which spreadsheets need), the oldest first, in slices. Its columns:
// time (ISO 8601 with µs, UTC), unix (the same in seconds), pin, name, unit, direction
// ("in" from the cloud, "out" to it), "item 1" and so on.
//
// Cells that a spreadsheet would take for a formula, because they begin with = + - or @
// and are no number, get an apostrophe before them.
type Export struct {
	h        *History
	pins     map[uint16]string // name and unit of each, as cells
	from, to int64
	pos, end uint64 // of the values to look at
	columns  int    // for items
	counting bool   // the values are looked at for the first time, to count the columns
	done     int    // values looked at
	all      int    // values to look at
}

// Export begins a table of the values of these pins, nil for all, in a time, both ends
// included; a zero time is an open end.
func (h *History) Export(pins []uint16, from, to time.Time, names Names) *Export {
	h.mu.Lock()
	e := &Export{
		h: h, pins: make(map[uint16]string), from: -1 << 63, to: 1<<63 - 1,
		counting: true, columns: 1, all: 2 * h.values,
	}
	e.rewind()
	if h.blocks != nil {
		e.end = h.last*blockSize + uint64(len(h.blocks[h.slot(h.last)]))
	}
	if pins == nil {
		for pin := range h.newest {
			pins = append(pins, pin)
		}
	}
	h.mu.Unlock()
	if !from.IsZero() {
		e.from = from.UnixMicro()
	}
	if !to.IsZero() {
		e.to = to.UnixMicro()
	}
	for _, pin := range pins {
		name, unit := names(pin)
		b := AppendCell(nil, []byte(name))
		b = append(b, ',')
		e.pins[pin] = string(AppendCell(b, []byte(unit)))
	}
	return e
}

func (e *Export) rewind() { e.pos = e.h.first * blockSize }

// Progress returns how much of the work is done, from 0 to 1.
func (e *Export) Progress() float64 {
	return min(1, float64(e.done)/float64(max(1, e.all)))
}

// Step looks at up to most values, appends their lines to dst and tells whether the
// table is complete. Each value is looked at twice. A step of 2000 values takes a few
// milliseconds.
func (e *Export) Step(dst []byte, most int) (out []byte, done bool) {
	h := e.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for ; most > 0; most-- {
		r, ok := e.next()
		if !ok && !e.counting {
			return dst, true
		}
		if !ok {
			e.counting = false
			e.rewind()
			dst = e.head(dst)
			continue
		}
		e.done++
		cells, wanted := e.pins[r.pin]
		switch {
		case !wanted || r.us < e.from || r.us > e.to:
		case e.counting:
			e.columns = max(e.columns, min(maxItems, 1+bytes.Count(r.value, []byte{0})))
		default:
			dst = e.row(dst, r, cells)
		}
	}
	return dst, false
}

// next returns the next value.
func (e *Export) next() (record, bool) {
	h := e.h
	if e.pos < h.first*blockSize { // what was there is gone meanwhile
		e.rewind()
	}
	if h.blocks != nil && e.pos/blockSize < h.last && int(e.pos%blockSize) == len(h.blocks[h.slot(e.pos/blockSize)]) {
		e.pos = (e.pos/blockSize + 1) * blockSize
	}
	if e.pos >= e.end {
		return record{}, false
	}
	r := h.at(e.pos)
	e.pos += uint64(headSize + len(r.value))
	return r, true
}

func (e *Export) head(dst []byte) []byte {
	dst = append(dst, "\ufefftime,unix,pin,name,unit,direction"...)
	for i := range e.columns {
		dst = append(dst, ",item "...)
		dst = strconv.AppendInt(dst, int64(i+1), 10)
	}
	return append(dst, "\r\n"...)
}

func (e *Export) row(dst []byte, r record, cells string) []byte {
	dst = time.UnixMicro(r.us).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z,")
	dst = strconv.AppendFloat(dst, float64(r.us)/1e6, 'f', 6, 64)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, uint64(r.pin), 10)
	dst = append(dst, ',')
	dst = append(dst, cells...)
	if r.dir == ToCloud {
		dst = append(dst, ",out"...)
	} else {
		dst = append(dst, ",in"...)
	}
	value := r.value
	for i := range e.columns {
		item, rest, _ := bytes.Cut(value, []byte{0})
		if i == maxItems-1 && len(rest) > 0 {
			item = joined(value)
		}
		value = rest
		dst = append(dst, ',')
		dst = AppendCell(dst, item)
	}
	return append(dst, "\r\n"...)
}

// joined is a value with its items in one text.
func joined(value []byte) (text []byte) {
	for _, c := range value {
		if c == 0 {
			text = append(text, "; "...)
		} else {
			text = append(text, c)
		}
	}
	return text
}

// AppendCell appends text as one cell of a CSV table: quoted where needed, harmless for
// spreadsheets, valid UTF-8, and without control characters other than line breaks and
// tabs.
func AppendCell(dst, text []byte) []byte {
	if plain(text) {
		return append(dst, text...)
	}
	formula := false
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r':
		_, number := Number(text)
		formula = !number
	}
	dst = append(dst, '"')
	if formula {
		dst = append(dst, '\'')
	}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '"':
			dst = append(dst, `""`...)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
		text = text[n:]
	}
	return append(dst, '"')
}

// plain tells whether text can stand in a cell as it is.
func plain(text []byte) bool {
	for _, c := range text {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == ' ' || c == '_' || c == ':' || c == '/' || c == '%' || c == '-') {
			return false
		}
	}
	if len(text) > 0 && text[0] == '-' {
		_, number := Number(text)
		return number
	}
	return true
}
