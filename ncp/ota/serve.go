package ota

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// maxDigests bounds how many digests an MCU gets in one finish: three kinds, each a few
// times. One that asks in a loop would hold the update for ever.
const maxDigests = 12

// Heard tells that the MCU has said something: any call of it.
func (s *Sender) Heard() {
	s.mu.Lock()
	s.heard = time.Now()
	s.mu.Unlock()
}

// FirmwareInfo tells what the MCU reports in setFirmwareInfo. In the middle of an update
// it means that it has restarted.
func (s *Sender) FirmwareInfo(fwType, version, build string) {
	s.mu.Lock()
	s.heard = time.Now()
	rep := &report{fwType, version, build}
	s.reported = rep
	if s.ev.Phase == PhasePrepare {
		s.loader = s.before != nil && *rep != *s.before
	}
	if s.abort != nil { // it will not answer otaUpdateFinish any more
		s.abort()
	}
	s.mu.Unlock()
	s.nudge()
}

// Prefetch answers otaUpdatePrefetch: the file is here already.
func (s *Sender) Prefetch(context.Context) (ncp.PrefetchStatus, error) {
	s.mu.Lock()
	s.heard = time.Now()
	s.fetched = true
	s.mu.Unlock()
	s.note("the MCU asked for the file to be fetched")
	return s.o.Prefetch, nil
}

// StartUpdate answers otaUpdateStart: the MCU wants the first chunk, and none larger
// than chunk bytes. Larger ones than can be sent are cut; 0 is refused, which ends the
// update. One that asks in the middle has either not heard the first answer or forgotten
// what it had: the chunks tell.
func (s *Sender) StartUpdate(_ context.Context, chunk uint16) (bool, error) {
	s.mu.Lock()
	defer s.nudge()
	defer s.mu.Unlock()
	s.heard = time.Now()
	switch {
	case s.ev.Phase != PhasePrepare && s.ev.Phase != PhaseSend && s.ev.Phase != PhaseOffer:
		return false, nil
	case chunk == 0:
		s.bad = "chunks of 0 bytes"
		return false, nil
	case s.ev.Phase == PhaseSend && s.ev.Done > 0:
		s.again = true
	case s.ev.Phase != PhaseSend:
		s.reported = nil // what restarted to get ready is ready now
	}
	s.chunk = min(int(chunk), s.o.MaxChunk)
	s.started = true
	s.ev.Chunk = s.chunk
	return true, nil
}

// Suspend answers otaUpdateSuspend: the update rests for that many seconds; 0 ends that.
func (s *Sender) Suspend(_ context.Context, seconds uint16) (bool, error) {
	d := time.Duration(seconds) * time.Second
	s.mu.Lock()
	s.heard = time.Now()
	ok := d <= MaxSuspend && (s.ev.Phase == PhasePrepare || s.ev.Phase == PhaseSend)
	if ok {
		s.suspended = time.Now().Add(d)
		s.ev.Suspended = time.Time{}
		if d > 0 {
			s.ev.Suspended = s.suspended
		}
	}
	s.mu.Unlock()
	if ok {
		s.update(func() {})
		s.nudge()
	}
	return ok, nil
}

// Pause lets the update rest, or go on, as a person wishes.
func (s *Sender) Pause(rest bool) {
	s.update(func() { s.paused, s.ev.Paused = rest, rest })
	s.nudge()
}

// Digests answers otaUpdateGetMD5, otaUpdateGetSHA256 and otaUpdateGetCRC32. ok is false
// outside of an update, and for an MCU that asks without end.
func (s *Sender) Digests(context.Context) (d Digests, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	s.digests++
	if s.digests > maxDigests {
		if s.abort != nil {
			s.abort()
		}
		return Digests{}, false
	}
	if s.ev.Phase == PhaseOffer || s.ev.Phase == PhaseRestart {
		return Digests{}, false
	}
	return s.file.Digests, true
}

// Checking tells whether the MCU compares the digests just now: nothing else may be sent
// to it then.
func (s *Sender) Checking() bool { return s.snapshot().Phase == PhaseFinish }

func (s *Sender) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// update changes what is told and tells it.
func (s *Sender) update(f func()) {
	s.mu.Lock()
	f()
	ev := s.ev
	s.mu.Unlock()
	if s.o.Event != nil {
		s.o.Event(ev)
	}
}

func (s *Sender) snapshot() Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ev
}

// note tells a remark once.
func (s *Sender) note(text string) {
	s.update(func() { s.ev.Note = text })
	s.mu.Lock()
	s.ev.Note = ""
	s.mu.Unlock()
}

// phase begins a phase.
func (s *Sender) phase(p Phase) {
	s.update(func() {
		s.ev.Phase, s.heard, s.digests = p, time.Now(), 0
		if p == PhaseOffer {
			s.reported = nil
		}
	})
}

// fail makes the error of the present phase.
func (s *Sender) fail(code Code, err error, detail string) *Error {
	ev := s.snapshot()
	e := &Error{Code: code, Phase: ev.Phase, Offset: ev.Done, Detail: detail, Err: err}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ev.Phase < PhaseFinish && !s.loader {
		e.Runs = FirmwareOld // nothing is applied before the check
	}
	return e
}

// failed makes the error of a call or a wait that failed; code is for what has no other
// reason.
func (s *Sender) failed(ctx context.Context, err error, code Code) *Error {
	switch {
	case errors.Is(context.Cause(ctx), rpc.ErrClosed):
		code = CodeLink
	case ctx.Err() != nil:
		code = CodeCanceled
	case errors.Is(err, rpc.ErrClosed):
		code = CodeLink
	case errors.Is(err, rpc.ErrTimeout):
		code = CodeSilent
	}
	var status rpc.Status
	detail := ""
	if errors.As(err, &status) {
		detail = "status " + strconv.Itoa(int(status))
	}
	return s.fail(code, err, detail)
}
