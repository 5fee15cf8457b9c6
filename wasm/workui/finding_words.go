package workui

import (
	"ncpweb/firmware/espimage"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// findingCards say what was found in an image. {0} and {1} are names, of chips or
// partitions, {2} the address, {3} and {4} what is wanted and what is there.
//
//lang:texts
var findingCards = map[espimage.Code]string{
	espimage.FoundBlank:        "It holds nothing but FF: that is blank flash memory, not firmware.",
	espimage.FoundNothing:      "Nothing in it tells what it is or which chip it is for. It is written as it is: be sure that it is the right file at the right offset.",
	espimage.FoundTruncated:    "The image at {2} is cut off: {4} of {3} are there. Get the file again.",
	espimage.FoundSegments:     "The image at {2} has segments that cannot be. The file is damaged: get it again.",
	espimage.FoundChecksum:     "The checksum of the image at {2} is wrong. The file is damaged: get it again.",
	espimage.FoundDigest:       "The image at {2} is not what its own SHA-256 says. The file is damaged, or was changed after it was built.",
	espimage.FoundChip:         "This firmware is for {0}. The chip is {1}.",
	espimage.FoundLayout:       "The boot loader of {1} stands at {2}. That chip looks for it at {5}: check the offset.",
	espimage.FoundUnknownChip:  "This firmware is for a chip that is not known here.",
	espimage.FoundRevisionLow:  "This firmware needs revision {3} of the chip or newer. The chip is {4}.",
	espimage.FoundRevisionNew:  "This firmware was made for revisions up to {3} of the chip. The chip is {4}.",
	espimage.FoundTooLarge:     "It does not fit: it reaches to {3}, the flash memory of this device has {4}.",
	espimage.FoundHeaderSize:   "It was built for {3} of flash memory. This device has {4}.",
	espimage.FoundBareApp:      "An application alone stands at {2}, where the chip looks for its boot loader. Its offset is usually {5}, or take the merged file.",
	espimage.FoundNoBoot:       "There is no boot loader in it. It starts only if the boot loader that is in the device fits.",
	espimage.FoundTable:        "The partition table at {2} is broken.",
	espimage.FoundTableBeyond:  "Its partition {0} reaches to {3}. The flash memory of this device has {4}.",
	espimage.FoundTableOverlap: "Its partitions {0} and {1} overlap.",
	espimage.FoundAppTooLarge:  "Its application has {3}, which does not fit into the {4} of the partition {0}.",
	espimage.FoundNoApp:        "There is no application in it. The device does not start until one is written.",
	espimage.FoundSlots:        "The partition {0} stays as it is, and makes {1} run, which is not written: the old firmware would run on. Flash once without keeping settings.",
	espimage.FoundNoImage:      "What it has for the partition {0} is no application. The device does not start from there.",
	espimage.FoundMixed:        "Some of these files are for {0}, some for {1}. Take all from one build.",
}

// bootTooLarge is said of a boot loader.
//
//lang:texts
const bootTooLarge = "Its boot loader has {3}, and reaches into the partition table."

// findingWords says what was found.
func findingWords(f espimage.Finding) string {
	card, ok := findingCards[f.Code]
	if f.Code == espimage.FoundAppTooLarge && f.Name == "" {
		card = bootTooLarge
	}
	if !ok {
		return lang.T("Something about this image is not as it should be.")
	}
	name, other := shortName(f.Name), shortName(f.Other)
	want, have := show.Bytes(uint64(max(f.Want, 0))), show.Bytes(uint64(max(f.Have, 0)))
	switch f.Code {
	case espimage.FoundChip, espimage.FoundLayout, espimage.FoundMixed:
		name, other = familyName(f.Name), familyName(f.Other)
	case espimage.FoundRevisionLow, espimage.FoundRevisionNew:
		want, have = revision(f.Want), revision(f.Have)
	case espimage.FoundTooLarge, espimage.FoundHeaderSize, espimage.FoundTableBeyond:
		want, have = memory(f.Want), memory(f.Have)
	}
	return lang.F(card, name, other, hexOffset(int64(f.Addr)), want, have, hexOffset(f.Want))
}

// memory writes an amount of flash memory as chips are sold: 4 MB are 4 MiB.
func memory(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return lang.F("{0} MB", show.Grouped(uint64(n>>20)))
	case n >= 1<<10 && n%(1<<10) == 0:
		return lang.F("{0} KB", show.Grouped(uint64(n>>10)))
	}
	return show.Bytes(uint64(max(n, 0)))
}

// partitionWords name the type of a partition.
func partitionWords(p *espimage.Partition) string {
	switch {
	case p.Type == 0 && p.Sub == 0x20:
		return lang.T("Test application")
	case p.Type == 0:
		return lang.T("Application")
	case p.Type == 1:
		if w, ok := dataWords[p.Sub]; ok {
			return lang.T(w)
		}
		return lang.T("Data")
	}
	return lang.T("Other data")
}

// dataWords name the subtypes of data, as ESP-IDF numbers them.
//
//lang:texts
var dataWords = map[uint8]string{
	0x00: "Running slot", 0x01: "Radio calibration", 0x02: "Settings", 0x03: "Core dump", 0x04: "Keys of settings",
	0x05: "eFuse emulation", 0x06: "Data", 0x80: "Web server files", 0x81: "File system (FAT)", 0x82: "File system (SPIFFS)", 0x83: "File system (LittleFS)",
}

// fateWords say what happens to a partition.
//
//lang:texts
var fateWords = [...]string{
	fateAlone: "Stays as it is", fateWritten: "Written", fateKept: "Kept", fateBlank: "Made blank", fateErased: "Erased",
}

func (f fate) String() string {
	if int(f) >= len(fateWords) {
		return ""
	}
	return lang.T(fateWords[f])
}

// look is the name of a fate in the style sheet.
func (f fate) look() string {
	return [...]string{"alone", "written", "kept", "blank", "erased"}[f]
}
