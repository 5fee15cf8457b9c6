package doctor

import (
	"context"
	"errors"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// device asks the NCP what it is.
func (x *exam) device(ctx context.Context) error {
	x.begin(StepDevice)
	if _, err := x.at(ctx, x.found.answered.Baud); err != nil {
		return err
	}
	d := &x.report.Device
	d.Answered, d.Baud = true, x.line.ear.Baud
	client := ncp.NewNCP(x.line)
	calls := []func() error{
		func() error {
			v, ok, err := client.GetNcpVersion(ctx)
			if err == nil && ok {
				d.Version = v[:min(len(v), maxText)]
				x.see(Evidence{Kind: EvVersion, Text: d.Version})
			}
			return err
		},
		func() error {
			s, err := client.GetState(ctx)
			if err == nil {
				d.State, d.StateKnown = ncp.State(s), true
				x.see(Evidence{Kind: EvState, N: int(s)})
			}
			return err
		},
		func() error {
			c, err := client.IsConfigured(ctx)
			if err == nil {
				d.Configured, d.ConfKnown = c, true
				n := 0
				if c {
					n = 1
				}
				x.see(Evidence{Kind: EvConfig, N: n})
			}
			return err
		},
	}
	for _, call := range calls {
		if err := x.patiently(ctx, call); err != nil {
			return err
		}
	}
	switch {
	case !d.StateKnown:
		x.endStep(Failed)
	case d.State == ncp.StateNotInitialized || d.ConfKnown && !d.Configured:
		x.endStep(Noted)
	default:
		x.endStep(Passed)
	}
	return nil
}

// patiently makes a call up to three times. It returns errors of the line only: what an
// NCP does not tell is not known.
func (x *exam) patiently(ctx context.Context, call func() error) error {
	for range 3 {
		err := call()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
			return err
		case !errors.Is(err, rpc.ErrTimeout):
			return nil
		}
	}
	return nil
}

// measure counts how many pings of a series pass.
func (x *exam) measure(ctx context.Context) error {
	x.begin(StepLine)
	e := x.line.ear
	x.found.badBefore = e.Bad + e.Cut
	extra := make([]byte, measureLen)
	for i := range extra {
		extra[i] = byte(0xA5 ^ i<<3) // about as many ones as zeros, in changing places
	}
	for x.found.sent < measured {
		ok, err := x.line.ping(ctx, extra)
		if err != nil {
			return err
		}
		x.found.sent++
		if ok {
			x.found.got++
		}
	}
	x.found.badAfter = e.Bad + e.Cut
	x.see(Evidence{Kind: EvAnswered, Rate: e.Baud, N: x.found.got, M: x.found.sent})
	if bad := x.found.badAfter - x.found.badBefore; bad > 0 {
		x.see(Evidence{Kind: EvFrames, Rate: e.Baud, N: e.Good, M: bad})
	}
	if x.found.got == x.found.sent && x.found.badAfter == x.found.badBefore {
		x.endStep(Passed)
	} else {
		x.endStep(Noted)
	}
	return nil
}
