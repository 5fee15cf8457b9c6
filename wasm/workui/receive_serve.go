//go:build js && wasm

package workui

import (
	"context"

	"ncpweb/ncp"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
)

// receiveCalls answers the NCP's calls of firmware updates with a Receiver. The bridge
// passes no others on.
type receiveCalls struct {
	ncp.MCUHandler // nil: ServeRPC lets nothing through to it
	r              *ota.Receiver
}

// ServeRPC implements rpc.Handler.
func (c *receiveCalls) ServeRPC(ctx context.Context, req rpc.Request) ([]byte, error) {
	if req.Oneway || req.UID < ncp.UIDClientOtaUpdateAvailable || req.UID > ncp.UIDClientOtaUpdateCancel {
		return nil, rpc.StatusUnknownUID
	}
	return ncp.ServeMCU(c).ServeRPC(ctx, req)
}

func (c *receiveCalls) OtaUpdateAvailable(ctx context.Context, name string, size uint32, fwType, version, build string) (bool, error) {
	return c.r.Available(ctx, ota.Offer{Name: name, Size: int64(size), Type: fwType, Version: version, Build: build})
}

func (c *receiveCalls) OtaUpdateWrite(ctx context.Context, offset uint32, chunk []byte, crc uint32) (bool, error) {
	return c.r.Write(ctx, offset, chunk, crc)
}

func (c *receiveCalls) OtaUpdateFinish(ctx context.Context) (bool, error) { return c.r.Finish(ctx) }

func (c *receiveCalls) OtaUpdateCancel(ctx context.Context) error { return c.r.Cancel(ctx) }
