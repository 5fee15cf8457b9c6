//go:build js && wasm

package toolui

import (
	"strings"

	"ncpweb/doctor"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// doctorRow is a step as it is shown.
type doctorRow struct {
	row, name, word, seen, sample, title, bytes *doc.Element
	sign                                        doc.Sign
	shown                                       int // evidence that is listed
}

// showSteps shows the steps that were told.
func (v *doctorView) showSteps() {
	if len(v.told) == 0 {
		return
	}
	for len(v.steps) < len(stepNames) {
		row := v.stepRow.Copy()
		r := doctorRow{row: row, name: row.Child(1), word: row.Child(2), seen: row.Child(3), sample: row.Child(4)}
		r.title, r.bytes = r.sample.Child(0), r.sample.Child(1)
		r.sign = doc.NewSign(row, row.One("use"), r.word)
		r.name.SetText(lang.T(stepNames[len(v.steps)]))
		v.stepList.Append(row)
		v.steps = append(v.steps, r)
	}
	for i := range v.steps {
		if i < len(v.told) {
			v.steps[i].show(&v.told[i], v.verdict.line)
		} else {
			v.steps[i].sign.Set("", show.Idle)
		}
	}
}

// show shows a step as it stands.
func (r *doctorRow) show(s *doctor.Step, line doc.Pattern) {
	word := lang.T(stepWords[s.Status])
	if s.Kind == doctor.StepOpen && s.Status == doctor.Failed {
		word = lang.T("failed")
	}
	if s.Status == doctor.Running && s.Rate > 0 {
		word = lang.F("at {0} baud", show.Grouped(uint64(s.Rate)))
	}
	r.sign.Set(word, stepTone(s))
	for ; r.shown < len(s.Seen); r.shown++ {
		li := line.Copy()
		li.SetText(evidenceWords(s.Seen[r.shown]))
		r.seen.Append(li)
	}
	r.sample.Show(len(s.Sample) > 0)
	if len(s.Sample) > 0 {
		title := lang.F("Bytes heard at {0} baud", show.Grouped(uint64(s.At)))
		r.title.SetText(title)
		r.bytes.SetAttr("aria-label", title)
		r.bytes.SetText(sampleText(s.Sample))
	}
}

// stepTone is how a step looks. A device that says nothing by itself, and no other
// firmware, are what an NCP in order shows as well.
func stepTone(s *doctor.Step) show.Tone {
	if s.Status == doctor.Failed {
		switch s.Kind {
		case doctor.StepOpen:
			return show.Fail
		case doctor.StepListen, doctor.StepOthers:
			return show.Idle
		}
	}
	return stepTones[s.Status]
}

// sampleText is bytes as text where they are a text, else as a dump.
func sampleText(p []byte) string {
	printable := 0
	for _, c := range p {
		if c >= 0x20 && c < 0x7F || c == '\r' || c == '\n' || c == '\t' {
			printable++
		}
	}
	if 10*printable >= 9*len(p) {
		lines := strings.Split(string(p), "\n")
		for i := range lines {
			lines[i] = show.VisibleLine(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	return dump(p)
}

// dump is bytes as hex and as text, eight to a line: that fits a phone.
func dump(p []byte) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for len(p) > 0 {
		n := min(8, len(p))
		for i := range 8 {
			if i >= n {
				b.WriteString("   ")
				continue
			}
			b.WriteByte(digits[p[i]>>4])
			b.WriteByte(digits[p[i]&15])
			b.WriteByte(' ')
		}
		b.WriteString(" ")
		for _, c := range p[:n] {
			if c < 0x20 || c >= 0x7F {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteByte('\n')
		p = p[n:]
	}
	return b.String()
}
