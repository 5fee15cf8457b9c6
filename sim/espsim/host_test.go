package espsim

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// host is the program under a test's hand: it frames by itself.
type host struct {
	t *testing.T
	p serial.Port
	w *sim.Wire
	b *Board

	in []byte // received and not looked at yet
}

// newHost powers a board and opens its port.
func newHost(t *testing.T, o Options, wo sim.WireOptions, baud int) *host {
	t.Helper()
	w := sim.NewWire(wo)
	b := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sim.Run(ctx, w, b) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the board ended with %v", err)
		}
		w.Close()
	})
	p, err := w.Adapter().Open(t.Context(), serial.Mode{Baud: baud})
	if err != nil {
		t.Fatal(err)
	}
	return &host{t: t, p: p, w: w, b: b}
}

func (h *host) lines(dtr, rts bool) {
	h.t.Helper()
	level := map[bool]serial.Level{true: serial.On, false: serial.Off}
	if err := h.p.SetSignals(h.t.Context(), serial.Signals{DTR: level[dtr], RTS: level[rts]}); err != nil {
		h.t.Fatal(err)
	}
}

// classic is the reset into the loader of sheet section 3. It returns what was printed.
func (h *host) classic() string {
	h.lines(false, true)
	time.Sleep(100 * time.Millisecond)
	h.lines(true, false)
	time.Sleep(50 * time.Millisecond)
	h.lines(false, false)
	return string(h.collect(time.Millisecond))
}

// run is the reset that starts the firmware.
func (h *host) run() {
	h.lines(false, true)
	time.Sleep(100 * time.Millisecond)
	h.lines(false, false)
}

// collect returns what comes within d.
func (h *host) collect(d time.Duration) []byte {
	h.t.Helper()
	until := time.Now().Add(d)
	for h.fill(until) {
	}
	b := h.in
	h.in = nil
	return b
}

// fill reads once and tells whether something came before until.
func (h *host) fill(until time.Time) bool {
	h.t.Helper()
	if err := h.p.SetReadDeadline(until); err != nil {
		h.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := h.p.Read(buf)
	h.in = append(h.in, buf[:n]...)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		h.t.Fatal(err)
	}
	return n > 0
}

// packet returns the next frame's content within d, nil for none.
func (h *host) packet(d time.Duration) []byte {
	h.t.Helper()
	until := time.Now().Add(d)
	for {
		if p, rest, ok := cut(h.in); ok {
			h.in = rest
			return p
		}
		if !h.fill(until) {
			return nil
		}
	}
}

// cut takes the first frame off b.
func cut(b []byte) (p, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i] != 0xC0 {
		i++
	}
	for i+1 < len(b) && b[i+1] == 0xC0 {
		i++
	}
	for k := i + 1; k < len(b); k++ {
		switch {
		case b[k] == 0xC0:
			return p, b[k+1:], true
		case b[k] == 0xDB && k+1 < len(b):
			k++
			p = append(p, map[byte]byte{0xDC: 0xC0, 0xDD: 0xDB}[b[k]])
		default:
			p = append(p, b[k])
		}
	}
	return nil, b, false
}

func (h *host) write(b []byte) {
	h.t.Helper()
	if _, err := h.p.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

// slip frames a packet.
func slip(p []byte) []byte {
	s := string(p)
	s = strings.ReplaceAll(s, "\xDB", "\xDB\xDD")
	s = strings.ReplaceAll(s, "\xC0", "\xDB\xDC")
	return []byte("\xC0" + s + "\xC0")
}

// frameOf is a request's frame.
func frameOf(op byte, sum byte, data []byte) []byte {
	p := []byte{0, op, byte(len(data)), byte(len(data) >> 8), sum, 0, 0, 0}
	return slip(append(p, data...))
}

// send sends a command.
func (h *host) send(op byte, words ...uint32) {
	h.t.Helper()
	h.write(frameOf(op, 0, le32(words...)))
}

// sendBlock sends a *_DATA command.
func (h *host) sendBlock(op byte, seq uint32, b []byte) {
	h.t.Helper()
	h.write(blockFrame(op, seq, b))
}

func blockFrame(op byte, seq uint32, b []byte) []byte {
	sum := byte(0xEF)
	for _, c := range b {
		sum ^= c
	}
	return frameOf(op, sum, append(le32(uint32(len(b)), seq, 0, 0), b...))
}

// reply is a response: value and body.
type reply struct {
	op    byte
	value uint32
	body  []byte
}

// answer returns the next response within d.
func (h *host) answer(d time.Duration) reply {
	h.t.Helper()
	p := h.packet(d)
	if p == nil {
		h.t.Fatalf("no answer within %v; state %v, pending %q", d, h.b.State(), h.in)
	}
	if len(p) < 8 || p[0] != 1 || int(binary.LittleEndian.Uint16(p[2:])) != len(p)-8 {
		h.t.Fatalf("no response: %s", hex.EncodeToString(p))
	}
	return reply{p[1], binary.LittleEndian.Uint32(p[4:]), p[8:]}
}

// ok returns the answer to op, which must be a success with as many bytes of payload and
// of status.
func (h *host) ok(op byte, payload, status int, d time.Duration) reply {
	h.t.Helper()
	r := h.answer(d)
	if r.op != op || len(r.body) != payload+status || r.body[payload] != 0 {
		h.t.Fatalf("command %02x: answer %02x with %d bytes: %s", op, r.op, len(r.body), hex.EncodeToString(r.body))
	}
	return r
}

// refused returns the two bytes of status with which op is refused.
func (h *host) refused(op byte, d time.Duration) uint16 {
	h.t.Helper()
	r := h.answer(d)
	if r.op != op || len(r.body) < 2 || r.body[0] == 0 {
		h.t.Fatalf("command %02x: answer %02x: %s", op, r.op, hex.EncodeToString(r.body))
	}
	return uint16(r.body[0])<<8 | uint16(r.body[1])
}

var syncData = append([]byte{7, 7, 0x12, 0x20}, []byte(strings.Repeat("\x55", 32))...)

// sync syncs and returns the value of the answers.
func (h *host) sync() uint32 {
	h.t.Helper()
	h.write(frameOf(opSync, 0, syncData))
	value := uint32(0)
	for range 8 {
		r := h.answer(200 * time.Millisecond)
		if r.op != opSync {
			h.t.Fatalf("sync: answer to %02x", r.op)
		}
		value = r.value
	}
	return value
}

// status is how many bytes of status the ROM of the board's chip sends.
func (h *host) status() int { return h.b.chip.status }

// stub loads what stands for the stub and starts it.
func (h *host) stub() {
	h.t.Helper()
	code := h.b.chip.code.from + 0x1000
	text := make([]byte, 0x1800+100)
	h.send(opMemBegin, uint32(len(text)), 2, 0x1800, code)
	h.ok(opMemBegin, 0, h.status(), time.Second)
	h.sendBlock(opMemData, 0, text[:0x1800])
	h.ok(opMemData, 0, h.status(), time.Second)
	h.sendBlock(opMemData, 1, text[0x1800:])
	h.ok(opMemData, 0, h.status(), time.Second)
	h.send(opMemEnd, 0, code+4)
	h.ok(opMemEnd, 0, h.status(), time.Second)
	if p := h.packet(time.Second); string(p) != "OHAI" {
		h.t.Fatalf("stub: %q", p)
	}
}

// none fails where something comes within d.
func (h *host) none(d time.Duration) {
	h.t.Helper()
	if b := h.collect(d); len(b) > 0 {
		h.t.Fatalf("came: %q", b)
	}
}
