package traffic

import (
	"math"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

const (
	// maxOpen is how many calls of each direction may wait for their RESULT; the oldest
	// is given up for another. Deployed peers have one, and a few more when nested.
	maxOpen = 64
	// maxChanged is how many changes of rows are kept for views.
	maxChanged = 4096
	// patience is what is added to the time-out of a method before a call counts as not
	// answered: for adapters that hold bytes back, and for a busy page.
	patience = 500 * time.Millisecond
	// frameRoom is how many bytes of an answer the line may need time for.
	frameRoom = 3072
)

// calls are those of one direction that have no RESULT yet, the oldest first. Those that
// were given up stay for a late one.
type calls struct {
	open [maxOpen]open
	n    int
}

type open struct {
	row     int   // ID
	due     int64 // microseconds since 1970
	id, uid uint16
	givenUp bool
}

// match joins the two halves of a call, when the row has just come.
func (s *Store) match(id int) {
	r := s.row(id)
	switch r.kind {
	case Invoke:
		s.opened(id, r)
	case Result:
		s.closed(id, r)
	case Mark:
		if trace.MarkKind(r.status) != trace.Rate {
			s.abandon()
		}
	}
}

func (r *row) dir() rpc.Dir {
	if r.flags&rowOut != 0 {
		return rpc.Out
	}
	return rpc.In
}

// opened notes a call.
func (s *Store) opened(id int, r *row) {
	if r.n < invokeHead && r.flags&rowWithheld == 0 {
		return // no message id: nobody can answer
	}
	c := &s.calls[r.dir()]
	if c.n == maxOpen {
		s.giveUp(&c.open[0])
		c.remove(0)
	}
	timeout := rpc.DefaultTimeout
	if m, ok := s.names.Method(r.uid); ok && m.Timeout > 0 {
		timeout = m.Timeout
	}
	due := r.time + (timeout + patience + s.stats.wire(int(r.size)+frameRoom)).Microseconds()
	c.open[c.n] = open{row: id, due: due, id: r.id, uid: r.uid}
	c.n++
	s.due = min(s.due, due)
}

// closed finds the call that a RESULT answers, the newest one with that message id.
func (s *Store) closed(id int, r *row) {
	late := r.uid == 0 // the endpoint knew of no call that waits
	c := &s.calls[1-r.dir()]
	for i := c.n - 1; i >= 0; i-- {
		o := c.open[i]
		if o.id != r.id || r.uid != 0 && o.uid != r.uid {
			continue
		}
		c.remove(i)
		r.uid = o.uid
		if late {
			r.flags |= rowLate
		}
		if !s.has(o.row) {
			return
		}
		call := s.row(o.row)
		if o.givenUp && !late { // the endpoint was more patient: it knows what it waited for
			call.flags &^= rowGivenUp
			s.stats.unanswered(call, -1)
		}
		call.pair, r.pair = int32(id-o.row), int32(o.row-id)
		call.status = r.status
		call.flags = call.flags&^rowHasStatus | r.flags&rowHasStatus
		s.touch(o.row)
		s.stats.answered(call, r, late)
		return
	}
	if late {
		r.flags |= rowLate
	}
}

func (c *calls) remove(i int) {
	copy(c.open[i:], c.open[i+1:c.n])
	c.n--
}

// expire gives up the calls that are due.
func (s *Store) expire(now int64) {
	if now <= s.due {
		return
	}
	s.due = math.MaxInt64
	for d := range s.calls {
		c := &s.calls[d]
		for i := range c.open[:c.n] {
			switch o := &c.open[i]; {
			case now > o.due:
				s.giveUp(o)
			case !o.givenUp:
				s.due = min(s.due, o.due)
			}
		}
	}
}

// abandon ends all calls: nobody answers any more.
func (s *Store) abandon() {
	for d := range s.calls {
		c := &s.calls[d]
		for i := range c.open[:c.n] {
			s.giveUp(&c.open[i])
		}
		c.n = 0
	}
}

func (s *Store) giveUp(o *open) {
	if o.givenUp {
		return
	}
	o.givenUp = true
	if s.has(o.row) {
		r := s.row(o.row)
		r.flags |= rowGivenUp
		s.stats.unanswered(r, 1)
		s.touch(o.row)
	}
}

// touch tells views that a row has changed.
func (s *Store) touch(id int) {
	s.answered++
	if len(s.changed) == maxChanged {
		n := copy(s.changed, s.changed[maxChanged/2:])
		s.changed = s.changed[:n]
	}
	s.changed = append(s.changed, id)
}
