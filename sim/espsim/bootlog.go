package espsim

// bootTexts are what the ROM of a chip prints, in the form of the real ones. CAUSE
// stands for the cause of the reset.
type bootTexts struct {
	head                      string // before the cause
	run, download             string // after it
	power, software, watchdog string // causes
	second                    string // the ROM loads the second stage
	blank                     string // once per word that is no header
	end                       string // what stops it then
	noApp                     string // the second stage finds no app
}

var (
	texts32 = bootTexts{
		head:     "ets Jul 29 2019 12:21:46\r\n\r\n",
		power:    "rst:0x1 (POWERON_RESET)",
		software: "rst:0xc (SW_CPU_RESET)",
		watchdog: "rst:0x10 (RTCWDT_RTC_RESET)",
		run:      ",boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
		download: ",boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n",
		second: "configsip: 0, SPIWP:0xee\r\nclk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\n" +
			"mode:DIO, clock div:2\r\nload:0x3fff0030,len:1184\r\nload:0x40078000,len:13232\r\nentry 0x400805e4\r\n",
		blank: "invalid header: 0x", end: "ets_main.c 371 \r\n",
		noApp: "E (44) boot: No bootable app partitions in the partition table\r\n",
	}
	textsC3 = bootTexts{
		head:     "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n",
		power:    "rst:0x1 (POWERON)",
		software: "rst:0x3 (RTC_SW_SYS_RST)",
		watchdog: "rst:0x7 (TG0WDT_SYS_RST)",
		run:      ",boot:0xc (SPI_FAST_FLASH_BOOT)\r\n",
		download: ",boot:0x4 (DOWNLOAD(USB/UART0/1))\r\nwaiting for download\r\n",
		second: "SPIWP:0xee\r\nmode:DIO, clock div:1\r\nload:0x3fcd5820,len:0x1708\r\nload:0x403cc710,len:0x968\r\n" +
			"load:0x403ce710,len:0x2f68\r\nentry 0x403cc710\r\n",
		blank: "invalid header: 0x", end: "ets_main.c 329 \r\n",
		noApp: "E (36) boot: No bootable app partitions in the partition table\r\n",
	}
	textsS3 = bootTexts{
		head:     "ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n",
		power:    "rst:0x1 (POWERON)",
		software: "rst:0x3 (RTC_SW_SYS_RST)",
		watchdog: "rst:0x7 (TG0WDT_SYS_RST)",
		run:      ",boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n",
		download: ",boot:0x0 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n",
		second: "SPIWP:0xee\r\nmode:DIO, clock div:1\r\nload:0x3fce3808,len:0x44c\r\nload:0x403c9700,len:0xbe4\r\n" +
			"load:0x403cc700,len:0x2a38\r\nentry 0x403c98d4\r\n",
		blank: "invalid header: 0x", end: "ets_main.c 329 \r\n",
		noApp: "E (36) boot: No bootable app partitions in the partition table\r\n",
	}
	texts8266 = bootTexts{
		head:     "\r\n ets Jan  8 2013,",
		power:    "rst cause:2",
		software: "rst cause:1",
		watchdog: "rst cause:4",
		run:      ", boot mode:(3,6)\r\n\r\n",
		download: ", boot mode:(1,6)\r\n\r\n",
		second:   "load 0x4010f000, len 3424, room 16 \r\ntail 0\r\nchksum 0x2e\r\ncsum 0x2e\r\nv00042170\r\n~ld\r\n",
		end:      "wdt reset\r\n",
		noApp:    "ets_main.c 181 \r\n",
	}
)
