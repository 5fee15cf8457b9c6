//go:build js && wasm

package workui

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/serial"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// effort is one job under way. Its methods run on a goroutine of their own; what is seen
// is posted to the view, as long as this is its present job.
type effort struct {
	u       *UI
	job     job
	sel     Selection
	from    portSource
	linux   bool
	cancel  context.CancelFunc
	post    func(func(*runView))
	journal *journal // belongs to the loop
	person  chan *webserial.Adapter

	adapter *webserial.Adapter
	port    serial.Port
	baud    int // at which the port was opened
	flasher *esp.Flasher
	device  esp.Details
	wasOpen bool // the first program was connected to this port before
	lost    bool // the port went away
	attempt attempt
	began   time.Time
	over    bool          // belongs to the loop: what comes now is no longer part of the task
	worked  time.Duration // from the beginning of the connection to the last check
	finish  finish
	boot    string // the boot log; hostile
	ending  ending
	err     *flash.Error // how it failed; nil: it did not
}

// Times of a job.
const (
	openLimit   = 10 * time.Second
	handLimit   = 5 * time.Minute  // a person looks for the button
	replugLimit = 20 * time.Second // native USB comes back within two or three
	bootLimit   = 2500 * time.Millisecond
	answerLimit = 30 * time.Second // the first program looks for the NCP
	afterLimit  = 30 * time.Minute // a person does what the board needs before it starts
	closeLimit  = 3 * time.Second
)

// run does the job and leaves the port closed, or with the first program.
func (e *effort) run(ctx context.Context) {
	defer e.cancel()
	e.began = time.Now()
	err := e.do(ctx)
	if err == nil {
		return
	}
	e.err = e.errorOf(ctx, err)
	e.close()
	e.leave(!e.err.Torn)
	e.post(func(v *runView) { v.failed(e) })
}

// errorOf makes a flash.Error of any error.
func (e *effort) errorOf(ctx context.Context, err error) *flash.Error {
	var fe *flash.Error
	if errors.As(err, &fe) {
		return fe
	}
	code := flash.CodePort
	switch {
	case ctx.Err() != nil:
		code = flash.CodeCanceled
	case errors.Is(err, serial.ErrLost):
		code = flash.CodeLost
	}
	return &flash.Error{Code: code, Op: "port", Err: err}
}

// do does the job.
func (e *effort) do(ctx context.Context) error {
	if err := e.take(ctx); err != nil {
		return err
	}
	if err := e.connect(ctx); err != nil {
		return err
	}
	e.enter(stageWork)
	switch e.job {
	case jobFlash:
		return e.write(ctx)
	case jobBackup:
		return e.read(ctx)
	case jobErase:
		return e.clear(ctx)
	}
	e.close()
	e.leave(true)
	e.post(func(v *runView) { v.detectDone(e) })
	return nil
}

// take gets the port and opens it.
func (e *effort) take(ctx context.Context) error {
	if err := e.u.core.Hold(lang.T(heldWords[e.job])); err != nil {
		return &flash.Error{Code: flash.CodePort, Op: "take the port", Err: &serial.OpenError{Reason: serial.OpenBusy, Err: err}}
	}
	if st, err := e.u.core.Status(); err == nil && (st.Open || e.from == portCore) {
		// The chosen port may be the one that is open.
		limited, cancel := context.WithTimeout(ctx, openLimit)
		a, err := e.u.core.Release(limited)
		cancel()
		own, _ := a.(*webserial.Adapter)
		switch {
		case err != nil && e.from == portCore:
			if p := bridge.ProblemOf(err); p == nil || p.Code != bridge.CodeNotReady || e.adapter == nil {
				return err
			}
		case err == nil && (e.from == portCore || own == e.adapter):
			e.adapter, e.wasOpen = own, true
		}
	}
	if e.adapter == nil {
		return &flash.Error{Code: flash.CodeLost, Op: "take the port", Err: serial.ErrLost}
	}
	a := e.adapter
	e.post(func(v *runView) { v.ports.used(a) })
	return e.open(ctx)
}

// open opens the port at the rate of the first words.
func (e *effort) open(ctx context.Context) error {
	in := e.adapter.Info()
	e.attempt.native = in.VendorID == espressif
	if b := e.sel.Board; b != nil {
		e.attempt.passthrough, e.attempt.hand = b.NCP.Passthrough, b.NCP.Reset == "hand"
	}
	e.baud = firstRate(in, e.sel, e.known())
	limited, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	port, err := openPort(limited, e.adapter, e.baud)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &flash.Error{Code: flash.CodePort, Op: "open", Err: err}
	}
	e.port = port
	e.note("port " + in.Key + " open at " + strconv.Itoa(e.baud) + " baud")
	return nil
}

// connect brings the chip into its loader, with a person's help where that is needed.
func (e *effort) connect(ctx context.Context) error {
	e.attempt.byHand = byHand(e.sel)
	for {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if e.attempt.byHand {
			e.enter(stageByHand)
			limited, cancel = context.WithTimeout(ctx, handLimit)
			e.post(func(v *runView) { v.card.hand(e) })
		} else {
			e.enter(stageConnect)
		}
		e.flasher = esp.New(e.port, e.options())
		if e.job == jobFlash {
			e.flasher.Prepare(ctx, e.sel.Image)
		}
		_, err := e.flasher.Connect(limited)
		cancel()
		if err == nil {
			e.device = e.flasher.Chip()
			d := e.device
			e.remember(d.Rate)
			e.post(func(v *runView) { v.identified(d) })
			return nil
		}
		fe := e.errorOf(ctx, err)
		if e.attempt.byHand && ctx.Err() == nil && fe.Code == flash.CodeCanceled {
			fe = &flash.Error{Code: flash.CodeSilent, Op: fe.Op, Detail: fe.Detail}
		}
		switch e.attempt.after(fe.Code) {
		case moveByHand:
			e.note("by itself it did not go: code " + strconv.Itoa(int(fe.Code)) + ", " + fe.Detail)
			e.attempt.byHand = true
		case moveReplug:
			e.attempt.replugged = true
			if err := e.replug(ctx); err != nil {
				return err
			}
		default:
			return fe
		}
	}
}

// replug waits for the port to come back, or for the person to choose it, and opens it.
func (e *effort) replug(ctx context.Context) error {
	e.enter(stageReplug)
	e.shut()
	e.post(func(v *runView) { v.card.replug(e) })
	limited, cancel := context.WithTimeout(ctx, replugLimit)
	defer cancel()
	for {
		select {
		case a := <-e.person:
			if a == nil {
				continue
			}
			e.adapter = a
			return e.open(ctx)
		case <-time.After(100 * time.Millisecond):
			if a := e.u.run.ports.adapter.Load(); a != nil && a != e.adapter {
				e.adapter = a
				return e.open(ctx)
			}
		case <-limited.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			e.lost = true
			return &flash.Error{Code: flash.CodeLost, Op: "wait for the port", Err: serial.ErrLost}
		}
	}
}

// options are those of the flasher.
func (e *effort) options() esp.Options {
	o := e.sel.Options()
	if e.attempt.byHand {
		o.Reset = esp.ResetOf(esp.ByHand)
	}
	o.Known, o.Opened, o.Done = e.known(), e.baud, e.doneRate()
	if !e.sel.ROM {
		o.Stub = e.u.stub
	}
	o.Packer, o.Breathe = e.u.packer, e.u.breathe
	hand := e.attempt.byHand
	o.Event = func(ev flash.Event) {
		baud := e.flasher.Rate()
		e.post(func(v *runView) {
			if hand && v.stage == stageByHand && ev.Phase != flash.PhaseConnect {
				v.enter(stageWork)
			}
			e.told(v, ev, baud)
		})
	}
	o.Log = func(b []byte) {
		b = append([]byte(nil), b...)
		e.post(func(*runView) { e.journal.printed(time.Now(), b) })
	}
	return o
}

// write flashes, and is done only when the new firmware answers.
func (e *effort) write(ctx context.Context) error {
	if err := e.flasher.Flash(ctx, e.sel.Image); err != nil {
		return err
	}
	e.worked = time.Since(e.began)
	e.note("verified")
	return e.start(ctx)
}

// clear erases everything.
func (e *effort) clear(ctx context.Context) error {
	if err := e.flasher.EraseAll(ctx); err != nil {
		return err
	}
	e.worked = time.Since(e.began)
	e.close()
	e.leave(false)
	e.post(func(v *runView) { v.eraseDone(e) })
	return nil
}

// leave ends with the port: the chip runs what it held before, where run is set, and the
// first program has the port again if it had it.
func (e *effort) leave(run bool) {
	if e.flasher != nil && e.port != nil && run && !e.lost {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		err := e.flasher.Run(ctx)
		cancel()
		if err != nil {
			e.note("the chip was not restarted: " + err.Error())
		}
	}
	e.shut()
	if run && e.wasOpen && e.adapter != nil && (e.err == nil || e.err.Code != flash.CodeLost) {
		if e.u.core.Resume(e.adapter) == nil {
			return
		}
	}
	e.u.core.Free()
}

// shut closes the port, if it is open.
func (e *effort) shut() {
	if e.port != nil {
		_ = e.port.Close() // what it could tell, nobody can act on
		e.port = nil
	}
}

// known is the rate that worked with this adapter before.
func (e *effort) known() int {
	s, _ := page.Setting(e.rateKey())
	n, err := strconv.Atoi(s)
	if err != nil || n < 9600 || n > 5_000_000 {
		return 0
	}
	return n
}

// remember keeps the rate that works with this adapter.
func (e *effort) remember(baud int) {
	if baud > 0 && e.sel.Baud == 0 && !e.sel.Fixed {
		page.Store(e.rateKey(), strconv.Itoa(baud))
	}
}

// rateKey names the setting with the rate of an adapter, by its USB ids.
func (e *effort) rateKey() string {
	in := e.adapter.Info()
	return "flash-rate-" + show.Hex(uint32(in.VendorID)) + "-" + show.Hex(uint32(in.ProductID))
}

func (e *effort) enter(s stage) { e.post(func(v *runView) { v.enter(s) }) }

// told takes news of the flasher, on the loop; baud is the rate of the line, 0 where it
// is not known.
func (e *effort) told(v *runView, ev flash.Event, baud int) {
	e.journal.event(time.Now(), ev)
	if !e.over {
		v.u.task.rate(baud)
		v.u.task.progress(ev)
	}
}

// close ends the work of the task: what follows leaves the port in order.
func (e *effort) close() {
	e.post(func(*runView) {
		e.over = true
		e.journal.endPhase(time.Now())
		if e.err != nil {
			e.journal.failed(time.Now(), e.err)
		}
	})
}

// note adds a line to the log.
func (e *effort) note(text string) {
	e.post(func(*runView) { e.journal.add(time.Now(), text) })
}

// trouble is what is told of the error of the job.
func (e *effort) trouble() trouble {
	return trouble{
		err: e.err, job: e.job, chip: e.device.Chip, passthrough: e.attempt.passthrough, native: e.attempt.native, linux: e.linux,
		torn: e.err.Torn,
	}
}
