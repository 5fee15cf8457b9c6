package esp

import (
	"context"

	"ncpweb/firmware"
	"ncpweb/flash"
)

// work is what a Flasher knows of the image and of what was done.
type work struct {
	report Report
}

func (f *Flasher) flash(context.Context, *firmware.Image) error {
	return &flash.Error{Code: flash.CodeUnsupport, Op: "flash"}
}
