//go:build js && wasm

package workui

import (
	"strconv"
	"syscall/js"
	"time"

	"ncpweb/wasm/show"
)

// doneText tells what was done to the chip.
func (e *effort) doneText() string {
	r := e.flasher.Report()
	return reportWords(&r, e.worked)
}

// copyDetails puts all that is known of the job into the clipboard.
func (v *runView) copyDetails() {
	if v.present != nil {
		v.u.copy(v.present.inWords())
	}
}

// inWords is what goes into a report of a fault: the log, the device, the browser.
func (e *effort) inWords() string {
	text := "job: " + heldWords[e.job] + "\n"
	if e.adapter != nil {
		text += "port: " + e.adapter.Info().Key + "\n"
	}
	if e.device.Chip != "" {
		text += "chip: " + e.device.Chip + " " + e.device.Revision + ", " + strconv.FormatInt(e.device.Flash, 10) + " bytes of flash, MAC " + e.device.MAC + "\n"
	}
	if b := e.sel.Board; b != nil {
		text += "board: " + b.ID + "\n"
	}
	if e.job == jobFlash {
		text += "firmware: " + show.VisibleLine(e.sel.Title) + ", " + strconv.FormatInt(e.sel.Image.Size(), 10) + " bytes, SHA-256 " + e.sel.SHA256 + "\n"
	}
	text += "browser: " + agent() + "\n\n" + e.journal.String() + "\n"
	if e.job == jobFlash && e.flasher != nil {
		text += "\n" + string(e.report())
	}
	return text
}

// saveReport saves what was done as a file.
func (v *runView) saveReport() {
	e := v.present
	if e == nil || e.flasher == nil {
		return
	}
	v.u.save(reportName(e.device.Chip, e.device.MAC, time.Now()), "application/json", e.report())
}

// report is the report file of the job.
func (e *effort) report() []byte {
	r := record{
		Flasher: e.flasher.Report(), File: e.sel.SHA256, Expected: e.sel.Version, Version: e.finish.version, Answers: e.finish.answers,
		Boot: e.boot, Agent: agent(), Took: e.worked,
	}
	if r.Flasher.Verified {
		r.Ending = endingNames[e.ending]
	}
	if b := e.sel.Board; b != nil {
		r.Board = b.ID
	}
	if e.adapter != nil {
		in := e.adapter.Info()
		r.Port, r.Adapter = in.Name, show.Hex(uint32(in.VendorID))+":"+show.Hex(uint32(in.ProductID))
	}
	return appendReport(nil, &r)
}

func agent() string { return js.Global().Get("navigator").Get("userAgent").String() }
