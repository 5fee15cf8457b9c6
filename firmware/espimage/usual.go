package espimage

// What is what a single file is, judged by content.
type What uint8

// Kinds of content.
const (
	Other    What = iota
	Whole         // merged flash content, or the whole firmware of an ESP8266
	Loader        // a boot loader
	AppImage      // an application
	Rows          // a partition table
	SlotData      // the choice of the running slot, as boot_app0.bin of Arduino has it
)

// usualSlots is where Arduino's partition tables have the choice of the running slot.
const usualSlots = 0xE000

// Usual returns what a single file is, and the address in flash memory to which such
// files usually go; ok is false where there is no usual one.
func Usual(data []byte) (what What, addr uint32, ok bool) {
	i, err := Parse(data, 0)
	if err != nil {
		return Other, 0, false
	}
	switch {
	case i.Merged || i.Boot != nil && i.TableState != NoTable && !i.Boot.isApp():
		return Whole, 0, true
	case i.Boot != nil && i.Boot.Addr == 0 && i.Boot.isApp():
		return AppImage, usualApp, true
	case i.Boot != nil && i.Boot.Addr == 0:
		at, known := BootAddr(i.Boot.Chip)
		return Loader, at, known
	case i.Boot != nil:
		return Whole, 0, true
	}
	if rows, state := (i.content).rows(0); len(rows) > 0 && state != NoTable {
		return Rows, tableAddr, true
	}
	if len(data) == otaDataSize && (slotSequence(data) > 0 || slotSequence(data[sector:]) > 0) {
		return SlotData, usualSlots, true
	}
	return Other, 0, false
}
