package esp

import (
	"context"
	"time"

	"ncpweb/flash"
)

// eraseSpeed is what erasing everything is guessed to do, in bytes a second, while the
// chip says nothing: 4 MiB took 9.2 seconds in the vendor's log.
const eraseSpeed = 450_000

// EraseAll erases the whole flash memory. It takes some seconds for each megabyte.
func (f *Flasher) EraseAll(ctx context.Context) error {
	if err := f.secureErase(); err != nil {
		return err
	}
	f.enter(flash.PhaseErase)
	err := f.final(ctx, f.eraseAll(ctx))
	f.leave()
	f.load.rest()
	return err
}

// Erase erases n bytes from addr on, both whole sectors of 4096 bytes.
func (f *Flasher) Erase(ctx context.Context, addr uint32, n int64) error {
	if err := f.secureErase(); err != nil {
		return err
	}
	if addr%sector != 0 || n <= 0 || n%sector != 0 || int64(addr)+n > f.room() {
		return &flash.Error{Code: flash.CodeTooLarge, Op: "erase", Phase: flash.PhaseErase, Addr: addr, Detail: "not whole sectors of the flash memory"}
	}
	f.enter(flash.PhaseErase)
	err := f.guessed(n, func() error { return f.eraseRegion(ctx, addr, n, 0) })
	f.leave()
	f.load.rest()
	return f.final(ctx, err)
}

// room is where the flash memory ends, as far as that is known.
func (f *Flasher) room() int64 {
	if f.load.size > 0 {
		return f.load.size
	}
	return maxFlash
}

// clear erases everything first, where a person chose that.
func (f *Flasher) clear(ctx context.Context, p *Plan) error {
	if !p.EraseAll {
		f.event(flash.Event{Phase: flash.PhaseErase, Skipped: true})
		return nil
	}
	f.enter(flash.PhaseErase)
	f.torn = true
	if err := f.eraseAll(ctx); err != nil {
		return err
	}
	f.erased = true
	return nil
}

// eraseAll erases everything.
func (f *Flasher) eraseAll(ctx context.Context) error {
	size := f.load.size
	if !f.load.stub {
		if size <= 0 {
			return &flash.Error{Code: flash.CodeNoFlash, Op: "erase", Phase: flash.PhaseErase, Detail: "the size of the flash memory is not known"}
		}
		return f.guessed(size, func() error { return f.romErase(ctx, 0, size, scaled(size, perErased)) })
	}
	if size <= 0 {
		size = 4 << 20 // a guess, for the progress only
	}
	limit := max(eraseMost, scaled(size, perErased))
	return f.guessed(size, func() error {
		_, err := f.load.command(ctx, command{op: opEraseFlash, limit: limit, phase: flash.PhaseErase})
		return err
	})
}

// guessed does work on n bytes of which nothing is heard until it has ended, and tells
// meanwhile how far it probably is: never all of it.
func (f *Flasher) guessed(n int64, work func() error) error {
	const every = 250 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	done := make(chan error, 1)
	go func() { done <- work() }()
	began := time.Now()
	for {
		select {
		case err := <-done:
			if err == nil {
				f.event(flash.Event{Phase: flash.PhaseErase, Done: n, Total: n})
			}
			return err
		case <-tick.C:
			guess := int64(time.Since(began).Seconds() * eraseSpeed)
			f.event(flash.Event{Phase: flash.PhaseErase, Done: min(guess, n*95/100), Total: n})
		}
	}
}
