package esp

import (
	"context"
	"time"

	"ncpweb/flash"
)

// stream is one stretch of flash memory on its way.
type stream struct {
	job
	begin, more byte // opcodes
	bytes       []byte
	block       int
	meter       *meter // nil: not packed
}

// writing is where the work in the flash memory is.
type writing struct {
	total, base int64  // bytes of the image; those that need not be written
	done        int64  // acknowledged, of the jobs
	behind      int64  // bytes of the last block, which the chip may still be writing
	addr        uint32 // where those are
	end         byte   // opcode that ends what was begun; 0: nothing was
}

// write does jobs in their order. It returns those that are not done.
func (f *Flasher) write(ctx context.Context, p *Plan, jobs []job) (left []job, err error) {
	f.enter(flash.PhaseWrite)
	w := &writing{total: p.Data + p.Blank}
	w.base = w.total
	for _, j := range jobs {
		w.base -= int64(len(j.data))
	}
	f.event(flash.Event{Phase: flash.PhaseWrite, Done: w.base, Total: w.total, Skipped: len(jobs) == 0})
	for i, j := range jobs {
		if err := f.do(ctx, w, j); err != nil {
			return jobs[i:], f.writeError(err, w)
		}
	}
	if err := f.proven(ctx, w); err != nil {
		return jobs, f.writeError(err, w)
	}
	return nil, nil
}

// do writes or erases one stretch.
func (f *Flasher) do(ctx context.Context, w *writing, j job) error {
	before := w.done
	f.torn, f.erased = true, false
	switch {
	case j.blank:
		if err := f.eraseRegion(ctx, j.addr, int64(len(j.data)), w.behind); err != nil {
			return err
		}
		w.end, w.behind = 0, 0
		f.did = append(f.did, deed{j, 0})
	default:
		packed, err := f.packedOrNil(ctx, j)
		if err != nil {
			return err
		}
		for _, s := range f.streams(j, packed) {
			if err := f.stream(ctx, w, s); err != nil {
				return err
			}
		}
		f.did = append(f.did, deed{j, sentBytes(j, packed)})
	}
	w.done = before + int64(len(j.data))
	w.tell(f, j.end())
	return nil
}

// packedOrNil returns the packed form of a job, or nil where the loader cannot unpack or
// it would be no shorter.
func (f *Flasher) packedOrNil(ctx context.Context, j job) ([]byte, error) {
	if !f.canUnpack() {
		return nil, nil
	}
	packed, err := f.packed(ctx, j)
	if err != nil || len(packed) >= len(j.data) {
		return nil, err
	}
	return packed, nil
}

// streams returns how a job goes over the wire. As it is, its last part has a block size
// of its own, so that nothing is sent, or written, beyond the end.
func (f *Flasher) streams(j job, packed []byte) []stream {
	block := f.load.block
	if packed != nil {
		return []stream{{job: j, begin: opFlashDeflBegin, more: opFlashDeflData, bytes: packed, block: block, meter: newMeter(packed, len(j.data))}}
	}
	var all []stream
	whole := len(j.data) / block * block
	if whole > 0 {
		first := job{addr: j.addr, data: j.data[:whole]}
		all = append(all, stream{job: first, begin: opFlashBegin, more: opFlashData, bytes: first.data, block: block})
	}
	if rest := j.data[whole:]; len(rest) > 0 {
		last := job{addr: j.addr + uint32(whole), data: rest}
		all = append(all, stream{job: last, begin: opFlashBegin, more: opFlashData, bytes: rest, block: len(rest)})
	}
	return all
}

// upTo returns how many bytes of the image are in the first blocks.
func (s *stream) upTo(blocks int) int64 {
	n := min(blocks*s.block, len(s.bytes))
	if s.meter == nil {
		return int64(n)
	}
	return s.meter.upTo(n)
}

// stream sends one stretch: each block as soon as the one before is answered, never
// two. The answer comes before a block is written; while it is, the next one travels.
func (f *Flasher) stream(ctx context.Context, w *writing, s stream) error {
	if err := f.begin(ctx, w, &s); err != nil {
		return err
	}
	w.end = opFlashEnd
	if s.meter != nil {
		w.end = opFlashDeflEnd
	}
	blocks := (len(s.bytes) + s.block - 1) / s.block
	start, had := w.done, int64(0)
	f.frames[0] = f.blockFrame(f.frames[0], &s, 0)
	for k := range blocks {
		has, err := f.sendBlock(ctx, w, &s, k, blocks)
		if err != nil {
			return err
		}
		w.behind, w.addr = max(has-had, 1), s.addr+uint32(min(had, int64(len(s.data)-1)))
		had = has
		w.done = start + has
		f.report.Packed += int64(min(s.block, len(s.bytes)-k*s.block))
		w.tell(f, int64(s.addr)+has)
	}
	f.report.Written += int64(len(s.data))
	return nil
}

// blockTries is how often a block is sent whose checksum or length was wrong on arrival.
const blockTries = 4

// sendBlock sends block k until it is taken, and makes the frame of the next one ready
// meanwhile. It returns how many bytes of the image are in all blocks so far.
func (f *Flasher) sendBlock(ctx context.Context, w *writing, s *stream, k, blocks int) (has int64, err error) {
	frame := f.frames[k%2]
	for try := 1; ; try++ {
		sent := time.Now().Add(f.onWire(len(frame)))
		if err := f.load.send(ctx, frame); err != nil {
			return 0, f.load.fail("write block", flash.PhaseWrite, err)
		}
		if try == 1 {
			if k+1 < blocks {
				f.frames[(k+1)%2] = f.blockFrame(f.frames[(k+1)%2], s, k+1)
			}
			has = s.upTo(k + 1)
		}
		behind := w.behind
		if !f.load.stub {
			behind += int64(s.block) + has // the ROM writes before it answers
		}
		err = f.answer(ctx, s.more, blockLimit(behind)+f.onWire(len(frame)))
		if err == nil || try == blockTries || !damaged(err) {
			return has, err
		}
		f.report.Retries++
		// What looked like the end of the frame may have been damage in its middle: the
		// rest is still on its way, and ends with the begin of another frame.
		if err := sleep(ctx, time.Until(sent)); err != nil {
			return has, f.load.fail("write block", flash.PhaseWrite, err)
		}
		if err := f.listens(ctx, true); err != nil {
			return has, err
		}
	}
}

// proven waits until the last block is in the flash memory. A loader that answers after
// the work needs no proof, and the end command would make it start the firmware.
func (f *Flasher) proven(ctx context.Context, w *writing) error {
	if !f.load.stub || w.end == 0 {
		return nil
	}
	err := f.finish(ctx, w.end, w.behind)
	if err == nil {
		w.end, w.behind = 0, 0
	}
	return err
}

// tell reports progress, which never goes back.
func (w *writing) tell(f *Flasher, addr int64) {
	f.event(flash.Event{Phase: flash.PhaseWrite, Done: min(w.base+w.done, w.total), Total: w.total, Addr: uint32(min(addr, 1<<32-1))})
}
