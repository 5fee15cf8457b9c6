package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// maxStops is more than any view has places for the focus.
const maxStops = 160

// stop is where the focus is.
type stop struct {
	There bool   // at what is looked for
	Lost  bool   // nowhere
	Name  string // what a person would call it
	Fault string // why it cannot be seen
}

// at tells where the focus is. A control that is drawn by its label, a switch by its
// track and the terminal by its box shows the focus there.
const at = `(selector => {
	const e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement) return { There: false, Lost: true, Name: "", Fault: "" };
	const name = e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.ariaLabel || e.name || e.textContent || "").trim().slice(0, 40);
	const label = e.closest("label"), track = e.nextElementSibling?.matches(".track") ? e.nextElementSibling : null, log = e.closest("#log");
	const drawn = [e, track, label?.matches(".btn, .segmented label") ? label : null].filter(Boolean);
	const ring = drawn.some(d => (s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(d))) || log && getComputedStyle(log).boxShadow !== "none";
	const box = log ?? drawn.at(-1), r = box.getBoundingClientRect();
	const [left, right, top, bottom] = [Math.max(r.left, 0), Math.min(r.right, innerWidth), Math.max(r.top, 0), Math.min(r.bottom, innerHeight)];
	const spots = [0.1, 0.5, 0.9].flatMap(y => [0.1, 0.5, 0.9].map(x => document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
	// What does not scroll cuts off what does not fit in it. A ring may touch one edge.
	const style = getComputedStyle(box), around = parseFloat(style.outlineOffset) + parseFloat(style.outlineWidth);
	let cut = 0;
	for (let p = box.parentElement; p && p !== document.body; p = p.parentElement) {
		const s = getComputedStyle(p), q = p.getBoundingClientRect();
		if (s.overflowX !== "hidden" && s.overflowX !== "clip" && s.contain !== "strict") continue;
		cut = Math.max(cut, [r.left - around < q.left - 1, r.right + around > q.right + 1, r.top - around < q.top - 1, r.bottom + around > q.bottom + 1].filter(Boolean).length);
	}
	const fault = !box.checkVisibility({ visibilityProperty: true }) ? "hidden" : !ring ? "no focus ring" : right <= left || bottom <= top ? "out of the window" : cut > 1 && !log ? "cut off"
		: !spots.some(s => s && (box.contains(s) || s.contains(box) && label)) ? "covered by " + spots[4]?.outerHTML.slice(0, 80) : "";
	return { There: e.matches(selector), Lost: false, Name: name, Fault: fault } })`

// tabTo goes on with Tab until the focus is at a selector. Every place on the way must
// show that it has the focus, and none may keep it.
func (v *view) tabTo(selector string) { v.t.Helper(); v.walk(selector, v.Press) }

// backTo is tabTo with Shift and Tab.
func (v *view) backTo(selector string) { v.t.Helper(); v.walk(selector, v.PressShifted) }

func (v *view) walk(selector string, press func(string) error) {
	v.t.Helper()
	var names []string
	for lost := 0; len(names) < maxStops; {
		v.must(press(kb.Tab))
		s := eval[stop](v, at+`(`+quote(selector)+`)`)
		if s.Lost {
			// Once is the end of the page, from where it goes on at the other end.
			if lost++; lost > 1 {
				v.t.Fatalf("on the way to %s the focus is lost after %q", selector, names)
			}
			continue
		}
		if s.Fault != "" {
			v.t.Errorf("on the way to %s: the focus on %s: %s", selector, s.Name, s.Fault)
		}
		if s.There {
			return
		}
		names = append(names, s.Name)
		if n := len(names); n > 3 && names[n-1] == names[n-2] && names[n-2] == names[n-3] {
			v.t.Fatalf("on the way to %s the focus is caught at %s", selector, s.Name)
		}
	}
	v.t.Fatalf("Tab does not lead to %s but to %q", selector, names)
}

// leaves presses Tab and fails if the focus stays within a selector.
func (v *view) leaves(selector string) {
	v.t.Helper()
	v.must(v.Press(kb.Tab))
	if eval[bool](v, `document.activeElement === document.body || document.activeElement.closest(`+quote(selector)+`) !== null`) {
		v.t.Errorf("Tab does not leave %s", selector)
	}
}

// focused waits until an element has the focus.
func (v *view) focused(id string) {
	v.t.Helper()
	if _, err := v.Wait(`document.activeElement.id === `+quote(id), 2*time.Second); err != nil {
		v.t.Fatalf("the focus is on %q, not on %s", eval[string](v, `document.activeElement.id || document.activeElement.tagName`), id)
	}
}

// visit goes to a view by its link, backwards from within the page. The heading of the
// view has the focus then, so a screen reader says where it is.
func (v *view) visit(name string) {
	v.t.Helper()
	v.backTo(`[data-nav="` + name + `"]`)
	v.press(kb.Enter)
	v.focused("title-" + name)
}

// TestKeyboard: from connecting to the saved capture with nothing but the keyboard.
func TestKeyboard(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{Provisioned: true})
	v := open(t, url, browser.PageOptions{Before: keepsFiles})
	v.tabTo("#connect")
	v.press(kb.Enter)
	v.ready(20 * time.Second)
	v.focused("disconnect")

	v.visit("configure")
	v.tabTo(`[name="templateID"]`)
	v.press("TMPLkeys")
	v.tabTo(`[name="templateName"]`)
	v.press("By keys")
	v.tabTo(`[name="button.on"]`)
	v.press(" ")
	v.tabTo(`[name="button.gpio"]`)
	v.press("4")
	v.tabTo("#apply")
	v.press(" ")
	v.applied()
	v.focused("apply")
	waitState(t, device, ncpsim.StateConnected)
	if s := device.NCP().Settings(); s.TemplateID != "TMPLkeys" || s.TemplateName != "By keys" || s.Button == nil || s.Button.GPIO != 4 {
		t.Errorf("the NCP got %+v", s)
	}

	v.visit("pins")
	v.tabTo("#write-pin")
	v.press("7")
	v.tabTo(`[name="item"]`)
	v.press("23.5" + kb.Enter)
	wrote(t, device, 7, "23.5")
	v.backTo(`#pins tr[data-pin="7"] [data-act="chart"]`)
	v.press(" ")
	v.wait(chart+`?.shown`, 10*time.Second)
	v.backTo("#chart-plot")
	v.press(kb.ArrowLeft)
	v.wait(`document.querySelector('[data-chart="live"]').checkVisibility()`, 2*time.Second)
	v.leaves("#chart-plot")

	v.visit("traffic")
	v.tools()
	v.tabTo("#traffic-grid")
	v.press(kb.ArrowUp + kb.Enter)
	v.sees("#detail-fields", "23.5", 2*time.Second)
	v.tabTo("#detail-close")
	v.press(kb.Escape)
	v.focused("traffic-grid")
	v.leaves("#traffic-grid")
	v.backTo("#traffic-save")
	v.press(kb.Enter)
	v.wait(`typeof window.saved === "string"`, 5*time.Second)
	saved := eval[string](v, `window.saved`)
	if !strings.HasPrefix(saved, `{"format":"ncp-capture"`) || !strings.Contains(saved, "32332E35") {
		t.Errorf("the capture: %.300s", saved)
	}
	v.backTo(`.view-tabs [href="#explorer"]`)
	v.press(kb.Enter)
	v.focused("title-explorer")
	v.tabTo("#explorer-search")
	v.press("getNcpVersion")
	v.tabTo(".explorer-method")
	v.press(kb.Enter)
	v.tabTo("#explorer-call")
	v.press(kb.Enter)
	v.sees("#explorer-history", "getNcpVersion()", 3*time.Second)

	v.visit("log")
	v.wait(`document.getElementById("log-loading").hidden`, 10*time.Second)
	v.tabTo("#log *")
	v.leaves("#log")
	v.backTo("#disconnect")
	v.press(kb.Enter)
	v.focused("connect")
}

// TestKeyboardDialogs: a dialog keeps the focus within, Esc closes it, and the focus is
// back where it was.
func TestKeyboardDialogs(t *testing.T) {
	device, url := withNCP(t, ncpsim.Options{})
	v := open(t, url, browser.PageOptions{})
	v.tabTo("#connect")
	v.press(kb.Enter)
	v.ready(20 * time.Second)
	v.tabTo("#factory-reset")
	v.press(kb.Enter)
	v.focused("confirm-input")
	for range 4 {
		v.press(kb.Tab)
		if eval[bool](v, `document.activeElement !== document.body && !document.activeElement.closest("dialog")`) {
			t.Error("Tab leads out of the dialog")
		}
	}
	v.press(kb.Escape)
	v.focused("factory-reset")
	v.visit("configure")
	v.tabTo("#preset")
	v.press(kb.Enter)
	v.focused("boards-search")
	v.press(kb.Escape)
	v.focused("preset")
	if n := device.NCP().Stats().Boots; n > 1 {
		t.Errorf("%d boots", n)
	}
}

// TestFocusIsSeen: Tab goes through the whole of every view, on a desktop and on a phone
// with a keyboard, and one sees where it is all the time: nothing covers it.
func TestFocusIsSeen(t *testing.T) {
	for name, o := range map[string]browser.PageOptions{
		"desktop": {Width: 1280, Height: 700},
		"phone":   {Width: 360, Height: 640, Touch: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := withNCP(t, ncpsim.Options{Provisioned: true, Initialized: true, Dashboard: ncpsim.Dashboard{Period: time.Second}})
			v := open(t, url, o)
			v.connect()
			for _, name := range []string{"device", "configure", "pins", "traffic", "explorer", "doctor", "log"} {
				v.show(name)
				v.opened(name)
				v.through(name)
			}
		})
	}
}

// through presses Tab until the focus has gone through the page, and fails for each
// place where it is not seen.
func (v *view) through(name string) {
	v.t.Helper()
	v.must(v.Do(`document.querySelector(".brand").focus()`))
	for n := 0; ; n++ {
		v.press(kb.Tab)
		s := eval[stop](v, at+`(".skip")`)
		if s.Fault != "" {
			v.t.Errorf("%s: the focus on %s: %s", name, s.Name, s.Fault)
		}
		if s.Lost || s.There {
			if n < 12 {
				v.t.Errorf("%s: %d places for the focus", name, n)
			}
			return
		}
		if n > maxStops {
			v.t.Fatalf("%s: the focus is caught at %s", name, s.Name)
		}
	}
}
