package session

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// lab is a session and a simulated NCP on a simulated wire.
type lab struct {
	t    *testing.T
	ctx  context.Context
	wire *sim.Wire
	dev  *ncpsim.NCP
	s    *Session

	end  context.CancelFunc
	gone chan struct{}
}

// usual are a wire's options as real adapters have them.
func usual() sim.WireOptions {
	return sim.WireOptions{
		Info:    serial.Info{VendorID: 0x0403, ProductID: 0x6001, Name: "adapter", Key: "0403:6001"},
		Latency: time.Millisecond,
		Reopen:  40 * time.Millisecond,
	}
}

// newLab powers a device and makes a session; it must be called in a bubble of
// synctest, and closed there.
func newLab(t *testing.T, w sim.WireOptions, d ncpsim.Options, o Options) *lab {
	ctx, cancel := context.WithCancel(context.Background())
	l := &lab{t: t, ctx: ctx, end: cancel, wire: sim.NewWire(w), dev: ncpsim.New(d), s: New(o), gone: make(chan struct{})}
	go func() { defer close(l.gone); _ = sim.Run(ctx, l.wire, l.dev) }()
	return l
}

func (l *lab) close() {
	l.s.Close()
	l.end()
	<-l.gone
	l.wire.Close()
	synctest.Wait()
}

// inLab runs test with a device and a session, in virtual time.
func inLab(t *testing.T, w sim.WireOptions, d ncpsim.Options, o Options, test func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, w, d, o)
		defer l.close()
		test(l)
	})
}

// connect connects and fails the test if that fails. The device gets a second to start.
func (l *lab) connect() {
	l.t.Helper()
	time.Sleep(time.Second)
	if err := l.s.Connect(l.ctx, l.wire.Adapter()); err != nil {
		l.t.Fatal(err)
	}
}

// until waits until the state is as wanted.
func (l *lab) until(within time.Duration, what string, ok func(State) bool) time.Duration {
	l.t.Helper()
	d, err := await(l.s, within, ok)
	if err != nil {
		l.t.Fatalf("%s: not within %v; state %s", what, within, brief(l.s))
	}
	return d
}

func (l *lab) untilPhase(within time.Duration, p Phase) time.Duration {
	l.t.Helper()
	return l.until(within, fmt.Sprintf("phase %d", p), func(st State) bool { return st.Phase == p })
}

func await(s *Session, within time.Duration, ok func(State) bool) (time.Duration, error) {
	wake := make(chan struct{}, 1)
	cancel := s.Subscribe(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer cancel()
	start := time.Now()
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		if ok(s.State()) {
			return time.Since(start), nil
		}
		select {
		case <-wake:
		case <-timeout.C:
			return within, errors.New("too late")
		}
	}
}

// brief is what a failed test needs to know of a session.
func brief(s *Session) string {
	st := s.State()
	text := fmt.Sprintf("phase %d, %d baud, notice %q, problem %+v, device %+v, link %+v\nevents:", st.Phase, st.Baud, st.Notice, st.Problem, st.Device, st.Link)
	for _, e := range st.Events {
		text += fmt.Sprintf("\n  %s %d %d %s %s", e.Time.Format("05.000"), e.Kind, e.Value, e.Text, e.Detail)
	}
	lines, _ := s.Log(0, 100)
	for _, e := range lines {
		text += fmt.Sprintf("\n  %s %q", e.Time.Format("05.000"), e.Text)
	}
	return text
}

// events counts the link events of a key.
func events(st State, key string) int {
	n := 0
	for _, e := range st.Events {
		if e.Kind == EventLink && e.Text == key {
			n++
		}
	}
	return n
}

// sample is a configuration that sets everything.
func sample() Configuration {
	brightness, timeout, skips := uint8(80), uint16(300), uint8(0)
	return Configuration{
		TemplateID: "TMPL12345", TemplateName: "Pump",
		FirmwareType: "TMPL12345", FirmwareVersion: "1.2.3", FirmwareBuild: "Nov  2 2026 09:30:00", BlynkVersion: "1.3.2",
		VendorPrefix: "Acme", VendorServer: "iot.example.com",
		LED: &LED{GPIO: 2, ActiveLow: true}, RGB: &RGB{R: 12, G: 13, B: 14, CommonAnode: true},
		ARGB: &ARGB{GPIO: 5, Count: 3}, Brightness: &brightness, Button: &Button{GPIO: 9, ActiveLow: true},
		ConfigTimeout: &timeout, ConfigSkipLimit: &skips, SetTime: true,
	}
}
