package ncpsim

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseOptions(t *testing.T) {
	for text, want := range map[string]Options{
		"": {},
		"baud=115200,version=0.7.0,dashboard=1s,hostile=markup,provisioned": {
			Baud: 115200, Version: "0.7.0", Dashboard: Dashboard{Period: time.Second}, Hostile: HostileMarkup, Provisioned: true,
		},
		"badrates=921600+2000000, load=2000/50 ,hostile=random+slow,slow=2s,burst=5ms": {
			BadRates: []int{921600, 2000000}, Dashboard: Dashboard{Load: 2000, LoadPins: 50},
			Hostile: HostileRandom | HostileSlow, Slow: 2 * time.Second, HostilePeriod: 5 * time.Millisecond,
		},
		"maxbaud=230400,buffer=2048,build=x,interface=0.6,nohasuid,chip=esp8266,noromlog,noautoreset,announce": {
			MaxBaud: 230400, Buffer: 2048, Build: "x", Interface: "0.6", NoHasUID: true, Chip: ESP8266,
			NoROMLog: true, NoAutoReset: true, Announce: true,
		},
		"mac=02:00,ethmac=02:01,offline,zone=UTC,wifi=a:b:-60,wifi=c::-90,nointernet,broken": {
			WiFiMAC: "02:00", EthernetMAC: "02:01", Offline: true, Zone: zones[1],
			Factory: Factory{Networks: []Network{{"a", "b", -60}, {"c", "", -90}}, NoInternet: true, Broken: true},
		},
		"boot=1ms,network=2s,cloud=3s,seed=18446744073709551615,load=5,chip=esp32": {
			Times: Times{Boot: time.Millisecond, Network: 2 * time.Second, Cloud: 3 * time.Second},
			Seed:  1<<64 - 1, Dashboard: Dashboard{Load: 5},
		},
	} {
		got, err := ParseOptions(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v\nwant %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"baud":                           "needs a value",
		"baud=":                          "needs a value",
		"baud=fast":                      "not a number from 1 to 10000000",
		"baud=0":                         "not a number",
		"provisioned=yes":                "takes no value",
		"colour=red":                     "not known",
		"colour":                         "not known",
		"hostile=rude":                   `no hostile kind "rude"`,
		"dashboard=soon":                 "not a time",
		"dashboard=0s":                   "not a time",
		"load=99999":                     "not a number from 1 to 20000",
		"load=1/0":                       "not a number from 1 to 1000",
		"wifi=a:b":                       "not SSID:PASSWORD:RSSI",
		"wifi=a:b:5":                     "RSSI",
		"zone=Mars":                      "zone not known",
		"chip=avr":                       "not esp32 or esp8266",
		"interface=2":                    "not 0.6 or 0.7",
		"seed=-1":                        "not a number",
		"offer=255":                      "not a size",
		"offer=99999999999K":             "not a size",
		"offer=-1K":                      "not a size",
		"offer=16385K":                   "not a size",
		"offerfault=x":                   "no such fault",
		"badrates=1+x":                   "not a number",
		"mac=" + strings.Repeat("x", 65): "longer",
		"baud=9600,,":                    "not known",
	} {
		_, err := ParseOptions(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestOptionsHelp: every option that can be parsed is in the help, and the other way
// round.
func TestOptionsHelp(t *testing.T) {
	var o Options
	lines := strings.Split(OptionsHelp, "\n")[1:]
	if len(lines) < 20 {
		t.Fatalf("%d lines of help", len(lines))
	}
	for _, line := range lines {
		for _, word := range strings.Fields(line) {
			key, _, has := strings.Cut(word, "=")
			if has && !o.known(key) {
				t.Errorf("%q is in the help and cannot be parsed", key)
			}
		}
		if key := strings.Fields(line)[0]; !strings.Contains(key, "=") && o.flag(key) == nil {
			t.Errorf("flag %q is in the help and cannot be parsed", key)
		}
	}
	for _, k := range hostileNames {
		if !strings.Contains(OptionsHelp, k.name) {
			t.Errorf("%q is not in the help", k.name)
		}
	}
}

func FuzzParseOptions(f *testing.F) {
	f.Add("baud=9600,offer=64K,after=2s,offerfault=crc,wifi=a:b:-40,load=5/3,hostile=random+huge")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseOptions(text)
		if err == nil && (o.Offer.Size != 0 && (o.Offer.Size < minOffer || o.Offer.Size > maxOffer) || o.Dashboard.Load > maxLoad) {
			t.Errorf("%q: %+v", text, o)
		}
	})
}
