package ncpsim

import (
	"strings"
	"time"
)

// The methods that set something up or read something out.

func (n *NCP) ping(args) answer { return answer{} }

func (n *NCP) hasUID(a args) answer { return yes(n.has(a.u16(0))) }

func (n *NCP) setBaud(a args) answer {
	baud := a.u32(0)
	ok := baud >= minBaud && baud <= uint32(n.o.MaxBaud)
	ans := yes(ok)
	if ok {
		n.set.Baud = int(baud)
		ans.baud = int(baud)
	}
	return ans
}

func gpioOK(pins ...uint16) bool {
	for _, p := range pins {
		if p > maxGPIO {
			return false
		}
	}
	return true
}

func (n *NCP) initButton(a args) answer {
	ok := gpioOK(a.u16(0))
	if ok {
		n.set.Button = &Button{a.u16(0), a.bool(1)}
	}
	return yes(ok)
}

func (n *NCP) initLED(a args) answer {
	ok := gpioOK(a.u16(0))
	if ok {
		n.set.LED = &LED{a.u16(0), a.bool(1)}
	}
	return yes(ok)
}

func (n *NCP) initRGB(a args) answer {
	r, g, b := a.u16(0), a.u16(1), a.u16(2)
	ok := gpioOK(r, g, b) && r != g && g != b && b != r
	if ok {
		n.set.RGB = &RGB{r, g, b, a.bool(3)}
	}
	return yes(ok)
}

func (n *NCP) initARGB(a args) answer {
	ok := gpioOK(a.u16(0)) && a.u8(1) == 0 && a.u8(2) > 0
	if ok {
		n.set.ARGB = &ARGB{a.u16(0), a.u8(1), a.u8(2)}
	}
	return yes(ok)
}

func (n *NCP) setBrightness(a args) answer {
	v := a.u8(0)
	n.set.Brightness = &v
	return yes(true)
}

// text answers a method that gives one string. An empty one goes with false.
func (n *NCP) text(s string) answer { return answer{rets: []any{n.hostileText(s), s != ""}} }

func (n *NCP) wifiMAC(args) answer { return n.text(n.o.WiFiMAC) }

func (n *NCP) ethernetMAC(args) answer { return n.text(n.o.EthernetMAC) }

func (n *NCP) getVersion(args) answer { return n.text(n.o.Version) }

func (n *NCP) getHotspot(args) answer { return n.text(n.hotspot()) }

// hotspot is the name of the access point: vendor, product and the end of the MAC.
// It is empty before initialize.
func (n *NCP) hotspot() string {
	if !n.initialized() {
		return ""
	}
	vendor := n.set.VendorPrefix
	if vendor == "" {
		vendor = "Blynk"
	}
	mac := strings.ReplaceAll(n.o.WiFiMAC, ":", "")
	return vendor + " " + n.set.TemplateName + "-" + mac[max(0, len(mac)-4):]
}

func (n *NCP) setVendorPrefix(a args) answer {
	ok := strings.TrimSpace(a.str(0)) != ""
	if ok {
		n.set.VendorPrefix = a.str(0)
	}
	return yes(ok)
}

func (n *NCP) setVendorServer(a args) answer {
	ok := strings.TrimSpace(a.str(0)) != ""
	if ok {
		n.set.VendorServer = a.str(0)
	}
	return yes(ok)
}

func (n *NCP) setFirmwareInfo(a args) answer {
	n.set.Firmware = Firmware{a.str(0), a.str(1), a.str(2), a.str(3)}
	return yes(true)
}

// timeStep is by how much the clock must change for the MCU to be told.
const timeStep = time.Second

func (n *NCP) setTime(a args) answer {
	ms := a.i64(0)
	if ms < 0 || ms > maxClock {
		return yes(false)
	}
	t := time.UnixMilli(ms).UTC()
	changed := !n.clock.known || n.clock.now().Sub(t).Abs() > timeStep
	n.clock.set(t)
	if changed {
		n.send(uidEvent, EventPlaceOrTime)
	}
	return yes(true)
}

func (n *NCP) getTime(args) answer {
	if !n.clock.known {
		return answer{rets: []any{"", int64(0), int16(0), "", uint8(0), false}}
	}
	t := n.clock.now()
	offset, abbrev, dst := n.o.Zone.at(t)
	local := t.In(time.FixedZone(abbrev, int(offset)*60))
	iso := n.hostileText(local.Format("2006-01-02T15:04:05-07:00"))
	return answer{rets: []any{iso, t.UnixMilli(), offset, n.hostileText(abbrev), dst, true}}
}

func (n *NCP) getLocation(args) answer {
	if !n.place {
		return answer{rets: []any{"", "", "", "", false}}
	}
	z := n.o.Zone
	return answer{rets: []any{
		n.hostileText(z.Lat), n.hostileText(z.Lon), n.hostileText(z.Olson), n.hostileText(z.Posix), true,
	}}
}

// SetZone moves the device to another place. The MCU is told if it is online.
func (n *NCP) SetZone(z Zone) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.o.Zone = z
	if n.state == StateConnected {
		n.send(uidEvent, EventPlaceOrTime)
	}
}
