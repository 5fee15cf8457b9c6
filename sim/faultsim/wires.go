package faultsim

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"ncpweb/ncp/frame"
	"ncpweb/serial"
	"ncpweb/serial/inbox"
	"ncpweb/sim"
)

// deaf is a UART that receives nothing.
type deaf struct{ sim.UART }

func (d *deaf) Read(b []byte) (int, error) {
	for {
		if _, err := d.UART.Read(b); err != nil {
			return 0, err
		}
	}
}

// oddRate is a UART whose first firmware start goes to another rate than it asks for:
// what an earlier session has left it at. The start after a reset is as it should be.
type oddRate struct {
	sim.UART
	baud  int
	boots int
}

func (o *oddRate) SetMode(m serial.Mode) error {
	switch {
	case m.Baud == romBaud:
		o.boots++
	case o.boots == 1:
		m.Baud = o.baud
	}
	return o.UART.SetMode(m)
}

// lossy is a UART in both directions of which a one arrives as a zero now and then: the
// high level is too low for who receives.
type lossy struct {
	sim.UART
	chance  float64 // of each one
	in, out *rand.Rand
}

func newLossy(u sim.UART, chance float64) *lossy {
	return &lossy{u, chance, rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))}
}

func (l *lossy) Read(b []byte) (int, error) {
	n, err := l.UART.Read(b)
	copy(b[:n], l.spoil(l.in, b[:n]))
	return n, err
}

func (l *lossy) Write(b []byte) (int, error) { return l.UART.Write(l.spoil(l.out, b)) }

func (l *lossy) spoil(r *rand.Rand, p []byte) []byte {
	p = bytes.Clone(p)
	for i := range p {
		for bit := byte(1); bit != 0; bit <<= 1 {
			if p[i]&bit != 0 && r.Float64() < l.chance {
				p[i] &^= bit
			}
		}
	}
	return p
}

// noise is an open line that picks up what is in the air: edges at any time, whatever
// is sent.
func noise(ctx context.Context, u sim.UART) error {
	r := rand.New(rand.NewPCG(5, 6))
	b := make([]byte, 8)
	for {
		// Pulses of any width look like characters at any rate.
		if err := u.SetMode(serial.Mode{Baud: 5_000 + r.IntN(400_000)}); err != nil {
			return err
		}
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if _, err := u.Write(b[:1+r.IntN(len(b))]); err != nil {
			return err
		}
		if err := pause(ctx, u, time.Duration(500+r.IntN(12_000))*time.Microsecond); err != nil {
			return err
		}
	}
}

// held is a board with RTS alone on its reset line: while the host asserts it, the
// board is off.
type held struct{ device sim.Device }

// Run is the board's life.
func (h held) Run(ctx context.Context, u sim.UART) error {
	for ctx.Err() == nil {
		changed := u.LinesChanged()
		if l := u.Lines(); l.Open && l.RTS {
			if err := silentUntil(ctx, u, changed); err != nil {
				return err
			}
			continue
		}
		if err := h.runFree(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// runFree runs the board until RTS is asserted.
func (h held) runFree(ctx context.Context, u sim.UART) error {
	on, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		for {
			changed := u.LinesChanged()
			if l := u.Lines(); l.Open && l.RTS {
				return
			}
			select {
			case <-changed:
			case <-on.Done():
				return
			}
		}
	}()
	return h.device.Run(on, noReset{u})
}

// silentUntil takes what comes and says nothing until the channel is closed.
func silentUntil(ctx context.Context, u sim.UART, end <-chan struct{}) error {
	on, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-end:
		case <-on.Done():
		}
		cancel()
	}()
	return lived(on, u, silent)
}

// noReset hides the host's lines: the board's reset is wired otherwise.
type noReset struct{ sim.UART }

func (noReset) Lines() sim.Lines { return sim.Lines{Open: true} }

// shared is an NCP with its Primary MCU on the same line. The MCU drives the wire to
// the NCP, so what we send there drowns. We hear the NCP, or the MCU where the port is
// that of the MCU.
type shared struct {
	device sim.Device
	mcu    bool // the adapter's RX is at the MCU's TX
}

// mcuBaud and mcuEvery: an MCU that looks after its NCP often.
const (
	mcuBaud  = 38400
	mcuEvery = 150 * time.Millisecond
)

// Run is the life of both.
func (s shared) Run(ctx context.Context, u sim.UART) error {
	on, cancel := context.WithCancel(ctx)
	defer cancel()
	m := &mixed{UART: u, box: inbox.New(), away: s.mcu}
	ended := make(chan struct{}, 2)
	go func() { defer func() { ended <- struct{}{} }(); _ = lived(on, u, m.drown) }()
	go func() { defer func() { ended <- struct{}{} }(); m.ask(on, s.mcu) }()
	err := s.device.Run(on, m)
	cancel()
	<-ended
	<-ended
	return err
}

// mixed is the NCP's UART: it hears its MCU, and hardly anything of us.
type mixed struct {
	sim.UART
	box  *inbox.Box
	away bool // what the NCP sends does not reach us
}

func (m *mixed) Read(b []byte) (int, error)        { return m.box.Read(b) }
func (m *mixed) SetReadDeadline(t time.Time) error { return m.box.SetDeadline(t) }

func (m *mixed) SetMode(mode serial.Mode) error {
	if m.away { // the line to us is the MCU's, which stays where it is
		return nil
	}
	return m.UART.SetMode(mode)
}

func (m *mixed) Write(b []byte) (int, error) {
	if m.away {
		time.Sleep(serial.Mode{Baud: mcuBaud}.Wire(len(b)))
		return len(b), nil
	}
	return m.UART.Write(b)
}

// drown takes what we send: two bytes out of three vanish against the MCU's level, the
// rest arrives with zeros filled up.
func (m *mixed) drown(ctx context.Context, u sim.UART) error {
	r := rand.New(rand.NewPCG(7, 8))
	b := make([]byte, 64)
	for {
		n, _, err := read(ctx, u, b, time.Time{})
		if err != nil {
			m.box.End(err)
			return err
		}
		for _, c := range b[:n] {
			if r.IntN(3) == 0 {
				m.put([]byte{c | byte(r.Uint32())})
			}
		}
	}
}

// ask is the MCU: it pings its NCP.
func (m *mixed) ask(ctx context.Context, heard bool) {
	if heard {
		_ = m.UART.SetMode(serial.Mode{Baud: mcuBaud})
	}
	for id := uint16(1); ; id++ {
		t := time.NewTimer(mcuEvery)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		p := binary.LittleEndian.AppendUint16(nil, opInvoke)
		p = binary.LittleEndian.AppendUint16(p, uidPing)
		f := frame.Append(nil, binary.LittleEndian.AppendUint16(p, id))
		if heard {
			_, _ = m.UART.Write(f)
		} else {
			time.Sleep(serial.Mode{Baud: mcuBaud}.Wire(len(f)))
		}
		m.put(f)
	}
}

// opInvoke and uidPing make the MCU's ping (protocol sheet, "Messages").
const (
	opInvoke = 0x67BC
	uidPing  = 0x0101
)

func (m *mixed) put(p []byte) {
	m.box.Put(len(p), func(dst []byte) { copy(dst, p) })
}
