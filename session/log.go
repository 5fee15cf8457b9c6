package session

import (
	"bytes"
	"strings"
	"time"
)

// Bounds of the log.
const (
	maxLogEntries = 10_000
	maxLogBytes   = 1 << 20
	maxLogLine    = 4096 // bytes; longer lines are broken
)

// lineTime is how long a line may take to arrive; what is older is a prompt, say, and
// has ended.
const lineTime = time.Second

// log keeps the newest lines of raw text and remarks.
type log struct {
	entries []LogEntry // the oldest first
	bytes   int        // of all texts
	first   uint64     // sequence number of the oldest entry

	open   []byte // the line that has not ended
	opened time.Time
	boot   string // the last line that looks like the NCP's "Version: …, Build: …"
}

func (l *log) next() uint64 { return l.first + uint64(len(l.entries)) }

// write adds raw text.
func (l *log) write(now time.Time, p []byte) {
	for len(p) > 0 {
		if len(l.open) == 0 {
			l.opened = now
		}
		end := bytes.IndexByte(p, '\n')
		room := maxLogLine - len(l.open)
		switch {
		case end >= 0 && end <= room:
			l.open = append(l.open, p[:end]...)
			p = p[end+1:]
			l.endLine()
		case len(p) >= room:
			l.open = append(l.open, p[:room]...)
			p = p[room:]
			l.endLine()
		default:
			l.open = append(l.open, p...)
			return
		}
	}
}

// endLine makes an entry of the open line.
func (l *log) endLine() {
	text := l.openText()
	if i := strings.Index(text, "Version: "); i >= 0 && strings.Contains(text[i:], "Build: ") {
		l.boot = strings.ToValidUTF8(text[i:], "\uFFFD")
	}
	l.add(LogEntry{Time: l.opened, Text: text})
	l.open = l.open[:0]
}

// bootLine returns what a boot log told of the firmware since the last call.
func (l *log) bootLine() string {
	boot := l.boot
	l.boot = ""
	return boot
}

func (l *log) openText() string {
	return strings.TrimSuffix(string(l.open), "\r")
}

// sent adds what was sent, at most a line's bytes of it. A prompt that has not ended is
// what it answers: that is a line of its own.
func (l *log) sent(now time.Time, p []byte) {
	if len(l.open) > 0 {
		l.endLine()
	}
	l.add(LogEntry{Time: now, Text: string(p[:min(len(p), maxLogLine)]), Sent: true})
}

// note adds a remark. A line that is still arriving is not cut in two by it: it comes
// behind the remark.
func (l *log) note(now time.Time, text string) {
	if len(l.open) > 0 && now.Sub(l.opened) > lineTime {
		l.endLine()
	}
	l.add(LogEntry{Time: now, Text: text, Note: true})
}

func (l *log) add(e LogEntry) {
	e.Seq = l.next()
	for len(l.entries) > 0 && l.bytes+len(e.Text) > maxLogBytes {
		l.drop()
	}
	if len(l.entries) == maxLogEntries {
		l.drop()
	}
	l.bytes += len(e.Text)
	l.entries = append(l.entries, e)
}

// drop removes the oldest entry. append moves the rest to a new array now and then,
// which frees what was dropped.
func (l *log) drop() {
	l.bytes -= len(l.entries[0].Text)
	l.entries[0] = LogEntry{}
	l.entries = l.entries[1:]
	l.first++
}

func (l *log) clear() {
	l.first = l.next()
	l.entries, l.open, l.bytes = nil, nil, 0
}

// since returns entries from seq on, the open line among them.
func (l *log) since(seq uint64, most int) ([]LogEntry, uint64) {
	seq = min(max(seq, l.first), l.next())
	stored := l.entries[seq-l.first:]
	n := min(len(stored), max(most, 0))
	out := make([]LogEntry, n, n+1)
	copy(out, stored[:n])
	if n == len(stored) && n < most && len(l.open) > 0 {
		out = append(out, LogEntry{Seq: l.next(), Time: l.opened, Text: l.openText(), Open: true})
	}
	return out, seq + uint64(n)
}
