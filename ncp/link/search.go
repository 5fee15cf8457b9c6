package link

import (
	"context"
	"errors"
	"slices"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

const (
	// quickPing is the time-out in the first round: an idle NCP answers within a few
	// milliseconds and adapters hold bytes back for at most 16 ms. Later rounds give it
	// the protocol's time.
	quickPing = 40 * time.Millisecond
	// slowPing is the time-out for an NCP that is there but busy: the protocol's default
	// for calls.
	slowPing = time.Second
	// patience is how long the search goes on at least, so that an NCP that was reset by
	// the opening of the port has started.
	patience = 6 * time.Second
	// patienceHeard is the same when something was heard.
	patienceHeard = 15 * time.Second
	// slowRates is at how many rates such an NCP is looked for.
	slowRates = 3
	// stayText and stayFrame are how long we stay at a rate at which the NCP's boot log,
	// or a good frame, was heard.
	stayText  = 6 * time.Second
	stayFrame = 2 * time.Second
	// bootTime is how long an NCP takes from its ROM's boot log to its first answer.
	bootTime = 10 * time.Second
	// bootDwell is how long we listen at each starting rate while it boots.
	bootDwell = 300 * time.Millisecond
	// lookEvery is the least time between two looks for an NCP because of bytes that
	// cannot be read.
	lookEvery = 40 * time.Second
	// rebootPause is how long we wait for the boot log of an NCP that said it reboots:
	// until then the old run may still answer.
	rebootPause = 3 * time.Second
)

// Up tells how an NCP was brought up.
type Up struct {
	Version string // of the NCP firmware; empty if it did not tell
	Found   int    // rate at which it was found
	Baud    int    // rate now
}

// FirstRate is the rate at which a port is best opened: the one remembered for the
// adapter with this key, else the usual starting rate.
func FirstRate(s Store, key string) int {
	if rate, _ := (memory{store: s, key: key}).load(); rate != 0 {
		return rate
	}
	return ncp.InitialRates()[0]
}

// BringUp finds the NCP, reads its version and raises the rate. Serve must be
// running. Errors are *SearchError, the cause of ctx's end, or one of the line. Calls
// made through the Link wait meanwhile.
func (l *Link) BringUp(ctx context.Context, cause Cause) (Up, error) {
	if err := l.gate.shut(ctx); err != nil {
		return Up{}, err
	}
	defer l.gate.open()
	if cause == CauseReboot {
		if err := l.awaitReboot(ctx); err != nil {
			return Up{}, err
		}
	}
	if err := l.search(ctx, l.order(cause)); err != nil {
		return Up{}, err
	}
	up := Up{Found: l.Baud()}
	if cause == CauseReboot || cause == CauseRestarted || l.bootHeard() {
		l.initial.Store(int64(up.Found))
	}
	l.found.Store(int64(up.Found))
	l.drain()
	version, err := l.version(ctx)
	if err != nil {
		return up, err
	}
	up.Version = version
	if err := l.raise(ctx); err != nil {
		return up, err
	}
	up.Baud = l.Baud()
	l.mem.remember(up.Baud)
	return up, nil
}

// order is the list of rates to try.
func (l *Link) order(cause Cause) []int {
	var list []int
	add := func(rate int) {
		if plausible(rate) && !slices.Contains(list, rate) {
			list = append(list, rate)
		}
	}
	switch cause {
	case CauseReboot, CauseRestarted:
		add(int(l.initial.Load()))
		add(l.Baud())
	case CauseSilent:
		add(l.Baud())
		add(int(l.initial.Load()))
	}
	if cause != CauseStart {
		add(int(l.found.Load()))
		add(int(l.asked.Load()))
	}
	remembered, _ := l.mem.load()
	add(remembered)
	for _, rate := range ncp.InitialRates() {
		add(rate)
	}
	add(int(l.target.Load()))
	for _, rate := range ncp.Rates() {
		add(rate)
	}
	return list
}

// search tries the rates until the NCP answers at one.
func (l *Link) search(ctx context.Context, list []int) error {
	if err := l.restLines(ctx); err != nil {
		return err
	}
	start := time.Now()
	heard := HeardNothing
	round := func(list []int, timeout time.Duration) (bool, error) {
		found, h, err := l.round(ctx, list, timeout)
		heard = max(heard, h)
		return found, err
	}
	for n := 0; ; n++ {
		timeout := pingTimeout
		if n == 0 {
			timeout = quickPing
		}
		if found, err := round(list, timeout); found || err != nil {
			return err
		}
		limit := patience
		if heard != HeardNothing {
			limit = patienceHeard
		}
		if n > 0 && time.Since(start) >= limit {
			break
		}
	}
	var found bool
	var err error
	if heard == HeardNothing {
		found, err = l.letGo(ctx)
	} else {
		found, err = round(list[:min(len(list), slowRates)], slowPing)
	}
	if found || err != nil {
		return err
	}
	return &SearchError{Heard: heard, Rates: list}
}

// round tries each rate once, the first of the list, where the NCP most likely is, not
// in haste: slow computers would miss it there. Those that our adapter does not make are left out; if it
// makes none that is the error.
func (l *Link) round(ctx context.Context, list []int, timeout time.Duration) (found bool, heard Heard, err error) {
	var refused *rateError
	tried := false
	for i, rate := range list {
		wait := timeout
		if i == 0 {
			wait = max(wait, pingTimeout)
		}
		found, h, err := l.try(ctx, rate, wait)
		heard = max(heard, h)
		switch {
		case errors.As(err, &refused):
			continue
		case err != nil:
			return false, heard, err
		case found:
			l.report(Report{Kind: Found, Rate: l.Baud()})
			return true, heard, nil
		}
		tried = true
	}
	if !tried {
		return false, heard, refused
	}
	return false, heard, nil
}

// try looks for the NCP at one rate: two pings, and more where something tells that
// it is there.
func (l *Link) try(ctx context.Context, rate int, timeout time.Duration) (found bool, heard Heard, err error) {
	if err := l.setBaud(ctx, rate); err != nil {
		return false, HeardNothing, err
	}
	l.report(Report{Kind: Searching, Rate: rate})
	frames := l.ep.Stats().RxFrames
	for range 2 {
		if found, err = l.probe(ctx, timeout); found || err != nil {
			return found, HeardPeer, err
		}
		n, kind := l.ear.heard()
		switch {
		case kind == textNCP:
			l.report(Report{Kind: Booting, Rate: rate})
			found, err = l.stay(ctx, stayText)
			return found, HeardPeer, err
		case kind == textROM:
			l.report(Report{Kind: Booting, Rate: rate})
			found, err = l.awaitBoot(ctx, bootTime)
			return found, HeardPeer, err
		case l.ep.Stats().RxFrames > frames:
			found, err = l.stay(ctx, stayFrame)
			return found, HeardPeer, err
		case n > 0:
			heard = HeardNoise
		}
	}
	return false, heard, nil
}

// probe wakes the NCP's decoder and pings once. An error is one of the line or of
// ctx, not a missing answer.
func (l *Link) probe(ctx context.Context, timeout time.Duration) (bool, error) {
	if err := l.wake(); err != nil {
		return false, err
	}
	_, err := l.ping(ctx, timeout, nil)
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, rpc.ErrTimeout):
		return false, nil
	}
	return false, err
}

// stay pings at the present rate for d.
func (l *Link) stay(ctx context.Context, d time.Duration) (bool, error) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		found, err := l.probe(ctx, slowPing)
		if found || err != nil {
			return found, err
		}
		if err := sleep(ctx, retryPing/3); err != nil {
			return false, err
		}
	}
	return false, nil
}

// starting are the rates at which the NCP may come up after a restart, as far as our
// adapter makes them, the likely one first.
func (l *Link) starting() []int {
	if initial := int(l.initial.Load()); initial != 0 {
		return []int{initial}
	}
	list := slices.DeleteFunc(ncp.InitialRates(), func(rate int) bool {
		made, tried := l.made[rate]
		return tried && !made
	})
	if len(list) == 0 {
		return []int{l.Baud()}
	}
	if remembered, _ := l.mem.load(); slices.Contains(list, remembered) {
		list = append([]int{remembered}, slices.DeleteFunc(list, func(rate int) bool { return rate == remembered })...)
	}
	return list
}

// awaitBoot waits for an NCP that is starting, at the rates at which it may do so.
func (l *Link) awaitBoot(ctx context.Context, d time.Duration) (bool, error) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for _, rate := range l.starting() {
			if err := l.setBaud(ctx, rate); err != nil {
				return false, err
			}
			l.ear.calm() // what woke us was the boot log of the ROM
			if err := l.listen(ctx, bootDwell); err != nil {
				return false, err
			}
			found, err := l.probe(ctx, pingTimeout)
			if _, kind := l.ear.heard(); !found && err == nil && kind == textNCP {
				found, err = l.stay(ctx, stayText)
			}
			if found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// awaitReboot waits until an NCP that said it would reboot has done so, or does not.
func (l *Link) awaitReboot(ctx context.Context) error {
	if initial := int(l.initial.Load()); initial != 0 {
		if err := l.setBaud(ctx, initial); err != nil {
			return err
		}
	}
	l.ear.reset()
	l.report(Report{Kind: Booting, Rate: l.Baud()})
	for end := time.Now().Add(rebootPause); ; {
		left := time.Until(end)
		if _, kind := l.ear.heard(); kind == textNCP || left <= 0 {
			return nil
		}
		if err := l.listen(ctx, left); err != nil {
			return err
		}
	}
}

// listen waits for d or until a boot log is heard.
func (l *Link) listen(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ear.wake:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// Listen waits until something is heard that an NCP or its chip says: a boot log or a
// good frame. It listens at a rate at which NCPs start, and sends nothing as long as
// nothing comes. Bytes that cannot be read may be the beginning of a boot log at the
// other such rate: then it looks there, though not all the time. Calls made through the
// Link wait meanwhile.
func (l *Link) Listen(ctx context.Context) error {
	if err := l.gate.shut(ctx); err != nil {
		return err
	}
	defer l.gate.open()
	var looked time.Time
	for {
		heard, err := l.listenFor(ctx, looked.Add(lookEvery))
		if heard || err != nil {
			return err
		}
		looked = time.Now()
		if found, err := l.awaitBoot(ctx, bootTime); found || err != nil {
			return err
		}
	}
}

// listenFor listens at a starting rate. It is true when an NCP or its chip is heard,
// and false when other bytes come after the time quiet.
func (l *Link) listenFor(ctx context.Context, quiet time.Time) (bool, error) {
	if err := l.setBaud(ctx, l.starting()[0]); err != nil {
		return false, err
	}
	l.ear.reset()
	l.report(Report{Kind: Listening, Rate: l.Baud()})
	frames := l.ep.Stats().RxFrames
	for before := 0; ; {
		if err := l.listen(ctx, time.Second); err != nil {
			return false, err
		}
		n, kind := l.ear.heard()
		if kind != textNone || l.ep.Stats().RxFrames > frames {
			return true, nil
		}
		if n > before && time.Now().After(quiet) {
			return false, nil
		}
		before = n
	}
}

func (l *Link) bootHeard() bool {
	_, kind := l.ear.heard()
	return kind == textNCP
}

// drain forgets news of a restart that came before the NCP was found.
func (l *Link) drain() {
	select {
	case <-l.restart:
	default:
	}
	select {
	case <-l.ear.wake:
	default:
	}
	select {
	case <-l.beat:
	default:
	}
}

// version reads the NCP's version, with patience for a noisy line. An NCP that does
// not tell has none.
func (l *Link) version(ctx context.Context) (string, error) {
	client := ncp.NewNCP(direct{l})
	for range 5 {
		version, ok, err := client.GetNcpVersion(ctx)
		switch {
		case err == nil && ok:
			return version, nil
		case err == nil:
			return "", nil
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case answeredCall(err):
			return "", nil
		case !errors.Is(err, rpc.ErrTimeout):
			return "", err
		}
	}
	return "", nil
}

// direct is the Link as a caller for those who hold the gate shut.
type direct struct{ l *Link }

func (d direct) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	return d.l.invoke(ctx, timeout, uid, args)
}

func (d direct) Notify(ctx context.Context, uid uint16, args []byte) error {
	return d.l.ep.Notify(ctx, uid, args)
}
