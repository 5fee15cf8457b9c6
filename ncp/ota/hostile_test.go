package ota_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/host"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/sim"
)

// villain is an MCU made by hand: it accepts every offer, and does what do says then.
type villain struct {
	ncp.MCUHandler
	c    *ncp.NCP
	uart sim.UART
	do   func(v *villain)
}

func (v *villain) Ping(context.Context) error { return nil }
func (v *villain) OtaUpdateAvailable(context.Context, string, uint32, string, string, string) (bool, error) {
	go v.do(v)
	return true, nil
}
func (v *villain) OtaUpdateWrite(context.Context, uint32, []byte, uint32) (bool, error) {
	return true, nil
}
func (v *villain) OtaUpdateFinish(context.Context) (bool, error) { return true, nil }
func (v *villain) ProcessEvent(context.Context, uint8) error     { return nil }
func (v *villain) BlynkStateChange(context.Context, uint8) error { return nil }
func (v *villain) OtaUpdateCancel(context.Context) error         { return nil }

// TestHostileMCU: whatever an MCU does, an update ends in time, with a reason.
func TestHostileMCU(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		do    func(v *villain)
		codes []ota.Code
		limit time.Duration
	}{
		{"pings without end", func(v *villain) {
			for v.c.Ping(ctx) == nil {
			}
		}, []ota.Code{ota.CodeSilent}, 6 * time.Minute},
		{"asks for the rate without end", func(v *villain) {
			for {
				if _, err := v.c.SetUartBaudRate(ctx, 38400); errors.Is(err, rpc.ErrClosed) {
					return
				}
			}
		}, []ota.Code{ota.CodeSilent}, 6 * time.Minute},
		{"rates that it does not go to", func(v *villain) {
			for i := range uint32(300) {
				_, _ = v.c.SetUartBaudRate(ctx, 9600+i)
			}
		}, []ota.Code{ota.CodeSilent}, 8 * time.Minute},
		{"starts without end", func(v *villain) {
			for i := uint16(1); ; i += 77 {
				if _, err := v.c.OtaUpdateStart(ctx, i); errors.Is(err, rpc.ErrClosed) {
					return
				}
			}
		}, []ota.Code{ota.CodeDigest, ota.CodeGone, ota.CodeChunk}, 20 * time.Minute},
		{"answers with wrong ids", func(v *villain) {
			_, _ = v.c.OtaUpdateStart(ctx, 1024)
			for i := range 4000 {
				_, err := v.uart.Write(frame.Append(nil, []byte{0x12, 0xA5, byte(i), byte(i>>8) + 0x40, 0, 1}))
				if err != nil {
					return
				}
			}
		}, []ota.Code{ota.CodeGone, ota.CodeSilent, ota.CodeDigest}, 8 * time.Minute},
		{"giant texts", func(v *villain) {
			long := strings.Repeat("x", 340)
			for range 200 {
				_, _ = v.c.SetFirmwareInfo(ctx, long, long, long, long)
				_, _ = v.c.Initialize(ctx, "TMPL"+long, long)
			}
		}, []ota.Code{ota.CodeSilent}, 8 * time.Minute},
	} {
		var err error
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			wire := sim.NewWire(sim.WireOptions{Latency: time.Millisecond, Reopen: 20 * time.Millisecond})
			port, openErr := wire.Adapter().Open(t.Context(), serial.Mode{Baud: 38400})
			if openErr != nil {
				t.Fatal(openErr)
			}
			h := host.New(port, host.Options{})
			v := &villain{uart: wire.UART(), do: c.do}
			_ = v.uart.SetMode(serial.Mode{Baud: 38400})
			ep := rpc.NewEndpoint(v.uart, rpc.Config{Handler: ncp.ServeMCU(v)})
			v.c = ncp.NewNCP(ep)
			run, stop := context.WithCancel(ctx)
			ended := make(chan struct{}, 2)
			go func() { _ = h.Run(run); ended <- struct{}{} }()
			go func() { _ = ep.Serve(run); ended <- struct{}{} }()
			data := bytes.Repeat([]byte{1}, 4000)
			f := &ota.File{Name: "a.bin", Type: "TMPLx", Version: "2", Data: data, Digests: ota.Sum(data)}
			began := time.Now()
			_, err = h.Update(t.Context(), f, ota.Options{})
			took = time.Since(began)
			if st := h.State(); len(st.Firmware.Type) > 256 || len(st.Template) > 256 {
				t.Error("texts are kept in full")
			}
			stop()
			<-ended
			<-ended
			wire.Close()
		})
		var e *ota.Error
		if !errors.As(err, &e) || took > c.limit {
			t.Errorf("%s: %v after %v", c.name, err, took)
			continue
		}
		found := false
		for _, code := range c.codes {
			found = found || e.Code == code
		}
		if !found {
			t.Errorf("%s: code %d: %v after %v", c.name, e.Code, err, took)
		}
		t.Logf("%s: code %d in %s after %v", c.name, e.Code, e.Phase, took)
	}
}
