package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// readerPatience is how long what the device says waits for a foreign program that
// does not read; then it is lost, as on a line. In this time the device goes on, and
// what it says is kept. A busy machine may not let a program run for a tenth of a
// second, and a PTY holds no more than 60 ms of a line at 2 Mbaud.
const readerPatience = 250 * time.Millisecond

// lookEvery is how often the rate of a PTY is looked at: a program's change of rate
// makes itself known by nothing.
const lookEvery = 5 * time.Millisecond

// expose gives a simulated device to a foreign program.
func (l *Lab) expose(ctx context.Context, d *Device) {
	device := d.spec.Sim
	kind, where, _ := strings.Cut(d.spec.Expose, ":")
	b := &bridge{wire: d.wire}
	if kind != "pty" {
		device = &followed{device, b} // a socket has no rate: the host end has the device's
	}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { b.run(ctx) })
	var err error
	switch kind {
	case "tcp":
		err = l.listen(ctx, d, b, listenAddress(where))
	case "connect":
		work.Go(func() { b.dial(ctx, where) })
	case "pty":
		err = l.link(ctx, d, b, where, &work)
	}
	if err != nil {
		l.log("%s is not exposed: %v", d.spec.Name, err)
		return
	}
	l.power(ctx, d, device)
}

// bridge connects the host end of a wire to a foreign program. The host end is open
// all the time; without a program what the device says is lost.
type bridge struct {
	wire *sim.Wire

	mu   sync.Mutex
	mode serial.Mode
	port serial.Port        // nil while unplugged
	peer io.ReadWriteCloser // the program, or nil
}

// run opens the host end whenever it is plugged in, until ctx ends.
func (b *bridge) run(ctx context.Context) {
	for ctx.Err() == nil {
		changed := b.wire.PlugChanged()
		b.serve(ctx)
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// serve opens the host end and hands over what the device says until it ends.
func (b *bridge) serve(ctx context.Context) {
	b.mu.Lock()
	m := b.mode
	if m.Baud == 0 {
		m.Baud = 115200 // what a simulated UART starts with
	}
	b.mu.Unlock()
	port, err := b.wire.Adapter().Open(ctx, m)
	if err != nil {
		return
	}
	defer port.Close()
	defer context.AfterFunc(ctx, func() { port.Close() })()
	b.mu.Lock()
	b.port = port
	late := b.mode.Baud != 0 && b.mode != m
	now := b.mode
	b.mu.Unlock()
	if late {
		port.SetMode(ctx, now)
	}
	buf := make([]byte, 4096)
	for {
		n, err := port.Read(buf)
		if n > 0 {
			b.toPeer(buf[:n])
		}
		if err != nil {
			b.mu.Lock()
			b.port = nil
			b.mu.Unlock()
			return
		}
	}
}

// toPeer hands bytes to the program, if there is one and it reads.
func (b *bridge) toPeer(p []byte) {
	b.mu.Lock()
	peer := b.peer
	b.mu.Unlock()
	if peer == nil {
		return
	}
	if d, ok := peer.(interface{ SetWriteDeadline(time.Time) error }); ok {
		d.SetWriteDeadline(time.Now().Add(readerPatience))
	}
	if _, err := peer.Write(p); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		peer.Close()
	}
}

// fromPeer hands over what a program says until it goes. There is one program at a
// time; fromPeer returns false at once when another one is there.
func (b *bridge) fromPeer(peer io.ReadWriteCloser) bool {
	b.mu.Lock()
	if b.peer != nil {
		b.mu.Unlock()
		return false
	}
	b.peer = peer
	b.mu.Unlock()
	buf := make([]byte, 4096)
	for {
		n, err := peer.Read(buf)
		if n > 0 {
			b.write(buf[:n])
		}
		if err != nil {
			b.mu.Lock()
			b.peer = nil
			b.mu.Unlock()
			return true
		}
	}
}

// write hands bytes to the device; they are lost while it is unplugged.
func (b *bridge) write(p []byte) {
	b.mu.Lock()
	port := b.port
	b.mu.Unlock()
	if port != nil {
		port.Write(p)
	}
}

// setMode sets the mode of the host end, now and after each plugging.
func (b *bridge) setMode(ctx context.Context, m serial.Mode) {
	b.mu.Lock()
	changed := b.mode != m
	b.mode = m
	port := b.port
	b.mu.Unlock()
	if changed && port != nil {
		port.SetMode(ctx, m)
	}
}

// listen lets programs connect.
func (l *Lab) listen(ctx context.Context, d *Device, b *bridge, addr string) error {
	listener, err := listenLoopback(ctx, addr)
	if err != nil {
		return err
	}
	d.setAddress(listener.Addr())
	l.log("%s is exposed on %s", d.spec.Name, listener.Addr())
	context.AfterFunc(ctx, func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go b.meet(ctx, c)
		}
	}()
	return nil
}

// dial connects to a program that listens, again whenever the connection ends.
func (b *bridge) dial(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		if c, err := dialLoopback(ctx, addr); err == nil {
			b.meet(ctx, c)
		}
		pause(ctx, attachEvery)
	}
}

// meet serves a connection until it ends.
func (b *bridge) meet(ctx context.Context, c net.Conn) {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	b.fromPeer(c)
}

// link makes a PTY and a symbolic link to it.
func (l *Lab) link(ctx context.Context, d *Device, b *bridge, path string, work *sync.WaitGroup) error {
	pair, err := openPTY()
	if err != nil {
		return err
	}
	if err := relink(pair.path, path); err != nil {
		pair.Close()
		return err
	}
	l.log("%s is exposed on %s", d.spec.Name, path)
	work.Go(func() {
		<-ctx.Done()
		if target, err := os.Readlink(path); err == nil && target == pair.path {
			os.Remove(path)
		}
		pair.Close()
	})
	work.Go(func() { b.fromPeer(&watched{ptyPair: pair, bridge: b, ctx: ctx}) })
	work.Go(func() {
		for ctx.Err() == nil {
			b.look(ctx, pair)
			pause(ctx, lookEvery)
		}
	})
	return nil
}

// relink points a symbolic link at target. It replaces a link, but no file.
func relink(target, path string) error {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSymlink == 0 {
			return fmt.Errorf("%s exists and is no symbolic link", path)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return os.Symlink(target, path)
}

// look gives the host end the mode that the program set on the PTY.
func (b *bridge) look(ctx context.Context, pair *ptyPair) {
	if m, err := pair.master.mode(); err == nil && m.Baud > 0 {
		b.setMode(ctx, m)
	}
}

// watched is our end of a PTY; the rate is looked at before bytes pass.
type watched struct {
	*ptyPair
	bridge *bridge
	ctx    context.Context
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.master.Read(p)
	w.bridge.look(w.ctx, w.ptyPair)
	return n, err
}

func (w *watched) Write(p []byte) (int, error) {
	w.master.SetWriteDeadline(time.Now().Add(readerPatience))
	n, err := w.master.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.flush() // who comes later shall not read what is long past
	}
	return n, err
}

// followed is a device whose changes of mode the host end of its wire makes too.
type followed struct {
	sim.Device
	bridge *bridge
}

func (f *followed) Run(ctx context.Context, u sim.UART) error {
	return f.Device.Run(ctx, &followedUART{u, f.bridge, ctx})
}

type followedUART struct {
	sim.UART
	bridge *bridge
	ctx    context.Context
}

func (u *followedUART) SetMode(m serial.Mode) error {
	if m.Baud > 0 {
		u.bridge.setMode(u.ctx, m)
	}
	return u.UART.SetMode(m)
}
