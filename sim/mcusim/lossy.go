package mcusim

import (
	"context"
	"encoding/binary"

	"ncpweb/ncp/frame"
	"ncpweb/sim"
)

// Lossy is an MCU whose answers do not all arrive: it stores a chunk, and its NCP never
// learns of it. A deployed receiver refuses that chunk from then on.
type Lossy struct {
	*MCU
	Every int // each Every-th answer to a chunk is lost; 0: none is
}

var _ sim.Device = (*Lossy)(nil)

// Run is the MCU's life, as MCU.Run.
func (d *Lossy) Run(ctx context.Context, u sim.UART) error {
	l := &lossyUART{UART: u, every: d.Every}
	l.in = frame.NewDecoder(4096, l.received)
	l.out = frame.NewDecoder(4096, l.sent)
	return d.MCU.Run(ctx, l)
}

// lossyUART swallows answers. One goroutine uses it: the MCU.
type lossyUART struct {
	sim.UART
	every    int
	in, out  *frame.Decoder
	chunk    uint16 // id of the last call with a chunk
	waiting  bool   // for the answer to it
	answered int
	swallow  bool
}

func (l *lossyUART) received(k frame.Kind, p []byte) {
	le := binary.LittleEndian
	if k == frame.Payload && len(p) >= 6 && le.Uint16(p) == opInvoke && le.Uint16(p[2:]) == uidChunk {
		l.chunk, l.waiting = le.Uint16(p[4:]), true
	}
}

func (l *lossyUART) sent(k frame.Kind, p []byte) {
	le := binary.LittleEndian
	if k != frame.Payload || len(p) < 5 || le.Uint16(p) != opResult || !l.waiting || le.Uint16(p[2:]) != l.chunk {
		return
	}
	l.waiting = false
	l.answered++
	l.swallow = l.every > 0 && l.answered%l.every == 0
}

// Read reads from the line, and remembers the calls.
func (l *lossyUART) Read(p []byte) (int, error) {
	n, err := l.UART.Read(p)
	_, _ = l.in.Write(p[:n])
	return n, err
}

// Write writes one message, or swallows it.
func (l *lossyUART) Write(p []byte) (int, error) {
	l.swallow = false
	_, _ = l.out.Write(p)
	if l.swallow {
		return len(p), nil
	}
	return l.UART.Write(p)
}
