// Package host plays a Network Co-Processor for a Primary MCU on a serial port, and the
// cloud behind it: it answers the MCU's bring-up, follows its change of rate, keeps what
// it writes to pins, and updates its firmware.
//
// It behaves as the deployed firmware does (protocol sheet), except that there is no
// network: the cloud is whoever uses a Host.
package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// Options describe the NCP that is played. The zero value is one as it comes.
type Options struct {
	Baud    int    // at which it starts, in bits per second; 0: 38400
	MaxBaud int    // fastest that it agrees to; 0: 2,000,000
	Version string // of its firmware; empty: "0.7.0"
	MAC     string // of its Wi-Fi; empty: a made-up one
	Lat     string // where it is; empty: not known
	Lon     string
	Olson   string // name of the time zone
	PosixTZ string
	// Missing are methods that it lacks, as older firmware does.
	Missing []uint16
	// Provisioned is whether a phone has given it a network. Otherwise it waits for one
	// after the bring-up, until Provision.
	Provisioned bool
	// Changed is called after the State has changed, from any goroutine; it must not
	// wait. nil: nobody listens.
	Changed func()
	// OnNoise gets what the MCU prints outside of frames. It must not wait nor keep the
	// slice. nil: nobody listens.
	OnNoise func([]byte)
}

// Defaults of Options, and times of the deployed firmware (protocol sheet, "UART and
// framing", "Staying alive").
const (
	startBaud   = 38400
	maxBaud     = 2_000_000
	quietFor    = 25 * time.Second // without a word of the MCU, then it is pinged
	pingEvery   = 5 * time.Second
	pings       = 5                      // unanswered: the NCP starts again
	connectStep = 300 * time.Millisecond // of each state on the way to the cloud
)

// Host is one NCP on one port.
type Host struct {
	port serial.Port
	o    Options
	rpc  *rpc.Endpoint
	mcu  *ncp.MCU

	mu     sync.Mutex
	st     State
	heard  time.Time
	update *ota.Sender // under way; nil: none
	boot   int         // counts the starts: what one start began, the next ends
	ended  error       // how Run ended; nil: it has not
	leave  func(error) // tells the update that Run has ended; nil: none is under way
	rate   chan int    // capacity 1: the rate that was agreed on
}

// New makes a Host on an open port. The port stays the caller's.
func New(port serial.Port, o Options) *Host {
	if o.Baud <= 0 {
		o.Baud = startBaud
	}
	if o.MaxBaud <= 0 {
		o.MaxBaud = maxBaud
	}
	if o.Version == "" {
		o.Version = "0.7.0"
	}
	if o.MAC == "" {
		o.MAC = "02:00:00:00:00:01"
	}
	h := &Host{port: port, o: o, rate: make(chan int, 1), heard: time.Now()}
	h.rpc = rpc.NewEndpoint(port, rpc.Config{Handler: heardBy{h, ncp.ServeNCP(h)}, OnNoise: o.OnNoise})
	h.mcu = ncp.NewMCU(h.rpc)
	h.st = State{NCP: ncp.StateNotInitialized, Baud: o.Baud}
	return h
}

// Endpoint returns the RPC endpoint, for tracing and for calls by hand.
func (h *Host) Endpoint() *rpc.Endpoint { return h.rpc }

// heardBy notes that the MCU has said something.
type heardBy struct {
	h *Host
	rpc.Handler
}

// ServeRPC implements rpc.Handler. A method that the NCP lacks is not answered, as
// deployed firmware does.
func (b heardBy) ServeRPC(ctx context.Context, req rpc.Request) ([]byte, error) {
	h := b.h
	h.mu.Lock()
	h.heard = time.Now()
	h.st.Heard = h.heard
	h.st.Calls++
	up := h.update
	h.mu.Unlock()
	if up != nil {
		up.Heard()
	}
	if !h.has(req.UID) {
		return nil, rpc.ErrNoReply
	}
	return b.Handler.ServeRPC(ctx, req)
}

// Run plays the NCP until ctx ends, which gives nil, or the port fails. It may run again
// on a port that works.
func (h *Host) Run(ctx context.Context) error {
	h.mu.Lock()
	h.ended = nil
	h.mu.Unlock()
	err := h.play(ctx)
	h.mu.Lock()
	h.ended = errors.Join(rpc.ErrClosed, err)
	if h.leave != nil {
		h.leave(h.ended)
	}
	h.mu.Unlock()
	return err
}

func (h *Host) play(ctx context.Context) error {
	if err := h.setRate(ctx, h.o.Baud); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served := make(chan error, 1)
	go func() { served <- h.rpc.Serve(ctx) }()
	err := h.live(ctx, served)
	cancel(nil)
	if err == nil {
		<-served
	}
	return err
}

// live changes the rate when that was agreed on, and starts again when the MCU is gone.
func (h *Host) live(ctx context.Context, served chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	missed, next := 0, time.Time{}
	for {
		select {
		case err := <-served:
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-ctx.Done():
			return nil
		case baud := <-h.rate:
			if err := h.switchRate(ctx, baud); err != nil {
				return err
			}
		case <-tick.C:
			h.mu.Lock()
			quiet, busy := time.Since(h.heard), h.update != nil
			initialized := h.st.Initialized
			h.mu.Unlock()
			if quiet < quietFor || busy || !initialized {
				missed, next = 0, time.Time{}
				continue
			}
			if time.Now().Before(next) {
				continue
			}
			if missed == pings {
				h.restart()
				if err := h.setRate(ctx, h.o.Baud); err != nil {
					return err
				}
				continue
			}
			missed, next = missed+1, time.Now().Add(pingEvery)
			go func() {
				if h.mcu.Ping(ctx) == nil {
					h.mu.Lock()
					h.heard = time.Now()
					h.mu.Unlock()
				}
			}()
		}
	}
}

// settle is how long the answer that promises a change of rate has to get to the line.
// It is short: an MCU pings 20 ms after the answer, and a port that can only be closed
// and opened again takes about as long. What is still in the adapter then leaves at the
// old rate, as SetMode waits for it.
const settle = time.Millisecond

// answerBytes is how long the answer to setUartBaudRate is on the line at most: 7 bytes
// that may be escaped, and the marks.
const answerBytes = 16

// switchRate changes the rate once the answer that promised it has left.
func (h *Host) switchRate(ctx context.Context, baud int) error {
	h.mu.Lock()
	old := h.st.Baud
	h.mu.Unlock()
	if baud == old {
		return nil
	}
	timer := time.NewTimer(serial.Mode{Baud: old}.Wire(answerBytes) + settle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil
	}
	return h.setRate(ctx, baud)
}

func (h *Host) setRate(ctx context.Context, baud int) error {
	mode := serial.Mode{Baud: baud}
	if err := h.port.SetMode(ctx, mode); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	h.rpc.SetByteTime(mode.Wire(1))
	h.change(func() { h.st.Baud = baud })
	return nil
}

// restart forgets what an NCP forgets when it starts.
func (h *Host) restart() {
	h.change(func() {
		h.boot++
		h.heard = time.Now()
		h.st.NCP, h.st.Initialized, h.st.Settings = ncp.StateNotInitialized, false, nil
		h.st.Boots++
	})
}

// Restart makes the NCP start again, as after a loss of power: the MCU has to bring it
// up anew, at the first rate.
func (h *Host) Restart(ctx context.Context) {
	if !h.checking() {
		_ = h.mcu.ProcessEvent(ctx, uint8(ncp.EventRebooting))
	}
	h.restart()
	h.agree(h.o.Baud)
}

// errUpdating is why a second update is refused.
var errUpdating = errors.New("host: an update is under way")

// Update sends a file to the MCU and waits until it has come back. One at a time. See
// ota.Sender for the errors. As deployed firmware does, the NCP starts again when the MCU
// has taken the file: the MCU brings it up anew, at the first rate.
func (h *Host) Update(ctx context.Context, file *ota.File, o ota.Options) (ota.Result, error) {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	listener, restarted := o.Event, false
	o.Event = func(ev ota.Event) {
		if ev.Phase == ota.PhaseRestart && !restarted {
			restarted = true
			go h.again(ctx, ev.Applied)
		}
		if listener != nil {
			listener(ev)
		}
	}
	s := ota.NewSender(h.rpc, file, o)
	h.mu.Lock()
	if err := h.ended; err != nil || h.update != nil {
		h.mu.Unlock()
		if err != nil {
			return ota.Result{}, &ota.Error{Code: ota.CodeLink, Runs: ota.FirmwareOld, Err: err}
		}
		return ota.Result{}, &ota.Error{Code: ota.CodeFile, Runs: ota.FirmwareOld, Err: errUpdating}
	}
	h.update, h.leave = s, leave
	if f := h.st.Firmware; !f.At.IsZero() {
		s.Before(f.Type, f.Version, f.Build)
	}
	h.mu.Unlock()
	defer h.change(func() { h.update, h.leave, h.heard = nil, nil, time.Now() })
	return s.Run(ctx)
}

// lostFor is how long an MCU that did not answer otaUpdateFinish may say nothing until
// the NCP starts again: it may look for it at the first rate only.
const lostFor = 3 * time.Second

// again starts the NCP anew behind an update, unless the MCU has found it as it is.
func (h *Host) again(ctx context.Context, applied bool) {
	if applied {
		h.Restart(ctx)
		return
	}
	since := time.Now()
	timer := time.NewTimer(lostFor)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	h.mu.Lock()
	found := h.heard.After(since)
	h.mu.Unlock()
	if !found {
		h.Restart(ctx)
	}
}

// Pause lets the update that is under way rest, or go on.
func (h *Host) Pause(rest bool) {
	if s := h.sender(); s != nil {
		s.Pause(rest)
	}
}

func (h *Host) sender() *ota.Sender {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.update
}

// change changes the state and tells it.
func (h *Host) change(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
	if h.o.Changed != nil {
		h.o.Changed()
	}
}
