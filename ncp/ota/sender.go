package ota

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// Options are how a Sender works. The zero value is what a person wants.
type Options struct {
	// Resend is how often a chunk that was not taken is sent again; 0: 5, as an NCP
	// does.
	Resend int
	// MaxChunk bounds the chunks, in bytes; 0: MaxChunk.
	MaxChunk int
	// Plain makes it send again and nothing else, as an NCP does: a chunk that was
	// stored although its RESULT was lost then ends the update.
	Plain bool
	// Prefetch is what the MCU is told when it asks that the file be fetched; 0: it is
	// here.
	Prefetch ncp.PrefetchStatus
	// Silence is how long the MCU may say nothing while it gets ready; 0: 90 s. An erase
	// of a large flash memory takes half a minute.
	Silence time.Duration
	// Restart is how long the MCU has to come back; 0: 120 s.
	Restart time.Duration
	// Event is told how far the update is. It must not wait. nil: nobody listens.
	Event func(Event)
}

// Defaults of Options.
const (
	defaultResend  = 5
	defaultSilence = 90 * time.Second
	defaultRestart = 120 * time.Second
)

// MaxSuspend is how long an MCU can suspend an update at a time (protocol sheet).
const MaxSuspend = 18 * time.Hour

// Event tells how far an update is.
type Event struct {
	Phase       Phase
	Done, Total int64     // bytes of the file that the MCU has taken, of all
	Chunk       int       // bytes of a chunk; 0: not known yet
	Resent      int       // chunks that were sent again, since the beginning
	Recovered   int       // chunks that the MCU had stored although its answer was lost
	Suspended   time.Time // until when the update rests; zero: it does not
	Paused      bool      // a person lets it rest
	Note        string    // one short remark for the log, in English; may be empty
}

// Result is how an update ended that was applied.
type Result struct {
	Type, Version, Build string // what the MCU reported; hostile
	// Proven tells that these are the values of the file's tag. A file without a tag
	// proves nothing: the MCU came back, with what it says.
	Proven            bool
	Chunk             int
	Resent, Recovered int
	Sending           time.Duration // from the first chunk to the last one taken
}

// Sender sends one file to one MCU. Whoever plays the NCP tells it what the MCU asks:
// its methods Prefetch, StartUpdate, Suspend and the digests answer the calls of the
// same names; Heard and FirmwareInfo tell it what else came.
type Sender struct {
	mcu  *ncp.MCU
	file *File
	o    Options

	mu        sync.Mutex
	ev        Event
	wake      chan struct{} // capacity 1: something below changed
	heard     time.Time     // when the MCU last said something
	chunk     int           // what it asked for
	started   bool          // it asked for the first chunk
	again     bool          // it asked for the beginning again
	bad       string        // why its otaUpdateStart was refused
	reported  *report       // since the phase began
	before    *report       // what it reported before the update, as far as known
	digests   int           // how many digests it asked for in this finish
	suspended time.Time
	paused    bool
}

// report is what an MCU says of its firmware.
type report struct{ fwType, version, build string }

// NewSender makes a Sender for a file whose Digests are set.
func NewSender(c rpc.Caller, file *File, o Options) *Sender {
	if o.Resend <= 0 {
		o.Resend = defaultResend
	}
	if o.MaxChunk <= 0 || o.MaxChunk > MaxChunk {
		o.MaxChunk = MaxChunk
	}
	if o.Prefetch == 0 {
		o.Prefetch = ncp.PrefetchOK
	}
	if o.Silence <= 0 {
		o.Silence = defaultSilence
	}
	if o.Restart <= 0 {
		o.Restart = defaultRestart
	}
	return &Sender{mcu: ncp.NewMCU(c), file: file, o: o, wake: make(chan struct{}, 1), heard: time.Now()}
}

// Before tells what the MCU reported before the update began.
func (s *Sender) Before(fwType, version, build string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = &report{fwType, version, build}
}

// Run offers the file and sends it, until the MCU has come back with it. The error is an
// *Error. When ctx ends the MCU is told that the update is over, unless it has begun to
// check the file: that is waited for.
func (s *Sender) Run(ctx context.Context) (Result, error) {
	if n := len(s.file.Data); n == 0 || n > MaxFile {
		return Result{}, s.fail(CodeFile, nil, strconv.Itoa(n)+" bytes")
	}
	s.update(func() { s.ev.Total = int64(len(s.file.Data)) })
	if err := s.offer(ctx); err != nil {
		return Result{}, err
	}
	began := time.Time{}
	err := s.prepare(ctx)
	if err == nil {
		began = time.Now()
		err = s.send(ctx)
	}
	sending := time.Since(began)
	if err == nil {
		err = s.finish(ctx)
	}
	if err != nil {
		s.giveUp(err)
		return Result{}, err
	}
	rep, err := s.restart(ctx)
	if err != nil {
		return Result{}, err
	}
	ev := s.snapshot()
	return Result{
		Type: rep.fwType, Version: rep.version, Build: rep.build, Proven: s.tagged(),
		Chunk: ev.Chunk, Resent: ev.Resent, Recovered: ev.Recovered, Sending: sending,
	}, nil
}

// tagged tells whether the file says what it is.
func (s *Sender) tagged() bool { return s.file.Type != "" || s.file.Version != "" }

// offer asks the MCU whether it wants the file.
func (s *Sender) offer(ctx context.Context) error {
	s.phase(PhaseOffer, "")
	f := s.file
	ok, err := s.mcu.OtaUpdateAvailable(ctx, f.Name, uint32(len(f.Data)), f.Type, f.Version, f.Build)
	switch {
	case err != nil:
		return s.failed(ctx, err, CodeSilent)
	case !ok:
		return s.fail(CodeRefused, nil, "")
	}
	return nil
}

// prepare waits until the MCU asks for the first chunk.
func (s *Sender) prepare(ctx context.Context) error {
	s.phase(PhasePrepare, "")
	for {
		s.mu.Lock()
		started, bad, left := s.started, s.bad, s.o.Silence-time.Since(s.heard)
		s.mu.Unlock()
		switch {
		case bad != "":
			return s.fail(CodeChunk, nil, bad)
		case started:
			return nil
		case left <= 0:
			return s.fail(CodeSilent, nil, "no otaUpdateStart")
		}
		if err := s.wait(ctx, left); err != nil {
			return s.failed(ctx, err, CodeCanceled)
		}
	}
}

// wait waits until something changed, ctx ends, or for d.
func (s *Sender) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.wake:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// finish lets the MCU compare the digests. Nothing is sent meanwhile but the answers
// that it asks for.
func (s *Sender) finish(ctx context.Context) error {
	if ctx.Err() != nil {
		return s.failed(ctx, ctx.Err(), CodeCanceled)
	}
	s.phase(PhaseFinish, "")
	ok, err := s.mcu.OtaUpdateFinish(context.WithoutCancel(ctx))
	switch {
	case errors.Is(err, rpc.ErrTimeout):
		// Its answer may be lost: what it comes back with tells.
		s.note("no answer to otaUpdateFinish")
		return nil
	case err != nil:
		return s.failed(ctx, err, CodeLink)
	case !ok:
		return s.fail(CodeDigest, nil, "")
	}
	return nil
}

// restart waits until the MCU tells what it runs.
func (s *Sender) restart(ctx context.Context) (*report, error) {
	s.phase(PhaseRestart, "")
	end := time.Now().Add(s.o.Restart)
	for {
		s.mu.Lock()
		rep, before := s.reported, s.before
		s.mu.Unlock()
		if rep != nil {
			return rep, s.judge(rep, before)
		}
		left := time.Until(end)
		if left <= 0 {
			return nil, s.fail(CodeGone, nil, "")
		}
		if err := s.wait(ctx, left); err != nil {
			return nil, s.failed(ctx, err, CodeCanceled)
		}
	}
}

// judge compares what the MCU reports with the tag of the file.
func (s *Sender) judge(rep, before *report) error {
	f := s.file
	switch {
	case !s.tagged():
		return nil
	case (f.Type == "" || rep.fwType == f.Type) && (f.Version == "" || rep.version == f.Version):
		return nil
	case before != nil && *rep == *before:
		e := s.fail(CodeOld, nil, rep.fwType+" "+rep.version)
		e.Runs = FirmwareOld
		return e
	}
	return s.fail(CodeVersion, nil, rep.fwType+" "+rep.version)
}

// giveUp tells the MCU that the update is over. It is not told in the middle of a check
// or when it has restarted, and its answer is of no interest.
func (s *Sender) giveUp(err error) {
	var e *Error
	if !errors.As(err, &e) || e.Phase != PhasePrepare && e.Phase != PhaseSend || e.Code == CodeLink || e.Code == CodeRestarted {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = s.mcu.OtaUpdateCancel(ctx)
}
