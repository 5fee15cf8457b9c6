package lab

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"ncpweb/serial"
)

// entry is how the page is told of a plugged-in port; the members are those of
// web/remote.js.
type entry struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
	VID    uint16 `json:"vid,omitempty"`
	PID    uint16 `json:"pid,omitempty"`
}

// list is the answer of /lab/ports and each message of /lab/events.
type list struct {
	Ports []entry `json:"ports"`
}

// ports are the plugged-in ports of a lab.
type ports struct {
	mu      sync.Mutex
	last    int
	plugged []*plugged
	changed chan struct{} // closed at the next change
}

// plugged is one port from its plugging to its unplugging.
type plugged struct {
	entry   entry
	order   int // place in the list
	adapter serial.Adapter
	ctx     context.Context // ends with the unplugging, with serial.ErrLost as its cause
}

func newPorts() *ports { return &ports{changed: make(chan struct{})} }

// plug lists a port under an id of its own, until the returned function is called.
// order is its place among the others.
func (p *ports) plug(e entry, order int, a serial.Adapter) (unplug func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	e.ID = strconv.Itoa(p.last)
	port := &plugged{entry: e, order: order, adapter: a, ctx: ctx}
	i, _ := slices.BinarySearchFunc(p.plugged, order, func(x *plugged, n int) int { return x.order - n })
	p.plugged = slices.Insert(p.plugged, i, port)
	p.tell()
	return func() {
		p.mu.Lock()
		p.plugged = slices.DeleteFunc(p.plugged, func(x *plugged) bool { return x == port })
		p.tell()
		p.mu.Unlock()
		cancel(serial.ErrLost)
	}
}

// tell wakes who waits for a change. The caller holds the lock.
func (p *ports) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// now returns what is plugged in, and a channel that is closed at the next change.
func (p *ports) now() (l list, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.Ports = make([]entry, 0, len(p.plugged))
	for _, x := range p.plugged {
		l.Ports = append(l.Ports, x.entry)
	}
	return l, p.changed
}

// find returns a plugged-in port by its id, or nil.
func (p *ports) find(id string) *plugged {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.plugged {
		if x.entry.ID == id {
			return x
		}
	}
	return nil
}
