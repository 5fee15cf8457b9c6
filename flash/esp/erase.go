package esp

import (
	"context"

	"ncpweb/flash"
)

// EraseAll erases the whole flash memory. It takes some seconds for each megabyte.
func (f *Flasher) EraseAll(ctx context.Context) error {
	return &flash.Error{Code: flash.CodeUnsupport, Op: "erase", Phase: flash.PhaseErase}
}

// Erase erases n bytes from addr on, both whole sectors of 4096 bytes.
func (f *Flasher) Erase(ctx context.Context, addr uint32, n int64) error {
	return &flash.Error{Code: flash.CodeUnsupport, Op: "erase", Phase: flash.PhaseErase}
}
