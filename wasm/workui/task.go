//go:build js && wasm

package workui

import "ncpweb/flash"

// Task is a long piece of work with a device that the task panel shows.
type Task struct {
	Title  string                 // what is done, in the language of the page: "Flashing ESP32-C3"
	Phases []flash.Phase          // those that it has, in their order
	Labels map[flash.Phase]string // words of phases that have others than the usual ones; may be nil
	Rate   int                    // of the line in bits per second, for the first estimate; 0: not known
	Cancel func()                 // ends the work; called on the loop
}

// Result is how a Task ended.
type Result struct {
	Tone string // "ok", "warn", "fail": see package show
	Text string // one line, in the language of the page
}

// taskPanel is the panel at the bottom of the page that shows the work with a device,
// whatever view is shown. One Task at a time. All methods are called on the loop.
type taskPanel struct{ u *UI }

func newTaskPanel(u *UI) *taskPanel { return &taskPanel{u: u} }

// begin shows a Task.
func (p *taskPanel) begin(t Task) {}

// progress tells how far it is.
func (p *taskPanel) progress(e flash.Event) {}

// end shows how it went.
func (p *taskPanel) end(r Result) {}

// busy tells whether a Task is under way.
func (p *taskPanel) busy() bool { return false }

func (p *taskPanel) render() {}
