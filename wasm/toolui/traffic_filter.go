//go:build js && wasm

package toolui

import (
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"ncpweb/ncp/rpc"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
)

// filterBar narrows the table of frames.
type filterBar struct {
	v                                        *trafficView
	form, words, method, kind, status, reset *doc.Element
	count, said, list                        *doc.Element
	dirs                                     []*doc.Element
	searching                                bool    // the person has been in the field of the text
	began                                    float64 // performance.now when the filter was changed; 0: done
	named                                    int     // how many methods the list of names has
}

func newFilterBar(v *trafficView) *filterBar {
	f := &filterBar{
		v: v, form: doc.ByID("traffic-filter"), words: doc.ByID("traffic-text"), method: doc.ByID("traffic-method"), kind: doc.ByID("traffic-kind"),
		status: doc.ByID("traffic-status"), reset: doc.ByID("traffic-reset"), count: doc.ByID("traffic-count"), said: doc.ByID("traffic-said"), list: doc.ByID("traffic-methods"),
	}
	f.dirs = f.form.All("[name=traffic-dir]")
	v.u.OnSubmit(f.form, f.apply)
	v.u.On(f.form, "input", f.apply)
	v.u.On(f.reset, "click", f.clear)
	v.u.On(f.words, "focus", func() { f.searching = true })
	f.form.Listen("keydown", func(ev doc.Event) {
		if ev.Get("key").String() == "Escape" {
			ev.PreventDefault()
			v.u.Post(f.clear)
		}
	})
	return f
}

// clear shows all frames again.
func (f *filterBar) clear() {
	for _, e := range []*doc.Element{f.words, f.method, f.kind, f.status} {
		e.SetInput("")
	}
	f.dirs[0].SetChecked(true)
	f.apply()
}

// kindsOf are the kinds of rows that a choice stands for.
var kindsOf = map[string]traffic.Set{
	"invoke": traffic.SetOf(traffic.Invoke),
	"result": traffic.SetOf(traffic.Result),
	"oneway": traffic.SetOf(traffic.Oneway),
	"bad":    traffic.SetOf(traffic.Noise, traffic.CRC, traffic.Cut, traffic.Oversize, traffic.Unknown),
	"mark":   traffic.SetOf(traffic.Mark, traffic.Gap),
}

// outcomesOf are the outcomes that a choice stands for.
var outcomesOf = map[string]traffic.Set{
	"ok":    traffic.SetOf(traffic.OK),
	"error": traffic.SetOf(traffic.Failed),
	"open":  traffic.SetOf(traffic.Open, traffic.Unanswered),
}

// nobody is the uid of no method: a filter that lets nothing through.
const nobody = 0xFFFF

// apply shows what the filter says.
func (f *filterBar) apply() {
	text := strings.TrimSpace(f.words.Input())
	want := traffic.Filter{Text: text, Kinds: kindsOf[f.kind.Input()], Outcomes: outcomesOf[f.status.Input()]}
	for _, d := range f.dirs {
		if !d.Checked() {
			continue
		}
		switch d.Value.Get("value").String() {
		case "in":
			want.Dirs = traffic.SetOf(rpc.In)
		case "out":
			want.Dirs = traffic.SetOf(rpc.Out)
		}
	}
	if name := strings.ToLower(strings.TrimSpace(f.method.Input())); name != "" {
		want.Methods = f.uids(name)
	}
	f.reset.Show(!want.Empty())
	view := f.v.shown.view
	if old := view.Filter(); old.Equal(&want) {
		return
	}
	view.SetFilter(want)
	f.began = performance().Call("now").Float()
	f.v.replaced()
}

// uids are those of the methods whose name holds a text, or the one of a number.
func (f *filterBar) uids(name string) (uids []uint16) {
	if n, err := strconv.ParseUint(strings.TrimPrefix(name, "0x"), 16, 16); err == nil && strings.HasPrefix(name, "0x") {
		return []uint16{uint16(n)}
	}
	methods := f.v.u.methods()
	for i := range methods {
		if m := &methods[i]; strings.Contains(strings.ToLower(m.Interface+"."+m.Name), name) {
			uids = append(uids, m.UID)
		}
	}
	if uids == nil {
		uids = []uint16{nobody}
	}
	return uids
}

// render tells how many frames pass. matched tells that all of them were looked at.
func (f *filterBar) render(matched bool) {
	f.suggest()
	view := f.v.shown.view
	text := countWords(view.Len(), f.v.shown.store.Len())
	if !matched {
		looked, all := view.Progress()
		text = lang.F("{0} %", strconv.Itoa(looked*100/max(all, 1)))
	}
	f.count.SetText(text)
	if matched && f.began > 0 {
		measure("capture-filter", f.began)
		f.began = 0
		f.said.SetText(text)
	}
}

// suggest offers the names of all methods.
func (f *filterBar) suggest() {
	methods := f.v.u.methods()
	if len(methods) == f.named {
		return
	}
	f.named = len(methods)
	f.list.Clear()
	for i := range methods {
		option := doc.Wrap(doc.Document().Call("createElement", "option"))
		option.SetAttr("value", methods[i].Interface+"."+methods[i].Name)
		f.list.Append(option)
	}
}

func performance() js.Value { return js.Global().Get("performance") }

// measure leaves the time since start under a name, for whoever measures the page.
func measure(name string, start float64) {
	o := js.Global().Get("Object").New()
	o.Set("start", start)
	o.Set("end", performance().Call("now"))
	performance().Call("clearMeasures", name)
	performance().Call("measure", name, o)
}

// untilOf returns how much of a budget is left.
func untilOf(t time.Time) time.Duration { return max(time.Until(t), time.Millisecond) }
