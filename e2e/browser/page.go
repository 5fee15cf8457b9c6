package browser

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// One step of a page that takes longer hangs: in a browser of this machine, and in
// one that we attach to, which may run in an emulated machine.
const (
	stepTime     = 20 * time.Second
	slowStepTime = 90 * time.Second
)

// Page is one tab.
type Page struct {
	ctx    context.Context
	cancel context.CancelFunc
	errors *collector
	step   time.Duration // how long one step may take
}

// PageOptions describe a tab. The zero value is a desktop window of a fresh profile:
// nothing stored, nothing in the cache.
type PageOptions struct {
	Width, Height int64    // of the viewport; 0: as the window is
	Touch         bool     // a phone: touch screen and coarse pointer
	Dark          bool     // prefers-color-scheme: dark
	Before        []string // scripts that run before the page's own, in every document
	// Shared opens the tab in the browser's own profile and window, beside the tabs
	// that are there, rather than in a fresh profile.
	Shared bool
}

// Open opens a tab. It shows about:blank.
func (b *Browser) Open(o PageOptions) (*Page, error) {
	c := new(collector)
	opts := []chromedp.ContextOption{chromedp.WithListener(c.listen)}
	if o.Shared {
		opts = append(opts, chromedp.WithNewWindow(false))
	} else {
		opts = append(opts, chromedp.WithNewBrowserContext())
	}
	ctx, cancel := chromedp.NewContext(b.ctx, opts...)
	p := &Page{ctx: ctx, cancel: cancel, errors: c, step: b.step}
	if err := p.prepare(o); err != nil {
		cancel()
		return nil, fmt.Errorf("opening a tab: %w", err)
	}
	return p, nil
}

func (p *Page) prepare(o PageOptions) error {
	// The first call makes the tab and must not have an end of its own.
	if err := chromedp.Do(p.ctx); err != nil {
		return err
	}
	if _, err := chromedp.Call(p.ctx, log.Enable, struct{}{}); err != nil {
		return err
	}
	if o.Width > 0 {
		var size []chromedp.EmulateViewportOption
		if o.Touch {
			size = append(size, chromedp.EmulateMobile, chromedp.EmulateTouch)
		}
		if err := p.do(chromedp.EmulateViewport(o.Width, o.Height, size...)); err != nil {
			return err
		}
	}
	if o.Dark {
		if err := p.Scheme("dark"); err != nil {
			return err
		}
	}
	for _, script := range o.Before {
		if _, err := chromedp.Call(p.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
			return err
		}
	}
	return nil
}

// Scheme makes the system's colours "light" or "dark".
func (p *Page) Scheme(name string) error {
	return p.Media(map[string]string{"prefers-color-scheme": name})
}

// Media sets what the person asked the system for, such as "forced-colors" to "active"
// or "prefers-reduced-motion" to "reduce". What it does not name is as before all calls.
func (p *Page) Media(features map[string]string) error {
	var list []*emulation.MediaFeature
	for name, value := range features {
		list = append(list, &emulation.MediaFeature{Name: name, Value: value})
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: list})
	return err
}

// Close closes the tab.
func (p *Page) Close() { p.cancel() }

// Problems returns what the page reported so far: exceptions, errors on the
// console, refusals by its security policy, failed loads.
func (p *Page) Problems() []string { return p.errors.all() }

func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, p.step)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Goto loads an address.
func (p *Page) Goto(url string) error { return p.do(chromedp.Navigate(url)) }

// Front makes the tab the visible one of its window.
func (p *Page) Front() error {
	_, err := chromedp.CallBrowser(p.ctx, target.ActivateTarget, target.ActivateTargetParams{
		TargetID: chromedp.FromContext(p.ctx).Target.TargetID,
	})
	return err
}

// Eval evaluates an expression in the page; a promise is waited for.
func Eval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.step)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("%s: %w", short(expression), err)
	}
	return v, nil
}

// Do evaluates an expression for what it does.
func (p *Page) Do(expression string) error {
	_, err := Eval[chromedp.Void](p, expression)
	return err
}

// Wait waits until an expression is true and returns how long that took, as seen
// from here. A hidden page is waited for in the same way as a visible one.
func (p *Page) Wait(expression string, limit time.Duration) (time.Duration, error) {
	start := time.Now()
	for {
		ok, err := Eval[bool](p, "!!("+expression+")")
		if ok {
			return time.Since(start), nil
		}
		if err != nil && !errors.Is(err, chromedp.ErrJSUndefined) {
			return 0, err
		}
		if time.Since(start) > limit {
			return 0, fmt.Errorf("not within %v: %s", limit, short(expression))
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// Click clicks the middle of the first element that a CSS selector finds, with the
// mouse, once it is shown, enabled and not covered by something else.
func (p *Page) Click(selector string) error {
	if _, err := p.Wait(`(`+clickable+`)(document.querySelector(`+quote(selector)+`)) !== null`, p.step); err != nil {
		return fmt.Errorf("click %s: %w", selector, err)
	}
	at, err := Eval[[]float64](p, `(`+clickable+`)(document.querySelector(`+quote(selector)+`))`)
	if err != nil {
		return fmt.Errorf("click %s: %w", selector, err)
	}
	if err := p.do(chromedp.MouseClickXY(at[0], at[1])); err != nil {
		return fmt.Errorf("click %s: %w", selector, err)
	}
	return nil
}

// clickable returns where to click an element, null while it cannot be clicked.
const clickable = `e => {
	if (!e?.checkVisibility({visibilityProperty: true}) || e.disabled) return null;
	const covered = (x, y) => { const top = document.elementFromPoint(x, y); return !top || !(e.contains(top) || top.contains(e) && top.tagName === "LABEL") };
	for (const block of ["nearest", "center"]) {
		e.scrollIntoView({block, behavior: "instant"});
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		if (!covered(x, y)) return [x, y];
	}
	return null;
}`

// Fill puts the focus into a field, replaces its text by typing, and leaves it there.
func (p *Page) Fill(selector, text string) error {
	if _, err := p.Wait(visible(selector), p.step); err != nil {
		return fmt.Errorf("fill %s: %w", selector, err)
	}
	err := p.Do(`(e => { e.scrollIntoView({block: "center"}); e.focus(); e.select?.() })(document.querySelector(` + quote(selector) + `))`)
	if err == nil && text == "" {
		err = p.Press("\b")
	} else if err == nil {
		err = p.Press(text)
	}
	if err != nil {
		return fmt.Errorf("fill %s: %w", selector, err)
	}
	return nil
}

// Press types keys to whatever has the focus: text, or keys of package kb.
func (p *Page) Press(keys string) error { return p.do(chromedp.KeyEvent(keys)) }

// PressShifted is Press while Shift is held down: Shift and Tab goes backwards.
func (p *Page) PressShifted(keys string) error {
	return p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(chromedp.ModifierShift)))
}

// Text returns the visible text of the first element that a selector finds.
func (p *Page) Text(selector string) (string, error) {
	s, err := Eval[string](p, `(document.querySelector(`+quote(selector)+`)?.innerText ?? "")`)
	return strings.TrimSpace(s), err
}

// Visible tells whether the first element that a selector finds is shown.
func (p *Page) Visible(selector string) (bool, error) { return Eval[bool](p, visible(selector)) }

// Screenshot returns the viewport as a PNG file.
func (p *Page) Screenshot() ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.step)
	defer cancel()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

func visible(selector string) string {
	return `(document.querySelector(` + quote(selector) + `)?.checkVisibility({visibilityProperty: true}) ?? false)`
}

func quote(s string) string { return strconv.QuoteToASCII(s) }

func short(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// exception words what went wrong in a script.
func exception(d *runtime.ExceptionDetails) string {
	if d == nil {
		return "exception"
	}
	text := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		text += " " + d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, d.URL, d.LineNumber+1)
}
