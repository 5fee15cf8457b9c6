package session

import (
	"slices"
	"time"
)

// timeline keeps the newest MaxEvents events.
type timeline struct {
	ring  []Event
	start int     // of the oldest, once the ring is full
	shown []Event // made when asked for; nil after a change
}

func (t *timeline) add(e Event) {
	t.shown = nil
	if len(t.ring) < MaxEvents {
		t.ring = append(t.ring, e)
		return
	}
	t.ring[t.start] = e
	t.start = (t.start + 1) % MaxEvents
}

// list returns the events, the newest last. It must not be written.
func (t *timeline) list() []Event {
	if t.shown == nil && len(t.ring) > 0 {
		t.shown = append(slices.Clone(t.ring[t.start:]), t.ring[:t.start]...)
	}
	return t.shown
}

// roundTrips keeps those of the last pings.
type roundTrips struct {
	ring [64]time.Duration
	n    int // used
	next int
}

func (r *roundTrips) add(d time.Duration) {
	r.ring[r.next] = d
	r.next = (r.next + 1) % len(r.ring)
	r.n = min(r.n+1, len(r.ring))
}

func (r *roundTrips) summary() (last, median, worst time.Duration) {
	if r.n == 0 {
		return 0, 0, 0
	}
	last = r.ring[(r.next+len(r.ring)-1)%len(r.ring)]
	sorted := slices.Clone(r.ring[:r.n])
	slices.Sort(sorted)
	return last, sorted[r.n/2], sorted[r.n-1]
}
