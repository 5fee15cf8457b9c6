package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Display is an X server without a screen, for a browser with a window.
type Display struct {
	Name string // such as ":99"
	stop func()
}

// StartDisplay starts Xvfb on a display number that is free.
func StartDisplay(ctx context.Context) (*Display, error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, errors.New("no Xvfb: install the Debian package xvfb")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "-displayfd", "3", "-screen", "0", "1400x1000x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	err = cmd.Start()
	w.Close()
	if err != nil {
		cancel()
		return nil, err
	}
	stop := func() { cancel(); cmd.Wait() }
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		stop()
		return nil, err
	}
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	return &Display{Name: ":" + strings.TrimSpace(number), stop: stop}, nil
}

// Close ends the X server.
func (d *Display) Close() { d.stop() }
