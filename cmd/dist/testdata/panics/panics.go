// Command panics is a program whose trace is looked at.
package main

import "os"

type place struct{ depth int }

func main() {
	p := &place{len(os.Args)}
	p.deeper()
}

func (p *place) deeper() { deepest(p.depth) }

func deepest(n int) {
	if n > 0 {
		panic("on purpose")
	}
}
