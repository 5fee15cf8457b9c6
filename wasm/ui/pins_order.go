//go:build js && wasm

package ui

import (
	"strings"
	"syscall/js"

	"ncpweb/wasm/doc"
)

// rowOrder keeps the rows of the table in the order that the person chose. It knows
// where each row is, so that only rows that are out of place are moved.
type rowOrder struct {
	body  *doc.Element
	key   string // of the column
	down  bool
	first *pinRow
	next  int // where follow goes on
}

// orderStep is how many rows are put into order at a time when the order changes by
// itself.
const orderStep = 60

// choose orders by the column whose button was pressed, or turns its order around.
func (o *rowOrder) choose(button *doc.Element) {
	key := button.Data("sort")
	head := doc.Wrap(button.Value.Call("closest", "th"))
	// Who sorts by count or age looks for the busiest or the newest first.
	down := key == "count"
	if old := doc.Wrap(o.body.Value.Call("closest", "table")).One("[aria-sort]:not([aria-sort=none])"); old.Value.Equal(head.Value) {
		down = !o.down
	} else {
		old.SetAttribute("aria-sort", "none")
	}
	o.key, o.down = key, down
	word := "ascending"
	if down {
		word = "descending"
	}
	head.SetAttribute("aria-sort", word)
}

// live tells whether the order changes with the values and may do so now: rows do not
// move under a pointer, nor under the focus.
func (o *rowOrder) live() bool {
	return (o.key == "age" || o.key == "count") && !o.body.Value.Call("matches", ":hover, :focus-within").Bool()
}

func (o *rowOrder) compare(a, b *pinRow) int {
	p, q := &a.pin, &b.pin
	if a.latest != nil {
		p = a.latest
	}
	if b.latest != nil {
		q = b.latest
	}
	numbers := int(p.Number) - int(q.Number)
	c := 0
	switch o.key {
	case "name":
		if (p.Name == "") != (q.Name == "") {
			return strings.Compare(q.Name, p.Name) // those without a name come last either way
		}
		c = strings.Compare(p.Name, q.Name)
	case "age":
		c = int(q.Time.Sub(p.Time).Microseconds())
	case "count":
		c = int(p.Count) - int(q.Count)
	default:
		c = numbers
	}
	if o.down {
		c = -c
	}
	if c == 0 {
		return numbers
	}
	return c
}

// place brings the rows into their order; nil rows are not made yet.
func (o *rowOrder) place(list []*pinRow) {
	rows := o.sorted(list)
	o.settle(rows, 0, len(rows))
}

// follow brings rows into an order that changes by itself: the first ones now, of the
// others some each time.
func (o *rowOrder) follow(list []*pinRow) {
	rows := o.sorted(list)
	o.settle(rows, 0, orderStep)
	if o.next += orderStep; o.next >= len(rows) {
		o.next = orderStep
	}
	o.settle(rows, o.next, o.next+orderStep)
}

// settle puts some of the sorted rows behind the one before them.
func (o *rowOrder) settle(rows []*pinRow, from, to int) {
	at := o.first // what stands where the next row belongs
	var last *pinRow
	if from > 0 && from < len(rows) {
		last = rows[from-1]
		at = last.after
	}
	for i := from; i < min(to, len(rows)); i++ {
		r := rows[i]
		if at == r {
			at = r.after
		} else {
			o.unlink(r)
			o.link(r, last, at)
		}
		last = r
	}
}

func (o *rowOrder) sorted(list []*pinRow) []*pinRow {
	var rows []*pinRow
	for _, r := range list {
		if r != nil {
			rows = append(rows, r)
		}
	}
	o.sort(rows)
	return rows
}

// sort is a shell sort: quick enough for a thousand rows, most of them in order
// already, and it adds the least to the program.
func (o *rowOrder) sort(rows []*pinRow) {
	for gap := len(rows) / 2; gap > 0; gap /= 2 {
		for i := gap; i < len(rows); i++ {
			for k := i; k >= gap && o.compare(rows[k], rows[k-gap]) < 0; k -= gap {
				rows[k], rows[k-gap] = rows[k-gap], rows[k]
			}
		}
	}
}

// link puts a row between two that are neighbours.
func (o *rowOrder) link(r, before, after *pinRow) {
	where := js.Null()
	r.before, r.after = before, after
	if before == nil {
		o.first = r
	} else {
		before.after = r
	}
	if after != nil {
		after.before = r
		where = after.box.Value
	}
	o.body.Value.Call("insertBefore", r.box.Value, where)
}

// unlink forgets where a row is; in the document it stays.
func (o *rowOrder) unlink(r *pinRow) {
	if r.before != nil {
		r.before.after = r.after
	} else if o.first == r {
		o.first = r.after
	}
	if r.after != nil {
		r.after.before = r.before
	}
	r.before, r.after = nil, nil
}

func (o *rowOrder) remove(r *pinRow) {
	o.unlink(r)
	r.box.Remove()
}

// watcher tells which rows are on the screen.
type watcher struct{ observer js.Value }

func newWatcher(u *UI, see func(box *doc.Element, visible bool)) watcher {
	return watcher{js.Global().Get("IntersectionObserver").New(js.FuncOf(func(_ js.Value, args []js.Value) any {
		entries := args[0]
		u.Post(func() {
			for i := range entries.Length() {
				e := entries.Index(i)
				see(doc.Wrap(e.Get("target")), e.Get("isIntersecting").Bool())
			}
		})
		return nil
	}))}
}

func (w watcher) watch(e *doc.Element) { w.observer.Call("observe", e.Value) }
func (w watcher) leave(e *doc.Element) { w.observer.Call("unobserve", e.Value) }
