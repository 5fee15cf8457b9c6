//go:build js && wasm

package workui

import (
	"bytes"
	"compress/zlib"
	"context"

	"ncpweb/flash/esp"
)

// packer compresses in Workers of the page, so that the page stays quick. Where they do
// not run, the program compresses by itself, with the browser's turns in between.
type packer struct {
	services *services
	breathe  func(context.Context)
	turn     chan struct{} // one at a time: each fills all Workers
	alone    bool          // the Workers do not run; guarded by turn
}

var _ esp.Packer = (*packer)(nil)

func newPacker(s *services, breathe func(context.Context)) *packer {
	p := &packer{services: s, breathe: breathe, turn: make(chan struct{}, 1)}
	go func() { // so that they have started when they are needed
		if module, err := s.get(context.Background()); err == nil {
			module.Call("prepare")
		}
	}()
	return p
}

// Pack implements esp.Packer. It returns as soon as ctx ends.
func (p *packer) Pack(ctx context.Context, data []byte) ([]byte, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !p.alone {
		// zlib never makes more of incompressible data than five bytes in each 16 KiB.
		packed, err := p.services.bytes(ctx, len(data)+len(data)/1000+64, "pack", toJS(data))
		if err == nil || ctx.Err() != nil {
			return packed, ctx.Err()
		}
		p.alone = true
	}
	return p.packAlone(ctx, data)
}

// packSlice is how much is compressed between two turns of the browser, in bytes: some
// milliseconds of work.
const packSlice = 16 << 10

func (p *packer) packAlone(ctx context.Context, data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	for len(data) > 0 {
		n := min(len(data), packSlice)
		if _, err := w.Write(data[:n]); err != nil {
			return nil, err
		}
		data = data[n:]
		p.breathe(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
