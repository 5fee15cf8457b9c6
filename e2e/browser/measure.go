package browser

import (
	"context"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/profiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Heap returns how many bytes of objects the page's JavaScript holds after a garbage
// collection: its own, those of the document and the buffers. The memory of programs in
// WebAssembly is not among them.
func (p *Page) Heap() (float64, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.step)
	defer cancel()
	for range 2 { // what the first one frees may free more
		if _, err := chromedp.Call(ctx, heapprofiler.CollectGarbage, struct{}{}); err != nil {
			return 0, err
		}
	}
	u, err := chromedp.Call(ctx, runtime.GetHeapUsage, struct{}{})
	return u.UsedSize + u.EmbedderHeapUsedSize + u.BackingStorageSize, err
}

// Hot is a function that a profile found busy.
type Hot struct {
	Name string
	Self float64 // share of the time that was spent in it itself, of 1
}

// Profile samples the page's main thread while do runs and returns the functions in
// which it was, the busiest first. The share of "(idle)" is the time without work.
func (p *Page) Profile(do func() error) ([]Hot, error) {
	if _, err := chromedp.Call(p.ctx, profiler.Enable, struct{}{}); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(p.ctx, profiler.Start, struct{}{}); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	r, err := chromedp.Call(p.ctx, profiler.Stop, struct{}{})
	if err != nil {
		return nil, err
	}
	self := make(map[string]int64)
	all := int64(0)
	for _, n := range r.Profile.Nodes {
		name := n.CallFrame.FunctionName
		if name == "" {
			name = fmt.Sprintf("%s:%d", n.CallFrame.URL, n.CallFrame.LineNumber)
		}
		self[name] += n.HitCount
		all += n.HitCount
	}
	list := make([]Hot, 0, len(self))
	for name, hits := range self {
		list = append(list, Hot{name, float64(hits) / float64(max(1, all))})
	}
	slices.SortFunc(list, func(a, b Hot) int {
		switch {
		case a.Self > b.Self:
			return -1
		case a.Self < b.Self:
			return 1
		}
		return 0
	})
	return list, nil
}
