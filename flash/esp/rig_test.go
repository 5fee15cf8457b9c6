package esp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/internal/vectors"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/espsim"
)

// allChips are the chips of the simulator.
var allChips = []espsim.Chip{espsim.ESP8266, espsim.ESP32, espsim.ESP32C3, espsim.ESP32S3}

// rig is a simulated board on a wire, and the port to it.
type rig struct {
	t      testing.TB
	board  *espsim.Board
	wire   *sim.Wire
	port   *probe
	events []flash.Event
}

// newRig powers a board and opens its port. Call it inside of synctest.
func newRig(t testing.TB, o espsim.Options, wo sim.WireOptions) *rig {
	r := &rig{t: t, board: espsim.New(o), wire: sim.NewWire(wo)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sim.Power(ctx, r.wire, r.board) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("board: %v", err)
		}
		r.wire.Close()
	})
	r.open()
	return r
}

// open opens the port, plugged in again if need be.
func (r *rig) open() {
	p, err := r.wire.Plug().Open(context.Background(), serial.Mode{Baud: 115200})
	if err != nil {
		r.t.Fatalf("open: %v", err)
	}
	r.port = &probe{Port: p, wire: r.wire}
}

// flasher makes a flasher for the port as it is.
func (r *rig) flasher(o esp.Options) *esp.Flasher {
	event := o.Event
	o.Event = func(e flash.Event) {
		r.events = append(r.events, e)
		if event != nil {
			event(e)
		}
	}
	return esp.New(r.port, o)
}

// holds fails the test unless the flash memory has the image, but for what is kept.
func (r *rig) holds(image *firmware.Image, kept ...esp.Region) bool {
	r.t.Helper()
	return matches(r.board.Flash(), image, kept)
}

func matches(got []byte, image *firmware.Image, kept []esp.Region) bool {
	for _, s := range image.Segments {
		for at := 0; at < len(s.Data); at += 4096 {
			part := s.Data[at:min(at+4096, len(s.Data))]
			addr := int64(s.Addr) + int64(at)
			if inside(kept, addr) {
				continue
			}
			if !bytes.Equal(got[addr:addr+int64(len(part))], part) {
				return false
			}
		}
	}
	return true
}

func inside(list []esp.Region, addr int64) bool {
	for _, r := range list {
		if addr >= int64(r.Addr) && addr < r.End() {
			return true
		}
	}
	return false
}

// probe notes the frames that go through a port, and where the wire was then.
type probe struct {
	serial.Port
	wire *sim.Wire

	mu    sync.Mutex
	marks []mark
	on    func(n int) // called before the n-th frame
}

// mark is a frame on its way to the device.
type mark struct {
	op               byte
	size             int
	toDevice, toHost int64 // positions on the wire
	at               time.Time
}

func (p *probe) Write(b []byte) (int, error) {
	s := p.wire.Stats()
	p.mu.Lock()
	n, on := len(p.marks), p.on
	m := mark{size: len(b), toDevice: s.ToDevice.Sent, toHost: s.ToHost.Sent, at: time.Now()}
	if len(b) > 2 {
		m.op = b[2]
	}
	p.marks = append(p.marks, m)
	p.mu.Unlock()
	if on != nil {
		on(n)
	}
	return p.Port.Write(b)
}

// stubs returns a loader of the real stubs' JSON, from the package esptool-js.
func stubs(t testing.TB) func(context.Context, string) ([]byte, error) {
	root, err := vectors.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "node_modules", "esptool-js", "lib", "targets", "stub_flasher")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no stubs here: npm ci was not run")
	}
	return func(_ context.Context, chip string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, chip+".json"))
	}
}

// cachedPacker packs the same data once.
type cachedPacker struct {
	mu  sync.Mutex
	all map[string][]byte
}

func (c *cachedPacker) Pack(ctx context.Context, data []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.all[string(data)]; b != nil {
		return b, nil
	}
	b, err := esp.Zlib{}.Pack(ctx, data)
	if err == nil {
		if c.all == nil {
			c.all = make(map[string][]byte)
		}
		c.all[string(data)] = b
	}
	return b, err
}

// imageOf makes an image of one file at 0.
func imageOf(data []byte) *firmware.Image {
	return &firmware.Image{Name: "BlynkNCP.flash.bin", Segments: []firmware.Segment{{Data: data, Name: "BlynkNCP.flash.bin"}}}
}

// codeOf returns the Code of an error; 0 and a failed test for an error that has none.
func codeOf(t testing.TB, err error) flash.Code {
	t.Helper()
	var e *flash.Error
	if !errors.As(err, &e) {
		t.Errorf("not a *flash.Error: %v", err)
		return 0
	}
	return e.Code
}

// changed returns a copy of a merged image in which n bytes in the middle of the longest
// segment of the app are others; the sums are right again.
func changed(t testing.TB, chip espsim.Chip, image []byte, n int) []byte {
	b, header := bytes.Clone(image), appOf(chip)
	pos := header + 24
	if chip == espsim.ESP8266 {
		pos = header + 8
	}
	var parts [][]byte
	longest := 0
	for range b[header+1] {
		size := int(binary.LittleEndian.Uint32(b[pos+4:]))
		parts = append(parts, b[pos+8:pos+8+size])
		if size > len(parts[longest]) {
			longest = len(parts) - 1
		}
		pos += 8 + size
	}
	if n > len(parts[longest]) {
		t.Fatal("no segment is that long")
	}
	for i := range n {
		parts[longest][(len(parts[longest])-n)/2+i] ^= byte(i%251 + 1)
	}
	sum := byte(0xEF)
	for _, part := range parts {
		for _, c := range part {
			sum ^= c
		}
	}
	pos |= 15
	b[pos] = sum
	if pos++; chip != espsim.ESP8266 {
		digest := sha256.Sum256(b[header:pos])
		copy(b[pos:], digest[:])
	}
	return b
}

// appOf is where the app is in an image of the simulator.
func appOf(chip espsim.Chip) int {
	if chip == espsim.ESP8266 {
		return 0x1000
	}
	return 0x10000
}

// countingPacker counts what it packs.
type countingPacker struct{ n atomic.Int32 }

func (c *countingPacker) Pack(ctx context.Context, data []byte) ([]byte, error) {
	c.n.Add(1)
	return esp.Zlib{}.Pack(ctx, data)
}
