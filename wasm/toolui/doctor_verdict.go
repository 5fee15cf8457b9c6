//go:build js && wasm

package toolui

import (
	"ncpweb/doctor"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// verdictCard tells the most likely cause.
type verdictCard struct {
	box, title, sure, why, seen *doc.Element
	doTitle, do, resume         *doc.Element
	sign                        doc.Sign
	line, remedy                doc.Pattern
}

func newVerdictCard(*UI) verdictCard {
	c := verdictCard{
		box: doc.ByID("doctor-verdict"), title: doc.ByID("doctor-verdict-title"), sure: doc.ByID("doctor-verdict-sure"), why: doc.ByID("doctor-verdict-why"), seen: doc.ByID("doctor-verdict-seen"),
		doTitle: doc.ByID("doctor-do-title"), do: doc.ByID("doctor-do"), resume: doc.ByID("doctor-resume"),
		line: doc.NewPattern("t-doctor-seen"), remedy: doc.NewPattern("t-remedy"),
	}
	c.sign = doc.NewSign(c.box, doc.ByID("doctor-verdict-shape"), c.title)
	return c
}

// fill shows the first verdict of a report. again tells whether the port can be
// connected again.
func (c *verdictCard) fill(r *doctor.Report, again bool) {
	v := r.Verdicts[0]
	w := verdicts[v.Code]
	c.box.SetAttr("data-code", v.Code.String())
	if v.Freed {
		w.Tone, w.Do = show.Warn, freed
	}
	c.sign.Set(lang.T(w.Title), w.Tone)
	c.sure.SetText(lang.T(certainties[v.Certainty]))
	why := lang.T(w.Why)
	if v.Freed {
		why += " " + lang.T("The restart has ended it: the NCP answers now.")
	}
	c.why.SetText(why)
	c.list(c.seen, v.Evidence)
	c.remedies(c.do, w.Do)
	c.doTitle.Show(len(w.Do) > 0)
	c.resume.Show(again)
}

// list shows evidence.
func (c *verdictCard) list(to *doc.Element, seen []doctor.Evidence) {
	to.Clear()
	for _, e := range seen {
		li := c.line.Copy()
		li.SetText(evidenceWords(e))
		to.Append(li)
	}
}

// remedies shows what to do, in order.
func (c *verdictCard) remedies(to *doc.Element, list []doctorRemedy) {
	to.Clear()
	for _, r := range list {
		row := c.remedy.Copy()
		row.Child(0).SetText(lang.T(r.Text))
		if r.line != "" {
			row.Child(1).Show(true)
			row.Child(1).Child(0).SetText(r.line)
		}
		to.Append(row)
	}
}
