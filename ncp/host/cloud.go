package host

import (
	"context"
	"strconv"
	"strings"

	"ncpweb/ncp"
)

// VirtualWrite implements ncp.NCPHandler: the MCU writes a value to a pin.
func (h *Host) VirtualWrite(_ context.Context, vpin uint16, value []byte) error {
	h.change(func() { h.put(vpin, value, false) })
	return nil
}

// SetPin changes a pin as the cloud does. value is text, several items with a NUL
// between two of them. While the MCU checks an update the value is only kept.
func (h *Host) SetPin(ctx context.Context, vpin uint16, value []byte) error {
	h.change(func() { h.put(vpin, value, true) })
	if h.checking() {
		return nil
	}
	return h.mcu.BlynkVPinChange(ctx, vpin, value)
}

// SyncAll implements ncp.NCPHandler: the MCU gets all pins that are known.
func (h *Host) SyncAll(ctx context.Context) error {
	for _, p := range h.State().Pins {
		if h.checking() {
			return nil
		}
		if err := h.mcu.BlynkVPinChange(ctx, p.Pin, p.Value); err != nil {
			return err
		}
	}
	return nil
}

// SyncVirtual implements ncp.NCPHandler: the MCU gets the pins that it asks for, as far
// as they are known.
func (h *Host) SyncVirtual(ctx context.Context, vpins []byte) error {
	known := make(map[uint16][]byte)
	for _, p := range h.State().Pins {
		known[p.Pin] = p.Value
	}
	for _, item := range strings.Split(string(vpins), "\x00") {
		pin, err := strconv.ParseUint(item, 10, 16)
		if err != nil {
			continue // the rest may be good
		}
		if value, ok := known[uint16(pin)]; ok && !h.checking() {
			if err := h.mcu.BlynkVPinChange(ctx, uint16(pin), value); err != nil {
				return err
			}
		}
	}
	return nil
}

// SetProperty implements ncp.NCPHandler.
func (h *Host) SetProperty(_ context.Context, vpin uint16, property string, value []byte) error {
	h.told("setProperty", "V"+strconv.Itoa(int(vpin))+" "+property+" = "+strings.ReplaceAll(string(value), "\x00", ", "))
	return nil
}

// LogEvent implements ncp.NCPHandler.
func (h *Host) LogEvent(_ context.Context, code, description string) error {
	h.told("logEvent", code+" "+description)
	return nil
}

// ResolveEvent implements ncp.NCPHandler.
func (h *Host) ResolveEvent(_ context.Context, code string) error {
	h.told("resolveEvent", code)
	return nil
}

// ResolveAllEvents implements ncp.NCPHandler.
func (h *Host) ResolveAllEvents(_ context.Context, code string) error {
	h.told("resolveAllEvents", code)
	return nil
}

// BeginGroup implements ncp.NCPHandler.
func (h *Host) BeginGroup(context.Context, int64) error {
	h.change(func() { h.st.Groups++ })
	return nil
}

// EndGroup implements ncp.NCPHandler.
func (h *Host) EndGroup(context.Context) error { return nil }

// SetMetadata implements ncp.NCPHandler.
func (h *Host) SetMetadata(_ context.Context, field, value string) error {
	h.told("setMetadata", field+" = "+value)
	return nil
}

// checking tells whether the MCU must not be disturbed.
func (h *Host) checking() bool {
	s := h.sender()
	return s != nil && s.Checking()
}

func (h *Host) told(what, text string) { h.change(func() { h.note(what, text) }) }

// OtaUpdateStart implements ncp.NCPHandler.
func (h *Host) OtaUpdateStart(ctx context.Context, chunk uint16) (bool, error) {
	if s := h.sender(); s != nil {
		return s.StartUpdate(ctx, chunk)
	}
	return false, nil
}

// OtaUpdateGetCRC32 implements ncp.NCPHandler.
func (h *Host) OtaUpdateGetCRC32(ctx context.Context) (uint32, bool, error) {
	if s := h.sender(); s != nil {
		d, ok := s.Digests(ctx)
		return d.CRC32, ok, nil
	}
	return 0, false, nil
}

// OtaUpdateGetMD5 implements ncp.NCPHandler.
func (h *Host) OtaUpdateGetMD5(ctx context.Context) ([]byte, bool, error) {
	if s := h.sender(); s != nil {
		if d, ok := s.Digests(ctx); ok {
			return d.MD5[:], true, nil
		}
	}
	return nil, false, nil
}

// OtaUpdateGetSHA256 implements ncp.NCPHandler.
func (h *Host) OtaUpdateGetSHA256(ctx context.Context) ([]byte, bool, error) {
	if s := h.sender(); s != nil {
		if d, ok := s.Digests(ctx); ok {
			return d.SHA256[:], true, nil
		}
	}
	return nil, false, nil
}

// OtaUpdatePrefetch implements ncp.NCPHandler.
func (h *Host) OtaUpdatePrefetch(ctx context.Context) (uint8, error) {
	if s := h.sender(); s != nil {
		status, err := s.Prefetch(ctx)
		return uint8(status), err
	}
	return uint8(ncp.PrefetchError), nil
}

// OtaUpdateSuspend implements ncp.NCPHandler.
func (h *Host) OtaUpdateSuspend(ctx context.Context, seconds uint16) (bool, error) {
	if s := h.sender(); s != nil {
		return s.Suspend(ctx, seconds)
	}
	return false, nil
}
