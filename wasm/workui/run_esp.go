//go:build js && wasm

package workui

import (
	"strconv"
	"strings"

	"ncpweb/flash/esp"
	"ncpweb/serial"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// byHand tells whether a person has to bring the chip into its loader from the start.
func byHand(s Selection) bool {
	return s.Reset.Hand || s.Reset.Name == "" && s.Board != nil && s.Board.NCP.Reset == "hand"
}

// firstRate is the rate at which the port is opened: where it is that of the flasher's
// first words, the port need not be opened a second time for them.
func firstRate(in serial.Info, s Selection, known int) int {
	rate := esp.AdapterRate(in)
	switch {
	case s.Start > 0:
		return s.Start
	case s.Baud > 0:
		rate = s.Baud
	case known > 0:
		rate = known
	}
	return min(rate, esp.StartRate)
}

// fill shows what the loader told of the chip.
func (c *chipCard) fill(d esp.Details) {
	c.again = func() {
		var size string
		if d.Flash > 0 {
			size = flashSize(d.Flash)
		}
		var crystal string
		if d.Crystal > 0 {
			crystal = lang.F("{0} MHz", strconv.Itoa(d.Crystal))
		}
		c.put(show.Visible(d.Chip), []fact{
			{lang.T("Revision"), d.Revision, false},
			{lang.T("Flash memory"), size, false},
			{lang.T("MAC"), d.MAC, true},
			{lang.T("Features"), strings.Join(d.Features, ", "), false},
			{lang.T("Crystal"), crystal, false},
			{lang.T("Locks"), securityWords(d.Security), false},
			{lang.T("Rate"), show.Baud(d.Rate), false},
		})
	}
	c.again()
}
