package espsim

import (
	"context"
	"time"
)

// press is what a hand does with the buttons.
type press struct {
	boot bool // BOOT is held before, during and after
	done chan struct{}
}

// Times of a hand.
const (
	tapTime  = 80 * time.Millisecond  // RESET is down
	holdTime = 150 * time.Millisecond // BOOT stays down after that
)

// Press is the way into the loader by hand: hold BOOT, tap RESET, let go of BOOT. It
// returns when that is done, or with ctx's error. The board must have power.
func (b *Board) Press(ctx context.Context) error {
	if err := b.push(ctx, press{boot: true, done: make(chan struct{})}); err != nil {
		return err
	}
	if !sleep(ctx, holdTime) {
		return ctx.Err()
	}
	return nil
}

// Tap taps RESET. It returns when that is done, or with ctx's error. The board must
// have power.
func (b *Board) Tap(ctx context.Context) error {
	return b.push(ctx, press{done: make(chan struct{})})
}

func (b *Board) push(ctx context.Context, p press) error {
	select {
	case b.buttons <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// press is the chip's side of a hand: in reset while RESET is down. BOOT is low when the
// strap is sampled next.
func (l *life) press(ctx context.Context) error {
	p := l.pressed
	if p == nil {
		return nil
	}
	l.pressed = nil
	defer close(p.done)
	l.b.setState(Reset)
	if !sleep(ctx, tapTime) {
		return ctx.Err()
	}
	l.held = p.boot
	return nil
}
