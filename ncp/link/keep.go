package link

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp/rpc"
)

// Keep calls the NCP often enough for both sides to know that the other one is
// there. It returns the cause for which BringUp is needed again, or an error when
// ctx ends or the line fails.
func (l *Link) Keep(ctx context.Context) (Cause, error) {
	misses := 0
	for {
		due := time.Until(time.Unix(0, l.answered.Load()).Add(HeartbeatEvery))
		if misses > 0 {
			due = retryPing
		}
		check, cause, err := l.await(ctx, due)
		if err != nil || cause != CauseStart {
			return cause, err
		}
		if l.holds.Load() > 0 {
			if err := sleep(ctx, time.Second); err != nil {
				return CauseStart, err
			}
			continue
		}
		if fresh := time.Since(time.Unix(0, l.answered.Load())) < HeartbeatEvery; fresh && misses == 0 && !check {
			continue
		}
		answered, cause, err := l.beatOnce(ctx)
		switch {
		case err != nil || cause != CauseStart:
			return cause, err
		case answered:
			misses = 0
		default:
			if misses++; misses == MaxMisses {
				return CauseSilent, nil
			}
		}
	}
}

// await waits for d, for somebody who wants a ping now, or for news of a restart.
func (l *Link) await(ctx context.Context, d time.Duration) (check bool, cause Cause, err error) {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.beat:
		check = true
	case cause = <-l.restart:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return check, cause, err
}

// beatOnce pings once, unless there is news of a restart first: the ping may have to
// wait for the end of a long call. An error is one of the line or of ctx.
func (l *Link) beatOnce(ctx context.Context) (answered bool, cause Cause, err error) {
	pinging, cancel := context.WithCancel(ctx)
	defer cancel()
	var rtt time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		rtt, err = l.Ping(pinging)
	}()
	select {
	case <-done:
	case cause = <-l.restart:
		cancel()
		<-done
		return false, cause, nil
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, CauseStart, context.Cause(ctx)
	case errors.Is(err, rpc.ErrTimeout):
		rtt = 0
	default:
		return false, CauseStart, err
	}
	if l.opt.OnPing != nil {
		l.opt.OnPing(rtt)
	}
	return rtt > 0, CauseStart, nil
}

// Ping asks for a sign of life and returns the round trip. An NCP that is up gets the
// protocol's default time-out, not that of ping: one that is busy for a while is not
// gone.
func (l *Link) Ping(ctx context.Context) (time.Duration, error) {
	if err := l.gate.enter(ctx); err != nil {
		return 0, err
	}
	defer l.gate.leave()
	rtt, err := l.ping(ctx, slowPing, nil)
	return max(rtt, 1), err
}

// Check makes Keep ping at once, for a caller whose call was not answered.
func (l *Link) Check() {
	select {
	case l.beat <- struct{}{}:
	default:
	}
}
