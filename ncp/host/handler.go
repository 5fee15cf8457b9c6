package host

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"ncpweb/ncp"
)

var _ ncp.NCPHandler = (*Host)(nil)

// Limits of setConfigTimeout and setConfigSkipLimit (protocol sheet, "Methods that need a
// word").
const (
	minConfigTimeout, maxConfigTimeout = 60, 3600
	minSkipLimit, maxSkipLimit         = 5, 50
)

func (h *Host) has(uid uint16) bool {
	return ncp.Hosts(ncp.SideNCP, uid) && !slices.Contains(h.o.Missing, uid)
}

// Ping implements ncp.NCPHandler.
func (h *Host) Ping(context.Context) error { return nil }

// Reboot implements ncp.NCPHandler.
func (h *Host) Reboot(context.Context) (bool, error) {
	h.restart()
	h.agree(h.o.Baud)
	return true, nil
}

// HasUID implements ncp.NCPHandler.
func (h *Host) HasUID(_ context.Context, uid uint16) (bool, error) { return h.has(uid), nil }

// SetUartBaudRate implements ncp.NCPHandler: the rate changes once the answer has left.
func (h *Host) SetUartBaudRate(_ context.Context, baud uint32) (bool, error) {
	if baud < 300 || int64(baud) > int64(h.o.MaxBaud) {
		return false, nil
	}
	h.agree(int(baud))
	return true, nil
}

// agree has the rate changed soon.
func (h *Host) agree(baud int) {
	select {
	case <-h.rate: // an older wish
	default:
	}
	select {
	case h.rate <- baud:
	default:
	}
}

// InitUserButton implements ncp.NCPHandler.
func (h *Host) InitUserButton(_ context.Context, gpio uint16, activeLow bool) (bool, error) {
	h.set("initUserButton", pins(gpio)+low(activeLow))
	return true, nil
}

// InitLED implements ncp.NCPHandler.
func (h *Host) InitLED(_ context.Context, gpio uint16, activeLow bool) (bool, error) {
	h.set("initLED", pins(gpio)+low(activeLow))
	return true, nil
}

// InitRGB implements ncp.NCPHandler.
func (h *Host) InitRGB(_ context.Context, r, g, b uint16, commonAnode bool) (bool, error) {
	h.set("initRGB", pins(r, g, b)+low(commonAnode))
	return true, nil
}

// InitARGB implements ncp.NCPHandler.
func (h *Host) InitARGB(_ context.Context, gpio uint16, _, count uint8) (bool, error) {
	h.set("initARGB", pins(gpio)+" × "+strconv.Itoa(int(count)))
	return true, nil
}

func pins(gpio ...uint16) string {
	text := make([]string, len(gpio))
	for i, n := range gpio {
		text[i] = strconv.Itoa(int(n))
	}
	return "GPIO " + strings.Join(text, "/")
}

func low(yes bool) string {
	if yes {
		return ", active low"
	}
	return ""
}

// SetLedBrightness implements ncp.NCPHandler.
func (h *Host) SetLedBrightness(_ context.Context, value uint8) (bool, error) {
	h.set("setLedBrightness", strconv.Itoa(int(value)))
	return true, nil
}

// GetWiFiMAC implements ncp.NCPHandler.
func (h *Host) GetWiFiMAC(context.Context) (string, bool, error) { return h.o.MAC, true, nil }

// GetEthernetMAC implements ncp.NCPHandler: there is no Ethernet.
func (h *Host) GetEthernetMAC(context.Context) (string, bool, error) { return "", false, nil }

// GetNcpVersion implements ncp.NCPHandler.
func (h *Host) GetNcpVersion(context.Context) (string, bool, error) { return h.o.Version, true, nil }

// SetVendorPrefix implements ncp.NCPHandler.
func (h *Host) SetVendorPrefix(_ context.Context, vendor string) (bool, error) {
	h.set("setVendorPrefix", vendor)
	return vendor != "", nil
}

// SetVendorServer implements ncp.NCPHandler.
func (h *Host) SetVendorServer(_ context.Context, host string) (bool, error) {
	h.set("setVendorServer", host)
	return host != "", nil
}

// SetFirmwareInfo implements ncp.NCPHandler.
func (h *Host) SetFirmwareInfo(_ context.Context, typ, version, build, blynk string) (bool, error) {
	h.change(func() {
		h.st.Firmware = Firmware{Type: short(typ), Version: short(version), Build: short(build), Blynk: short(blynk), At: time.Now()}
	})
	if s := h.sender(); s != nil {
		s.FirmwareInfo(short(typ), short(version), short(build))
	}
	return true, nil
}

// Initialize implements ncp.NCPHandler. A template id begins with TMPL.
func (h *Host) Initialize(_ context.Context, templateID, templateName string) (bool, error) {
	if !strings.HasPrefix(templateID, "TMPL") || templateName == "" {
		return false, nil
	}
	h.change(func() {
		h.st.Template, h.st.TemplateOf, h.st.Initialized = short(templateID), short(templateName), true
	})
	h.connect()
	return true, nil
}

// connect goes to the cloud, or waits for a phone.
func (h *Host) connect() {
	h.mu.Lock()
	boot, to := h.boot, []ncp.State{ncp.StateIdle, ncp.StateConfiguration}
	if h.o.Provisioned {
		to = []ncp.State{ncp.StateConnectingNetwork, ncp.StateConnectingCloud, ncp.StateConnected}
	}
	h.mu.Unlock()
	go func() {
		for _, state := range to {
			time.Sleep(connectStep)
			h.mu.Lock()
			gone := boot != h.boot || !h.st.Initialized
			h.mu.Unlock()
			if gone {
				return
			}
			h.SetState(context.Background(), state)
		}
	}()
}

// SetState puts the NCP into a state and tells the MCU, unless it checks an update.
func (h *Host) SetState(ctx context.Context, state ncp.State) {
	changed := false
	h.change(func() { changed, h.st.NCP = h.st.NCP != state, state })
	if changed && !h.checking() {
		_ = h.mcu.BlynkStateChange(ctx, uint8(state)) // a port that is gone ends Run
	}
}

// Provision gives the NCP a network, as a phone does, or takes it away.
func (h *Host) Provision(ctx context.Context, yes bool) {
	initialized := false
	h.change(func() { h.o.Provisioned, initialized = yes, h.st.Initialized })
	if yes && !h.checking() {
		_ = h.mcu.ProcessEvent(ctx, uint8(ncp.EventProvisioned))
	}
	if initialized {
		h.connect()
	}
}

// GetHotspotName implements ncp.NCPHandler.
func (h *Host) GetHotspotName(context.Context) (string, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.st.Initialized {
		return "", false, nil
	}
	return "Blynk " + h.st.TemplateOf, true, nil
}

// IsConfigured implements ncp.NCPHandler.
func (h *Host) IsConfigured(context.Context) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.o.Provisioned, nil
}

// ConfigStart implements ncp.NCPHandler.
func (h *Host) ConfigStart(ctx context.Context) (bool, error) {
	return h.initialized(func() { h.SetState(ctx, ncp.StateConfiguration) }), nil
}

// ConfigStop implements ncp.NCPHandler.
func (h *Host) ConfigStop(context.Context) (bool, error) { return h.initialized(h.connect), nil }

// ConfigReset implements ncp.NCPHandler.
func (h *Host) ConfigReset(context.Context) (bool, error) {
	return h.initialized(func() {
		h.change(func() { h.o.Provisioned = false })
		h.connect()
	}), nil
}

// initialized does f after the answer has been given, where the NCP is initialized.
func (h *Host) initialized(f func()) bool {
	h.mu.Lock()
	ok := h.st.Initialized
	h.mu.Unlock()
	if ok {
		go f()
	}
	return ok
}

// SetConfigTimeout implements ncp.NCPHandler.
func (h *Host) SetConfigTimeout(_ context.Context, timeout uint16) (bool, error) {
	if timeout < minConfigTimeout || timeout > maxConfigTimeout {
		return false, nil
	}
	h.set("setConfigTimeout", strconv.Itoa(int(timeout))+" s")
	return true, nil
}

// SetConfigSkipLimit implements ncp.NCPHandler.
func (h *Host) SetConfigSkipLimit(_ context.Context, count uint8) (bool, error) {
	if count != 0 && (count < minSkipLimit || count > maxSkipLimit) {
		return false, nil
	}
	h.set("setConfigSkipLimit", strconv.Itoa(int(count)))
	return true, nil
}

// SetTime implements ncp.NCPHandler: the clock of this computer is the better one.
func (h *Host) SetTime(_ context.Context, ms int64) (bool, error) {
	h.set("setTime", time.UnixMilli(ms).UTC().Format(time.RFC3339))
	return ms > 0, nil
}

// dstUnknown is the status of summer time that is not known (protocol sheet).
const dstUnknown = 0

// GetTime implements ncp.NCPHandler, with the time of this computer.
func (h *Host) GetTime(context.Context) (iso8601 string, ms int64, offset int16, abbr string, dst uint8, ok bool, err error) {
	now := time.Now()
	zone, seconds := now.Zone()
	return now.Format(time.RFC3339), now.UnixMilli(), int16(seconds / 60), zone, dstUnknown, true, nil
}

// GetLocationInfo implements ncp.NCPHandler.
func (h *Host) GetLocationInfo(context.Context) (lat, lon, olson, posix string, ok bool, err error) {
	return h.o.Lat, h.o.Lon, h.o.Olson, h.o.PosixTZ, h.o.Olson != "", nil
}

// FactoryReset implements ncp.NCPHandler.
func (h *Host) FactoryReset(ctx context.Context) (bool, error) {
	h.change(func() { h.o.Provisioned = false })
	return h.Reboot(ctx)
}

// Answers of the factory tests: those of an NCP with a good network. They need one that
// is not configured.
const goodRSSI = -48 // dBm

// FactoryTestWiFiAP implements ncp.NCPHandler.
func (h *Host) FactoryTestWiFiAP(_ context.Context, channel uint16) (uint8, error) {
	if channel < 1 || channel > 14 {
		return uint8(ncp.FactoryInvalidArguments), nil
	}
	return uint8(ncp.FactoryOK), nil
}

// FactoryTestWiFi implements ncp.NCPHandler. The password is not kept.
func (h *Host) FactoryTestWiFi(_ context.Context, ssid, _ string) (int16, uint8, error) {
	if ssid == "" {
		return 0, uint8(ncp.FactoryInvalidArguments), nil
	}
	return goodRSSI, uint8(ncp.FactoryOK), nil
}

// FactoryTestConnect implements ncp.NCPHandler.
func (h *Host) FactoryTestConnect(context.Context) (uint8, error) { return uint8(ncp.FactoryOK), nil }

// GetState implements ncp.NCPHandler.
func (h *Host) GetState(context.Context) (uint8, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return uint8(h.st.NCP), nil
}
