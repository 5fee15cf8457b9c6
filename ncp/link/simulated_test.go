package link

import (
	"context"
	"sync/atomic"
	"time"

	"ncpweb/ncp"
	"ncpweb/serial"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// simulated is the simulated NCP of sim/ncpsim, made in the bubble of the test that
// powers it.
type simulated struct {
	o   ncpsim.Options
	dev atomic.Pointer[ncpsim.NCP]
}

func (s *simulated) Run(ctx context.Context, u sim.UART) error {
	dev := ncpsim.New(s.o)
	s.dev.Store(dev)
	return dev.Run(ctx, u)
}

func (s *simulated) boots() uint64 { return s.dev.Load().Stats().Boots }

// leaveAt sends a simulated NCP to a rate, as the session before would have, and puts
// the rig's port and Link back to the beginning.
func (r *rig) leaveAt(rate int) {
	r.t.Helper()
	time.Sleep(time.Second)
	r.bringUp(CauseStart)
	if err := r.link.SetRate(r.ctx, rate); err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	r.restart()
}

// restart gives the rig a new Link over its port, as after a page restart.
func (r *rig) restart() {
	r.t.Helper()
	r.end()
	<-r.served
	baud := FirstRate(nil, "")
	if err := r.port.SetMode(r.ctx, serial.Mode{Baud: baud}); err != nil {
		r.t.Fatal(err)
	}
	r.start(baud)
}

// leaveNoisilyAt is leaveAt on a line on which no rate can be proven.
func (r *rig) leaveNoisilyAt(rate int) {
	r.t.Helper()
	time.Sleep(time.Second)
	r.bringUp(CauseStart)
	where, err := r.link.change(r.ctx, rate)
	if err != nil || where != atNew && rate != ncp.InitialRates()[0] {
		r.t.Fatalf("%v, %v", where, err)
	}
	time.Sleep(5 * time.Second)
	r.restart()
}
