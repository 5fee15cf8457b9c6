package espsim

import "time"

// chip is what differs between kinds of chips. Numbers without a source are from the
// sheet esp-serial: sections 7, 11, 12, 14, 15 and 21; eFuse layouts and address maps
// from the vendor's technical reference manuals.
type chip struct {
	id      uint16 // in image headers and security info
	noID    bool   // image headers have none (ESP8266)
	magic   uint32 // at magicReg
	status  int    // bytes of status in replies of the ROM
	crystal int    // MHz
	boot    uint32 // offset of the second stage in flash

	hasDeflate, hasMD5, hasBaud, hasSecurity, hasAttach, hasSlowRead bool

	spi   spiRegs
	uart  uint32 // divider register
	halve bool   // the divider counts half periods of the crystal
	efuse uint32 // first eFuse word of the MAC
	wdt   wdtRegs
	ram   []span // code or data may be loaded here
	code  span   // and run here

	major, minor int // revision of recent ones
	segs         [4]uint32
	entry        uint32

	inflate, digest int // bytes per second
	stubStart       time.Duration
	log             bootTexts
}

// span is a stretch of addresses.
type span struct{ from, to uint32 }

func (s span) holds(a uint32) bool { return a >= s.from && a < s.to }

const magicReg = 0x40001000

// spiRegs are addresses of the flash controller's user command machine.
type spiRegs struct{ base, usr, usr1, usr2, mosiLen, misoLen, w0 uint32 }

func (r spiRegs) cmd() uint32 { return r.base }

func spiOld(base, w0 uint32) spiRegs {
	return spiRegs{base, base + 0x1C, base + 0x20, base + 0x24, base + 0x28, base + 0x2C, base + w0}
}

func spiNew(base uint32) spiRegs {
	return spiRegs{base, base + 0x18, base + 0x1C, base + 0x20, base + 0x24, base + 0x28, base + 0x58}
}

// wdtRegs are the registers of the two watchdogs that USB-Serial/JTAG leaves running.
type wdtRegs struct{ config0, config1, protect, swd, swdProtect uint32 }

const (
	wdtKey  = 0x50D83AA1
	swdKey  = 0x8F1D312A
	swdFeed = 1 << 31
)

// Speeds of the stub's sums. The sheet has no figures of single steps; these are
// assumed so that its whole-flash measurements at 460800 baud (section 2), which are
// bound by the wire, come out.
const (
	inflateSpeed     = 2_000_000
	inflateSpeed8266 = 1_000_000
	digestSpeed      = 2_000_000
	digestSpeed8266  = 1_000_000
)

var chips = map[Chip]*chip{
	ESP8266: {
		noID: true, magic: 0xFFF0C101, status: 2, crystal: 26,
		spi: spiOld(0x60000200, 0x40), uart: 0x60000014, halve: true, efuse: 0x3FF00050,
		ram:  []span{{0x3FFE8000, 0x40000000}, {0x40100000, 0x40110000}},
		code: span{0x40100000, 0x40110000},
		segs: [4]uint32{0x40100000, 0x3FFE8000, 0x3FFE8800, 0x40201010}, entry: 0x401000B4,
		inflate: inflateSpeed8266, digest: digestSpeed8266, stubStart: 2 * time.Millisecond,
		log: texts8266,
	},
	ESP32: {
		id: 0, magic: 0x00F01D83, status: 4, crystal: 40, boot: 0x1000,
		hasDeflate: true, hasMD5: true, hasBaud: true, hasAttach: true, hasSlowRead: true,
		spi: spiOld(0x3FF42000, 0x80), uart: 0x3FF40014, efuse: 0x3FF5A004,
		ram:  []span{{0x3FFAE000, 0x40000000}, {0x40070000, 0x400C0000}},
		code: span{0x40070000, 0x400C0000}, major: 3, minor: 0,
		segs: [4]uint32{0x3F400020, 0x3FFB0000, 0x40080000, 0x400D0020}, entry: 0x40081000,
		inflate: inflateSpeed, digest: digestSpeed, stubStart: time.Millisecond,
		log: texts32,
	},
	ESP32C3: {
		id: 5, magic: 0x1B31506F, status: 4, crystal: 40,
		hasDeflate: true, hasMD5: true, hasBaud: true, hasSecurity: true, hasAttach: true, hasSlowRead: true,
		spi: spiNew(0x60002000), uart: 0x60000014, efuse: 0x60008844,
		wdt:  wdtRegs{0x60008090, 0x60008094, 0x600080A8, 0x600080AC, 0x600080B0},
		ram:  []span{{0x3FC80000, 0x3FCE0000}, {0x4037C000, 0x403E0000}},
		code: span{0x4037C000, 0x403E0000}, major: 0, minor: 4,
		segs: [4]uint32{0x3C000020, 0x3FC90000, 0x40380000, 0x42000020}, entry: 0x40380200,
		inflate: inflateSpeed, digest: digestSpeed, stubStart: time.Millisecond,
		log: textsC3,
	},
	ESP32S3: {
		id: 9, magic: 0x00000009, status: 4, crystal: 40,
		hasDeflate: true, hasMD5: true, hasBaud: true, hasSecurity: true, hasAttach: true, hasSlowRead: true,
		spi: spiNew(0x60002000), uart: 0x60000014, efuse: 0x60007044,
		wdt:  wdtRegs{0x60008098, 0x6000809C, 0x600080B0, 0x600080B4, 0x600080B8},
		ram:  []span{{0x3FC88000, 0x3FD00000}, {0x40370000, 0x403E0000}},
		code: span{0x40370000, 0x403E0000}, major: 0, minor: 2,
		segs: [4]uint32{0x3C000020, 0x3FC90000, 0x40374000, 0x42000020}, entry: 0x40374200,
		inflate: inflateSpeed, digest: digestSpeed, stubStart: time.Millisecond,
		log: textsS3,
	},
}
