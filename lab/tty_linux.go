package lab

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"ncpweb/serial"
)

// termios is the kernel's struct termios2, which takes any rate as a number. Source:
// the kernel's asm-generic/termbits.h; it is the same on all machines that Go runs
// Linux on but MIPS and PowerPC.
type termios struct {
	iflag, oflag, cflag, lflag uint32
	line                       uint8
	cc                         [19]uint8
	ispeed, ospeed             uint32
}

// Requests and flags of the kernel's asm-generic headers that package syscall lacks.
const (
	tcgets2  = 0x802C542A
	tcsets2  = 0x402C542B
	tcflsh   = 0x540B
	tiocmbis = 0x5416
	tiocmbic = 0x5417
	tiocsbrk = 0x5427
	tioccbrk = 0x5428

	cbaud    = 0x100F
	cibaud   = 0x100F0000
	bother   = 0x1000 // the rate is the number in ospeed
	crtscts  = 0x80000000
	tciflush = 0 // what was received and not read

	tiocmDTR = 0x002
	tiocmRTS = 0x004
)

// tty is a terminal device as a stream.
type tty struct{ *os.File }

// openTTY opens a PTY or a serial device for raw bytes.
func openTTY(path string) (stream, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
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
func makeRaw(t *termios) {
	t.iflag = syscall.IGNBRK
	t.oflag = 0
	t.lflag = 0
	t.cflag &^= syscall.CSIZE | syscall.PARENB | syscall.CSTOPB | crtscts
	t.cflag |= syscall.CS8 | syscall.CREAD | syscall.CLOCAL
	t.cc[syscall.VMIN], t.cc[syscall.VTIME] = 1, 0
}

func (t tty) setMode(m serial.Mode) error {
	return t.change(func(x *termios) {
		makeRaw(x)
		if m.DataBits == 7 {
			x.cflag = x.cflag&^syscall.CSIZE | syscall.CS7
		}
		switch m.Parity {
		case serial.ParityEven:
			x.cflag |= syscall.PARENB
		case serial.ParityOdd:
			x.cflag |= syscall.PARENB | syscall.PARODD
		}
		if m.StopBits == 2 {
			x.cflag |= syscall.CSTOPB
		}
		x.cflag = x.cflag&^(cbaud|cibaud) | bother
		x.ispeed, x.ospeed = uint32(m.Baud), uint32(m.Baud)
	})
}

// setSignals sets the lines; a PTY has none, which is no failure.
func (t tty) setSignals(s serial.Signals) error {
	var on, off int32
	for level, bit := range map[*serial.Level]int32{&s.DTR: tiocmDTR, &s.RTS: tiocmRTS} {
		switch *level {
		case serial.On:
			on |= bit
		case serial.Off:
			off |= bit
		}
	}
	var errs []error
	if on != 0 {
		errs = append(errs, t.ioctl(tiocmbis, unsafe.Pointer(&on)))
	}
	if off != 0 {
		errs = append(errs, t.ioctl(tiocmbic, unsafe.Pointer(&off)))
	}
	switch s.Break {
	case serial.On:
		errs = append(errs, t.ioctl(tiocsbrk, nil))
	case serial.Off:
		errs = append(errs, t.ioctl(tioccbrk, nil))
	}
	err := errors.Join(errs...)
	if errors.Is(err, syscall.ENOTTY) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// mode reads rate and framing as the program at the other end of a PTY set them.
func (t tty) mode() (serial.Mode, error) {
	var x termios
	if err := t.ioctl(tcgets2, unsafe.Pointer(&x)); err != nil {
		return serial.Mode{}, err
	}
	m := serial.Mode{Baud: int(x.ospeed)}
	if x.cflag&syscall.CSIZE == syscall.CS7 {
		m.DataBits = 7
	}
	if x.cflag&syscall.PARENB != 0 {
		m.Parity = serial.ParityEven
		if x.cflag&syscall.PARODD != 0 {
			m.Parity = serial.ParityOdd
		}
	}
	if x.cflag&syscall.CSTOPB != 0 {
		m.StopBits = 2
	}
	return m, nil
}

// change reads the settings, lets f change them and writes them back.
func (t tty) change(f func(*termios)) error {
	var x termios
	if err := t.ioctl(tcgets2, unsafe.Pointer(&x)); err != nil {
		return err
	}
	f(&x)
	return t.ioctl(tcsets2, unsafe.Pointer(&x))
}

func (t tty) ioctl(request uintptr, arg unsafe.Pointer) error {
	c, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = c.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	})
	if err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// ptyPair is a new PTY: master is our end, slave holds the other one open, so that
// a foreign program may come and go.
type ptyPair struct {
	master, slave tty
	path          string // of the slave
}

// openPTY makes a PTY in raw mode.
func openPTY() (*ptyPair, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	master := tty{f}
	var unlock int32
	var number uint32
	err = errors.Join(
		master.ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)),
		master.ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number)),
	)
	if err != nil {
		f.Close()
		return nil, err
	}
	path := "/dev/pts/" + strconv.Itoa(int(number))
	slave, err := openTTY(path)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &ptyPair{master: master, slave: slave.(tty), path: path}, nil
}

func (p *ptyPair) Close() error { return errors.Join(p.master.Close(), p.slave.Close()) }

// flush drops what the foreign program has not read.
func (p *ptyPair) flush() {
	c, err := p.slave.SyscallConn()
	if err != nil {
		return
	}
	c.Control(func(fd uintptr) { syscall.Syscall(syscall.SYS_IOCTL, fd, tcflsh, tciflush) })
}
