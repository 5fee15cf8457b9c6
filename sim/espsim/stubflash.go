package espsim

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"strconv"
)

// transfer is a write to flash that the stub has begun.
type transfer struct {
	next uint32 // address of the next byte that is not in flash
	left int64  // bytes that are not in flash
	inf  *inflater
	out  []byte // inflated and not in flash yet
}

// eraser makes room ahead of a transfer. It begins with the next step whenever the stub
// waits for a frame; a step itself is the flash's and goes on beside everything else.
type eraser struct {
	next, end uint32
	skip      bool        // so far everything was blank
	op        chan erased // nil: the flash is idle
}

// erased is the outcome of a step.
type erased struct {
	next uint32
	skip bool
	err  error
}

// start begins a step, unless there is one, and returns where its outcome comes: nil where
// nothing is to be done.
func (e *eraser) start(s *stub) chan erased {
	if e.op != nil || e.next >= e.end {
		return e.op
	}
	op := make(chan erased, 1)
	e.op = op
	next, end, skip, f, ctx := e.next, e.end, e.skip, s.b.flash, s.ctx
	go func() { op <- eraseAhead(ctx, f, next, end, skip) }()
	return op
}

func eraseAhead(ctx context.Context, f *nor, next, end uint32, skip bool) (r erased) {
	if skip {
		stop := min(end, next+blockSize)
		next, r.err = f.blankTo(ctx, next, stop)
		if r.skip = next == stop; r.skip || r.err != nil {
			r.next = next
			return r
		}
	}
	r.next, r.err = f.eraseStep(ctx, next, end)
	return r
}

// ended notes the outcome of a step.
func (e *eraser) ended(r erased) error {
	e.op, e.next, e.skip = nil, r.next, r.skip
	return r.err
}

// finish waits for the end of a step that is under way. There is no further one.
func (e *eraser) finish() error {
	e.end = 0
	if e.op == nil {
		return nil
	}
	return e.ended(<-e.op)
}

// to waits until the flash is idle and blank up to addr, as far as that is the eraser's.
func (e *eraser) to(s *stub, addr uint32) error {
	for e.op != nil || e.next < min(addr, e.end) {
		if err := e.ended(<-e.start(s)); err != nil {
			return err
		}
	}
	return nil
}

func (s *stub) endTransfer() {
	if s.wr != nil && s.wr.inf != nil {
		s.wr.inf.stop()
	}
	s.wr = nil
}

// begin answers at once; the flash is erased while the data come.
func (s *stub) begin(q *request) error {
	if len(q.data) != 16 && len(q.data) != 20 {
		return s.reply(q.op, 0, stubLength)
	}
	size, at := q.word(0), q.word(3)
	if !s.contact() {
		return s.reply(q.op, 0, stubSPI)
	}
	end := int64(at) + int64(size)
	if end > int64(s.b.o.Size) {
		s.b.violation("stub: a write of " + strconv.FormatInt(int64(size), 10) + " bytes at " + hexa(at) +
			" goes over the end of the flash")
		return s.reply(q.op, 0, stubSPI)
	}
	s.endTransfer()
	if err := s.erase.finish(); err != nil {
		return err
	}
	s.erase = eraser{next: at &^ (sectorSize - 1), end: uint32((end + sectorSize - 1) &^ (sectorSize - 1)), skip: true}
	if size == 0 {
		s.erase = eraser{}
	}
	s.wr = &transfer{next: at, left: int64(size)}
	if q.op == opDeflBegin {
		s.wr.inf = newInflater()
	}
	return s.reply(q.op, 0, 0)
}

// data answers first and works then.
func (s *stub) data(q *request) error {
	block := q.block()
	code := byte(0)
	switch {
	case s.wr == nil || (s.wr.inf != nil) != (q.op == opDeflData):
		code = stubNotFlash
	case block == nil:
		code = stubLength
	case !q.sumOK(block):
		code = stubChecksum
	}
	if err := s.reply(q.op, 0, code); err != nil || code != 0 {
		return err
	}
	if s.wr.inf == nil {
		return s.raw(block)
	}
	return s.packed(q.word(1), block)
}

// raw programs a block; what is behind the end of the transfer is padding.
func (s *stub) raw(block []byte) error {
	if s.wr.left == 0 {
		s.deferred = stubTooMuch
		return nil
	}
	return s.program(block[:min(int64(len(block)), s.wr.left)])
}

// packed inflates a block and programs what has come together. Number 0 begins a new
// stream.
func (s *stub) packed(seq uint32, block []byte) error {
	w := s.wr
	if seq == 0 {
		w.inf.stop()
		w.inf, w.out = newInflater(), w.out[:0]
	}
	w.inf.push(block)
	for {
		out, state := w.inf.next()
		if !sleep(s.ctx, perByte(len(out), s.b.chip.inflate)) {
			return s.ctx.Err()
		}
		if room := w.left - int64(len(w.out)); int64(len(out)) > room {
			out = out[:room]
			s.deferred = stubTooMuch
		}
		w.out = append(w.out, out...)
		if err := s.flush(state == inflateDone); err != nil {
			return err
		}
		switch {
		case s.deferred != 0:
			return nil
		case state == inflateBroken:
			s.deferred = stubInflate
			return nil
		case state != inflateMore:
			return nil
		}
	}
}

// flush programs whole windows, and everything at the end of the stream or the transfer.
func (s *stub) flush(end bool) error {
	w := s.wr
	done := 0
	for len(w.out)-done >= window {
		if err := s.program(w.out[done : done+window]); err != nil {
			return err
		}
		done += window
	}
	rest := w.out[done:]
	if len(rest) > 0 && (end || int64(len(rest)) == w.left) {
		if err := s.program(rest); err != nil {
			return err
		}
		rest = nil
	}
	w.out = w.out[:copy(w.out, rest)]
	return nil
}

// program writes behind what was written before, as soon as there is room.
func (s *stub) program(b []byte) error {
	w := s.wr
	if err := s.erase.to(s, w.next+uint32(len(b))); err != nil {
		return err
	}
	if err := s.b.flash.program(s.ctx, w.next, b); err != nil {
		return err
	}
	w.next += uint32(len(b))
	w.left -= int64(len(b))
	return nil
}

// end ends a transfer. It refuses where bytes are missing; that it is to restart the chip
// it takes but does not do.
func (s *stub) end(q *request) error {
	if s.wr == nil {
		return s.reply(q.op, 0, stubNotFlash)
	}
	missing := s.wr.left > 0
	s.endTransfer()
	if err := s.erase.finish(); err != nil {
		return err
	}
	if missing {
		return s.reply(q.op, 0, stubLength)
	}
	return s.reply(q.op, 0, 0)
}

func (s *stub) digest(q *request) error {
	if int64(q.word(0))+int64(q.word(1)) > int64(s.b.o.Size) {
		return s.reply(q.op, 0, stubSPI)
	}
	if err := s.erase.to(s, 0); err != nil {
		return err
	}
	sum, err := s.md5(s.ctx, q.word(0), q.word(1))
	if err != nil {
		return err
	}
	return s.reply(q.op, 0, 0, sum[:]...)
}

// eraseNow erases before it answers.
func (s *stub) eraseNow(q *request) error {
	if !s.contact() {
		return s.reply(q.op, 0, stubSPI)
	}
	if err := s.erase.finish(); err != nil {
		return err
	}
	if q.op == opEraseFlash {
		d := blockTime * (s.b.flashBlocks())
		if err := s.b.flash.erase(s.ctx, 0, s.b.o.Size, d); err != nil {
			return err
		}
		return s.reply(q.op, 0, 0)
	}
	at, n := q.word(0), q.word(1)
	if at%sectorSize != 0 || n%sectorSize != 0 {
		s.b.violation("stub: ERASE_REGION of " + hexa(n) + " at " + hexa(at) + " is not of whole sectors")
		return s.reply(q.op, 0, stubLength)
	}
	if int64(at)+int64(n) > int64(s.b.o.Size) {
		return s.reply(q.op, 0, stubSPI)
	}
	for end := at + n; at < end; {
		var err error
		if at, err = s.b.flash.eraseStep(s.ctx, at, end); err != nil {
			return err
		}
	}
	return s.reply(q.op, 0, 0)
}

// readFlash sends packets without heads, each acknowledged by the number of bytes
// received so far, and a digest at the end. An acknowledgement that is none ends it.
func (s *stub) readFlash(q *request) error {
	at, n, packet := q.word(0), q.word(1), q.word(2)
	if packet == 0 || packet > maxReading || int64(at)+int64(n) > int64(s.b.o.Size) {
		return s.reply(q.op, 0, stubLength)
	}
	if err := s.erase.finish(); err != nil {
		return err
	}
	if err := s.reply(q.op, 0, 0); err != nil {
		return err
	}
	sum := md5.New()
	buf := make([]byte, packet)
	for done := uint32(0); done < n; {
		b := buf[:min(packet, n-done)]
		if !sleep(s.ctx, perByte(len(b), readSpeed)) {
			return s.ctx.Err()
		}
		if s.contact() {
			s.b.flash.read(at+done, b)
		} else {
			fill(b)
		}
		_, _ = sum.Write(b)
		if err := s.write(s.ctx, framed(nil, b)); err != nil {
			return err
		}
		done += uint32(len(b))
		ack, err := s.frame()
		if err != nil {
			return err
		}
		if len(ack) != 4 || binary.LittleEndian.Uint32(ack) != done {
			return nil
		}
	}
	return s.write(s.ctx, framed(nil, sum.Sum(nil)))
}
