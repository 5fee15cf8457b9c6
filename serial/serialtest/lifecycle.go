package serialtest

import (
	"context"
	"errors"
	"time"

	"ncpweb/serial"
)

func testCloseWakesRead(b *bench) {
	p := b.open()
	r := b.goRead(p, 16)
	b.still("Read", r)
	b.ok("Close", p.Close())
	b.is("Read", b.get("Read", r).err, serial.ErrClosed)
}

// stuck starts a Write that waits.
func (b *bench) stuck(p serial.Port) <-chan result {
	b.Helper()
	if b.Stuck == 0 {
		b.Skip("this rig cannot make a Write wait")
	}
	w := b.goWrite(p, make([]byte, b.Stuck))
	b.still("Write", w)
	return w
}

func testCloseWakesWrite(b *bench) {
	p := b.open()
	w := b.stuck(p)
	b.ok("Close", p.Close())
	r := b.get("Write", w)
	b.is("Write", r.err, serial.ErrClosed)
	if r.n < 0 || r.n >= b.Stuck {
		b.Errorf("Write: %d of %d bytes with an error", r.n, b.Stuck)
	}
}

func testClosed(b *bench) {
	p := b.open()
	ctx, cancel := short()
	defer cancel()
	b.ok("SetSignals", p.SetSignals(ctx, serial.Signals{DTR: serial.Off}))
	b.ok("Close", p.Close())
	b.ok("second Close", p.Close())
	b.is("Read", b.get("Read", b.goRead(p, 16)).err, serial.ErrClosed)
	b.is("Write", b.get("Write", b.goWrite(p, []byte{1})).err, serial.ErrClosed)
	b.is("SetMode", p.SetMode(ctx, b.Mode), serial.ErrClosed)
	b.is("SetSignals", p.SetSignals(ctx, serial.Signals{DTR: serial.On}), serial.ErrClosed)
	b.is("SetReadDeadline", p.SetReadDeadline(time.Time{}), serial.ErrClosed)
}

// slower is another mode than the rig's.
func (b *bench) slower() serial.Mode {
	m := b.Mode
	m.Baud /= 2
	return m
}

// setMode changes both ends.
func (b *bench) setMode(p serial.Port, m serial.Mode) {
	b.Helper()
	ctx, cancel := short()
	defer cancel()
	if b.SetPeerMode != nil {
		b.ok("SetPeerMode", b.SetPeerMode(m))
	}
	b.ok("SetMode", p.SetMode(ctx, m))
}

func testSetMode(b *bench) {
	p := b.open()
	for _, m := range []serial.Mode{b.slower(), b.Mode, b.Mode} {
		b.setMode(p, m)
		data := pattern(64)
		b.arrive(p, data)
		b.want("Read after SetMode", p, data)
		if b.Peer != nil {
			w := b.goWrite(p, data)
			b.want("peer's Read after SetMode", b.Peer, data)
			b.get("Write", w)
		}
	}
}

func testSetModeWhileReading(b *bench) {
	p := b.open()
	r := b.goRead(p, 16)
	b.still("Read", r)
	b.setMode(p, b.slower())
	b.still("Read across SetMode", r)
	b.arrive(p, []byte{9})
	b.equal("Read", b.get("Read", r), []byte{9})
}

// lines waits until the output lines are as given.
func (b *bench) lines(what string, dtr, rts bool) {
	b.Helper()
	if b.Lines == nil {
		return
	}
	for end := time.Now().Add(b.Settle + time.Second); ; time.Sleep(time.Millisecond) {
		d, r := b.Lines()
		if d == dtr && r == rts {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("%s: DTR %v RTS %v, want %v %v", what, d, r, dtr, rts)
		}
	}
}

func testSignals(b *bench) {
	p := b.open()
	ctx, cancel := short()
	defer cancel()
	b.lines("after Open", true, true)
	for _, c := range []struct {
		s        serial.Signals
		dtr, rts bool
	}{
		{serial.Signals{DTR: serial.Off}, false, true},
		{serial.Signals{RTS: serial.Off}, false, false},
		{serial.Signals{}, false, false},
		{serial.Signals{DTR: serial.On, RTS: serial.On}, true, true},
		{serial.Signals{DTR: serial.Off, RTS: serial.On}, false, true},
		{serial.Signals{DTR: serial.On, RTS: serial.Off}, true, false},
	} {
		b.ok("SetSignals", p.SetSignals(ctx, c.s))
		b.lines("SetSignals", c.dtr, c.rts)
	}
	b.ok("Close", p.Close())
	b.lines("after Close", false, false)
}

func testSignalsSurvive(b *bench) {
	p := b.open()
	ctx, cancel := short()
	defer cancel()
	b.ok("SetSignals", p.SetSignals(ctx, serial.Signals{DTR: serial.Off, RTS: serial.On}))
	b.lines("SetSignals", false, true)
	b.setMode(p, b.slower())
	b.lines("after SetMode", false, true)
}

func testOpenTwice(b *bench) {
	p := b.open()
	ctx, cancel := short()
	defer cancel()
	second, err := b.Adapter.Open(ctx, b.Mode)
	if err == nil {
		second.Close()
		b.Fatal("opened twice")
	}
	var oe *serial.OpenError
	if !errors.As(err, &oe) || oe.Reason != serial.OpenBusy {
		b.Errorf("second Open: %v, want busy", err)
	}
	b.arrive(p, []byte{5})
	b.want("Read on the first port", p, []byte{5})
}

func testReopen(b *bench) {
	old := b.open()
	b.ok("Close", old.Close())
	p := b.open()
	b.arrive(p, []byte{6})
	b.want("Read", p, []byte{6})
	b.is("Read on the old port", b.get("Read", b.goRead(old, 1)).err, serial.ErrClosed)
	b.ok("Close of the old port", old.Close())
	b.arrive(p, []byte{8})
	b.want("Read", p, []byte{8})
}

func (b *bench) unplug() {
	b.Helper()
	if b.Unplug == nil {
		b.Skip("this rig cannot be unplugged")
	}
	b.Unplug()
}

// soon fails if more than a second has passed since.
func (b *bench) soon(what string, since time.Time) {
	b.Helper()
	if d := time.Since(since); d > time.Second {
		b.Errorf("%s: took %v", what, d)
	}
}

func testUnplugWakesRead(b *bench) {
	p := b.open()
	r := b.goRead(p, 16)
	b.still("Read", r)
	start := time.Now()
	b.unplug()
	b.is("Read", b.get("Read", r).err, serial.ErrLost)
	b.soon("Read", start)
}

func testUnplugWakesWrite(b *bench) {
	if b.Unplug == nil {
		b.Skip("this rig cannot be unplugged")
	}
	p := b.open()
	w := b.stuck(p)
	start := time.Now()
	b.unplug()
	b.is("Write", b.get("Write", w).err, serial.ErrLost)
	b.soon("Write", start)
}

func testUnplugged(b *bench) {
	p := b.open()
	r := b.goRead(p, 16) // when it is back the loss is known
	b.unplug()
	b.is("Read", b.get("Read", r).err, serial.ErrLost)
	ctx, cancel := short()
	defer cancel()
	b.is("second Read", b.get("Read", b.goRead(p, 16)).err, serial.ErrLost)
	b.is("Write", b.get("Write", b.goWrite(p, []byte{1})).err, serial.ErrLost)
	b.is("SetMode", p.SetMode(ctx, b.slower()), serial.ErrLost)
	b.is("SetSignals", p.SetSignals(ctx, serial.Signals{RTS: serial.Off}), serial.ErrLost)
	b.ok("Close", p.Close())
	b.dead(ctx, b.Adapter)
}

// dead checks that an adapter cannot be opened any more.
func (b *bench) dead(ctx context.Context, a serial.Adapter) {
	b.Helper()
	p, err := a.Open(ctx, b.Mode)
	if err == nil {
		p.Close()
		b.Error("an unplugged adapter opened")
		return
	}
	var oe *serial.OpenError
	if !errors.As(err, &oe) || oe.Reason != serial.OpenLost {
		b.Errorf("Open of an unplugged adapter: %v, want %v", err, serial.OpenLost)
	}
	b.is("Open of an unplugged adapter", err, serial.ErrLost)
}

func testReplug(b *bench) {
	if b.Plug == nil {
		b.Skip("this rig cannot be plugged in again")
	}
	old, was := b.open(), b.Adapter
	r := b.goRead(old, 16)
	b.unplug()
	b.is("Read", b.get("Read", r).err, serial.ErrLost)
	b.Adapter = b.Plug()
	if b.Adapter == was {
		b.Error("the adapter is the same object as before")
	}
	p := b.open()
	b.arrive(p, []byte{3})
	b.want("Read", p, []byte{3})
	ctx, cancel := short()
	defer cancel()
	b.is("Read on the old port", b.get("Read", b.goRead(old, 1)).err, serial.ErrLost)
	b.is("Write on the old port", b.get("Write", b.goWrite(old, []byte{1})).err, serial.ErrLost)
	b.dead(ctx, was)
	b.ok("Close of the old port", old.Close())
	b.arrive(p, []byte{4})
	b.want("Read", p, []byte{4})
}
