package ota_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
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
	"ncpweb/sim/mcusim"
)

// step is a message of an update at which something happens: the nth of its kind, or a
// while after it.
type step struct {
	name  string
	dir   rpc.Dir
	op    rpc.Op
	uid   uint16
	nth   int
	after time.Duration
}

const chunks = 5 // of the file, the last one short

var steps = []step{
	{"bring-up", rpc.Out, rpc.OpResult, ncp.UIDBlynkSetFirmwareInfo, 1, 0},
	{"offer", rpc.Out, rpc.OpInvoke, ncp.UIDClientOtaUpdateAvailable, 1, 0},
	{"prefetch", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdatePrefetch, 1, 0},
	{"erase", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdatePrefetch, 1, 200 * time.Millisecond},
	{"start", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdateStart, 1, 0},
	{"first chunk", rpc.Out, rpc.OpInvoke, ncp.UIDClientOtaUpdateWrite, 1, 0},
	{"middle chunk", rpc.Out, rpc.OpInvoke, ncp.UIDClientOtaUpdateWrite, 3, 0},
	{"last chunk", rpc.Out, rpc.OpInvoke, ncp.UIDClientOtaUpdateWrite, chunks, 0},
	{"finish", rpc.Out, rpc.OpInvoke, ncp.UIDClientOtaUpdateFinish, 1, 0},
	{"MD5", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdateGetMD5, 1, 0},
	{"SHA-256", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdateGetSHA256, 1, 0},
	{"CRC-32", rpc.Out, rpc.OpResult, ncp.UIDBlynkOtaUpdateGetCRC32, 1, 0},
	{"restart", rpc.In, rpc.OpResult, ncp.UIDClientOtaUpdateFinish, 1, 20 * time.Millisecond},
	{"bring-up after", rpc.Out, rpc.OpResult, ncp.UIDBlynkSetFirmwareInfo, 2, 0},
}

// trouble is what happens at a step. n is the size of the message on the line.
type trouble struct {
	name string
	do   func(r *rig, n int)
}

// hit disturbs the line from the kth byte on that comes next in a direction.
func hit(dir sim.Dir, kind sim.Kind, k, n int) func(*rig, int) {
	return func(r *rig, _ int) {
		st := r.wire.Stats()
		at := st.ToDevice.Sent
		if dir == sim.ToHost {
			at = st.ToHost.Sent
		}
		r.wire.Inject(sim.Fault{Dir: dir, At: at + int64(k), Kind: kind, N: n})
	}
}

var troubles = []trouble{
	{"nothing", func(*rig, int) {}},
	{"first bytes dropped", hit(sim.ToDevice, sim.Drop, 0, 2)},
	{"message dropped", func(r *rig, n int) { hit(sim.ToDevice, sim.Drop, 0, n)(r, n) }},
	{"end dropped", func(r *rig, n int) { hit(sim.ToDevice, sim.Drop, n-1, 1)(r, n) }},
	{"bits flipped", hit(sim.ToDevice, sim.Flip, 3, 3)},
	{"bytes doubled", hit(sim.ToDevice, sim.Duplicate, 3, 3)},
	{"bytes inserted", hit(sim.ToDevice, sim.Insert, 3, 5)},
	{"stall", hit(sim.ToDevice, sim.Stall, 4, 400)},
	{"long stall", hit(sim.ToDevice, sim.Stall, 4, 7000)},
	{"answer lost", hit(sim.ToHost, sim.Drop, 0, 12)},
	{"answer flipped", hit(sim.ToHost, sim.Flip, 1, 4)},
	{"answer doubled", hit(sim.ToHost, sim.Duplicate, 0, 12)},
	{"answer late", hit(sim.ToHost, sim.Stall, 2, 6000)},
	{"noise in front of the answer", hit(sim.ToHost, sim.Insert, 0, 9)},
	{"two answers lost", hit(sim.ToHost, sim.Drop, 0, 20)},
	{"unplug", func(r *rig, _ int) { go r.wire.Unplug() }},
	{"unplug in the middle", hit(sim.ToDevice, sim.Unplug, 5, 1)},
	{"reset", func(r *rig, _ int) { r.mcu.Reset() }},
	{"reset behind it", func(r *rig, _ int) { time.AfterFunc(30*time.Millisecond, r.mcu.Reset) }},
	{"cancel", func(r *rig, _ int) { r.cancel() }},
	{"pause", func(r *rig, _ int) {
		go r.host.Pause(true)
		time.AfterFunc(20*time.Second, func() { r.host.Pause(false) })
	}},
	{"NCP restarts", func(r *rig, _ int) { go r.host.Restart(context.Background()) }},
}

// rig is an NCP of ours, and an MCU, on a wire.
type rig struct {
	wire   *sim.Wire
	mcu    *mcusim.MCU
	host   *host.Host
	cancel context.CancelFunc // of the update
	ended  chan error         // of the host
	stop   context.CancelFunc

	mu   sync.Mutex
	step step
	do   func(*rig, int)
	seen int
	hit  bool
}

func newRig(t *testing.T, o mcusim.Options) *rig {
	r := &rig{wire: sim.NewWire(sim.WireOptions{Latency: time.Millisecond, Reopen: 20 * time.Millisecond}), mcu: mcusim.New(o)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.mcu.Run(ctx, r.wire.UART())
	}()
	r.connect(t)
	t.Cleanup(func() {
		r.stop()
		cancel()
		<-done
		r.wire.Close()
	})
	return r
}

// connect starts an NCP on the adapter, which is plugged in where it is not.
func (r *rig) connect(t *testing.T) {
	port, err := r.wire.Plug().Open(t.Context(), serial.Mode{Baud: 38400})
	if err != nil {
		t.Fatal(err)
	}
	r.host = host.New(port, host.Options{Provisioned: true})
	r.host.Endpoint().SetTracer(r.see)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	r.ended = ended
	h := r.host
	go func() { ended <- h.Run(ctx) }()
	r.stop = func() {
		cancel()
		_ = port.Close()
	}
}

// see makes happen what is to happen at the step.
func (r *rig) see(ev *rpc.Event) {
	if ev.Kind != rpc.EventMessage {
		return
	}
	r.mu.Lock()
	s := r.step
	if r.do == nil || ev.Dir != s.dir || ev.Op != s.op || ev.UID != s.uid {
		r.mu.Unlock()
		return
	}
	r.seen++
	now := r.seen == s.nth
	r.hit = r.hit || now
	do := r.do
	r.mu.Unlock()
	if !now {
		return
	}
	n := lineSize(ev.Payload)
	if s.after > 0 {
		time.AfterFunc(s.after, func() { do(r, n) })
		return
	}
	do(r, n)
}

// upIn waits until the MCU has brought the NCP up.
func (r *rig) upIn(d time.Duration) bool {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if r.mcu.Up() && r.host.State().Initialized {
			return true
		}
	}
	return false
}

// bound is how long an update of the matrix may take, in virtual time: getting ready
// that does not end is the longest.
const bound = 8 * time.Minute

// update sends a file.
func (r *rig) update(t *testing.T, version string, o ota.Options) (*ota.File, ota.Result, error) {
	image := mcusim.Image("TMPL0demo0001", version, (chunks-1)*1024+300, 7)
	f := &ota.File{
		Name: "app-" + version + ".bin", Type: "TMPL0demo0001", Version: version, Build: "Nov 22 2026 12:00:00",
		Data: image, Digests: ota.Sum(image),
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.mu.Lock()
	r.cancel = cancel
	r.mu.Unlock()
	o.Restart, o.Silence = 60*time.Second, 30*time.Second
	began := time.Now()
	res, err := r.host.Update(ctx, f, o)
	if d := time.Since(began); d > bound {
		err = fmt.Errorf("took %v: %v", d, err) // which is none of the errors that may be
	}
	return f, res, err
}

// settled is how long after an update what runs must still be what was said.
const settled = 30 * time.Second

// verdict tells what is wrong with how an update ended; empty: nothing.
func (r *rig) verdict(f *ota.File, res ota.Result, err error) string {
	time.Sleep(settled)
	runs := r.mcu.Version()
	var e *ota.Error
	switch {
	case err == nil && (runs != f.Version || !bytes.Equal(r.mcu.Running(), f.Data)):
		return "a success that is none: " + runs + " runs"
	case err == nil && (!res.Proven || res.Version != f.Version):
		return fmt.Sprintf("not proven: %+v", res)
	case err == nil:
		return ""
	case !errors.As(err, &e) || e.Code == 0:
		return "not an *Error: " + err.Error()
	case e.Runs == ota.FirmwareOld && runs != "1.0.0", e.Runs == ota.FirmwareNew && runs != f.Version:
		return fmt.Sprintf("%v says firmware %d, and %s runs", err, e.Runs, runs)
	case e.Runs == ota.FirmwareUnknown && e.Phase < ota.PhaseFinish:
		return fmt.Sprintf("%v: what runs could be known", err)
	}
	return ""
}

// again sends another file without any trouble, where the update is to be possible.
func (r *rig) again(t *testing.T) string {
	select {
	case <-r.ended:
		r.stop()
		r.connect(t)
	default:
	}
	r.mu.Lock()
	r.do = nil
	r.mu.Unlock()
	if !r.upIn(3 * time.Minute) {
		return "the MCU does not come up again"
	}
	if f, res, err := r.update(t, "3.0.0", ota.Options{}); err != nil || r.mcu.Version() != f.Version {
		return fmt.Sprintf("once more: %+v, %v, %s runs", res, err, r.mcu.Version())
	}
	return ""
}

// tally counts what the matrix found.
type tally struct {
	cases, wrong, missed, good, unknown int
	codes                               map[ota.Code]int
	plain                               []string // cases where sending again alone fails
}

func (y *tally) count(t *testing.T, name, wrong string, hit bool, err error) {
	y.cases++
	if !hit {
		y.missed++
	}
	var e *ota.Error
	if errors.As(err, &e) {
		y.codes[e.Code]++
		if e.Runs == ota.FirmwareUnknown {
			y.unknown++
		}
	} else {
		y.good++
	}
	if wrong != "" {
		y.wrong++
		t.Errorf("%s: %s", name, wrong)
	}
}

// TestFaultMatrix: whatever happens in an update, either the new firmware runs, or the
// error tells truly which one does; and then the update can be made again.
func TestFaultMatrix(t *testing.T) {
	y := &tally{codes: make(map[ota.Code]int)}
	kinds := []mcusim.Strictness{mcusim.Deployed, mcusim.Lenient, mcusim.Strict}
	for _, baud := range []int{9600, 115200, 921600} {
		for _, kind := range kinds {
			if kind != mcusim.Deployed && (quick || baud != 115200) || quick && baud != 115200 {
				continue
			}
			for _, s := range steps {
				for _, f := range troubles {
					y.run(t, baud, kind, s, f)
				}
			}
		}
	}
	t.Logf("%d updates ended well, %d of the troubles never came, %d times what runs is not known, codes %v", y.good, y.missed, y.unknown, y.codes)
	if y.missed > y.cases/10 {
		t.Errorf("%d of %d troubles never came", y.missed, y.cases)
	}
	for _, name := range y.plain {
		t.Logf("sending again alone fails, and ours succeeds: %s", name)
	}
	if len(y.plain) == 0 {
		t.Error("sending again alone is enough for all")
	}
	t.Logf("\nfigure ota.faults.cases %d 1\nfigure ota.faults.wrong %d 1", y.cases, y.wrong)
}

func (y *tally) run(t *testing.T, baud int, kind mcusim.Strictness, s step, f trouble) {
	name := fmt.Sprintf("%s, %s, receiver %d, %d baud", s.name, f.name, kind, baud)
	hit := false
	one := func(plain bool) (wrong string, err error) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, mcusim.Options{Target: baud, Strict: kind, Prefetch: true, Erase: time.Second, PingEvery: 5 * time.Second})
			r.step, r.do = s, f.do
			early := s.nth == 1 && s.uid == ncp.UIDBlynkSetFirmwareInfo
			if early {
				r.cancel = func() {}
			}
			if !r.upIn(40 * time.Second) {
				if !early { // the line was pulled before
					wrong = "the MCU did not come up"
					return
				}
			}
			file, res, e := r.update(t, "2.0.0", ota.Options{Plain: plain})
			err = e
			wrong = r.verdict(file, res, e)
			if wrong == "" && !plain {
				wrong = r.again(t)
			}
			hit = r.hit
		})
		return wrong, err
	}
	wrong, err := one(false)
	y.count(t, name, wrong, hit, err)
	if err != nil || f.name != "answer lost" || kind != mcusim.Deployed || baud != 115200 || wrong != "" {
		return
	}
	if _, err := one(true); err != nil {
		y.plain = append(y.plain, name+": "+err.Error())
	}
}

// TestBrokenMCUs: MCUs that do wrong are seen through.
func TestBrokenMCUs(t *testing.T) {
	for _, c := range []struct {
		broken mcusim.Broken
		code   ota.Code // 0: it succeeds
		runs   ota.Firmware
	}{
		{mcusim.Sound, 0, 0},
		{mcusim.Refuses, ota.CodeRefused, ota.FirmwareOld},
		{mcusim.NeverStarts, ota.CodeSilent, ota.FirmwareOld},
		{mcusim.Deaf, ota.CodeSilent, ota.FirmwareOld},
		{mcusim.Restarts, ota.CodeRestarted, ota.FirmwareOld},
		{mcusim.WrongSum, ota.CodeDigest, ota.FirmwareOld},
		{mcusim.OwnSum, 0, 0},
		{mcusim.SilentEnd, 0, 0},
		{mcusim.NeverBack, ota.CodeGone, ota.FirmwareUnknown},
		{mcusim.KeepsOld, ota.CodeOld, ota.FirmwareOld},
		{mcusim.Reverts, ota.CodeOld, ota.FirmwareOld},
		{mcusim.AsksForEver, ota.CodeDigest, ota.FirmwareUnknown},
		{mcusim.LosesPower, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, mcusim.Options{Broken: c.broken})
			if !r.upIn(10 * time.Second) {
				t.Fatalf("MCU %d did not come up", c.broken)
			}
			f, res, err := r.update(t, "2.0.0", ota.Options{})
			if wrong := r.verdict(f, res, err); wrong != "" {
				t.Errorf("MCU %d: %s", c.broken, wrong)
			}
			var e *ota.Error
			if errors.As(err, &e) != (c.code != 0) || e != nil && (e.Code != c.code || e.Runs != c.runs) {
				t.Errorf("MCU %d: %+v, %+v", c.broken, res, err)
			}
		})
	}
}

// TestChunkSizes: every size that an MCU can ask for is handled, or refused with a reason.
func TestChunkSizes(t *testing.T) {
	for _, size := range []int{0, 1, 16, 1000, 1024, 1520, 65535} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, mcusim.Options{Chunk: uint16(size), Zero: size == 0, Target: 921600})
			if !r.upIn(10 * time.Second) {
				t.Fatal("the MCU did not come up")
			}
			f, res, err := r.update(t, "2.0.0", ota.Options{})
			if wrong := r.verdict(f, res, err); wrong != "" {
				t.Errorf("chunks of %d bytes: %s", size, wrong)
			}
			var e *ota.Error
			if size == 0 {
				if !errors.As(err, &e) || e.Code != ota.CodeChunk || e.Detail == "" {
					t.Errorf("chunks of 0 bytes: %v", err)
				}
			} else if err != nil || res.Chunk != min(size, ota.MaxChunk) {
				t.Errorf("chunks of %d bytes: %+v, %v", size, res, err)
			}
		})
	}
}

// lineSize is how many bytes a message has on the line.
func lineSize(payload []byte) int { return len(frame.Append(nil, payload)) }
