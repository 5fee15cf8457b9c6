package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// ErrNotLoopback refuses an address that other machines could reach, or that leads
// to one.
var ErrNotLoopback = errors.New("not a loopback address; use 127.0.0.1, [::1] or localhost")

// checkLoopback refuses a HOST:PORT that is not on loopback. A host that is a name
// must be localhost: other names can be pointed anywhere.
func checkLoopback(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q: want HOST:PORT", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("address %q: the port must be a number up to 65535", addr)
	}
	if host == "" || !isLoopbackHost(host) {
		return fmt.Errorf("address %q: %w", addr, ErrNotLoopback)
	}
	return nil
}

func checkAttach(target string) error {
	kind, where, _ := strings.Cut(target, ":")
	switch {
	case kind == "tcp":
		return checkLoopback(where)
	case kind == "listen":
		return checkLoopback(listenAddress(where))
	case kind == "pty" && where != "":
		return nil
	}
	return fmt.Errorf("attach to %q: want tcp:HOST:PORT, listen:PORT or pty:PATH", target)
}

func checkExpose(target string) error {
	kind, where, _ := strings.Cut(target, ":")
	switch {
	case kind == "tcp":
		return checkLoopback(listenAddress(where))
	case kind == "connect":
		return checkLoopback(where)
	case kind == "pty" && where != "":
		return nil
	}
	return fmt.Errorf("expose on %q: want tcp:PORT, pty:LINK or connect:HOST:PORT", target)
}

// listenAddress makes the PORT of tcp:PORT or listen:PORT an address; a HOST:PORT stays.
func listenAddress(where string) string {
	if strings.Contains(where, ":") {
		return where
	}
	return "127.0.0.1:" + where
}

// dialLoopback connects to a HOST:PORT, and listenLoopback listens on one.
func dialLoopback(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{Control: onlyLoopback}
	return d.DialContext(ctx, "tcp", addr)
}

func listenLoopback(ctx context.Context, addr string) (net.Listener, error) {
	c := net.ListenConfig{Control: onlyLoopback}
	return c.Listen(ctx, "tcp", addr)
}

// onlyLoopback refuses, for a net.Dialer or net.ListenConfig, every address that is not
// on loopback: a resolver may know localhost as something else.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	if !isLoopbackHost(address) {
		return fmt.Errorf("address %q: %w", address, ErrNotLoopback)
	}
	return nil
}
