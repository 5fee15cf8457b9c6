package esp

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	stdhex "encoding/hex"
	"errors"
	"strconv"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
)

// work is what a Flasher knows of the image and of what was done.
type work struct {
	report  Report
	plan    *Plan // of the image that is being flashed
	did     []deed
	packs   *packs
	frames  [2][]byte // the block on its way, and the next one
	phase   flash.Phase
	since   time.Time           // when the phase began
	working bool                // since is valid
	erased  bool                // the whole flash memory is blank
	torn    bool                // the flash memory may hold a part of the image
	told    [flash.Phases]int64 // the highest Done of each phase
	// disturbed counts replies that did not come.
	disturbed int
}

// retries is how often the work goes on after something that may pass: a lost frame, a
// stretch that differs in the end.
const retries = 3

func (f *Flasher) flash(ctx context.Context, image *firmware.Image) error {
	f.work = work{packs: f.packs, frames: f.frames}
	f.opening(image)
	sums := make(chan [2]string, 1)
	go func() { sums <- f.sums(ctx, image) }()
	err := f.all(ctx, image)
	both := <-sums
	f.report.SHA256, f.report.MD5 = both[0], both[1]
	f.leave()
	err = f.final(ctx, err)
	f.closing(err)
	if f.packs != nil {
		f.packs.stop()
		f.packs = nil
	}
	return err
}

// all does everything that Flash promises.
func (f *Flasher) all(ctx context.Context, image *firmware.Image) error {
	f.enter(flash.PhaseCompare)
	p, err := f.planFor(ctx, image)
	if err != nil {
		return err
	}
	f.plan = p
	f.packsOf(ctx, image).start(p.likely())
	if err := f.clear(ctx, p); err != nil {
		return err
	}
	jobs, err := f.todo(ctx, p)
	for try := 0; ; try++ {
		if err == nil && len(jobs) == 0 { // all of it was compared, and nothing written since
			f.nothing(p)
			return nil
		}
		if err == nil {
			f.packs.start(jobs)
			jobs, err = f.write(ctx, p, jobs)
		}
		if err == nil {
			jobs, err = f.verify(ctx, p)
			if err == nil && len(jobs) == 0 {
				f.verified()
				return nil
			}
			if err == nil && try == retries {
				err = wrong(jobs)
			}
		}
		if err == nil { // something differs: write it again
			f.retry("What is in the chip differs: it is written again.")
			continue
		}
		if try == retries || !passing(err) {
			return err
		}
		f.retry("The transfer was disturbed: it goes on.")
		left := jobs
		if jobs, err = f.resume(ctx, p, left, err); err != nil {
			return err
		}
	}
}

// resume makes the loader listen again after err, and finds out what is left.
func (f *Flasher) resume(ctx context.Context, p *Plan, left []job, err error) ([]job, error) {
	if err := f.revive(ctx, err); err != nil {
		return nil, err
	}
	if !f.canDigest() {
		if left == nil {
			left = p.jobs(true)
		}
		return left, nil
	}
	return f.rest(ctx, p)
}

// rest returns what differs in the chip, without samples before.
func (f *Flasher) rest(ctx context.Context, p *Plan) ([]job, error) {
	var jobs []job
	for _, s := range p.spans() {
		more, err := f.differing(ctx, s, []int64{chunk, unit, grain}, func(int64) {})
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, more...)
	}
	return jobs, nil
}

// revive makes the loader listen again: it is asked whether it does, or the chip is
// brought into it once more.
func (f *Flasher) revive(ctx context.Context, cause error) error {
	var s *statusError
	if errors.As(cause, &s) {
		return nil // it does
	}
	f.disturbed++
	// A second time the rate may be to blame, even if the loader hears.
	if f.disturbed == 1 && f.listens(ctx, false) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return cause
	}
	chip, mac := f.load.chip, f.details.MAC
	if err := f.reconnect(ctx, f.disturbed > 1); err != nil {
		return err
	}
	if f.load.chip != chip || f.details.MAC != mac {
		return &flash.Error{Code: flash.CodeChip, Op: "connect again", Phase: f.phase, Detail: "another chip answers"}
	}
	return nil
}

// passing tells whether an error may pass when the work is tried again.
func passing(err error) bool {
	switch code(err) {
	case flash.CodeTimeout, flash.CodeRefused, flash.CodeWrite, flash.CodeVerify, flash.CodeGarbled:
		return true
	}
	return false
}

// nothing ends the work where everything was in the chip already.
func (f *Flasher) nothing(p *Plan) {
	total := p.Data + p.Blank
	f.enter(flash.PhaseWrite)
	f.event(flash.Event{Phase: flash.PhaseWrite, Done: total, Total: total, Skipped: true})
	f.enter(flash.PhaseVerify)
	f.event(flash.Event{Phase: flash.PhaseVerify, Done: total, Total: total, Skipped: true})
	f.verified()
}

func (f *Flasher) retry(note string) {
	f.report.Retries++
	f.note(note)
}

// note keeps a remark for the report, and tells it.
func (f *Flasher) note(text string) {
	f.report.Notes = append(f.report.Notes, text)
	f.event(flash.Event{Phase: f.phase, Note: text})
}

// enter begins a phase, leave ends the last one; both keep the time.
func (f *Flasher) enter(p flash.Phase) {
	f.leave()
	f.phase, f.since, f.working = p, time.Now(), true
}

func (f *Flasher) leave() {
	if f.working {
		f.report.Phases[f.phase] += time.Since(f.since)
		f.working = false
	}
}

// event tells e. What is written again after a disturbance is not counted again.
func (f *Flasher) event(e flash.Event) {
	if e.Note == "" && (e.Phase == flash.PhaseWrite || e.Phase == flash.PhaseVerify) {
		e.Done = max(e.Done, f.told[e.Phase])
		f.told[e.Phase] = e.Done
	}
	if f.o.Event != nil {
		f.o.Event(e)
	}
}

func (f *Flasher) breathe(ctx context.Context) {
	if f.o.Breathe != nil {
		f.o.Breathe(ctx)
	}
}

// writeError tells what a failure of write means. The stub reports what went wrong with
// a block when it is asked for the next thing.
func (f *Flasher) writeError(err error, w *writing) error {
	var e *flash.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return &flash.Error{Code: flash.CodeCanceled, Op: "write", Phase: flash.PhaseWrite, Err: err}
		}
		return &flash.Error{Code: flash.CodePort, Op: "write", Phase: flash.PhaseWrite, Err: err}
	}
	c := *e
	c.Phase, c.Addr = flash.PhaseWrite, w.addr
	var s *statusError
	if errors.As(err, &s) {
		switch s.number() {
		case 0x06, 0x08, 0x0B, 0x0C, 0xC4, 0xC5, 0xC7, 0xC8, 0xC9:
			c.Code = flash.CodeWrite
		}
	}
	return &c
}

// final completes an error for the caller.
func (f *Flasher) final(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var e *flash.Error
	if !errors.As(err, &e) {
		e = &flash.Error{Code: flash.CodePort, Op: "flash", Err: err}
	}
	c := *e
	if ctx.Err() != nil && c.Code != flash.CodeLost {
		c.Code = flash.CodeCanceled
	}
	if c.Phase == flash.PhaseConnect {
		c.Phase = f.phase
	}
	c.Torn = f.torn
	return &c
}

// sums returns SHA-256 and MD5 of the image for the report, or nothing when ctx ends.
func (f *Flasher) sums(ctx context.Context, image *firmware.Image) (both [2]string) {
	const step = 128 << 10
	if image == nil {
		return both
	}
	a, b := sha256.New(), md5.New()
	for _, s := range image.Segments {
		for at := 0; at < len(s.Data); at += step {
			if ctx.Err() != nil {
				return both
			}
			part := s.Data[at:min(at+step, len(s.Data))]
			a.Write(part)
			b.Write(part)
			f.breathe(ctx)
		}
	}
	return [2]string{stdhex.EncodeToString(a.Sum(nil)), stdhex.EncodeToString(b.Sum(nil))}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
