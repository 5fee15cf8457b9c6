package host

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/sim"
)

// uartPort is the far end of a simulated wire as a port.
type uartPort struct{ sim.UART }

func (p uartPort) SetMode(_ context.Context, m serial.Mode) error { return p.UART.SetMode(m) }
func (uartPort) SetSignals(context.Context, serial.Signals) error { return nil }
func (uartPort) Info() serial.Info                                { return serial.Info{} }
func (uartPort) Close() error                                     { return nil }

// mcu is the MCU's side: the product's own link, and what it is told.
type mcu struct {
	link.Base
	ncp.MCUHandler
	mu     sync.Mutex
	pins   map[uint16]string
	states []ncp.State
	r      *ota.Receiver
}

func (m *mcu) Ping(context.Context) error                   { return nil }
func (m *mcu) Reboot(context.Context) (bool, error)         { return true, nil }
func (m *mcu) HasUID(context.Context, uint16) (bool, error) { return true, nil }
func (m *mcu) ProcessEvent(context.Context, uint8) error    { return nil }
func (m *mcu) BlynkVPinChange(_ context.Context, pin uint16, v []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pins[pin] = string(v)
	return nil
}
func (m *mcu) BlynkStateChange(_ context.Context, s uint8) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states = append(m.states, ncp.State(s))
	return nil
}
func (m *mcu) OtaUpdateAvailable(ctx context.Context, name string, size uint32, a, b, c string) (bool, error) {
	return m.r.Available(ctx, ota.Offer{Name: name, Size: int64(size), Type: a, Version: b, Build: c})
}
func (m *mcu) OtaUpdateWrite(ctx context.Context, o uint32, b []byte, crc uint32) (bool, error) {
	return m.r.Write(ctx, o, b, crc)
}
func (m *mcu) OtaUpdateFinish(ctx context.Context) (bool, error) { return m.r.Finish(ctx) }
func (m *mcu) OtaUpdateCancel(ctx context.Context) error         { return m.r.Cancel(ctx) }

// TestBringUp: an MCU brings the played NCP up, changes its rate, sends and gets pins,
// takes an update and comes back; when it is gone for long the NCP starts again.
func TestBringUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(sim.WireOptions{Latency: time.Millisecond})
		defer wire.Close()
		port, err := wire.Adapter().Open(t.Context(), serial.Mode{Baud: startBaud})
		if err != nil {
			t.Fatal(err)
		}
		h := New(uartPort{wire.UART()}, Options{Provisioned: true, Missing: []uint16{ncp.UIDBlynkSetTime}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()

		m := &mcu{pins: make(map[uint16]string)}
		ep := rpc.NewEndpoint(port, rpc.Config{Handler: ncp.ServeMCU(m)})
		m.r = ota.NewReceiver(ep, ota.ReceiverOptions{})
		serveCtx, stop := context.WithCancel(t.Context())
		go ep.Serve(serveCtx)
		c := ncp.NewNCP(ep)
		must := func(what string, ok bool, err error) {
			t.Helper()
			if !ok || err != nil {
				t.Fatalf("%s: %v, %v", what, ok, err)
			}
		}
		must("ping", true, c.Ping(ctx))
		ok, err := c.SetUartBaudRate(ctx, 460800)
		must("rate", ok, err)
		if err := port.SetMode(ctx, serial.Mode{Baud: 460800}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		must("ping at the new rate", true, c.Ping(ctx))
		if ok, _ := c.SetUartBaudRate(ctx, 20_000_000); ok {
			t.Error("a rate that cannot be is agreed on")
		}
		if ok, err := c.HasUID(ctx, ncp.UIDBlynkSetTime); ok || err != nil {
			t.Errorf("a missing method is there: %v, %v", ok, err)
		}
		if _, err := c.SetTime(ctx, 1); err == nil {
			t.Error("a missing method is answered")
		}
		info := func(version string) {
			ok, err := c.SetFirmwareInfo(ctx, "TMPLx", version, "today", "1.3.2")
			must("info", ok, err)
		}
		info("1.0.0")
		ok, err = c.Initialize(ctx, "XX", "Name")
		if ok || err != nil {
			t.Errorf("a template id that is none: %v, %v", ok, err)
		}
		ok, err = c.Initialize(ctx, "TMPLx", "Name")
		must("initialize", ok, err)
		time.Sleep(2 * time.Second)
		m.mu.Lock()
		if len(m.states) == 0 || m.states[len(m.states)-1] != ncp.StateConnected {
			t.Errorf("states %v", m.states)
		}
		m.mu.Unlock()
		if err := c.VirtualWrite(ctx, 5, []byte("23.5")); err != nil {
			t.Fatal(err)
		}
		if err := h.SetPin(ctx, 7, []byte("on")); err != nil {
			t.Fatal(err)
		}
		if err := c.SyncVirtual(ctx, []byte("5\x00bad\x009")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		st := h.State()
		if len(st.Pins) != 2 || string(st.Pins[0].Value) != "23.5" || st.Pins[0].FromCloud || !st.Pins[1].FromCloud || st.Firmware.Version != "1.0.0" || st.Template != "TMPLx" {
			t.Errorf("%+v", st)
		}
		m.mu.Lock()
		if m.pins[7] != "on" || m.pins[5] != "23.5" {
			t.Errorf("the MCU has %v", m.pins)
		}
		m.mu.Unlock()

		data := bytes.Repeat([]byte("firmware"), 1000)
		file := &ota.File{Name: "app.bin", Type: "TMPLx", Version: "2.0.0", Data: data, Digests: ota.Sum(data)}
		go func() {
			for {
				time.Sleep(100 * time.Millisecond)
				if _, _, ok := m.r.File(); ok {
					time.Sleep(time.Second)
					_ = port.SetMode(ctx, serial.Mode{Baud: startBaud}) // where the NCP starts again
					info("2.0.0")
					_, _ = c.Initialize(ctx, "TMPLx", "Name")
					return
				}
			}
		}()
		res, err := h.Update(ctx, file, ota.Options{})
		if err != nil || !res.Proven || res.Version != "2.0.0" {
			t.Errorf("%+v, %v", res, err)
		}

		time.Sleep(time.Second)
		stop() // the MCU is gone: nobody answers the pings
		boots := h.State().Boots
		time.Sleep(2 * time.Minute)
		if st := h.State(); st.Boots != boots+1 || st.NCP != ncp.StateNotInitialized || st.Baud != startBaud {
			t.Errorf("after two minutes of silence: %+v", st)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestBounds: an MCU that writes without end fills nothing.
func TestBounds(t *testing.T) {
	h := New(uartPort{}, Options{})
	for i := range 5000 {
		h.VirtualWrite(t.Context(), uint16(i), make([]byte, 3000))
		h.LogEvent(t.Context(), "code", string(make([]byte, 3000)))
	}
	st := h.State()
	if len(st.Pins) != maxPins || len(st.Notes) != maxNotes || len(st.Pins[0].Value) != maxValue || len(st.Notes[0].Text) > maxText {
		t.Errorf("%d pins, %d notes", len(st.Pins), len(st.Notes))
	}
}
