package link

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
)

const (
	// changeTries is how often a change of rate is asked for when the answers get lost.
	changeTries = 3
	// arriveTries is how often the NCP is pinged at a new rate before it counts as not
	// there.
	arriveTries = 5
	// talkDownTries is how often an NCP that is not heard is asked to go back.
	talkDownTries = 4
	// talkDownWait is how long the answer to such a request may take; it is not expected.
	talkDownWait = 100 * time.Millisecond
	// ownReboot is after what silence an NCP restarts by itself: 25 s, then five pings
	// 5 s apart (protocol sheet), and a margin.
	ownReboot = 25*time.Second + 5*5*time.Second + 5*time.Second
	// proofBytes is the length of the long requests of a proof.
	proofBytes = 256
)

// place is where the NCP is after a change of rate was asked for.
type place uint8

const (
	atOld   place = iota // the request did not arrive, or it came back
	atNew                // it answers at the new rate
	refused              // it said no, and is at the old rate
	nowhere              // it answers at neither
)

// SetRate changes the rate because a person asked for it, also to one that failed
// before. It is the target from then on. When the new rate does not carry, the NCP is brought back to the old one
// and the error is ErrBadRate, or ErrRefused when the NCP did not take it. The rate
// that holds is remembered. Calls made through the Link wait meanwhile.
func (l *Link) SetRate(ctx context.Context, rate int) error {
	if err := l.gate.shut(ctx); err != nil {
		return err
	}
	defer l.gate.open()
	if rate == l.Baud() {
		return nil
	}
	l.mem.forgive(rate)
	err := l.step(ctx, rate)
	if err == nil {
		l.mem.remember(rate)
		l.target.Store(int64(rate)) // a restarted NCP comes back to it
	}
	return err
}

// raise changes to the target rate, or the fastest below it that carries.
func (l *Link) raise(ctx context.Context) error {
	old, target := l.Baud(), int(l.target.Load())
	if target == 0 || target == old || l.held.Load() {
		return nil
	}
	steps := l.steps(old, target)
	if len(steps) == 0 {
		return nil
	}
	// A line that has errors at the present rate tells nothing about the next one.
	if ok, err := l.prove(ctx); err != nil || !ok {
		l.report(Report{Kind: Noisy, Rate: old})
		return err
	}
	for _, rate := range steps {
		err := l.step(ctx, rate)
		if err == nil || !errors.Is(err, ErrRefused) && !errors.Is(err, ErrBadRate) {
			return err
		}
		if l.Baud() != old {
			return nil // it restarted or was found elsewhere: that rate will do
		}
	}
	return nil
}

// steps are the rates worth trying from the target down to the present rate.
func (l *Link) steps(old, target int) []int {
	var list []int
	if !l.mem.isBad(target) {
		list = append(list, target)
	}
	for _, r := range ncp.Rates() {
		if r < target && r > old && !l.mem.isBad(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b int) int { return b - a })
	return list
}

// step changes to one rate and proves it; when that fails it goes back.
func (l *Link) step(ctx context.Context, rate int) error {
	old := l.Baud()
	l.report(Report{Kind: Raising, Rate: rate})
	if ok, err := l.can(ctx, rate); err != nil {
		return err
	} else if !ok {
		l.report(Report{Kind: Bad, Rate: rate})
		l.mem.markBad(rate)
		return ErrBadRate
	}
	where, err := l.change(ctx, rate)
	if err != nil {
		return err
	}
	switch where {
	case refused:
		l.report(Report{Kind: Refused, Rate: rate})
		l.mem.markBad(rate)
		return ErrRefused
	case atNew:
		ok, err := l.prove(ctx)
		if err != nil {
			return err
		}
		if ok {
			l.report(Report{Kind: Proven, Rate: rate})
			return nil
		}
		l.report(Report{Kind: Bad, Rate: rate})
		l.mem.markBad(rate)
		if where, err = l.change(ctx, old); err != nil {
			return err
		}
		if where == atNew {
			return ErrBadRate
		}
		return l.badRate(l.recover(ctx, rate, old))
	case atOld:
		l.report(Report{Kind: Bad, Rate: rate})
		l.mem.markBad(rate)
		return ErrBadRate
	}
	l.report(Report{Kind: Bad, Rate: rate})
	l.mem.markBad(rate)
	return l.badRate(l.recover(ctx, rate, old))
}

func (l *Link) badRate(err error) error {
	if err != nil {
		return err
	}
	return ErrBadRate
}

// change asks for a rate and goes where the NCP is then. Where the answer gets lost
// it looks at both rates.
func (l *Link) change(ctx context.Context, rate int) (place, error) {
	old := l.Baud()
	l.asked.Store(int64(rate))
	client := ncp.NewNCP(direct{l})
	for range changeTries {
		ok, err := client.SetUartBaudRate(ctx, uint32(rate))
		switch {
		case err == nil && !ok, err != nil && answeredCall(err):
			return refused, nil
		case err != nil && ctx.Err() == nil && !errors.Is(err, rpc.ErrTimeout):
			return atOld, err
		}
		// Even if ctx has just ended, the NCP is about to switch: follow it, so that the
		// next bring-up finds both sides together.
		if where, err := l.follow(ctx, old, rate, err == nil); err != nil || where != atOld {
			return where, err
		}
	}
	return atOld, nil
}

// follow looks for the NCP at the new rate and at the old one; sure tells that it
// said yes.
func (l *Link) follow(ctx context.Context, old, rate int, sure bool) (place, error) {
	steady, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := sleep(steady, switchPause); err != nil {
		return nowhere, err
	}
	order := []int{rate, old}
	if !sure {
		order = []int{old, rate}
	}
	for _, r := range order {
		if err := l.setBaud(steady, r); err != nil {
			return nowhere, err
		}
		for range arriveTries {
			found, err := l.probe(ctx, pingTimeout)
			if err != nil {
				return nowhere, err
			}
			if found && r == old {
				return atOld, nil
			}
			if found {
				return atNew, nil
			}
		}
	}
	return nowhere, nil
}

// prove tells whether the line carries short and long frames without a single error.
// The long requests are pings with bytes behind them: every deployed NCP accepts and
// ignores those, and answers only what arrived whole. An error is one of the line or
// of ctx.
func (l *Link) prove(ctx context.Context) (bool, error) {
	before := lineErrors(l.ep.Stats())
	client := ncp.NewNCP(direct{l})
	tests := []func() error{}
	for range 4 {
		tests = append(tests, func() error { _, err := l.ping(ctx, pingTimeout, nil); return err })
	}
	for _, pattern := range proofPatterns() {
		tests = append(tests,
			func() error { _, err := l.ping(ctx, pingTimeout, pattern); return err },
			func() error { _, _, err := client.GetNcpVersion(ctx); return err })
	}
	for _, test := range tests {
		err := test()
		switch {
		case err == nil || answeredCall(err):
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case errors.Is(err, rpc.ErrTimeout):
			return false, nil
		default:
			return false, err
		}
		if lineErrors(l.ep.Stats()) != before {
			return false, nil
		}
	}
	return true, nil
}

// proofPatterns are bytes that stress a line: many edges, none, and the special ones.
func proofPatterns() [][]byte {
	special := []byte{frame.BEG, frame.END, frame.ESC, frame.XON, frame.XOFF, 0x00}
	return [][]byte{
		bytes.Repeat([]byte{0x55}, proofBytes),
		bytes.Repeat([]byte{0x00, 0xFF}, proofBytes/2),
		bytes.Repeat(special, proofBytes/2/len(special)),
	}
}

func lineErrors(s rpc.Stats) uint64 { return s.CRCErrors + s.CutFrames + s.Oversized }

// recover gets an NCP back that was sent to a rate at which it is not heard.
func (l *Link) recover(ctx context.Context, rate, old int) error {
	l.report(Report{Kind: TalkDown, Rate: rate})
	back, err := l.talkDown(ctx, rate, old)
	if back || err != nil {
		return err
	}
	if l.opt.AllowReset {
		l.report(Report{Kind: Resetting, Rate: rate})
		if err := l.Reset(ctx); err != nil {
			return err
		}
		if back, err = l.awaitBoot(ctx, bootTime); back || err != nil {
			return err
		}
	}
	l.report(Report{Kind: WaitReboot, Rate: rate})
	if back, err = l.awaitOwnReboot(ctx); back || err != nil {
		return err
	}
	return l.search(ctx, l.order(CauseRestarted))
}

// talkDown asks for the old rate without hearing the answers: requests may arrive
// where results do not.
func (l *Link) talkDown(ctx context.Context, rate, old int) (bool, error) {
	args := []byte{byte(old), byte(old >> 8), byte(old >> 16), byte(old >> 24)}
	for range talkDownTries {
		if err := l.setBaud(ctx, rate); err != nil {
			return false, err
		}
		if err := l.wake(); err != nil {
			return false, err
		}
		_, err := l.invoke(ctx, talkDownWait, ncp.UIDHwSetUartBaudRate, args)
		if err != nil && !answeredCall(err) && !errors.Is(err, rpc.ErrTimeout) {
			return false, err
		}
		if err := sleep(ctx, switchPause); err != nil {
			return false, err
		}
		if err := l.setBaud(ctx, old); err != nil {
			return false, err
		}
		for range 2 {
			if found, err := l.probe(ctx, pingTimeout); found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// awaitOwnReboot listens without a word, because a call would start the NCP's
// patience anew, until it has restarted.
func (l *Link) awaitOwnReboot(ctx context.Context) (bool, error) {
	for end := time.Now().Add(ownReboot); time.Now().Before(end); {
		for _, rate := range l.starting() {
			if err := l.setBaud(ctx, rate); err != nil {
				return false, err
			}
			if err := l.listen(ctx, 2*time.Second); err != nil {
				return false, err
			}
			switch _, kind := l.ear.heard(); kind {
			case textNCP:
				return l.stay(ctx, stayText)
			case textROM:
				return l.awaitBoot(ctx, bootTime)
			}
		}
	}
	return l.awaitBoot(ctx, bootTime)
}
