//go:build js && wasm

package workui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ncpweb/ncp"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// mcuConsole is the cloud of the MCU: its pins, what it tells beside values, and the
// state of the NCP.
type mcuConsole struct {
	v          *mcuView
	box, list  *doc.Element
	pin, value *doc.Element
	buttons    []*doc.Element
	row        doc.Pattern
	rows       []*doc.Element
	notes      *factList
	told       string    // what stands in notes
	drawn      time.Time // when the table was filled last
}

// Rows that are shown, and how often they are filled anew.
const (
	pinRows   = 100
	noteRows  = 20
	drawEvery = 250 * time.Millisecond
)

func newMCUConsole(v *mcuView) *mcuConsole {
	c := &mcuConsole{
		v: v, box: doc.ByID("mcu-console"), list: doc.ByID("mcu-pins"), pin: doc.ByID("mcu-pin"), value: doc.ByID("mcu-value"),
		row: doc.NewPattern("t-mcu-pin"), notes: newFactList("mcu-notes"),
	}
	c.pin.SetInput("0")
	doc.ByID("mcu-form").Listen("submit", func(ev doc.Event) {
		ev.PreventDefault()
		v.u.Post(c.set)
	})
	for _, b := range c.box.All("[data-ncp]") {
		n, _ := strconv.Atoi(b.Data("ncp"))
		v.u.On(b, "click", func() { v.ncpState(ncp.State(n)) })
		c.buttons = append(c.buttons, b)
	}
	reboot := doc.ByID("mcu-reboot")
	c.buttons = append(c.buttons, reboot)
	v.u.On(reboot, "click", func() {
		if h := v.host(); h != nil && !v.u.update.busy() {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
				defer cancel()
				h.Restart(ctx)
			}()
		}
	})
	return c
}

// set changes a pin as the cloud does.
func (c *mcuConsole) set() {
	h := c.v.host()
	if h == nil {
		return
	}
	pin, ok := pinNumber(c.pin.Input())
	c.pin.SetAttr("aria-invalid", strconv.FormatBool(!ok))
	if !ok {
		c.v.u.core.Toast(lang.T("A pin is a number from 0 to 65535"), string(show.Warn))
		c.pin.Focus()
		return
	}
	value := []byte(strings.ReplaceAll(c.value.Input(), "\x00", ""))
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		if err := h.SetPin(ctx, pin, value); err != nil {
			c.v.u.core.Toast(lang.T("The MCU did not take the value"), string(show.Warn))
		}
	}()
}

func (c *mcuConsole) render() {
	c.box.Show(c.v.up())
	if !c.v.up() {
		return
	}
	for _, b := range c.buttons {
		b.Enable(!c.v.u.update.busy())
	}
	now := time.Now()
	if now.Sub(c.drawn) < drawEvery {
		return
	}
	c.drawn = now
	pins := c.v.st.Pins[:min(len(c.v.st.Pins), pinRows)]
	for len(c.rows) < len(pins) {
		row := c.row.Copy()
		c.rows = append(c.rows, row)
		c.list.Append(row)
	}
	for i, row := range c.rows {
		row.Show(i < len(pins))
		if i >= len(pins) {
			continue
		}
		p := &pins[i]
		row.Child(0).SetText("V" + strconv.Itoa(int(p.Pin)))
		row.Child(1).SetText(visible(strings.ReplaceAll(string(p.Value), "\x00", ", ")))
		who := lang.T("MCU")
		if p.FromCloud {
			who = lang.T("Cloud")
		}
		row.Child(2).SetText(who)
		row.Child(3).SetText(show.Age(now.Sub(p.At)))
	}
	c.showNotes()
}

// showNotes shows the newest events and what the MCU has set up.
func (c *mcuConsole) showNotes() {
	var pairs []string
	notes := c.v.st.Notes
	for i := len(notes) - 1; i >= 0 && len(pairs) < 2*noteRows; i-- {
		pairs = append(pairs, show.Clock(notes[i].At)+" "+notes[i].What, visible(notes[i].Text))
	}
	for _, s := range c.v.st.Settings {
		pairs = append(pairs, s.Method, visible(s.Text))
	}
	if n := len(c.v.st.Pins); n > pinRows {
		pairs = append(pairs, lang.T("Pins that are not shown"), strconv.Itoa(n-pinRows))
	}
	if key := strings.Join(pairs, "\x00"); key != c.told {
		c.told = key
		c.notes.fill(pairs...)
	}
}

func (c *mcuConsole) relabel() { c.told, c.drawn = "", time.Time{} }
