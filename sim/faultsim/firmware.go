package faultsim

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// romBaud is the rate of the ESP32's boot log and loader.
const romBaud = 115200

// Boot logs in the form in which the ESP32's ROM prints them.
const (
	romHead     = "ets Jul 29 2019 12:21:46\r\n\r\n"
	romBoot     = "configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:1184\r\nentry 0x400805e4\r\n"
	romDownload = romHead + "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"
)

// started is the boot log after a restart for some reason.
func started(reason string) []byte {
	return []byte(romHead + "rst:" + reason + ",boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" + romBoot)
}

// say writes text at the ROM's rate.
func say(u sim.UART, text []byte) error {
	if err := u.SetMode(serial.Mode{Baud: romBaud}); err != nil {
		return err
	}
	_, err := u.Write(text)
	return err
}

// again prints a log over and over: first the ROM's, after a while what the firmware
// says before it dies.
func again(ctx context.Context, u sim.UART, reason, last string, after, rest time.Duration) error {
	log := started("0x1 (POWERON_RESET)")
	for {
		if err := say(u, log); err != nil {
			return err
		}
		if err := pause(ctx, u, after); err != nil {
			return err
		}
		if err := say(u, []byte(last)); err != nil {
			return err
		}
		if err := pause(ctx, u, rest); err != nil {
			return err
		}
		log = started(reason)
	}
}

func bootLoop(ctx context.Context, u sim.UART) error {
	return again(ctx, u, "0xc (SW_CPU_RESET)", "Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.\r\nRebooting...\r\n", 300*time.Millisecond, 100*time.Millisecond)
}

func brownout(ctx context.Context, u sim.UART) error {
	return again(ctx, u, "0xf (BROWN_OUT_RESET)", "\r\nBrownout detector was triggered\r\n\r\n", 250*time.Millisecond, 350*time.Millisecond)
}

// noImage is a chip with an empty flash: the ROM finds no header, and its watchdog
// restarts it.
func noImage(ctx context.Context, u sim.UART) error {
	for {
		log := romHead + "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
		for range 6 {
			log += "invalid header: 0xffffffff\r\n"
		}
		if err := say(u, []byte(log)); err != nil {
			return err
		}
		if err := pause(ctx, u, 900*time.Millisecond); err != nil {
			return err
		}
	}
}

// logOnly is somebody's sketch: it prints a value now and then and reads nothing.
func logOnly(ctx context.Context, u sim.UART) error {
	if err := u.SetMode(serial.Mode{Baud: 57600}); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if _, err := fmt.Fprintf(u, "[%6d] temperature=%d.%d C humidity=%d %%\r\n", n*200, 20+n%7, n%10, 40+n%9); err != nil {
			return err
		}
		if err := pause(ctx, u, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// atFirmware answers AT commands at 115200 baud, with an echo, as the modem firmware
// does that many modules are sold with.
func atFirmware(ctx context.Context, u sim.UART) error {
	if err := say(u, append(started("0x1 (POWERON_RESET)"), "\r\nready\r\n"...)); err != nil {
		return err
	}
	var line []byte
	b := make([]byte, 64)
	for {
		n, _, err := read(ctx, u, b, time.Time{})
		if err != nil {
			return err
		}
		for _, c := range b[:n] {
			if c != '\n' {
				if len(line) < 256 {
					line = append(line, c)
				}
				continue
			}
			command := bytes.TrimRight(line, "\r")
			answer := "\r\nERROR\r\n"
			switch {
			case len(command) == 0:
				answer = ""
			case string(command) == "AT":
				answer = "AT\r\r\n\r\nOK\r\n"
			}
			line = line[:0]
			if _, err := u.Write([]byte(answer)); err != nil {
				return err
			}
		}
	}
}

// loader is an ESP32 in its ROM loader. It answers SYNC and says nothing else. A reset
// by DTR and RTS leads there again if BOOT is held, else to the firmware next.
type loader struct{ next sim.Device }

// Run is the chip's life.
func (l *loader) Run(ctx context.Context, u sim.UART) error {
	for ctx.Err() == nil {
		on, cancel := context.WithCancel(ctx)
		go func() {
			defer cancel()
			waitReset(on, u)
		}()
		err := lived(on, u, serveLoader)
		cancel()
		if err != nil || ctx.Err() != nil {
			return err
		}
		if l.next != nil {
			return l.next.Run(ctx, u)
		}
		if err := say(u, []byte(romDownload)); err != nil {
			return err
		}
	}
	return nil
}

// minReset is how long EN must be low (as in ncpsim).
const minReset = time.Millisecond

// waitReset returns at the end of a reset: RTS asserted and DTR not, for long enough.
func waitReset(ctx context.Context, u sim.UART) {
	var since time.Time
	for ctx.Err() == nil {
		changed := u.LinesChanged()
		low := u.Lines().Open && u.Lines().RTS && !u.Lines().DTR
		switch {
		case low && since.IsZero():
			since = time.Now()
		case !low && !since.IsZero():
			if time.Since(since) >= minReset {
				return
			}
			since = time.Time{}
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// syncRequest is SYNC in its SLIP frame, without the delimiters; syncAnswer is what the
// ROM answers, eight times (facts of the serial bootloader, sections 5 and 19).
var (
	syncRequest = append([]byte{0x00, 0x08, 36, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20}, bytes.Repeat([]byte{0x55}, 32)...)
	syncAnswer  = []byte{0xC0, 0x01, 0x08, 0x04, 0x00, 0x07, 0x12, 0x20, 0x55, 0x00, 0x00, 0x00, 0x00, 0xC0}
)

// serveLoader is the ROM's loader.
func serveLoader(ctx context.Context, u sim.UART) error {
	if err := u.SetMode(serial.Mode{Baud: romBaud}); err != nil {
		return err
	}
	var in []byte
	b := make([]byte, 64)
	for {
		n, _, err := read(ctx, u, b, time.Time{})
		if err != nil {
			return err
		}
		for _, c := range b[:n] {
			if c != 0xC0 {
				if len(in) < 256 {
					in = append(in, c)
				}
				continue
			}
			// Checksums of SYNC are not looked at: bytes 4 to 7 may be anything.
			if len(in) == len(syncRequest) && bytes.Equal(in[:4], syncRequest[:4]) && bytes.Equal(in[8:], syncRequest[8:]) {
				if _, err := u.Write(bytes.Repeat(syncAnswer, 8)); err != nil {
					return err
				}
			}
			in = in[:0]
		}
	}
}
