package link

import (
	"context"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// Base is the least an MCU must answer so that its NCP does not give it up: ping and
// hasUID. It refuses updates and reboots and ignores notifications. Embed it and
// override what is wanted.
type Base struct{}

var _ ncp.MCUHandler = Base{}

// Ping answers that we are there.
func (Base) Ping(context.Context) error { return nil }

// HasUID tells which methods of the MCU's side there are: all of the catalogue.
func (Base) HasUID(_ context.Context, uid uint16) (bool, error) {
	return ncp.Hosts(ncp.SideMCU, uid), nil
}

// Reboot says no: there is nothing here that could restart.
func (Base) Reboot(context.Context) (bool, error) { return false, nil }

// BlynkVPinChange ignores a change of a pin.
func (Base) BlynkVPinChange(context.Context, uint16, []byte) error { return nil }

// BlynkStateChange ignores a change of the NCP's state.
func (Base) BlynkStateChange(context.Context, uint8) error { return nil }

// ProcessEvent ignores an event.
func (Base) ProcessEvent(context.Context, uint8) error { return nil }

// OtaUpdateAvailable refuses the update.
func (Base) OtaUpdateAvailable(context.Context, string, uint32, string, string, string) (bool, error) {
	return false, nil
}

// OtaUpdateWrite refuses a chunk.
func (Base) OtaUpdateWrite(context.Context, uint32, []byte, uint32) (bool, error) { return false, nil }

// OtaUpdateFinish refuses the end of an update.
func (Base) OtaUpdateFinish(context.Context) (bool, error) { return false, nil }

// OtaUpdateCancel agrees.
func (Base) OtaUpdateCancel(context.Context) error { return nil }

// nestedKey marks the context of a handler while the NCP waits for its result.
type nestedKey struct{}

// listener sees what the NCP says before the handler does.
type listener struct {
	link    *Link
	next    rpc.Handler
	updates func() rpc.Handler // see Options
}

// ServeRPC passes a request on. A notice of a reboot also ends Keep.
func (h *listener) ServeRPC(ctx context.Context, req rpc.Request) ([]byte, error) {
	if !req.Oneway {
		next := h.next
		if req.UID >= ncp.UIDClientOtaUpdateAvailable && req.UID <= ncp.UIDClientOtaUpdateCancel && h.updates != nil {
			if other := h.updates(); other != nil {
				next = other
			}
		}
		return next.ServeRPC(context.WithValue(ctx, nestedKey{}, true), req)
	}
	reboot := req.UID == ncp.UIDClientProcessEvent &&
		len(req.Args) == 1 && ncp.EventCode(req.Args[0]) == ncp.EventRebooting
	rets, err := h.next.ServeRPC(ctx, req)
	if reboot {
		h.link.signal(CauseReboot)
	}
	return rets, err
}
