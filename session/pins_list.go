package session

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ncpweb/internal/json"
	"ncpweb/session/history"
)

// PinInfo is what a person knows of a pin and a pin list tells.
type PinInfo struct {
	Number   uint16
	Name     string
	Unit     string
	Min, Max float64 // of its usual values; equal: not known
	Color    string  // "#rrggbb" or empty
}

// Bounds of a pin list.
const (
	MaxPinList = 1 << 20 // bytes of a file
	maxUnit    = 16      // bytes
)

// History returns the values that were seen, in both directions. Another device empties
// it, as does its Clear.
func (s *Session) History() *history.History { return &s.history }

// pinValue notes a value. It is called with the lock held.
func (s *Session) pinValue(pin uint16, value []byte, dir Direction) {
	now := time.Now()
	if s.pins.set(pin, value, dir, now) {
		s.history.Add(pin, history.Direction(dir), now, value)
	}
}

// SetPinInfo sets name, unit, range and colour of pins and adds those that are not
// there. If one of them is wrong it sets none.
func (s *Session) SetPinInfo(list ...PinInfo) error {
	const op = "pin"
	for _, p := range list {
		if field, detail := p.wrong(); field != "" {
			return badInput(op, field, detail)
		}
	}
	ok := true
	s.update(func() {
		for _, p := range list {
			ok = s.pins.describe(p) && ok
		}
	})
	return pinsFull(op, ok)
}

// wrong tells which field cannot be, and why; empty if all can.
func (p PinInfo) wrong() (field, detail string) {
	switch {
	case !isText(p.Name, maxName):
		return "name", "longer than " + strconv.Itoa(maxName) + " bytes, or no text"
	case !isText(p.Unit, maxUnit):
		return "unit", "longer than " + strconv.Itoa(maxUnit) + " bytes, or no text"
	case !(p.Max-p.Min >= 0 && p.Max-p.Min <= 1e300):
		return "range", "the lowest value is above the highest"
	case p.Color != "" && !isColor(p.Color):
		return "color", "not of the form #rrggbb"
	}
	return "", ""
}

// isText tells whether s is text of one line.
func isText(s string, most int) bool {
	for _, c := range s {
		if c < ' ' || c == utf8.RuneError || c == 0x7F {
			return false
		}
	}
	return len(s) <= most
}

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

// ParsePinList reads a pin list, a file of at most MaxPinList bytes with at most MaxPins
// pins, in one of two forms:
//
//   - CSV with a header: the columns "pin" (or "number"), "name" (or "label"), "unit",
//     "min", "max" and "color", in any order and between commas, semicolons or tabs;
//     only pin must be there and columns of other names are ignored. A pin is a number,
//     with or without a V before it.
//   - JSON: an array of objects with members of the same names, or an object with such
//     an array as "pins". Other members are ignored.
//
// The error is a *FileError.
func ParsePinList(data []byte) ([]PinInfo, error) {
	if len(data) > MaxPinList {
		return nil, &FileError{0, "the file is larger than 1 MiB"}
	}
	list := pinList{seen: make(map[uint16]bool)}
	data = bytes.TrimPrefix(data, bom)
	var err error
	if text := bytes.TrimSpace(data); len(text) > 0 && (text[0] == '[' || text[0] == '{') {
		err = list.readJSON(data)
		if e, ok := err.(*json.Error); ok {
			err = &FileError{e.Line, e.Text}
		}
	} else {
		err = list.readCSV(data)
	}
	if err != nil {
		return nil, err
	}
	return list.pins, nil
}

// FileError tells what is wrong with a file.
type FileError struct {
	Line int // from 1; 0: the file as a whole
	Text string
}

// Error tells line and reason.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return "line " + strconv.Itoa(e.Line) + ": " + e.Text
}

type pinList struct {
	pins []PinInfo
	seen map[uint16]bool
}

// add adds a pin and returns why it cannot; empty if it can. pin is how the list writes
// its number, the range may be NaN where none is given.
func (l *pinList) add(pin string, p PinInfo) string {
	n, err := strconv.ParseUint(strings.TrimLeft(pin, "Vv"), 10, 16)
	if err != nil || len(pin) > 8 {
		return "a pin has a number from 0 to 65535"
	}
	p.Number = uint16(n)
	if field, detail := p.wrong(); field != "" {
		return field + ": " + detail
	}
	switch {
	case l.seen[p.Number]:
		return "pin " + strconv.Itoa(int(n)) + " is there twice"
	case len(l.pins) == MaxPins:
		return "more than " + strconv.Itoa(MaxPins) + " pins"
	}
	l.seen[p.Number] = true
	l.pins = append(l.pins, p)
	return ""
}

// pinColumn returns the name of a column or member as PinInfo knows it.
func pinColumn(name string) string {
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "number", "vpin", "virtual pin":
		return "pin"
	case "label":
		return "name"
	case "units":
		return "unit"
	case "minimum":
		return "min"
	case "maximum":
		return "max"
	case "colour":
		return "color"
	}
	return name
}

// set sets a field from text; it is false where that is no number but should be.
func (p *PinInfo) set(column, text string) bool {
	ok := true
	switch column {
	case "name":
		p.Name = text
	case "unit":
		p.Unit = text
	case "color":
		p.Color = text
	case "min", "max":
		if text == "" {
			return true
		}
		var f float64
		f, ok = history.Number([]byte(strings.Replace(text, ",", ".", 1))) // spreadsheets write 0,5 in some countries
		if column == "min" {
			p.Min = f
		} else {
			p.Max = f
		}
	}
	return ok
}

func (l *pinList) readCSV(data []byte) error {
	t := newTable(data)
	row, err := t.next()
	if err != nil {
		return err
	}
	columns := make([]string, len(row))
	pinAt := -1
	for i, name := range row {
		columns[i] = pinColumn(name)
		if columns[i] == "pin" && pinAt < 0 {
			pinAt = i
		}
	}
	if pinAt < 0 {
		return t.fail("the first line must name the columns, one of them pin")
	}
	for {
		row, err := t.next()
		if err != nil || row == nil {
			return err
		}
		if pinAt >= len(row) {
			return t.fail("a line without a pin")
		}
		var p PinInfo
		for i, text := range row[:min(len(row), len(columns))] {
			if !p.set(columns[i], strings.TrimSpace(text)) {
				return t.fail(columns[i] + ": not a number")
			}
		}
		if why := l.add(strings.TrimSpace(row[pinAt]), p); why != "" {
			return t.fail(why)
		}
	}
}

func (l *pinList) readJSON(data []byte) error {
	r := json.NewReader(data)
	var err error
	if r.Kind() == json.Array {
		err = r.Array(func(int) error { return l.readPin(r) })
	} else {
		there := false
		err = r.Object(func(name []byte) error {
			if string(name) != "pins" {
				return r.Skip()
			}
			there = true
			return r.Array(func(int) error { return l.readPin(r) })
		})
		if err == nil && !there {
			err = r.Fail(`there is no member "pins"`)
		}
	}
	if err != nil {
		return err
	}
	return r.End()
}

func (l *pinList) readPin(r *json.Reader) error {
	var p PinInfo
	pin := ""
	err := r.Object(func(name []byte) error {
		column := pinColumn(string(name))
		switch column {
		case "pin", "name", "unit", "min", "max", "color":
		default:
			return r.Skip()
		}
		var text string
		switch r.Kind() {
		case json.Null:
			r.Null()
			return nil
		case json.Number:
			f, err := r.Float()
			if err != nil {
				return err
			}
			text = strconv.FormatFloat(f, 'g', -1, 64)
		default:
			var err error
			if text, err = r.String(); err != nil {
				return err
			}
		}
		if column == "pin" {
			pin = text
		} else if !p.set(column, text) {
			return r.Fail(column + ": not a number")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if why := l.add(pin, p); why != "" {
		return r.Fail(why)
	}
	return nil
}

// AppendPinList appends a pin list as CSV, which ParsePinList reads.
func AppendPinList(dst []byte, list []PinInfo) []byte {
	dst = append(dst, bom...)
	dst = append(dst, "pin,name,unit,min,max,color\r\n"...)
	for _, p := range list {
		low, high := strconv.FormatFloat(p.Min, 'f', -1, 64), strconv.FormatFloat(p.Max, 'f', -1, 64)
		if p.Min == p.Max {
			low, high = "", ""
		}
		for i, text := range [...]string{strconv.Itoa(int(p.Number)), p.Name, p.Unit, low, high, p.Color} {
			if i > 0 {
				dst = append(dst, ',')
			}
			if i < 3 {
				dst = history.AppendCell(dst, []byte(text))
			} else {
				dst = append(dst, text...)
			}
		}
		dst = append(dst, "\r\n"...)
	}
	return dst
}
