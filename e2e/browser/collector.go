package browser

import (
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// maxProblems bounds what a page in a loop of errors can make us keep.
const maxProblems = 100

// collector keeps what a page reports as wrong.
type collector struct {
	mu   sync.Mutex
	list []string
}

func (c *collector) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) < maxProblems {
		c.list = append(c.list, s)
	}
}

func (c *collector) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// listen is called for every event of the tab.
func (c *collector) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		c.add("exception: " + exception(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "assert" {
			c.add("console: " + words(ev.Args))
		}
	case *log.EventEntryAdded:
		// Security policy refusals and failed loads come this way.
		if ev.Entry.Level == "error" {
			c.add("log: " + ev.Entry.Text + " " + ev.Entry.URL)
		}
	case *inspector.EventTargetCrashed:
		c.add("the page crashed")
	}
}

func words(args []*runtime.RemoteObject) string {
	var out []string
	for _, a := range args {
		if a.Description != "" {
			out = append(out, a.Description)
		} else {
			out = append(out, string(a.Value))
		}
	}
	return strings.Join(out, " ")
}
