package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ncpweb/sim/ncpsim"
)

func logOf(chunks ...string) *log {
	l := &log{}
	for _, c := range chunks {
		l.write(time.Unix(1, 0), []byte(c))
	}
	return l
}

func TestLogLines(t *testing.T) {
	tests := []struct {
		chunks []string
		want   []string // an open line begins with ">"
	}{
		{[]string{"one\r\ntwo\n", "thr", "ee\r", "\n"}, []string{"one", "two", "three"}},
		{[]string{"open"}, []string{">open"}},
		{[]string{"a\n\nb"}, []string{"a", "", ">b"}},
		{[]string{"caf\xc3\xa9 \xff\xfe\n"}, []string{"café \xff\xfe"}},
		{[]string{"\x1b[31mred\x1b[0m\x00\n"}, []string{"\x1b[31mred\x1b[0m\x00"}},
		{[]string{strings.Repeat("x", maxLogLine+10) + "\n"}, []string{strings.Repeat("x", maxLogLine), "xxxxxxxxxx"}},
		{[]string{strings.Repeat("x", maxLogLine) + "\n"}, []string{strings.Repeat("x", maxLogLine)}},
	}
	for i, tt := range tests {
		l := logOf(tt.chunks...)
		entries, next := l.since(0, 1000)
		var got []string
		for _, e := range entries {
			if e.Open {
				e.Text = ">" + e.Text
			}
			got = append(got, e.Text)
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
			t.Errorf("%d: got %.200q", i, got)
		}
		closed := len(entries)
		if closed > 0 && entries[closed-1].Open {
			closed--
		}
		if next != uint64(closed) {
			t.Errorf("%d: next %d of %d", i, next, closed)
		}
	}
}

// TestLogOpen: an unfinished line comes again, longer, with the same number.
func TestLogOpen(t *testing.T) {
	l := logOf("first\nsec")
	entries, next := l.since(0, 10)
	if len(entries) != 2 || !entries[1].Open || entries[1].Text != "sec" || entries[1].Seq != next {
		t.Fatalf("%+v, next %d", entries, next)
	}
	l.write(time.Unix(2, 0), []byte("ond"))
	again, next2 := l.since(next, 10)
	if len(again) != 1 || again[0].Seq != next || again[0].Text != "second" || next2 != next {
		t.Fatalf("%+v", again)
	}
	l.note(time.Unix(3, 0), "remark")
	again, next = l.since(next, 10)
	if len(again) != 2 || again[0].Open || again[0].Text != "second" || !again[1].Note || next != 3 {
		t.Fatalf("%+v", again)
	}
	if some, next := l.since(0, 2); len(some) != 2 || next != 2 {
		t.Errorf("%+v, next %d", some, next)
	}
	if none, next := l.since(99, 10); len(none) != 0 || next != 3 {
		t.Errorf("%+v, next %d", none, next)
	}
	l.clear()
	if none, next := l.since(0, 10); len(none) != 0 || next != 3 {
		t.Errorf("%+v, next %d", none, next)
	}
}

// TestLogRemarkInLine: a remark comes before a line that is arriving, not inside it.
func TestLogRemarkInLine(t *testing.T) {
	l := logOf("Version: 0.7.0, B")
	_, next := l.since(0, 10)
	l.note(time.Unix(1, 5e6), "restarted")
	l.write(time.Unix(1, 9e6), []byte("uild: x\n"))
	entries, _ := l.since(next, 10)
	if len(entries) != 2 || !entries[0].Note || entries[1].Text != "Version: 0.7.0, Build: x" || entries[1].Seq != next+1 || entries[1].Open {
		t.Fatalf("%+v", entries)
	}
}

// TestLogBounds: neither many lines nor long ones nor an endless one grow the log
// beyond its bounds.
func TestLogBounds(t *testing.T) {
	for _, chunk := range []string{"\n", "0123456789\n", strings.Repeat("y", 3000) + "\n", strings.Repeat("z", 10000)} {
		l := &log{}
		for range 30000 {
			l.write(time.Unix(1, 0), []byte(chunk))
		}
		size := len(l.open)
		entries, _ := l.since(0, 1_000_000)
		for i, e := range entries {
			size += len(e.Text)
			if i > 0 && e.Seq != entries[i-1].Seq+1 {
				t.Fatalf("number %d after %d", e.Seq, entries[i-1].Seq)
			}
		}
		if len(entries) > maxLogEntries+1 || size > maxLogBytes+2*maxLogLine || len(entries) < 200 {
			t.Errorf("%.10q: %d entries, %d bytes", chunk, len(entries), size)
		}
	}
}

// TestBootLog: what the device prints outside frames is in the log, and the firmware's
// line in the device's card.
func TestBootLog(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Baud: 115200}, Options{Store: &shelf{"rate 0403:6001": "115200"}}, func(l *lab) {
		if err := l.s.Connect(l.ctx, l.wire.Adapter()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		entries, _ := l.s.Log(0, 1000)
		var text []string
		for _, e := range entries {
			if !e.Note {
				text = append(text, e.Text)
			}
		}
		all := strings.Join(text, "\n")
		if !strings.Contains(all, "Blynk.NCP started") || !strings.Contains(all, "Version: 0.7.0, Build: ") {
			t.Errorf("%q", text)
		}
		if st := l.s.State(); !strings.HasPrefix(st.Device.Boot, "Version: 0.7.0, Build: ") {
			t.Errorf("%q", st.Device.Boot)
		}
		l.s.ClearLog()
		if entries, _ := l.s.Log(0, 1000); len(entries) != 0 {
			t.Errorf("%+v", entries)
		}
	})
}

// shelf is a Store in memory, for one goroutine at a time.
type shelf map[string]string

func (s *shelf) Get(key string) string { return (*s)[key] }
func (s *shelf) Set(key, value string) { (*s)[key] = value }
