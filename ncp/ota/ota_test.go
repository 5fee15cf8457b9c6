package ota

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/sim"
)

// ncpSide answers what an MCU asks its NCP in an update.
type ncpSide struct {
	ncp.NCPHandler
	s *Sender
}

func (h *ncpSide) OtaUpdatePrefetch(ctx context.Context) (uint8, error) {
	st, err := h.s.Prefetch(ctx)
	return uint8(st), err
}
func (h *ncpSide) OtaUpdateStart(ctx context.Context, chunk uint16) (bool, error) {
	return h.s.StartUpdate(ctx, chunk)
}
func (h *ncpSide) OtaUpdateSuspend(ctx context.Context, s uint16) (bool, error) {
	return h.s.Suspend(ctx, s)
}
func (h *ncpSide) OtaUpdateGetMD5(ctx context.Context) ([]byte, bool, error) {
	d, ok := h.s.Digests(ctx)
	return d.MD5[:], ok, nil
}
func (h *ncpSide) OtaUpdateGetSHA256(ctx context.Context) ([]byte, bool, error) {
	d, ok := h.s.Digests(ctx)
	return d.SHA256[:], ok, nil
}
func (h *ncpSide) OtaUpdateGetCRC32(ctx context.Context) (uint32, bool, error) {
	d, ok := h.s.Digests(ctx)
	return d.CRC32, ok, nil
}
func (h *ncpSide) SetFirmwareInfo(_ context.Context, fwType, version, build, _ string) (bool, error) {
	h.s.FirmwareInfo(fwType, version, build)
	return true, nil
}

// mcuSide is an MCU made of a Receiver: it restarts when it has the file.
type mcuSide struct {
	ncp.MCUHandler
	r       *Receiver
	client  *ncp.NCP
	runs    atomic.Pointer[report] // what it runs
	applies bool
	next    report
}

func (h *mcuSide) OtaUpdateAvailable(ctx context.Context, name string, size uint32, fwType, version, build string) (bool, error) {
	h.next = report{fwType, version, build}
	return h.r.Available(ctx, Offer{Name: name, Size: int64(size), Type: fwType, Version: version, Build: build})
}
func (h *mcuSide) OtaUpdateWrite(ctx context.Context, offset uint32, chunk []byte, crc uint32) (bool, error) {
	return h.r.Write(ctx, offset, chunk, crc)
}
func (h *mcuSide) OtaUpdateFinish(ctx context.Context) (bool, error) {
	ok, err := h.r.Finish(ctx)
	if ok {
		if h.applies {
			h.runs.Store(&h.next)
		}
		go h.restart(3 * time.Second)
	}
	return ok, err
}
func (h *mcuSide) OtaUpdateCancel(ctx context.Context) error { return h.r.Cancel(ctx) }

// restart brings the NCP up again after a while, until it is told that it worked.
func (h *mcuSide) restart(after time.Duration) {
	time.Sleep(after)
	for range 5 {
		rep := h.runs.Load()
		if ok, err := h.client.SetFirmwareInfo(context.Background(), rep.fwType, rep.version, rep.build, "1.0"); ok && err == nil {
			return
		}
	}
}

// bench is an NCP with a file and an MCU on a wire.
type bench struct {
	s    *Sender
	mcu  *mcuSide
	wire *sim.Wire
	file *File
	stop context.CancelFunc
}

func newFile(n int) *File {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return &File{Name: "app.bin", Type: "TMPLtest", Version: "1.1.0", Build: "Nov 22 2026 12:00:00", Data: data, Digests: Sum(data)}
}

func newBench(t *testing.T, f *File, o Options, ro ReceiverOptions, faults ...sim.Fault) *bench {
	t.Helper()
	wire := sim.NewWire(sim.WireOptions{Latency: time.Millisecond, Faults: faults})
	mode := serial.Mode{Baud: 115200}
	port, err := wire.Adapter().Open(t.Context(), mode)
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.UART().SetMode(mode); err != nil {
		t.Fatal(err)
	}
	b := &bench{wire: wire, file: f, mcu: &mcuSide{applies: true}}
	b.mcu.runs.Store(&report{"TMPLtest", "1.0.0", "old"})
	near := &ncpSide{}
	page := rpc.NewEndpoint(port, rpc.Config{Handler: ncp.ServeNCP(near)})
	page.SetByteTime(mode.Wire(1))
	device := rpc.NewEndpoint(wire.UART(), rpc.Config{Handler: ncp.ServeMCU(b.mcu)})
	device.SetByteTime(mode.Wire(1))
	b.mcu.client = ncp.NewNCP(device)
	b.mcu.r = NewReceiver(device, ro)
	b.s = NewSender(page, f, o)
	b.s.Before("TMPLtest", "1.0.0", "old")
	near.s = b.s
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = func() { cancel(); wire.Close() }
	go page.Serve(ctx)
	go device.Serve(ctx)
	return b
}

func codeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestUpdate(t *testing.T) {
	for _, chunk := range []uint16{1, 16, 1000, 1024, 1520, 65535} {
		synctest.Test(t, func(t *testing.T) {
			n := 20_001
			if chunk == 1 {
				n = 100
			}
			b := newBench(t, newFile(n), Options{}, ReceiverOptions{Chunk: chunk, Prefetch: chunk == 1000})
			defer b.stop()
			res, err := b.s.Run(t.Context())
			if err != nil {
				t.Fatalf("chunk %d: %v", chunk, err)
			}
			name, data, ok := b.mcu.r.File()
			if !ok || name != "app.bin" || !bytes.Equal(data, b.file.Data) {
				t.Errorf("chunk %d: the MCU has %q, %d bytes, %v", chunk, name, len(data), ok)
			}
			if !res.Proven || res.Version != "1.1.0" || res.Chunk != min(int(chunk), MaxChunk) || res.Resent != 0 {
				t.Errorf("chunk %d: %+v", chunk, res)
			}
		})
	}
}

// TestLostResult: an answer that is lost is got over, which sending again alone does not.
func TestLostResult(t *testing.T) {
	for _, at := range []int64{0, 4, 9, 18} { // of the answers to 19 chunks and an offer
		for _, plain := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, newFile(19_000), Options{Plain: plain}, ReceiverOptions{})
				defer b.stop()
				b.loseAnswer(at)
				res, err := b.s.Run(t.Context())
				if plain {
					if codeOf(err) != CodeWrite {
						t.Errorf("chunk %d, sending again alone: %+v, %v", at, res, err)
					}
					return
				}
				_, data, ok := b.mcu.r.File()
				if err != nil || !ok || !bytes.Equal(data, b.file.Data) || res.Recovered == 0 {
					t.Errorf("chunk %d: %+v, %v", at, res, err)
				}
			})
		}
	}
}

// loseAnswer drops the answer to chunk number at, counted from 0.
func (b *bench) loseAnswer(at int64) {
	next := int64(0)
	b.s.o.Event = func(ev Event) {
		if ev.Phase == PhaseSend && ev.Done/1024 == at && next == 0 && (ev.Done > 0 || ev.Chunk > 0) && ev.Note == "" {
			next = 1
			b.wire.Inject(sim.Fault{Dir: sim.ToHost, Kind: sim.Drop, N: 12})
		}
	}
	if at == 0 {
		b.s.o.Event = func(ev Event) {
			if ev.Phase == PhaseSend && next == 0 {
				next = 1
				// The answer to otaUpdateStart is the page's; the next bytes of the MCU are the RESULT.
				b.wire.Inject(sim.Fault{Dir: sim.ToHost, Kind: sim.Drop, N: 12})
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault Fault
		code  Code
		runs  Firmware
	}{
		{"refuse", FaultRefuse, CodeRefused, FirmwareOld},
		{"stall", FaultStall, CodeSilent, FirmwareOld},
		{"chunk", FaultChunk, CodeWrite, FirmwareOld},
		{"digest", FaultDigest, CodeDigest, FirmwareOld},
		{"silence", FaultSilence, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, newFile(8_000), Options{}, ReceiverOptions{Fault: c.fault})
			defer b.stop()
			_, err := b.s.Run(t.Context())
			var e *Error
			if c.code == 0 {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				return
			}
			if !errors.As(err, &e) || e.Code != c.code || e.Runs != c.runs {
				t.Errorf("%s: %+v", c.name, err)
			}
		})
	}
}

// TestSameVersion: an MCU that comes back with what it had is no success.
func TestSameVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFile(3_000), Options{}, ReceiverOptions{})
		defer b.stop()
		b.mcu.applies = false
		_, err := b.s.Run(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeOld || e.Runs != FirmwareOld {
			t.Errorf("%v", err)
		}
	})
}

func TestCancelAndSuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		suspended := false
		var b *bench
		b = newBench(t, newFile(40_000), Options{Event: func(ev Event) {
			if ev.Done >= 10_000 && !suspended {
				suspended = true
				go b.mcu.r.Suspend(context.Background(), 60)
			}
			if ev.Done >= 20_000 {
				cancel()
			}
		}}, ReceiverOptions{})
		defer b.stop()
		start := time.Now()
		_, err := b.s.Run(ctx)
		if codeOf(err) != CodeCanceled {
			t.Errorf("%v", err)
		}
		if d := time.Since(start); d < 60*time.Second || d > 75*time.Second {
			t.Errorf("ended after %v", d)
		}
		if !b.mcu.r.ev.Canceled {
			t.Error("the MCU was not told")
		}
	})
}

// TestRestartInTheMiddle: the MCU begins anew while chunks are sent.
func TestRestartInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *bench
		once := false
		b = newBench(t, newFile(40_000), Options{Event: func(ev Event) {
			if ev.Done >= 10_000 && !once {
				once = true
				go b.mcu.restart(0)
			}
		}}, ReceiverOptions{})
		defer b.stop()
		_, err := b.s.Run(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeRestarted || e.Runs != FirmwareOld {
			t.Errorf("%v", err)
		}
	})
}

func TestFileThatCannotBe(t *testing.T) {
	for _, n := range []int{0, MaxFile + 1} {
		s := NewSender(nil, &File{Data: make([]byte, n)}, Options{})
		if _, err := s.Run(t.Context()); codeOf(err) != CodeFile {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
