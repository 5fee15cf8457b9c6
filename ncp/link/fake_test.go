package link

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
	"ncpweb/sim"
)

// fakeNCP is the least of an NCP: it answers ping, version and the change of rate, and
// restarts when told to. The simulated NCP of sim/ncpsim is met by package session.
type fakeNCP struct {
	ncp.NCPHandler // nil: what is not below is not called here
	initial        int
	now            int           // rate at power-on; 0: initial
	bootLog        string        // printed at each start
	bootTime       time.Duration // from start to the boot log
	bad            []int         // rates that it takes and at which the line is garbage
	lisps          []int         // rates that it takes and at which only its own words are garbage
	refuse         []int         // rates that it does not take
	loseAnswers    atomic.Int32  // so many answers of setUartBaudRate get lost after the change
	lostRequests   atomic.Int32  // so many requests of setUartBaudRate are as if they got lost
	patience       time.Duration // restarts by itself after so long without a call; 0: never
	version        string
	deaf           chan struct{} // factory tests last until it is closed

	u       sim.UART
	mcu     *ncp.MCU
	restart chan struct{}
	calls   atomic.Int64
	pings   atomic.Int64
	starts  atomic.Int64

	mu    sync.Mutex
	heard time.Time
}

func (f *fakeNCP) Run(ctx context.Context, u sim.UART) error {
	f.u = &lisping{UART: u, rates: f.lisps}
	f.restart = make(chan struct{}, 1)
	rate := f.now
	if rate == 0 {
		rate = f.initial
	}
	for ctx.Err() == nil {
		f.life(ctx, rate)
		rate = f.initial
	}
	return nil
}

// lisping is a UART that sends garbage at some rates.
type lisping struct {
	sim.UART
	rates []int
	bad   atomic.Bool
}

func (u *lisping) SetMode(m serial.Mode) error {
	u.bad.Store(slices.Contains(u.rates, m.Baud))
	return u.UART.SetMode(m)
}

func (u *lisping) Write(p []byte) (int, error) {
	if u.bad.Load() {
		p = slices.Repeat([]byte{0x5A}, len(p))
	}
	return u.UART.Write(p)
}

// life is what happens until a restart.
func (f *fakeNCP) life(ctx context.Context, rate int) {
	f.starts.Add(1)
	_ = f.u.SetMode(serial.Mode{Baud: rate})
	if f.bootTime > 0 {
		_ = sleep(ctx, f.bootTime)
	}
	_, _ = f.u.Write([]byte(f.bootLog))
	lctx, end := context.WithCancel(ctx)
	defer end()
	f.touch()
	go f.watch(lctx, end)
	ep := rpc.NewEndpoint(f.u, rpc.Config{Handler: ncp.ServeNCP(f)})
	f.mcu = ncp.NewMCU(ep)
	_ = ep.Serve(lctx)
}

// watch ends a life by the own patience or on demand.
func (f *fakeNCP) watch(ctx context.Context, end func()) {
	for {
		wait := time.Hour
		if f.patience > 0 {
			f.mu.Lock()
			wait = f.patience - time.Since(f.heard)
			f.mu.Unlock()
			if wait <= 0 {
				end()
				return
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-f.restart:
			t.Stop()
			end()
			return
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

func (f *fakeNCP) touch() {
	f.mu.Lock()
	f.heard = time.Now()
	f.mu.Unlock()
	f.calls.Add(1)
}

func (f *fakeNCP) Ping(context.Context) error {
	f.pings.Add(1)
	f.touch()
	return nil
}

func (f *fakeNCP) GetNcpVersion(context.Context) (string, bool, error) {
	f.touch()
	return f.version, f.version != "", nil
}

func (f *fakeNCP) SetUartBaudRate(ctx context.Context, baud uint32) (bool, error) {
	f.touch()
	rate := int(baud)
	if slices.Contains(f.refuse, rate) {
		return false, nil
	}
	if f.lostRequests.Add(-1) >= 0 {
		_ = sleep(ctx, 3*time.Second) // the answer comes too late for anybody
		return true, nil
	}
	if slices.Contains(f.bad, rate) {
		rate = rate * 7 / 10
	}
	if f.loseAnswers.Add(-1) >= 0 {
		_ = f.u.SetMode(serial.Mode{Baud: rate}) // before the answer is out
		return true, nil
	}
	time.AfterFunc(10*time.Millisecond, func() { _ = f.u.SetMode(serial.Mode{Baud: rate}) })
	return true, nil
}

func (f *fakeNCP) FactoryTestWiFi(ctx context.Context, _, _ string) (int16, uint8, error) {
	f.touch()
	select {
	case <-f.deaf:
	case <-ctx.Done():
	}
	return -50, 1, ctx.Err()
}

// rig is a Link on a simulated wire with a device.
type rig struct {
	t       *testing.T
	wire    *sim.Wire
	port    serial.Port
	link    *Link
	ctx     context.Context
	reports []Report
	served  chan error
	end     context.CancelFunc // of Serve
	opt     Options
	mu      sync.Mutex
}

// usual are a wire's options as real adapters have them.
func usual() sim.WireOptions {
	return sim.WireOptions{
		Info:    serial.Info{VendorID: 0x0403, ProductID: 0x6001, Name: "adapter", Key: "0403:6001"},
		Latency: time.Millisecond,
		Reopen:  40 * time.Millisecond,
	}
}

// bench runs test with a device and an open port, in virtual time.
func bench(t *testing.T, w sim.WireOptions, dev sim.Device, o Options, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		wire := sim.NewWire(w)
		r := &rig{t: t, wire: wire, ctx: ctx, served: make(chan error, 1)}
		o.Report = func(rep Report) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.reports = append(r.reports, rep)
		}
		done := make(chan struct{})
		go func() { defer close(done); _ = sim.Run(ctx, wire, dev) }()
		baud := FirstRate(o.Store, w.Info.Key)
		port, err := wire.Adapter().Open(ctx, serial.Mode{Baud: baud})
		if err != nil {
			t.Fatal(err)
		}
		r.port = port
		r.opt = o
		r.start(baud)
		test(r)
		cancel()
		r.end()
		<-done
		<-r.served
		port.Close()
		wire.Close()
		synctest.Wait()
	})
}

// start makes a Link over the open port.
func (r *rig) start(baud int) {
	ctx, end := context.WithCancel(r.ctx)
	r.end = end
	r.link = New(r.port, baud, r.opt)
	l := r.link
	go func() { r.served <- l.Serve(ctx) }()
}

// kinds are the reports but those of the search.
func (r *rig) kinds() []Kind {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Kind
	for _, rep := range r.reports {
		if rep.Kind != Searching {
			list = append(list, rep.Kind)
		}
	}
	return list
}

func (r *rig) wantKinds(want ...Kind) {
	r.t.Helper()
	if got := r.kinds(); !slices.Equal(got, want) {
		r.t.Errorf("reports %v, want %v", got, want)
	}
}

// bringUp brings up and fails the test if that fails.
func (r *rig) bringUp(cause Cause) Up {
	r.t.Helper()
	up, err := r.link.BringUp(r.ctx, cause)
	if err != nil {
		r.t.Fatalf("bring-up: %v (reports %v)", err, r.kinds())
	}
	return up
}

// shelf is a Store in memory.
type shelf struct {
	mu sync.Mutex
	m  map[string]string
}

func (s *shelf) Get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[key]
}

func (s *shelf) Set(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[string]string{}
	}
	s.m[key] = value
}
