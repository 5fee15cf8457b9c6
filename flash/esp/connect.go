package esp

import (
	"context"

	"ncpweb/flash"
)

func (f *Flasher) connect(context.Context) (flash.Device, error) {
	return flash.Device{}, &flash.Error{Code: flash.CodeUnsupport, Op: "connect"}
}

func (f *Flasher) run(context.Context) error {
	return &flash.Error{Code: flash.CodeUnsupport, Op: "run"}
}
