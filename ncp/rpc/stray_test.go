package rpc

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
)

// logbook is what OnNoise got.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p)
}

func (l *logbook) want(t *testing.T, when, text string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := l.buf.String(); got != text {
		t.Errorf("%s: log %q, want %q", when, got, text)
	}
}

// TestStrayLog: a log behind a stray BEG is seen a moment after it has ended, and what
// follows it at once.
func TestStrayLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log logbook
		b := newBench(t, Config{OnNoise: log.write})
		b.ep.SetByteTime(time.Millisecond)
		b.raw([]byte("\x00\xfe\xaaBlynk.NCP"))
		time.Sleep(150 * time.Millisecond)
		b.raw([]byte(" started\r\n"))
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		log.want(t, "before the pause is over", "\x00\xfe")
		time.Sleep(52 * time.Millisecond)
		synctest.Wait()
		log.want(t, "after the pause", "\x00\xfeBlynk.NCP started\r\n")
		b.raw([]byte("Version"))
		synctest.Wait()
		log.want(t, "at once", "\x00\xfeBlynk.NCP started\r\nVersion")
		b.send(invoke(1, 1, ""))
		b.expect("RESULT #1 13 \"\"")
		if s := b.ep.Stats(); s.CutFrames != 1 || s.CRCErrors != 0 || s.RxFrames != 1 || s.NoiseBytes != 2+9+10+7 {
			t.Errorf("%+v", s)
		}
	})
}

// TestStrayIsNoMessage: a message that comes with long pauses is waited for, whatever
// it holds.
func TestStrayIsNoMessage(t *testing.T) {
	for _, msg := range [][]byte{
		invoke(0x2041, 0x4142, "text in a message"), oneway(0x2041, "text"), result(0x4142, 0x20, "text"), []byte("\x01\x02 other"),
	} {
		bubble(t, func(t *testing.T) {
			var log logbook
			b := newBench(t, Config{OnNoise: log.write})
			wire := frame.Append(nil, msg)
			for i := range wire {
				b.raw(wire[i : i+1])
				time.Sleep(time.Second)
			}
			synctest.Wait()
			log.want(t, "after a slow frame", "")
			if s := b.ep.Stats(); s.RxFrames != 1 || s.CutFrames != 0 {
				t.Errorf("% X: %+v", msg, s)
			}
		})
	}
}

// TestStrayEndsWithServe: nothing is handed over after Serve has returned.
func TestStrayEndsWithServe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log logbook
		b := newBench(t, Config{OnNoise: log.write})
		b.raw([]byte("\xaatext"))
		synctest.Wait()
		b.cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		log.want(t, "after the end", "")
	})
}
