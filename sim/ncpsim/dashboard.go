package ncpsim

import (
	"math"
	"strconv"
	"time"
)

// Pins of the demonstration.
const (
	demoTemperature = 1
	demoSwitch      = 2
	demoText        = 3
	demoPosition    = 4
	loadPin         = 10 // the first pin of the load
)

// loadTick is the pace at which the load is made: what is due since the last time
// goes out together, so that a coarse timer makes bursts and not fewer changes.
const loadTick = 5 * time.Millisecond

// dash is where the automatic dashboard stands.
type dash struct {
	step int       // of the demonstration
	from time.Time // when the load began
	sent int64     // changes of the load
}

func (c *Cloud) startDashboard() {
	d := c.n.o.Dashboard
	if d.Period > 0 {
		c.n.after(d.Period, "demonstration", c.demonstrate)
	}
	if d.Load > 0 {
		c.dash.from, c.dash.sent = time.Now(), 0
		c.n.after(loadTick, "load", c.load)
	}
}

func (c *Cloud) stopDashboard() {
	c.n.cancel("demonstration")
	c.n.cancel("load")
}

// SetDashboard replaces Options.Dashboard.
func (c *Cloud) SetDashboard(d Dashboard) {
	n := c.n
	n.mu.Lock()
	defer n.mu.Unlock()
	c.stopDashboard()
	n.o.Dashboard = d.withDefaults() // and no more: the device reads other options without the lock
	if c.online {
		c.startDashboard()
	}
}

var demoTexts = []string{"Living room", "Window open", "Heating on", "Nobody home"}

// demonstrate makes one step of the demonstration: a temperature that swings around
// 21.5 °C, and now and then a switch, a text and a position of two items.
func (c *Cloud) demonstrate() {
	c.dash.step++
	s := c.dash.step
	angle := 2 * math.Pi * float64(s) / 60
	_ = c.set(demoTemperature, []string{decimal(21.5+2.5*math.Sin(angle), 1)})
	if s%5 == 0 {
		_ = c.set(demoSwitch, []string{strconv.Itoa(s / 5 % 2)})
	}
	if s%4 == 1 {
		_ = c.set(demoText, []string{demoTexts[s/4%len(demoTexts)]})
	}
	if s%2 == 0 {
		lat, lon := 50.4501+0.01*math.Sin(angle), 30.5234+0.01*math.Cos(angle)
		_ = c.set(demoPosition, []string{decimal(lon, 4), decimal(lat, 4)})
	}
	c.n.after(c.n.o.Dashboard.Period, "demonstration", c.demonstrate)
}

// load makes as many changes as are due by now. What a line of this rate cannot carry
// is dropped before it piles up.
func (c *Cloud) load() {
	d := c.n.o.Dashboard
	due := int64(time.Since(c.dash.from).Seconds() * float64(d.Load))
	due = min(due, c.dash.sent+int64(d.Load)) // after a long stop no more than a second's worth
	for ; c.dash.sent < due; c.dash.sent++ {
		if c.n.out.bytes > c.n.set.Baud/50 { // 200 ms of the line
			c.n.stats.Dropped++
			continue
		}
		i := int(c.dash.sent % int64(d.LoadPins))
		angle := float64(c.dash.sent)/500 + float64(i)
		_ = c.set(uint16(loadPin+i), []string{decimal(50+50*math.Sin(angle), 2)})
	}
	c.n.after(loadTick, "load", c.load)
}

func decimal(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
