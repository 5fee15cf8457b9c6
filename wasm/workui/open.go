//go:build js && wasm

package workui

import (
	"context"
	"errors"
	"time"

	"ncpweb/serial"
	"ncpweb/wasm/webserial"
)

// A port that was let go a moment ago may still be closing: it is tried again for so
// long before a person is told that it is in use.
const (
	closingFor = 3 * time.Second
	closingTry = 150 * time.Millisecond
)

// openPort opens a port, also one that is just being closed.
func openPort(ctx context.Context, a *webserial.Adapter, baud int) (serial.Port, error) {
	for end := time.Now().Add(closingFor); ; {
		port, err := a.Open(ctx, serial.Mode{Baud: baud})
		var refused *serial.OpenError
		if err == nil || !errors.As(err, &refused) || refused.Reason != serial.OpenBusy || time.Now().After(end) {
			return port, err
		}
		select {
		case <-time.After(closingTry):
		case <-ctx.Done():
			return nil, err
		}
	}
}
