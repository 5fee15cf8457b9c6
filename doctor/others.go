package doctor

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

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
