package doctor

import (
	"context"
	"errors"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/serial"
)

// reset restarts the board, hears its boot log and asks again.
func (x *exam) reset(ctx context.Context) error {
	x.begin(StepReset)
	if !x.opt.AllowReset {
		x.see(Evidence{Kind: EvNoReset})
		x.endStep(Skipped)
		return nil
	}
	quiet := x.heard()
	found, err := x.restart(ctx)
	if err == nil && !found && x.maybeNCP() {
		err = x.hearNCP(ctx)
	}
	if err == nil && !found && x.maybeNCP() {
		found, err = x.letGo(ctx)
	}
	if err != nil {
		return err
	}
	x.sample(x.line.ears)
	switch {
	case found:
		x.found.revived = !x.found.linesOff
		x.see(Evidence{Kind: EvAnswered, Rate: x.found.answered.Baud, N: x.found.answered.Answers, M: x.found.answered.Pings})
		x.endStep(Passed)
	case x.heard() == quiet:
		x.seeSilence()
		x.endStep(Failed)
	default:
		x.seeEars()
		x.endStep(Noted)
	}
	return nil
}

// restart pulses the reset line, listens for a boot log at the rates of the ROMs and
// pings where NCPs start.
func (x *exam) restart(ctx context.Context) (bool, error) {
	before := x.heard()
	for _, baud := range []int{romBaud, rom8266} {
		ok, err := x.at(ctx, baud)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if err := x.pulse(ctx); err != nil {
			return false, err
		}
		if err := x.line.listen(ctx, firstListen, nil); err != nil {
			return false, err
		}
		if x.heard() == before || x.line.ear.marks[markROM] > 0 {
			break // nothing comes, or it was read: another pulse tells no more
		}
	}
	if x.line.ear.marks[markROM] > 0 {
		// One that restarts by itself does so again.
		enough := func() bool { return x.line.ear.marks[markDownload] > 0 }
		if err := x.line.listen(ctx, 2*firstListen, enough); err != nil {
			return false, err
		}
	}
	return x.stay(ctx, ncp.InitialRates(), bootPatience)
}

// maybeNCP tells whether nothing was heard yet that tells what is on the line.
func (x *exam) maybeNCP() bool {
	for _, e := range x.line.ears {
		if e.Good > 0 || e.marks[markNCP]+e.marks[markDownload]+e.marks[markNoImage]+e.marks[markBrownout] > 0 || e.marks[markROM] > x.found.resets+1 {
			return false
		}
	}
	return x.found.at == nil && x.found.sync == nil
}

// hearNCP restarts a chip whose ROM was heard once more, to hear the boot log of an NCP
// at its own rate.
func (x *exam) hearNCP(ctx context.Context) error {
	rom := false
	for _, e := range x.line.ears {
		rom = rom || e.marks[markROM] > 0
	}
	baud := ncp.InitialRates()[0]
	ok, err := x.at(ctx, baud)
	if !rom || !ok || err != nil {
		return err
	}
	if err := x.pulse(ctx); err != nil {
		return err
	}
	return x.line.listen(ctx, bootPatience/2, func() bool { return x.line.ear.marks[markNCP] > 0 })
}

// pulse restarts the board by DTR and RTS as ncp/link does it. An adapter without
// these lines is no error.
func (x *exam) pulse(ctx context.Context) error {
	l := link.New(x.line.port, x.line.ear.Baud, link.Options{})
	err := l.Reset(ctx)
	switch {
	case err == nil:
		x.found.resets++
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return err
	}
	return nil
}

// letGo looks for a board that RTS alone holds in reset (see ncp/link, "DTR and RTS").
func (x *exam) letGo(ctx context.Context) (bool, error) {
	err := x.line.port.SetSignals(ctx, serial.Signals{DTR: serial.Off, RTS: serial.Off})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return false, err
	default:
		return false, nil
	}
	for _, baud := range ncp.InitialRates() {
		found, err := x.stay(ctx, []int{baud}, offPatience)
		if err != nil {
			return false, err
		}
		if found {
			x.found.linesOff = true
			x.see(Evidence{Kind: EvLinesOff, Rate: baud})
			return true, nil
		}
	}
	return false, nil
}
