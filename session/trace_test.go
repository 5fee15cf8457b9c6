package session

import (
	"bytes"
	"context"
	"testing"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
	"ncpweb/sim/ncpsim"
)

// records returns all that the session has recorded.
func records(t *testing.T, s *Session) (recs []trace.Record, raw []byte) {
	t.Helper()
	raw = make([]byte, 1<<20)
	n, _, missed := s.Trace().Read(0, raw)
	if missed != 0 {
		t.Fatalf("missed %d", missed)
	}
	raw = raw[:n]
	for b := raw; len(b) > 0; {
		rec, rest, ok := trace.Next(b)
		if !ok {
			t.Fatal("a record cannot be read")
		}
		recs = append(recs, rec)
		b = rest
	}
	return recs, raw
}

func TestTraceRecordsAlways(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{Target: 460800}, func(l *lab) {
		l.connect()
		const password = "correct horse"
		args := append([]byte("home\x00"), password+"\x00"...)
		if _, _, err := l.s.Invoke(l.ctx, MaxTimeout, ncp.UIDBlynkFactoryTestWiFi, args); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Disconnect(context.Background()); err != nil {
			t.Fatal(err)
		}
		recs, raw := records(t, l.s)
		var marks []trace.Record
		calls, results, masked := 0, 0, 0
		for _, rec := range recs {
			switch {
			case rec.Kind == trace.Mark:
				marks = append(marks, rec)
			case rec.Op == rpc.OpInvoke && rec.Dir == rpc.Out:
				calls++
				if rec.Flags&trace.Masked != 0 && rec.UID == ncp.UIDBlynkFactoryTestWiFi && marks[len(marks)-1].Baud == 460800 {
					masked++
				}
			case rec.Op == rpc.OpResult && rec.UID != 0:
				results++
			}
		}
		if calls < 10 || results < 10 || masked != 1 {
			t.Errorf("%d calls, %d results, %d masked", calls, results, masked)
		}
		if len(marks) < 3 || marks[0].Mark != trace.Connected || recs[0].Kind != trace.Mark ||
			marks[len(marks)-2].Mark != trace.Rate || marks[len(marks)-2].Baud != 460800 ||
			recs[len(recs)-1].Kind != trace.Mark || recs[len(recs)-1].Mark != trace.Disconnected {
			t.Errorf("marks %+v", marks)
		}
		if bytes.Contains(raw, []byte("correct")) || bytes.Contains(raw, []byte("horse")) {
			t.Error("the password was recorded")
		}
		l.connect()
		more, _ := records(t, l.s)
		if len(more) < len(recs)+10 || more[len(recs)].Mark != trace.Connected {
			t.Errorf("%d records, then %d", len(recs), len(more))
		}
	})
}
