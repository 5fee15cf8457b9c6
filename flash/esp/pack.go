package esp

import (
	"context"

	"ncpweb/firmware"
)

// Prepare begins to pack an image in the background, so that Flash need not wait for
// it: call it before Connect. It is a hint only, and forgotten when another image is
// flashed. The data of the image must not change any more. What is under way ends with
// ctx.
func (f *Flasher) Prepare(ctx context.Context, image *firmware.Image) {}
