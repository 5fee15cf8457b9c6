package ncpsim

import (
	"strings"
	"time"
)

// Options describe a simulated NCP. The zero value is an NCP of interface 0.7.0 that
// starts at 38400 baud, is not provisioned and has a good network.
type Options struct {
	// Baud is the rate it starts with: 38400 (also for 0), in some variants 115200.
	Baud int
	// MaxBaud is the fastest rate that setUartBaudRate accepts; 0: 3000000.
	MaxBaud int
	// BadRates are accepted by setUartBaudRate, but the line is garbage afterwards.
	BadRates []int
	// Buffer is the receive buffer in bytes: 4096 (also for 0) on large builds, 2048 on
	// most. A frame that would overrun it is dropped here.
	Buffer int

	// Version is the firmware's version; empty: 0.7.0. Build is its build date and time.
	Version, Build string
	// Interface is the version of the RPC interface; empty: 0.7, or 0.6 where Version
	// begins with 0.6. Interface 0.6 has no otaUpdateSuspend.
	Interface string
	// NoHasUID takes hasUID away, as on very old firmware.
	NoHasUID bool

	// Chip selects the boot log of the ROM.
	Chip Chip
	// ROMLog is what its ROM prints, at the rate of Chip; empty: as the ROM of Chip does.
	ROMLog string
	// NoROMLog leaves the ROM's boot log out; that of the firmware always comes.
	NoROMLog bool
	// NoAutoReset cuts DTR and RTS off from the chip's EN and IO0.
	NoAutoReset bool
	// Announce makes it send its state once after each start.
	Announce bool

	WiFiMAC     string // empty: 34:85:18:0C:2A:4F
	EthernetMAC string // empty: none, getEthernetMAC answers false

	// Provisioned starts it with the network and cloud credentials already there.
	Provisioned bool
	// Initialized lets it run with a demonstration product from its first start on, as
	// an NCP does that an earlier session has initialized. A restart ends that.
	Initialized bool
	// Offline starts it without a network: it stays in StateConnectingNetwork.
	Offline bool
	// Zone is its time zone and place; the zero value is Europe/Kyiv.
	Zone Zone

	Times     Times
	Factory   Factory
	Dashboard Dashboard

	// Offer is an update of the MCU that it offers by itself.
	Offer SelfOffer

	// Hostile makes it misbehave. HostilePeriod is the time between two bursts, 0: 20 ms;
	// Slow is how late a slow one answers, 0: 700 ms; Seed makes chance repeatable.
	Hostile       Hostile
	HostilePeriod time.Duration
	Slow          time.Duration
	Seed          uint64

	// Override, if not nil, is asked before each call. It gets the decoded arguments (bool,
	// uint8, uint16, uint32, int16, int64, string or []byte) and returns the out-arguments
	// in order and then the return value, of just the types of the method; ok false leaves
	// the call to the simulation. It runs while the simulation is locked: it must not call
	// methods of the NCP or of its Cloud.
	Override func(uid uint16, args []any) (rets []any, ok bool)
}

// Times are the durations of what takes time. Zero stands for the default in brackets.
type Times struct {
	Boot       time.Duration // from the ROM's boot log to the firmware's first line [250 ms]
	Initialize time.Duration // until initialize is answered [20 ms]
	Network    time.Duration // from connecting to the network to having it [400 ms]
	Cloud      time.Duration // from there to the cloud [300 ms]
	Restart    time.Duration // from the answer of reboot to the restart [50 ms]
	APTest     time.Duration // of factoryTestWiFiAP [200 ms]
	WiFiTest   time.Duration // of factoryTestWiFi [1.5 s]
	CloudTest  time.Duration // of factoryTestConnect [800 ms]
}

// Factory describes the surroundings of the factory tests.
type Factory struct {
	// Networks are the Wi-Fi networks in reach. With none given, every network is in
	// reach with −58 dBm and every password is right.
	Networks []Network
	// NoInternet makes the network lead nowhere.
	NoInternet bool
	// Broken makes every test end with a system failure.
	Broken bool
}

// Network is a Wi-Fi network.
type Network struct {
	SSID, Password string
	RSSI           int16 // dBm
}

// Dashboard describes what the cloud changes by itself while the device is connected.
type Dashboard struct {
	// Period is the pace of the demonstration on V1 to V4; 0: none.
	Period time.Duration
	// Load is how many further changes come per second, spread over LoadPins pins from
	// V10 on (0: 10 pins); 0: none.
	Load, LoadPins int
}

// Chip is the chip that the NCP firmware runs on.
type Chip uint8

// Chips. They differ in the boot log of their ROM, and its rate.
const (
	ESP32   Chip = iota // 115200 baud
	ESP8266             // 74880 baud
)

// Defaults of Options.
const (
	defaultBaud      = 38400   // protocol sheet, "UART and framing"
	defaultMaxBaud   = 3000000 // above the fastest that integrations probe
	minBaud          = 300
	defaultBuffer    = 4096 // protocol sheet, "What deployed peers really do"
	defaultVersion   = "0.7.0"
	defaultBuild     = "Nov  2 2026 09:30:00"
	demoTemplateID   = "TMPL0demo0001"
	demoTemplateName = "Demo"
	defaultWiFiMAC   = "34:85:18:0C:2A:4F"
	defaultLoadPins  = 10
	maxLoad          = 20000
	maxLoadPins      = 1000
)

func (o Options) withDefaults() Options {
	setDefault(&o.Baud, defaultBaud)
	setDefault(&o.MaxBaud, defaultMaxBaud)
	setDefault(&o.Buffer, defaultBuffer)
	setDefault(&o.Version, defaultVersion)
	setDefault(&o.Build, defaultBuild)
	setDefault(&o.WiFiMAC, defaultWiFiMAC)
	if o.Interface == "" && strings.HasPrefix(o.Version, "0.6") {
		o.Interface = "0.6"
	}
	setDefault(&o.Interface, "0.7")
	setDefault(&o.Zone, zones[0])
	setDefault(&o.HostilePeriod, 20*time.Millisecond)
	setDefault(&o.Slow, 700*time.Millisecond)

	t := &o.Times
	setDefault(&t.Boot, 250*time.Millisecond)
	setDefault(&t.Initialize, 20*time.Millisecond)
	setDefault(&t.Network, 400*time.Millisecond)
	setDefault(&t.Cloud, 300*time.Millisecond)
	setDefault(&t.Restart, 50*time.Millisecond)
	setDefault(&t.APTest, 200*time.Millisecond)
	setDefault(&t.WiFiTest, 1500*time.Millisecond)
	setDefault(&t.CloudTest, 800*time.Millisecond)

	o.Dashboard = o.Dashboard.withDefaults()
	return o
}

func (d Dashboard) withDefaults() Dashboard {
	d.Load = min(max(d.Load, 0), maxLoad)
	setDefault(&d.LoadPins, defaultLoadPins)
	d.LoadPins = min(max(d.LoadPins, 1), maxLoadPins)
	return d
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
