package espsim

import (
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// cause is why a chip starts.
type cause uint8

const (
	byPower    cause = iota // power-on or EN
	byCore                  // the reset of USB-Serial/JTAG: the strap stays as it was sampled
	bySoftware              // the chip itself: the strap stays as it was sampled
	byWatchdog              // the strap is sampled
)

// Times of a reset.
const (
	// minReset is how long EN must be low: the capacitor at EN swallows the short pulses
	// that a host makes by changing DTR and RTS one after the other. As long after EN is
	// let go the strap is sampled. With the usual 10 kOhm and 1 uF it is 5 ms or more; less
	// would also be less than a busy machine is late with the two lines.
	minReset = 5 * time.Millisecond
	// romStart is from there to the first character of the boot log.
	romStart = 2 * time.Millisecond
	// bootPause is how long a chip without firmware takes from one complaint to the next.
	bootPause = 350 * time.Millisecond
)

// life is a board with power, on a UART. run is its loop; the program that the chip
// executes is another goroutine, which ends with its context.
type life struct {
	b    *Board
	u    sim.UART
	regs *regs

	inner    chan cause  // resets from inside; capacity one
	wdt      *time.Timer // nil: none runs
	flagged  bool        // USB-Serial/JTAG has its flag for the download mode set
	usbLines sim.Lines   // as USB-Serial/JTAG saw them last
	latched  bool        // the strap was low when it was sampled last
	held     bool        // a button holds the strap low
	pressed  *press      // buttons to be pressed
	attached bool        // the ROM has contact to the flash
}

func newLife(b *Board, u sim.UART) *life {
	l := &life{b: b, u: u, inner: make(chan cause, 1)}
	l.regs = &regs{o: &b.o, c: b.chip, rate: l.rate, contact: l.contact, watchdog: l.watchdog}
	return l
}

// run lives until ctx ends.
func (l *life) run(ctx context.Context) error {
	defer l.b.setState(Off)
	defer l.watchdog(0, false)
	why := byPower
	for {
		next, err := l.start(ctx, why)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		why = next
	}
}

// start waits until nothing holds the chip in reset, samples the strap and runs what
// follows, until the next reset.
func (l *life) start(ctx context.Context, why cause) (cause, error) {
	if why == byPower {
		l.b.setState(Reset)
		if err := l.released(ctx); err != nil {
			return why, err
		}
	}
	if why == byPower || why == byWatchdog {
		l.latched = l.strap()
		l.held = false
	}
	l.begin()
	l.b.setState(Booting)
	download := l.latched || l.flagged

	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	end := make(chan error, 1)
	go func() { end <- l.program(inner, download, why) }()
	next, err := l.watch(ctx, end)
	cancel()
	_ = l.u.SetReadDeadline(time.Unix(1, 0))
	l.dropUART()
	ended := <-end
	if err == nil && !errors.Is(ended, context.Canceled) && !errors.Is(ended, errSoftware) {
		err = ended
	}
	_ = l.u.SetReadDeadline(time.Time{})
	l.dropUART()
	return next, err
}

// errSoftware is how a program ends that resets the chip.
var errSoftware = errors.New("espsim: software reset")

// begin is what each reset does to the chip.
func (l *life) begin() {
	l.watchdog(0, false)
	select {
	case <-l.inner:
	default:
	}
	l.regs.clear()
	l.attached = false
	l.b.count(func(s *Stats) { s.Resets++ })
	l.dropUART()
	_ = l.setBaud(l.b.logBaud())
}

// watch returns when something resets the chip. What it returns as an error is the
// program's, or ctx's.
func (l *life) watch(ctx context.Context, end chan error) (cause, error) {
	for {
		changed := l.u.LinesChanged()
		if l.b.o.Lines == USB {
			if l.usbReset() {
				return byCore, nil
			}
		} else if l.lineReset() {
			if ok, err := l.lowForLong(ctx); err != nil || ok {
				return byPower, err
			}
			continue
		}
		select {
		case <-changed:
		case p := <-l.b.buttons:
			l.pressed = &p
			return byPower, nil
		case why := <-l.inner:
			return why, nil
		case err := <-end:
			end <- err
			if errors.Is(err, errSoftware) {
				return bySoftware, nil
			}
			return byPower, orClosed(err)
		case <-ctx.Done():
			return byPower, ctx.Err()
		}
	}
}

func orClosed(err error) error {
	if err == nil {
		return serial.ErrClosed
	}
	return err
}

// lowForLong tells whether EN stays low for as long as a reset takes.
func (l *life) lowForLong(ctx context.Context) (bool, error) {
	t := time.NewTimer(minReset)
	defer t.Stop()
	for {
		changed := l.u.LinesChanged()
		if !l.lineReset() {
			return false, nil
		}
		select {
		case <-changed:
		case <-t.C:
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// released returns when EN has been high long enough. Buttons work meanwhile.
func (l *life) released(ctx context.Context) error {
	if err := l.press(ctx); err != nil {
		return err
	}
	t := time.NewTimer(minReset)
	defer t.Stop()
	for {
		changed := l.u.LinesChanged()
		if l.lineReset() {
			t.Reset(minReset)
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
			t.Reset(minReset)
			continue
		}
		select {
		case <-changed:
		case p := <-l.b.buttons:
			l.pressed = &p
			if err := l.press(ctx); err != nil {
				return err
			}
			t.Reset(minReset)
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lineReset tells whether the host holds EN low.
func (l *life) lineReset() bool {
	s := l.u.Lines()
	switch l.b.o.Lines {
	case Transistors:
		return s.Open && s.RTS && !s.DTR
	case Direct:
		return s.Open && s.RTS
	case Inverted:
		return !s.RTS // also while the port is closed
	}
	return false
}

// strap tells whether the boot strap is low.
func (l *life) strap() bool {
	s := l.u.Lines()
	if l.b.o.Strap || l.held {
		return true
	}
	switch l.b.o.Lines {
	case Transistors:
		return s.Open && s.DTR && !s.RTS
	case Direct, Inverted:
		return s.Open && s.DTR
	}
	return false
}

// usbReset follows the lines of USB-Serial/JTAG, as the reference manual of the ESP32-C3
// tells: both off clears the flag for the download mode, DTR alone sets it, RTS alone
// resets the core, both do nothing. It tells whether a reset begins.
func (l *life) usbReset() bool {
	s, before := l.u.Lines(), l.usbLines
	l.usbLines = s
	s.Break, before.Break = false, false
	if s == before || !s.Open {
		return false
	}
	switch {
	case !s.DTR && !s.RTS:
		l.flagged = false
	case s.DTR && !s.RTS:
		l.flagged = true
	case s.RTS && !s.DTR:
		return true
	}
	return false
}

// watchdog starts or stops, with d 0, the watchdog.
func (l *life) watchdog(d time.Duration, system bool) {
	if l.wdt != nil {
		l.wdt.Stop()
		l.wdt = nil
	}
	if d <= 0 {
		return
	}
	why := byCore
	if system {
		why = byWatchdog
	}
	l.wdt = time.AfterFunc(d, func() {
		select {
		case l.inner <- why:
		default:
		}
	})
}

// dropUART loses what the UART holds.
func (l *life) dropUART() {
	if r, ok := l.u.(sim.Resetter); ok {
		_ = r.Reset()
	}
}

// setBaud sets the chip's rate. Over USB there is none.
func (l *life) setBaud(baud int) error {
	if l.b.o.Lines == USB {
		return l.autoBaud(true)
	}
	if err := l.autoBaud(false); err != nil {
		return err
	}
	if l.b.o.MaxRate > 0 && baud > l.b.o.MaxRate {
		baud = baud * 7 / 8 // far enough off that every character is garbage
	}
	return l.u.SetMode(serial.Mode{Baud: baud})
}

func (l *life) autoBaud(on bool) error {
	if a, ok := l.u.(sim.AutoBauder); ok {
		return a.AutoBaud(on, l.b.o.MaxRate)
	}
	return nil
}

func (l *life) rate() int {
	if a, ok := l.u.(sim.AutoBauder); ok {
		return a.Rate()
	}
	return 115200
}

// contact tells whether the flash answers the chip.
func (l *life) contact() bool { return l.attached && !l.b.o.NoFlash }

// write sends, unless ctx has ended.
func (l *life) write(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := l.u.Write(b)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// read receives. Its error is ctx's once that has ended.
func (l *life) read(ctx context.Context, b []byte) (int, error) {
	for {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		n, err := l.u.Read(b)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if n > 0 || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if err != nil { // the deadline of the end before this beginning
			_ = l.u.SetReadDeadline(time.Time{})
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
		}
	}
}
