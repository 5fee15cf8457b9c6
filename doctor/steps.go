package doctor

import (
	"context"
	"slices"
	"time"

	"ncpweb/ncp"
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
