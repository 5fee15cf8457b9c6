package ncpsim

import (
	"context"
	"fmt"
	"time"

	"ncpweb/sim"
)

// Boot logs of the ROMs, in the form that these chips print.
const (
	romESP32 = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" +
		"configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:1184\r\nentry 0x400805e4\r\n"
	romESP32Download = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n" +
		"waiting for download\r\n"
	romESP8266 = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\nload 0x4010f000, len 3424, room 16 \r\n" +
		"tail 0\r\nchksum 0x2e\r\ncsum 0x2e\r\n~ld\r\n"
	romESP8266Download = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n"
)

// minReset is how long EN must be low: the capacitor at EN swallows the short pulses
// that a host makes by changing DTR and RTS one after the other.
const minReset = time.Millisecond

// pinReset ends a life by the EN pin. download tells that IO0 was low at its end.
type pinReset struct{ download bool }

func (*pinReset) Error() string { return "ncpsim: reset by DTR and RTS" }

// boot starts the chip: boot log of the ROM at its rate, then that of the firmware at
// the initial rate. What arrives meanwhile is lost.
func (l *life) boot(ctx context.Context, download bool) error {
	n := l.n
	n.mu.Lock()
	n.clearVolatile()
	n.stats.Boots++
	n.note(Entry{Kind: "boot"})
	n.mu.Unlock()
	l.dec, l.in, l.id = newDecoder(n.o.Buffer), nil, 0

	if err := l.bootROM(download); err != nil {
		return err
	}
	if download {
		return l.deaf(ctx, 365*24*time.Hour) // the ROM loader is another simulation's
	}
	if err := l.deaf(ctx, n.o.Times.Boot); err != nil {
		return err
	}
	if err := l.setBaud(n.o.Baud); err != nil {
		return err
	}
	if err := l.write([]byte(n.bootText())); err != nil {
		return err
	}
	l.in = nil

	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastHeard = time.Now()
	if n.o.Initialized && n.stats.Boots == 1 {
		n.set.TemplateID, n.set.TemplateName = demoTemplateID, demoTemplateName
		n.settle()
	}
	n.startHostile()
	if n.o.Announce {
		n.send(uidStateChange, uint8(n.state))
	}
	return nil
}

func (l *life) bootROM(download bool) error {
	baud, log, dl := 115200, romESP32, romESP32Download
	if l.n.o.Chip == ESP8266 {
		baud, log, dl = 74880, romESP8266, romESP8266Download
	}
	if l.n.o.ROMLog != "" {
		log = l.n.o.ROMLog
	}
	if download {
		log = dl
	}
	if err := l.setBaud(baud); err != nil {
		return err
	}
	if l.n.o.NoROMLog {
		return nil
	}
	return l.write([]byte(log))
}

// bootText is what the firmware prints when RPC is ready.
func (n *NCP) bootText() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return fmt.Sprintf("[rpc port] Blynk.NCP started\r\nVersion: %s, Build: %s\r\n", n.o.Version, n.hostileText(n.o.Build))
}

// deaf lets time pass while what arrives is lost.
func (l *life) deaf(ctx context.Context, d time.Duration) error {
	until := time.Now().Add(d)
	for time.Now().Before(until) {
		if err := l.wait(ctx, until, false); err != nil {
			return err
		}
		l.in = nil
	}
	return nil
}

// inReset tells whether the host holds EN low: RTS asserted and DTR not, by the usual
// two transistors.
func (l *life) inReset() bool {
	s := l.u.Lines()
	return !l.n.o.NoAutoReset && s.Open && s.RTS && !s.DTR
}

// reset waits for the end of the reset. It returns nil if it was too short to be one.
func (l *life) reset(ctx context.Context) error {
	begin := time.Now()
	for {
		changed := l.u.LinesChanged()
		if !l.inReset() {
			break
		}
		if err := l.hold(ctx, changed, begin); err != nil {
			return err
		}
	}
	if time.Since(begin) < minReset {
		return nil
	}
	time.Sleep(minReset) // EN rises slowly, too: IO0 is looked at later
	if l.inReset() {
		if err := l.reset(ctx); err != nil {
			return err
		}
	}
	return &pinReset{download: io0Low(l.u.Lines())}
}

// hold returns at the next change of the lines, or when bytes come in. Those are lost,
// unless this turns out to be no reset.
func (l *life) hold(ctx context.Context, changed <-chan struct{}, begin time.Time) error {
	select {
	case <-changed:
	case b := <-l.rx:
		if time.Since(begin) < minReset {
			l.in = append(l.in, b...)
		}
	case err := <-l.end:
		l.end <- err
		return orClosed(err)
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// io0Low tells whether the host holds IO0 low: DTR asserted and RTS not.
func io0Low(s sim.Lines) bool { return s.Open && s.DTR && !s.RTS }
