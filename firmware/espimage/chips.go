package espimage

// chip is what images say and need, of one chip.
type chip struct {
	id     string
	number int   // in image headers; −1: headers have none
	boot   int64 // address in flash memory at which the ROM looks for the boot loader
}

// chips is from the vendor's documentation of the image format.
var chips = [...]chip{
	{"esp8266", -1, 0},
	{"esp32", 0, 0x1000},
	{"esp32s2", 2, 0x1000},
	{"esp32c3", 5, 0},
	{"esp32s3", 9, 0},
	{"esp32c2", 12, 0},
	{"esp32c6", 13, 0},
	{"esp32h2", 16, 0},
	{"esp32p4", 18, 0x2000},
	{"esp32c61", 20, 0},
	{"esp32c5", 23, 0x2000},
}

// bootAddrs are the addresses at which boot loaders lie, in the order of the search.
var bootAddrs = [...]int64{0, 0x1000, 0x2000}

func chipByNumber(n int) (chip, bool) {
	for _, c := range chips {
		if c.number == n {
			return c, true
		}
	}
	return chip{}, false
}

// BootAddr returns the address in flash memory at which a chip ("esp32c3") looks for its
// boot loader; ok is false if the chip is not known here.
func BootAddr(id string) (addr uint32, ok bool) {
	for _, c := range chips {
		if c.id == id {
			return uint32(c.boot), true
		}
	}
	return 0, false
}

// chipsBootingAt returns the chips that look for their boot loader at addr.
func chipsBootingAt(addr int64) []string {
	var ids []string
	for _, c := range chips {
		if c.boot == addr {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// flashSize returns the size that a header's upper nibble stands for; 0: not known.
func flashSize(nibble byte, id string) int64 {
	if id != "esp8266" {
		if nibble > 7 {
			return 0
		}
		return 1 << 20 << nibble
	}
	sizes := [...]int64{512 << 10, 256 << 10, 1 << 20, 2 << 20, 4 << 20, 2 << 20, 4 << 20, 0, 8 << 20, 16 << 20}
	if int(nibble) >= len(sizes) {
		return 0
	}
	return sizes[nibble]
}

// flashFreq returns the clock in MHz that a header's lower nibble stands for; 0: not known.
func flashFreq(nibble byte, id string) int {
	freqs := map[byte]int{0: 40, 1: 26, 2: 20, 0xF: 80}
	switch id {
	case "esp32c2":
		freqs = map[byte]int{0: 30, 1: 20, 2: 15, 0xF: 60}
	case "esp32h2":
		freqs = map[byte]int{0: 24, 1: 16, 2: 12, 0xF: 48}
	case "esp32c6", "esp32c5", "esp32c61", "esp32p4":
		freqs = map[byte]int{0: 80, 2: 20, 0xF: 80}
	}
	return freqs[nibble]
}
