package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"ncpweb/ncp"
)

// Shape is what a generator makes.
type Shape uint8

// Shapes.
const (
	ShapeRamp   Shape = iota + 1 // from Min to Max in a Period, and again
	ShapeSine                    // between Min and Max, one swing in a Period
	ShapeSquare                  // Max for half a Period, Min for the other
	ShapeRandom                  // any value from Min to Max
	ShapeWalk                    // small steps at random, between Min and Max
	ShapeReplay                  // the values of Replay
)

// Bounds of generators.
const (
	MaxGenerators = 16
	MaxRate       = 5000 // values a second
	MaxDecimals   = 9
	MinPeriod     = 10 * time.Millisecond
	MaxPeriod     = 24 * time.Hour
	maxMagnitude  = 1e15 // of Min and Max
)

const (
	// lineShare is how much of the line all generators together may take; the rest is for
	// the heartbeat, for the NCP and for the person.
	lineShare = 0.8
	// writeBytes is what a write of a value takes on the line beyond the value: frame
	// marks, CRC, opcode, uid, message id, pin, length, and an escape now and then.
	writeBytes = 14
	// bitsPerByte on the line: start, eight of data, stop.
	bitsPerByte = 10
	// catchUp is how late a value may leave. What is due for longer is skipped: timers of
	// browsers are coarse, and a queue would send yesterday's values.
	catchUp = 100 * time.Millisecond
)

// Generator writes values to a pin by itself, to try a dashboard.
type Generator struct {
	Pin      uint16
	Shape    Shape
	Min, Max float64
	Period   time.Duration // of ramp, sine and square
	Rate     float64       // values a second, above 0; a replay with times has its own
	Decimals int           // behind the point
	Replay   Replay        // of ShapeReplay
	Loop     bool          // a replay begins again at its end
}

// GeneratorState is a generator that runs.
type GeneratorState struct {
	ID      uint64
	Pin     uint16
	Shape   Shape
	Rate    float64 // wanted, values a second
	Since   time.Time
	Sent    uint64
	Skipped uint64 // values whose time had passed before the line had room for them
}

// generators are those that run. They are used with the session's lock held.
type generators struct {
	last    uint64
	running []*running
	shown   []GeneratorState // nil after a change
}

type running struct {
	GeneratorState
	load float64 // bytes a second on the line
	stop context.CancelCauseFunc
}

func (g *generators) list() []GeneratorState {
	if g.shown == nil && len(g.running) > 0 {
		g.shown = make([]GeneratorState, len(g.running))
		for i, r := range g.running {
			g.shown[i] = r.GeneratorState
		}
	}
	return g.shown
}

// errStopped ends a generator by StopGenerator.
var errStopped = errors.New("session: the generator was stopped")

// Generate writes the values of g. It returns nil when StopGenerator has ended it or a
// replay is over, and an error when ctx has ended it, when the NCP is no longer there or
// when g cannot be: among others when it and those that run would take more than 80 % of
// the line. Values keep to their time: what the line has no room for is skipped.
func (s *Session) Generate(ctx context.Context, g Generator) error {
	const op = "generate"
	if err := g.check(op); err != nil {
		return err
	}
	_, _, up, ok := s.present()
	if !ok {
		return problem(op, errNotReady)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &running{load: g.rate() * float64(writeBytes+g.longest()), stop: cancel}
	r.Pin, r.Shape, r.Rate, r.Since = g.Pin, g.Shape, g.rate(), time.Now()
	if err := s.admit(op, &g, r); err != nil {
		return err
	}
	defer s.update(func() {
		s.gens.running = slices.DeleteFunc(s.gens.running, func(other *running) bool { return other == r })
		s.gens.shown = nil
	})
	err := during(ctx, up, op, func(ctx context.Context) error { return s.generate(ctx, &g, r) })
	if errors.Is(context.Cause(ctx), errStopped) {
		return nil
	}
	return err
}

// StopGenerator ends a generator; one that does not run is none.
func (s *Session) StopGenerator(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.gens.running {
		if r.ID == id {
			r.stop(errStopped)
		}
	}
}

// admit lets a generator run if there is room for it on the line.
func (s *Session) admit(op string, g *Generator, r *running) (err error) {
	s.update(func() {
		if len(s.gens.running) == MaxGenerators {
			err = badInput(op, "generator", strconv.Itoa(MaxGenerators)+" run already")
			return
		}
		room := float64(s.st.Baud) / bitsPerByte * lineShare
		for _, other := range s.gens.running {
			room -= other.load
		}
		if r.load > room {
			most := max(0, int(room/(r.load/r.Rate)))
			err = badInput(op, "rate", "at most "+strconv.Itoa(most)+" a second now on this line")
			return
		}
		s.gens.last++
		r.ID = s.gens.last
		s.gens.running = append(s.gens.running, r)
		s.gens.shown = nil
	})
	return err
}

// generate writes values until ctx ends or there are no more.
func (s *Session) generate(ctx context.Context, g *Generator, r *running) error {
	wave := newWave(g)
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var batch [][]byte
	for {
		at, more := wave.due()
		if !more {
			return nil
		}
		timer.Reset(time.Until(start.Add(at)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		now := time.Since(start)
		skipped := wave.skip(now - max(catchUp, time.Duration(float64(time.Second)/r.Rate)))
		batch = wave.take(batch[:0], now)
		if skipped > 0 {
			s.update(func() {
				r.Skipped += skipped
				s.gens.shown = nil
			})
		}
		if err := s.writeBatch(ctx, g.Pin, batch, r); err != nil {
			return err
		}
	}
}

// writeBatch writes values of one pin, with nothing in between.
func (s *Session) writeBatch(ctx context.Context, pin uint16, values [][]byte, r *running) error {
	return s.inOrder(ctx, "generate", func(ctx context.Context, client *ncp.NCP) error {
		for _, value := range values {
			if err := client.VirtualWrite(ctx, pin, value); err != nil {
				return err
			}
			s.update(func() {
				s.pinValue(pin, value, ToCloud)
				r.Sent++
				s.gens.shown = nil
			})
		}
		return nil
	})
}
