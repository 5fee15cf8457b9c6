package ota

import (
	"context"
	"errors"
	"hash/crc32"
	"slices"
	"strconv"
	"time"

	"ncpweb/ncp/rpc"
)

// answer is how the MCU took a chunk.
type answer uint8

const (
	taken   answer = iota
	refused        // it said no
	lost           // it said nothing in time, or something that means nothing
)

// send sends all chunks, each until it is taken.
func (s *Sender) send(ctx context.Context) error {
	s.phase(PhaseSend)
	size := len(s.file.Data)
	for offset := 0; offset < size; {
		if err := s.rest(ctx); err != nil {
			return err
		}
		next, err := s.deliver(ctx, offset)
		if err != nil {
			return err
		}
		offset = next
		s.update(func() { s.ev.Done = int64(offset) })
	}
	return nil
}

// size is how many bytes a chunk has.
func (s *Sender) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chunk
}

// rest waits while the update is suspended or paused, and ends it when the MCU has
// restarted.
func (s *Sender) rest(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return s.failed(ctx, ctx.Err(), CodeCanceled)
		}
		s.mu.Lock()
		rep, left, paused := s.reported, time.Until(s.suspended), s.paused
		s.mu.Unlock()
		switch {
		case rep != nil:
			return s.restarted(rep)
		case !paused && left <= 0:
			if ev := s.snapshot(); ev.Paused || !ev.Suspended.IsZero() {
				s.update(func() { s.ev.Suspended, s.ev.Paused = time.Time{}, false })
			}
			return nil
		case paused:
			left = MaxSuspend
		}
		if err := s.wait(ctx, left); err != nil {
			return s.failed(ctx, err, CodeCanceled)
		}
	}
}

// restarted is why an update ends whose MCU began anew: it runs what it had before,
// unless it says otherwise.
func (s *Sender) restarted(rep *report) error {
	e := s.fail(CodeRestarted, nil, "")
	if rep != nil {
		e.Detail = rep.fwType + " " + rep.version
		s.mu.Lock()
		if s.before != nil && *rep != *s.before {
			e.Runs = FirmwareUnknown
		}
		s.mu.Unlock()
	}
	return e
}

// deliver sends the chunk at offset until it is taken and returns how far the MCU has
// the file then.
//
// A chunk that was stored although its answer was lost is refused for ever when it comes
// again: an MCU wants the offset that it has come to, and no other. So after a lost
// answer there are two places where it may be, and only the chunk of the right one is
// taken. They are tried in turn. Behind the last chunk there is nothing to try: there
// the digests tell.
func (s *Sender) deliver(ctx context.Context, offset int) (next int, err error) {
	places := []int{offset}
	heard := false
	for try, at := 0, 0; try < len(places)*(s.o.Resend+1); try++ {
		if err := s.rest(ctx); err != nil {
			return 0, err
		}
		from := places[at]
		n := min(s.size(), len(s.file.Data)-from)
		if n == 0 {
			s.recovered(offset)
			return from, nil
		}
		if try > 0 {
			s.update(func() { s.ev.Resent++ })
		}
		a, err := s.write(ctx, from, n)
		switch {
		case err != nil:
			return 0, err
		case a == taken:
			if from != offset {
				s.recovered(offset)
			}
			return from + n, nil
		case a == refused:
			heard = true
			at = (at + 1) % len(places)
		case s.o.Plain:
		default:
			s.update(func() { s.patience = min(s.patience+minPatience, maxPatience) })
			if !slices.Contains(places, from+n) {
				places = append(places, from+n)
			}
		}
	}
	return 0, s.undeliverable(ctx, offset, heard)
}

// reportGrace is how long an MCU that takes no chunk has to tell that it has restarted.
const reportGrace = 2 * time.Second

// undeliverable is why an update ends whose chunk at offset is not taken.
func (s *Sender) undeliverable(ctx context.Context, offset int, heard bool) error {
	for end := time.Now().Add(reportGrace); time.Now().Before(end); {
		if err := s.rest(ctx); err != nil {
			return err
		}
		if err := s.wait(ctx, time.Until(end)); err != nil {
			return s.failed(ctx, err, CodeCanceled)
		}
	}
	s.mu.Lock()
	again := s.again
	s.mu.Unlock()
	if again {
		return s.restarted(nil)
	}
	code := CodeWrite
	if !heard {
		code = CodeSilent
	}
	e := s.fail(code, nil, "sent "+strconv.Itoa(s.o.Resend+1)+" times")
	e.Offset = int64(offset)
	return e
}

// recovered counts a chunk that was stored although its answer was lost.
func (s *Sender) recovered(offset int) {
	s.update(func() {
		s.ev.Recovered++
		s.patience = maxPatience
	})
	s.note("the chunk at " + strconv.Itoa(offset) + " was stored although its answer was lost")
}

// write sends a chunk once. The error is what ends the update.
func (s *Sender) write(ctx context.Context, offset, n int) (answer, error) {
	data := s.file.Data[offset : offset+n]
	ok, err := s.mcu.OtaUpdateWrite(ctx, uint32(offset), data, crc32.ChecksumIEEE(data))
	var status rpc.Status
	switch {
	case err == nil && ok:
		s.Heard()
		return taken, nil
	case err == nil:
		s.Heard()
		return refused, nil
	case ctx.Err() != nil:
		return 0, s.failed(ctx, ctx.Err(), CodeCanceled)
	case errors.Is(err, rpc.ErrClosed):
		return 0, s.failed(ctx, err, CodeLink)
	case errors.Is(err, rpc.ErrTimeout):
		return lost, nil
	case errors.As(err, &status):
		s.Heard()
		return lost, nil // 15: it could not read the arguments, which were right
	}
	return 0, s.failed(ctx, err, CodeLink)
}
