// Package schema knows the methods of a device while the page runs: those that the
// page was built with, and those of descriptions that a person opens. It turns typed
// text into the bytes of a call.
package schema

import (
	"slices"

	"ncpweb/ncp"
)

// Set is the methods that are known now. It is not safe for concurrent use.
type Set struct {
	methods []ncp.Method // the built-in ones first
	byUID   map[uint16]*ncp.Method
	builtIn map[uint16]bool
}

// New returns the built-in methods.
func New() *Set {
	s := &Set{byUID: make(map[uint16]*ncp.Method, len(ncp.Methods)), builtIn: make(map[uint16]bool, len(ncp.Methods))}
	s.methods = slices.Clone(ncp.Methods)
	for i := range ncp.Methods {
		m := &ncp.Methods[i]
		s.byUID[m.UID] = m
		s.builtIn[m.UID] = true
	}
	return s
}

// Method returns the method of that id.
func (s *Set) Method(uid uint16) (*ncp.Method, bool) {
	m, ok := s.byUID[uid]
	return m, ok
}

// Methods returns all methods. They and the list must not be written; a Merge makes
// a new list.
func (s *Set) Methods() []ncp.Method { return s.methods }

// BuiltIn tells whether the page was built with a method of that id.
func (s *Set) BuiltIn(uid uint16) bool { return s.builtIn[uid] }

// Merged tells what came of a description.
type Merged struct {
	Added   []*ncp.Method // were not known
	Same    int           // were known as they are described
	Changed []*ncp.Method // of an earlier description: replaced
	Differ  []*ncp.Method // as described; the built-in ones, which differ, stay
}

// Merge adds the methods of a description. A built-in method stays as it is: what the
// page itself does rests on it. One of an earlier description is replaced.
func (s *Set) Merge(d *Description) Merged {
	var out Merged
	list := slices.Clone(s.methods)
	for i := range d.Methods {
		m := &d.Methods[i]
		old := s.byUID[m.UID]
		switch {
		case old == nil:
			out.Added = append(out.Added, m)
			list = append(list, *m)
		case sameWire(old, m):
			out.Same++
			continue
		case s.builtIn[m.UID]:
			out.Differ = append(out.Differ, m)
			continue
		default:
			out.Changed = append(out.Changed, m)
			list[slices.IndexFunc(list, func(k ncp.Method) bool { return k.UID == m.UID })] = *m
		}
		s.byUID[m.UID] = m
	}
	s.methods = list
	return out
}

// sameWire tells whether two methods are the same to a peer: name, direction and the
// types that pass. Docs and hints may differ.
func sameWire(a, b *ncp.Method) bool {
	types := func(p, q ncp.Param) bool { return p.Type == q.Type }
	return a.Interface == b.Interface && a.Name == b.Name && a.Host == b.Host && a.Oneway == b.Oneway && a.Returns == b.Returns &&
		slices.EqualFunc(a.In, b.In, types) && slices.EqualFunc(a.Out, b.Out, types)
}
