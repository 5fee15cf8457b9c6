package sim

import (
	"context"

	"ncpweb/serial"
)

// Run runs a device that has its own power until ctx ends. It returns what the
// device's Run does.
func Run(ctx context.Context, w *Wire, d Device) error {
	return d.Run(ctx, w.UART())
}

// Power runs a device that has its power from the adapter: unplugging ends its
// life, plugging in starts it again, from power-on. It returns nil when ctx ends,
// serial.ErrClosed when the wire was closed, and the device's error when it fails
// while it has power. A device that returns nil by itself stays off until the next
// plug. A device must give up a blocked Read when its ctx ends; setting a read
// deadline in the past from context.AfterFunc does it.
func Power(ctx context.Context, w *Wire, d Device) error {
	for ctx.Err() == nil {
		changed := w.PlugChanged()
		if w.isClosed() {
			return serial.ErrClosed
		}
		if w.Plugged() {
			if err := w.runPowered(ctx, d, changed); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// runPowered runs a device until power is gone or ctx ends.
func (w *Wire) runPowered(ctx context.Context, d Device, off <-chan struct{}) error {
	on, cancel := context.WithCancel(ctx)
	defer cancel()
	w.setPower(true)
	defer w.setPower(false)
	end := make(chan error, 1)
	go func() { end <- d.Run(on, w.UART()) }()
	select {
	case err := <-end:
		return err
	case <-off:
	case <-ctx.Done():
	}
	cancel()
	w.setPower(false)
	<-end // whatever it says, it says so without power
	return nil
}

func (w *Wire) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// setPower switches the device on or off. What its UART holds is gone then.
func (w *Wire) setPower(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	w.powered = on
	w.dev.fifo.clear()
	w.dev.spare = 0
	if on {
		w.dev.dl = deadline{}
	}
	w.toHost.clear(w.now())
	w.wake()
}
