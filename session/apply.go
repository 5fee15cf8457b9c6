package session

import (
	"context"
	"errors"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
)

// step is one call of an apply.
type step struct {
	method string
	uid    uint16
	field  bool // it is set in the configuration
	must   bool // what follows makes no sense without it
	call   func(context.Context, *ncp.NCP) (bool, error)
}

// Apply sends a configuration in the order of the protocol sheet ("Bringing an NCP
// up") and shows each step in State. What the NCP does not take, or not answer, is shown
// and skipped, but without initialize the apply ends. The error is that of the first
// step that failed. Once initialize has passed, the configuration counts as applied: it
// is applied again by itself whenever the NCP has restarted.
func (s *Session) Apply(ctx context.Context, cfg Configuration) error {
	const op = "apply"
	if bad := cfg.Validate(); len(bad) > 0 {
		return badInput(op, bad[0].Field, string(bad[0].Rule))
	}
	cfg = cfg.clone()
	client, l, _, ok := s.present()
	if !ok {
		return problem(op, errNotReady)
	}
	release, err := s.holdApply(ctx, op)
	if err != nil {
		return err
	}
	defer release()
	err = s.once(ctx, op, func(ctx context.Context, _ *ncp.NCP) error {
		return s.steps(ctx, client, l, cfg)
	})
	s.want(wantState | wantNetwork | wantClock)
	return err
}

// applyAgain is Apply for an NCP that has restarted; it does nothing if the NCP is
// initialized by now.
func (s *Session) applyAgain(ctx context.Context, c *conn, cfg Configuration) error {
	release, err := s.holdApply(ctx, "apply")
	if err != nil {
		return err
	}
	defer release()
	s.mu.Lock()
	client, l := c.client, c.link
	s.mu.Unlock()
	if l == nil {
		return problem("apply", errNotReady)
	}
	var state uint8
	err = repeat(ctx, callTries, l, func() (err error) {
		state, err = client.GetState(ctx)
		return err
	})
	if err != nil {
		return problem("apply", err)
	}
	if ncp.State(state) != ncp.StateNotInitialized {
		return nil
	}
	return s.steps(ctx, client, l, cfg)
}

func (s *Session) holdApply(ctx context.Context, op string) (release func(), err error) {
	select {
	case s.applying <- struct{}{}:
		return func() { <-s.applying }, nil
	case <-ctx.Done():
		return nil, problem(op, ctx.Err())
	}
}

// steps makes the calls.
func (s *Session) steps(ctx context.Context, client *ncp.NCP, l *link.Link, cfg Configuration) error {
	list := stepsOf(cfg)
	shown := make([]Step, len(list))
	for i, st := range list {
		shown[i].Method = st.method
	}
	show := func(i int, status StepStatus, p *Problem) {
		shown[i].Status, shown[i].Problem = status, p
		snapshot := append([]Step(nil), shown...)
		s.update(func() { s.st.Steps = snapshot })
	}
	var first error
	for i, st := range list {
		if !st.field || !st.must && s.lacks(st.uid) {
			show(i, StepSkipped, nil)
			continue
		}
		show(i, StepRunning, nil)
		err := s.step(ctx, client, l, st)
		if err == nil {
			show(i, StepDone, nil)
			if st.uid == ncp.UIDBlynkInitialize {
				s.update(func() { s.st.Applied = &cfg })
			}
			continue
		}
		e := problem("apply", err)
		show(i, StepFailed, &e.Problem)
		if first == nil {
			first = e
		}
		switch e.Problem.Code {
		case CodeRefused, CodeStatus:
		case CodeTimeout: // an old NCP does not answer what it does not know
			if ctx.Err() != nil {
				return first
			}
		default:
			return first
		}
		if st.must {
			return first
		}
	}
	return first
}

// step makes one call, again where its answer got lost.
func (s *Session) step(ctx context.Context, client *ncp.NCP, l *link.Link, st step) error {
	var ok bool
	err := repeat(ctx, callTries, l, func() (err error) {
		ok, err = st.call(ctx, client)
		if st.uid == ncp.UIDBlynkInitialize && errors.Is(err, rpc.ErrTimeout) && initialized(ctx, client) {
			ok, err = true, nil // only the answer was lost
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return yes("apply", st.method, ok, err)
}

func initialized(ctx context.Context, client *ncp.NCP) bool {
	state, err := client.GetState(ctx)
	return err == nil && ncp.State(state) != ncp.StateNotInitialized && ncp.State(state) != ncp.StateUnknown
}

// stepsOf lists the calls of a configuration, in the order of the protocol sheet.
func stepsOf(c Configuration) []step {
	led, rgb, argb, button := or(c.LED), or(c.RGB), or(c.ARGB), or(c.Button)
	return []step{
		{"setFirmwareInfo", ncp.UIDBlynkSetFirmwareInfo, c.FirmwareType != "" || c.FirmwareVersion != "", false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.SetFirmwareInfo(ctx, c.FirmwareType, c.FirmwareVersion, c.FirmwareBuild, c.BlynkVersion)
			}},
		{"initLED", ncp.UIDHwInitLED, c.LED != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) { return n.InitLED(ctx, led.GPIO, led.ActiveLow) }},
		{"initRGB", ncp.UIDHwInitRGB, c.RGB != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.InitRGB(ctx, rgb.R, rgb.G, rgb.B, rgb.CommonAnode)
			}},
		{"initARGB", ncp.UIDHwInitARGB, c.ARGB != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.InitARGB(ctx, argb.GPIO, argb.Mode, argb.Count)
			}},
		{"setLedBrightness", ncp.UIDHwSetLedBrightness, c.Brightness != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) { return n.SetLedBrightness(ctx, or(c.Brightness)) }},
		{"initUserButton", ncp.UIDHwInitUserButton, c.Button != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.InitUserButton(ctx, button.GPIO, button.ActiveLow)
			}},
		{"setVendorPrefix", ncp.UIDBlynkSetVendorPrefix, c.VendorPrefix != "", false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) { return n.SetVendorPrefix(ctx, c.VendorPrefix) }},
		{"setVendorServer", ncp.UIDBlynkSetVendorServer, c.VendorServer != "", false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) { return n.SetVendorServer(ctx, c.VendorServer) }},
		{"setConfigTimeout", ncp.UIDBlynkSetConfigTimeout, c.ConfigTimeout != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.SetConfigTimeout(ctx, or(c.ConfigTimeout))
			}},
		{"setConfigSkipLimit", ncp.UIDBlynkSetConfigSkipLimit, c.ConfigSkipLimit != nil, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.SetConfigSkipLimit(ctx, or(c.ConfigSkipLimit))
			}},
		{"initialize", ncp.UIDBlynkInitialize, true, true,
			func(ctx context.Context, n *ncp.NCP) (bool, error) {
				return n.Initialize(ctx, c.TemplateID, c.TemplateName)
			}},
		{"setTime", ncp.UIDBlynkSetTime, c.SetTime, false,
			func(ctx context.Context, n *ncp.NCP) (bool, error) { return n.SetTime(ctx, time.Now().UnixMilli()) }},
	}
}

// or returns what p points to, or the zero value.
func or[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// clone returns a copy that shares no memory.
func (c Configuration) clone() Configuration {
	c.LED, c.RGB, c.ARGB, c.Button = copyOf(c.LED), copyOf(c.RGB), copyOf(c.ARGB), copyOf(c.Button)
	c.Brightness, c.ConfigTimeout, c.ConfigSkipLimit = copyOf(c.Brightness), copyOf(c.ConfigTimeout), copyOf(c.ConfigSkipLimit)
	return c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
