//go:build js && wasm

package workui

import (
	"context"
	"time"

	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/serial"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
	"ncpweb/wasm/webserial"
)

// start restarts the chip, reads its boot log and lets the first program look for the
// NCP.
func (e *effort) start(ctx context.Context) error {
	e.enter(stageStart)
	e.finish.expected = e.sel.Version
	e.finish.sketch = e.sel.Reset.Name == esp.ByDirect || e.sel.Reset.Name == esp.ByInverted
	e.progress(flash.Event{Phase: flash.PhaseRestart})
	err := e.flasher.Run(ctx)
	if ctx.Err() != nil {
		return e.conclude()
	}
	code := flash.Code(0)
	if err != nil {
		code = e.errorOf(ctx, err).Code
		e.note("restart: " + err.Error())
	}
	switch {
	case code == flash.CodeLost:
		e.lost = true
	case len(e.after()) > 0: // the person's steps come first
	case code == flash.CodeUnsupport:
		e.byHand(ctx)
	default:
		e.listen(ctx, bootLimit)
	}
	e.shut()
	if e.lost && !e.comesBack(ctx) { // native USB comes back once the firmware has begun
		e.finish.lost = true
		return e.conclude()
	}
	if len(e.after()) > 0 && e.waitAfter(ctx) != nil {
		return e.conclude()
	}
	if e.finish.waitsForNCP() {
		e.answer(ctx)
	}
	return e.conclude()
}

// after is what the person does with the board before its firmware starts.
func (e *effort) after() []string {
	if e.sel.Board == nil {
		return nil
	}
	return e.sel.Board.After
}

// doneRate is the rate that tells a passthrough sketch that flashing is over.
func (e *effort) doneRate() int {
	if e.sel.Board == nil {
		return 0
	}
	return e.sel.Board.NCP.Done
}

// byHand lets the person restart the chip, and goes on as soon as it prints something
// other than that its loader waits.
func (e *effort) byHand(ctx context.Context) {
	e.enter(stageAfter)
	e.post(func(v *runView) { v.card.tapReset(e) })
	e.shut()
	ctx, cancel := context.WithTimeout(ctx, handLimit)
	defer cancel()
	e.baud = logRate(e.device)
	for ctx.Err() == nil {
		if e.port == nil {
			port, err := e.adapter.Open(ctx, serial.Mode{Baud: e.baud})
			if err != nil {
				e.note("restart: " + err.Error())
				e.lost = e.errorOf(ctx, err).Code == flash.CodeLost
				return
			}
			e.port = port
		}
		o := e.options()
		o.Reset = esp.ResetOf(esp.ByHand)
		b, err := esp.New(e.port, o).Boot(ctx, bootLimit)
		e.finish.boot, e.finish.crashed, e.boot = b.Kind, tellsCrash(b.Text), bootText(b.Text)
		switch {
		case err != nil:
			e.lost = e.errorOf(ctx, err).Code == flash.CodeLost
			return
		case b.Kind != esp.BootSilent && b.Kind != esp.BootLoader:
			return
		}
	}
}

// logRate is the rate of the boot log of a chip's ROM. That of an ESP8266 takes its
// crystal for one of 40 MHz.
func logRate(d esp.Details) int {
	if d.Kind != nil && d.Kind.ID == "esp8266" && d.Crystal != 40 {
		return 74880
	}
	return 115200
}

// listen reads the boot log.
func (e *effort) listen(ctx context.Context, limit time.Duration) {
	b, err := e.flasher.Boot(ctx, limit)
	e.finish.boot, e.finish.crashed, e.boot = b.Kind, tellsCrash(b.Text), bootText(b.Text)
	if err != nil && e.errorOf(ctx, err).Code == flash.CodeLost {
		e.lost = true
	}
}

// comesBack waits for a port that went while the chip restarted.
func (e *effort) comesBack(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		if a := e.u.run.ports.adapter.Load(); a != e.adapter && a != nil {
			e.adapter, e.lost = a, false
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// waitAfter waits until the person has done what the board needs before it starts.
func (e *effort) waitAfter(ctx context.Context) error {
	e.u.core.Free()
	e.enter(stageAfter)
	e.post(func(v *runView) { v.card.after(e) })
	ctx, cancel := context.WithTimeout(ctx, afterLimit)
	defer cancel()
	select {
	case a := <-e.person:
		if a != nil {
			e.adapter = a
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer lets the first program look for the NCP. A person who does not want to wait
// stops it; what is known then is told.
func (e *effort) answer(ctx context.Context) {
	e.enter(stageAnswer)
	before, _ := e.u.core.Status()
	if err := e.u.core.Resume(e.adapter); err != nil {
		e.note("the first program did not take the port: " + err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	moved := before.Phase != bridge.PhaseFailed // a failure of before is no news
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
		st, err := e.u.core.Status()
		if err != nil {
			return
		}
		switch {
		case st.Ready() && st.Version != "":
			e.finish.answers, e.finish.version = true, st.Version
			return
		case st.Ready() && time.Since(began) > 10*time.Second:
			e.finish.answers = true
			return
		case st.Phase == bridge.PhaseFailed && (moved || time.Since(began) > 3*time.Second):
			return
		case st.Phase != bridge.PhaseFailed:
			moved = true
		}
	}
}

// conclude tells how it ended.
func (e *effort) conclude() error {
	if !e.finish.answers {
		e.u.core.Free()
	}
	e.ending = e.finish.end()
	e.post(func(v *runView) {
		e.journal.flush(time.Now())
		e.journal.endPhase(time.Now())
		e.journal.add(time.Now(), "NCP version: "+e.finish.version+", of the file: "+e.finish.expected)
		v.flashDone(e)
	})
	return nil
}

func (e *effort) progress(ev flash.Event) {
	e.post(func(v *runView) { e.told(v, ev, 0) })
}

// failed tells what went wrong.
func (v *runView) failed(e *effort) {
	c := problemOf(e.trouble())
	v.card.problem(e)
	v.over(Result{Tone: c.Tone, Text: c.Title})
}

// detectDone tells which chip it is.
func (v *runView) detectDone(e *effort) {
	v.card.hide()
	text := lang.F("This is an {0}", e.device.Chip)
	v.over(Result{Tone: show.OK, Text: text})
	v.chip.title.Focus()
}

// eraseDone tells that the chip is empty.
func (v *runView) eraseDone(e *effort) {
	v.card.erased(e)
	v.over(Result{Tone: show.OK, Text: lang.T("Everything is erased")})
}

// flashDone tells how a flash ended.
func (v *runView) flashDone(e *effort) {
	t := endingWords(e.ending, e.finish)
	v.card.flashed(e)
	v.over(Result{Tone: t.Tone, Text: t.Title})
}

// backupDone tells that the flash memory is in a file.
func (v *runView) backupDone(e *effort, name string, size int64) {
	v.card.saved(e, name, size)
	v.over(Result{Tone: show.OK, Text: lang.T("The backup is saved")})
}

// retry does a job once more, with the port that it had, or the one chosen for it.
func (v *runView) retry(e *effort, a *webserial.Adapter) {
	if a == nil {
		v.ports.repeat(e, func(a *webserial.Adapter, from portSource) { v.begin(e.job, from, a) })
		return
	}
	v.begin(e.job, portAsk, a)
}

// goOn takes the person's word that the board is ready, with the port that was chosen
// for it, if one was.
func (v *runView) goOn(a *webserial.Adapter) {
	if v.present == nil {
		return
	}
	if a != nil {
		v.ports.used(a)
	}
	select {
	case v.present.person <- a:
	default:
	}
}

// again lets the first program look for the NCP once more, after the end.
func (v *runView) again(a *webserial.Adapter) {
	e := v.present
	if e == nil || v.stage.busy() {
		return
	}
	if a != nil {
		v.ports.used(a)
		e.adapter = a
	} else if last := v.ports.adapter.Load(); last != nil {
		e.adapter = last
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.finish.boot, e.finish.lost = esp.BootSilent, false
	v.u.task.begin(Task{Title: lang.T("Looking for the NCP"), Phases: []flash.Phase{flash.PhaseRestart}, Cancel: v.cancel})
	v.enter(stageAnswer)
	go func() {
		defer cancel()
		e.answer(ctx)
		_ = e.conclude() // never an error
	}()
}
