package esp

// Chip is what is to know about a kind of chip. Another one is one more literal in
// chips. Registers and bits without another source are those of the vendor's technical
// reference manuals and of sections 7, 11, 12 and 15 of the sheet.
type Chip struct {
	ID    string // "esp32c3"
	Title string // "ESP32-C3"
	// Image is the chip id in the header of an image, -1 where images have none.
	Image int
	// Boot is where the ROM expects the boot loader in the flash memory.
	Boot uint32
	// Strap is the pin that is low at reset on the way into the loader.
	Strap string

	info     int      // chip id of GET_SECURITY_INFO; none where the chip does not know it
	magic    []uint32 // word at magicAddr, of all revisions known
	spi      spi
	words    []uint32 // fuses that describe needs, in its order
	describe func(c *Chip, w []uint32, d *Details)
	divider  uint32 // register of the UART whose low 20 bits are clock / rate; 0: not needed
	halved   bool   // the UART's clock is twice the crystal
	crystal  int    // MHz; 0: by divider

	old      bool // ROM of ESP8266: no MD5, deflate, change of rate, SPI_ATTACH
	encrypt  bool // FLASH_BEGIN of ROM takes a fifth word
	watch    watchdog
	watchRun bool   // a reset by the watchdog starts the firmware
	forced   uint32 // bit 0 of this register sends every start to the loader; 0: none
}

// none stands for a chip id that does not exist.
const none = -1

// magicAddr is a word of ROM that is different in each kind of chip.
const magicAddr = 0x40001000

// spi are the registers of the SPI controller of the flash memory, as offsets to base.
type spi struct {
	base, usr, usr1, usr2, miso uint32 // miso 0: its length is part of usr1
	w0                          uint32
}

// watchdog are the registers of the watchdogs that run on in the loader over
// USB-Serial/JTAG.
type watchdog struct {
	config0, config1, protect, key uint32
	super, feed, lock, superKey    uint32 // super watchdog: register, auto-feed bit, protection and its key
}

// SPI controllers.
var (
	spi8266 = spi{base: 0x60000200, usr: 0x1C, usr1: 0x20, usr2: 0x24, w0: 0x40}
	spi32   = spi{base: 0x3FF42000, usr: 0x1C, usr1: 0x20, usr2: 0x24, miso: 0x2C, w0: 0x80}
	spiS2   = spi{base: 0x3F402000, usr: 0x18, usr1: 0x1C, usr2: 0x20, miso: 0x28, w0: 0x58}
	spiC3   = spi{base: 0x60002000, usr: 0x18, usr1: 0x1C, usr2: 0x20, miso: 0x28, w0: 0x58}
	spiC6   = spi{base: 0x60003000, usr: 0x18, usr1: 0x1C, usr2: 0x20, miso: 0x28, w0: 0x58}
)

const (
	watchKey = 0x50D83AA1
	superKey = 0x8F1D312A
)

// chips are the chips that are known.
var chips = []*Chip{
	{
		ID: "esp8266", Title: "ESP8266", Image: none, Boot: 0, Strap: "GPIO0",
		info: none, magic: []uint32{0xFFF0C101}, spi: spi8266,
		words: []uint32{0x3FF00050, 0x3FF00054, 0x3FF00058, 0x3FF0005C}, describe: describe8266,
		divider: 0x60000014, halved: true, old: true,
	},
	{
		ID: "esp32", Title: "ESP32", Image: 0, Boot: 0x1000, Strap: "GPIO0",
		info: none, magic: []uint32{0x00F01D83}, spi: spi32,
		words:    []uint32{0x3FF5A000, 0x3FF5A004, 0x3FF5A008, 0x3FF5A00C, 0x3FF5A014, 0x3FF5A018, 0x3FF6607C},
		describe: describe32, divider: 0x3FF40014,
	},
	{
		ID: "esp32s2", Title: "ESP32-S2", Image: 2, Boot: 0x1000, Strap: "GPIO0",
		info: none, magic: []uint32{0x000007C6}, spi: spiS2,
		words: block1(0x3F41A044, 3, 4), describe: describeS2, crystal: 40, encrypt: true,
		watch:    watchdog{config0: 0x3F408094, config1: 0x3F408098, protect: 0x3F4080AC, key: watchKey},
		watchRun: true, forced: 0x3F408128,
	},
	{
		ID: "esp32s3", Title: "ESP32-S3", Image: 9, Boot: 0, Strap: "GPIO0",
		info: 9, magic: []uint32{0x00000009}, spi: spiC3,
		words: block1(0x60007044, 3, 5), describe: describeNew, crystal: 40, encrypt: true,
		watch: watchdog{0x60008098, 0x6000809C, 0x600080B0, watchKey,
			0x600080B4, 1 << 31, 0x600080B8, superKey},
		watchRun: true, forced: 0x6000812C,
	},
	{
		ID: "esp32c3", Title: "ESP32-C3", Image: 5, Boot: 0, Strap: "GPIO9",
		info: 5, magic: []uint32{0x6921506F, 0x1B31506F, 0x4881606F, 0x4361606F}, spi: spiC3,
		words: block1(0x60008844, 3, 5), describe: describeNew, crystal: 40, encrypt: true,
		watch: watchdog{0x60008090, 0x60008094, 0x600080A8, watchKey,
			0x600080AC, 1 << 31, 0x600080B0, superKey},
		watchRun: true,
	},
	{
		ID: "esp32c2", Title: "ESP32-C2", Image: 12, Boot: 0, Strap: "GPIO9",
		info: 12, magic: []uint32{0x6F51306F, 0x7C41A06F, 0x0C21E06F}, spi: spiC3,
		words: []uint32{0x60008840, 0x60008844}, describe: describeC2,
		divider: 0x60000014, encrypt: true,
		watch:    watchdog{config0: 0x60008084, config1: 0x60008088, protect: 0x6000809C, key: watchKey},
		watchRun: true,
	},
	{
		ID: "esp32c6", Title: "ESP32-C6", Image: 13, Boot: 0, Strap: "GPIO9",
		info: 13, magic: []uint32{0x2CE0806F}, spi: spiC6,
		words: block1(0x600B0844, 3), describe: describeC6, crystal: 40, encrypt: true,
		watch: watchdog{0x600B1C00, 0x600B1C04, 0x600B1C18, watchKey,
			0x600B1C1C, 1 << 18, 0x600B1C20, watchKey},
	},
	{
		ID: "esp32h2", Title: "ESP32-H2", Image: 16, Boot: 0, Strap: "GPIO9",
		info: 16, magic: []uint32{0xD7B73E80, 0x97E30068}, spi: spiC6,
		words: block1(0x600B0844, 3), describe: describeH2, crystal: 32, encrypt: true,
		watch: watchdog{0x600B1C00, 0x600B1C04, 0x600B1C1C, watchKey,
			0x600B1C20, 1 << 18, 0x600B1C24, watchKey},
	},
}

// block1 returns the addresses of the MAC, which is the begin of eFuse block 1, and of
// some more of its words.
func block1(mac uint32, more ...uint32) []uint32 {
	list := []uint32{mac, mac + 4}
	for _, w := range more {
		list = append(list, mac+4*w)
	}
	return list
}

// Chips returns the chips that this package knows. They must not be changed.
func Chips() []*Chip { return append([]*Chip(nil), chips...) }

// ChipOf returns the chip with an id, nil for one that is not known.
func ChipOf(id string) *Chip {
	for _, c := range chips {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// chipOfMagic returns the chip whose word at magicAddr that is.
func chipOfMagic(word uint32) *Chip {
	for _, c := range chips {
		for _, m := range c.magic {
			if m == word {
				return c
			}
		}
	}
	return nil
}

// chipOfInfo returns the chip with an id of GET_SECURITY_INFO.
func chipOfInfo(id uint32) *Chip {
	for _, c := range chips {
		if c.info >= 0 && uint32(c.info) == id {
			return c
		}
	}
	return nil
}
