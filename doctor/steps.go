package doctor

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/serial"
)

// Rates of the ROM loaders (facts of the serial bootloader, section 2), where boot logs
// come from.
const (
	romBaud    = 115200
	rom8266    = 74880 // an ESP8266 with a 26 MHz crystal
	atOldBaud  = 9600  // many AT firmwares other than Espressif's own
	measureLen = 32    // extra bytes of a ping that measures the line
	measured   = 20    // pings that measure the line
)

// Times of the steps.
const (
	firstListen = 500 * time.Millisecond // at each of the likely rates
	scanListen  = 250 * time.Millisecond // at each other rate, if anything was heard
	stayListen  = 2500 * time.Millisecond
	// bootPatience is how long an NCP may take from its ROM's boot log to its first
	// answer before we look for other causes; it takes below a second.
	bootPatience = 3 * time.Second
	syncWait     = 120 * time.Millisecond // the ROM answers within 100 ms
	atWait       = 250 * time.Millisecond
	offPatience  = 1500 * time.Millisecond
)

// listen hears what comes by itself. Nothing is sent.
func (x *exam) listen(ctx context.Context) error {
	x.begin(StepListen)
	rates := []int{romBaud, ncp.InitialRates()[0], rom8266}
	if x.opt.Known != 0 {
		rates = append(rates, x.opt.Known)
	}
	if err := x.dwell(ctx, rates, firstListen); err != nil {
		return err
	}
	if x.heard() > 0 {
		if err := x.dwell(ctx, x.unheard(), scanListen); err != nil {
			return err
		}
		if e := x.best(); e != nil {
			if err := x.dwell(ctx, []int{e.Baud}, stayListen); err != nil {
				return err
			}
		}
	}
	x.sample(x.line.ears)
	if x.heard() == 0 {
		x.seeSilence()
		x.endStep(Failed)
		return nil
	}
	status := Noted
	for _, e := range x.line.ears {
		if e.Good > 0 || e.Readable() {
			status = Passed
		}
	}
	x.seeEars()
	x.endStep(status)
	return nil
}

// dwell listens at each of the rates.
func (x *exam) dwell(ctx context.Context, rates []int, d time.Duration) error {
	for _, baud := range rates {
		ok, err := x.at(ctx, baud)
		if err == nil && ok {
			err = x.line.listen(ctx, d, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// heard is how many bytes came so far.
func (x *exam) heard() int {
	n := 0
	for _, e := range x.line.ears {
		n += e.Bytes
	}
	return n
}

// unheard are the rates of an NCP at which nobody listened yet.
func (x *exam) unheard() []int {
	return slices.DeleteFunc(ncp.Rates(), func(baud int) bool {
		return slices.ContainsFunc(x.line.ears, func(e *ear) bool { return e.Baud == baud && e.Listened > 0 })
	})
}

// best is where frames or a text were heard, nil for nowhere.
func (x *exam) best() *ear {
	var best *ear
	for _, e := range x.line.ears {
		switch {
		case e.Good == 0 && !e.Readable():
		case best == nil, e.Good > best.Good, e.Good == best.Good && e.Run > best.Run:
			best = e
		}
	}
	return best
}

// seeSilence notes that nothing was heard.
func (x *exam) seeSilence() {
	var listened time.Duration
	rates := 0
	for _, e := range x.line.ears {
		listened += e.Listened
		rates++
	}
	x.see(Evidence{Kind: EvNothing, N: int(listened.Milliseconds()), M: rates})
}

// seeEars notes what was heard: frames and texts by rate, the rest together.
func (x *exam) seeEars() {
	noise, rates := 0, 0
	for _, e := range x.line.ears {
		switch {
		case e.Good > 0:
			x.see(Evidence{Kind: EvFrames, Rate: e.Baud, N: e.Good, M: e.Bad + e.Cut})
		case e.Readable():
			x.see(Evidence{Kind: EvText, Rate: e.Baud, N: e.Text, M: e.Bytes, Text: textLine(e.sample, markDownload, markNCP, markNoImage, markBrownout, markROM)})
		case e.Bytes > 0:
			noise += e.Bytes
			rates++
		}
	}
	if noise > 0 {
		x.see(Evidence{Kind: EvNoise, N: noise, M: rates})
	}
}

// ask pings at the rates at which NCPs start. One that is starting is waited for.
func (x *exam) ask(ctx context.Context) error {
	x.begin(StepAsk)
	rates := ncp.InitialRates()
	if k := x.opt.Known; k != 0 && !slices.Contains(rates, k) {
		rates = append([]int{k}, rates...)
	}
	booting := x.booting()
	found, err := x.pings(ctx, rates, 2)
	if err == nil && !found && (booting || x.booting()) {
		found, err = x.stay(ctx, ncp.InitialRates(), bootPatience)
	}
	return x.asked(found, err)
}

// rates pings at all other rates.
func (x *exam) rates(ctx context.Context) error {
	if x.found.sync != nil {
		x.skip(StepRates) // a loader is no NCP at any rate
		return nil
	}
	x.begin(StepRates)
	list := slices.DeleteFunc(ncp.Rates(), func(baud int) bool {
		return slices.ContainsFunc(x.line.ears, func(e *ear) bool { return e.Baud == baud && e.Pings > 0 })
	})
	found, err := x.pings(ctx, list, 2)
	return x.asked(found, err)
}

// asked ends a step of pings.
func (x *exam) asked(found bool, err error) error {
	x.asks++
	if err != nil {
		return err
	}
	if !found {
		for _, e := range x.line.ears {
			if e.Good > 0 {
				x.see(Evidence{Kind: EvFrames, Rate: e.Baud, N: e.Good, M: e.Bad + e.Cut})
			}
		}
		x.sample(x.line.ears)
		x.endStep(Failed)
		return nil
	}
	e := x.found.answered
	x.see(Evidence{Kind: EvAnswered, Rate: e.Baud, N: e.Answers, M: e.Pings})
	x.sample([]*ear{e})
	x.endStep(Passed)
	return nil
}

// booting tells whether a boot log was heard that an NCP may follow.
func (x *exam) booting() bool {
	for _, e := range x.line.ears {
		if e.marks[markDownload]+e.marks[markNoImage] > 0 {
			return false
		}
		if e.marks[markROM]+e.marks[markNCP] > 0 {
			return true
		}
	}
	return false
}

// pings pings some times at each rate until the NCP answers.
func (x *exam) pings(ctx context.Context, rates []int, times int) (bool, error) {
	for _, baud := range rates {
		ok, err := x.at(ctx, baud)
		if err != nil {
			return false, err
		}
		for n := 0; ok && n < times; n++ {
			answered, err := x.line.ping(ctx, nil)
			if err != nil {
				return false, err
			}
			if answered {
				x.found.answered = x.line.ear
				return true, nil
			}
			if n+1 == times && times < 6 && x.line.ear.bits.hits > 0 {
				times++ // nearly an answer: it is there, and bits get lost
			}
		}
	}
	return false, nil
}

// stay pings at the rates in turn for d.
func (x *exam) stay(ctx context.Context, rates []int, d time.Duration) (bool, error) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		found, err := x.pings(ctx, rates, 2)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// others tries what other firmware understands: the ROM loader's SYNC, then AT.
func (x *exam) others(ctx context.Context) error {
	x.begin(StepOthers)
	if err := x.sync(ctx); err != nil {
		return err
	}
	if x.found.sync == nil {
		if err := x.atCommand(ctx); err != nil {
			return err
		}
	}
	switch {
	case x.found.sync != nil:
		x.see(Evidence{Kind: EvSync, Rate: x.found.sync.Baud})
		x.endStep(Noted)
	case x.found.at != nil:
		x.see(Evidence{Kind: EvAT, Rate: x.found.at.Baud, Text: x.found.atText})
		x.endStep(Noted)
	default:
		x.endStep(Failed)
	}
	return nil
}

// syncFrame is the ROM loader's SYNC in its SLIP frame (facts of the serial bootloader,
// sections 4 to 6): no byte of it has to be escaped.
func syncFrame() []byte {
	f := []byte{0xC0, 0x00, 0x08, 36, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20}
	return append(append(f, bytes.Repeat([]byte{0x55}, 32)...), 0xC0)
}

// syncAnswer begins every answer to SYNC.
var syncAnswer = []byte{0xC0, 0x01, 0x08}

// sync asks for the ROM loader, which finds the rate from SYNC by itself.
func (x *exam) sync(ctx context.Context) error {
	ok, err := x.at(ctx, romBaud)
	if err != nil || !ok {
		return err
	}
	e := x.line.ear
	e.recent = e.recent[:0]
	answered := func() bool { return bytes.Contains(e.recent, syncAnswer) }
	for range 3 {
		if err := x.line.tell(ctx, syncFrame(), syncWait, answered); err != nil {
			return err
		}
		if answered() {
			x.found.sync = e
			x.step.Sample, x.step.At = bytes.Clone(e.recent[:min(len(e.recent), MaxSample)]), e.Baud
			return x.line.listen(ctx, syncWait, nil) // it answers eight times
		}
	}
	return nil
}

// atCommand sends the AT command that does nothing, at the rates of AT firmwares and where a
// text was heard.
func (x *exam) atCommand(ctx context.Context) error {
	rates := []int{romBaud, atOldBaud}
	if e := x.best(); e != nil && e.Readable() && !slices.Contains(rates, e.Baud) {
		rates = append([]int{e.Baud}, rates...)
	}
	for _, baud := range rates {
		ok, err := x.at(ctx, baud)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e := x.line.ear
		e.recent = e.recent[:0]
		// The first line end closes whatever our pings have left in its line buffer.
		if err := x.line.tell(ctx, []byte("\r\n"), atWait/5, nil); err != nil {
			return err
		}
		e.recent = e.recent[:0]
		if err := x.line.tell(ctx, []byte("AT\r\n"), atWait, func() bool { return atAnswer(e.recent) != "" }); err != nil {
			return err
		}
		if text := atAnswer(e.recent); text != "" {
			x.found.at, x.found.atText = e, text
			x.step.Sample, x.step.At = bytes.Clone(e.recent), e.Baud
			return nil
		}
	}
	return nil
}

// atAnswer returns the line of p that answers an AT command, or nothing.
func atAnswer(p []byte) string {
	for _, l := range strings.FieldsFunc(string(p), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if l == "OK" || l == "ERROR" {
			return l
		}
	}
	return ""
}

// reset restarts the board, hears its boot log and asks again.
func (x *exam) reset(ctx context.Context) error {
	x.begin(StepReset)
	if !x.opt.AllowReset {
		x.see(Evidence{Kind: EvNoReset})
		x.endStep(Skipped)
		return nil
	}
	quiet := x.heard()
	found, err := x.restart(ctx)
	if err == nil && !found && x.maybeNCP() {
		err = x.hearNCP(ctx)
	}
	if err == nil && !found && x.maybeNCP() {
		found, err = x.letGo(ctx)
	}
	if err != nil {
		return err
	}
	x.sample(x.line.ears)
	switch {
	case found:
		x.found.revived = !x.found.linesOff
		x.see(Evidence{Kind: EvAnswered, Rate: x.found.answered.Baud, N: x.found.answered.Answers, M: x.found.answered.Pings})
		x.endStep(Passed)
	case x.heard() == quiet:
		x.seeSilence()
		x.endStep(Failed)
	default:
		x.seeEars()
		x.endStep(Noted)
	}
	return nil
}

// restart pulses the reset line, listens for a boot log at the rates of the ROMs and
// pings where NCPs start.
func (x *exam) restart(ctx context.Context) (bool, error) {
	before := x.heard()
	for _, baud := range []int{romBaud, rom8266} {
		ok, err := x.at(ctx, baud)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if err := x.pulse(ctx); err != nil {
			return false, err
		}
		if err := x.line.listen(ctx, firstListen, nil); err != nil {
			return false, err
		}
		if x.heard() == before || x.line.ear.marks[markROM] > 0 {
			break // nothing comes, or it was read: another pulse tells no more
		}
	}
	if x.line.ear.marks[markROM] > 0 {
		// One that restarts by itself does so again.
		enough := func() bool { return x.line.ear.marks[markDownload] > 0 }
		if err := x.line.listen(ctx, 2*firstListen, enough); err != nil {
			return false, err
		}
	}
	return x.stay(ctx, ncp.InitialRates(), bootPatience)
}

// maybeNCP tells whether nothing was heard yet that tells what is on the line.
func (x *exam) maybeNCP() bool {
	for _, e := range x.line.ears {
		if e.Good > 0 || e.marks[markNCP]+e.marks[markDownload]+e.marks[markNoImage]+e.marks[markBrownout] > 0 || e.marks[markROM] > x.found.resets+1 {
			return false
		}
	}
	return x.found.at == nil && x.found.sync == nil
}

// hearNCP restarts a chip whose ROM was heard once more, to hear the boot log of an NCP
// at its own rate.
func (x *exam) hearNCP(ctx context.Context) error {
	rom := false
	for _, e := range x.line.ears {
		rom = rom || e.marks[markROM] > 0
	}
	baud := ncp.InitialRates()[0]
	ok, err := x.at(ctx, baud)
	if !rom || !ok || err != nil {
		return err
	}
	if err := x.pulse(ctx); err != nil {
		return err
	}
	return x.line.listen(ctx, bootPatience/2, func() bool { return x.line.ear.marks[markNCP] > 0 })
}

// pulse restarts the board by DTR and RTS as ncp/link does it. An adapter without
// these lines is no error.
func (x *exam) pulse(ctx context.Context) error {
	l := link.New(x.line.port, x.line.ear.Baud, link.Options{})
	err := l.Reset(ctx)
	switch {
	case err == nil:
		x.found.resets++
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return err
	}
	return nil
}

// letGo looks for a board that RTS alone holds in reset (see ncp/link, "DTR and RTS").
func (x *exam) letGo(ctx context.Context) (bool, error) {
	err := x.line.port.SetSignals(ctx, serial.Signals{DTR: serial.Off, RTS: serial.Off})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
		return false, err
	default:
		return false, nil
	}
	for _, baud := range ncp.InitialRates() {
		found, err := x.stay(ctx, []int{baud}, offPatience)
		if err != nil {
			return false, err
		}
		if found {
			x.found.linesOff = true
			x.see(Evidence{Kind: EvLinesOff, Rate: baud})
			return true, nil
		}
	}
	return false, nil
}

// device asks the NCP what it is.
func (x *exam) device(ctx context.Context) error {
	x.begin(StepDevice)
	if _, err := x.at(ctx, x.found.answered.Baud); err != nil {
		return err
	}
	d := &x.report.Device
	d.Answered, d.Baud = true, x.line.ear.Baud
	client := ncp.NewNCP(x.line)
	calls := []func() error{
		func() error {
			v, ok, err := client.GetNcpVersion(ctx)
			if err == nil && ok {
				d.Version = v[:min(len(v), maxText)]
				x.see(Evidence{Kind: EvVersion, Text: d.Version})
			}
			return err
		},
		func() error {
			s, err := client.GetState(ctx)
			if err == nil {
				d.State, d.StateKnown = ncp.State(s), true
				x.see(Evidence{Kind: EvState, N: int(s)})
			}
			return err
		},
		func() error {
			c, err := client.IsConfigured(ctx)
			if err == nil {
				d.Configured, d.ConfKnown = c, true
				n := 0
				if c {
					n = 1
				}
				x.see(Evidence{Kind: EvConfig, N: n})
			}
			return err
		},
	}
	for _, call := range calls {
		if err := x.patiently(ctx, call); err != nil {
			return err
		}
	}
	switch {
	case !d.StateKnown:
		x.endStep(Failed)
	case d.State == ncp.StateNotInitialized || d.ConfKnown && !d.Configured:
		x.endStep(Noted)
	default:
		x.endStep(Passed)
	}
	return nil
}

// patiently makes a call up to three times. It returns errors of the line only: what an
// NCP does not tell is not known.
func (x *exam) patiently(ctx context.Context, call func() error) error {
	for range 3 {
		err := call()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, serial.ErrLost), errors.Is(err, serial.ErrClosed):
			return err
		case !errors.Is(err, rpc.ErrTimeout):
			return nil
		}
	}
	return nil
}

// measure counts how many pings of a series pass.
func (x *exam) measure(ctx context.Context) error {
	x.begin(StepLine)
	e := x.line.ear
	x.found.badBefore = e.Bad + e.Cut
	extra := make([]byte, measureLen)
	for i := range extra {
		extra[i] = byte(0xA5 ^ i<<3) // about as many ones as zeros, in changing places
	}
	for x.found.sent < measured {
		ok, err := x.line.ping(ctx, extra)
		if err != nil {
			return err
		}
		x.found.sent++
		if ok {
			x.found.got++
		}
	}
	x.found.badAfter = e.Bad + e.Cut
	x.see(Evidence{Kind: EvAnswered, Rate: e.Baud, N: x.found.got, M: x.found.sent})
	if bad := x.found.badAfter - x.found.badBefore; bad > 0 {
		x.see(Evidence{Kind: EvFrames, Rate: e.Baud, N: e.Good, M: bad})
	}
	if x.found.got == x.found.sent && x.found.badAfter == x.found.badBefore {
		x.endStep(Passed)
	} else {
		x.endStep(Noted)
	}
	return nil
}
