package trace

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"time"

	"ncpweb/ncp/rpc"
)

// event returns an INVOKE of getState with that message id and so many bytes behind it.
func event(id uint16, extra int) *rpc.Event {
	p := append([]byte{0xBC, 0x67, 0x06, 0x03, byte(id), byte(id >> 8)}, make([]byte, extra)...)
	return &rpc.Event{Time: time.Now(), Dir: rpc.Out, Op: rpc.OpInvoke, UID: 0x0306, MsgID: id, Payload: p}
}

// readAll reads what r has from that cursor on, through a buffer of that size.
func readAll(t *testing.T, r *Recorder, cursor uint64, size int) (recs []Record, next, missed uint64) {
	t.Helper()
	buf := make([]byte, size)
	for {
		n, after, gone := r.Read(cursor, buf)
		missed += gone
		if n == 0 {
			return recs, after, missed
		}
		for b := buf[:n]; len(b) > 0; {
			rec, rest, ok := Next(b)
			if !ok {
				t.Fatalf("record %d cannot be read", len(recs))
			}
			rec.Payload = bytes.Clone(rec.Payload)
			recs = append(recs, rec)
			b = rest
		}
		cursor = after
	}
}

func TestReadGivesWhatWasTraced(t *testing.T) {
	r := New()
	r.Mark(Connected, 38400)
	for i := range 3000 { // more than one block
		r.Trace(event(uint16(i), i%50))
	}
	r.Trace(&rpc.Event{Time: time.Now(), Kind: rpc.EventNoise, Payload: []byte("boot")})
	r.Mark(Disconnected, 115200)
	recs, next, missed := readAll(t, r, 0, MaxRecord)
	if missed != 0 || next != 3003 || r.End() != next || len(recs) != 3003 {
		t.Fatalf("%d records, next %d, end %d, missed %d", len(recs), next, r.End(), missed)
	}
	last := int64(0)
	for i, rec := range recs {
		if rec.Seq != uint64(i) || rec.Time < last {
			t.Fatalf("record %d: seq %d, time %d after %d", i, rec.Seq, rec.Time, last)
		}
		last = rec.Time
	}
	if d := time.Since(time.UnixMicro(last)); d < -time.Second || d > time.Minute {
		t.Errorf("the time is %v off", d)
	}
	if m := recs[0]; m.Kind != Mark || m.Mark != Connected || m.Baud != 38400 {
		t.Errorf("first %+v", m)
	}
	want := event(7, 7)
	if m := recs[8]; m.Kind != Message || m.Dir != rpc.Out || m.Op != rpc.OpInvoke || m.UID != 0x0306 ||
		m.MsgID != 7 || m.Size != 13 || !bytes.Equal(m.Payload, want.Payload) {
		t.Errorf("eighth %+v", m)
	}
	if m := recs[3001]; m.Kind != Noise || m.Dir != rpc.In || string(m.Payload) != "boot" {
		t.Errorf("noise %+v", m)
	}
	if m := recs[3002]; m.Mark != Disconnected || m.Baud != 115200 {
		t.Errorf("last %+v", m)
	}
	tail, _, _ := readAll(t, r, 2999, 1<<20)
	if len(tail) != 4 || tail[0].Seq != 2999 {
		t.Errorf("from 2999: %d records", len(tail))
	}
	if n, next, _ := r.Read(1<<40, make([]byte, MaxRecord)); n != 0 || next != 3003 {
		t.Errorf("beyond the end: %d bytes, next %d", n, next)
	}
}

func TestRingIsBounded(t *testing.T) {
	for _, test := range []struct {
		name        string
		extra, send int
		least, most int
	}{
		{"by records", 10, 3 * MaxRecords / 2, MaxRecords, MaxRecords + 2*blockSize/HeadSize},
		{"by bytes", 1400, 30_000, 10_000, MaxBytes / 1400},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := New()
			for i := range test.send {
				r.Trace(event(uint16(i), test.extra))
			}
			if n := len(r.blocks) * blockSize; n > MaxBytes {
				t.Errorf("%d bytes", n)
			}
			recs, next, missed := readAll(t, r, 0, 1<<20)
			if len(recs) < test.least || len(recs) > test.most {
				t.Errorf("%d records are kept", len(recs))
			}
			if int(missed)+len(recs) != test.send || next != uint64(test.send) {
				t.Errorf("%d kept, %d missed, next %d", len(recs), missed, next)
			}
			for i, rec := range recs {
				if rec.Seq != missed+uint64(i) || rec.MsgID != uint16(rec.Seq) {
					t.Fatalf("record %d has seq %d, id %d", i, rec.Seq, rec.MsgID)
				}
			}
			ev := event(0, test.extra)
			if n := testing.AllocsPerRun(5000, func() { r.Trace(ev) }); n != 0 {
				t.Errorf("%v allocations for each frame", n)
			}
		})
	}
}

func TestClearGoesOnCounting(t *testing.T) {
	r := New()
	r.Trace(event(1, 0))
	r.Trace(event(2, 0))
	r.Clear()
	r.Trace(event(3, 0))
	recs, next, missed := readAll(t, r, 1, MaxRecord)
	if len(recs) != 1 || recs[0].Seq != 2 || recs[0].MsgID != 3 || next != 3 || missed != 1 {
		t.Errorf("%+v, next %d, missed %d", recs, next, missed)
	}
}

func TestLongNoiseIsCut(t *testing.T) {
	r := New()
	r.Trace(&rpc.Event{Time: time.Now(), Kind: rpc.EventNoise, Payload: bytes.Repeat([]byte{'x'}, MaxPayload+100)})
	recs, _, _ := readAll(t, r, 0, MaxRecord)
	if len(recs) != 1 || len(recs[0].Payload) != MaxPayload || recs[0].Size != MaxPayload+100 {
		t.Fatalf("%d records", len(recs))
	}
}

func TestConcurrentUse(t *testing.T) {
	r := New()
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for i := range 5000 {
				r.Trace(event(uint16(i), i%300))
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	seen, cursor := 0, uint64(0)
	for buf, ended := make([]byte, MaxRecord), false; ; {
		n, next, missed := r.Read(cursor, buf)
		if missed != 0 {
			t.Fatalf("missed %d", missed)
		}
		for b := buf[:n]; len(b) > 0; seen++ {
			rec, rest, ok := Next(b)
			if !ok || rec.Seq != uint64(seen) {
				t.Fatalf("record %d: %v %d", seen, ok, rec.Seq)
			}
			b = rest
		}
		cursor = next
		if n == 0 {
			if ended {
				break
			}
			select {
			case <-done:
				ended = true
			default:
				runtime.Gosched() // as wasm nobody else would run
			}
		}
	}
	if seen != 10_000 {
		t.Errorf("%d records", seen)
	}
}

func BenchmarkTrace(b *testing.B) {
	r := New()
	ev := event(1, 16)
	b.ReportAllocs()
	for b.Loop() {
		r.Trace(ev)
	}
}

// FuzzNext reads any bytes, and what it takes for a record is the same when it is written
// and read again.
func FuzzNext(f *testing.F) {
	f.Add(AppendRecord(nil, &Record{Seq: 1, Time: 2, Op: rpc.OpResult, Status: 0x15, Size: 3, Payload: []byte{1, 2, 3}}))
	f.Add(AppendRecord(nil, &Record{Kind: Mark, Mark: Rate, Baud: 9600, Dir: rpc.Out, Flags: Withheld}))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			rec, rest, ok := Next(b)
			if !ok {
				return
			}
			if len(rest) >= len(b) || len(rec.Payload) > MaxPayload {
				t.Fatalf("%d bytes left of %d", len(rest), len(b))
			}
			again, left, ok := Next(AppendRecord(nil, &rec))
			if !ok || len(left) != 0 || !bytes.Equal(again.Payload, rec.Payload) {
				t.Fatalf("%+v became %+v", rec, again)
			}
			again.Payload, rec.Payload = nil, nil
			if !equal(&again, &rec) {
				t.Fatalf("%+v became %+v", rec, again)
			}
			b = rest
		}
	})
}

func equal(a, b *Record) bool {
	x, y := AppendRecord(nil, a), AppendRecord(nil, b)
	return bytes.Equal(x, y)
}
