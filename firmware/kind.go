package firmware

import (
	"bytes"
	"encoding/binary"
)

// Kind is what a file is, judged by its content.
type Kind uint8

// Kinds.
const (
	Unknown   Kind = iota
	ESP            // image of Espressif's chips, application, boot loader or merged: E9 at its start
	ESPMerged      // merged flash content of ESP32, S2, C5 or P4: FF, and the boot loader at 0x1000 or 0x2000
	Hex            // Intel HEX
	UF2
	JSON    // a manifest
	Zip     // an archive
	ELF     // what a linker makes; no loader takes it
	MCUboot // image with MCUboot's header
	DfuSe   // DFU file of ST
	DFU     // binary with the suffix of a DFU file
	Cortex  // bare binary of a Cortex-M: a vector table
	AVR     // bare binary of an AVR: a jump
	Blank   // nothing but FF
)

// HeadSize is how many bytes of a file Recognise needs to tell all kinds apart.
const HeadSize = 0x2000 + 16

// Addresses that tell a vector table of a Cortex-M: the first word points into RAM,
// the second into flash memory, with the Thumb bit. The highest flash addresses are
// those of RP2040 (0x10000000) and STM32 (0x08000000).
const (
	ramStart, ramEnd = 0x20000000, 0x20100000
	flashEnd         = 0x12000000
)

// Recognise tells what a file is. data is the file, or its first HeadSize bytes, which
// leave one thing open: the suffix of a DFU file.
func Recognise(data []byte) Kind {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case len(data) == 0:
		return Unknown
	case bytes.HasPrefix(data, []byte("UF2\n\x57\x51\x5D\x9E")):
		return UF2
	case bytes.HasPrefix(data, []byte("\x7FELF")):
		return ELF
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return Zip
	case bytes.HasPrefix(data, []byte("DfuSe")):
		return DfuSe
	case bytes.HasPrefix(data, []byte{0x3D, 0xB8, 0xF3, 0x96}):
		return MCUboot
	case espHeader(data):
		return ESP
	case len(text) > 2 && text[0] == ':' && hexDigit(text[1]) >= 0 && hexDigit(text[2]) >= 0:
		return Hex
	case len(text) > 0 && text[0] == '{':
		return JSON
	case espBehindBlank(data, 0x1000), espBehindBlank(data, 0x2000):
		return ESPMerged
	case blank(data):
		return Blank
	case len(data) >= 16 && string(data[len(data)-8:len(data)-5]) == "UFD":
		return DFU
	}
	return bare(data)
}

// espHeader tells whether data begins as an image of Espressif does: the magic byte
// and a number of segments that a loader takes.
func espHeader(data []byte) bool {
	return len(data) >= 8 && data[0] == 0xE9 && data[1] >= 1 && data[1] <= 16
}

// espBehindBlank tells whether the image of a boot loader begins at an address, with
// nothing in front of it.
func espBehindBlank(data []byte, at int) bool {
	return len(data) > at && espHeader(data[at:]) && blank(data[:at])
}

// bare tells binaries without any header apart.
func bare(data []byte) Kind {
	if len(data) < 8 {
		return Unknown
	}
	stack, start := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	if stack > ramStart && stack <= ramEnd && stack%4 == 0 && start&1 == 1 && start < flashEnd {
		return Cortex
	}
	// jmp (0C 94) or rjmp (low byte, Cx) stand in the first two vectors.
	if data[0] == 0x0C && data[1] == 0x94 && data[4] == 0x0C && data[5] == 0x94 || data[1]&0xF0 == 0xC0 && data[3]&0xF0 == 0xC0 {
		return AVR
	}
	return Unknown
}

func blank(data []byte) bool {
	for _, b := range data {
		if b != 0xFF {
			return false
		}
	}
	return true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
