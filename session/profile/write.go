package profile

import (
	"strings"

	"ncpweb/internal/json"
	"ncpweb/session"
)

// Append appends a profile as a file: always the same bytes for the same profile, one
// member on a line, so that versions of it can be compared line by line.
func Append(dst []byte, p Profile) []byte {
	w := writer{dst: dst, lines: true}
	w.profile(p)
	return append(w.dst, '\n')
}

// AppendLine appends a profile as one line of JSON without a line end.
func AppendLine(dst []byte, p Profile) []byte {
	w := writer{dst: dst}
	w.profile(p)
	return w.dst
}

// writer writes JSON, with or without lines.
type writer struct {
	dst   []byte
	lines bool
	depth int
	begun bool // the present object or array has an entry
}

func (w *writer) profile(p Profile) {
	w.open('{')
	w.text("format", Format)
	w.name("version")
	w.dst = json.AppendInt(w.dst, Version)
	w.optional("name", p.Name)
	w.optional("board", p.Board)
	if p.Made != (Made{}) {
		w.name("made")
		w.open('{')
		w.optional("at", p.Made.At)
		w.optional("by", p.Made.By)
		w.close('}')
	}
	w.configuration(session.FormValues(p.Config))
	if len(p.Pins) > 0 {
		w.pins(p.Pins)
	}
	w.close('}')
}

// configuration writes the texts of the form as members.
func (w *writer) configuration(form map[string]string) {
	group := ""
	for _, m := range members {
		f, _ := session.FieldNamed(m.field)
		value := form[m.field]
		if f.Group != "" && form[f.Group] != "on" || f.Kind != session.FieldSwitch && value == "" {
			continue
		}
		object, name, nested := strings.Cut(m.path, ".")
		if !nested {
			object, name = "", m.path
		}
		if object != group {
			if group != "" {
				w.close('}')
			}
			if object != "" {
				w.name(object)
				w.open('{')
			}
			group = object
		}
		w.name(name)
		switch f.Kind {
		case session.FieldNumber:
			w.dst = append(w.dst, value...) // decimal digits
		case session.FieldSwitch:
			w.truth(value == "on")
		default:
			w.dst = json.AppendString(w.dst, value)
		}
	}
	if group != "" {
		w.close('}')
	}
}

func (w *writer) pins(pins []Pin) {
	w.name("pins")
	w.open('[')
	for _, pin := range pins {
		w.entry()
		line := writer{dst: append(w.dst, '{'), begun: false}
		line.name("pin")
		line.dst = json.AppendInt(line.dst, int64(pin.Number))
		line.optional("name", pin.Name)
		line.optional("unit", pin.Unit)
		w.dst = append(line.dst, '}')
	}
	w.close(']')
}

func (w *writer) open(c byte) {
	w.dst = append(w.dst, c)
	w.depth++
	w.begun = false
}

func (w *writer) close(c byte) {
	w.depth--
	if w.begun {
		w.line()
	}
	w.dst = append(w.dst, c)
	w.begun = true
}

// entry begins the next entry of an object or array.
func (w *writer) entry() {
	if w.begun {
		w.dst = append(w.dst, ',')
	}
	w.begun = true
	w.line()
}

func (w *writer) line() {
	if !w.lines {
		return
	}
	w.dst = append(w.dst, '\n')
	for range w.depth {
		w.dst = append(w.dst, ' ', ' ')
	}
}

func (w *writer) name(name string) {
	w.entry()
	w.dst = append(json.AppendString(w.dst, name), ':')
	if w.lines {
		w.dst = append(w.dst, ' ')
	}
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.dst = json.AppendString(w.dst, value)
}

func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) truth(on bool) {
	if on {
		w.dst = append(w.dst, "true"...)
		return
	}
	w.dst = append(w.dst, "false"...)
}
