package serialtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"ncpweb/serial"
)

// pipeAdapter opens a new pipe each time.
type pipeAdapter struct {
	rig  *pipeRig
	dead bool
}

// pipeRig is a far end that outlives the pipes.
type pipeRig struct {
	mu      sync.Mutex
	present *pipeAdapter
	host    *pipeHost
	far     *PipePort
}

// pipeHost frees the adapter when it is closed and has lines.
type pipeHost struct {
	*PipePort
	rig *pipeRig
}

func (h *pipeHost) Close() error {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if h.rig.host == h {
		h.rig.host = nil
	}
	return h.PipePort.Close()
}

func (a *pipeAdapter) Info() serial.Info { return serial.Info{Name: "pipe"} }

func (a *pipeAdapter) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	r := a.rig
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.dead {
		return nil, &serial.OpenError{Reason: serial.OpenLost}
	}
	if r.host != nil {
		return nil, &serial.OpenError{Reason: serial.OpenBusy}
	}
	near, far := Pipe()
	r.host, r.far = &pipeHost{near, r}, far
	return r.host, near.SetSignals(ctx, serial.Signals{DTR: serial.On, RTS: serial.On})
}

func (r *pipeRig) end() *PipePort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.far
}

func (r *pipeRig) Read(b []byte) (int, error)  { return r.end().Read(b) }
func (r *pipeRig) Write(b []byte) (int, error) { return r.end().Write(b) }

func TestPipe(t *testing.T) {
	TestPort(t, func(t *testing.T) Rig {
		r := &pipeRig{}
		plug := func() serial.Adapter {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.present = &pipeAdapter{rig: r}
			return r.present
		}
		return Rig{
			Adapter: plug(),
			Peer:    r,
			Plug:    plug,
			Unplug: func() {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.present.dead = true
				r.host.Unplug()
				r.host = nil
			},
			Lines: func() (bool, bool) {
				r.mu.Lock()
				defer r.mu.Unlock()
				if r.host == nil {
					return false, false
				}
				s := r.host.Signals()
				return s.DTR == serial.On, s.RTS == serial.On
			},
			Stuck:  pipeBuffer + 1,
			Settle: 20 * time.Millisecond,
		}
	})
}

// TestPipeEcho runs a rig without a peer of its own.
func TestPipeEcho(t *testing.T) {
	TestPort(t, func(t *testing.T) Rig {
		r := &pipeRig{}
		r.present = &pipeAdapter{rig: r}
		return Rig{Adapter: echoAdapter{r.present}, Settle: 20 * time.Millisecond}
	})
}

type echoAdapter struct{ *pipeAdapter }

func (a echoAdapter) Open(ctx context.Context, m serial.Mode) (serial.Port, error) {
	p, err := a.pipeAdapter.Open(ctx, m)
	if err == nil {
		far := a.rig.end()
		go func() {
			buf := make([]byte, 512)
			for {
				n, err := far.Read(buf)
				if err != nil {
					return
				}
				far.Write(buf[:n])
			}
		}()
	}
	return p, err
}
