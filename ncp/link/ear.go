package link

import (
	"bytes"
	"sync"
)

// text is what kind of readable text was heard.
type text uint8

const (
	textNone text = iota
	textROM       // boot log of the chip's ROM: a restart is under way
	textNCP       // boot log of the NCP firmware: this is its rate
)

// Marks of boot logs (protocol sheet "UART and framing"; the ROM lines are those of
// the ESP8266 and ESP32 families).
var marks = []struct {
	mark []byte
	kind text
}{
	{[]byte("Blynk.NCP started"), textNCP},
	{[]byte("ESP-ROM:"), textROM},
	{[]byte("rst:0x"), textROM},
	{[]byte("rst cause:"), textROM},
}

// earWindow is how much recent text is kept to find marks in; longer than any mark.
const earWindow = 256

// ear listens for readable text.
type ear struct {
	mu     sync.Mutex
	window []byte
	bytes  int  // since reset
	kind   text // best since reset
	wake   chan struct{}
}

func (e *ear) init() {
	e.window = make([]byte, 0, 2*earWindow)
	e.wake = make(chan struct{}, 1)
}

// reset forgets what was heard, for a new rate.
func (e *ear) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.window = e.window[:0]
	e.bytes, e.kind = 0, textNone
}

// calm takes a wake back that is of the past.
func (e *ear) calm() {
	select {
	case <-e.wake:
	default:
	}
}

// hear takes bytes of the line and returns the mark that it completes, if any.
func (e *ear) hear(p []byte) text {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bytes += len(p)
	best := textNone
	for len(p) > 0 {
		n := min(len(p), earWindow)
		best = max(best, e.scan(p[:n]))
		p = p[n:]
	}
	if best > e.kind {
		e.kind = best
	}
	if best != textNone {
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
	return best
}

// scan adds at most earWindow bytes and looks for marks. What was matched is
// forgotten, so that a mark counts once.
func (e *ear) scan(p []byte) text {
	if over := len(e.window) + len(p) - 2*earWindow; over > 0 {
		e.window = append(e.window[:0], e.window[over:]...)
	}
	e.window = append(e.window, p...)
	best := textNone
	for _, m := range marks {
		if i := bytes.Index(e.window, m.mark); i >= 0 {
			best = max(best, m.kind)
		}
	}
	if best != textNone {
		e.window = e.window[:0]
	} else if len(e.window) > earWindow {
		e.window = append(e.window[:0], e.window[len(e.window)-earWindow:]...)
	}
	return best
}

// heard returns what was heard since reset.
func (e *ear) heard() (n int, kind text) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bytes, e.kind
}
