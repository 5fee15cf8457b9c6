package espsim

import (
	"math/bits"
	"time"
)

// regs are the registers of a chip, as far as hosts look at them. Others keep what is
// written and read as zero at first.
type regs struct {
	o    *Options
	c    *chip
	rate func() int // of the UART
	// contact tells whether the flash answers.
	contact func() bool
	// reset is told when a watchdog is to reset the chip in d; 0 stops it.
	watchdog func(d time.Duration, system bool)

	m                map[uint32]uint32
	wdtOpen, swdOpen bool
	wdtOff, swdOff   bool
}

// clear is what a reset does.
func (r *regs) clear() {
	r.m = make(map[uint32]uint32)
	r.wdtOpen, r.swdOpen, r.wdtOff, r.swdOff = false, false, false, false
}

// Where the ROM of USB chips tells which of its interfaces the host talks to.
const (
	bufNoC3 = 0x3FCDF07C
	bufNoS3 = 0x3FCEF14C
)

func (r *regs) read(addr uint32) uint32 {
	switch {
	case addr == magicReg:
		return r.c.magic
	case addr == r.c.uart:
		return r.divider()
	case addr == r.c.spi.cmd():
		return 0 // commands are through at once
	case addr == bufNoC3 && r.o.Chip == ESP32C3 && r.o.Lines == USB:
		return 3
	case addr == bufNoS3 && r.o.Chip == ESP32S3 && r.o.Lines == USB:
		return 4
	case addr == 0x3FF6607C && r.o.Chip == ESP32 && r.o.Major >= 3:
		return 1 << 31
	}
	if i := addr - r.efuseBase(); i < 4*uint32(efuseWords) && i%4 == 0 {
		return r.efuseWord(int(i / 4))
	}
	return r.m[addr]
}

// divider is the UART's clock divider. The clock is the crystal's, of the ESP8266 twice
// that.
func (r *regs) divider() uint32 {
	clock := r.o.Crystal * 1_000_000
	if r.c.halve {
		clock *= 2
	}
	return uint32(clock / max(r.rate(), 1))
}

// efuseWords is how many words are answered from efuseBase on.
const efuseWords = 7

func (r *regs) efuseBase() uint32 {
	if r.o.Chip == ESP32 {
		return r.c.efuse - 4
	}
	return r.c.efuse
}

func (r *regs) efuseWord(i int) uint32 {
	switch r.o.Chip {
	case ESP8266:
		return r.efuse8266(i)
	case ESP32:
		return r.efuse32(i)
	}
	return r.efuseNew(i)
}

func (r *regs) efuse8266(i int) uint32 {
	m := r.o.MAC
	switch i {
	case 0:
		return uint32(m[5]) << 24
	case 1:
		return 2<<16 | uint32(m[3])<<8 | uint32(m[4])
	case 3:
		return uint32(m[0])<<16 | uint32(m[1])<<8 | uint32(m[2])
	}
	return 0
}

// efuse32 is the first block of an ESP32.
func (r *regs) efuse32(i int) uint32 {
	m, major := r.o.MAC, r.o.Major
	switch i {
	case 0:
		return flag(r.o.Secure.Encrypted) << 20 // one bit of FLASH_CRYPT_CNT
	case 1:
		return uint32(m[2])<<24 | uint32(m[3])<<16 | uint32(m[4])<<8 | uint32(m[5])
	case 2:
		return 0xC5<<16 | uint32(m[0])<<8 | uint32(m[1])
	case 3:
		return 1<<9 | 1<<13 | flag(major >= 1)<<15 // package D0WD, rated 240 MHz
	case 5:
		return flag(major >= 2)<<20 | uint32(r.o.Minor&3)<<24
	case 6:
		return flag(r.o.Secure.Boot) << 5 // ABS_DONE_1
	}
	return 0
}

// efuseNew is BLOCK1 of the later chips.
func (r *regs) efuseNew(i int) uint32 {
	m := r.o.MAC
	switch i {
	case 0:
		return uint32(m[2])<<24 | uint32(m[3])<<16 | uint32(m[4])<<8 | uint32(m[5])
	case 1:
		return uint32(m[0])<<8 | uint32(m[1])
	case 3:
		return uint32(r.o.Minor&7) << 18
	case 5:
		return uint32(r.o.Minor>>3&1)<<23 | uint32(r.o.Major&3)<<24
	}
	return 0
}

func flag(on bool) uint32 {
	if on {
		return 1
	}
	return 0
}

func (r *regs) write(addr, value, mask uint32) {
	v := r.m[addr]&^mask | value&mask
	if r.wdtWrite(addr, v) {
		return
	}
	r.m[addr] = v
	if addr == r.c.spi.cmd() && v&(1<<18) != 0 {
		r.m[addr] = 0
		r.command()
	}
}

// command runs the command that the SPI registers describe. Only those that read a few
// bytes are known: the id and the status.
func (r *regs) command() {
	s := r.c.spi
	length, set := r.m[s.misoLen]
	if r.o.Chip == ESP8266 {
		length, set = r.m[s.usr1]>>8, r.m[s.usr1] != 0
	}
	length = length&0x1FF + 1
	if !set { // a host that names no length gets what is left from the last command: enough
		length = 32
	}
	if r.m[s.usr]&(1<<31) == 0 || r.m[s.usr]&(1<<28) == 0 {
		return
	}
	v := uint32(0)
	if r.m[s.usr2]&0xFF == 0x9F {
		v = r.flashID()
	}
	if !r.contact() {
		v = 0xFFFFFFFF
	}
	if length < 32 {
		v &= 1<<length - 1
	}
	r.m[s.w0] = v
}

// flashID is what a W25Q of the size would answer: manufacturer, type, capacity.
func (r *regs) flashID() uint32 {
	capacity := uint32(bits.Len(uint(r.o.Size)) - 1)
	return capacity<<16 | 0x40<<8 | 0xEF
}

// wdtWrite does what the watchdogs' registers do. They take nothing while they are
// locked.
func (r *regs) wdtWrite(addr, v uint32) bool {
	w := r.c.wdt
	if w.config0 == 0 {
		return false
	}
	switch addr {
	case w.protect:
		r.wdtOpen = v == wdtKey
	case w.swdProtect:
		r.swdOpen = v == swdKey
	case w.config0:
		if r.wdtOpen {
			r.m[addr] = v
			r.configure(v)
		}
	case w.config1:
		if r.wdtOpen {
			r.m[addr] = v
		}
	case w.swd:
		if r.swdOpen {
			r.m[addr] = v
			r.swdOff = v&swdFeed != 0
		}
	default:
		return false
	}
	if r.wdtOff && r.swdOff {
		r.watchdog(0, false)
	}
	return true
}

// configure starts the RTC watchdog where its first stage is a reset of the system, and
// stops it where it is off.
func (r *regs) configure(v uint32) {
	r.wdtOff = v&(1<<31) == 0
	const systemReset = 5 // of the stages' actions
	if !r.wdtOff && v>>28&7 == systemReset {
		const slowClock = 136_000 // Hz, of the RTC
		r.watchdog(perByte(int(r.m[r.c.wdt.config1]), slowClock), true)
	}
}
