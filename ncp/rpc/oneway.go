package rpc

import "sync"

// recordHead is what stands before the arguments of a queued ONEWAY: UID and length.
const recordHead = 4

// maxIdleBuffer is how much memory an empty queue keeps.
const maxIdleBuffer = 64 << 10

// onewayQueue holds the ONEWAYs that wait for the handler, one behind the other in one
// buffer, so that a message costs no allocation.
type onewayQueue struct {
	wake chan struct{} // capacity one

	mu   sync.Mutex
	buf  []byte
	head int // where the oldest one begins
	n    int
}

// put queues a ONEWAY; false: there is no room.
func (q *onewayQueue) put(uid uint16, args []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n >= MaxOneways || len(q.buf)-q.head+recordHead+len(args) > MaxOnewayBytes {
		return false
	}
	if q.head > 0 && q.head >= len(q.buf)/2 {
		q.buf = q.buf[:copy(q.buf, q.buf[q.head:])]
		q.head = 0
	}
	q.buf = appendUint16(q.buf, uid)
	q.buf = appendUint16(q.buf, uint16(len(args)))
	q.buf = append(q.buf, args...)
	q.n++
	return true
}

// take returns the oldest ONEWAY, its arguments in dst.
func (q *onewayQueue) take(dst []byte) (uid uint16, args []byte, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return 0, dst, false
	}
	rec := q.buf[q.head:]
	uid = uint16At(rec)
	size := int(uint16At(rec[2:]))
	args = append(dst[:0], rec[recordHead:recordHead+size]...)
	q.head += recordHead + size
	q.n--
	if q.n == 0 && cap(q.buf) > maxIdleBuffer {
		q.buf, q.head = nil, 0
	}
	return uid, args, true
}

// reset empties the queue.
func (q *onewayQueue) reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.buf, q.head, q.n = nil, 0, 0
}

// told takes a ONEWAY.
func (e *Endpoint) told(m message) {
	if e.handler == nil {
		return
	}
	if !e.oneways.put(m.uid, m.body) {
		e.count(&e.stats.DroppedRequests)
		return
	}
	e.oneways.signal()
}

// signal makes the goroutine that delivers look for something to take.
func (q *onewayQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// deliver hands ONEWAYs to the handler, one after the other.
func (e *Endpoint) deliver(r *run) {
	// At its end it may have taken the signal that was meant for the next run's.
	defer e.oneways.signal()
	var args []byte
	for {
		select {
		case <-r.done:
			return
		default:
		}
		uid, a, ok := e.oneways.take(args)
		args = a
		if !ok {
			select {
			case <-e.oneways.wake:
			case <-r.done:
				return
			}
			continue
		}
		// A ONEWAY has nobody to tell about an error.
		_, _ = e.handler.ServeRPC(r.ctx, Request{UID: uid, Oneway: true, Args: args})
	}
}
