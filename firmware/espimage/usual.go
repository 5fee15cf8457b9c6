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
	SlotData      // the choice of the running slot, as boot_app0.bin has it
)

// Usual returns what a single file is, and the address in flash memory to which such
// files usually go; ok is false where there is no usual one.
func Usual(data []byte) (what What, addr uint32, ok bool) { return Other, 0, false }
