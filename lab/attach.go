package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/serial/inbox"
)

// attachEvery is the time between two attempts to reach a foreign device.
const attachEvery = 200 * time.Millisecond

// stream is the byte stream to a foreign device.
type stream interface {
	io.ReadWriteCloser
	// SetWriteDeadline bounds present and future Writes.
	SetWriteDeadline(time.Time) error
	// setMode and setSignals reach the line where there is one.
	setMode(serial.Mode) error
	setSignals(serial.Signals) error
}

// socket is a TCP connection as a stream: it has no line.
type socket struct{ net.Conn }

func (socket) setMode(serial.Mode) error       { return nil }
func (socket) setSignals(serial.Signals) error { return nil }

// attach keeps a foreign device in the list of ports for as long as it is there: a
// connection is a plugged adapter, its end an unplugged one.
func (l *Lab) attach(ctx context.Context, d *Device) {
	reach, err := l.reacher(ctx, d)
	if err != nil {
		l.log("%s cannot be attached: %v", d.spec.Name, err)
		return
	}
	waiting := false
	for ctx.Err() == nil {
		s, err := reach()
		if err != nil {
			if !waiting {
				l.log("%s is not there yet: %v", d.spec.Name, err)
			}
			waiting = true
			pause(ctx, attachEvery)
			continue
		}
		waiting = false
		l.log("%s is plugged in", d.spec.Name)
		stop := context.AfterFunc(ctx, func() { s.Close() })
		a := &foreign{info: serial.Info{Name: d.spec.Name}, stream: s}
		unplug := l.ports.plug(d.entry(), d.order, a)
		err = a.pump()
		unplug()
		stop()
		s.Close()
		l.log("%s is unplugged: %v", d.spec.Name, err)
		pause(ctx, attachEvery)
	}
}

// reacher returns what opens the stream to a foreign device, or waits for it to come.
func (l *Lab) reacher(ctx context.Context, d *Device) (func() (stream, error), error) {
	where, ok := strings.CutPrefix(d.spec.Attach, "listen:")
	if !ok {
		return func() (stream, error) { return reach(ctx, d.spec.Attach) }, nil
	}
	listener, err := listenLoopback(ctx, listenAddress(where))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	d.setAddress(listener.Addr())
	return func() (stream, error) {
		c, err := listener.Accept() // another one waits until this one has gone
		return socket{c}, err
	}, nil
}

// reach opens the stream to a foreign device.
func reach(ctx context.Context, target string) (stream, error) {
	kind, where, _ := strings.Cut(target, ":")
	if kind == "pty" {
		return openTTY(where)
	}
	c, err := dialLoopback(ctx, where)
	if err != nil {
		return nil, err
	}
	return socket{c}, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// foreign is the adapter of a foreign device, from its plugging to its unplugging.
// What it sends while the port is closed is lost, as with any adapter.
type foreign struct {
	info   serial.Info
	stream stream

	mu   sync.Mutex
	port *foreignPort // nil while closed
	lost error        // why it is gone
}

// pump takes what the device sends until it is gone, and returns why.
func (a *foreign) pump() error {
	buf := make([]byte, 32<<10)
	for {
		n, err := a.stream.Read(buf)
		a.mu.Lock()
		p := a.port
		if err != nil {
			a.lost = fmt.Errorf("%w: %w", serial.ErrLost, err)
		}
		a.mu.Unlock()
		if p != nil && n > 0 {
			p.in.Put(n, func(dst []byte) { copy(dst, buf) })
		}
		if err != nil {
			if p != nil {
				p.in.End(a.lost)
			}
			return err
		}
	}
}

// Info tells the device's name.
func (a *foreign) Info() serial.Info { return a.info }

// Open opens the port. The device notices it by the mode and the signals only.
func (a *foreign) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.lost != nil:
		return nil, &serial.OpenError{Reason: serial.OpenLost, Info: a.info, Err: a.lost}
	case a.port != nil:
		return nil, &serial.OpenError{Reason: serial.OpenBusy, Info: a.info}
	}
	if err := a.stream.setMode(m); err != nil {
		return nil, &serial.OpenError{Reason: serial.OpenMode, Info: a.info, Err: err}
	}
	if err := a.stream.setSignals(serial.Signals{DTR: serial.On, RTS: serial.On}); err != nil {
		return nil, &serial.OpenError{Reason: serial.OpenFailed, Info: a.info, Err: err}
	}
	a.stream.SetWriteDeadline(time.Time{})
	a.port = &foreignPort{adapter: a, in: inbox.New()}
	return a.port, nil
}

// foreignPort is an open port of a foreign device.
type foreignPort struct {
	adapter *foreign
	in      *inbox.Box
}

var _ serial.Port = (*foreignPort)(nil)

// state returns why the port is at its end, or nil.
func (p *foreignPort) state() error {
	a := p.adapter
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.port != p {
		return serial.ErrClosed
	}
	return a.lost
}

func (p *foreignPort) Info() serial.Info                 { return p.adapter.info }
func (p *foreignPort) Read(b []byte) (int, error)        { return p.in.Read(b) }
func (p *foreignPort) SetReadDeadline(t time.Time) error { return p.in.SetDeadline(t) }

func (p *foreignPort) Write(b []byte) (int, error) {
	if err := p.state(); err != nil {
		return 0, err
	}
	n, err := p.adapter.stream.Write(b)
	if err != nil {
		return n, p.failed(err)
	}
	return n, nil
}

// failed explains an error of the stream. One that breaks while the device is
// thought to be there means that it is not.
func (p *foreignPort) failed(err error) error {
	if state := p.state(); state != nil {
		return state
	}
	return errors.Join(serial.ErrLost, err)
}

func (p *foreignPort) SetMode(ctx context.Context, m serial.Mode) error {
	if err := p.state(); err != nil {
		return err
	}
	return p.adapter.stream.setMode(m)
}

func (p *foreignPort) SetSignals(ctx context.Context, s serial.Signals) error {
	if err := p.state(); err != nil {
		return err
	}
	return p.adapter.stream.setSignals(s)
}

func (p *foreignPort) Close() error {
	p.in.Close()
	a := p.adapter
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.port != p {
		return nil
	}
	a.port = nil
	a.stream.SetWriteDeadline(time.Now()) // wakes a Write
	if a.lost == nil {
		a.stream.setSignals(serial.Signals{DTR: serial.Off, RTS: serial.Off, Break: serial.Off})
	}
	return nil
}
