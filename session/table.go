package session

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// bom is the mark with which some programs begin text files.
var bom = []byte("\ufeff")

// maxColumns bounds the cells of a line of a table.
const maxColumns = 64

// table reads CSV: cells between commas, semicolons or tabs, whichever the first line
// has most of; quoted where need be (RFC 4180). Lines with nothing in them are skipped.
type table struct {
	rest      []byte
	separator byte
	line      int // where the row before began, from 1
	lines     int // read
	cells     []string
}

func newTable(data []byte) *table {
	data = bytes.TrimPrefix(data, bom)
	first, _, _ := bytes.Cut(data, []byte{'\n'})
	t := &table{rest: data, separator: ',', lines: 1}
	most := bytes.Count(first, []byte{','})
	for _, c := range []byte{';', '\t'} {
		if n := bytes.Count(first, []byte{c}); n > most {
			t.separator, most = c, n
		}
	}
	return t
}

func (t *table) fail(text string) error { return &FileError{t.line, text} }

// next returns the cells of the next row, nil behind the last one. They are valid until
// the next call.
func (t *table) next() ([]string, error) {
	for len(t.rest) > 0 {
		t.line = t.lines
		t.cells = t.cells[:0]
		for more := true; more; {
			if len(t.cells) == maxColumns {
				return nil, t.fail("too many columns")
			}
			text, m, err := t.cell()
			if err != nil {
				return nil, err
			}
			t.cells = append(t.cells, text)
			more = m
		}
		if len(t.cells) > 1 || strings.TrimSpace(t.cells[0]) != "" {
			return t.cells, nil
		}
	}
	return nil, nil
}

// cell reads a cell and what ends it, and tells whether another one follows in the row.
func (t *table) cell() (text string, more bool, err error) {
	quoted := len(t.rest) > 0 && t.rest[0] == '"'
	if quoted {
		if text, err = t.quoted(); err != nil {
			return "", false, err
		}
	} else {
		n := 0
		for n < len(t.rest) && t.rest[n] != t.separator && t.rest[n] != '\n' {
			n++
		}
		text = string(t.rest[:n])
		t.rest = t.rest[n:]
		if len(t.rest) == 0 || t.rest[0] == '\n' {
			text = strings.TrimSuffix(text, "\r")
		}
	}
	if !utf8.ValidString(text) {
		return "", false, t.fail("not UTF-8 text")
	}
	if len(text) > 1 && text[0] == '\'' && strings.IndexByte("=+-@", text[1]) >= 0 {
		text = text[1:] // against spreadsheets, see history.AppendCell
	}
	t.rest = bytes.TrimPrefix(t.rest, []byte{'\r'})
	switch {
	case len(t.rest) == 0:
	case t.rest[0] == t.separator:
		more = true
		t.rest = t.rest[1:]
	case t.rest[0] == '\n':
		t.lines++
		t.rest = t.rest[1:]
	default:
		return "", false, t.fail("text behind a quoted cell")
	}
	return text, more, nil
}

// quoted reads a quoted cell.
func (t *table) quoted() (string, error) {
	var text []byte
	rest := t.rest[1:]
	for {
		n := bytes.IndexByte(rest, '"')
		if n < 0 {
			return "", t.fail("a quotation mark is not closed")
		}
		text = append(text, rest[:n]...)
		rest = rest[n+1:]
		if len(rest) == 0 || rest[0] != '"' {
			break
		}
		text = append(text, '"')
		rest = rest[1:]
	}
	t.lines += bytes.Count(text, []byte{'\n'})
	t.rest = rest
	return string(text), nil
}
