package lab

import (
	"errors"
	"fmt"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"ncpweb/serial"
)

// tty is a terminal device as a stream.
type tty struct{ *os.File }

// openTTY opens a PTY or a serial device for raw bytes.
func openTTY(path string) (stream, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	t := tty{f}
	if err := t.change(makeRaw); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// makeRaw switches everything off that would touch the bytes.
func makeRaw(t *unix.Termios) {
	t.Iflag = unix.IGNBRK
	t.Oflag = 0
	t.Lflag = 0
	t.Cflag &^= unix.CSIZE | unix.PARENB | unix.CSTOPB | unix.CRTSCTS
	t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
}

func (t tty) setMode(m serial.Mode) error {
	return t.change(func(x *unix.Termios) {
		makeRaw(x)
		if m.DataBits == 7 {
			x.Cflag = x.Cflag&^unix.CSIZE | unix.CS7
		}
		switch m.Parity {
		case serial.ParityEven:
			x.Cflag |= unix.PARENB
		case serial.ParityOdd:
			x.Cflag |= unix.PARENB | unix.PARODD
		}
		if m.StopBits == 2 {
			x.Cflag |= unix.CSTOPB
		}
		// BOTHER: the rate is the number, so that any will do.
		x.Cflag = x.Cflag&^(unix.CBAUD|unix.CIBAUD) | unix.BOTHER
		x.Ispeed, x.Ospeed = uint32(m.Baud), uint32(m.Baud)
	})
}

// setSignals sets the lines; a PTY has none, which is no failure.
func (t tty) setSignals(s serial.Signals) error {
	var on, off int
	for level, bit := range map[*serial.Level]int{&s.DTR: unix.TIOCM_DTR, &s.RTS: unix.TIOCM_RTS} {
		switch *level {
		case serial.On:
			on |= bit
		case serial.Off:
			off |= bit
		}
	}
	err := t.control(func(fd int) error {
		var errs []error
		if on != 0 {
			errs = append(errs, unix.IoctlSetPointerInt(fd, unix.TIOCMBIS, on))
		}
		if off != 0 {
			errs = append(errs, unix.IoctlSetPointerInt(fd, unix.TIOCMBIC, off))
		}
		switch s.Break {
		case serial.On:
			errs = append(errs, unix.IoctlSetInt(fd, unix.TIOCSBRK, 0))
		case serial.Off:
			errs = append(errs, unix.IoctlSetInt(fd, unix.TIOCCBRK, 0))
		}
		return errors.Join(errs...)
	})
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// mode reads rate and framing as the program at the other end of a PTY set them.
func (t tty) mode() (serial.Mode, error) {
	var m serial.Mode
	err := t.control(func(fd int) error {
		x, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err != nil {
			return err
		}
		m.Baud = int(x.Ospeed)
		if x.Cflag&unix.CSIZE == unix.CS7 {
			m.DataBits = 7
		}
		if x.Cflag&unix.PARENB != 0 {
			m.Parity = serial.ParityEven
			if x.Cflag&unix.PARODD != 0 {
				m.Parity = serial.ParityOdd
			}
		}
		if x.Cflag&unix.CSTOPB != 0 {
			m.StopBits = 2
		}
		return nil
	})
	return m, err
}

// change reads the settings, lets f change them and writes them back.
func (t tty) change(f func(*unix.Termios)) error {
	return t.control(func(fd int) error {
		x, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err != nil {
			return err
		}
		f(x)
		return unix.IoctlSetTermios(fd, unix.TCSETS2, x)
	})
}

// control does something with the file descriptor, which Fd would make blocking.
func (t tty) control(f func(fd int) error) error {
	c, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// ptyPair is a new PTY: master is our end, slave holds the other one open, so that
// a foreign program may come and go.
type ptyPair struct {
	master, slave tty
	path          string // of the slave
}

// openPTY makes a PTY in raw mode.
func openPTY() (*ptyPair, error) {
	m, first, err := pty.Open()
	if err != nil {
		return nil, err
	}
	path := first.Name()
	// Ours is opened anew, so that reading and writing it can be ended.
	slave, err := openTTY(path)
	first.Close()
	if err != nil {
		m.Close()
		return nil, err
	}
	return &ptyPair{master: tty{m}, slave: slave.(tty), path: path}, nil
}

func (p *ptyPair) Close() error { return errors.Join(p.master.Close(), p.slave.Close()) }

// flush drops what the foreign program has not read.
func (p *ptyPair) flush() {
	_ = p.slave.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) })
}
