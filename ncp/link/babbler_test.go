package link

import (
	"context"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// babbler is a device that is no NCP: it says something now and then, or nothing.
type babbler struct {
	baud int
	say  []byte
}

func (b *babbler) Run(ctx context.Context, u sim.UART) error {
	if err := u.SetMode(serial.Mode{Baud: b.baud}); err != nil {
		return err
	}
	for {
		if len(b.say) > 0 {
			if _, err := u.Write(b.say); err != nil {
				return err
			}
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return nil
		}
	}
}
