//go:build js && wasm

package toolui

import (
	"strconv"
	"strings"

	"ncpweb/ncp"
	"ncpweb/ncp/schema"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// explorerView calls any method of the interface description, for real.
type explorerView struct {
	u      *UI
	method *ncp.Method // the chosen one

	search, list, told       *doc.Element
	name, about, doc, fault  *doc.Element
	has                      doc.Sign
	call, stop, note         *doc.Element
	group, item              doc.Pattern
	methods                  []methodItem
	listed                   *ncp.Method // what the list begins with; another Merge makes another list
	form                     *argForm
	calls                    *caller
	result                   *resultPanel
	past                     *history
	raw                      *rawForm
	ask, askText             *doc.Element
	agreed                   func()
	times, every, untilError *doc.Element
}

// methodItem is a method in the list.
type methodItem struct {
	uid               uint16
	text              string // what the search looks at
	row, button, note *doc.Element
	box               *doc.Element // of its interface
}

func newExplorerView(u *UI) *explorerView {
	badge := doc.ByID("explorer-has")
	v := &explorerView{
		u: u, search: doc.ByID("explorer-search"), list: doc.ByID("explorer-list"), told: doc.ByID("explorer-told"),
		name: doc.ByID("explorer-name"), about: doc.ByID("explorer-about"), doc: doc.ByID("explorer-doc"), fault: doc.ByID("explorer-fault"),
		has:  doc.NewSign(badge, badge.One("use"), badge.Child(1)),
		call: doc.ByID("explorer-call"), stop: doc.ByID("explorer-stop"), note: doc.ByID("explorer-note"),
		group: doc.NewPattern("t-explorer-group"), item: doc.NewPattern("t-explorer-method"),
		ask: doc.ByID("explorer-ask"), askText: doc.ByID("explorer-ask-text"),
		times: doc.ByID("explorer-times"), every: doc.ByID("explorer-every"), untilError: doc.ByID("explorer-until"),
	}
	v.form = newArgForm()
	v.calls = &caller{v: v}
	v.result = newResultPanel(v)
	v.past = newHistory(v)
	v.raw = newRawForm(v)
	u.On(v.search, "input", v.filter)
	u.OnTarget(v.list, "click", "button", func(b *doc.Element) {
		n, err := strconv.ParseUint(b.Data("uid"), 10, 16)
		if m, ok := u.schema.Method(uint16(n)); ok && err == nil {
			v.choose(m)
			v.name.Focus()
		}
	})
	u.OnSubmit(doc.ByID("explorer-form"), v.submit)
	u.OnTarget(v.form.box, "input", "input, textarea", func(e *doc.Element) { v.form.typed(e.GetAttribute("id")) })
	u.On(v.stop, "click", func() { v.calls.stop() })
	v.ask.Listen("close", func(doc.Event) {
		agreed := v.ask.Value.Get("returnValue").String() == "yes"
		u.Post(func() { v.asked(agreed) })
	})
	input := doc.ByID("explorer-file")
	doc.ByID("explorer-load").Listen("click", func(doc.Event) { input.Value.Call("click") })
	got := func(f page.File, err error) { u.Post(func() { v.load(f, err) }) }
	page.OnFile(input.Value, schema.MaxSize, got)
	page.OnFile(doc.ByID("view-explorer").Value, schema.MaxSize, got)
	if m, ok := u.schema.Method(ncp.UIDNcpPing); ok {
		v.choose(m)
	}
	return v
}

// fillList makes the list anew.
func (v *explorerView) fillList() {
	all := v.u.schema.Methods()
	if v.listed == &all[0] && len(v.methods) == len(all) {
		return
	}
	v.listed = &all[0]
	v.list.Clear()
	v.methods = v.methods[:0]
	boxes := make(map[string]*doc.Element)
	for i := range all {
		m := &all[i]
		box := boxes[m.Interface]
		if box == nil {
			box = v.group.Copy()
			box.Child(0).SetText(m.Interface)
			boxes[m.Interface] = box
			v.list.Append(box)
		}
		row := v.item.Copy()
		b := row.Child(0)
		b.SetAttr("data-uid", strconv.Itoa(int(m.UID)))
		b.Child(0).SetText(m.Name)
		box.Child(1).Append(row)
		v.methods = append(v.methods, methodItem{
			uid: m.UID, text: strings.ToLower(m.Interface + "." + m.Name + " " + m.Doc + " 0x" + hex4(m.UID)),
			row: row, button: b, note: b.Child(1), box: box,
		})
	}
	v.filter()
}

func (v *explorerView) filter() {
	text := strings.ToLower(strings.TrimSpace(v.search.Input()))
	some := make(map[*doc.Element]bool)
	for _, m := range v.methods {
		on := strings.Contains(m.text, text)
		m.row.Show(on)
		some[m.box] = some[m.box] || on
	}
	for box, on := range some {
		box.Show(on)
	}
}

// choose shows a method and the fields of its arguments.
func (v *explorerView) choose(m *ncp.Method) {
	v.method = m
	v.name.SetText(m.Interface + "." + m.Name)
	v.doc.SetText(m.Doc)
	v.doc.Show(m.Doc != "")
	v.fault.SetText("")
	v.form.build(m)
	v.render()
}

func (v *explorerView) render() {
	v.fillList()
	for i := range v.methods {
		m := &v.methods[i]
		word, lacks := v.lack(m.uid)
		m.note.SetText(word)
		m.button.SetFlag("data-lacks", lacks)
		m.button.SetFlag("aria-current", false)
		if v.method != nil && m.uid == v.method.UID {
			m.button.SetAttr("aria-current", "true")
		}
	}
	m := v.method
	v.about.SetText(aboutMethod(m))
	ours := m.Host == ncp.SideMCU
	ready := v.u.status.Ready()
	running := v.calls.running
	v.call.Enable(ready && !ours && !running)
	v.raw.send.Enable(ready && !running)
	v.stop.Show(running)
	v.note.SetText(callNote(ready, ours, running))
	v.has.Box.Show(ready && !ours)
	switch v.u.status.Has(m.UID) {
	case bridge.Yes:
		v.has.Set(lang.T("This NCP has it"), show.OK)
	case bridge.No:
		v.has.Set(lang.T("This NCP lacks it"), show.Warn)
	default:
		v.has.Set(lang.T("Not asked"), show.Idle)
	}
	v.result.render()
	v.past.render()
}

// lack says what is special about a method in the list, and whether it cannot be called.
func (v *explorerView) lack(uid uint16) (string, bool) {
	m, _ := v.u.schema.Method(uid)
	switch {
	case m.Host == ncp.SideMCU:
		return lang.T("this page answers it"), false
	case v.u.status.Ready() && v.u.status.Has(uid) == bridge.No:
		return lang.T("not in this NCP"), true
	case !v.u.schema.BuiltIn(uid):
		return lang.T("from your file"), false
	}
	return "", false
}

// submit calls the chosen method; what restarts or erases is asked about first.
func (v *explorerView) submit() {
	m := v.method
	texts, bad := v.form.read(true)
	if bad || !v.u.status.Ready() || m.Host == ncp.SideMCU || v.calls.running {
		return
	}
	args, err := schema.Encode(m.In, texts, schema.Room(m.Oneway))
	if err != nil {
		v.form.fault(err)
		return
	}
	run := func() { v.calls.start(m, texts, args, v.plan()) }
	if word := dangerWords(m.UID); word != "" {
		v.confirm(word, run)
		return
	}
	run()
}

// plan reads how often to call.
func (v *explorerView) plan() plan {
	number := func(e *doc.Element, least, most, otherwise int) int {
		n, err := strconv.Atoi(strings.TrimSpace(e.Input()))
		if err != nil || n < least || n > most {
			e.SetInput(strconv.Itoa(otherwise))
			return otherwise
		}
		return n
	}
	return plan{times: number(v.times, 1, 100000, 1), every: number(v.every, 0, 600000, 500), untilError: v.untilError.Checked()}
}

func (v *explorerView) confirm(text string, then func()) {
	v.agreed = then
	v.askText.SetText(text)
	v.ask.Value.Set("returnValue", "no")
	v.ask.Value.Call("showModal")
}

func (v *explorerView) asked(yes bool) {
	then := v.agreed
	v.agreed = nil
	if yes && then != nil {
		then()
	}
}

// load takes a description that the person opened or dropped.
func (v *explorerView) load(f page.File, err error) {
	name, _ := show.Cut(show.Visible(f.Name), 60)
	v.told.Show(true)
	if err != nil {
		v.told.SetText(lang.F("{0} cannot be read.", name))
		return
	}
	d, err := schema.Parse(f.Data)
	if err != nil {
		reason, _ := show.Cut(show.Visible(err.Error()), 200)
		v.told.SetText(lang.F("{0} was refused: {1}.", name, reason))
		return
	}
	merged := v.u.schema.Merge(d)
	v.told.SetText(mergedWords(name, merged))
	v.u.renamed()
	v.fillList()
	next := v.method.UID
	if len(merged.Added) > 0 {
		next = merged.Added[0].UID
	}
	// The chosen method may have been replaced.
	if m, ok := v.u.schema.Method(next); ok && m != v.method {
		v.choose(m)
	}
}

// again fills in a call that was made, or seen in Traffic.
func (v *explorerView) again(uid uint16, args []byte, oneway bool) {
	m, ok := v.u.schema.Method(uid)
	if ok && anySecret(m.In) {
		// What was secret is not known any more: it has to be typed again.
		v.choose(m)
		v.name.Focus()
		return
	}
	if !ok || m.Host == ncp.SideMCU || m.Oneway != oneway {
		v.raw.fill(uid, args, oneway)
		return
	}
	texts, ok := schema.Texts(m.In, args)
	if !ok {
		v.raw.fill(uid, args, oneway)
		return
	}
	v.choose(m)
	v.form.fill(texts)
	v.name.Focus()
}

// relabel writes again what stands in the language of the page.
func (v *explorerView) relabel() {
	texts, _ := v.form.read(false)
	v.form.build(v.method)
	v.form.fill(texts)
	v.told.Show(false)
	v.result.relabel()
	v.past.drawn = -1
	v.render()
}
