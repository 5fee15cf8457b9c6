package esp

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/flash"
	"ncpweb/slip"
)

const (
	attempts  = 7                      // of resets, before a person is asked for help
	syncs     = 5                      // in an attempt
	quickSync = 2                      // in one at a fast rate, which is only worth a try
	syncLimit = 100 * time.Millisecond // for the first reply
	handLimit = 200 * time.Millisecond // the same where a stub may run, whose frames may be out of step
	syncQuiet = 40 * time.Millisecond  // between the eight replies; adapters hold bytes back for 16 ms
	sessions  = 8                      // of Connect: resets that worked, but not what came then
)

// syncData is what ROM measures the rate by.
var syncData = append([]byte{0x07, 0x07, 0x12, 0x20}, bytes.Repeat([]byte{0x55}, 32)...)

// connection is what a Flasher knows of its chip beside the conversation.
type connection struct {
	reset     Reset
	details   Details
	word      uint32 // at magicAddr
	program   *program
	programOf *Chip // whose stub program is
	stubless  bool  // the stub does not start
	ceiling   int   // rates above did not work in the transfer; 0: none
}

// connect tries until a chip is there, at the fastest rate that works.
func (f *Flasher) connect(ctx context.Context) (flash.Device, error) {
	f.prepare()
	targets, start, stubs, faults := f.targets(), f.o.Start, 0, 0
	var err error
	for n := 0; n < sessions && len(targets) > 0; n++ {
		first := start
		if first == 0 {
			first = min(targets[0], StartRate)
		}
		var reached bool
		if reached, err = f.session(ctx, first, targets[0]); err == nil {
			f.details.Stub, f.details.Rate = f.load.stub, f.load.baud
			return f.details.Device, nil
		}
		if !reached {
			return flash.Device{}, err
		}
		text := "rate " + strconv.Itoa(targets[0]) + ": " + err.Error()
		switch code(err) {
		case flash.CodeRate:
			targets = targets[1:]
		case flash.CodeStub:
			if stubs++; stubs == 1 && first > safeRate && !f.o.Fixed {
				start = safeRate // maybe it was the line
			} else {
				f.stubless, text = true, "the stub does not start; going on with ROM, which is slower"
			}
		case flash.CodeTimeout, flash.CodeRefused, flash.CodeGarbled:
			if faults++; faults > 1 && len(targets) > 1 {
				targets = targets[1:]
			}
		default:
			return flash.Device{}, err
		}
		f.load.note(flash.PhaseConnect, text)
	}
	return flash.Device{}, err
}

// prepare begins anew.
func (f *Flasher) prepare() {
	l := f.load
	f.reset = f.o.Reset
	if f.reset.Name == "" {
		f.reset = ResetFor(l.port.Info())
	}
	f.details, f.stubless = Details{}, false
	l.chip, l.size, l.ram = nil, 0, ramBlock
	if f.reset.otg {
		l.ram = otgBlock
	}
	if f.reset.usb && l.baud == 0 {
		l.baud = nominal
	}
}

// reconnect is Connect in the middle of a transfer. Slower tells that the rate seems to
// be the reason.
func (f *Flasher) reconnect(ctx context.Context, slower bool) error {
	if slower && !f.fixed() {
		for _, r := range ladder {
			if r < f.details.Rate {
				f.ceiling = r
				break
			}
		}
	}
	_, err := f.connect(ctx)
	return err
}

// session is one way into the loader and all that follows, at rate start first and then
// at target. Reached tells that the loader answered.
func (f *Flasher) session(ctx context.Context, start, target int) (reached bool, err error) {
	if err := f.reach(ctx, start); err != nil {
		return false, err
	}
	steps := [...]func(context.Context) error{f.identify, f.calm, f.describe, f.startStub}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return true, err
		}
	}
	l := f.load
	l.block = romBlock
	if l.stub {
		l.block = stubBlock
	}
	if f.reset.otg {
		l.block = otgBlock
	}
	if l.stub && target != l.baud && !f.fixed() {
		if err := f.raise(ctx, target); err != nil {
			return true, err
		}
	}
	return true, f.attach(ctx)
}

// reach resets the chip until its loader answers.
func (f *Flasher) reach(ctx context.Context, start int) error {
	l, seen := f.load, witness{}
	if f.reset.Hand {
		l.note(flash.PhaseConnect, "waiting until somebody brings the chip into its loader")
		if err := f.release(ctx); err != nil {
			return l.fail("reset", flash.PhaseConnect, err)
		}
	}
	tried := false // at a rate that the adapter takes
	var err error
	for n := 0; f.reset.Hand || n < attempts; n++ {
		err = f.attempt(ctx, n, f.rateOf(n, start, &seen))
		if err == nil {
			return nil
		}
		switch code(err) {
		case flash.CodeTimeout, flash.CodeGarbled, flash.CodeRefused:
			tried = true
		case flash.CodeRate:
			if n > len(ladder) && !tried {
				return err
			}
			continue
		case flash.CodeCanceled:
			if f.reset.Hand && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return seen.verdict(err)
			}
			return err
		default:
			return err
		}
		if said := seen.hear(l.printed, l.heard, l.baud); said != "" {
			l.note(flash.PhaseConnect, said)
		}
	}
	if !tried {
		return err
	}
	return seen.verdict(nil)
}

// rateOf returns the rate of attempt n: the first one is fast. A chip on whose output
// nothing can be read may be an ESP8266, whose log has a rate of its own.
func (f *Flasher) rateOf(n, start int, seen *witness) int {
	switch {
	case f.o.Fixed:
		if f.o.Start == 0 && f.o.Opened > 0 {
			return f.o.Opened
		}
		return start
	case f.reset.Hand:
		// Mostly the first two, which a ROM that was just reset takes both: each change opens
		// the port again. But a ROM keeps the rate of its first SYNC, and a stub its own.
		slot := n / handTries
		if slot%3 == 2 {
			return ladder[slot/3%len(ladder)]
		}
		return [...]int{start, min(start, safeRate)}[slot%3]
	case n == 0:
		return start
	case n == attempts-3 && seen.kind == flash.CodeGarbled:
		return rate8266
	}
	return min(start, safeRate)
}

// handTries is how many attempts there are at one rate before another.
const handTries = 6

// attempt resets the chip once.
func (f *Flasher) attempt(ctx context.Context, n, baud int) error {
	l := f.load
	if err := f.setRate(ctx, baud, f.reset.Hand); err != nil {
		return err
	}
	l.forget()
	tries, count, limit := f.reset.tries, syncs, syncLimit
	which := n
	if baud > safeRate && !f.o.Fixed && !f.reset.Hand {
		count = quickSync
	} else if n > 0 {
		which = n - 1
	}
	steps := tries[which%len(tries)]
	if steps == nil {
		count, limit = 2, handLimit
	}
	if err := l.steps(ctx, steps); err != nil {
		return l.fail("reset", flash.PhaseConnect, err)
	}
	return l.sync(ctx, count, limit, steps == nil)
}

// sync makes the loader answer, and tells whether the stub does (l.stub). Parity tells
// that frames of a stub may be out of step: then every second try begins with an End
// of its own, which would put one in step out of it.
func (l *loader) sync(ctx context.Context, count int, limit time.Duration, parity bool) error {
	frame := frameOf([]byte{slip.End}, opSync, 0, syncData)
	var err error
	for i := range count {
		send := frame[1:]
		if parity && i%2 == 1 {
			send = frame
		}
		if err = l.send(ctx, send); err != nil {
			return l.fail("sync", flash.PhaseConnect, err)
		}
		var r reply
		r, err = l.await(ctx, command{op: opSync, limit: limit, name: "sync"})
		switch code(err) {
		case 0:
			l.stub = l.syncRest(ctx, r.value == 0)
			return nil
		case flash.CodeTimeout, flash.CodeGarbled, flash.CodeRefused:
		default:
			return err
		}
	}
	return err
}

// syncRest reads the other seven replies to SYNC. It tells whether all of them have the
// value of a stub.
func (l *loader) syncRest(ctx context.Context, stub bool) bool {
	defer l.watch(ctx)()
	budget := maxNoise
	for n := 1; n < burst; {
		p, err := l.next(ctx, time.Now().Add(syncQuiet), &budget)
		if err != nil {
			break // as many as there were; the next command meets what is wrong
		}
		r, op, _, ok := parseReply(p, 0, 0)
		if !ok || op != opSync {
			l.print(p)
			budget -= len(p)
			continue
		}
		stub = stub && r.value == 0
		n++
	}
	return stub
}
