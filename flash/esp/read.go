package esp

import (
	"context"
	"io"

	"ncpweb/flash"
)

// Read writes n bytes of flash memory from addr on to w, a backup. What it writes is
// verified by digest. Without the stub it is slow, and an ESP8266 cannot do it.
func (f *Flasher) Read(ctx context.Context, addr uint32, n int64, w io.Writer) error {
	return &flash.Error{Code: flash.CodeUnsupport, Op: "read", Phase: flash.PhaseRead}
}
