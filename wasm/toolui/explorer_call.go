//go:build js && wasm

package toolui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/traffic"
	"ncpweb/wasm/bridge"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// plan says how often a call is made.
type plan struct {
	times, every int // every in milliseconds between two calls
	untilError   bool
}

// caller makes the calls, one series at a time.
type caller struct {
	v       *explorerView
	running bool
	series  bool // of more than one call
	cancel  context.CancelFunc
}

// outcome is how a call ended.
type outcome struct {
	method *ncp.Method
	line   string // the call, secrets masked
	args   []byte // nil where a secret is among them
	hidden bool   // a secret is among the results
	at     time.Time
	rets   []byte
	took   time.Duration
	err    error
	number int // of the series, from 1
	of     int
	failed int // so far
}

func (c *caller) stop() {
	if c.cancel != nil {
		c.cancel()
	}
}

// leave ends a series that nobody looks at any more.
func (c *caller) leave() {
	if c.running && c.series {
		c.stop()
	}
}

func anySecret(params []ncp.Param) bool {
	return slices.ContainsFunc(params, func(p ncp.Param) bool { return p.Secret })
}

// start makes a series of calls. It ends when the connection does.
func (c *caller) start(m *ncp.Method, texts []string, args []byte, p plan) {
	line := c.v.form.line(m, texts)
	if m.Interface == "" { // a raw call
		line = m.Name + " " + hexText(args[:min(len(args), 24)])
	}
	kept, hidden := args, false
	// The id tells, so that a raw call hides what the typed one does.
	if known, ok := c.v.u.schema.Method(m.UID); ok {
		hidden = anySecret(known.Out) || known.Result.Secret
		if anySecret(known.In) {
			kept = nil
			if m.Interface == "" {
				line = m.Name + " " + maskedText
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.running, c.series, c.cancel = true, p.times > 1, cancel
	c.v.result.begin()
	go func() {
		defer cancel()
		failed := 0
		for i := 1; i <= p.times && ctx.Err() == nil; i++ {
			if i > 1 && !pause(ctx, time.Duration(p.every)*time.Millisecond) {
				break
			}
			o := outcome{method: m, line: line, args: kept, hidden: hidden, at: time.Now(), number: i, of: p.times}
			if m.Oneway {
				o.err = c.v.u.core.Notify(ctx, m.UID, args)
			} else {
				o.rets, o.took, o.err = c.v.u.core.Invoke(ctx, m.Timeout, m.UID, args)
			}
			if o.err != nil {
				failed++
			}
			o.failed = failed
			c.v.u.Post(func() { c.v.result.last = &o; c.v.past.add(&o) })
			if o.err != nil && (p.untilError || isGone(o.err)) {
				break
			}
		}
		c.v.u.Post(func() { c.running = false; c.v.render() })
	}()
	c.v.render()
}

// pause waits; false: the person has stopped the series.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// isGone tells whether there is nobody to call any more.
func isGone(err error) bool {
	p := bridge.ProblemOf(err)
	return p != nil && p.Code == bridge.CodeNotReady
}

// resultPanel shows how the last call ended.
type resultPanel struct {
	v                      *explorerView
	box, said, values, raw *doc.Element
	rawBox                 *doc.Element // raw with its name
	status                 doc.Sign
	value                  doc.Pattern
	last, drawn            *outcome // the newest, and the one that is shown
}

func newResultPanel(v *explorerView) *resultPanel {
	badge := doc.ByID("explorer-status")
	r := &resultPanel{
		v: v, box: doc.ByID("explorer-result"), said: doc.ByID("explorer-said"), values: doc.ByID("explorer-values"), raw: doc.ByID("explorer-bytes"), rawBox: doc.ByID("explorer-bytes-box"),
		status: doc.NewSign(badge, badge.One("use"), badge.Child(1)), value: doc.NewPattern("t-explorer-value"),
	}
	v.u.On(doc.ByID("explorer-copy"), "click", r.copy)
	return r
}

func (r *resultPanel) begin() {
	r.box.Show(true)
	r.status.Set(lang.T("Calling"), show.Busy)
}

func (r *resultPanel) relabel() { r.drawn = nil }

func (r *resultPanel) render() {
	o := r.last
	if o == r.drawn {
		return
	}
	r.drawn = o
	word, tone := outcomeWords(o)
	r.status.Set(word, tone)
	r.said.SetText(saidWords(o))
	r.values.Clear()
	rets := o.rets
	var result *rpc.ResultError
	if errors.As(o.err, &result) {
		rets = result.Rets
	}
	raw := hexText(rets)
	if o.hidden && raw != "" {
		raw = maskedText
	}
	r.raw.SetText(raw)
	r.rawBox.Show(raw != "")
	if o.err == nil && !o.method.Oneway && o.method.Interface != "" {
		for _, f := range traffic.Results(o.method, o.rets) {
			row := r.value.Copy()
			row.Child(0).SetText(fieldName(&f))
			row.Child(1).SetText(fieldText(&f))
			r.values.Append(row)
		}
	}
}

func fieldName(f *traffic.Field) string {
	if f.Name == "" {
		return lang.T("Bytes")
	}
	return f.Name
}

// fieldText is a value with its unit, or why there is none.
func fieldText(f *traffic.Field) string {
	text := f.Text
	if f.Unit != "" && text != "" {
		text += " " + f.Unit
	}
	if why := fieldProblem(f.Problem); why != "" {
		if text != "" {
			text += " — "
		}
		text += why
	}
	return text
}

func (r *resultPanel) copy() {
	o := r.last
	if o == nil {
		return
	}
	word, _ := outcomeWords(o)
	text := o.line + "\n" + word + "\n"
	if o.err == nil && !o.method.Oneway && o.method.Interface != "" {
		for _, f := range traffic.Results(o.method, o.rets) {
			text += fieldName(&f) + ": " + fieldText(&f) + "\n"
		}
	}
	if !o.hidden {
		text += hexText(o.rets) + "\n"
	}
	r.v.u.copy(text)
}

// history is the last calls, the newest first.
type history struct {
	v           *explorerView
	list, empty *doc.Element
	row         doc.Pattern
	calls       []*outcome // the newest last
	count       int        // ever
	drawn       int
}

// maskedText stands for what is a secret.
const maskedText = "••••••••"

// maxHistory is how many calls are kept.
const maxHistory = 100

func newHistory(v *explorerView) *history {
	h := &history{v: v, list: doc.ByID("explorer-history"), empty: doc.ByID("explorer-history-empty"), row: doc.NewPattern("t-explorer-past")}
	v.u.OnTarget(h.list, "click", "button", func(b *doc.Element) {
		n, err := strconv.Atoi(b.Data("call"))
		first := h.count - len(h.calls)
		if err != nil || n < first || n >= h.count {
			return
		}
		o := h.calls[n-first]
		v.again(o.method.UID, o.args, o.method.Oneway)
	})
	v.u.On(doc.ByID("explorer-forget"), "click", func() {
		h.calls, h.drawn = nil, -1
		h.render()
	})
	return h
}

func (h *history) add(o *outcome) {
	h.calls = append(h.calls, o)
	h.count++
	if len(h.calls) > maxHistory {
		h.calls[0] = nil
		h.calls = h.calls[1:]
	}
}

func (h *history) render() {
	if h.drawn == h.count {
		return
	}
	h.drawn = h.count
	h.list.Clear()
	for i := len(h.calls) - 1; i >= 0; i-- {
		o := h.calls[i]
		row := h.row.Copy()
		word, tone := outcomeWords(o)
		doc.NewSign(row, row.One("use"), row.Child(3)).Set(word, tone)
		row.Child(1).SetText(show.Clock(o.at)[:8])
		row.Child(2).SetText(o.line)
		row.Child(2).SetAttr("data-call", strconv.Itoa(h.count-len(h.calls)+i))
		row.Child(2).SetAttr("title", o.line)
		h.list.Append(row)
	}
	h.list.Show(len(h.calls) > 0)
	h.empty.Show(len(h.calls) == 0)
}
