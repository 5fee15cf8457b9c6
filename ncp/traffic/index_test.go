package traffic

import (
	"testing"
	"time"
)

// TestIndexAhead: a search finds the same whether the index was made ahead or not, and
// what was made ahead is not made again.
func TestIndexAhead(t *testing.T) {
	s := storeOf(load(3*pageRows), Options{})
	for n := 0; !s.Index(50 * time.Microsecond); n++ {
		if n > 10_000 {
			t.Fatal("it never ends")
		}
	}
	for i, p := range s.pages {
		if p.indexed != p.n {
			t.Errorf("page %d: %d of %d rows are in the index", i, p.indexed, p.n)
		}
	}
	size := s.indexBytes
	v, fresh := NewView(s), NewView(storeOf(load(3*pageRows), Options{}))
	v.SetFilter(Filter{Text: "vpin=1"})
	fresh.SetFilter(Filter{Text: "vpin=1"})
	if got, want := len(shown(v)), len(shown(fresh)); got != want || got == 0 {
		t.Errorf("%d rows, %d without an index made ahead", got, want)
	}
	if s.indexBytes != size {
		t.Errorf("the index grew from %d to %d bytes", size, s.indexBytes)
	}
	if !s.Index(0) {
		t.Error("there is something left to do")
	}
}
