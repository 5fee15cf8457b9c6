//go:build js && wasm

package workui

import (
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/wasm/lang"
)

// mcuRates are the rates at which an NCP can start (protocol sheet, "UART and framing");
// the first one is the usual one.
var mcuRates = [...]int{38400, 115200, 9600, 19200, 28800, 57600, 76800, 230400, 460800, 921600, 2_000_000}

// rateChoices are the lines of the list of rates.
func rateChoices() []string {
	list := make([]string, len(mcuRates))
	for i, n := range mcuRates {
		list[i] = strconv.Itoa(n)
	}
	list[0] = lang.F("{0}, as an NCP starts", list[0])
	return list
}

// mcuChecks are what to look at when no MCU is heard.
//
//lang:texts
var mcuChecks = [...]string{
	"RX of the adapter goes to TX of the MCU's NCP UART, TX to RX. Swap them if in doubt.",
	"GND of both is connected, and the levels are the same: 3.3 V with most MCUs.",
	"Nothing else drives these lines: take the real NCP off, or hold it in reset.",
	"Restart the MCU: it must be the one that begins.",
	"Its firmware may look for the NCP at another rate: stop, and choose another starting rate.",
}

// ncpStates are the words for what the NCP tells the MCU.
//
//lang:texts
var ncpStates = map[ncp.State]string{
	ncp.StateUnknown: "unknown", ncp.StateIdle: "idle", ncp.StateConfiguration: "configuration", ncp.StateConnectingNetwork: "offline, looks for the network",
	ncp.StateConnectingCloud: "looks for the cloud", ncp.StateConnected: "connected", ncp.StateNotInitialized: "not initialized",
	ncp.StateOTAUpgrade: "updates itself", ncp.StateError: "error",
}

// simulatedMCUs are those that an update can be practised with.
//
//lang:texts
var simulatedMCUs = []simulatedBoard{
	{"Simulated MCU", "Simulated MCU"},
	{"Simulated MCU that loses answers", "Simulated MCU that loses answers"},
	{"Simulated MCU that refuses", "Simulated MCU that refuses"},
	{"Simulated MCU that falls back", "Simulated MCU whose new firmware does not start"},
}

// simulatedBoard is one of the boards of the page's own simulator.
type simulatedBoard struct {
	Name string // of its port
	Text string // for people
}

// speedOf writes bytes per time in kB/s.
func speedOf(n int, d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(n)/d.Seconds()/1000, 'f', 1, 64)
}
