package espsim

import (
	"bytes"

	"strconv"
)

// writing is a write to flash that the ROM has begun.
type writing struct {
	next   uint32 // address of the next byte
	left   int64  // bytes that may still come
	block  uint32 // bytes of a block
	blocks uint32 // that may still come
	inf    *inflater
}

// flashCommand does the commands that write.
func (r *rom) flashCommand(q *request) error {
	switch q.op {
	case opFlashBegin, opDeflBegin:
		code, err := r.flashBegin(q)
		if err != nil {
			return err
		}
		return r.reply(q.op, 0, code)
	case opFlashData, opDeflData:
		code, err := r.flashData(q)
		if err != nil {
			return err
		}
		return r.reply(q.op, 0, code)
	}
	if len(q.data) != 4 {
		return r.reply(q.op, 0, romParameter)
	}
	r.endWriting()
	if err := r.reply(q.op, 0, 0); err != nil {
		return err
	}
	if q.word(0) == 0 {
		return errSoftware
	}
	return nil
}

func (r *rom) endWriting() {
	if r.wr != nil && r.wr.inf != nil {
		r.wr.inf.stop()
	}
	r.wr = nil
}

// flashBegin erases what is to be written, all of it, before it is answered.
func (r *rom) flashBegin(q *request) (byte, error) {
	if len(q.data) != 16 && (len(q.data) != 20 || !r.b.chip.hasSecurity) {
		return romParameter, nil
	}
	size, blocks, block, at := q.word(0), q.word(1), q.word(2), q.word(3)
	if r.b.o.Chip == ESP8266 {
		r.attached = true
	}
	switch {
	case !r.contact():
		return romResult, nil
	case block > romBlock, int64(at)+int64(size) > int64(r.b.o.Size):
		return romParameter, nil
	}
	if at%sectorSize != 0 {
		r.b.violation("ROM: a write begins at " + hexa(at) + ", not at a sector")
	}
	first := at / sectorSize
	n := (size + sectorSize - 1) / sectorSize
	if r.b.o.Chip == ESP8266 {
		n = erased8266(first, n)
	}
	last := min(first+n, uint32(r.b.o.Size/sectorSize))
	for a, end := first*sectorSize, last*sectorSize; a < end; {
		var err error
		if a, err = r.b.flash.eraseStep(r.ctx, a, end); err != nil {
			return 0, err
		}
	}
	r.endWriting()
	r.wr = &writing{next: at, left: int64(blocks) * int64(block), block: block, blocks: blocks}
	if q.op == opDeflBegin {
		r.wr.left = int64(size)
		r.wr.inf = newInflater()
	}
	return 0, nil
}

// erased8266 is how many sectors the ESP8266's ROM erases that is asked for n from first
// on: it takes the sectors up to the next block twice (sheet, section 6.2).
func erased8266(first, n uint32) uint32 {
	return n + min(n, 16-first%16)
}

// flashData writes a block and reads it back.
func (r *rom) flashData(q *request) (byte, error) {
	w := r.wr
	data := q.block()
	switch {
	case w == nil, (w.inf != nil) != (q.op == opDeflData), w.blocks == 0:
		return romResult, nil
	case data == nil, len(data) > int(w.block):
		return romParameter, nil
	case !q.sumOK(data):
		return romChecksum, nil
	}
	w.blocks--
	if w.inf == nil {
		return r.put(w, data)
	}
	w.inf.push(data)
	for {
		out, state := w.inf.next()
		if code, err := r.put(w, out); code != 0 || err != nil {
			return code, err
		}
		switch state {
		case inflateBroken:
			return romDeflate, nil
		case inflateWants, inflateDone:
			return 0, nil
		}
	}
}

// put programs and reads back.
func (r *rom) put(w *writing, data []byte) (byte, error) {
	if int64(len(data)) > w.left {
		return romResult, nil
	}
	if err := r.b.flash.program(r.ctx, w.next, data); err != nil {
		return 0, err
	}
	back := make([]byte, len(data))
	r.b.flash.read(w.next, back)
	w.next += uint32(len(data))
	w.left -= int64(len(data))
	if !bytes.Equal(back, data) {
		return romWrite, nil
	}
	return 0, nil
}

func hexa(v uint32) string { return "0x" + strconv.FormatUint(uint64(v), 16) }
