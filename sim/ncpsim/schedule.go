package ncpsim

import "time"

// timer is something that happens at a time of its own. There is at most one of a
// name.
type timer struct {
	name string
	at   time.Time
	do   func()
}

// after plans do, which runs with the lock held, and replaces what had the name.
func (n *NCP) after(d time.Duration, name string, do func()) {
	n.cancel(name)
	n.timers = append(n.timers, timer{name, time.Now().Add(d), do})
	n.poke()
}

func (n *NCP) cancel(name string) {
	for i, t := range n.timers {
		if t.name == name {
			n.timers = append(n.timers[:i], n.timers[i+1:]...)
			return
		}
	}
}

// runTimers runs what is due, and returns when the next is. The zero time: never.
func (n *NCP) runTimers(now time.Time) (next time.Time) {
	for {
		first := -1
		for i, t := range n.timers {
			if first < 0 || t.at.Before(n.timers[first].at) {
				first = i
			}
		}
		if first < 0 {
			return time.Time{}
		}
		t := n.timers[first]
		if t.at.After(now) {
			return t.at
		}
		n.timers = append(n.timers[:first], n.timers[first+1:]...)
		t.do()
	}
}

// Bounds of what waits to be sent.
const (
	maxQueued      = 16384
	maxQueuedBytes = 1 << 20
)

// queue holds frames that wait to be sent.
type queue struct {
	frames [][]byte
	bytes  int
}

func (q *queue) push(frame []byte) bool {
	if len(q.frames) >= maxQueued || q.bytes+len(frame) > maxQueuedBytes {
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	return true
}

// pop appends the next frames to dst, at least one if there is one and no more than
// about limit bytes, and returns how many they were.
func (q *queue) pop(dst []byte, limit int) ([]byte, int) {
	n := 0
	for n < len(q.frames) && (n == 0 || len(dst)+len(q.frames[n]) <= limit) {
		dst = append(dst, q.frames[n]...)
		q.bytes -= len(q.frames[n])
		q.frames[n] = nil
		n++
	}
	q.frames = q.frames[n:]
	if len(q.frames) == 0 {
		q.frames = nil
	}
	return dst, n
}
