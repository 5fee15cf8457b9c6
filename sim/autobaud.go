package sim

import "ncpweb/serial"

// AutoBauder is a UART that can find the rate of its host by itself, as the boot
// loaders in mask ROM do. The UART of a Wire is one.
type AutoBauder interface {
	// AutoBaud makes the device's rate follow that of the host, from now on, as long as
	// that is not above limit; 0: none is. It stays as it is above it, and with on false.
	// Framing stays 8N1.
	AutoBaud(on bool, limit int) error
	// Rate returns the device's rate as it is now.
	Rate() int
}

// Resetter is a UART that can lose what it holds, as a chip does with a reset: bytes
// received and not read, and bytes that have not left yet.
type Resetter interface{ Reset() error }

var (
	_ AutoBauder = (*uart)(nil)
	_ Resetter   = (*uart)(nil)
)

// AutoBaud implements AutoBauder.
func (u *uart) AutoBaud(on bool, limit int) error {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.closed {
		return serial.ErrClosed
	}
	u.follow, u.limit = on, limit
	u.followHost()
	w.wake()
	return nil
}

// followHost takes the host's rate over, with the lock held and time brought up.
func (u *uart) followHost() {
	w := u.w
	baud := w.toDev.mode.Baud
	if !u.follow || u.limit > 0 && baud > u.limit {
		return
	}
	m, now := serial.Mode{Baud: baud}, w.now()
	w.toHost.setMode(m, now)
	w.toDev.rx.setMode(m, now)
	u.changedAt = now
}

// Rate implements AutoBauder.
func (u *uart) Rate() int {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.toHost.mode.Baud
}

// Reset implements Resetter.
func (u *uart) Reset() error {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if w.closed {
		return serial.ErrClosed
	}
	u.fifo.clear()
	u.spare = 0
	u.late = 0
	w.toHost.clear(w.now())
	w.wake()
	return nil
}
