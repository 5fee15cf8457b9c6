//go:build !linux

package lab

import (
	"errors"

	"ncpweb/serial"
)

var errNoTTY = errors.New("terminal devices are supported on Linux only")

// tty is a terminal device as a stream.
type tty struct{ socket }

func (tty) mode() (serial.Mode, error) { return serial.Mode{}, errNoTTY }

func openTTY(string) (stream, error) { return nil, errNoTTY }

type ptyPair struct {
	master tty
	path   string
}

func openPTY() (*ptyPair, error) { return nil, errNoTTY }

func (*ptyPair) Close() error { return nil }
func (*ptyPair) flush()       {}
