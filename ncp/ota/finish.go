package ota

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp/rpc"
)

// finishes is how often otaUpdateFinish is called until it is answered.
const finishes = 3

// finish lets the MCU compare the digests. Nothing is sent meanwhile but the answers
// that it asks for.
//
// Where the call or its answer is lost, it is called again: an MCU that never got the
// call waits for it for ever. One that has said yes, and is not heard, restarts and may
// answer no to the second call because it knows of no update any more. So a later no
// counts only if it asked for digests before; all else is told by what comes back.
func (s *Sender) finish(ctx context.Context) error {
	if err := s.rest(ctx); err != nil {
		return err
	}
	s.phase(PhaseFinish)
	tries := finishes
	if s.o.Plain {
		tries = 1
	}
	for try := 1; try <= tries; try++ {
		call, abort := context.WithCancel(context.WithoutCancel(ctx))
		s.mu.Lock()
		s.digests, s.abort = 0, abort
		back := s.reported != nil
		s.mu.Unlock()
		if back {
			abort()
			return nil
		}
		ok, err := s.mcu.OtaUpdateFinish(call)
		abort()
		s.mu.Lock()
		s.abort = nil
		digests, back := s.digests, s.reported != nil
		s.mu.Unlock()
		var status rpc.Status
		switch {
		case err == nil && ok:
			s.update(func() { s.ev.Applied = true })
			return nil
		case back:
			return nil
		case digests > maxDigests:
			return s.fail(CodeDigest, nil, "digests are asked for without end")
		case err == nil && (try == 1 || digests > 0):
			e := s.fail(CodeDigest, nil, "")
			e.Runs = FirmwareOld
			return e
		case err == nil, errors.Is(err, rpc.ErrTimeout), errors.As(err, &status):
		default:
			return s.failed(ctx, err, CodeLink)
		}
		s.note("no answer to otaUpdateFinish")
	}
	return nil
}

// restart waits until the MCU tells what it runs.
func (s *Sender) restart(ctx context.Context) (rep *report, proven bool, err error) {
	s.phase(PhaseRestart)
	end := time.Now().Add(s.o.Restart)
	for {
		s.mu.Lock()
		rep, before := s.reported, s.before
		s.mu.Unlock()
		if rep != nil {
			proven, err := s.judge(rep, before)
			return rep, proven, err
		}
		left := time.Until(end)
		if left <= 0 {
			return nil, false, s.fail(CodeGone, nil, "")
		}
		if err := s.wait(ctx, left); err != nil {
			return nil, false, s.failed(ctx, err, CodeCanceled)
		}
	}
}

// tagged tells whether the file says what it is.
func (s *Sender) tagged() bool { return s.file.Type != "" || s.file.Version != "" }

// judge compares what the MCU reports with the tag of the file, and with what it
// reported before. proven is that of Result. Where nothing is proven and the MCU never
// said that it applies the file, the update has failed.
func (s *Sender) judge(rep, before *report) (proven bool, err error) {
	f := s.file
	same, changed := before != nil && *rep == *before, before != nil && *rep != *before
	fits := s.tagged() && (f.Type == "" || rep.fwType == f.Type) && (f.Version == "" || rep.version == f.Version)
	told := rep.fwType + " " + rep.version
	switch {
	case fits && f.Build != "" && rep.build == f.Build, fits && changed:
		return true, nil
	case same && s.tagged() && (!fits || f.Build != ""):
		e := s.fail(CodeOld, nil, told)
		e.Runs = FirmwareOld
		return false, e
	case s.tagged() && !fits:
		return false, s.fail(CodeVersion, nil, told)
	case !s.snapshot().Applied && !changed:
		return false, s.fail(CodeSilent, nil, "otaUpdateFinish was not answered, and "+told+" proves nothing")
	}
	return false, nil
}
