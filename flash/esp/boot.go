package esp

import (
	"bytes"
	"context"
	"errors"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
)

// rate8266 is the rate of the log of an ESP8266 with its usual crystal of 26 MHz, whose
// ROM believes in one of 40.
const rate8266 = 74880

// BootKind is what a chip did after a reset.
type BootKind uint8

// Kinds.
const (
	BootSilent  BootKind = iota // it printed nothing
	BootApp                     // it started firmware
	BootLoader                  // it is in its loader again: the strap is low
	BootInvalid                 // it found no firmware that it can start
	BootGarbled                 // it printed something that cannot be read
)

// Boot is the log of a start.
type Boot struct {
	Kind BootKind
	Text string // of the device: hostile, show as text only
}

// appGrace is how long an app that was loaded may print a complaint.
const appGrace = 300 * time.Millisecond

// Boot reads what the chip prints after Run, until it is clear what it does, at most
// for limit. A chip on its own USB that is in its loader again, because its strap was
// low when it got power, is started once more by its watchdog.
func (f *Flasher) Boot(ctx context.Context, limit time.Duration) (Boot, error) {
	l := f.load
	defer l.rest()
	b, err := l.bootLog(ctx, limit)
	if err != nil || b.Kind != BootLoader || !f.reset.usb || l.chip == nil || !l.chip.watchRun {
		return b, err
	}
	if err := l.sync(ctx, syncs, syncLimit, false); err != nil {
		if c := code(err); c == flash.CodeLost || c == flash.CodeCanceled {
			return b, err
		}
		return b, nil
	}
	l.note(flash.PhaseRestart, "in the loader again; the watchdog resets the chip")
	if err := f.bite(ctx); err != nil {
		return b, err
	}
	return l.bootLog(ctx, limit)
}

// bootLog reads a boot log.
func (l *loader) bootLog(ctx context.Context, limit time.Duration) (Boot, error) {
	until, started := time.Now().Add(limit), false
	for {
		kind, sure := bootKind(l.printed)
		now := time.Now()
		if sure || !now.Before(until) {
			return Boot{kind, string(l.printed)}, nil
		}
		if kind == BootApp && !started {
			started = true
			if grace := now.Add(appGrace); grace.Before(until) {
				until = grace
			}
		}
		if err := l.pause(ctx, min(20*time.Millisecond, until.Sub(now))); err != nil {
			return Boot{kind, string(l.printed)}, l.fail("boot log", flash.PhaseRestart, err)
		}
	}
}

// Marks of boot logs, of ROM and of the second boot loader.
var (
	marksInvalid = marks("invalid header", "flash read err", "csum err", "ets_main.c", "No bootable app",
		"is not bootable", "invalid magic byte", "Checksum failed", "Image hash failed",
		"secure boot check fail")
	marksLoader = marks("waiting for download", "DOWNLOAD", "boot mode:(1,")
	marksApp    = marks("Blynk.NCP", "app_main", "cpu_start", "app_init")
	marksLoad   = marks("entry 0x", "load:0x", "load 0x", "~ld")
	marksBoot   = marks("boot:0x", "boot mode:(", "rst:0x", "ESP-ROM:", "ets J")
)

func marks(list ...string) [][]byte {
	var b [][]byte
	for _, s := range list {
		b = append(b, []byte(s))
	}
	return b
}

func has(text []byte, list [][]byte) bool {
	for _, m := range list {
		if bytes.Contains(text, m) {
			return true
		}
	}
	return false
}

// bootKind tells what a boot log says; sure where nothing more is to be waited for.
func bootKind(text []byte) (kind BootKind, sure bool) {
	switch {
	case has(text, marksInvalid):
		return BootInvalid, true
	case has(text, marksApp):
		return BootApp, true
	case has(text, marksLoader):
		return BootLoader, true
	case has(text, marksLoad):
		return BootApp, false
	case has(text, marksBoot):
		return BootInvalid, false // unless it loads something yet
	case len(text) == 0:
		return BootSilent, false
	case readable(text):
		return BootApp, false // firmware that prints no log of its start
	}
	return BootGarbled, false
}

// readable tells whether most of text can be read.
func readable(text []byte) bool {
	n := 0
	for _, c := range text {
		if c >= ' ' && c <= '~' || c == '\n' || c == '\r' || c == '\t' || c == 0x1B {
			n++
		}
	}
	return n*10 >= len(text)*8 && n > 0
}

// run starts the firmware.
func (f *Flasher) run(ctx context.Context) error {
	l := f.load
	if f.reset.Name == "" {
		f.prepare()
	}
	l.event(flash.Event{Phase: flash.PhaseRestart})
	if f.reset.usb && l.chip != nil && l.chip.forced != 0 && !f.details.Security.Download {
		if err := l.writeRegs(ctx, write{addr: l.chip.forced, value: 0, mask: 1}); ended(err) {
			return err
		}
	}
	if f.reset.run == nil || f.reset.otg {
		if l.chip == nil || !l.chip.watchRun || f.details.Security.Download {
			return &flash.Error{Code: flash.CodeUnsupport, Op: "restart", Phase: flash.PhaseRestart,
				Detail: "only by hand"}
		}
		return f.bite(ctx)
	}
	if !f.o.Fixed {
		if err := f.setRate(ctx, f.bootRate(), true); err != nil {
			return err
		}
	}
	l.forget()
	if err := l.steps(ctx, f.reset.run); err != nil {
		return l.fail("restart", flash.PhaseRestart, err)
	}
	return f.done(ctx)
}

// done tells a passthrough sketch that all is done.
func (f *Flasher) done(ctx context.Context) error {
	if f.o.Done <= 0 {
		return nil
	}
	return f.setRate(ctx, f.o.Done, false)
}

// bootRate is the rate of the log of the chip's ROM.
func (f *Flasher) bootRate() int {
	if c := f.load.chip; c != nil && c.old && f.details.Crystal != 40 {
		return rate8266
	}
	return safeRate
}

// ended tells whether an error means that there is no use in going on.
func ended(err error) bool {
	c := code(err)
	return c == flash.CodeCanceled || c == flash.CodeLost || c == flash.CodePort
}

// bite lets the chip's watchdog reset it, which reads the straps anew. The port of a
// chip on its own USB may be gone then.
func (f *Flasher) bite(ctx context.Context) error {
	const (
		// enable, stage 0 resets the system, lengths of the reset signals
		config = 1<<31 | 5<<28 | 1<<8 | 2
		// ticks until it bites: some 15 ms of the slow clock
		ticks = 2000
		after = 500 * time.Millisecond
	)
	l, w := f.load, f.load.chip.watch
	if !f.reset.usb {
		if err := f.setRate(ctx, f.bootRate(), true); err != nil {
			return err
		}
	}
	err := l.writeRegs(ctx,
		write{addr: w.protect, value: w.key},
		write{addr: w.config1, value: ticks},
		write{addr: w.config0, value: config},
		write{addr: w.protect, value: 0})
	if c := code(err); c == flash.CodeLost && f.reset.usb {
		return nil
	}
	if ended(err) {
		return err
	}
	l.forget()
	if err := l.pause(ctx, after); err != nil && !errors.Is(err, serial.ErrLost) {
		return l.fail("restart", flash.PhaseRestart, err)
	}
	return nil
}

// witness is what was heard from a chip whose loader does not answer.
type witness struct {
	kind flash.Code // 0: nothing
	text string
}

// rank orders how much a kind of evidence tells.
func rank(c flash.Code) int {
	switch c {
	case flash.CodeOneWay:
		return 3
	case flash.CodeBooted:
		return 2
	case flash.CodeGarbled:
		return 1
	}
	return 0
}

// hear takes what an attempt at a rate brought. It returns a remark where that is more
// than before.
func (w *witness) hear(text []byte, heard, baud int) string {
	var kind flash.Code
	switch {
	case heard == 0:
		return ""
	case has(text, marksLoader):
		kind = flash.CodeOneWay
	case has(text, marksBoot) || readable(text):
		kind = flash.CodeBooted
	case baud > safeRate: // a log at its own rate
		return ""
	default:
		kind = flash.CodeGarbled
	}
	if rank(kind) <= rank(w.kind) {
		return ""
	}
	w.kind, w.text = kind, string(text)
	switch kind {
	case flash.CodeOneWay:
		return "the chip waits for a download, but does not hear"
	case flash.CodeBooted:
		return "the chip starts its firmware instead of its loader"
	}
	return "something comes that cannot be read"
}

// verdict is the error for a chip whose loader does not answer.
func (w *witness) verdict(cause error) error {
	e := &flash.Error{Code: w.kind, Op: "sync", Detail: w.text, Err: cause}
	if w.kind == 0 {
		e.Code = flash.CodeSilent
	}
	return e
}
