package main

import (
	"sync"
	"time"

	"ncpweb/sim"
)

// Opcodes of the serial protocol that a tap looks for (sheet esp-serial, section 6).
const (
	opDeflateData = 0x11
	opDigest      = 0x13
)

// frameMark begins and ends a frame on the wire.
const frameMark = 0xC0

// tap watches the wire of a board while it is flashed. It takes both flashers by the
// same measure: what goes over the wire, and when.
type tap struct {
	mu       sync.Mutex
	toDevice stream
	toHost   stream

	sent, got   int64     // bytes
	first, last time.Time // of the data blocks
	block       bool      // the frame under way is a data block
	data        int64     // bytes from the first to the last data block, all of them
	begin       int64     // sent before the first one
	digest      time.Time // the last digest was told
	moved       int64     // bytes until then, both ways

	replied    time.Time     // the last block was acknowledged
	chip, host time.Duration // between a block and its reply, and that and the next block
}

// stream finds the beginnings of frames.
type stream struct {
	inside bool
	n      int
	head   [2]byte
}

// next takes a byte. op is that of the frame whose first bytes are in, at once when
// they are, and end tells that it ended.
func (s *stream) next(b byte) (op int, end bool) {
	switch {
	case b == frameMark && s.inside && s.n > 0:
		s.inside, s.n = false, 0
		return -1, true
	case b == frameMark:
		s.inside, s.n = true, 0
	case s.inside:
		if s.n < len(s.head) {
			s.head[s.n] = b
		}
		if s.n++; s.n == len(s.head) {
			return int(s.head[1]), false
		}
	}
	return -1, false
}

// see is for Wire.Tap.
func (t *tap) see(dir sim.Dir, at time.Time, bytes []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range bytes {
		if dir == sim.ToHost {
			t.got++
			t.fromDevice(b, at)
		} else {
			t.sent++
			t.fromHost(b, at)
		}
	}
}

func (t *tap) fromHost(b byte, at time.Time) {
	op, end := t.toDevice.next(b)
	switch {
	case op == opDeflateData && t.toDevice.head[0] == 0:
		t.block = true
		if t.first.IsZero() {
			t.first, t.begin = at, t.sent-3
		} else if !t.replied.IsZero() {
			t.host += at.Sub(t.replied)
		}
	case op >= 0:
		t.block = false
	case end && t.block:
		t.last, t.data = at, t.sent-t.begin
	}
}

func (t *tap) fromDevice(b byte, at time.Time) {
	_, end := t.toHost.next(b)
	switch {
	case end && t.toHost.head == [2]byte{1, opDigest}:
		t.digest, t.moved = at, t.sent+t.got
	case end && t.toHost.head == [2]byte{1, opDeflateData}:
		t.replied = at
		t.chip += at.Sub(t.last)
	}
}

// share is how much of the line's rate was used from the first data block to the end of
// the last one, of 1.
func (t *tap) share(baud int) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.last.Sub(t.first).Seconds(); d > 0 {
		return float64(t.data) * 10 / float64(baud) / d
	}
	return 0
}

// wire is how many bytes went over the wire until the last digest, both ways.
func (t *tap) wire() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moved
}

// verified is when the last digest came.
func (t *tap) verified() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.digest
}

// clear begins anew.
func (t *tap) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.toDevice, t.toHost = stream{}, stream{}
	t.sent, t.got, t.moved, t.data, t.begin = 0, 0, 0, 0, 0
	t.first, t.last, t.digest, t.replied = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	t.chip, t.host = 0, 0
	t.block = false
}

// gaps are the times in which the line was idle while blocks went out: because of the
// chip, and because of the host.
func (t *tap) gaps() (chip, host time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.chip, t.host
}
