//go:build js && wasm

package toolui

import (
	"strconv"
	"strings"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// frameDetail shows one frame whole: its fields by name, and its bytes with the fields
// marked in them.
type frameDetail struct {
	v                              *trafficView
	box, title, note, other, again *doc.Element
	list, bytes                    *doc.Element
	field                          doc.Pattern

	id      int // of the row; -1: closed
	row     traffic.Row
	outcome traffic.Outcome
	payload []byte
	fields  []traffic.Field
	rows    []*doc.Element   // of the fields
	marks   [][]*doc.Element // of each field: what stands for it among the bytes
	lit     int              // the field that is marked; -1: none
}

// maxHexBytes is how many bytes of a frame are shown: more than the largest message
// that any deployed peer takes. All of them are copied.
const maxHexBytes = 2048

func newFrameDetail(v *trafficView) *frameDetail {
	d := &frameDetail{
		v: v, box: doc.ByID("traffic-detail"), title: doc.ByID("detail-title"), note: doc.ByID("detail-note"), other: doc.ByID("detail-other"),
		again: doc.ByID("detail-again"), list: doc.ByID("detail-fields"), bytes: doc.ByID("detail-bytes"), field: doc.NewPattern("t-frame-field"), id: -1, lit: -1,
	}
	u := v.u
	u.On(doc.ByID("detail-close"), "click", func() { d.close(true) })
	u.On(doc.ByID("detail-hex"), "click", func() { u.copy(hexText(d.payload)) })
	u.On(doc.ByID("detail-text"), "click", func() { u.copy(d.asText()) })
	u.On(d.other, "click", d.goToOther)
	u.On(d.again, "click", d.callAgain)
	d.box.Listen("keydown", func(ev doc.Event) {
		if ev.Get("key").String() == "Escape" {
			u.Post(func() { d.close(true) })
		}
	})
	v.grid.box.Listen("keydown", func(ev doc.Event) {
		if ev.Get("key").String() == "Escape" {
			u.Post(func() { d.close(true) })
		}
	})
	for _, kind := range []string{"mouseover", "focusin", "click"} {
		u.OnTarget(d.list, kind, "[data-field]", d.mark)
		u.OnTarget(d.bytes, kind, "[data-field]", d.mark)
	}
	for _, box := range []*doc.Element{d.list, d.bytes} {
		u.On(box, "mouseleave", func() { d.light(-1) })
	}
	return d
}

func (d *frameDetail) isOpen() bool { return d.id >= 0 }

// open shows the row of an id.
func (d *frameDetail) open(id int) {
	if id == d.id {
		return
	}
	d.id = id
	d.redraw()
}

// close hides the frame; back tells that the focus goes back to the table.
func (d *frameDetail) close(back bool) {
	if d.id < 0 {
		return
	}
	d.id = -1
	d.box.Show(false)
	if back {
		d.v.grid.box.Focus()
	}
}

// redraw shows the frame anew.
func (d *frameDetail) redraw() {
	if d.id < 0 {
		return
	}
	store := d.v.shown.store
	row, ok := store.Row(d.id)
	if !ok {
		d.close(false)
		return
	}
	d.row, d.outcome = row, row.Outcome
	d.payload = store.Bytes(d.id)
	d.fields = store.Fields(d.id)
	d.renderHead()
	d.renderFields()
	d.renderBytes()
	d.box.Show(true)
}

// render shows what has changed: the answer came meanwhile.
func (d *frameDetail) render() {
	if d.id < 0 {
		return
	}
	if d.row.Outcome == traffic.Open || d.row.Outcome == traffic.Unanswered {
		if row, ok := d.v.shown.store.Row(d.id); ok && (row.Outcome != d.row.Outcome || row.Pair != d.row.Pair) {
			d.redraw()
		}
	}
	d.again.Enable(d.v.u.status.Ready())
}

func (d *frameDetail) renderHead() {
	r := &d.row
	parts := []string{kindWords(r.Kind)}
	if m := methodOf(r); m != "" {
		parts = append(parts, m)
	}
	if r.Kind != traffic.Mark && r.Kind != traffic.Gap {
		parts = append(parts, dirWords(r.Dir))
	}
	parts = append(parts, show.Clock(time.UnixMicro(r.Time)))
	if status, _ := rowStatus(r); status != "" && status != "…" {
		parts = append(parts, status)
	}
	if r.RoundTrip >= 0 {
		parts = append(parts, roundWords(r.RoundTrip))
	}
	d.title.SetText(strings.Join(parts, " · "))
	d.other.Show(r.Pair >= 0)
	d.other.SetText(map[bool]string{true: lang.T("Show its result"), false: lang.T("Show its call")}[r.Kind == traffic.Invoke])
	d.again.Show(d.canCall())
	note := ""
	switch {
	case r.Flags&trace.Withheld != 0:
		note = lang.T("Its bytes were not kept: a password may be in them.")
	case r.Flags&trace.Masked != 0:
		note = lang.T("Passwords were replaced by eight stars before the frame was kept.")
	case r.Size > len(d.payload) && r.Size > 0:
		note = lang.F("{0} of {1} bytes were kept.", strconv.Itoa(len(d.payload)), strconv.Itoa(r.Size))
	}
	d.note.SetText(note)
	d.note.Show(note != "")
}

// canCall tells whether the Explorer can make this call: one from us to the NCP.
func (d *frameDetail) canCall() bool {
	for i := range d.fields {
		if d.fields[i].Secret {
			return false
		}
	}
	return (d.row.Kind == traffic.Invoke || d.row.Kind == traffic.Oneway) && d.row.Dir == rpc.Out && d.row.HasUID && d.row.Flags == 0
}

func (d *frameDetail) callAgain() {
	if !d.canCall() {
		return
	}
	head := 6
	if d.row.Kind == traffic.Oneway {
		head = 4
	}
	args := append([]byte(nil), d.payload[min(head, len(d.payload)):]...)
	d.v.u.callAgain(d.row.UID, args, d.row.Kind == traffic.Oneway)
}

// goToOther shows the other half of the call.
func (d *frameDetail) goToOther() {
	id := d.row.Pair
	if id < 0 {
		return
	}
	index, shown := d.v.shown.view.Find(id)
	if shown {
		d.v.grid.goTo(index)
	}
	d.open(id)
	d.title.Focus()
}

func (d *frameDetail) renderFields() {
	d.list.Clear()
	d.rows = d.rows[:0]
	for i := range d.fields {
		f := &d.fields[i]
		row := d.field.Copy()
		button := row.Child(0)
		name, kind, value := fieldWords(f)
		button.Child(0).SetText(name)
		button.Child(1).SetText(kind)
		button.Child(2).SetText(value)
		row.SetAttr("data-field", strconv.Itoa(i))
		row.SetFlag("data-head", isHead(f))
		if f.Problem != traffic.NoProblem && f.Problem != traffic.NoMessage {
			row.SetAttr("data-tone", "fail")
		}
		if f.Doc != "" {
			button.Child(0).SetAttr("title", f.Doc)
			button.Child(0).SetAttr("lang", "en")
		}
		d.list.Append(row)
		d.rows = append(d.rows, row)
	}
}

// isHead tells whether a field is one of those before the arguments or results.
func isHead(f *traffic.Field) bool { return f.Kind < traffic.FieldValue }

// renderBytes shows the bytes in lines of sixteen, as hex and as text, with a piece for
// each field on each line.
func (d *frameDetail) renderBytes() {
	d.bytes.Clear()
	d.marks = make([][]*doc.Element, len(d.fields))
	d.lit = -1
	shown := d.payload[:min(len(d.payload), maxHexBytes)]
	d.bytes.Show(len(shown) > 0)
	d.bytes.SetFlag("data-many", len(shown) > 16)
	for at := 0; at < len(shown); at += 16 {
		d.bytes.Append(d.hexLine(shown, at))
	}
	if rest := len(d.payload) - len(shown); rest > 0 {
		more := element("div", "muted")
		more.SetText(lang.N(rest, "{0} more byte; copy shows all", "{0} more bytes; copy shows all"))
		d.bytes.Append(more)
	}
}

// hexLine is the line of sixteen bytes that begins at at.
func (d *frameDetail) hexLine(b []byte, at int) *doc.Element {
	line, offset, hex, text := element("div", "hex-line"), element("span", ""), element("span", ""), element("span", "")
	offset.SetText(hex4(uint16(at)))
	end := min(at+16, len(b))
	for from := at; from < end; {
		field := d.fieldAt(from)
		to := from + 1
		for to < end && d.fieldAt(to) == field {
			to++
		}
		gap := " "
		if to == end {
			gap = ""
		}
		d.piece(hex, field, hexText(b[from:to]), gap)
		d.piece(text, field, plainText(b[from:to]), "")
		from = to
	}
	line.Append(offset, hex, text)
	return line
}

// piece adds the part of a field to a line.
func (d *frameDetail) piece(to *doc.Element, field int, text, gap string) {
	e := element("span", "")
	e.SetText(text)
	if field >= 0 {
		e.SetAttr("data-field", strconv.Itoa(field))
		e.SetFlag("data-odd", field%2 == 1 && !isHead(&d.fields[field]))
		e.SetFlag("data-head", isHead(&d.fields[field]))
		d.marks[field] = append(d.marks[field], e)
	}
	to.Append(e)
	if gap != "" {
		to.Value.Call("append", gap)
	}
}

// fieldAt returns the field that a byte belongs to; -1: none.
func (d *frameDetail) fieldAt(at int) int {
	for i := range d.fields {
		if f := &d.fields[i]; at >= f.From && at < f.To {
			return i
		}
	}
	return -1
}

func (d *frameDetail) mark(e *doc.Element) {
	if n, err := strconv.Atoi(e.Data("field")); err == nil && n < len(d.fields) {
		d.light(n)
	}
}

// light marks a field and its bytes.
func (d *frameDetail) light(field int) {
	if field == d.lit {
		return
	}
	set := func(i int, on bool) {
		if i < 0 || i >= len(d.rows) {
			return
		}
		d.rows[i].SetFlag("data-lit", on)
		for _, m := range d.marks[i] {
			m.SetFlag("data-lit", on)
		}
	}
	set(d.lit, false)
	set(field, true)
	d.lit = field
}

// asText is the frame as lines of text.
func (d *frameDetail) asText() string {
	var b strings.Builder
	b.WriteString(d.title.TextContent())
	b.WriteByte('\n')
	for i := range d.fields {
		name, kind, value := fieldWords(&d.fields[i])
		b.WriteString(name + " (" + kind + "): " + value + "\n")
	}
	b.WriteString(hexText(d.payload))
	b.WriteByte('\n')
	return b.String()
}

// element makes an element of a kind and a class.
func element(kind, class string) *doc.Element {
	e := doc.Wrap(doc.Document().Call("createElement", kind))
	if class != "" {
		e.SetAttr("class", class)
	}
	return e
}

// hexText writes bytes as pairs of digits.
func hexText(b []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 3*len(b))
	for i, c := range b {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// plainText writes bytes as characters, a dot for what is none.
func plainText(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = '.'
		if c >= 0x20 && c < 0x7F {
			out[i] = c
		}
	}
	return string(out)
}
