package ota

import (
	"context"
	"errors"
	"strconv"
	"strings"
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
	// Prepare is how long getting ready may take in all, for an MCU that says something
	// now and then but never asks for the first chunk; 0: 5 min. What it suspends the
	// update for comes on top.
	Prepare time.Duration
	// Restart is how long the MCU has to come back; 0: 120 s.
	Restart time.Duration
	// Event is told how far the update is. It must not wait. nil: nobody listens.
	Event func(Event)
}

// Defaults of Options.
const (
	defaultResend  = 5
	defaultSilence = 90 * time.Second
	defaultPrepare = 5 * time.Minute
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
	Applied     bool      // the MCU said that it applies the file
	Note        string    // one short remark for the log, in English; may be empty
}

// Result is how an update ended that was applied.
type Result struct {
	Type, Version, Build string // what the MCU reported; hostile
	// Proven tells that these are the values of the file's tag, and that they are not
	// those of before as well, the time of the build included. Otherwise, and always for
	// a file without a tag, nothing is proven: the MCU said that it applies the file, and
	// came back with what it says.
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
	fetched   bool          // it asked for the file to be fetched
	again     bool          // it asked for the beginning again
	loader    bool          // it came back as something else while it got ready: a boot loader
	bad       string        // why its otaUpdateStart was refused
	reported  *report       // since it asked for the first chunk
	before    *report       // what it reported before the update, as far as known
	digests   int           // how many digests it asked for in this finish
	abort     func()        // ends the otaUpdateFinish that is open; may be nil
	suspended time.Time
	paused    bool
	patience  time.Duration // with the answer to a chunk
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
	if o.Prepare <= 0 {
		o.Prepare = defaultPrepare
	}
	s := &Sender{file: file, o: o, wake: make(chan struct{}, 1), heard: time.Now(), patience: minPatience}
	s.mcu = ncp.NewMCU(patient{c, s})
	return s
}

// How long a chunk may take besides its time on the line. An NCP waits a second. An MCU
// that has lost an answer, or takes longer than that to store a chunk, is waited for
// longer from then on.
const (
	minPatience = time.Second
	maxPatience = 3 * time.Second
)

// patient calls an MCU as patiently as it needs.
type patient struct {
	rpc.Caller
	s *Sender
}

// InvokeFor implements rpc.Caller.
func (p patient) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	if uid == ncp.UIDClientOtaUpdateWrite {
		p.s.mu.Lock()
		timeout = p.s.patience
		p.s.mu.Unlock()
	}
	return p.Caller.InvokeFor(ctx, timeout, uid, args)
}

// Before tells what the MCU reported before the update began.
func (s *Sender) Before(fwType, version, build string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = &report{fwType, version, build}
}

// Bounds of what is told of a file: with all of it an offer is well below the smallest
// message that every MCU takes.
const (
	maxName = 128 // bytes of its name; what is longer is cut
	maxTag  = 256 // bytes of each value of its tag
)

// check tells why a file cannot be offered; empty: it can.
func (f *File) check() string {
	if n := len(f.Data); n == 0 || n > MaxFile {
		return strconv.Itoa(n) + " bytes"
	}
	for _, text := range []string{f.Name, f.Type, f.Version, f.Build} {
		if strings.IndexByte(text, 0) >= 0 {
			return "a NUL in its name or tag"
		}
	}
	if max(len(f.Type), len(f.Version), len(f.Build)) > maxTag {
		return "a tag of more than " + strconv.Itoa(maxTag) + " bytes"
	}
	return ""
}

// label is the name of the file as it is offered.
func (f *File) label() string {
	if len(f.Name) <= maxName {
		return f.Name
	}
	return strings.ToValidUTF8(f.Name[:maxName], "")
}

// Run offers the file and sends it, until the MCU has come back with it. The error is an
// *Error. When ctx ends the MCU is told that the update is over, unless it has begun to
// check the file: that is waited for. A ctx whose cause is rpc.ErrClosed tells that the
// line is gone.
func (s *Sender) Run(ctx context.Context) (Result, error) {
	if why := s.file.check(); why != "" {
		return Result{}, s.fail(CodeFile, nil, why)
	}
	s.update(func() { s.ev.Total = int64(len(s.file.Data)) })
	began := time.Time{}
	err := s.offer(ctx)
	if err == nil {
		err = s.prepare(ctx)
	}
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
	rep, proven, err := s.restart(ctx)
	if err != nil {
		return Result{}, err
	}
	ev := s.snapshot()
	return Result{
		Type: rep.fwType, Version: rep.version, Build: rep.build, Proven: proven,
		Chunk: ev.Chunk, Resent: ev.Resent, Recovered: ev.Recovered, Sending: sending,
	}, nil
}

// Offers that are not answered are made again, to an MCU that answers pings.
const (
	offers    = 3
	pings     = 3
	pingPause = time.Second
)

// offer asks the MCU whether it wants the file.
func (s *Sender) offer(ctx context.Context) error {
	s.phase(PhaseOffer)
	f := s.file
	for try := 1; ; try++ {
		ok, err := s.mcu.OtaUpdateAvailable(ctx, f.label(), uint32(len(f.Data)), f.Type, f.Version, f.Build)
		switch {
		case err == nil && ok:
			return nil
		case err == nil:
			return s.fail(CodeRefused, nil, "")
		case s.asked(): // its yes is lost, but it goes on as with one
			return nil
		case ctx.Err() != nil || !errors.Is(err, rpc.ErrTimeout) || try == offers:
			return s.failed(ctx, err, CodeRefused)
		}
		if there, pingErr := s.there(ctx); pingErr != nil || !there {
			return s.failed(ctx, err, CodeSilent)
		}
		if s.asked() {
			return nil
		}
	}
}

// asked tells whether the MCU has asked for the file.
func (s *Sender) asked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started || s.fetched || s.bad != ""
}

// there tells whether the MCU answers, or asks for the file by itself.
func (s *Sender) there(ctx context.Context) (bool, error) {
	for range pings {
		err := s.mcu.Ping(ctx)
		if err == nil || s.asked() {
			return true, nil
		}
		if ctx.Err() != nil || !errors.Is(err, rpc.ErrTimeout) {
			return false, err
		}
		if err := s.wait(ctx, pingPause); err != nil {
			return false, err
		}
	}
	return s.asked(), nil
}

// prepare waits until the MCU asks for the first chunk.
func (s *Sender) prepare(ctx context.Context) error {
	s.phase(PhasePrepare)
	began := time.Now()
	for {
		s.mu.Lock()
		started, bad, from := s.started, s.bad, began
		if s.suspended.After(from) {
			from = s.suspended
		}
		left := min(s.o.Silence-time.Since(later(s.heard, s.suspended)), s.o.Prepare-time.Since(from))
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

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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

// cancels is how often an MCU is told that the update is over until it answers.
const cancels = 3

// giveUp tells the MCU that the update is over, where it may not know. It is not told
// while it checks the file, or when it has restarted.
func (s *Sender) giveUp(err error) {
	var e *Error
	if !errors.As(err, &e) {
		return
	}
	tries := cancels
	switch {
	case e.Code == CodeLink || e.Code == CodeRestarted || e.Code == CodeRefused:
		return
	case e.Phase == PhaseFinish && e.Runs != FirmwareOld: // it has not said no
		return
	case e.Code == CodeSilent:
		tries = 1
	}
	for range tries {
		err := s.mcu.OtaUpdateCancel(context.Background())
		if !errors.Is(err, rpc.ErrTimeout) {
			return
		}
	}
}
