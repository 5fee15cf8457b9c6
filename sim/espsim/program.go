package espsim

import (
	"context"
	"fmt"
	"strings"

	"ncpweb/serial"
	"ncpweb/sim"
)

// program is what the chip executes after a reset. It returns with ctx's error, with
// errSoftware, or because the wire is closed.
func (l *life) program(ctx context.Context, download bool, why cause) error {
	if !sleep(ctx, romStart) {
		return ctx.Err()
	}
	if download {
		if err := l.say(ctx, l.romText(why, true)); err != nil {
			return err
		}
		if l.b.o.Lines == USB {
			l.watchdog(l.b.o.Watchdog, false)
		}
		return newROM(l).serve(ctx)
	}
	found := l.b.inspect()
	if found.ok {
		return l.firmware(ctx, found)
	}
	l.b.setState(Stuck)
	for {
		text := l.romText(why, false) + l.complaint(found)
		if err := l.say(ctx, text); err != nil {
			return err
		}
		if !sleep(ctx, bootPause) {
			return ctx.Err()
		}
		why = byWatchdog
	}
}

// logBaud is the rate of the ROM's boot log. That of the ESP8266 counts on a crystal of
// 40 MHz: with 26 MHz 74880 comes out.
func (b *Board) logBaud() int {
	if b.o.Chip == ESP8266 {
		return romBaud * b.o.Crystal / 40
	}
	return romBaud
}

const romBaud = 115200

// romText is what the ROM prints first.
func (l *life) romText(why cause, download bool) string {
	t := &l.b.chip.log
	by := t.power
	switch why {
	case bySoftware:
		by = t.software
	case byWatchdog:
		by = t.watchdog
	}
	if download {
		return t.head + by + t.download
	}
	return t.head + by + t.run
}

// complaint is what comes then where there is no firmware.
func (l *life) complaint(f finding) string {
	t := &l.b.chip.log
	switch {
	case l.b.o.NoFlash && t.blank != "":
		return "flash read err, 1000\r\n" + t.end
	case f.second:
		return t.second + t.noApp
	case f.header:
		return fmt.Sprintf("csum err:0x%02x!=0x%02x\r\n", f.sum, f.wantSum) + t.end
	case t.blank == "":
		return t.end
	}
	return strings.Repeat(fmt.Sprintf("%s%08x\r\n", t.blank, f.word), 8) + t.end
}

// say prints, unless the board is a quiet one.
func (l *life) say(ctx context.Context, text string) error {
	if l.b.o.Quiet {
		return ctx.Err()
	}
	return l.write(ctx, []byte(text))
}

// firmware runs the NCP.
func (l *life) firmware(ctx context.Context, f finding) error {
	n := l.b.ncpOf(f.version)
	l.b.setState(Running)
	var u sim.UART = l.u
	if l.b.o.Lines == USB {
		u = anyRate{l.u}
	}
	err := n.Run(ctx, u)
	l.b.storeSettings(n.Provisioned())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return orClosed(err)
}

// anyRate is a UART to which rates mean nothing.
type anyRate struct{ sim.UART }

func (anyRate) SetMode(serial.Mode) error { return nil }
