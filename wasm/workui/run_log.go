package workui

import (
	"strconv"
	"strings"
	"time"

	"ncpweb/flash"
	"ncpweb/wasm/show"
)

// journal is the log of one job: what happened and when, for engineers. Texts of the
// device are made visible before they are kept. It is in English in every language, as
// it goes into reports.
type journal struct {
	began time.Time
	lines []string
	left  int // lines that had no room
	count int // grows with each line, also with those that are left out

	phase  flash.Phase // of the last event
	inside bool        // a phase has begun
	since  time.Time   // when it began
	done   int64       // bytes, of the last event
	text   []byte      // what the device printed of the present line
}

// Bounds of a journal.
const (
	maxLogLines = 2000
	maxLogLine  = 300
)

// logPhases are those of the log.
var logPhases = [flash.Phases]string{"connect", "compare", "erase", "write", "verify", "read", "restart"}

func logPhase(p flash.Phase) string {
	if int(p) < len(logPhases) {
		return logPhases[p]
	}
	return "phase " + strconv.Itoa(int(p))
}

// add adds a line. What does not fit any more is counted: the beginning tells more than
// the repetitions of its end.
func (j *journal) add(now time.Time, text string) {
	j.count++
	if len(j.lines) >= maxLogLines {
		j.left++
		return
	}
	if j.began.IsZero() {
		j.began = now
	}
	text, _ = show.Cut(show.VisibleLine(text), maxLogLine)
	j.lines = append(j.lines, seconds(now.Sub(j.began), 8)+"  "+text)
}

// event takes news of the flasher: the beginning and the end of each phase, and notes.
func (j *journal) event(now time.Time, e flash.Event) {
	if !j.inside || e.Phase != j.phase {
		j.endPhase(now)
		j.inside, j.phase, j.since, j.done = true, e.Phase, now, 0
		text := logPhase(e.Phase)
		switch {
		case e.Skipped:
			text += ": nothing to do"
		case e.Total > 0:
			text += ": " + strconv.FormatInt(e.Total, 10) + " bytes"
		}
		j.add(now, text)
	}
	j.done = max(j.done, e.Done)
	if e.Note != "" {
		j.add(now, "  "+e.Note)
	}
}

// endPhase tells how long the present phase took.
func (j *journal) endPhase(now time.Time) {
	if !j.inside {
		return
	}
	j.inside = false
	text := logPhase(j.phase) + " took " + strings.TrimSpace(seconds(now.Sub(j.since), 0)) + " s"
	if took := now.Sub(j.since); j.done > 0 && took > 0 {
		text += ", " + strconv.FormatInt(j.done, 10) + " bytes, " + strconv.FormatFloat(float64(j.done)/took.Seconds()/1000, 'f', 1, 64) + " kB/s"
	}
	j.add(now, text)
}

// printed takes what the device printed outside of frames.
func (j *journal) printed(now time.Time, data []byte) {
	for _, c := range data {
		switch {
		case c == '\n':
			j.flush(now)
		case len(j.text) < maxLogLine:
			j.text = append(j.text, c)
		}
	}
}

// flush ends the line that the device has begun.
func (j *journal) flush(now time.Time) {
	if text := strings.TrimRight(string(j.text), "\r"); noisy(text) && len(text) > 8 {
		j.add(now, "device: "+unread(len(text)))
	} else if text != "" {
		j.add(now, "device: "+text)
	}
	j.text = j.text[:0]
}

// failed tells of an error.
func (j *journal) failed(now time.Time, e *flash.Error) {
	j.flush(now)
	text := "failed: code " + strconv.Itoa(int(e.Code)) + " in " + logPhase(e.Phase) + ", " + e.Op
	if e.Addr != 0 {
		text += " at 0x" + strconv.FormatUint(uint64(e.Addr), 16)
	}
	if e.Torn {
		text += ", torn"
	}
	j.add(now, text)
	for _, line := range strings.SplitN(e.Detail, "\n", 40) {
		if line != "" {
			j.add(now, "  "+line)
		}
	}
	if e.Err != nil {
		j.add(now, "  cause: "+e.Err.Error())
	}
}

// String is the whole journal.
func (j *journal) String() string {
	s := strings.Join(j.lines, "\n")
	if j.left > 0 {
		s += "\n… and " + strconv.Itoa(j.left) + " more lines"
	}
	return s
}

// seconds writes a time with milliseconds, right-aligned in a width.
func seconds(d time.Duration, width int) string {
	s := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	for len(s) < width {
		s = " " + s
	}
	return s
}
