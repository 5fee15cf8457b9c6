package traffic

import (
	"slices"
	"time"
)

// stride is how many rows are matched between two looks at the clock.
const stride = 64

// View is what a Filter lets through of a Store, oldest first. It is made in steps, so
// that a page never waits long.
type View struct {
	store   *Store
	m       *matcher
	ids     []uint32 // of rows that match; those before head are gone
	head    int
	next    int // the first row that was not looked at
	changes int // Store.answered, as far as looked at
	names   int // Store.renamed
}

// NewView returns a View of s that shows all rows.
func NewView(s *Store) *View {
	v := &View{store: s}
	v.SetFilter(Filter{})
	return v
}

// SetFilter changes what is shown, and begins anew. Step does the work.
func (v *View) SetFilter(f Filter) {
	v.m = newMatcher(f)
	v.restart()
}

// Filter returns what SetFilter was told.
func (v *View) Filter() Filter { return v.m.f }

func (v *View) restart() {
	v.ids, v.head = v.ids[:0], 0
	v.next = v.store.first
	v.changes = v.store.answered
	v.names = v.store.renamed
}

// Step goes on matching, for about that long at most. done tells that nothing is left to
// do, for now: rows that come later, changed outcomes and changed names need another Step.
func (v *View) Step(budget time.Duration) (done bool) {
	s := v.store
	if v.names != s.renamed && v.m.f.Text != "" {
		v.restart()
	}
	v.names = s.renamed
	v.forget()
	if v.m.f.Outcomes != 0 {
		v.review()
	}
	v.changes = s.answered
	if v.m.f.Empty() {
		v.all()
		return true
	}
	for began := time.Now(); v.next < s.end; {
		v.stride()
		if time.Since(began) >= budget {
			break
		}
	}
	return v.next >= s.end
}

// all takes all rows.
func (v *View) all() {
	for ; v.next < v.store.end; v.next++ {
		v.ids = append(v.ids, uint32(v.next))
	}
}

// stride looks at some rows of one page.
func (v *View) stride() {
	s := v.store
	at := v.next - s.first
	p, i := s.pages[at/pageRows], at%pageRows
	first := v.next - i
	end := min(i+stride, p.n)
	if len(v.m.text) > 0 {
		s.index(p, first, end-min(p.indexedWith(s.renamed), end))
	}
	for ; i < end; i++ {
		if v.m.match(s, p, first, i) {
			v.ids = append(v.ids, uint32(first+i))
		}
	}
	v.next = first + end
}

// indexedWith returns how many rows are in the index, if it was made with those names.
func (p *page) indexedWith(names int) int {
	if p.names != names {
		return 0
	}
	return p.indexed
}

// forget drops rows that the Store has dropped.
func (v *View) forget() {
	first := uint32(v.store.first)
	for v.head < len(v.ids) && v.ids[v.head] < first {
		v.head++
	}
	if v.head > 0 && v.head >= len(v.ids)/2 {
		n := copy(v.ids, v.ids[v.head:])
		v.ids, v.head = v.ids[:n], 0
	}
	v.next = max(v.next, v.store.first)
}

// review looks again at rows whose outcome has changed.
func (v *View) review() {
	s := v.store
	fresh := s.answered - v.changes
	if fresh > len(s.changed) {
		v.restart()
		return
	}
	for _, id := range s.changed[len(s.changed)-fresh:] {
		if id >= v.next || !s.has(id) {
			continue
		}
		at := id - s.first
		p, i := s.pages[at/pageRows], at%pageRows
		k, there := slices.BinarySearch(v.ids[v.head:], uint32(id))
		k += v.head
		switch match := v.m.match(s, p, id-i, i); {
		case match && !there:
			v.ids = slices.Insert(v.ids, k, uint32(id))
		case !match && there:
			v.ids = slices.Delete(v.ids, k, k+1)
		}
	}
}

// Len returns how many rows are shown, as far as looked at.
func (v *View) Len() int { return len(v.ids) - v.head }

// Progress returns how many of the rows that are kept were looked at.
func (v *View) Progress() (looked, all int) {
	return max(v.next-v.store.first, 0), v.store.Len()
}

// ID returns the ID of row k of those shown, 0 ≤ k < Len().
func (v *View) ID(k int) int { return int(v.ids[v.head+k]) }

// Find returns at which place the row with that ID is shown, or would be.
func (v *View) Find(id int) (k int, shown bool) {
	return slices.BinarySearch(v.ids[v.head:], uint32(max(id, 0)))
}

// Row returns row k of those shown, with the time since the one before. ok is false if it
// is not kept any more; the next Step takes it out.
func (v *View) Row(k int) (row Row, ok bool) {
	if k < 0 || k >= v.Len() {
		return Row{}, false
	}
	row, ok = v.store.Row(v.ID(k))
	if ok && k > 0 {
		if before := v.ID(k - 1); v.store.has(before) {
			row.Delta = row.Time - v.store.row(before).time
		}
	}
	return row, ok
}
