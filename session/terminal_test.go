package session

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// textOf returns the log's lines of the device.
func textOf(s *Session) string {
	entries, _ := s.Log(0, 100_000)
	var lines []string
	for _, e := range entries {
		if !e.Note && !e.Sent {
			lines = append(lines, e.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// TestTerminal: the port is a plain line at any rate, and the NCP is back after it.
func TestTerminal(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{Target: 460800}, func(l *lab) {
		connectedLab(l)
		if err := l.s.SendRaw(l.ctx, []byte("x"), false); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("send without a terminal: %v", err)
		}
		if err := l.s.Terminal(l.ctx, 1); ProblemOf(err) == nil || ProblemOf(err).Code != CodeInput {
			t.Errorf("1 baud: %v", err)
		}
		if err := l.s.Terminal(l.ctx, 460800); err != nil {
			t.Fatal(err)
		}
		if st := l.s.State(); st.Phase != PhaseTerminal || st.Terminal != 460800 || st.Baud != 460800 || events(st, "terminal") != 1 {
			t.Error(brief(l.s))
		}
		if p := ProblemOf(l.s.VirtualWrite(l.ctx, 1, "x")); p == nil || p.Code != CodeNotReady {
			t.Errorf("write of a pin: %+v", p)
		}
		var sent bytes.Buffer
		remove := l.wire.Tap(func(d sim.Dir, _ time.Time, p []byte) {
			if d == sim.ToDevice {
				sent.Write(p)
			}
		})
		l.dev.SendRaw([]byte("caf\xe9\x00\x1b[31m\r\nopen"))
		time.Sleep(time.Second) // nobody else says a word
		if got := textOf(l.s); !strings.HasSuffix(got, "caf\xe9\x00\x1b[31m\nopen") {
			t.Errorf("heard %q", got)
		}
		if err := l.s.SendRaw(l.ctx, []byte("hello\r\n"), true); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		remove()
		if got := sent.String(); got != "hello\r\n" {
			t.Errorf("sent %q", got)
		}
		entries, _ := l.s.Log(0, 1000)
		if last := entries[len(entries)-1]; !last.Sent || last.Text != "hello\r\n" {
			t.Errorf("no echo: %+v", last)
		}
		if err := l.s.Terminal(l.ctx, 74880); err != nil || l.s.State().Baud != 74880 || l.s.State().Terminal != 74880 {
			t.Errorf("%v, %s", err, brief(l.s))
		}
		if err := l.s.LeaveTerminal(l.ctx); err != nil {
			t.Error(err)
		}
		l.until(10*time.Second, "back", func(st State) bool {
			return st.Phase == PhaseReady && st.Terminal == 0 && st.Baud == 460800 && st.Device.State == ncp.StateConnected
		})
		if st := l.s.State(); events(st, "reapplied") != 0 || l.dev.Stats().Boots != 1 {
			t.Error(brief(l.s))
		}
		if err := l.s.LeaveTerminal(l.ctx); err != nil {
			t.Errorf("leaving twice: %v", err)
		}
	})
}

// TestConnectTerminal: a device that is no NCP is not sent a byte.
func TestConnectTerminal(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Hostile: ncpsim.HostileSilence}, Options{}, func(l *lab) {
		if err := l.s.ConnectTerminal(l.ctx, l.wire.Adapter(), 115200); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := l.wire.Stats().ToDevice.Sent; n != 0 {
			t.Errorf("%d bytes were sent", n)
		}
		if st := l.s.State(); st.Phase != PhaseTerminal || st.Baud != 115200 {
			t.Error(brief(l.s))
		}
		if err := l.s.ConnectTerminal(l.ctx, l.wire.Adapter(), 115200); ProblemOf(err) == nil {
			t.Error("a second connection")
		}
	})
}

// TestTerminalAnyTime: a terminal can be had in every phase of a connection, and
// Disconnect ends it.
func TestTerminalAnyTime(t *testing.T) {
	for _, hostile := range []ncpsim.Hostile{0, ncpsim.HostileSilence} {
		for _, after := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 1100 * time.Millisecond, 3 * time.Second, 60 * time.Second} {
			inLab(t, usual(), ncpsim.Options{Hostile: hostile}, Options{Target: 460800}, func(l *lab) {
				outcome := make(chan error, 1)
				go func() { outcome <- l.s.Connect(l.ctx, l.wire.Adapter()) }()
				time.Sleep(after)
				start := time.Now()
				if err := l.s.Terminal(l.ctx, 9600); err != nil {
					t.Fatalf("after %v: %v; %s", after, err, brief(l.s))
				}
				if d := time.Since(start); d > 500*time.Millisecond {
					t.Errorf("after %v: took %v", after, d)
				}
				<-outcome // also an attempt that was cut off has an outcome
				time.Sleep(5 * time.Second)
				if st := l.s.State(); st.Phase != PhaseTerminal || st.Problem != nil {
					t.Errorf("after %v: %s", after, brief(l.s))
				}
				if err := l.s.Disconnect(l.ctx); err != nil {
					t.Error(err)
				}
				if st := l.s.State(); st.Phase != PhaseIdle || st.Terminal != 0 {
					t.Error(brief(l.s))
				}
			})
		}
	}
}

// TestTerminalUnplug: the terminal goes on after a replug, at its rate; it can be left
// while there is no port.
func TestTerminalUnplug(t *testing.T) {
	for _, leave := range []bool{false, true} {
		inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
			l.connect()
			if err := l.s.Terminal(l.ctx, 57600); err != nil {
				t.Fatal(err)
			}
			l.wire.Unplug()
			l.untilPhase(100*time.Millisecond, PhaseUnplugged)
			if p := ProblemOf(l.s.SendRaw(l.ctx, []byte("x"), false)); p == nil || p.Code != CodeNotReady {
				t.Errorf("%+v", p)
			}
			want, baud := PhaseTerminal, 57600
			if leave {
				want, baud = PhaseReady, 38400
				if err := l.s.LeaveTerminal(l.ctx); err != nil {
					t.Error(err)
				}
			}
			l.s.Plugged(l.wire.Plug())
			l.until(10*time.Second, "back", func(st State) bool { return st.Phase == want && (leave || st.Baud == baud) })
		})
	}
}

// TestTerminalLent: the port can be lent out of a terminal; the NCP is wanted after that.
func TestTerminalLent(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		if err := l.s.Terminal(l.ctx, 57600); err != nil {
			t.Fatal(err)
		}
		lease, err := l.s.Lend(l.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.s.Terminal(l.ctx, 57600); ProblemOf(err) == nil || ProblemOf(err).Code != CodeNotReady {
			t.Errorf("terminal of a lent port: %v", err)
		}
		if st := l.s.State(); st.Phase != PhaseLent || st.Terminal != 0 {
			t.Error(brief(l.s))
		}
		lease.Return()
		l.untilPhase(10*time.Second, PhaseReady)
	})
}

// TestTerminalRefused: an adapter that does not take the rate leaves the console as it was.
func TestTerminalRefused(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		time.Sleep(time.Second)
		a := &choosy{Adapter: l.wire.Adapter()}
		if err := l.s.Connect(l.ctx, a); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Terminal(l.ctx, 74880); ProblemOf(err) == nil || ProblemOf(err).Code != CodeOpenFailed {
			t.Errorf("%v", err)
		}
		l.untilPhase(10*time.Second, PhaseReady)
		if err := l.s.Terminal(l.ctx, 9600); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Terminal(l.ctx, 74880); ProblemOf(err) == nil || l.s.State().Phase != PhaseTerminal || l.s.State().Baud != 9600 {
			t.Errorf("%v; %s", err, brief(l.s))
		}
		_ = l.s.Disconnect(l.ctx)
		if err := l.s.ConnectTerminal(l.ctx, a, 74880); ProblemOf(err) == nil || ProblemOf(err).Code != CodeOpenFailed {
			t.Errorf("%v; %s", err, brief(l.s))
		}
	})
}

// choosy is an adapter that knows no 74880 baud.
type choosy struct{ serial.Adapter }

func (a *choosy) refuse(m serial.Mode) error {
	if m.Baud == 74880 {
		return &serial.OpenError{Reason: serial.OpenMode, Info: a.Info()}
	}
	return nil
}

func (a *choosy) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	if err := a.refuse(m); err != nil {
		return nil, err
	}
	p, err := a.Adapter.Open(ctx, m)
	return &choosyPort{p, a}, err
}

type choosyPort struct {
	serial.Port
	a *choosy
}

func (p *choosyPort) SetMode(ctx context.Context, m serial.Mode) error {
	if err := p.a.refuse(m); err != nil {
		return err
	}
	return p.Port.SetMode(ctx, m)
}

// lines are the changes of a port's lines, as a test sees them.
type lines struct {
	serial.Adapter
	mu   sync.Mutex
	seen []serial.Signals
}

func (a *lines) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	p, err := a.Adapter.Open(ctx, m)
	return &linesPort{p, a}, err
}

type linesPort struct {
	serial.Port
	a *lines
}

func (p *linesPort) SetSignals(ctx context.Context, s serial.Signals) error {
	p.a.mu.Lock()
	p.a.seen = append(p.a.seen, s)
	p.a.mu.Unlock()
	return p.Port.SetSignals(ctx, s)
}

// TestTerminalLines: DTR, RTS and break are as they are told, and sequences end as they
// should also when their caller gives up.
func TestTerminalLines(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		a := &lines{Adapter: l.wire.Adapter()}
		if err := l.s.ConnectTerminal(l.ctx, a, 115200); err != nil {
			t.Fatal(err)
		}
		check := func(what string, err error, state serial.Signals, want ...serial.Signals) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if len(a.seen) != len(want) {
				t.Errorf("%s: %+v", what, a.seen)
			}
			for i := range min(len(want), len(a.seen)) {
				if a.seen[i] != want[i] {
					t.Errorf("%s, %d: %+v", what, i, a.seen[i])
				}
			}
			a.seen = nil
			if got := l.s.State().Lines; got != state {
				t.Errorf("%s: state %+v", what, got)
			}
		}
		const on, off = serial.On, serial.Off
		check("begin", nil, serial.Signals{DTR: on, RTS: on, Break: off})
		check("DTR", l.s.SetLines(l.ctx, serial.Signals{DTR: off}), serial.Signals{DTR: off, RTS: on, Break: off},
			serial.Signals{DTR: off})
		check("reset of a held board", l.s.ResetDevice(l.ctx), serial.Signals{DTR: off, RTS: off, Break: off},
			serial.Signals{DTR: off, RTS: on}, serial.Signals{DTR: off, RTS: off}, serial.Signals{DTR: off, RTS: off})
		check("boot mode", l.s.BootMode(l.ctx), serial.Signals{DTR: off, RTS: off, Break: off},
			serial.Signals{DTR: off, RTS: on}, serial.Signals{DTR: on, RTS: off}, serial.Signals{DTR: off, RTS: off})
		start := time.Now()
		check("break", l.s.SendBreak(l.ctx), serial.Signals{DTR: off, RTS: off, Break: off},
			serial.Signals{Break: on}, serial.Signals{Break: off})
		if d := time.Since(start); d < breakTime {
			t.Errorf("break of %v", d)
		}
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Millisecond)
		defer cancel()
		if err := l.s.BootMode(ctx); err == nil {
			t.Error("no error of an ended context")
		}
		time.Sleep(time.Second)
		check("given up", nil, serial.Signals{DTR: off, RTS: off, Break: off},
			serial.Signals{DTR: off, RTS: on}, serial.Signals{DTR: on, RTS: off}, serial.Signals{DTR: off, RTS: off})
	})
}

// TestTerminalStalled: an adapter that takes no bytes holds up nobody.
func TestTerminalStalled(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		a := &stalling{Adapter: l.wire.Adapter(), after: time.Now()}
		if err := l.s.ConnectTerminal(l.ctx, a, 115200); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(l.ctx, time.Second)
		defer cancel()
		if err := l.s.SendRaw(ctx, []byte("x"), false); ProblemOf(err) == nil || ProblemOf(err).Code != CodeCanceled {
			t.Errorf("%v", err)
		}
		if err := l.s.LeaveTerminal(ctx); ProblemOf(err) == nil {
			t.Error("left while bytes are on their way")
		}
		start := time.Now()
		if err := l.s.Disconnect(l.ctx); err != nil || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestTerminalTogether: calls from many sides at once leave a session that works.
func TestTerminalTogether(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				for n := range 20 {
					ctx, cancel := context.WithTimeout(l.ctx, time.Duration(1+(i*7+n*13)%400)*time.Millisecond)
					switch (i + n) % 6 {
					case 0:
						_ = l.s.Terminal(ctx, 9600*(1+n%3))
					case 1:
						_ = l.s.SendRaw(ctx, []byte("text"), true)
					case 2:
						_ = l.s.LeaveTerminal(ctx)
					case 3:
						_ = l.s.SetLines(ctx, serial.Signals{RTS: serial.On})
					case 4:
						if lease, err := l.s.Lend(ctx); err == nil {
							lease.Return()
						}
					case 5:
						_ = l.s.VirtualWrite(ctx, 1, "x")
					}
					cancel()
					time.Sleep(time.Duration(i*3+n) * time.Millisecond)
				}
			})
		}
		all.Wait()
		if err := l.s.LeaveTerminal(l.ctx); err != nil {
			t.Error(err)
		}
		l.untilPhase(2*time.Minute, PhaseReady)
	})
}

// TestAnswerTime: whether an NCP gets the time that it asks for can be changed at any time.
func TestAnswerTime(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		time.Sleep(5 * time.Second)
		for _, on := range []bool{false, true} {
			l.s.AnswerTime(on)
			before := l.dev.Called(ncp.UIDBlynkSetTime)
			l.dev.SendEvent(ncpsim.EventTimeWanted)
			time.Sleep(2 * time.Second)
			if got := l.dev.Called(ncp.UIDBlynkSetTime) - before; (got > 0) != on {
				t.Errorf("%v: %d calls", on, got)
			}
		}
	})
}
