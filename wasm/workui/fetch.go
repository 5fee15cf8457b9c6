//go:build js && wasm

package workui

import "context"

// stub fetches the flasher stub of a chip, by its id in esp.Chips ("esp32c3"). It fits
// esp.Options.Stub.
func (u *UI) stub(ctx context.Context, chip string) ([]byte, error) { return nil, ctx.Err() }
