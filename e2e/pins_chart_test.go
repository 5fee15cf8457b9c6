package e2e

import (
	"fmt"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

// chart is the chart of the page as its own script sees it.
const chart = `document.getElementById("chart-plot").chart`

// points counts what a line of the chart is drawn from.
func points(line int) string {
	return fmt.Sprintf(`((s, l) => l ? (l.end - l.at) / 4 : 0)(%s?.shown, %s?.shown.lines[%d])`, chart, chart, line)
}

// again loads the page once more.
func (v *view) again() {
	v.t.Helper()
	url := eval[string](v, `location.href`)
	v.must(v.Goto("about:blank"))
	v.must(v.Goto(url))
	v.core()
}

// TestPinChart: chosen pins become lines that go on; they stand still when they are
// told to, and a range can be looked at closely, with the keyboard and the mouse.
func TestPinChart(t *testing.T) {
	v, _ := online(t, ncpsim.Options{Dashboard: ncpsim.Dashboard{Period: 100 * time.Millisecond}})
	v.goTo("pins")
	v.wait(`document.querySelectorAll("#pins tbody tr").length >= 4`, 5*time.Second)
	if v.shows("#chart-panel") {
		t.Error("a chart without a pin is shown")
	}
	v.wait(`document.querySelector('#pins tr[data-pin="1"] polyline').points.length > 3`, 5*time.Second)
	v.click(`#pins tr[data-pin="1"] [data-act="chart"]`)
	v.wait(points(0)+` > 0 && document.querySelector("#chart-plot canvas") !== null`, 10*time.Second) // the table has moved down
	v.click(`#pins tr[data-pin="4"] [data-act="chart"]`)
	v.wait(points(1)+` >= 5 && `+points(0)+` >= 5`, 10*time.Second)
	v.wait(`(c => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
		for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
		return seen.has(0x0067b0) && seen.has(0xc2410c) })(document.querySelector("#chart-plot canvas"))`, 3*time.Second)
	for _, text := range []string{"V1", "V4"} {
		v.sees("#chart-legend", text, 2*time.Second)
	}
	v.wait(`/^\d/.test(document.querySelector("#chart-legend tbody td").innerText)`, 2*time.Second)
	const end = chart + `.shown.range[1]`
	before := eval[float64](v, end)
	v.wait(fmt.Sprintf(`%s > %f`, end, before+0.2), 3*time.Second)

	v.click(`[data-chart="pause"]`)
	const width = `(r => r[1] - r[0])(` + chart + `.shown.range)`
	if v.shows(`[data-chart="pause"]`) || !v.shows(`[data-chart="live"]`) {
		t.Error("a chart that stands still does not offer to go live")
	}
	stood := eval[bool](v, `new Promise(done => setTimeout(() => { const c = document.querySelector("#chart-plot canvas"), at = `+end+`, image = c.toDataURL();
		setTimeout(() => done(image === c.toDataURL() && at === `+end+`), 400) }, 150))`)
	if !stood {
		t.Error("the chart moves although it was paused")
	}
	v.must(v.Do(`document.getElementById("chart-plot").focus()`))
	whole := eval[float64](v, width)
	v.press("+")
	v.wait(fmt.Sprintf(`Math.abs(%s - %f) < 0.01`, width, whole/2), 2*time.Second)
	v.press("-")
	v.wait(fmt.Sprintf(`Math.abs(%s - %f) < 0.01`, width, whole), 2*time.Second)
	v.must(v.Do(`(o => { const r = o.getBoundingClientRect(), at = (kind, part, to = o) => to.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: r.left + r.width * part, clientY: r.top + r.height / 2, buttons: 1, movementX: 9}));
		at("mousedown", 0.5); at("mousemove", 0.6); at("mousemove", 0.75); at("mouseup", 0.75) })(document.querySelector("#chart-plot .u-over"))`))
	v.wait(fmt.Sprintf(`Math.abs(%s - %f) < 1`, width, whole/4), 2*time.Second)
	v.press("0")
	v.wait(fmt.Sprintf(`%s.shown.live && %s > %f`, chart, width, whole-0.1), 2*time.Second)

	v.click(`[name="chart-window"][value="10"]`)
	v.wait(fmt.Sprintf(`Math.abs(%s - 10) < 0.01`, width), 2*time.Second)
	v.click("#chart-legend tbody tr:nth-child(2) button")
	v.wait(chart+`.shown.lines[1].on === false`, 2*time.Second)

	v.again()
	v.wait(chart+`?.shown.lines.map(l => l.pin).join() === "1,4"`, 5*time.Second)
	if got := eval[string](v, `document.querySelector("[name=chart-window]:checked").value`); got != "10" {
		t.Errorf("the window of %s s is remembered, not of 10", got)
	}
	v.click("#chart-close")
	v.wait(`!document.getElementById("chart-panel").checkVisibility()`, 2*time.Second)
}
