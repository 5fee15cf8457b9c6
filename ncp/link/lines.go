package link

import (
	"context"
	"errors"
	"time"

	"ncpweb/serial"
)

// DTR and RTS. Opening a port raises both together, and so does every change of rate
// where that is closing and opening (Web Serial measurements). What is wired to them:
//
//   - the usual auto-reset circuit: with both on, or both off, the chip runs. RTS on and
//     DTR off is reset, the other way round is the boot pin. From both on to both off DTR
//     goes first and a moment later RTS, which is a short reset, and it would come again
//     at each change of rate. So both stay on, and go on together again after anything
//     else: DTR first, which never is a reset.
//   - RTS alone to reset: while RTS is on the board stays off. Nothing is heard then, at no
//     rate; so after a search in vain both lines are let go, DTR first, lest the board
//     starts into its loader. As each opening resets such a board, its rate is not changed.

const (
	// resetPulse is how long the reset line is held: enough for the RC circuits of boards.
	resetPulse = 100 * time.Millisecond
	// strapPause is after what time a chip has looked at its boot pin, slow rise of its
	// reset line included.
	strapPause = 50 * time.Millisecond
	// stayHeld is how long we wait at each starting rate for a board that was let go.
	stayHeld = 2500 * time.Millisecond
)

// setLines switches DTR and RTS, in this order. An adapter without them is no error.
func (l *Link) setLines(ctx context.Context, level serial.Level) error {
	err := l.port.SetSignals(ctx, serial.Signals{DTR: level, RTS: level})
	switch {
	case err == nil:
		l.low.Store(level == serial.Off)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return err
	}
	return nil
}

// restLines puts DTR and RTS where the board runs, for a search.
func (l *Link) restLines(ctx context.Context) error {
	if l.held.Load() {
		return l.setLines(ctx, serial.Off)
	}
	return l.setLines(ctx, serial.On)
}

// letGo looks for a board that was held in reset by RTS. The lines stay off.
func (l *Link) letGo(ctx context.Context) (bool, error) {
	if err := l.setLines(ctx, serial.Off); err != nil {
		return false, err
	}
	for _, rate := range l.starting() {
		if err := l.setBaud(ctx, rate); err != nil {
			return false, err
		}
		l.report(Report{Kind: Searching, Rate: rate})
		found, err := l.stay(ctx, stayHeld)
		if err != nil {
			return false, err
		}
		if found {
			l.held.Store(true)
			l.initial.Store(int64(rate))
			return true, nil
		}
	}
	return false, nil
}

// Reset pulses the reset line of boards that have it on RTS, with DTR (the boot pin)
// off, and leaves both lines as they were.
func (l *Link) Reset(ctx context.Context) error {
	low := l.low.Load() || l.held.Load()
	if err := l.port.SetSignals(ctx, serial.Signals{DTR: serial.Off, RTS: serial.On}); err != nil {
		return err
	}
	wait := sleep(ctx, resetPulse)
	// The line must be let go even if ctx has ended: the chip stays off otherwise.
	steady, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := l.port.SetSignals(steady, serial.Signals{DTR: serial.Off, RTS: serial.Off}); err != nil {
		return err
	}
	l.low.Store(true)
	if !low {
		if err := sleep(steady, strapPause); err != nil {
			return err
		}
		if err := l.setLines(steady, serial.On); err != nil {
			return err
		}
	}
	return wait
}

// Lowered tells whether DTR and RTS were left off.
func (l *Link) Lowered() bool { return l.low.Load() }
