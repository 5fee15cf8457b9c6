// Package serialtest checks that a thing is a serial.Port as the contract says,
// and has a pair of connected ports for tests of protocols.
package serialtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"ncpweb/serial"
)

// Rig is what one test runs on: an adapter that nobody has opened and a far end.
// Peer, Unplug, Plug and Lines are capabilities; tests that need one that is
// missing are skipped.
type Rig struct {
	Adapter serial.Adapter
	Mode    serial.Mode // to open with; zero: 115200 8N1. The far end has it already

	// Peer is the far end of the line: it reads what the port writes. Nil: the far
	// end echoes.
	Peer io.ReadWriter
	// SetPeerMode makes the far end follow a SetMode of the port. Nil: it follows
	// by itself or does not care.
	SetPeerMode func(serial.Mode) error

	// Unplug takes the adapter away. Nil: cannot be done.
	Unplug func()
	// Plug plugs it in again and returns what it is then. Nil: cannot be done.
	Plug func() serial.Adapter

	// Lines tells how the port's output lines are. Nil: cannot be seen.
	Lines func() (dtr, rts bool)

	// Stuck is how many bytes it takes to make a Write wait for at least ten
	// seconds while the far end does not read. 0: cannot be done.
	Stuck int
	// Bulk is how many bytes the tests of throughput move; 0: 16384.
	Bulk int
	// Settle is how long the rig may need to bring a few bytes or a change across;
	// 0: 100 ms. Tests that see nothing happen wait that long.
	Settle time.Duration
}

// patience bounds every wait for something that has to happen.
const patience = 10 * time.Second

// TestPort runs the conformance suite. It calls open for every subtest; open
// registers with t what has to be cleaned up.
func TestPort(t *testing.T, open func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		run  func(*bench)
	}{
		{"Info", testInfo},
		{"ReadBlocks", testReadBlocks},
		{"AllBytes", testAllBytes},
		{"ZeroLength", testZeroLength},
		{"SmallReads", testSmallReads},
		{"Deadline", testDeadline},
		{"DeadlineWakes", testDeadlineWakes},
		{"DeadlinePassedKeepsBytes", testDeadlineKeeps},
		{"DeadlineInStream", testDeadlineInStream},
		{"CloseWakesRead", testCloseWakesRead},
		{"CloseWakesWrite", testCloseWakesWrite},
		{"Closed", testClosed},
		{"SetMode", testSetMode},
		{"SetModeWhileReading", testSetModeWhileReading},
		{"Duplex", testDuplex},
		{"BigWrite", testBigWrite},
		{"Signals", testSignals},
		{"SignalsSurviveSetMode", testSignalsSurvive},
		{"OpenTwice", testOpenTwice},
		{"Reopen", testReopen},
		{"UnplugWakesRead", testUnplugWakesRead},
		{"UnplugWakesWrite", testUnplugWakesWrite},
		{"Unplugged", testUnplugged},
		{"Replug", testReplug},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{T: t, Rig: open(t)}
			if b.Mode.Baud == 0 {
				b.Mode.Baud = 115200
			}
			if b.Bulk == 0 {
				b.Bulk = 16384
			}
			if b.Settle == 0 {
				b.Settle = 100 * time.Millisecond
			}
			c.run(b)
		})
	}
}

// bench is one subtest and its rig.
type bench struct {
	*testing.T
	Rig
}

func (b *bench) open() serial.Port {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := b.Adapter.Open(ctx, b.Mode)
	if err != nil {
		b.Fatalf("Open: %v", err)
	}
	b.Cleanup(func() { p.Close() })
	return p
}

// result is what a Read or Write that ran on its own came to.
type result struct {
	data []byte
	n    int
	err  error
}

func (b *bench) goRead(p serial.Port, size int) <-chan result {
	c := make(chan result, 1)
	go func() {
		buf := make([]byte, size)
		n, err := p.Read(buf)
		c <- result{buf[:n], n, err}
	}()
	return c
}

func (b *bench) goWrite(w io.Writer, data []byte) <-chan result {
	c := make(chan result, 1)
	go func() {
		n, err := w.Write(data)
		c <- result{n: n, err: err}
	}()
	return c
}

// get waits for a result.
func (b *bench) get(what string, c <-chan result) result {
	b.Helper()
	select {
	case r := <-c:
		return r
	case <-time.After(patience):
		b.Fatalf("%s: nothing after %v", what, patience)
	}
	return result{}
}

// still fails if there is a result already.
func (b *bench) still(what string, c <-chan result) {
	b.Helper()
	select {
	case r := <-c:
		b.Fatalf("%s did not wait: %d, %v", what, r.n, r.err)
	case <-time.After(b.Settle):
	}
}

// arrive makes the port receive data: from the far end, or by its echo.
func (b *bench) arrive(p serial.Port, data []byte) {
	b.Helper()
	w := io.Writer(p)
	if b.Peer != nil {
		w = b.Peer
	}
	if r := b.get("Write", b.goWrite(w, data)); r.err != nil || r.n != len(data) {
		b.Fatalf("Write: %d of %d, %v", r.n, len(data), r.err)
	}
}

// want reads from r exactly data.
func (b *bench) want(what string, r io.Reader, data []byte) {
	b.Helper()
	c := make(chan result, 1)
	go func() {
		got := make([]byte, len(data))
		n, err := io.ReadFull(r, got)
		c <- result{got[:n], n, err}
	}()
	b.equal(what, b.get(what, c), data)
}

func (b *bench) equal(what string, r result, data []byte) {
	b.Helper()
	if r.err != nil {
		b.Fatalf("%s: after %d of %d bytes: %v", what, r.n, len(data), r.err)
	}
	if !bytes.Equal(r.data, data) {
		i := 0
		for i < len(r.data) && i < len(data) && r.data[i] == data[i] {
			i++
		}
		b.Fatalf("%s: %d bytes, want %d; they differ from byte %d on", what, len(r.data), len(data), i)
	}
}

// is fails unless err is target.
func (b *bench) is(what string, err, target error) {
	b.Helper()
	if !errors.Is(err, target) {
		b.Errorf("%s: %v, want %v", what, err, target)
	}
}

func (b *bench) ok(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// pattern is n bytes in which every value comes up.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i + i>>8)
	}
	return p
}

func testInfo(b *bench) {
	if p := b.open(); p.Info() != b.Adapter.Info() {
		b.Errorf("port says %+v, adapter %+v", p.Info(), b.Adapter.Info())
	}
}

func testReadBlocks(b *bench) {
	p := b.open()
	r := b.goRead(p, 16)
	b.still("Read", r)
	b.arrive(p, []byte{0x42})
	b.equal("Read", b.get("Read", r), []byte{0x42})
}

func testAllBytes(b *bench) {
	p := b.open()
	data := pattern(256)
	b.arrive(p, data)
	b.want("Read", p, data)
	if b.Peer != nil {
		w := b.goWrite(p, data)
		b.want("peer's Read", b.Peer, data)
		if r := b.get("Write", w); r.n != len(data) || r.err != nil {
			b.Errorf("Write: %d of %d, %v", r.n, len(data), r.err)
		}
	}
}

func testZeroLength(b *bench) {
	p := b.open()
	if r := b.get("Read", b.goRead(p, 0)); r.n != 0 || r.err != nil {
		b.Errorf("Read of nothing: %d, %v", r.n, r.err)
	}
	if r := b.get("Write", b.goWrite(p, nil)); r.n != 0 || r.err != nil {
		b.Errorf("Write of nothing: %d, %v", r.n, r.err)
	}
}

func testSmallReads(b *bench) {
	p := b.open()
	data := pattern(40)
	b.arrive(p, data)
	for i := range data {
		b.equal("Read of one byte", b.get("Read", b.goRead(p, 1)), data[i:i+1])
	}
}

func testDuplex(b *bench) {
	p := b.open()
	data, back := pattern(b.Bulk), bytes.Repeat([]byte{0xC0, 0xDB, 0, 0xFF, 0x11, 0x13}, b.Bulk/6+1)[:b.Bulk]
	w := b.goWrite(p, data)
	if b.Peer == nil {
		b.want("echo", p, data)
	} else {
		v := b.goWrite(b.Peer, back)
		far := make(chan result, 1)
		go func() {
			got := make([]byte, len(data))
			n, err := io.ReadFull(b.Peer, got)
			far <- result{got[:n], n, err}
		}()
		b.want("Read", p, back)
		b.equal("peer's Read", b.get("peer's Read", far), data)
		if r := b.get("peer's Write", v); r.n != len(back) || r.err != nil {
			b.Errorf("peer's Write: %d of %d, %v", r.n, len(back), r.err)
		}
	}
	if r := b.get("Write", w); r.n != len(data) || r.err != nil {
		b.Errorf("Write: %d of %d, %v", r.n, len(data), r.err)
	}
}

func testBigWrite(b *bench) {
	p := b.open()
	data := pattern(b.Bulk * 2)
	w := b.goWrite(p, data)
	far := io.Reader(p)
	if b.Peer != nil {
		far = b.Peer
	}
	b.want("far end", far, data)
	if r := b.get("Write", w); r.n != len(data) || r.err != nil {
		b.Errorf("Write: %d of %d, %v", r.n, len(data), r.err)
	}
}

// short is a context for calls that must not take long.
func short() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

var past = time.Unix(1, 0)

func testDeadline(b *bench) {
	p := b.open()
	b.ok("SetReadDeadline", p.SetReadDeadline(time.Now().Add(b.Settle)))
	start := time.Now()
	r := b.get("Read", b.goRead(p, 16))
	b.is("Read", r.err, os.ErrDeadlineExceeded)
	if d := time.Since(start); d < b.Settle*9/10 {
		b.Errorf("Read gave up after %v, deadline was %v", d, b.Settle)
	}
	r = b.get("second Read", b.goRead(p, 16))
	b.is("second Read", r.err, os.ErrDeadlineExceeded)
	b.ok("SetReadDeadline", p.SetReadDeadline(time.Time{}))
	again := b.goRead(p, 16)
	b.still("Read without a deadline", again)
	b.arrive(p, []byte{7})
	b.equal("Read", b.get("Read", again), []byte{7})
}

func testDeadlineWakes(b *bench) {
	p := b.open()
	for range 3 {
		r := b.goRead(p, 16)
		b.still("Read", r)
		start := time.Now()
		b.ok("SetReadDeadline", p.SetReadDeadline(past))
		b.is("Read", b.get("Read", r).err, os.ErrDeadlineExceeded)
		if d := time.Since(start); d > time.Second {
			b.Errorf("Read woke after %v", d)
		}
		b.ok("SetReadDeadline", p.SetReadDeadline(time.Time{}))
	}
	b.arrive(p, []byte{1, 2, 3})
	b.want("Read", p, []byte{1, 2, 3})
}

func testDeadlineKeeps(b *bench) {
	p := b.open()
	data := pattern(100)
	b.arrive(p, data)
	time.Sleep(b.Settle)
	b.ok("SetReadDeadline", p.SetReadDeadline(past))
	r := b.get("Read", b.goRead(p, 16))
	b.is("Read with bytes waiting", r.err, os.ErrDeadlineExceeded)
	if r.n != 0 {
		b.Errorf("Read returned %d bytes beside the error", r.n)
	}
	b.ok("SetReadDeadline", p.SetReadDeadline(time.Time{}))
	b.want("Read", p, data)
}

func testDeadlineInStream(b *bench) {
	p := b.open()
	data := pattern(b.Bulk)
	far := io.Writer(p)
	if b.Peer != nil {
		far = b.Peer
	}
	w := b.goWrite(far, data)
	var got []byte
	buf := make([]byte, 100)
	expired := 0
	for end := time.Now().Add(patience); len(got) < len(data) && time.Now().Before(end); {
		b.ok("SetReadDeadline", p.SetReadDeadline(time.Now().Add(time.Millisecond/2)))
		n, err := p.Read(buf)
		got = append(got, buf[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			expired++
		} else if err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d deadlines expired on the way", expired)
	b.equal("Read", result{data: got, n: len(got)}, data)
	if r := b.get("Write", w); r.err != nil {
		b.Errorf("Write: %v", r.err)
	}
}
