package doctor

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"ncpweb/serial"
)

// findings are what the rules judge by, beside what the ears heard.
type findings struct {
	noAdapter bool
	open      *serial.OpenError
	lost      bool
	canceled  bool

	ears      []*ear
	answered  *ear // where the NCP answers
	sync      *ear // where a ROM loader answered
	at        *ear // where an AT firmware did
	atText    string
	resets    int  // pulses of ours
	revived   bool // it answers since a pulse of ours
	linesOff  bool // it answers since DTR and RTS are off
	sent, got int  // pings of the last step, and their answers
	badBefore int  // broken frames at that rate before that step
	badAfter  int
}

// exam is one Run.
type exam struct {
	adapter serial.Adapter
	opt     Options
	line    *line
	found   findings
	report  Report
	step    *Step // under way
	asks    int   // steps that pinged
	began   time.Time
	told    time.Time // when OnStep was told last
}

func newExam(a serial.Adapter, o Options) *exam {
	x := &exam{adapter: a, opt: o, line: newLine()}
	x.report.Began = time.Now()
	x.report.Steps = make([]Step, numSteps)
	for i := range x.report.Steps {
		x.report.Steps[i].Kind = StepKind(i)
	}
	return x
}

// run goes through the steps until the cause is clear.
func (x *exam) run(ctx context.Context) error {
	if err := x.open(ctx); err != nil || x.line.port == nil {
		return err
	}
	defer x.close()
	stop := context.AfterFunc(ctx, func() { _ = x.line.port.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() {
		x.found.ears = x.line.ears
		for _, e := range x.line.ears {
			x.report.Rates = append(x.report.Rates, e.Rate)
		}
	}()
	for _, step := range []func(context.Context) error{x.listen, x.ask, x.others, x.rates, x.reset} {
		if err := step(ctx); err != nil {
			return err
		}
		if x.found.answered != nil || x.asks > 0 && x.clear() {
			break
		}
	}
	if x.found.answered == nil {
		return nil
	}
	if err := x.device(ctx); err != nil {
		return err
	}
	return x.measure(ctx)
}

// clear tells whether the cause is clear, so that no further step can change it.
func (x *exam) clear() bool {
	if x.found.at != nil {
		return true
	}
	for _, e := range x.line.ears {
		if e.echoes > 1 || e.foreign > 1 || e.unasked > 2 || e.marks[markNoImage] > 0 || e.marks[markBrownout] > 1 ||
			e.marks[markROM] > x.found.resets+2 {
			return true
		}
	}
	return false
}

// close closes the port. What goes wrong with that is no finding.
func (x *exam) close() { _ = x.line.port.Close() }

// begin begins a step.
func (x *exam) begin(k StepKind) {
	x.step = &x.report.Steps[k]
	x.step.Status = Running
	x.began = time.Now()
	x.tell()
}

// see notes what the present step has seen.
func (x *exam) see(e Evidence) {
	if x.step == nil || len(x.step.Seen) >= maxSeen {
		return
	}
	e.Text = e.Text[:min(len(e.Text), maxText)]
	x.step.Seen = append(x.step.Seen, e)
	x.tell()
}

// at goes to a rate and tells so, though not more often than anybody can see.
func (x *exam) at(ctx context.Context, baud int) (bool, error) {
	ok, err := x.line.at(ctx, baud)
	if ok && x.step != nil {
		x.step.Rate = baud
		if time.Since(x.told) >= 100*time.Millisecond {
			x.tell()
		}
	}
	return ok, err
}

// end ends the step.
func (x *exam) endStep(s Status) {
	if x.step == nil {
		return
	}
	x.step.Status, x.step.Took = s, time.Since(x.began)
	x.tell()
	x.step = nil
}

// tell tells who watches how the step stands.
func (x *exam) tell() {
	x.told = time.Now()
	if x.opt.OnStep == nil {
		return
	}
	s := *x.step
	if s.Status == Running {
		s.Took = time.Since(x.began)
	}
	s.Seen, s.Sample = slices.Clone(s.Seen), bytes.Clone(s.Sample)
	x.opt.OnStep(s)
}

// skip ends a step that is not needed.
func (x *exam) skip(k StepKind) {
	x.begin(k)
	x.endStep(Skipped)
}

// skipRest ends the steps that never began.
func (x *exam) skipRest() {
	for k := range x.report.Steps {
		if x.report.Steps[k].Status == Waiting {
			x.skip(StepKind(k))
		}
	}
}

// sample keeps what tells most of what was heard.
func (x *exam) sample(ears []*ear) {
	var best *ear
	for _, e := range ears {
		switch {
		case len(e.sample) == 0:
		case best == nil, e.Readable() && !best.Readable(),
			e.Readable() == best.Readable() && e.Bytes > best.Bytes:
			best = e
		}
	}
	if best == nil || x.step == nil {
		return
	}
	told := func(s Step) bool { return s.At == best.Baud && bytes.Equal(s.Sample, best.sample) }
	if !slices.ContainsFunc(x.report.Steps, told) { // once is enough
		x.step.Sample, x.step.At = bytes.Clone(best.sample), best.Baud
	}
}

// openTries and openPause: some programs look into every new port for a second or two
// (on Linux ModemManager does).
const (
	openTries = 3
	openPause = 700 * time.Millisecond
)

// open opens the port. One that cannot be opened is a finding, not an error.
func (x *exam) open(ctx context.Context) error {
	x.begin(StepOpen)
	if x.adapter == nil {
		x.found.noAdapter = true
		x.endStep(Failed)
		return nil
	}
	x.report.Port = x.adapter.Info()
	for n := 1; ; n++ {
		port, err := x.adapter.Open(ctx, serial.Mode{Baud: romBaud})
		if err == nil {
			x.line.port = port
			x.line.ear = x.line.earAt(romBaud)
			x.see(Evidence{Kind: EvOpened, Rate: romBaud})
			x.endStep(Passed)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.As(err, &x.found.open) {
			x.found.open = &serial.OpenError{Reason: serial.OpenFailed, Info: x.report.Port, Err: err}
		}
		if n == openTries || x.found.open.Reason != serial.OpenBusy && x.found.open.Reason != serial.OpenFailed {
			break
		}
		if err := sleep(ctx, openPause); err != nil {
			return err
		}
	}
	x.see(Evidence{Kind: EvRefused, Text: x.found.open.Error()})
	x.endStep(Failed)
	return nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
