package ncpsim

import (
	"fmt"
	"strings"
	"time"
)

// Entry is something that happened.
type Entry struct {
	Time time.Time
	// Kind is one of boot, crash, lost MCU, state, call, refused, ignored, send, invoke,
	// update, error.
	Kind  string
	UID   uint16 // of call, refused, send, invoke, error
	Text  string // the method's name, what was wrong, or how an update ended
	Args  []any  // of call and send
	Rets  []any  // of call: out-arguments, then the return value
	Value int    // of state; of update: bytes that the MCU took
}

func (e Entry) String() string {
	var b strings.Builder
	b.WriteString(e.Kind)
	switch {
	case e.Kind == "state":
		fmt.Fprintf(&b, " %d", e.Value)
	case e.Text != "":
		b.WriteString(" " + e.Text)
	}
	if e.Args != nil {
		fmt.Fprintf(&b, "(%.100s)", strings.Trim(fmt.Sprintf("%q", e.Args), "[]"))
	}
	if e.Rets != nil {
		fmt.Fprintf(&b, " = %.100v", e.Rets)
	}
	return b.String()
}

// maxHistory bounds what is kept of the log.
const maxHistory = 2000

// history is a ring of the newest entries.
type history struct {
	entries []Entry
	next    int
}

func (h *history) add(e Entry) {
	if len(h.entries) < maxHistory {
		h.entries = append(h.entries, e)
		return
	}
	h.entries[h.next] = e
	h.next = (h.next + 1) % maxHistory
}

func (h *history) all() []Entry {
	return append(append([]Entry(nil), h.entries[h.next:]...), h.entries[:h.next]...)
}

// note logs an entry. The lock is held.
func (n *NCP) note(e Entry) {
	e.Time = time.Now()
	n.log.add(e)
}

// Log returns what happened, at most the newest 2000 entries. What the entries hold
// must not be written to.
func (n *NCP) Log() []Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.all()
}

// Called returns how often the MCU called a method, of the calls that the log still
// has.
func (n *NCP) Called(uid uint16) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, e := range n.log.entries {
		if e.Kind == "call" && e.UID == uid {
			count++
		}
	}
	return count
}
