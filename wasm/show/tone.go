// Package show makes numbers, times and hostile text fit to be read by people.
package show

// Tone is how good a thing is. Each has a colour and a shape in the style sheet.
type Tone string

// Tones.
const (
	Idle Tone = "idle"
	Busy Tone = "busy"
	OK   Tone = "ok"
	Warn Tone = "warn"
	Fail Tone = "fail"
)
