package esp

import (
	"testing"
	"testing/synctest"

	"ncpweb/flash"
	"ncpweb/serial"
)

func TestFlashSize(t *testing.T) {
	for id, want := range map[uint32]int64{
		0x1640EF: 4 << 20, 0x1840C8: 16 << 20, 0x1440C8: 1 << 20, 0x1230EF: 256 << 10, 0x3625C2: 4 << 20,
		0x1C4020: 256 << 20, 0x204020: 64 << 20, 0x224020: 256 << 20, 0x1540EF: 2 << 20,
		0x01471F: 4 << 20, 0x01441F: 512 << 10, 0x01491F: 16 << 20, 0x3A40EF: 64 << 20,
		0: 0, 0xFFFFFF: 0, 0x0140EF: 0, 0x3B40EF: 0, 0xFF40EF: 0,
	} {
		if got := flashSize(id); got != want {
			t.Errorf("%06x: %d, want %d", id, got, want)
		}
	}
}

// TestMACs: vectors made by hand after section 12.
func TestMACs(t *testing.T) {
	for _, tt := range []struct {
		chip  string
		words []uint32
		want  string
	}{
		{"esp8266", []uint32{0xAB000000, 0x0001CDEF, 0, 0}, "ac:d0:74:cd:ef:ab"},
		{"esp8266", []uint32{0xAB000000, 0x0000CDEF, 0, 0}, "18:fe:34:cd:ef:ab"},
		{"esp8266", []uint32{0xAB000000, 0x0000CDEF, 0, 0x00A1B2C3}, "a1:b2:c3:cd:ef:ab"},
		{"esp32", []uint32{0, 0x0C2A4F11, 0xFFFF2485, 0, 0, 0, 0}, "24:85:0c:2a:4f:11"},
		{"esp32c3", []uint32{0x0C2A4F11, 0xFFFF2485, 0, 0}, "24:85:0c:2a:4f:11"},
		{"esp32c2", []uint32{0x0C2A4F11, 0xFFFF2485}, "24:85:0c:2a:4f:11"},
		{"esp32h2", []uint32{0, 0, 0}, ""},
	} {
		d, c := new(Details), ChipOf(tt.chip)
		c.describe(c, tt.words, d)
		if d.MAC != tt.want {
			t.Errorf("%s: %s, want %s", tt.chip, d.MAC, tt.want)
		}
	}
}

func TestChipTable(t *testing.T) {
	ids := make(map[string]bool)
	for _, c := range Chips() {
		if ids[c.ID] || c.Title == "" || len(c.magic) == 0 || c.spi.base == 0 || c.describe == nil ||
			c.divider == 0 && c.crystal == 0 || c.watchRun && c.watch.protect == 0 {
			t.Errorf("%+v", c)
		}
		ids[c.ID] = true
		for _, m := range c.magic {
			if chipOfMagic(m) != c {
				t.Errorf("%s: another chip has %x", c.ID, m)
			}
		}
		d := new(Details)
		c.describe(c, make([]uint32, len(c.words)), d) // does not panic
		c.describe(c, []uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}, d)
	}
	if len(ids) != 8 {
		t.Errorf("%d chips", len(ids))
	}
}

func TestBootKinds(t *testing.T) {
	for text, want := range map[string]BootKind{
		"": BootSilent,
		"ESP-ROM:esp32c3-api1-20210207\r\nrst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\r\nload:0x3fcd5820,len:0x1\r\nentry 0x403cc710\r\n": BootApp,
		"rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\r\ninvalid header: 0xffffffff\r\n":                                                   BootInvalid,
		"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nflash read err, 1000\r\nets_main.c 371\r\n":                            BootInvalid,
		"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n":                            BootLoader,
		"\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\nload 0x4010f000, len 3584, room 16 \r\n":                                     BootApp,
		"\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n":                                                                            BootLoader,
		"[rpc port] Blynk.NCP started\r\n": BootApp,
		"\x80\x00\xf8\x91\x02\x00\xff\xfe": BootGarbled,
	} {
		if got, _ := bootKind([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestAdapterRates(t *testing.T) {
	for info, want := range map[serial.Info]int{
		{VendorID: 0x10C4, ProductID: 0xEA60}: 921600, {VendorID: 0x1A86, ProductID: 0x7523}: 921600,
		{VendorID: 0x1A86, ProductID: 0x55D4}: 2000000, {VendorID: 0x0403, ProductID: 0x6001}: 2000000, {}: 921600,
	} {
		if got := AdapterRate(info); got != want {
			t.Errorf("%x: %d", info, got)
		}
	}
	for info, want := range map[serial.Info]string{
		{VendorID: 0x303A, ProductID: 0x1001}: ByUSB, {VendorID: 0x303A, ProductID: 2}: ByOTG,
		{VendorID: 0x303A, ProductID: 0x4001}: ByLines, {}: ByLines,
	} {
		if got := ResetFor(info).Name; got != want {
			t.Errorf("%x: %s", info, got)
		}
	}
}

// TestDone: the sign to a passthrough sketch is the last thing that Run does.
func TestDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted(nil)
		f := New(p, Options{Reset: ResetOf(ByDirect), Done: 2400, Opened: 921600})
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(p.modes) != 2 || p.modes[0] != safeRate || p.modes[1] != 2400 {
			t.Errorf("rates %v", p.modes)
		}
		f = New(p, Options{Reset: ResetOf(ByHand)})
		if err := f.Run(t.Context()); code(err) != flash.CodeUnsupport {
			t.Errorf("by hand: %v", err)
		}
	})
}
