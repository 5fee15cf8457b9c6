package ncpsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OptionsHelp describes the text that ParseOptions takes.
const OptionsHelp = `options of the simulated NCP, separated by commas:
  baud=N            rate it starts with (38400)
  maxbaud=N         fastest rate it accepts (3000000)
  badrates=N+N      rates it accepts and then sends garbage at
  buffer=N          receive buffer in bytes (4096)
  version=TEXT      firmware version (0.7.0)
  build=TEXT        build date and time
  interface=0.6     RPC interface without otaUpdateSuspend
  nohasuid          no hasUID, as on very old firmware
  chip=esp32|esp8266
  noromlog          no boot log of the ROM
  noautoreset       DTR and RTS do not reset it
  announce          tells its state after each start
  mac=TEXT          Wi-Fi MAC
  ethmac=TEXT       Ethernet MAC (none)
  provisioned       has credentials already
  initialized       runs with a demonstration product already
  offline           has no network
  zone=NAME         Europe/Kyiv, UTC, America/St_Johns or Asia/Kolkata
  dashboard=TIME    pace of the demonstration on V1 to V4, such as 1s
  load=N or N/PINS  further changes per second, on pins from V10 on
  wifi=SSID:PASSWORD:RSSI   a network in reach for factory tests; may be repeated
  nointernet        factory tests find no internet
  broken            factory tests fail
  offer=N or NK     size of a made-up firmware that it offers the MCU once it is connected
  after=TIME        from connecting to the offer (2s)
  offerfault=KIND   in the middle of it: crc, digest, stops, restarts or cancel
  hostile=KIND+KIND random, huge, lengths, endless, markup, types, results, invokes, silence, slow
  slow=TIME         how late a slow one answers (700ms)
  burst=TIME        time between two hostile bursts (20ms)
  boot=TIME network=TIME cloud=TIME   how long starting and connecting take
  seed=N            makes chance repeatable`

// ParseOptions reads options from text such as
// "baud=115200,version=0.7.0,dashboard=1s,hostile=markup,provisioned". OptionsHelp
// lists them. Empty text is the zero Options.
func ParseOptions(text string) (Options, error) {
	var o Options
	if strings.TrimSpace(text) == "" {
		return o, nil
	}
	for _, item := range strings.Split(text, ",") {
		key, value, given := strings.Cut(strings.TrimSpace(item), "=")
		if err := o.parse(key, value, given); err != nil {
			return Options{}, fmt.Errorf("ncpsim: option %q: %w", item, err)
		}
	}
	return o, nil
}

func (o *Options) parse(key, value string, given bool) error {
	if flag := o.flag(key); flag != nil {
		if given {
			return fmt.Errorf("takes no value")
		}
		*flag = true
		return nil
	}
	if !given || value == "" {
		if o.known(key) {
			return fmt.Errorf("needs a value")
		}
		return fmt.Errorf("not known")
	}
	return o.parseValue(key, value)
}

func (o *Options) flag(key string) *bool {
	switch key {
	case "nohasuid":
		return &o.NoHasUID
	case "noromlog":
		return &o.NoROMLog
	case "noautoreset":
		return &o.NoAutoReset
	case "announce":
		return &o.Announce
	case "initialized":
		return &o.Initialized
	case "provisioned":
		return &o.Provisioned
	case "offline":
		return &o.Offline
	case "nointernet":
		return &o.Factory.NoInternet
	case "broken":
		return &o.Factory.Broken
	}
	return nil
}

func (o *Options) text(key string) *string {
	switch key {
	case "version":
		return &o.Version
	case "build":
		return &o.Build
	case "mac":
		return &o.WiFiMAC
	case "ethmac":
		return &o.EthernetMAC
	}
	return nil
}

func (o *Options) duration(key string) *time.Duration {
	switch key {
	case "dashboard":
		return &o.Dashboard.Period
	case "slow":
		return &o.Slow
	case "burst":
		return &o.HostilePeriod
	case "boot":
		return &o.Times.Boot
	case "network":
		return &o.Times.Network
	case "cloud":
		return &o.Times.Cloud
	case "after":
		return &o.Offer.After
	}
	return nil
}

// number returns where a number goes and the largest that is allowed; the smallest
// is 1.
func (o *Options) number(key string) (*int, int) {
	switch key {
	case "baud":
		return &o.Baud, 10_000_000
	case "maxbaud":
		return &o.MaxBaud, 10_000_000
	case "buffer":
		return &o.Buffer, 1 << 20
	}
	return nil, 0
}

func (o *Options) other(key string) func(string) error {
	switch key {
	case "badrates":
		return o.parseBadRates
	case "interface":
		return o.parseInterface
	case "chip":
		return o.parseChip
	case "zone":
		return o.parseZone
	case "load":
		return o.parseLoad
	case "wifi":
		return o.parseWiFi
	case "hostile":
		return o.parseHostile
	case "seed":
		return o.parseSeed
	case "offer":
		return o.parseOffer
	case "offerfault":
		return o.parseOfferFault
	}
	return nil
}

func (o *Options) known(key string) bool {
	n, _ := o.number(key)
	return o.text(key) != nil || o.duration(key) != nil || n != nil || o.other(key) != nil
}

func (o *Options) parseValue(key, value string) error {
	if p := o.text(key); p != nil {
		if len(value) > 64 {
			return fmt.Errorf("longer than 64 bytes")
		}
		*p = value
		return nil
	}
	if p := o.duration(key); p != nil {
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Millisecond || d > 24*time.Hour {
			return fmt.Errorf("not a time from 1ms to 24h")
		}
		*p = d
		return nil
	}
	if p, limit := o.number(key); p != nil {
		return parseInt(p, value, limit)
	}
	if f := o.other(key); f != nil {
		return f(value)
	}
	return fmt.Errorf("not known")
}

func parseInt(p *int, value string, limit int) error {
	v, err := strconv.Atoi(value)
	if err != nil || v < 1 || v > limit {
		return fmt.Errorf("not a number from 1 to %d", limit)
	}
	*p = v
	return nil
}

func (o *Options) parseBadRates(value string) error {
	for _, s := range strings.Split(value, "+") {
		var v int
		if err := parseInt(&v, s, 10_000_000); err != nil {
			return err
		}
		o.BadRates = append(o.BadRates, v)
	}
	return nil
}

func (o *Options) parseInterface(value string) error {
	if value != "0.6" && value != "0.7" {
		return fmt.Errorf("not 0.6 or 0.7")
	}
	o.Interface = value
	return nil
}

func (o *Options) parseChip(value string) error {
	switch value {
	case "esp32":
		o.Chip = ESP32
	case "esp8266":
		o.Chip = ESP8266
	default:
		return fmt.Errorf("not esp32 or esp8266")
	}
	return nil
}

func (o *Options) parseZone(value string) error {
	z, ok := ZoneByName(value)
	if !ok {
		return fmt.Errorf("zone not known")
	}
	o.Zone = z
	return nil
}

func (o *Options) parseLoad(value string) error {
	rate, pins, both := strings.Cut(value, "/")
	if err := parseInt(&o.Dashboard.Load, rate, maxLoad); err != nil {
		return err
	}
	if !both {
		return nil
	}
	return parseInt(&o.Dashboard.LoadPins, pins, maxLoadPins)
}

func (o *Options) parseWiFi(value string) error {
	parts := strings.Split(value, ":")
	if len(parts) != 3 {
		return fmt.Errorf("not SSID:PASSWORD:RSSI")
	}
	rssi, err := strconv.ParseInt(parts[2], 10, 16)
	if err != nil || rssi > 0 {
		return fmt.Errorf("RSSI is not a number of dBm up to 0")
	}
	o.Factory.Networks = append(o.Factory.Networks, Network{parts[0], parts[1], int16(rssi)})
	return nil
}

func (o *Options) parseHostile(value string) error {
	for _, s := range strings.Split(value, "+") {
		found := false
		for _, k := range hostileNames {
			if k.name == s {
				o.Hostile |= k.h
				found = true
			}
		}
		if !found {
			return fmt.Errorf("no hostile kind %q", s)
		}
	}
	return nil
}

func (o *Options) parseSeed(value string) error {
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("not a number")
	}
	o.Seed = v
	return nil
}
