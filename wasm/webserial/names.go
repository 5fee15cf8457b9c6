//go:build js && wasm

package webserial

import "strconv"

// usbNames are the adapters that people meet most; browsers tell numbers only.
// Source: the USB ID assignments of the makers.
var usbNames = map[[2]uint16]string{
	{0x0403, 0x6001}: "FTDI FT232R",
	{0x0403, 0x6010}: "FTDI FT2232",
	{0x0403, 0x6014}: "FTDI FT232H",
	{0x0403, 0x6015}: "FTDI FT-X",
	{0x10C4, 0xEA60}: "Silicon Labs CP210x",
	{0x1A86, 0x7523}: "WCH CH340",
	{0x1A86, 0x55D3}: "WCH CH343",
	{0x1A86, 0x55D4}: "WCH CH9102",
	{0x067B, 0x2303}: "Prolific PL2303",
	{0x303A, 0x1001}: "Espressif USB JTAG/serial",
	{0x0483, 0x5740}: "STM32 virtual COM port",
	{0x2E8A, 0x000A}: "Raspberry Pi Pico",
}

// usbName returns a name for people, or "" for an unknown adapter.
func usbName(vendor, product uint16) string { return usbNames[[2]uint16{vendor, product}] }

// hex4 writes v as four digits.
func hex4(v uint16) string {
	text := strconv.FormatUint(uint64(v), 16)
	return "0000"[len(text):] + text
}
