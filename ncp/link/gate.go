package link

import (
	"context"
	"sync"
)

// gate lets calls pass while it is open. Shutting it waits for those inside.
type gate struct {
	owner  chan struct{} // capacity one: held by who has shut it
	mu     sync.Mutex
	inside int
	opened chan struct{} // not nil while shut: closed when it opens
	empty  chan struct{} // not nil while somebody waits for the last one inside
}

// enter waits until the gate is open.
func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.opened == nil {
			g.inside++
			g.mu.Unlock()
			return nil
		}
		opened := g.opened
		g.mu.Unlock()
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.inside == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// shut closes the gate and waits until nobody is inside. The caller must open it
// again unless an error is returned. Those who shut it take turns.
func (g *gate) shut(ctx context.Context) error {
	select {
	case g.owner <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	g.mu.Lock()
	g.opened = make(chan struct{})
	var empty chan struct{}
	if g.inside > 0 {
		empty = make(chan struct{})
		g.empty = empty
	}
	g.mu.Unlock()
	if empty == nil {
		return nil
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		g.open()
		return context.Cause(ctx)
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
	g.empty = nil
	<-g.owner
}
