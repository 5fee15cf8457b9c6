package ncpsim

// Statuses of the factory tests (protocol sheet, "Methods that need a word").
const (
	testOK         uint8 = 1
	testInvalid    uint8 = 2
	testFailure    uint8 = 3
	testWiFiFailed uint8 = 4
	testLowRSSI    uint8 = 5
	testNoInternet uint8 = 6
)

// Limits of the factory tests and of Wi-Fi.
const (
	lowRSSI          = -85 // dBm: below it a network is too weak
	defaultRSSI      = -58
	maxSSID          = 32 // bytes
	maxPassword      = 64
	lastWiFiChannel  = 14
	firstWiFiChannel = 1
)

// testable tells whether factory tests are possible: not on a device in use.
func (n *NCP) testable() bool { return !n.o.Factory.Broken && !n.provisioned }

func (n *NCP) factoryAP(a args) answer {
	ch := a.u16(0)
	status := testOK
	switch {
	case ch < firstWiFiChannel || ch > lastWiFiChannel:
		return answer{rets: []any{testInvalid}}
	case !n.testable():
		status = testFailure
	}
	return answer{rets: []any{status}, delay: n.o.Times.APTest}
}

func (n *NCP) factoryWiFi(a args) answer {
	ssid, password := a.str(0), a.str(1)
	n.wifiOK = false
	switch {
	case ssid == "" || len(ssid) > maxSSID || len(password) > maxPassword:
		return answer{rets: []any{int16(0), testInvalid}}
	case !n.testable():
		return answer{rets: []any{int16(0), testFailure}}
	}
	rssi, status := n.o.Factory.join(ssid, password)
	n.wifiOK = status == testOK
	return answer{rets: []any{rssi, status}, delay: n.o.Times.WiFiTest}
}

// join tries to join a network.
func (f *Factory) join(ssid, password string) (rssi int16, status uint8) {
	if len(f.Networks) == 0 {
		return defaultRSSI, testOK
	}
	for _, w := range f.Networks {
		switch {
		case w.SSID != ssid || w.Password != password:
		case w.RSSI < lowRSSI:
			return w.RSSI, testLowRSSI
		default:
			return w.RSSI, testOK
		}
	}
	return 0, testWiFiFailed
}

func (n *NCP) factoryConnect(args) answer {
	switch {
	case !n.testable():
		return answer{rets: []any{testFailure}}
	case !n.wifiOK:
		return answer{rets: []any{testWiFiFailed}}
	}
	status := testOK
	if n.o.Factory.NoInternet {
		status = testNoInternet
	}
	return answer{rets: []any{status}, delay: n.o.Times.CloudTest}
}
