package doctor

import (
	"slices"

	"ncpweb/ncp"
	"ncpweb/serial"
)

// judge names the causes that the findings speak for, the best first. Each rule sees
// all findings; the order of the rules is the order of trust.
func judge(f *findings, r *Report, o Options) []Verdict {
	j := &judgement{f: f, r: r, o: o}
	j.sum()
	switch {
	case f.canceled:
		j.say(Canceled, Sure)
		return j.list
	case f.lost:
		j.say(Unplugged, Sure)
		return j.list
	case f.noAdapter:
		j.noPort()
	case f.open != nil:
		j.notOpened()
	case f.answered != nil:
		j.answers()
	default:
		j.silent()
	}
	return j.list[:min(len(j.list), maxVerdicts)]
}

// judgement collects verdicts.
type judgement struct {
	f *findings
	r *Report
	o Options

	list []Verdict

	bytes, heardAt          int // of all rates; at how many rates there were any
	good, bad               int // frames
	unasked, foreign        int
	asksUs, echoes          int
	marks                   [numMarks]int
	bits                    bitErrors
	talk, text, boots, most *ear // where foreign frames, the best text, most boot logs, most bytes were heard
	readable                bool
}

// sum adds up what the ears heard.
func (j *judgement) sum() {
	for _, e := range j.f.ears {
		j.bytes += e.Bytes
		if e.Bytes > 0 {
			j.heardAt++
		}
		j.good += e.Good
		j.bad += e.Bad + e.Cut
		j.unasked += e.unasked
		j.foreign += e.foreign
		j.asksUs += e.asksUs
		j.echoes += e.echoes
		for m, n := range e.marks {
			j.marks[m] += n
		}
		j.bits.hits += e.bits.hits
		j.bits.lost += e.bits.lost
		j.bits.more += e.bits.more
		if n := e.unasked + e.foreign; n > 0 && (j.talk == nil || n > j.talk.unasked+j.talk.foreign) {
			j.talk = e
		}
		if e.Readable() && (j.text == nil || e.Run > j.text.Run) {
			j.text = e
		}
		if n := e.marks[markROM]; n > 0 && (j.boots == nil || n > j.boots.marks[markROM]) {
			j.boots = e
		}
		if e.Bytes > 0 && (j.most == nil || e.Bytes > j.most.Bytes) {
			j.most = e
		}
	}
	j.readable = j.text != nil
}

// say adds a verdict, once.
func (j *judgement) say(c Code, how Certainty, seen ...Evidence) {
	if slices.ContainsFunc(j.list, func(v Verdict) bool { return v.Code == c }) {
		return
	}
	j.list = append(j.list, Verdict{Code: c, Certainty: how, Evidence: seen, Freed: j.f.revived && c != OK})
}

// noPort: the browser offered none. Nothing was measured, so nothing is sure.
func (j *judgement) noPort() {
	snap := j.o.Platform.Linux && j.o.Platform.Chromium
	if snap {
		j.say(Snap, Likely)
	}
	j.say(NoPort, Likely)
	if j.o.Platform.Linux && !snap {
		j.say(Snap, Possible)
	}
}

// notOpened: Chromium tells one and the same whether another program holds the port or
// there are no rights to it. Who has opened it before has the rights.
func (j *judgement) notOpened() {
	why := Evidence{Kind: EvRefused, Text: j.f.open.Error()}
	why.Text = why.Text[:min(len(why.Text), maxText)]
	switch j.f.open.Reason {
	case serial.OpenLost:
		j.say(Unplugged, Sure, why)
	case serial.OpenDenied:
		j.say(Denied, Sure, why)
	case serial.OpenBusy:
		if j.o.Platform.Linux && !j.o.OpenedBefore {
			if j.o.Platform.Chromium {
				j.say(Snap, Likely, why)
			}
			j.say(Dialout, Likely, why)
			j.say(Busy, Likely, why)
			return
		}
		j.say(Busy, Likely, why)
	default:
		j.say(NotOpened, Likely, why)
		if j.o.Platform.Linux && !j.o.OpenedBefore {
			j.say(Dialout, Possible, why)
		}
	}
}

// answers: an NCP is there. What else is wrong?
func (j *judgement) answers() {
	f, d := j.f, &j.r.Device
	at := f.answered
	answered := Evidence{Kind: EvAnswered, Rate: at.Baud, N: at.Answers, M: at.Pings}
	if f.sync != nil {
		j.say(DownloadMode, Sure, Evidence{Kind: EvSync, Rate: f.sync.Baud}, Evidence{Kind: EvRestarted})
	}
	j.restarts()
	if f.linesOff {
		j.say(HeldInReset, Sure, Evidence{Kind: EvLinesOff, Rate: at.Baud})
	}
	j.talkers()
	if j.foreign+j.unasked == 0 {
		j.poorLine()
	}
	surprise := at.Baud != j.o.Known && !slices.Contains(ncp.InitialRates(), at.Baud)
	switch {
	case surprise:
		j.say(WrongRate, Sure, answered)
	case f.revived && f.sync == nil && j.foreign+j.unasked == 0 && j.marks[markBrownout] == 0:
		j.say(WrongRate, Possible, answered, Evidence{Kind: EvRestarted})
	}
	switch {
	case d.StateKnown && d.State == ncp.StateNotInitialized:
		j.say(NoTemplate, Sure, answered, Evidence{Kind: EvState, N: int(d.State)})
	case d.ConfKnown && !d.Configured:
		j.say(NotProvisioned, Sure, answered, Evidence{Kind: EvConfig})
	case len(j.list) > 0:
	case d.StateKnown:
		j.say(OK, Sure, answered)
	default:
		j.say(OK, Likely, answered)
	}
}

// silent: nothing answered as an NCP does.
func (j *judgement) silent() {
	f := j.f
	switch {
	case j.marks[markDownload] > 0:
		j.say(DownloadMode, Sure, j.syncSeen(Evidence{Kind: EvDownload, Rate: j.markAt(markDownload), Text: j.quote(markDownload)})...)
	case f.sync != nil:
		j.say(DownloadMode, Sure, j.syncSeen()...)
	}
	j.restarts()
	if f.at != nil {
		j.say(ATFirmware, Sure, Evidence{Kind: EvAT, Rate: f.at.Baud, Text: f.atText})
	}
	if j.echoes >= 2 {
		j.say(Echo, Sure, Evidence{Kind: EvEcho, Rate: j.mostBy(func(e *ear) int { return e.echoes }).Baud, N: j.echoes})
	}
	j.talkers()
	if len(j.list) > 0 {
		return
	}
	switch {
	case j.poorLine():
		j.say(NoGround, Possible)
	case j.asksUs > 0 || j.marks[markNCP] > 0:
		j.oneWay()
	case j.readable:
		j.say(OtherFirmware, Likely, Evidence{Kind: EvText, Rate: j.text.Baud, N: j.text.Text, M: j.text.Bytes, Text: textLine(j.text.sample)})
		j.say(OneWay, Possible)
	case j.bytes > 0:
		j.noise()
	default:
		j.say(Silent, Likely, j.nothing())
	}
}

// syncSeen adds the ROM loader's answer to evidence, if there was one.
func (j *judgement) syncSeen(list ...Evidence) []Evidence {
	if j.f.sync != nil {
		list = append(list, Evidence{Kind: EvSync, Rate: j.f.sync.Baud})
	}
	return list
}

// restarts judges what boot logs say: no firmware, a weak supply, a loop. One log per
// pulse of ours, and one for the opening of the port, is as it should be.
func (j *judgement) restarts() {
	if n := j.marks[markNoImage]; n > 0 {
		j.say(NoFirmware, Sure, Evidence{Kind: EvNoImage, Rate: j.markAt(markNoImage), N: n, Text: j.quote(markNoImage)})
	}
	if n := j.marks[markBrownout]; n > 0 {
		how := Likely
		if n > 1 {
			how = Sure
		}
		j.say(Brownout, how, Evidence{Kind: EvBrownout, Rate: j.markAt(markBrownout), N: n, Text: j.quote(markBrownout)})
	}
	if n := j.marks[markROM] - j.f.resets - 1; n >= 2 && len(j.list) == 0 {
		e := j.boots
		j.say(BootLoop, Likely, Evidence{Kind: EvBoots, Rate: e.Baud, N: e.marks[markROM], M: int(e.Listened.Milliseconds()), Text: textLine(e.sample, markROM)})
	}
}

// talkers judges frames that somebody else sends, or gets.
func (j *judgement) talkers() {
	if j.talk == nil {
		return
	}
	how := Likely
	if j.foreign > 1 || j.unasked > 2 {
		how = Sure
	}
	var seen []Evidence
	if j.foreign > 0 {
		seen = append(seen, Evidence{Kind: EvForeign, Rate: j.talk.Baud, N: j.foreign})
	}
	if j.unasked > 0 {
		seen = append(seen, Evidence{Kind: EvUnasked, Rate: j.talk.Baud, N: j.unasked})
	}
	j.say(OtherTalker, how, seen...)
}

// poorLine judges bits that arrive wrong. It is false where there were none to speak of.
func (j *judgement) poorLine() bool {
	f, b := j.f, j.bits
	bad := f.badAfter - f.badBefore
	measuredBad := f.sent > 0 && f.got*10 <= f.sent*9
	if !measuredBad && b.hits < 2 && (j.good == 0 || j.bad*5 < j.good) {
		return false
	}
	var seen []Evidence
	if f.sent > 0 {
		seen = append(seen, Evidence{Kind: EvAnswered, Rate: f.answered.Baud, N: f.got, M: f.sent})
	}
	if bad > 0 {
		seen = append(seen, Evidence{Kind: EvFrames, Rate: f.answered.Baud, N: f.got, M: bad})
	} else if j.bad > 0 {
		e := j.mostBy(func(e *ear) int { return e.Good*100 + e.bits.hits })
		seen = append(seen, Evidence{Kind: EvFrames, Rate: e.Baud, N: e.Good, M: e.Bad + e.Cut})
	}
	how := Possible
	if b.hits > 0 {
		seen = append(seen, Evidence{Kind: EvBits, N: b.lost, M: b.more})
		if b.hits >= 2 || measuredBad {
			how = Likely
		}
	}
	j.say(Levels, how, seen...)
	return true
}

// oneWay: an NCP is heard, but no call of ours has an effect on it.
func (j *judgement) oneWay() {
	var seen []Evidence
	if j.marks[markNCP] > 0 {
		seen = append(seen, Evidence{Kind: EvNCPBoot, Rate: j.markAt(markNCP)})
	}
	if j.asksUs > 0 {
		seen = append(seen, Evidence{Kind: EvAsksUs, Rate: j.mostBy(func(e *ear) int { return e.asksUs }).Baud, N: j.asksUs})
	}
	j.say(OneWay, Likely, seen...)
	j.say(OtherTalker, Possible)
}

// noise: bytes that are nothing. Where they come at (nearly) every rate, it is not data.
func (j *judgement) noise() {
	seen := Evidence{Kind: EvNoise, N: j.bytes, M: j.heardAt}
	listened := 0
	for _, e := range j.f.ears {
		if !e.Refused {
			listened++
		}
	}
	if j.bytes >= 40 && j.heardAt*4 >= listened*3 {
		j.say(NoGround, Likely, seen)
		j.say(Levels, Possible)
		j.say(Unreadable, Possible)
		return
	}
	j.say(Unreadable, Likely, seen)
	j.say(NoGround, Possible)
	j.say(OtherTalker, Possible)
}

// nothing is the evidence of silence.
func (j *judgement) nothing() Evidence {
	ms, rates := 0, 0
	for _, e := range j.f.ears {
		ms += int(e.Listened.Milliseconds())
		rates++
	}
	return Evidence{Kind: EvNothing, N: ms, M: rates}
}

// mostBy is the ear with the highest score.
func (j *judgement) mostBy(score func(*ear) int) *ear {
	best := j.f.ears[0]
	for _, e := range j.f.ears[1:] {
		if score(e) > score(best) {
			best = e
		}
	}
	return best
}

// markAt is the rate at which a mark was heard most.
func (j *judgement) markAt(m mark) int {
	return j.mostBy(func(e *ear) int { return e.marks[m] }).Baud
}

// quote is a line that holds a mark.
func (j *judgement) quote(m mark) string {
	e := j.mostBy(func(e *ear) int { return e.marks[m] })
	return textLine(e.sample, m)
}
