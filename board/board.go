// Package board is the catalogue of modules and boards that Blynk.NCP runs on: their
// chips, firmware files and USB ids, how they are put into download mode, and where
// their lights and buttons are. The catalogue is a file of the page, web/boards.json,
// which is loaded when it is first needed.
package board

// Kind is what an entry of the catalogue is.
type Kind string

// Kinds.
const (
	Module Kind = "module" // an NCP by itself
	Dual   Kind = "board"  // a board with a Primary MCU and an NCP
	MCU    Kind = "mcu"    // a board with a Primary MCU; its NCP is a module beside it
)

// Board is an entry of the catalogue.
type Board struct {
	ID     string // a–z, 0–9 and "-", at most 32
	Name   string // without the vendor
	Vendor string // may be empty
	Kind   Kind

	NCP     NCP
	MCU     Processor
	USB     []USB
	Preset  Preset   // lights and button at the NCP
	Before  []string // steps of a person before the port is opened for flashing
	ByHand  []string // steps into the loader where nothing else resets the NCP, or where that failed
	After   []string // steps after flashing
	Notes   []string
	Network []string // "wifi" (2.4 GHz), "wifi5", "ethernet", "poe"
	// Provisioning is how a phone reaches the NCP: "ble" or "ap"; empty: not known.
	Provisioning string
	// Unconfirmed entries are drawn from build files alone: nobody has told that they work.
	Unconfirmed bool
}

// NCP is the network co-processor of a board.
type NCP struct {
	Module   string // id of the module, of a board of kind MCU; empty: any
	Chip     string
	Firmware string // name of the file that is flashed to offset 0
	Rate     int    // baud at which flashing begins
	// Reset is how the NCP is brought into its loader: "lines" (DTR and RTS through the
	// usual two transistors), "usb" (USB JTAG/serial), "direct" (a sketch of the MCU
	// forwards them: RTS resets, DTR holds GPIO0 low), "inverted" (as direct, but RTS lets
	// it run), "hand", "none" (another protocol).
	Reset       string
	Passthrough bool // the MCU runs a sketch that forwards, while the NCP is flashed
	Fixed       bool // opening the port anew, as a change of its rate does, resets the NCP
	Done        int  // baud that tells the sketch that flashing is over; 0: it need not know
	Line        int  // baud between MCU and NCP that the MCU's library asks for; 0: not known
}

// Processor is the Primary MCU of a board.
type Processor struct {
	Chip  string
	Flash []string // ways to flash it, such as "uf2", the usual one first
	Note  string
}

// USB is an id that a board shows.
type USB struct {
	Vendor, Product uint16
	Is              string // "app" (its usual firmware), "loader" (its boot loader), "ncp" (the NCP's own port)
}

// Preset is what lights and buttons hang at the GPIOs of the NCP; nil: none, or none
// that is known.
type Preset struct {
	LED    *LED
	RGB    *RGB
	Button *Button
}

// LED is a light of one colour.
type LED struct {
	GPIO      uint16
	ActiveLow bool
}

// RGB is a light of three colours.
type RGB struct {
	R, G, B     uint16
	CommonAnode bool
}

// Button is the user button.
type Button struct {
	GPIO      uint16
	ActiveLow bool
}

// Empty tells whether nothing is known.
func (p Preset) Empty() bool { return p == Preset{} }

// Title is the name with the vendor before it.
func (b *Board) Title() string {
	if b.Vendor == "" {
		return b.Name
	}
	return b.Vendor + " " + b.Name
}

// Catalogue is all boards, in the order of the file.
type Catalogue struct{ Boards []Board }

// ByID returns the board with that id, or nil.
func (c *Catalogue) ByID(id string) *Board {
	for i := range c.Boards {
		if c.Boards[i].ID == id {
			return &c.Boards[i]
		}
	}
	return nil
}

// ByUSB returns the boards that show a USB id in any of their states. Many share one:
// those of a common adapter or chip tell little.
func (c *Catalogue) ByUSB(vendor, product uint16) []*Board {
	var found []*Board
	for i := range c.Boards {
		for _, u := range c.Boards[i].USB {
			if u.Vendor == vendor && u.Product == product {
				found = append(found, &c.Boards[i])
				break
			}
		}
	}
	return found
}

// Preset returns the lights and the button at the NCP of a board: of the board itself,
// or of the module that is its NCP.
func (c *Catalogue) Preset(b *Board) Preset {
	if b.Preset.Empty() && b.NCP.Module != "" {
		if m := c.ByID(b.NCP.Module); m != nil {
			return m.Preset
		}
	}
	return b.Preset
}
