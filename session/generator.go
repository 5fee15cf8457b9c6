package session

import (
	"context"
	"time"
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
)

// Generator writes values to a pin by itself, to try a dashboard.
type Generator struct {
	Pin      uint16
	Shape    Shape
	Min, Max float64
	Period   time.Duration // of ramp, sine and square
	Rate     float64       // values a second, above 0; a timed replay has its own
	Decimals int           // behind the point
	Replay   Replay        // of ShapeReplay
	Loop     bool          // a replay begins again at its end
}

// Replay is recorded values that a generator writes again.
type Replay struct {
	Times  []time.Duration // when each value is due, from the first one on; nil: by the rate
	Values []string
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

type generators struct{}

func (g *generators) list() []GeneratorState { return nil }

// Generate writes the values of g until ctx ends, StopGenerator ends it, the replay is
// over (then it returns nil), or the NCP is no longer there.
func (s *Session) Generate(ctx context.Context, g Generator) error { return nil }

// StopGenerator ends a generator.
func (s *Session) StopGenerator(id uint64) {}

// ParseReplay reads values to replay from CSV: one column of values, or times (seconds,
// or dates as ISO 8601) and values, such as a table that was exported from one pin.
func ParseReplay(data []byte) (Replay, error) { return Replay{}, nil }
