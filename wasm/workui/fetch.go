//go:build js && wasm

package workui

import "context"

// maxStub is how long the file of a stub may be, in bytes. Those that there are have less
// than 20 kB.
const maxStub = 128 << 10

// stub fetches the flasher stub of a chip, by its id in esp.Chips ("esp32c3"). It fits
// esp.Options.Stub. It fails for chips that have none.
func (u *UI) stub(ctx context.Context, chip string) ([]byte, error) {
	return u.services.bytes(ctx, maxStub, "stub", chip)
}
