package session

// Configuration is what a Primary MCU tells its NCP after each start. Empty strings
// and nil pointers are not sent. Limits are those of the protocol sheet; Validate
// tells what is wrong.
type Configuration struct {
	TemplateID   string // begins with TMPL
	TemplateName string

	FirmwareType    string // usually the template id
	FirmwareVersion string
	FirmwareBuild   string
	BlynkVersion    string

	VendorPrefix string // white label only
	VendorServer string // white label only

	LED        *LED
	RGB        *RGB
	ARGB       *ARGB
	Brightness *uint8
	Button     *Button

	ConfigTimeout   *uint16 // seconds, 60 to 3600
	ConfigSkipLimit *uint8  // 0, or 5 to 50

	SetTime bool // send this computer's clock
}

// LED is a single status LED.
type LED struct {
	GPIO      uint16
	ActiveLow bool
}

// RGB is a status LED of three colours.
type RGB struct {
	R, G, B     uint16
	CommonAnode bool
}

// ARGB is a chain of addressable LEDs (WS2812, GRB, 800 kHz). Mode is reserved: 0.
type ARGB struct {
	GPIO  uint16
	Mode  uint8
	Count uint8
}

// Button is the user button.
type Button struct {
	GPIO      uint16
	ActiveLow bool
}
